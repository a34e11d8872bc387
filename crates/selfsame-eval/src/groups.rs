//! Error rates and refusals by group of people: whom a system treats worse than others.

use selfsame_face::analyser::Analyser;
use selfsame_job::policy::{ComparisonPolicy, Policy};
use selfsame_job::reason::{Check, Reason};
use serde::Serialize;

use crate::all_pairs::matrix::{Compared, Scored};
use crate::all_pairs::{Image, compare, images};
use crate::cache::Cache;
use crate::dataset::people::{Grouping, People};
use crate::dataset::presentation::{Origin, Presentation};
use crate::error::EvalError;
use crate::metrics::interval::Proportion;
use crate::presentation_attack::{Answer, Judge, Seen};
use crate::progress::{Progress, on_each};

/// The name under which everybody is reported.
const EVERYBODY: &str = "everybody";

/// One group's rate may be so many times another's.
pub const MOST_APART: f64 = 2.0;

/// Rates by group.
#[derive(Debug, Clone, Serialize)]
pub struct GroupsReport {
    /// Where the images are from.
    pub source: String,
    /// The policy's thresholds, at which the rates are.
    pub thresholds: ComparisonPolicy,
    /// Everybody together.
    pub everybody: Group,
    /// Each kind of label.
    pub groupings: Vec<GroupingReport>,
}

/// One kind of label.
#[derive(Debug, Clone, Serialize)]
pub struct GroupingReport {
    /// The kind of label, as `ethnicity`.
    pub label: String,
    /// Each group.
    pub groups: Vec<Group>,
    /// How far apart the groups are, rate by rate.
    pub spreads: Vec<Spread>,
}

/// One group's rates. Impostor comparisons are those within the group, which are the hard ones. Intervals are exact for
/// independent comparisons; those that share a person are not, so the truth is wider.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Its name.
    pub group: String,
    /// People in it.
    pub people: usize,
    /// Their images that gave a template.
    pub images: usize,
    /// Impostor comparisons at or above the match threshold; absent where the threshold is below what was kept.
    pub fmr: Option<Proportion>,
    /// Impostor comparisons between the review threshold and the match threshold: a person decides about strangers.
    pub false_reviews: Option<Proportion>,
    /// Genuine comparisons below the match threshold: not let in at once.
    pub fnmr: Proportion,
    /// Genuine comparisons below the review threshold: taken for another person.
    pub taken_for_another: Proportion,
    /// The highest impostor score within the group.
    pub highest_impostor: Option<f32>,
    /// The lowest genuine score.
    pub lowest_genuine: Option<f32>,
    /// Refusals of single images by an enrolment; absent where they were not judged.
    pub refusals: Option<Refusals>,
}

/// Images that the policy refuses, as an enrolment that is not asked for movement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Refusals {
    /// For the face or its quality, or because no image was to be had of it.
    pub quality: Proportion,
    /// For liveness.
    pub liveness: Proportion,
    /// Not refused, but a person decides.
    pub reviewed: Proportion,
}

/// How far apart the groups are in one rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// Which rate.
    pub rate: &'static str,
    /// The group with the highest.
    pub highest: String,
    /// That rate.
    pub highest_rate: Proportion,
    /// The group with the lowest.
    pub lowest: String,
    /// That rate.
    pub lowest_rate: Proportion,
    /// How many times the lowest the highest is; absent where the lowest is nothing.
    pub times: Option<f64>,
    /// What that says.
    pub finding: Finding,
}

/// Whether one group's rate is beyond [`MOST_APART`] times another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It is not, as counted.
    Within,
    /// It is as counted, but the intervals allow that it is not: too few comparisons to tell.
    Undecided,
    /// It is, whatever the true rates within their intervals are.
    Beyond,
}

/// Rates by group; with `judged`, every image is also judged as an enrolment.
///
/// # Errors
/// When a photograph cannot be read.
pub fn evaluate(
    people: &People,
    groupings: &[Grouping],
    analyser: &Analyser,
    cache: &Cache,
    policy: &Policy,
    judged: bool,
    progress: &dyn Progress,
) -> Result<GroupsReport, EvalError> {
    let (images, _) = images(people, analyser, cache, progress)?;
    let every: Vec<&Image> = images.iter().collect();
    let scored = compare(&every, progress);
    let seen = if judged {
        Some(look(people, analyser, cache, policy, progress)?)
    } else {
        None
    };
    let all = All {
        people,
        images: &every,
        scored: &scored,
        seen: seen.as_deref(),
        thresholds: policy.comparison,
    };
    let reports = groupings.iter().map(|grouping| {
        let groups: Vec<Group> = grouping
            .groups
            .iter()
            .zip(0..)
            .map(|(name, place)| {
                all.group(name, |photograph| grouping.of[photograph] == Some(place))
            })
            .collect();
        GroupingReport {
            label: grouping.label.clone(),
            spreads: spreads(&groups),
            groups,
        }
    });
    Ok(GroupsReport {
        source: people.source.clone(),
        thresholds: policy.comparison,
        groupings: reports.collect(),
        everybody: all.group(EVERYBODY, |_| true),
    })
}

