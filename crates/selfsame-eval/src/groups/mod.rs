//! Error rates and refusals by group of people: whom a system treats worse than others.

mod spread;

use std::collections::BTreeMap;

use selfsame_face::analyser::Analyser;
use selfsame_job::policy::{ComparisonPolicy, Policy};
use selfsame_job::reason::{Check, Reason};
use serde::Serialize;

use crate::all_pairs::matrix::{Compared, Scored};
use crate::all_pairs::resample::{Counted, Drawn, Resampling};
use crate::all_pairs::{Image, Resampled, SEED, compare, images};
use crate::cache::Cache;
use crate::dataset::people::{Grouping, People};
use crate::dataset::presentation::{Origin, Presentation};
use crate::error::EvalError;
use crate::presentation_attack::{Answer, Judge, Seen, reason_name};
use crate::progress::{Progress, on_each};

pub use spread::{Finding, MOST_APART, Spread};

/// The name under which everybody is reported.
const EVERYBODY: &str = "everybody";

// The rates' names.
const FMR: &str = "FMR";
const FALSE_REVIEWS: &str = "false reviews";
const FNMR: &str = "FNMR";
const FNMR_ALIKE: &str = "FNMR, each person alike";
const TAKEN_FOR_ANOTHER: &str = "taken for another";
const QUALITY: &str = "refused for quality";
const LIVENESS: &str = "refused for liveness";
const REVIEWED: &str = "images reviewed";

/// Stands among the reasons for an image of which no evidence was to be had.
const UNUSABLE: &str = "unusable";

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

/// One group's rates. Impostor comparisons are those within the group, which are the hard ones. Intervals are over people
/// drawn anew: comparisons and images that share a person are not independent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Its name.
    pub group: String,
    /// People in it.
    pub people: usize,
    /// Their images that gave a template.
    pub images: usize,
    /// Impostor comparisons at or above the match threshold; absent where the threshold is below what was kept.
    pub fmr: Option<Resampled>,
    /// Impostor comparisons between the review threshold and the match threshold: a person decides about strangers.
    pub false_reviews: Option<Resampled>,
    /// Genuine comparisons below the match threshold: not let in at once. Whoever has many images counts much.
    pub fnmr: Resampled,
    /// The mean of people's own rates of the same, each person counting alike.
    pub fnmr_by_person: Resampled,
    /// Genuine comparisons below the review threshold: taken for another person.
    pub taken_for_another: Resampled,
    /// The highest impostor score within the group.
    pub highest_impostor: Option<f32>,
    /// The lowest genuine score.
    pub lowest_genuine: Option<f32>,
    /// Refusals of single images by an enrolment; absent where they were not judged.
    pub refusals: Option<Refusals>,
    /// How many images each reason spoke against, whether or not another did; empty where they were not judged.
    pub reasons: BTreeMap<String, u64>,
}

