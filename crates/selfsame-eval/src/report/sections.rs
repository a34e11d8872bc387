//! The page's sections: tables, and the plots between them.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::charts::{self, label};
use super::plot::Chart;
use super::thumbnail::thumbnail;
use super::{PageOptions, Report};
use crate::comparison::{ComparisonReport, ScoredPair};
use crate::error::EvalError;
use crate::metrics::error_rate::AtThreshold;
use crate::presentation_attack::{AttackReport, MeasureReport, Verdicts};
use crate::recommendation::Recommendation;
use crate::robustness::RobustnessReport;

pub(super) fn table(heads: &[&str], rows: &[Vec<String>]) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { @for head in heads { th scope="col" { (head) } } } }
            tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
        } }
    }
}

fn plots(charts: &[Chart]) -> Markup {
    html! { div.plots { @for chart in charts { figure { (chart.svg()) } } } }
}

fn score(of: Option<f32>) -> String {
    of.map_or_else(|| "-".to_owned(), |s| format!("{s:.3}"))
}

/// How faces are told apart.
pub(super) fn comparison(
    report: &ComparisonReport,
    options: PageOptions,
) -> Result<Markup, EvalError> {
    let at = |point: &Option<AtThreshold>, otherwise: &str| match point {
        Some(at) => [
            format!("{:.4}", at.threshold),
            at.fmr.to_string(),
            at.fnmr.to_string(),
        ],
        None => [otherwise.to_owned(), String::new(), String::new()],
    };
    let points: Vec<Vec<String>> = report
        .operating_points
        .iter()
        .map(|point| {
            let short = format!("too few: needs at least {} comparisons", point.needs);
            let established = at(&point.established, &short);
            let observed = at(&point.observed, "too few");
            let mut row = vec![format!("{:e}", point.target_fmr)];
            row.extend(established);
            row.push(observed[0].clone());
            row.push(point.needs_for_30_errors.to_string());
            row
        })
        .collect();
    let thresholds: Vec<Vec<String>> = report
        .policy_thresholds
        .iter()
        .map(|t| {
            vec![
                t.name.to_owned(),
                format!("{:.3}", t.rates.threshold),
                t.rates.fmr.to_string(),
                t.rates.fnmr.to_string(),
            ]
        })
        .collect();
    let eer = report.equal_error_rate.map(|eer| {
        format!(
            "{:.2} % (thresholds above {:.3} up to {:.3})",
            eer.rate * 100.0,
            eer.above,
            eer.up_to
        )
    });
    Ok(html! {
        section {
            h2 { "Comparison (ISO/IEC 19795-1)" }
            p { (report.source) ": " (report.photographs) " photographs, " (report.genuine) " genuine (mated) and "
                (report.impostor) " impostor (non-mated) comparisons; " (report.not_compared) " pairs not compared." }
            (table(&["", ""], &[
                vec!["failure-to-acquire rate".to_owned(), report.failure_to_acquire.to_string()],
                vec!["lowest genuine score".to_owned(), score(report.lowest_genuine)],
                vec!["highest impostor score".to_owned(), score(report.highest_impostor)],
                vec!["equal error rate".to_owned(), eer.unwrap_or_else(|| "-".to_owned())],
                vec!["photographs with several faces (the largest is taken)".to_owned(), report.several_faces.to_string()],
            ]))
            @if !report.failures.is_empty() {
                details { summary { "Photographs that gave no template: " (report.failures.len()) }
                    ul { @for failure in &report.failures { li { (failure.photograph) ": " (failure.reason) } } } }
            }
            h3 { "Thresholds for FMR targets" }
            p { "Established: the one-sided 95 % bound of FMR is no higher than the target. Intervals are Clopper and "
                "Pearson's, 95 %; they take comparisons as independent, which those that share a photograph or a person are "
                "not: the truth is wider." }
            (table(&["target FMR", "threshold established", "FMR there", "FNMR there", "threshold observed", "comparisons for 30 errors"], &points))
            h3 { "The policy's thresholds" }
            (table(&["policy", "threshold", "FMR", "FNMR"], &thresholds))
            (plots(&charts::of_comparison(report)))
            (worst("Genuine pairs with the lowest scores", &report.worst_genuine, options)?)
            (worst("Impostor pairs with the highest scores", &report.worst_impostor, options)?)
        }
    })
}

