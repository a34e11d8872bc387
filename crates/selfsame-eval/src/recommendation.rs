//! Thresholds that the figures support, as the policy file that the server loads.

use selfsame_job::policy::ComparisonPolicy;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

use crate::comparison::ComparisonReport;
use crate::metrics::error_rate::AtThreshold;
use crate::metrics::interval::trials_for_rule_of_3;
use crate::presentation_attack::{AttackReport, MeasureReport, PASSIVE_SCORE};

/// APCER at which an attack is refused, and at which what is not clear goes to review.
const APCER_REFUSED: f64 = 0.05;
const APCER_REVIEWED: f64 = 0.01;

/// What the policy should say, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    /// The FMR that was asked for.
    pub target_fmr: f64,
    /// Comparison thresholds.
    pub match_threshold: f64,
    /// Below this it is another person.
    pub review_threshold: f64,
    /// Scores of presentation-attack detection, where real attacks in sufficient number support any.
    pub presentation_attack: Option<AttackThresholds>,
    /// Why, sentence by sentence.
    pub reasons: Vec<String>,
}

/// Where presentation-attack detection's fused score divides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AttackThresholds {
    /// Below this it is an attack.
    pub reject_below: f64,
    /// Below this it is not clear.
    pub review_below: f64,
}

/// What the figures support. `base` is what holds where they support nothing.
#[must_use]
pub fn recommend(
    base: &ComparisonPolicy,
    target_fmr: f64,
    comparison: Option<&ComparisonReport>,
    attacks: Option<&AttackReport>,
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
        presentation_attack: attacks.and_then(|attacks| attack_thresholds(attacks, &mut reasons)),
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

fn attack_thresholds(
    attacks: &AttackReport,
    reasons: &mut Vec<String>,
) -> Option<AttackThresholds> {
    let passive = attacks.images.iter().find(|m| m.measure == PASSIVE_SCORE);
    let measure: &MeasureReport = match passive {
        Some(measure) if attacks.performed => measure,
        _ => {
            reasons.push(
                "Presentation-attack detection was not performed: no threshold is given for it."
                    .to_owned(),
            );
            return None;
        }
    };
    if measure.attacks_synthetic || measure.bona_fide_synthetic {
        reasons.push("The attacks are synthetic: no threshold is taken from them; the detector's published one stays.".to_owned());
        return None;
    }
    let fewest = measure
        .species
        .iter()
        .map(|species| species.measured as u64)
        .min()
        .unwrap_or(0);
    let needed = trials_for_rule_of_3(APCER_REFUSED);
    if fewest < needed {
        reasons.push(format!(
            "A species has {fewest} presentations; {needed} are needed to establish APCER {APCER_REFUSED}: no threshold is given."
        ));
        return None;
    }
    let at = |apcer: f64| {
        let found = measure
            .bpcer_at
            .iter()
            .find(|at| (at.apcer - apcer).abs() < 1e-9);
        found.map(|at| raised(at.threshold))
    };
    let (reject_below, review_below) = (at(APCER_REFUSED)?, at(APCER_REVIEWED)?);
    reasons.push(format!(
        "From a score of {reject_below:.3} on every species' APCER is at most {APCER_REFUSED}, from {review_below:.3} on at most {APCER_REVIEWED}."
    ));
    Some(AttackThresholds {
        reject_below,
        review_below: review_below.max(reject_below),
    })
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
        if let Some(attack) = &self.presentation_attack {
            let scores = numbers(&[
                ("reject_below", attack.reject_below),
                ("review_below", attack.review_below),
            ]);
            let liveness = Table::from_iter([("presentation_attack".to_owned(), scores)]);
            defaults.insert("liveness".to_owned(), Value::Table(liveness));
        }
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

    const BASE: ComparisonPolicy = ComparisonPolicy {
        match_threshold: 0.45,
        review_threshold: 0.363,
    };

    fn recommended(target: f64, impostor: Vec<f32>) -> Recommendation {
        recommend(
            &BASE,
            target,
            Some(&report(&Scores::new(vec![0.8], impostor))),
            None,
        )
    }

    #[test]
    fn few_pairs_change_nothing_unless_they_contradict() {
        let few = recommended(1e-3, vec![0.3; 262]);
        assert_eq!((few.match_threshold, few.review_threshold), (0.45, 0.363));
        assert!(few.reasons[0].contains("too few"), "{:?}", few.reasons);
        let contradicted = recommended(1e-3, vec![0.61; 262]);
        assert_eq!(contradicted.match_threshold, 0.611);
    }

    #[test]
    fn many_pairs_give_the_threshold_but_never_below_the_floor() {
        let enough = recommended(1e-2, vec![0.52; 1000]);
        assert_eq!(
            (enough.match_threshold, enough.review_threshold),
            (0.521, 0.363)
        );
        let easy = recommended(1e-2, vec![0.1; 1000]);
        assert_eq!(
            (easy.match_threshold, easy.review_threshold),
            (0.363, 0.363)
        );
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
