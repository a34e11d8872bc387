//! The figures for people, as lines.

use super::Report;
use super::charts::label;
use crate::comparison::{ComparisonReport, ScoredPair};
use crate::metrics::interval::Proportion;
use crate::presentation_attack::{AttackReport, MeasureReport};
use crate::robustness::RobustnessReport;

pub(super) fn lines(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(comparison) = &report.comparison {
        of_comparison(comparison, &mut lines);
    }
    for section in super::protocols::of(report) {
        section.lines(&mut lines);
    }
    if let Some(attacks) = &report.presentation_attack {
        of_attacks(attacks, &mut lines);
    }
    if let Some(robustness) = &report.robustness {
        of_robustness(robustness, &mut lines);
    }
    if let Some(recommendation) = &report.recommendation {
        lines.push(format!(
            "policy        match from {:.3}, another person below {:.3}",
            recommendation.match_threshold, recommendation.review_threshold
        ));
        lines.extend(
            recommendation
                .reasons
                .iter()
                .map(|reason| format!("  {reason}")),
        );
    }
    lines
}

fn rate(of: &Proportion) -> String {
    format!(
        "{:.2} % [{:.2}, {:.2}]",
        of.rate * 100.0,
        of.low * 100.0,
        of.high * 100.0
    )
}

fn of_comparison(report: &ComparisonReport, lines: &mut Vec<String>) {
    lines.push(format!(
        "comparison    {} genuine, {} impostor comparisons of {} photographs; failure to acquire {}",
        report.genuine,
        report.impostor,
        report.photographs,
        rate(&report.failure_to_acquire)
    ));
    if let (Some(lowest), Some(highest)) = (report.lowest_genuine, report.highest_impostor) {
        lines.push(format!(
            "  lowest genuine score {lowest:.3}, highest impostor score {highest:.3}"
        ));
    }
    if let Some(eer) = report.equal_error_rate {
        lines.push(format!("  EER {:.2} %", eer.rate * 100.0));
    }
    for at in &report.policy_thresholds {
        lines.push(format!(
            "  {:17} {:.3}: FMR {}, FNMR {}",
            at.name,
            at.rates.threshold,
            rate(&at.rates.fmr),
            rate(&at.rates.fnmr)
        ));
    }
    for point in &report.operating_points {
        lines.push(match &point.established {
            Some(at) => format!(
                "  FMR {:e}: from {:.4} on; FNMR {}",
                point.target_fmr,
                at.threshold,
                rate(&at.fnmr)
            ),
            None => format!(
                "  FMR {:e}: too few: needs at least {} impostor comparisons",
                point.target_fmr, point.needs
            ),
        });
    }
    for (kind, pairs) in [
        ("lowest genuine", &report.worst_genuine),
        ("highest impostor", &report.worst_impostor),
    ] {
        let shown: Vec<String> = pairs.iter().take(3).map(pair).collect();
        lines.push(format!("  {kind}: {}", shown.join("; ")));
    }
}

fn pair(of: &ScoredPair) -> String {
    format!("{} and {} {:.3}", of.reference, of.probe, of.score)
}

fn of_attacks(report: &AttackReport, lines: &mut Vec<String>) {
    let all: usize = report.presentations.values().sum();
    lines.push(format!(
        "attacks       {all} presentations{}",
        if report.synthetic { ", SYNTHETIC" } else { "" }
    ));
    if !report.performed {
        lines.push(
            "  PAD not performed: no model for passive presentation-attack detection is loaded"
                .to_owned(),
        );
    }
    for (kind, verdicts, measures) in [
        ("images", &report.image_verdicts, &report.images),
        ("sequences", &report.sequence_verdicts, &report.sequences),
    ] {
        for (species, said) in verdicts {
            let reasons = said
                .reasons
                .iter()
                .map(|(reason, count)| format!("{reason} {count}"));
            lines.push(format!(
                "  {kind}: {species:16} passed {}, a person decides {}, refused {}; {}",
                said.passed,
                said.reviewed,
                said.refused,
                reasons.collect::<Vec<_>>().join(", ")
            ));
        }
        for measure in measures {
            of_measure(kind, measure, lines);
        }
    }
}

fn of_measure(kind: &str, measure: &MeasureReport, lines: &mut Vec<String>) {
    lines.push(format!(
        "  {kind}, {} ({})",
        measure.measure,
        label(measure)
    ));
    if let Some(at) = &measure.at_threshold {
        lines.push(format!(
            "    at {}: BPCER {}",
            at.threshold,
            rate(&at.bpcer)
        ));
        for t in &at.types {
            lines.push(format!(
                "    {:10} APCER {} (worst: {})",
                t.attack_type,
                rate(&t.apcer),
                t.worst_species
            ));
        }
    }
    for at in &measure.bpcer_at {
        lines.push(format!(
            "    BPCER{:.0} {} at {:.3}",
            1.0 / at.apcer,
            rate(&at.bpcer),
            at.threshold
        ));
    }
    let score = |of: Option<f32>| of.map_or_else(|| "-".to_owned(), |s| format!("{s:.3}"));
    for values in &measure.species {
        lines.push(format!(
            "    {:16} {:4} measured, {:3} not; lowest {}, median {}, highest {}",
            values.species,
            values.measured,
            values.no_response,
            score(values.lowest),
            score(values.median),
            score(values.highest)
        ));
    }
}

fn of_robustness(report: &RobustnessReport, lines: &mut Vec<String>) {
    lines.push(format!(
        "robustness    {} pairs, {}",
        report.pairs, report.pairs_are
    ));
    for factor in &report.factors {
        let levels: Vec<String> = factor
            .levels
            .iter()
            .map(|level| {
                let mean = level
                    .mean
                    .map_or_else(|| "-".to_owned(), |mean| format!("{mean:.2}"));
                format!("{}: {mean}", level.value)
            })
            .collect();
        lines.push(format!(
            "  {:12} mean score at {} {}",
            factor.factor,
            factor.unit,
            levels.join(", ")
        ));
    }
}
