//! Every image against every other, so that low false match rates are measured and not guessed: 13,000 images make 87 million
//! comparisons.

pub(crate) mod matrix;
pub(crate) mod resample;

use selfsame_face::analyser::Analyser;
use selfsame_job::policy::ComparisonPolicy;
use serde::Serialize;

pub use resample::{Resampled, Times};

use crate::cache::Cache;
use crate::comparison::{Failure, ScoredPair, acquire};
use crate::dataset::pairs::Photograph;
use crate::dataset::people::{LeftOut, People};
use crate::dataset::read_image;
use crate::error::EvalError;
use crate::metrics::interval::Proportion;
use crate::progress::{Progress, on_each};
use matrix::{Compared, Scored, Templates};
use resample::{Counted, Resampling};
use selfsame_face::template::Template;

/// FMR targets that are reported.
pub const FMR_TARGETS: [f64; 4] = [1e-3, 1e-4, 1e-5, 1e-6];

/// So large a part of the images, those of the lowest quality, is asked for again.
pub const ASKED_AGAIN: f64 = 0.05;

/// Impostor comparisons that are kept one by one: 48 megabytes.
const MOST_KEPT: u64 = 4_000_000;

/// So many of the worst pairs are shown.
const WORST: usize = 40;

/// The seed of the intervals.
pub(crate) const SEED: u64 = 1;

/// How well faces are told apart, by every pair of images.
#[derive(Debug, Clone, Serialize)]
pub struct AllPairsReport {
    /// Where the images are from.
    pub source: String,
    /// People with an image that gave a template.
    pub people: usize,
    /// Images, without those left out.
    pub photographs: usize,
    /// Images that were left out, each with the reason.
    pub left_out: Vec<LeftOut>,
    /// Images that gave no template: nothing is compared with them.
    pub failure_to_acquire: Proportion,
    /// Which, and why.
    pub failures: Vec<Failure>,
    /// The rates of all images.
    pub all: Rates,
    /// The rates without the images of the lowest quality; absent where quality was not measured.
    pub asked_again: Option<AskedAgain>,
    /// Genuine pairs with the lowest scores.
    pub worst_genuine: Vec<ScoredPair>,
    /// Impostor pairs with the highest scores.
    pub worst_impostor: Vec<ScoredPair>,
}

/// Rates over all comparisons of some images.
#[derive(Debug, Clone, Serialize)]
pub struct Rates {
    /// Images.
    pub images: usize,
    /// Genuine comparisons.
    pub genuine: u64,
    /// Impostor comparisons.
    pub impostor: u64,
    /// The lowest genuine score.
    pub lowest_genuine: Option<f32>,
    /// The highest impostor score.
    pub highest_impostor: Option<f32>,
    /// At the lowest threshold that holds each of [`FMR_TARGETS`]; without those for which there are too few comparisons.
    pub at_fmr: Vec<AtFmr>,
    /// At the policy's thresholds, as far down as impostor comparisons were kept.
    pub at_policy: Vec<AtPolicy>,
}

/// Rates where an FMR is held.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct AtFmr {
    /// The FMR that is held.
    pub target_fmr: f64,
    /// The rates.
    #[serde(flatten)]
    pub at: AtThreshold,
}

/// Rates at a threshold of the policy.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct AtPolicy {
    /// The policy's field.
    pub name: &'static str,
    /// The rates.
    #[serde(flatten)]
    pub at: AtThreshold,
}

/// Rates at a threshold.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct AtThreshold {
    /// Scores from here on match.
    pub threshold: f32,
    /// False match rate.
    pub fmr: Resampled,
    /// False non-match rate, each comparison counting alike: whoever has many images counts much.
    pub fnmr: Resampled,
    /// The mean of people's own false non-match rates, each person counting alike.
    pub fnmr_by_person: f64,
}

/// Rates where the images of the lowest quality are asked for again.
#[derive(Debug, Clone, Serialize)]
pub struct AskedAgain {
    /// Which part of the images, as it was asked for.
    pub part: f64,
    /// The lowest quality that is kept.
    pub from_quality: f32,
    /// Images that are asked for again; their comparisons are left out.
    pub images: usize,
    /// The rates of the others, at thresholds of their own.
    pub rates: Rates,
    /// FNMR of the others at the thresholds that all images gave, in the order of [`Rates::at_fmr`] there.
    pub fnmr_at_thresholds_of_all: Vec<Resampled>,
}

/// An image that gave a template.
pub(crate) struct Image {
    pub(crate) photograph: Photograph,
    /// Its place among the people's names.
    pub(crate) person: u32,
    /// Its place among the photographs that were read.
    pub(crate) place: usize,
    pub(crate) template: Template,
    pub(crate) quality: Option<f32>,
}

