//! Which plots a report has.

use statrs::distribution::{ContinuousCDF as _, Normal};

use super::Report;
use super::plot::{Axis, Chart, Mark, Series};
use crate::comparison::ComparisonReport;
use crate::metrics::histogram::Histogram;
use crate::presentation_attack::{AttackReport, FEWEST_POINTS, MeasureReport};
use crate::robustness::{FactorReport, RobustnessReport};

/// All plots, in the order of the page.
pub(super) fn of(report: &Report) -> Vec<Chart> {
    let mut charts = Vec::new();
    if let Some(comparison) = &report.comparison {
        charts.extend(of_comparison(comparison));
    }
    if let Some(attacks) = &report.presentation_attack {
        charts.extend(of_attacks(attacks));
    }
    if let Some(robustness) = &report.robustness {
        charts.extend(of_robustness(robustness));
    }
    charts
}

/// Of the comparison.
pub(super) fn of_comparison(report: &ComparisonReport) -> Vec<Chart> {
    let note = format!(
        "{}: {} genuine and {} impostor comparisons",
        report.source, report.genuine, report.impostor
    );
    let thresholds: Vec<(f64, String)> = report
        .policy_thresholds
        .iter()
        .map(|t| {
            (
                f64::from(t.rates.threshold),
                format!("{} {:.3}", t.name.replace('_', " "), t.rates.threshold),
            )
        })
        .collect();
    vec![
        histogram(
            "comparison-scores",
            "Comparison scores",
            &note,
            "comparison score (cosine)",
            &report.histogram,
            &thresholds,
        ),
        error_rates(report, &note, &thresholds),
        det(report, &note),
    ]
}

/// A histogram as parts of each series, so that series of different size can be compared.
fn histogram(
    id: &str,
    title: &str,
    note: &str,
    x: &str,
    of: &Histogram,
    uprights: &[(f64, String)],
) -> Chart {
    let mut highest: f64 = 0.0;
    let series = of.series.iter().map(|series| {
        let all = series.counts.iter().sum::<u64>().max(1) as f64;
        let mut points: Vec<(f64, f64)> = series
            .counts
            .iter()
            .zip(0u32..)
            .map(|(count, bin)| (of.start + f64::from(bin) * of.width, *count as f64 / all))
            .collect();
        highest = points.iter().fold(highest, |highest, p| highest.max(p.1));
        let end = of.start + series.counts.len() as f64 * of.width;
        points.push((end, 0.0));
        Series {
            name: format!("{} ({})", series.name, series.counts.iter().sum::<u64>()),
            points,
            mark: Mark::Bars,
        }
    });
    let series: Vec<Series> = series.collect();
    let bins = of.series.first().map_or(1, |s| s.counts.len());
    Chart {
        id: id.to_owned(),
        title: title.to_owned(),
        note: note.to_owned(),
        x: Axis::straight(x, of.start, of.start + bins as f64 * of.width),
        y: Axis::straight("part of its kind", 0.0, (highest * 1.1).max(0.01)),
        series,
        uprights: uprights.to_vec(),
        levels: Vec::new(),
    }
}

fn error_rates(report: &ComparisonReport, note: &str, thresholds: &[(f64, String)]) -> Chart {
    let rate = |name: &str, of: fn(&crate::metrics::error_rate::DetPoint) -> f64| Series {
        name: name.to_owned(),
        points: report
            .det
            .iter()
            .map(|p| (f64::from(p.threshold), of(p)))
            .collect(),
        mark: Mark::Steps,
    };
    let ends = report.det.first().zip(report.det.last());
    let (low, high) = ends.map_or((0.0, 1.0), |(a, b)| {
        (f64::from(a.threshold), f64::from(b.threshold))
    });
    Chart {
        id: "comparison-error-rates".to_owned(),
        title: "Error rates by threshold".to_owned(),
        note: note.to_owned(),
        x: Axis::straight("threshold", low, high),
        y: Axis::straight("rate", 0.0, 1.0),
        series: vec![rate("FMR", |p| p.fmr), rate("FNMR", |p| p.fnmr)],
        uprights: thresholds.to_vec(),
        levels: Vec::new(),
    }
}

