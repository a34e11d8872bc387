//! Score histograms over one axis.

use serde::{Deserialize, Serialize};

/// Counts of two or more kinds of scores in the same bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// The lower edge of the first bin.
    pub start: f64,
    /// The width of each bin.
    pub width: f64,
    /// What is counted, with a count for each bin.
    pub series: Vec<Series>,
}

/// One kind of score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// How many scores lie in each bin; the last bin holds its upper edge.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// About `bins` bins of a round width that hold all scores.
    #[must_use]
    pub fn of(series: &[(&str, &[f32])], bins: usize) -> Self {
        let all = || {
            series
                .iter()
                .flat_map(|(_, scores)| scores.iter())
                .map(|s| f64::from(*s))
        };
        let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), s| {
            (low.min(s), high.max(s))
        });
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let width = round_width((high - low).max(1e-6) / bins.max(1) as f64);
        let start = (low / width).floor() * width;
        let count = (((high - start) / width).ceil() as usize).max(1);
        let series = series.iter().map(|(name, scores)| {
            let mut counts = vec![0; count];
            for score in *scores {
                let bin = ((f64::from(*score) - start) / width) as usize;
                counts[bin.min(count - 1)] += 1;
            }
            Series {
                name: (*name).to_owned(),
                counts,
            }
        });
        Self {
            start,
            width,
            series: series.collect(),
        }
    }
}

/// 1, 2 or 5 times a power of ten, no smaller than asked for.
fn round_width(at_least: f64) -> f64 {
    let power = 10f64.powf(at_least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    // 10 × power is above any number that floors to it.
    steps
        .into_iter()
        .find(|w| *w >= at_least * 0.999_999)
        .unwrap_or(steps[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_score_is_counted_once_in_round_bins() {
        let histogram = Histogram::of(&[("a", &[0.0, 0.05, 0.19, 1.0]), ("b", &[])], 10);
        assert!((histogram.width - 0.1).abs() < 1e-12, "{histogram:?}");
        assert_eq!(histogram.series[0].counts.len(), 10);
        assert_eq!(histogram.series[0].counts[..2], [2, 1]);
        assert_eq!(histogram.series[0].counts[9], 1);
        assert_eq!(histogram.series[1].counts.iter().sum::<u64>(), 0);
    }

    #[test]
    fn one_value_and_none_are_histograms_too() {
        assert_eq!(
            Histogram::of(&[("a", &[0.5, 0.5])], 10).series[0]
                .counts
                .iter()
                .sum::<u64>(),
            2
        );
        assert_eq!(
            Histogram::of(&[("a", &[])], 10).series[0]
                .counts
                .iter()
                .sum::<u64>(),
            0
        );
    }
}