/// Every photograph as a presentation of one image.
fn look(
    people: &People,
    analyser: &Analyser,
    cache: &Cache,
    policy: &Policy,
    progress: &dyn Progress,
) -> Result<Vec<Seen>, EvalError> {
    let judge = Judge::new(analyser, cache, policy)?;
    on_each(
        "judging images",
        &people.photographs,
        progress,
        |(photograph, _)| {
            judge.look(&Presentation {
                name: photograph.name.clone(),
                species: None,
                synthetic: false,
                origin: Origin::Files {
                    selfie: photograph.path.clone(),
                    frames: Vec::new(),
                },
            })
        },
    )
}

/// What all groups are counted from.
struct All<'a> {
    people: &'a People,
    images: &'a [&'a Image],
    scored: &'a Scored,
    seen: Option<&'a [Seen]>,
    thresholds: ComparisonPolicy,
}

impl All<'_> {
    /// The rates of the photographs that `belongs` says, by their places.
    fn group(&self, name: &str, belongs: impl Fn(usize) -> bool) -> Group {
        let inside: Vec<bool> = self.images.iter().map(|i| belongs(i.place)).collect();
        let both = |c: &&Compared| inside[c.a as usize] && inside[c.b as usize];
        let mut of_person = vec![0u64; self.people.names.len()];
        for image in self.images.iter().filter(|i| belongs(i.place)) {
            of_person[image.person as usize] += 1;
        }
        let number: u64 = of_person.iter().sum();
        let impostors = (number * number - of_person.iter().map(|n| n * n).sum::<u64>()) / 2;
        let ComparisonPolicy {
            match_threshold,
            review_threshold,
        } = self.thresholds;
        let highest = || self.scored.highest.iter().filter(both);
        let from = |threshold: f32| {
            (threshold >= self.scored.complete_from)
                .then(|| highest().take_while(|c| c.score >= threshold).count() as u64)
        };
        let genuine: Vec<f32> = self
            .scored
            .genuine
            .iter()
            .filter(both)
            .map(|c| c.score)
            .collect();
        let below = |threshold: f32| {
            let count = genuine.partition_point(|score| *score < threshold);
            Proportion::of(count as u64, genuine.len() as u64)
        };
        let matches = from(match_threshold);
        let reviews = matches.zip(from(review_threshold));
        Group {
            group: name.to_owned(),
            people: of_person.iter().filter(|n| **n > 0).count(),
            images: number as usize,
            fmr: matches.map(|count| Proportion::of(count, impostors)),
            false_reviews: reviews
                .map(|(matches, all)| Proportion::of(all.saturating_sub(matches), impostors)),
            fnmr: below(match_threshold),
            taken_for_another: below(review_threshold),
            highest_impostor: highest().next().map(|c| c.score),
            lowest_genuine: genuine.first().copied(),
            refusals: self.seen.map(|seen| {
                let of = seen.iter().enumerate().filter(|(at, _)| belongs(*at));
                refusals(of.map(|(_, seen)| seen))
            }),
        }
    }
}

fn refusals<'s>(seen: impl Iterator<Item = &'s Seen>) -> Refusals {
    let (mut all, mut quality, mut liveness, mut reviewed) = (0, 0, 0, 0);
    for seen in seen {
        all += 1;
        match seen.answer {
            Answer::Passed => {}
            Answer::Reviewed => reviewed += 1,
            // What refuses comes first among the reasons.
            Answer::Refused => match seen.reasons.first().copied().map(Reason::check) {
                Some(Check::Liveness) => liveness += 1,
                _ => quality += 1,
            },
        }
    }
    Refusals {
        quality: Proportion::of(quality, all),
        liveness: Proportion::of(liveness, all),
        reviewed: Proportion::of(reviewed, all),
    }
}