/// The DET curve on normal deviate axes. A rate of zero has no place there: it is drawn at the axis, and the line of the rule
/// of 3 says what it is worth.
fn det(report: &ComparisonReport, note: &str) -> Chart {
    let least = |count: usize| 0.5 / count.max(1) as f64;
    let low = least(report.genuine).min(least(report.impostor)).min(1e-3);
    let axis = |label: &str| {
        let ticks = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.8];
        Axis {
            label: format!("{label} (normal deviate axis)"),
            ends: (deviate(low), deviate(0.9)),
            ticks: ticks
                .iter()
                .filter(|rate| **rate >= low)
                .map(|rate| (deviate(*rate), percent(*rate)))
                .collect(),
        }
    };
    let bound = |count: usize| {
        let rate = 3.0 / count.max(1) as f64;
        (rate < 0.5).then(|| (deviate(rate), format!("rule of 3: {}", percent(rate))))
    };
    Chart {
        id: "comparison-det".to_owned(),
        title: "DET curve".to_owned(),
        note: format!("{note}; rates of 0 lie on the axes"),
        x: axis("FMR"),
        y: axis("FNMR"),
        series: vec![Series {
            name: "DET".to_owned(),
            points: report
                .det
                .iter()
                .map(|p| (deviate(p.fmr.max(low)), deviate(p.fnmr.max(low))))
                .collect(),
            mark: Mark::Dots,
        }],
        uprights: bound(report.impostor).into_iter().collect(),
        levels: bound(report.genuine).into_iter().collect(),
    }
}

/// Where a rate lies on a normal deviate axis.
fn deviate(rate: f64) -> f64 {
    Normal::standard().inverse_cdf(rate.clamp(1e-9, 1.0 - 1e-9))
}

fn percent(rate: f64) -> String {
    let digits = (-(rate * 100.0).log10()).ceil().max(0.0) as usize;
    format!("{:.digits$} %", rate * 100.0)
}

/// Of presentation-attack detection.
fn of_attacks(report: &AttackReport) -> Vec<Chart> {
    let images = report
        .images
        .iter()
        .flat_map(|measure| of_measure("images", measure));
    let sequences = report
        .sequences
        .iter()
        .flat_map(|measure| of_measure("sequences", measure));
    images.chain(sequences).collect()
}

/// Of one measure over single images or sequences. Three answers have no curve.
pub(super) fn of_measure(kind: &str, measure: &MeasureReport) -> Vec<Chart> {
    if measure.curve.len() < FEWEST_POINTS {
        return Vec::new();
    }
    let id = format!("attack-{kind}-{}", measure.measure.replace(' ', "-"));
    let note = label(measure);
    let thresholds: Vec<(f64, String)> = measure
        .at_threshold
        .iter()
        .map(|at| {
            (
                f64::from(at.threshold),
                format!("threshold {}", at.threshold),
            )
        })
        .collect();
    let curve = Chart {
        id: format!("{id}-curve"),
        title: format!("Attack error rates, {kind}: {}", measure.measure),
        note: note.clone(),
        x: Axis::straight(
            measure.measure,
            measure
                .curve
                .first()
                .map_or(0.0, |p| f64::from(p.threshold)),
            measure.curve.last().map_or(1.0, |p| f64::from(p.threshold)),
        ),
        y: Axis::straight("rate", 0.0, 1.0),
        series: vec![
            Series {
                name: "APCER of the worst species".to_owned(),
                points: measure
                    .curve
                    .iter()
                    .map(|p| (f64::from(p.threshold), p.apcer))
                    .collect(),
                mark: Mark::Steps,
            },
            Series {
                name: "BPCER".to_owned(),
                points: measure
                    .curve
                    .iter()
                    .map(|p| (f64::from(p.threshold), p.bpcer))
                    .collect(),
                mark: Mark::Steps,
            },
        ],
        uprights: thresholds.clone(),
        levels: Vec::new(),
    };
    let title = format!("Bona fide and attacks, {kind}: {}", measure.measure);
    vec![
        histogram(
            &id,
            &title,
            &note,
            measure.measure,
            &measure.histogram,
            &thresholds,
        ),
        curve,
    ]
}

