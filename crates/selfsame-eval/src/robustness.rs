//! How a genuine pair's score falls as its probe gets worse.

mod degrade;

use std::collections::BTreeMap;
use std::path::PathBuf;

use selfsame_face::analyser::Analyser;
use selfsame_face::decode::{Limits, decode};
use selfsame_face::template::Template;
use serde::Serialize;

use crate::cache::Cache;
use crate::comparison::acquire;
use crate::dataset::pairs::Pairs;
use crate::dataset::{name_below, photographs, read_image};
use crate::error::EvalError;
use crate::metrics::interval::Proportion;
use crate::progress::{Progress, on_each};

pub use degrade::Factor;
use degrade::Probe;

/// Genuine comparisons under worse and worse probes.
#[derive(Debug, Clone, Serialize)]
pub struct RobustnessReport {
    /// `two photographs of a person`, or `one photograph against itself, degraded`: the latter starts at a score of 1 and
    /// only shows the shape.
    pub pairs_are: &'static str,
    /// Genuine pairs.
    pub pairs: usize,
    /// Pairs left out because a photograph gave no template as it is.
    pub not_compared: usize,
    /// The threshold for FNMR.
    pub threshold: f32,
    /// Inter-eye distance of every probe, in pixels, where size is not what changes.
    pub inter_eye_distance: f32,
    /// Probes as they are, but for their size.
    pub undegraded: Level,
    /// What was changed.
    pub factors: Vec<FactorReport>,
}

/// One thing that was changed.
#[derive(Debug, Clone, Serialize)]
pub struct FactorReport {
    /// What.
    pub factor: &'static str,
    /// The unit of its levels.
    pub unit: &'static str,
    /// Mildest first.
    pub levels: Vec<Level>,
}

/// What one strength of it does.
#[derive(Debug, Clone, Serialize)]
pub struct Level {
    /// How strong.
    pub value: f32,
    /// Probes in which no face was found any more.
    pub failure_to_acquire: Proportion,
    /// The mean score of the pairs that could be compared.
    pub mean: Option<f64>,
    /// One in twenty is no higher.
    pub fifth_percentile: Option<f32>,
    /// The lowest.
    pub lowest: Option<f32>,
    /// Pairs below the threshold, of those that could be compared.
    pub fnmr: Proportion,
}

/// Genuine pairs to degrade: a reference, and a probe.
struct Sources {
    pairs_are: &'static str,
    photographs: Vec<PathBuf>,
    pairs: Vec<(usize, usize)>,
}

/// Degrades the probe of each genuine pair.
///
/// # Errors
/// When a photograph cannot be read.
pub fn of_pairs(
    pairs: &Pairs,
    analyser: &Analyser,
    cache: &Cache,
    threshold: f32,
    progress: &dyn Progress,
) -> Result<RobustnessReport, EvalError> {
    let genuine = pairs.pairs.iter().filter(|pair| pair.genuine);
    let sources = Sources {
        pairs_are: "two photographs of a person",
        photographs: pairs.photographs.iter().map(|p| p.path.clone()).collect(),
        pairs: genuine
            .map(|pair| (pair.reference as usize, pair.probe as usize))
            .collect(),
    };
    evaluate(&sources, analyser, cache, threshold, progress)
}

/// Degrades each photograph in a folder and compares it with itself.
///
/// # Errors
/// When the folder or a photograph cannot be read.
pub fn of_photographs(
    folder: &std::path::Path,
    analyser: &Analyser,
    cache: &Cache,
    threshold: f32,
    progress: &dyn Progress,
) -> Result<RobustnessReport, EvalError> {
    let mut photographs = photographs(folder)?;
    photographs.sort_by_key(|path| name_below(folder, path));
    let sources = Sources {
        pairs_are: "one photograph against itself, degraded",
        pairs: (0..photographs.len()).map(|place| (place, place)).collect(),
        photographs,
    };
    evaluate(&sources, analyser, cache, threshold, progress)
}