/// A rate's name, and where a group has it.
type Rate = (&'static str, fn(&Group) -> Option<Proportion>);

const RATES: [Rate; 6] = [
    ("FMR", |group| group.fmr),
    ("false reviews", |group| group.false_reviews),
    ("FNMR", |group| Some(group.fnmr)),
    ("refused for quality", |group| {
        group.refusals.map(|r| r.quality)
    }),
    ("refused for liveness", |group| {
        group.refusals.map(|r| r.liveness)
    }),
    ("images reviewed", |group| {
        group.refusals.map(|r| r.reviewed)
    }),
];

/// How far apart groups are. Groups without a comparison of the kind say nothing.
fn spreads(groups: &[Group]) -> Vec<Spread> {
    let each = RATES.iter().filter_map(|(name, of)| {
        let known: Vec<(&str, Proportion)> = groups
            .iter()
            .filter_map(|group| Some((group.group.as_str(), of(group)?)))
            .filter(|(_, rate)| rate.trials > 0)
            .collect();
        let by_rate =
            |a: &&(&str, Proportion), b: &&(&str, Proportion)| a.1.rate.total_cmp(&b.1.rate);
        let (highest, highest_rate) = *known.iter().max_by(by_rate)?;
        let (lowest, lowest_rate) = *known.iter().min_by(by_rate)?;
        Some(Spread {
            rate: name,
            highest: highest.to_owned(),
            highest_rate,
            lowest: lowest.to_owned(),
            lowest_rate,
            times: (lowest_rate.rate > 0.0).then(|| highest_rate.rate / lowest_rate.rate),
            finding: finding(&known),
        })
    });
    each.collect()
}

/// Of every two groups: the two that are furthest apart by their rates need not be those that are so beyond doubt.
fn finding(known: &[(&str, Proportion)]) -> Finding {
    let mut found = Finding::Within;
    for (_, a) in known {
        for (_, b) in known {
            if a.low > MOST_APART * b.high {
                return Finding::Beyond;
            }
            if a.rate > MOST_APART * b.rate {
                found = Finding::Undecided;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::made_up;
    use crate::dataset::pairs::Photograph;
    use crate::progress::Quiet;
    use selfsame_face::template::Template;

    /// A template at an angle in the plane of the first two numbers: the score of two is the cosine of their angle.
    fn at(degrees: f32) -> Template {
        let mut values = [0.0; 128];
        (values[0], values[1]) = (degrees.to_radians().cos(), degrees.to_radians().sin());
        made_up(&values)
    }

    #[test]
    fn rates_are_of_comparisons_within_the_group() {
        // Two people in the first group, 60° apart; two in the second, 20° apart. Each has two images, 10° apart.
        let angles = [0.0, 10.0, 60.0, 70.0, 120.0, 130.0, 140.0, 150.0];
        let images: Vec<Image> = angles
            .iter()
            .enumerate()
            .map(|(place, angle)| Image {
                photograph: Photograph {
                    name: place.to_string(),
                    path: "none".into(),
                },
                person: place as u32 / 2,
                place,
                template: at(*angle),
                quality: None,
            })
            .collect();
        let every: Vec<&Image> = images.iter().collect();
        let people = People {
            source: "here".to_owned(),
            names: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
            photographs: images
                .iter()
                .map(|image| (image.photograph.clone(), image.person))
                .collect(),
        };
        let scored = compare(&every, &Quiet);
        let all = All {
            people: &people,
            images: &every,
            scored: &scored,
            seen: None,
            // 25.8° and 60.2°.
            thresholds: ComparisonPolicy {
                match_threshold: 0.9,
                review_threshold: 0.497,
            },
        };
        let first = all.group("first", |place| place < 4);
        let count = |of: Option<Proportion>| of.map(|p| (p.count, p.trials));
        assert_eq!((first.people, first.images), (2, 4));
        // 60°, 70°, 50° and 60°: none matches, three are reviewed.
        assert_eq!(count(first.fmr), Some((0, 4)));
        assert_eq!(count(first.false_reviews), Some((3, 4)));
        assert_eq!((first.fnmr.count, first.fnmr.trials), (0, 2));
        let second = all.group("second", |place| place >= 4);
        // 20°, 30°, 10° and 20°: three match, the fourth is reviewed.
        assert_eq!(count(second.fmr), Some((3, 4)));
        assert_eq!(count(second.false_reviews), Some((1, 4)));
        // Everybody's comparisons include those between the groups.
        let everybody = all.group(EVERYBODY, |_| true);
        assert_eq!(everybody.fmr.unwrap().trials, 24);
        let spreads = spreads(&[first, second]);
        assert_eq!(
            (spreads[0].rate, spreads[0].highest.as_str()),
            ("FMR", "second")
        );
        assert_eq!(
            (spreads[0].times, spreads[0].finding),
            (None, Finding::Undecided)
        );
    }

    #[test]
    fn beyond_twice_is_said_only_where_the_intervals_say_so() {
        let known = |a: (u64, u64), b: (u64, u64)| {
            finding(&[
                ("a", Proportion::of(a.0, a.1)),
                ("b", Proportion::of(b.0, b.1)),
            ])
        };
        assert_eq!(known((15, 1000), (10, 1000)), Finding::Within);
        assert_eq!(known((3, 40), (1, 40)), Finding::Undecided);
        assert_eq!(known((300, 1000), (30, 1000)), Finding::Beyond);
    }
}