/// What of a measure's data is synthetic.
pub(super) fn label(measure: &MeasureReport) -> String {
    match (measure.bona_fide_synthetic, measure.attacks_synthetic) {
        (true, true) => "SYNTHETIC attacks and bona fide presentations",
        (true, false) => "SYNTHETIC bona fide presentations",
        (false, true) => "SYNTHETIC attacks",
        (false, false) => "Attacks and bona fide presentations as given",
    }
    .to_owned()
}

/// Of robustness: a plot for each factor.
pub(super) fn of_robustness(report: &RobustnessReport) -> Vec<Chart> {
    report
        .factors
        .iter()
        .map(|factor| of_factor(report, factor))
        .collect()
}

fn of_factor(report: &RobustnessReport, factor: &FactorReport) -> Chart {
    // Levels are not evenly spread: each has its own place, from mild to strong.
    let levels: Vec<_> = factor
        .levels
        .iter()
        .zip(1u32..)
        .map(|(level, place)| (f64::from(place), level))
        .collect();
    let line = |name: &str, of: &dyn Fn(&crate::robustness::Level) -> Option<f64>| {
        let start = of(&report.undegraded).map(|y| (0.0, y));
        let rest = levels
            .iter()
            .filter_map(|(x, level)| Some((*x, of(level)?)));
        Series {
            name: name.to_owned(),
            points: start.into_iter().chain(rest).collect(),
            mark: Mark::Dots,
        }
    };
    let ticks = std::iter::once((0.0, "none".to_owned())).chain(
        levels
            .iter()
            .map(|(x, level)| (*x, format!("{}", level.value))),
    );
    Chart {
        id: format!(
            "robustness-{}",
            factor.factor.to_lowercase().replace(' ', "-")
        ),
        title: format!("Genuine score under {}", factor.factor),
        note: format!(
            "{} pairs; {}; the probe is SYNTHETICALLY degraded",
            report.pairs, report.pairs_are
        ),
        x: Axis {
            label: format!("{} ({})", factor.factor, factor.unit),
            ends: (-0.3, levels.len() as f64 + 0.3),
            ticks: ticks.collect(),
        },
        y: Axis::straight("score, rate", -0.1, 1.05),
        series: vec![
            line("mean score", &|level| level.mean),
            line("5th percentile", &|level| {
                level.fifth_percentile.map(f64::from)
            }),
            line("failure to acquire", &|level| {
                Some(level.failure_to_acquire.rate)
            }),
        ],
        uprights: Vec::new(),
        levels: vec![(
            f64::from(report.threshold),
            format!("match threshold {:.3}", report.threshold),
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_normal_deviate_axis_is_even_in_deviations() {
        assert!(deviate(0.5).abs() < 1e-9);
        assert!((deviate(0.158_655) + 1.0).abs() < 1e-4);
        assert!((deviate(0.022_750) + 2.0).abs() < 1e-4);
        assert!(deviate(0.0).is_finite());
    }

    #[test]
    fn percents_keep_their_first_digit() {
        assert_eq!(percent(0.2), "20 %");
        assert_eq!(percent(0.01), "1 %");
        assert_eq!(percent(1e-3), "0.1 %");
        assert_eq!(percent(1e-6), "0.0001 %");
        assert_eq!(percent(3.0 / 262.0), "1 %");
    }
}