fn worst(title: &str, pairs: &[ScoredPair], options: PageOptions) -> Result<Markup, EvalError> {
    let rows = pairs.iter().map(|pair| {
        let faces = if options.thumbnails {
            let [reference, probe] = &pair.paths;
            Some((thumbnail(reference)?, thumbnail(probe)?))
        } else {
            None
        };
        Ok(html! { tr {
            td { (format!("{:.3}", pair.score)) }
            td { (pair.reference) @if let Some((face, _)) = &faces { br; img src=(face) alt=(pair.reference); } }
            td { (pair.probe) @if let Some((_, face)) = &faces { br; img src=(face) alt=(pair.probe); } }
        } })
    });
    let rows = rows.collect::<Result<Vec<Markup>, EvalError>>()?;
    Ok(html! {
        h3 { (title) }
        div.scroll { table {
            thead { tr { th scope="col" { "score" } th scope="col" { "reference" } th scope="col" { "probe" } } }
            tbody { @for row in rows { (row) } }
        } }
    })
}

/// How attacks are told from live faces.
pub(super) fn attacks(report: &AttackReport) -> Markup {
    let counts: Vec<Vec<String>> = report
        .presentations
        .iter()
        .map(|(species, count)| vec![species.clone(), count.to_string()])
        .collect();
    html! {
        section {
            h2 { "Presentation-attack detection (ISO/IEC 30107-3)" }
            @if !report.performed {
                p.warning { "PAD not performed: no model for passive presentation-attack detection is loaded, so there are "
                    "no scores and no rates for it." }
            }
            @if report.synthetic {
                p.warning { "SYNTHETIC presentations: made from photographs by the project's own generator. The figures "
                    "serve regression and show the shape of the curve; they say nothing about attacks in the field." }
            }
            details { summary { "Presentations of each species" } (table(&["species", "presentations"], &counts)) }
            @if !report.failures.is_empty() {
                details { summary { "Presentations that could not be used: " (report.failures.len()) }
                    ul { @for failure in &report.failures { li { (failure.photograph) ": " (failure.reason) } } } }
            }
            @for (kind, verdicts, measures) in [
                ("images", &report.image_verdicts, &report.images),
                ("sequences", &report.sequence_verdicts, &report.sequences),
            ] {
                @if !measures.is_empty() {
                    h3 { "What the policy says of " (kind) }
                    @if report.synthetic { p { strong { "SYNTHETIC" } ": see the labels of each measure below." } }
                    (table(&["species", "passed", "a person decides", "refused", "reasons"], &answered(verdicts)))
                    @for one in measures { (measure(kind, one)) }
                }
            }
        }
    }
}

fn answered(verdicts: &BTreeMap<String, Verdicts>) -> Vec<Vec<String>> {
    let rows = verdicts.iter().map(|(species, verdicts)| {
        let reasons = verdicts
            .reasons
            .iter()
            .map(|(reason, count)| format!("{reason} {count}"));
        vec![
            species.clone(),
            verdicts.passed.to_string(),
            verdicts.reviewed.to_string(),
            verdicts.refused.to_string(),
            reasons.collect::<Vec<_>>().join(", "),
        ]
    });
    rows.collect()
}

