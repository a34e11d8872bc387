//! LFW's protocol (View 2, unrestricted, with outside data): accuracy on each fold at the threshold that is best on the
//! others, and their mean with its standard error.

use selfsame_face::analyser::Analyser;
use serde::Serialize;

use crate::cache::Cache;
use crate::comparison::{Failure, acquire, failures, score};
use crate::dataset::folds::Folds;
use crate::dataset::read_image;
use crate::error::EvalError;
use crate::metrics::interval::Proportion;
use crate::progress::{Progress, on_each};

/// Accuracy over folds.
#[derive(Debug, Clone, Serialize)]
pub struct FoldsReport {
    /// Where the pairs are from.
    pub source: String,
    /// Photographs that the pairs name.
    pub photographs: usize,
    /// Those that gave no template.
    pub failure_to_acquire: Proportion,
    /// Which, and why.
    pub failures: Vec<Failure>,
    /// Pairs that could not be compared for that: each counts as answered wrongly.
    pub not_compared: usize,
    /// Each fold.
    pub folds: Vec<Fold>,
    /// The mean of the folds' accuracies.
    pub mean: f64,
    /// Its standard error: the folds' standard deviation over the root of their number.
    pub standard_error: f64,
}

/// One fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fold {
    /// The threshold, chosen on the other folds.
    pub threshold: f32,
    /// Pairs answered rightly.
    pub right: usize,
    /// Genuine pairs below the threshold, or not compared.
    pub false_non_matches: usize,
    /// Impostor pairs at or above it, or not compared.
    pub false_matches: usize,
    /// Right answers' part.
    pub accuracy: f64,
}

/// A pair's score, where both photographs gave a template.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Answered {
    genuine: bool,
    score: Option<f32>,
}

/// Compares all pairs of all folds.
///
/// # Errors
/// When a photograph cannot be read. One without a usable face is a failure to acquire, and counted.
pub fn evaluate(
    folds: &Folds,
    analyser: &Analyser,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<FoldsReport, EvalError> {
    let acquired = on_each(
        "making templates",
        &folds.photographs,
        progress,
        |photograph| acquire(analyser, cache, &read_image(&photograph.path)?),
    )?;
    let failures = failures(&folds.photographs, &acquired);
    let template = |place: u32| acquired[place as usize].template.as_ref().ok();
    let answered: Vec<Vec<Answered>> = folds
        .folds
        .iter()
        .map(|fold| {
            let pairs = fold.iter().map(|pair| Answered {
                genuine: pair.genuine,
                score: template(pair.probe)
                    .zip(template(pair.reference))
                    .and_then(|(probe, reference)| score(probe, reference)),
            });
            pairs.collect()
        })
        .collect();
    let judged = judged(&answered);
    let (mean, standard_error) = mean(&judged);
    Ok(FoldsReport {
        source: folds.source.clone(),
        photographs: folds.photographs.len(),
        failure_to_acquire: Proportion::of(failures.len() as u64, folds.photographs.len() as u64),
        failures,
        not_compared: answered
            .iter()
            .flatten()
            .filter(|a| a.score.is_none())
            .count(),
        folds: judged,
        mean,
        standard_error,
    })
}

/// Each fold at the threshold that is best on the others.
fn judged(folds: &[Vec<Answered>]) -> Vec<Fold> {
    (0..folds.len())
        .map(|at| {
            let others = folds.iter().enumerate().filter(|(other, _)| *other != at);
            let threshold = best_threshold(others.flat_map(|(_, fold)| fold.iter().copied()));
            let wrong = |genuine: bool| {
                let kind = folds[at].iter().filter(|a| a.genuine == genuine);
                kind.filter(|a| match a.score {
                    Some(score) => (score >= threshold) != genuine,
                    None => true,
                })
                .count()
            };
            let (false_non_matches, false_matches) = (wrong(true), wrong(false));
            let all = folds[at].len();
            let right = all - false_non_matches - false_matches;
            Fold {
                threshold,
                right,
                false_non_matches,
                false_matches,
                accuracy: right as f64 / all.max(1) as f64,
            }
        })
        .collect()
}

/// The threshold with the fewest wrong answers; of several, the middle of the lowest gap between scores that has them.
fn best_threshold(answered: impl Iterator<Item = Answered>) -> f32 {
    let mut scores: Vec<(f32, bool)> = answered
        .filter_map(|a| a.score.map(|score| (score, a.genuine)))
        .collect();
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(lowest), Some(highest)) = (scores.first(), scores.last()) else {
        return 0.0;
    };
    // Below every score all match: the impostors are wrong.
    let mut wrong = scores.iter().filter(|(_, genuine)| !genuine).count() as i64;
    let mut best = (wrong, lowest.0);
    for (at, (score, genuine)) in scores.iter().enumerate() {
        wrong += if *genuine { 1 } else { -1 };
        let next = scores
            .get(at + 1)
            .map_or(highest.0.next_up(), |next| next.0);
        // Between equal scores there is no threshold.
        if next > *score && wrong < best.0 {
            best = (wrong, f32::midpoint(*score, next).max(score.next_up()));
        }
    }
    best.1
}