fn evaluate(
    sources: &Sources,
    analyser: &Analyser,
    cache: &Cache,
    threshold: f32,
    progress: &dyn Progress,
) -> Result<RobustnessReport, EvalError> {
    let mut references: Vec<usize> = sources
        .pairs
        .iter()
        .map(|(reference, _)| *reference)
        .collect();
    let mut probes: Vec<usize> = sources.pairs.iter().map(|(_, probe)| *probe).collect();
    for places in [&mut references, &mut probes] {
        places.sort_unstable();
        places.dedup();
    }
    let templates = on_each("making references", &references, progress, |place| {
        let bytes = read_image(&sources.photographs[*place])?;
        Ok::<_, EvalError>(acquire(analyser, cache, &bytes)?.template.ok())
    })?;
    let templates: BTreeMap<usize, Option<Template>> =
        references.into_iter().zip(templates).collect();
    let conditions: Vec<(Option<Factor>, f32)> = std::iter::once((None, 0.0))
        .chain(
            Factor::ALL
                .iter()
                .flat_map(|factor| factor.levels().iter().map(|level| (Some(*factor), *level))),
        )
        .collect();
    // One probe is decoded and cut out once, then degraded in every way.
    let degraded = on_each("degrading probes", &probes, progress, |place| {
        let bytes = read_image(&sources.photographs[*place])?;
        let Some(probe) = probe(analyser, &bytes) else {
            return Ok::<_, EvalError>(None);
        };
        let each = conditions.iter().map(|(factor, level)| {
            let file = match factor {
                Some(factor) => probe.degraded(*factor, *level),
                None => probe.undegraded(),
            };
            Ok(acquire(analyser, cache, &file)?.template.ok())
        });
        each.collect::<Result<Vec<_>, EvalError>>().map(Some)
    })?;
    let degraded: BTreeMap<usize, Option<Vec<Option<Template>>>> =
        probes.into_iter().zip(degraded).collect();
    let usable: Vec<(&Template, &Vec<Option<Template>>)> = sources
        .pairs
        .iter()
        .filter_map(|(reference, probe)| {
            let reference = templates.get(reference)?.as_ref()?;
            Some((reference, degraded.get(probe)?.as_ref()?))
        })
        .collect();
    let level = |place: usize| {
        let scores = usable.iter().map(|(reference, probes)| {
            let probe = probes.get(place)?.as_ref()?;
            Some(probe.compare(reference)?.value())
        });
        summarise(conditions[place].1, scores.collect(), threshold)
    };
    let factors = Factor::ALL.iter().map(|factor| FactorReport {
        factor: factor.name(),
        unit: factor.unit(),
        levels: (0..conditions.len())
            .filter(|place| conditions[*place].0 == Some(*factor))
            .map(level)
            .collect(),
    });
    Ok(RobustnessReport {
        pairs_are: sources.pairs_are,
        pairs: usable.len(),
        not_compared: sources.pairs.len() - usable.len(),
        threshold,
        inter_eye_distance: degrade::INTER_EYE_DISTANCE,
        undegraded: level(0),
        factors: factors.collect(),
    })
}

fn probe(analyser: &Analyser, bytes: &[u8]) -> Option<Probe> {
    let evidence = analyser.analyse(bytes).ok()?;
    let face = evidence.faces.first()?;
    let pixels = decode(bytes, &Limits::default()).ok()?.pixels;
    Some(Probe::cut(&pixels, face))
}

/// A score for each pair, or none where no face was found in the probe.
fn summarise(value: f32, scores: Vec<Option<f32>>, threshold: f32) -> Level {
    let all = scores.len() as u64;
    let mut compared: Vec<f32> = scores.into_iter().flatten().collect();
    compared.sort_by(f32::total_cmp);
    let count = compared.len();
    let below = compared.iter().filter(|score| **score < threshold).count();
    Level {
        value,
        failure_to_acquire: Proportion::of(all - count as u64, all),
        mean: (count > 0)
            .then(|| compared.iter().map(|s| f64::from(*s)).sum::<f64>() / count as f64),
        fifth_percentile: compared.get(count.div_ceil(20).saturating_sub(1)).copied(),
        lowest: compared.first().copied(),
        fnmr: Proportion::of(below as u64, count as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_by_hand() {
        let mut scores: Vec<Option<f32>> = (1..=40).map(|n| Some(n as f32 / 40.0)).collect();
        scores.push(None);
        let level = summarise(3.0, scores, 0.1);
        assert_eq!(
            (
                level.failure_to_acquire.count,
                level.failure_to_acquire.trials
            ),
            (1, 41)
        );
        // The second of forty is the lowest twentieth's last.
        assert_eq!(
            (level.lowest, level.fifth_percentile),
            (Some(0.025), Some(0.05))
        );
        assert_eq!((level.fnmr.count, level.fnmr.trials), (3, 40));
        assert!((level.mean.unwrap() - 0.5125).abs() < 1e-6);
        let nothing = summarise(1.0, vec![None], 0.1);
        assert_eq!((nothing.mean, nothing.fnmr.trials), (None, 0));
    }
}