/// Templates of all photographs, and those that gave none.
pub(crate) fn images(
    people: &People,
    analyser: &Analyser,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<(Vec<Image>, Vec<Failure>), EvalError> {
    let acquired = on_each(
        "making templates",
        &people.photographs,
        progress,
        |(photograph, _)| acquire(analyser, cache, &read_image(&photograph.path)?),
    )?;
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    let read = people.photographs.iter().zip(acquired).enumerate();
    for (place, ((photograph, person), acquired)) in read {
        match acquired.template {
            Ok(template) => images.push(Image {
                photograph: photograph.clone(),
                person: *person,
                place,
                template,
                quality: acquired.quality,
            }),
            Err(reason) => failures.push(Failure {
                photograph: photograph.name.clone(),
                reason,
            }),
        }
    }
    Ok((images, failures))
}

/// Every image against every other.
pub(crate) fn compare(images: &[&Image], progress: &dyn Progress) -> Scored {
    let templates = images.iter().map(|image| (&image.template, image.person));
    Templates::new(templates).compare_all(MOST_KEPT, progress)
}

/// Compares every image with every other.
///
/// # Errors
/// When a photograph cannot be read. One without a usable face is a failure to acquire, and counted.
pub fn evaluate(
    people: &People,
    left_out: Vec<LeftOut>,
    analyser: &Analyser,
    cache: &Cache,
    policy: &ComparisonPolicy,
    progress: &dyn Progress,
) -> Result<AllPairsReport, EvalError> {
    let (images, failures) = images(people, analyser, cache, progress)?;
    let every: Vec<&Image> = images.iter().collect();
    let scored = compare(&every, progress);
    let all = rates(&every, &scored, policy, people.names.len());
    let worst = |of: &[Compared]| -> Vec<ScoredPair> {
        of.iter().take(WORST).map(|c| shown(&every, c)).collect()
    };
    let asked_again = kept_by_quality(&every).map(|(from_quality, kept)| {
        let scored = compare(&kept, progress);
        let rates = rates(&kept, &scored, policy, people.names.len());
        let thresholds: Vec<f32> = all.at_fmr.iter().map(|at| at.at.threshold).collect();
        AskedAgain {
            part: ASKED_AGAIN,
            from_quality,
            images: every.len() - kept.len(),
            fnmr_at_thresholds_of_all: non_matches(&kept, &scored, &thresholds, people.names.len()),
            rates,
        }
    });
    let mut with_template: Vec<u32> = images.iter().map(|image| image.person).collect();
    with_template.dedup();
    Ok(AllPairsReport {
        source: people.source.clone(),
        people: with_template.len(),
        photographs: people.photographs.len(),
        left_out,
        failure_to_acquire: Proportion::of(failures.len() as u64, people.photographs.len() as u64),
        failures,
        worst_genuine: worst(&scored.genuine),
        worst_impostor: worst(&scored.highest),
        all,
        asked_again,
    })
}

fn shown(images: &[&Image], of: &Compared) -> ScoredPair {
    let [reference, probe] = [of.a, of.b].map(|at| &images[at as usize].photograph);
    ScoredPair {
        reference: reference.name.clone(),
        probe: probe.name.clone(),
        score: of.score,
        paths: [reference.path.clone(), probe.path.clone()],
    }
}

/// The images without those of the lowest quality, and the lowest that is kept; nothing where an image has no quality.
fn kept_by_quality<'i>(images: &[&'i Image]) -> Option<(f32, Vec<&'i Image>)> {
    let mut qualities = images
        .iter()
        .map(|image| image.quality)
        .collect::<Option<Vec<f32>>>()?;
    qualities.sort_by(f32::total_cmp);
    let from = *qualities.get((images.len() as f64 * ASKED_AGAIN).round() as usize)?;
    let kept = images.iter().copied();
    let kept = kept.filter(|image| image.quality.is_some_and(|q| q >= from));
    Some((from, kept.collect()))
}

/// The lowest threshold that holds an FMR; nothing where fewer comparisons were made than show it once, or kept than it needs.
fn threshold(scored: &Scored, target: f64) -> Option<f32> {
    // The slack undoes the rounding of products such as 100 × 0.01.
    let allowed = (scored.impostors as f64 * target + 1e-9).floor() as usize;
    let first_refused = scored.highest.get(allowed)?;
    (allowed > 0).then(|| first_refused.score.next_up())
}