fn mean(folds: &[Fold]) -> (f64, f64) {
    let number = folds.len().max(1) as f64;
    let mean = folds.iter().map(|fold| fold.accuracy).sum::<f64>() / number;
    let squares = folds.iter().map(|fold| (fold.accuracy - mean).powi(2));
    // The sample's standard deviation: one less than the folds.
    let deviation = (squares.sum::<f64>() / (number - 1.0).max(1.0)).sqrt();
    (mean, deviation / number.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(genuine: &[f32], impostor: &[f32]) -> Vec<Answered> {
        let answered = |genuine| {
            move |score: &f32| Answered {
                genuine,
                score: Some(*score),
            }
        };
        let all = genuine.iter().map(answered(true));
        all.chain(impostor.iter().map(answered(false))).collect()
    }

    #[test]
    fn the_best_threshold_lies_between_the_scores() {
        let at =
            |genuine: &[f32], impostor: &[f32]| best_threshold(fold(genuine, impostor).into_iter());
        let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} is not {b}");
        close(at(&[0.8, 0.6], &[0.2, 0.4]), 0.5);
        // One genuine pair is given up for three impostors.
        close(at(&[0.1, 0.7, 0.9], &[0.2, 0.3, 0.5]), 0.6);
        // Equal scores are never parted.
        let tied = at(&[0.5, 0.9], &[0.5, 0.5]);
        assert!(tied > 0.5 && tied <= 0.9, "{tied}");
    }

    #[test]
    fn a_fold_is_judged_by_the_others_and_not_by_itself() {
        // The first fold's own best threshold is 0.35, that of the others 0.65.
        let folds = [
            fold(&[0.5, 0.9], &[0.1, 0.2]),
            fold(&[0.7, 0.8], &[0.5, 0.6]),
            fold(&[0.7, 0.9], &[0.3, 0.6]),
        ];
        let judged = judged(&folds);
        assert!((judged[0].threshold - 0.65).abs() < 1e-6, "{judged:?}");
        assert_eq!((judged[0].false_non_matches, judged[0].right), (1, 3));
        let (mean, error) = mean(&judged);
        // The second is judged at 0.4, the lowest of two gaps that are as good: both of its impostors match.
        let accuracies: Vec<f64> = judged.iter().map(|f| f.accuracy).collect();
        assert_eq!(accuracies, [0.75, 0.5, 1.0]);
        assert!((mean - 0.75).abs() < 1e-12 && error > 0.0);
    }

    #[test]
    fn what_cannot_be_compared_is_answered_wrongly() {
        let missing = |genuine| Answered {
            genuine,
            score: None,
        };
        let mut first = fold(&[0.8], &[0.1]);
        first.extend([missing(true), missing(false)]);
        let judged = judged(&[first, fold(&[0.8], &[0.1])]);
        let first = &judged[0];
        assert_eq!(
            (first.right, first.false_non_matches, first.false_matches),
            (2, 1, 1)
        );
        assert_eq!(judged[1].accuracy, 1.0);
    }

    #[test]
    fn mean_and_standard_error_by_hand() {
        let with = |accuracy| Fold {
            threshold: 0.0,
            right: 0,
            false_non_matches: 0,
            false_matches: 0,
            accuracy,
        };
        // Deviation of 0.9 and 1.0 is 0.0707; over the root of two 0.05.
        let (mean, error) = mean(&[with(0.9), with(1.0)]);
        assert!((mean - 0.95).abs() < 1e-12 && (error - 0.05).abs() < 1e-12);
    }
}