fn measure(kind: &str, of: &MeasureReport) -> Markup {
    let species: Vec<Vec<String>> = of
        .species
        .iter()
        .map(|values| {
            let apcer = of.at_threshold.as_ref().map(|at| {
                match at.species.iter().find(|s| s.species == values.species) {
                    Some(found) => format!("APCER {}", found.apcer),
                    None => format!("BPCER {}", at.bpcer),
                }
            });
            vec![
                values.species.clone(),
                values.measured.to_string(),
                values.no_response.to_string(),
                score(values.lowest),
                score(values.median),
                score(values.highest),
                apcer.unwrap_or_default(),
            ]
        })
        .collect();
    let types: Vec<Vec<String>> = of
        .at_threshold
        .iter()
        .flat_map(|at| &at.types)
        .map(|t| {
            vec![
                t.attack_type.clone(),
                t.worst_species.clone(),
                t.apcer.to_string(),
            ]
        })
        .collect();
    let held: Vec<Vec<String>> = of
        .bpcer_at
        .iter()
        .map(|at| {
            vec![
                format!("BPCER{:.0}", 1.0 / at.apcer),
                format!("{:.3}", at.threshold),
                at.bpcer.to_string(),
            ]
        })
        .collect();
    let heading = of.at_threshold.as_ref().map_or_else(
        || "rate at a threshold (the policy has none)".to_owned(),
        |at| format!("rate at the policy's threshold {}", at.threshold),
    );
    html! {
        h4 { (of.measure) " (" (kind) ")" }
        p { (of.meaning) ". Higher is bona fide. " strong { (label(of)) } "." }
        (table(&["species", "measured", "no response", "lowest", "median", "highest", &heading], &species))
        @if !types.is_empty() { (table(&["attack type", "worst species", "APCER"], &types)) }
        @if !held.is_empty() { (table(&["BPCER where the worst species' APCER is held to 1/n", "threshold", "BPCER"], &held)) }
        (plots(&charts::of_measure(kind, of)))
    }
}

/// How scores fall.
pub(super) fn robustness(report: &RobustnessReport) -> Markup {
    let row = |factor: &str, value: String, level: &crate::robustness::Level| {
        vec![
            factor.to_owned(),
            value,
            level
                .mean
                .map_or_else(|| "-".to_owned(), |m| format!("{m:.3}")),
            score(level.fifth_percentile),
            score(level.lowest),
            level.fnmr.to_string(),
            level.failure_to_acquire.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = std::iter::once(row("none", String::new(), &report.undegraded))
        .chain(report.factors.iter().flat_map(|factor| {
            factor.levels.iter().map(|level| {
                row(
                    factor.factor,
                    format!("{} {}", level.value, factor.unit),
                    level,
                )
            })
        }))
        .collect();
    html! {
        section {
            h2 { "Robustness" }
            p { (report.pairs) " genuine pairs (" (report.pairs_are) "); the reference stays as it is, the probe is brought to "
                (report.inter_eye_distance) " pixels between the eyes and then " strong { "synthetically" } " degraded. FNMR at the match threshold "
                (format!("{:.3}", report.threshold)) ", of the pairs that could be compared. "
                (report.not_compared) " pairs left out: a photograph gave no template as it is." }
            (plots(&charts::of_robustness(report)))
            (table(&["factor", "level", "mean score", "5th percentile", "lowest", "FNMR", "failure to acquire"], &rows))
        }
    }
}

/// What the policy should say.
pub(super) fn recommendation(of: &Recommendation) -> Markup {
    html! {
        section {
            h2 { "Policy" }
            p { "For FMR " (format!("{:e}", of.target_fmr)) ": match from " strong { (of.match_threshold) } " on, another person below "
                strong { (of.review_threshold) } "." }
            ul { @for reason in &of.reasons { li { (reason) } } }
        }
    }
}

/// What measured.
pub(super) fn models(report: &Report) -> Markup {
    let rows: Vec<Vec<String>> = report
        .models
        .iter()
        .map(|m| vec![m.name.clone(), m.version.clone(), m.sha256.clone()])
        .collect();
    html! {
        section {
            h2 { "Measured with" }
            p { "selfsame " (report.version) ", engine " (report.engine) "." }
            (table(&["model", "version", "SHA-256"], &rows))
        }
    }
}