fn rates(images: &[&Image], scored: &Scored, policy: &ComparisonPolicy, people: usize) -> Rates {
    let at_fmr: Vec<(f64, f32)> = FMR_TARGETS
        .iter()
        .filter_map(|target| Some((*target, threshold(scored, *target)?)))
        .collect();
    let at_policy = [
        ("match_threshold", policy.match_threshold),
        ("review_threshold", policy.review_threshold),
    ]
    .into_iter()
    .filter(|(_, threshold)| *threshold >= scored.complete_from);
    let at_policy: Vec<(&'static str, f32)> = at_policy.collect();
    let thresholds: Vec<f32> = at_fmr
        .iter()
        .map(|(_, t)| *t)
        .chain(at_policy.iter().map(|(_, t)| *t))
        .collect();
    let found = at_thresholds(images, scored, &thresholds, people);
    let (of_fmr, of_policy) = found.split_at(at_fmr.len());
    Rates {
        images: images.len(),
        genuine: scored.genuine.len() as u64,
        impostor: scored.impostors,
        lowest_genuine: scored.genuine.first().map(|c| c.score),
        highest_impostor: scored.highest.first().map(|c| c.score),
        at_fmr: at_fmr
            .iter()
            .zip(of_fmr)
            .map(|((target_fmr, _), at)| AtFmr {
                target_fmr: *target_fmr,
                at: *at,
            })
            .collect(),
        at_policy: at_policy
            .iter()
            .zip(of_policy)
            .map(|((name, _), at)| AtPolicy { name, at: *at })
            .collect(),
    }
}

fn at_thresholds(
    images: &[&Image],
    scored: &Scored,
    thresholds: &[f32],
    people: usize,
) -> Vec<AtThreshold> {
    let of_people = OfPeople::new(images, people);
    let mut counted = Vec::new();
    for threshold in thresholds {
        counted.push(of_people.false_matches(scored, *threshold));
        counted.push(of_people.false_non_matches(scored, *threshold));
    }
    let rates = of_people.resampling.rates(&counted, SEED);
    thresholds
        .iter()
        .zip(rates.chunks_exact(2))
        .zip(counted.chunks_exact(2))
        .map(|((threshold, rates), counted)| AtThreshold {
            threshold: *threshold,
            fmr: rates[0],
            fnmr: rates[1],
            fnmr_by_person: by_person(&counted[1]),
        })
        .collect()
}

fn non_matches(
    images: &[&Image],
    scored: &Scored,
    thresholds: &[f32],
    people: usize,
) -> Vec<Resampled> {
    let of_people = OfPeople::new(images, people);
    let counted: Vec<Counted> = thresholds
        .iter()
        .map(|threshold| of_people.false_non_matches(scored, *threshold))
        .collect();
    of_people.resampling.rates(&counted, SEED)
}

/// Comparisons counted by the people in them. People without an image are left out of the draw.
struct OfPeople {
    /// Each image's person, by the person's place among those with an image.
    person: Vec<u32>,
    resampling: Resampling,
}

impl OfPeople {
    fn new(images: &[&Image], people: usize) -> Self {
        let mut place = vec![None; people];
        let mut counts: Vec<u64> = Vec::new();
        let person = images
            .iter()
            .map(|image| {
                let at = *place[image.person as usize].get_or_insert_with(|| {
                    counts.push(0);
                    counts.len() as u32 - 1
                });
                counts[at as usize] += 1;
                at
            })
            .collect();
        Self {
            person,
            resampling: Resampling::new(counts),
        }
    }

    fn false_matches(&self, scored: &Scored, threshold: f32) -> Counted {
        let reached = scored.highest.partition_point(|c| c.score >= threshold);
        let mut between = std::collections::BTreeMap::new();
        for compared in &scored.highest[..reached] {
            let of = |at: u32| self.person[at as usize];
            let (a, b) = (of(compared.a), of(compared.b));
            *between.entry((a.min(b), a.max(b))).or_insert(0u64) += 1;
        }
        Counted::Between(between.into_iter().map(|((a, b), n)| (a, b, n)).collect())
    }

    fn false_non_matches(&self, scored: &Scored, threshold: f32) -> Counted {
        let people = self.person.iter().max().map_or(0, |last| last + 1);
        let mut within = vec![(0u64, 0u64); people as usize];
        for compared in &scored.genuine {
            let (count, trials) = &mut within[self.person[compared.a as usize] as usize];
            *trials += 1;
            *count += u64::from(compared.score < threshold);
        }
        Counted::Within(within)
    }
}

/// The mean of people's own rates, over those who have comparisons.
fn by_person(counted: &Counted) -> f64 {
    let Counted::Within(people) = counted else {
        return 0.0;
    };
    let own = people.iter().filter(|(_, trials)| *trials > 0);
    let (sum, number) = own.fold((0.0, 0.0), |(sum, number), (count, trials)| {
        (sum + *count as f64 / *trials as f64, number + 1.0)
    });
    if number > 0.0 { sum / number } else { 0.0 }
}

#[cfg(test)]
mod tests;
