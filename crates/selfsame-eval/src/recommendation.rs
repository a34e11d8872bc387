//! Thresholds that the figures support, as the policy file that the server loads.

use selfsame_job::policy::ComparisonPolicy;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

use crate::comparison::ComparisonReport;
use crate::metrics::error_rate::AtThreshold;
use crate::metrics::interval::trials_for_rule_of_3;

/// What the policy should say, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    /// The FMR that was asked for.
    pub target_fmr: f64,
    /// Comparison thresholds.
    pub match_threshold: f64,
    /// Below this it is another person.
    pub review_threshold: f64,
    /// Why, sentence by sentence.
    pub reasons: Vec<String>,
}

/// What the figures support. `base` is what holds where they support nothing.
#[must_use]
pub fn recommend(
    base: &ComparisonPolicy,
    target_fmr: f64,
    comparison: Option<&ComparisonReport>,
) -> Recommendation {
    let mut reasons = Vec::new();
    let (match_threshold, review_threshold) = match comparison {
        Some(comparison) => comparison_thresholds(base, target_fmr, comparison, &mut reasons),
        None => {
            reasons.push(
                "No comparisons were made: the comparison thresholds are those that held before."
                    .to_owned(),
            );
            (
                rounded(base.match_threshold),
                rounded(base.review_threshold),
            )
        }
    };
    Recommendation {
        target_fmr,
        match_threshold,
        review_threshold,
        reasons,
    }
}

fn comparison_thresholds(
    base: &ComparisonPolicy,
    target: f64,
    comparison: &ComparisonReport,
    reasons: &mut Vec<String>,
) -> (f64, f64) {
    let (before, floor) = (base.match_threshold, base.review_threshold);
    let point = comparison
        .operating_points
        .iter()
        .find(|point| (point.target_fmr / target - 1.0).abs() < 1e-9);
    let established: Option<AtThreshold> = point.and_then(|point| point.established);
    if let Some(at) = established {
        let threshold = raised(at.threshold).max(rounded(floor));
        reasons.push(format!(
            "{} impostor comparisons establish FMR {target:e} with 95 % confidence from a score of {:.3} on; FNMR there is {:.4}.",
            comparison.impostor, at.threshold, at.fnmr.rate
        ));
        if at.threshold < floor {
            reasons.push(format!(
                "The floor of {floor:.3} holds all the same: a lower threshold is not taken from one set of photographs."
            ));
        }
        return (threshold, rounded(floor).min(threshold));
    }
    reasons.push(format!(
        "{} impostor comparisons are too few to establish FMR {target:e}: that needs {} without a false match. The thresholds that held before are kept as a floor.",
        comparison.impostor,
        trials_for_rule_of_3(target)
    ));
    let highest = comparison.highest_impostor.unwrap_or(-1.0);
    if highest >= before {
        reasons.push(format!(
            "An impostor pair scored {highest:.3}: the match threshold is raised above it."
        ));
        return (raised(highest.next_up()), rounded(floor));
    }
    reasons.push(format!(
        "At {before:.3} no impostor pair matches (the highest scored {highest:.3}); the lowest genuine score is {:.3}.",
        comparison.lowest_genuine.unwrap_or(1.0)
    ));
    (rounded(before), rounded(floor))
}

/// Three decimals, upwards: never more matches than measured.
fn raised(threshold: f32) -> f64 {
    (f64::from(threshold) * 1000.0).ceil() / 1000.0
}

fn rounded(threshold: f32) -> f64 {
    (f64::from(threshold) * 1000.0).round() / 1000.0
}