/// Images that the policy refuses, as an enrolment that is not asked for movement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Refusals {
    /// For the face or its quality, or because no image was to be had of it.
    pub quality: Resampled,
    /// For liveness.
    pub liveness: Resampled,
    /// Not refused, but a person decides.
    pub reviewed: Resampled,
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
        let groups: Vec<Measured> = grouping
            .groups
            .iter()
            .zip(0..)
            .map(|(name, place)| {
                all.group(name, |photograph| grouping.of[photograph] == Some(place))
            })
            .collect();
        GroupingReport {
            label: grouping.label.clone(),
            spreads: spread::spreads(&groups),
            groups: groups.into_iter().map(|one| one.group).collect(),
        }
    });
    Ok(GroupsReport {
        source: people.source.clone(),
        thresholds: policy.comparison,
        groupings: reports.collect(),
        everybody: all.group(EVERYBODY, |_| true).group,
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

/// A group, and its rates as the draws have them.
struct Measured {
    group: Group,
    drawn: Vec<(&'static str, Drawn)>,
}

impl All<'_> {
    /// The rates of the photographs that `belongs` says, by their places.
    fn group(&self, name: &str, belongs: impl Fn(usize) -> bool) -> Measured {
        let inside: Vec<bool> = self.images.iter().map(|i| belongs(i.place)).collect();
        let both = |c: &&Compared| inside[c.a as usize] && inside[c.b as usize];
        let mut of_person = vec![0u64; self.people.names.len()];
        for image in self.images.iter().filter(|i| belongs(i.place)) {
            of_person[image.person as usize] += 1;
        }
        let ComparisonPolicy {
            match_threshold,
            review_threshold,
        } = self.thresholds;
        let genuine = || self.scored.genuine.iter().filter(both);
        let highest = || self.scored.highest.iter().filter(both);
        let known = |threshold: f32| threshold >= self.scored.complete_from;
        // Three that every group has, then those that are known or judged.
        let lost = |threshold: f32| self.lost(genuine(), threshold);
        let mut counted: Vec<(&'static str, Counted)> = vec![
            (FNMR, Counted::Within(lost(match_threshold))),
            (FNMR_ALIKE, Counted::Alike(lost(match_threshold))),
            (TAKEN_FOR_ANOTHER, Counted::Within(lost(review_threshold))),
        ];
        if known(match_threshold) {
            counted.push((FMR, self.strangers(highest(), match_threshold, f32::MAX)));
        }
        if known(match_threshold) && known(review_threshold) {
            let reviewed = self.strangers(highest(), review_threshold, match_threshold);
            counted.push((FALSE_REVIEWS, reviewed));
        }
        let mut reasons = BTreeMap::new();
        if let Some(seen) = self.seen {
            for (_, seen) in seen.iter().enumerate().filter(|(at, _)| belongs(*at)) {
                let named = seen.reasons.iter().copied().map(reason_name);
                for name in named.chain(seen.unusable.as_ref().map(|_| UNUSABLE.to_owned())) {
                    *reasons.entry(name).or_default() += 1;
                }
            }
            counted.extend(self.refusals(seen, belongs));
        }
        let (names, counted): (Vec<&'static str>, Vec<Counted>) = counted.into_iter().unzip();
        // Everybody is drawn for every group, so that the groups' draws belong together.
        let resampling = Resampling::new(of_person.clone());
        let drawn: Vec<(&'static str, Drawn)> = names
            .into_iter()
            .zip(resampling.drawn(&counted, SEED))
            .collect();
        let rate = |name: &str| {
            let found = drawn.iter().find(|(known, _)| *known == name);
            found.map(|(_, drawn)| drawn.rate)
        };
        let refusals = rate(QUALITY).zip(rate(LIVENESS)).zip(rate(REVIEWED)).map(
            |((quality, liveness), reviewed)| Refusals {
                quality,
                liveness,
                reviewed,
            },
        );
        let group = Group {
            group: name.to_owned(),
            people: of_person.iter().filter(|n| **n > 0).count(),
            images: of_person.iter().sum::<u64>() as usize,
            fmr: rate(FMR),
            false_reviews: rate(FALSE_REVIEWS),
            fnmr: drawn[0].1.rate,
            fnmr_by_person: drawn[1].1.rate,
            taken_for_another: drawn[2].1.rate,
            highest_impostor: highest().next().map(|c| c.score),
            lowest_genuine: genuine().next().map(|c| c.score),
            refusals,
            reasons,
        };
        Measured { group, drawn }
    }

    fn person(&self, image: u32) -> u32 {
        self.images[image as usize].person
    }

    /// Impostor comparisons, highest first, whose scores lie from `from` to below `to`.
    fn strangers<'c>(
        &self,
        highest: impl Iterator<Item = &'c Compared>,
        from: f32,
        to: f32,
    ) -> Counted {
        let mut between: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for compared in highest
            .take_while(|c| c.score >= from)
            .filter(|c| c.score < to)
        {
            let (a, b) = (self.person(compared.a), self.person(compared.b));
            *between.entry((a.min(b), a.max(b))).or_default() += 1;
        }
        Counted::Between(between.into_iter().map(|((a, b), n)| (a, b, n)).collect())
    }

    /// For each person: genuine comparisons whose scores lie below a threshold, and all of them.
    fn lost<'c>(
        &self,
        genuine: impl Iterator<Item = &'c Compared>,
        threshold: f32,
    ) -> Vec<(u64, u64)> {
        let mut within = vec![(0, 0); self.people.names.len()];
        for compared in genuine {
            let (count, trials) = &mut within[self.person(compared.a) as usize];
            *trials += 1;
            *count += u64::from(compared.score < threshold);
        }
        within
    }

    /// What enrolments say of the photographs that `belongs` says.
    fn refusals(
        &self,
        seen: &[Seen],
        belongs: impl Fn(usize) -> bool,
    ) -> [(&'static str, Counted); 3] {
        let mut within =
            [QUALITY, LIVENESS, REVIEWED].map(|name| (name, vec![(0, 0); self.people.names.len()]));
        let photographs = self.people.photographs.iter().zip(seen).enumerate();
        for (_, ((_, person), seen)) in photographs.filter(|(at, _)| belongs(*at)) {
            let found = found_against(seen);
            for (name, people) in &mut within {
                let (count, trials): &mut (u64, u64) = &mut people[*person as usize];
                *trials += 1;
                *count += u64::from(found == Some(*name));
            }
        }
        within.map(|(name, people)| (name, Counted::Within(people)))
    }
}

/// Which of the rates of refusals an image counts for.
fn found_against(seen: &Seen) -> Option<&'static str> {
    match seen.answer {
        Answer::Passed => None,
        Answer::Reviewed => Some(REVIEWED),
        // What refuses comes first among the reasons.
        Answer::Refused => match seen.reasons.first().copied().map(Reason::check) {
            Some(Check::Liveness) => Some(LIVENESS),
            _ => Some(QUALITY),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::made_up;
    use crate::dataset::pairs::Photograph;
    use crate::presentation_attack::unusable;
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
        let measured = [
            all.group("first", |place| place < 4),
            all.group("second", |place| place >= 4),
        ];
        let [first, second] = [&measured[0].group, &measured[1].group];
        let count = |of: Option<Resampled>| of.map(|p| (p.count, p.trials));
        assert_eq!((first.people, first.images), (2, 4));
        // 60°, 70°, 50° and 60°: none matches, three are reviewed.
        assert_eq!(count(first.fmr), Some((0, 4)));
        assert_eq!(count(first.false_reviews), Some((3, 4)));
        assert_eq!((first.fnmr.count, first.fnmr.trials), (0, 2));
        // 20°, 30°, 10° and 20°: three match, the fourth is reviewed.
        assert_eq!(count(second.fmr), Some((3, 4)));
        assert_eq!(count(second.false_reviews), Some((1, 4)));
        // Nobody was judged.
        assert_eq!(first.refusals, None);
        // Everybody's comparisons include those between the groups.
        let everybody = all.group(EVERYBODY, |_| true).group;
        assert_eq!(everybody.fmr.unwrap().trials, 24);
        let spreads = spread::spreads(&measured);
        let fmr = spreads.iter().find(|spread| spread.rate == FMR).unwrap();
        assert_eq!(
            (fmr.highest.as_str(), fmr.lowest.as_str()),
            ("second", "first")
        );
        assert_eq!((fmr.apart.times, fmr.finding), (None, Finding::Undecided));
    }

    #[test]
    fn refusals_are_counted_by_person_and_once_each() {
        let seen = |answer, reasons: &[Reason]| {
            let mut seen = unusable("made up".to_owned());
            (seen.answer, seen.reasons) = (answer, reasons.to_vec());
            seen
        };
        let quality = seen(Answer::Refused, &[Reason::Blurred, Reason::PrintOrScreen]);
        assert_eq!(found_against(&quality), Some(QUALITY));
        let liveness = seen(Answer::Refused, &[Reason::PrintOrScreen]);
        assert_eq!(found_against(&liveness), Some(LIVENESS));
        let reviewed = seen(Answer::Reviewed, &[Reason::LivenessUnclear]);
        assert_eq!(found_against(&reviewed), Some(REVIEWED));
        // No image was to be had of it: no reason, and refused.
        assert_eq!(found_against(&seen(Answer::Refused, &[])), Some(QUALITY));
        assert_eq!(found_against(&seen(Answer::Passed, &[])), None);

        let photograph = |name: &str| Photograph {
            name: name.to_owned(),
            path: "none".into(),
        };
        let people = People {
            source: "here".to_owned(),
            names: ["a", "b"].map(str::to_owned).to_vec(),
            photographs: [("1", 0), ("2", 0), ("3", 1)]
                .map(|(name, person)| (photograph(name), person))
                .to_vec(),
        };
        let judged = [quality, reviewed, liveness];
        let scored = compare(&[], &Quiet);
        let all = All {
            people: &people,
            images: &[],
            scored: &scored,
            seen: Some(&judged),
            thresholds: ComparisonPolicy {
                match_threshold: 0.5,
                review_threshold: 0.4,
            },
        };
        let first = all.group("first", |place| place < 2).group;
        let counts = |of: &Refusals| {
            [of.quality, of.liveness, of.reviewed].map(|rate| (rate.count, rate.trials))
        };
        assert_eq!(
            first.refusals.as_ref().map(counts),
            Some([(1, 2), (0, 2), (1, 2)])
        );
        let reasons = [
            ("blurred", 1),
            ("liveness_unclear", 1),
            ("print_or_screen", 1),
        ];
        let named: Vec<(&str, u64)> = first
            .reasons
            .iter()
            .map(|(n, c)| (n.as_str(), *c))
            .collect();
        assert_eq!(named, [reasons.as_slice(), &[("unusable", 2)]].concat());
        let everybody = all.group(EVERYBODY, |_| true).group;
        assert_eq!(
            everybody.refusals.as_ref().map(counts),
            Some([(1, 3), (1, 3), (1, 3)])
        );
    }
}