impl Recommendation {
    /// The policy file: only what was evaluated, as overrides of what is built in; the reasons stand above it.
    #[must_use]
    pub fn policy_file(&self, models: &[String]) -> String {
        let numbers = |pairs: &[(&str, f64)]| {
            let entries = pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Value::Float(*value)));
            Value::Table(entries.collect::<Table>())
        };
        let mut defaults = Table::new();
        defaults.insert(
            "comparison".to_owned(),
            numbers(&[
                ("match_threshold", self.match_threshold),
                ("review_threshold", self.review_threshold),
            ]),
        );
        let lines = self.reasons.iter().map(|reason| format!("# {reason}\n"));
        let models = models
            .iter()
            .map(|model| format!("# Measured with {model}.\n"));
        let comments: String = std::iter::once("# Written by selfsame eval.\n".to_owned())
            .chain(models)
            .chain(lines)
            .collect();
        // Results name the policy by its version: another finding is another version.
        let finding = hex::encode(Sha256::digest(format!("{comments}{defaults}")));
        let version = format!("{}+{}", env!("CARGO_PKG_VERSION"), &finding[..12]);
        let file = Table::from_iter([
            ("name".to_owned(), Value::String("evaluated".to_owned())),
            ("version".to_owned(), Value::String(version)),
            ("defaults".to_owned(), Value::Table(defaults)),
        ]);
        format!("{comments}\n{file}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use selfsame_job::job::JobType;
    use selfsame_wire::id::Environment;

    use crate::metrics::error_rate::{FMR_TARGETS, Scores};
    use crate::metrics::histogram::Histogram;
    use crate::metrics::interval::Proportion;

    fn report(scores: &Scores) -> ComparisonReport {
        ComparisonReport {
            source: String::new(),
            photographs: 0,
            failure_to_acquire: Proportion::of(0, 0),
            failures: Vec::new(),
            several_faces: 0,
            genuine: scores.genuine().len(),
            impostor: scores.impostor().len(),
            not_compared: 0,
            lowest_genuine: scores.genuine().first().copied(),
            highest_impostor: scores.impostor().last().copied(),
            equal_error_rate: None,
            operating_points: FMR_TARGETS.map(|t| scores.operating_point(t)).into(),
            policy_thresholds: Vec::new(),
            histogram: Histogram::of(&[], 1),
            det: Vec::new(),
            worst_genuine: Vec::new(),
            worst_impostor: Vec::new(),
        }
    }

    const BASE: ComparisonPolicy = ComparisonPolicy::BUILT_IN;

    fn recommended(target: f64, impostor: Vec<f32>) -> Recommendation {
        recommend(
            &BASE,
            target,
            Some(&report(&Scores::new(vec![0.8], impostor))),
        )
    }

    #[test]
    fn few_pairs_change_nothing_unless_they_contradict() {
        let few = recommended(1e-3, vec![0.3; 262]);
        assert_eq!((few.match_threshold, few.review_threshold), (0.52, 0.42));
        assert!(few.reasons[0].contains("too few"), "{:?}", few.reasons);
        let contradicted = recommended(1e-3, vec![0.61; 262]);
        assert_eq!(contradicted.match_threshold, 0.611);
    }

    #[test]
    fn many_pairs_give_the_threshold_but_never_below_the_floor() {
        let enough = recommended(1e-2, vec![0.52; 1000]);
        assert_eq!(
            (enough.match_threshold, enough.review_threshold),
            (0.521, 0.42)
        );
        let easy = recommended(1e-2, vec![0.1; 1000]);
        assert_eq!((easy.match_threshold, easy.review_threshold), (0.42, 0.42));
    }

    #[test]
    fn the_file_is_toml_with_its_reasons() {
        let text = recommended(1e-2, vec![0.52; 1000]).policy_file(&["SFace 1".to_owned()]);
        let back: Table = text.parse().unwrap();
        assert_eq!(
            back["defaults"]["comparison"]["match_threshold"].as_float(),
            Some(0.521)
        );
        let policies = selfsame_job::policy::Policies::parse(&text).unwrap();
        let judged_by = policies.of(Environment::Production, JobType::Authentication);
        assert_eq!(judged_by.comparison.match_threshold, 0.521);
        assert!(text.contains("# Measured with SFace 1."), "{text}");
        assert!(text.contains("95 % confidence"), "{text}");
    }
}
