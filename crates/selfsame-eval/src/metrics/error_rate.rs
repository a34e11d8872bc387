//! False matches and false non-matches over thresholds (ISO/IEC 19795-1).

use serde::{Deserialize, Serialize};

use super::interval::{Proportion, trials_for_rule_of_3, trials_for_rule_of_30};

/// The FMR targets that are reported.
pub const FMR_TARGETS: [f64; 5] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];

/// More points than this show nothing more in a plot.
const MOST_POINTS: usize = 400;

/// Mated (genuine) and non-mated (impostor) comparison scores, sorted.
///
/// A score at or above a threshold is a match.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    genuine: Vec<f32>,
    impostor: Vec<f32>,
}

/// One point of the DET curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DetPoint {
    /// The threshold.
    pub threshold: f32,
    /// Part of the impostor comparisons at or above it.
    pub fmr: f64,
    /// Part of the genuine comparisons below it.
    pub fnmr: f64,
}

/// What a threshold gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtThreshold {
    /// The threshold.
    pub threshold: f32,
    /// False match rate.
    pub fmr: Proportion,
    /// False non-match rate.
    pub fnmr: Proportion,
}

/// Where FMR and FNMR are equal, or as near as the steps of the data allow.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EqualErrorRate {
    /// Both rates there, on the straight line between the steps on either side.
    pub rate: f64,
    /// Thresholds above this one…
    pub above: f32,
    /// … up to this one give it.
    pub up_to: f32,
}

/// The threshold for an FMR target, as far as the data carry one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// The FMR that is asked for.
    pub target_fmr: f64,
    /// The lowest threshold whose observed FMR is no higher; absent where fewer than one in `1 / target_fmr` comparisons
    /// were made, for then any threshold above the highest impostor score would do and none is learnt.
    pub observed: Option<AtThreshold>,
    /// The lowest threshold whose FMR is no higher with 95 % confidence; absent where the data are too few.
    pub established: Option<AtThreshold>,
    /// Impostor comparisons needed to establish it at all (rule of 3).
    pub needs: u64,
    /// Impostor comparisons needed to know it within 30 % (rule of 30).
    pub needs_for_30_errors: u64,
}

impl Scores {
    /// Scores that are not finite are left out: no comparison gives one.
    #[must_use]
    pub fn new(mut genuine: Vec<f32>, mut impostor: Vec<f32>) -> Self {
        for scores in [&mut genuine, &mut impostor] {
            scores.retain(|score| score.is_finite());
            scores.sort_by(f32::total_cmp);
        }
        Self { genuine, impostor }
    }

    /// Genuine scores, lowest first.
    #[must_use]
    pub fn genuine(&self) -> &[f32] {
        &self.genuine
    }

    /// Impostor scores, lowest first.
    #[must_use]
    pub fn impostor(&self) -> &[f32] {
        &self.impostor
    }

    /// Both error rates at a threshold.
    #[must_use]
    pub fn at(&self, threshold: f32) -> AtThreshold {
        AtThreshold {
            threshold,
            fmr: Proportion::of(at_or_above(&self.impostor, threshold), len(&self.impostor)),
            fnmr: Proportion::of(below(&self.genuine, threshold), len(&self.genuine)),
        }
    }

    fn point(&self, threshold: f32) -> DetPoint {
        let part = |count: u64, of: &[f32]| {
            if of.is_empty() {
                0.0
            } else {
                count as f64 / of.len() as f64
            }
        };
        DetPoint {
            threshold,
            fmr: part(at_or_above(&self.impostor, threshold), &self.impostor),
            fnmr: part(below(&self.genuine, threshold), &self.genuine),
        }
    }

    /// Every threshold at which a rate may change: the scores, and one past the highest.
    fn thresholds(&self) -> Vec<f32> {
        let mut all: Vec<f32> = self.genuine.iter().chain(&self.impostor).copied().collect();
        all.sort_by(f32::total_cmp);
        all.dedup();
        if let Some(highest) = all.last() {
            all.push(highest.next_up());
        }
        all
    }

    /// The DET curve from the lowest threshold to the highest, thinned to what a plot can show.
    #[must_use]
    pub fn det(&self) -> Vec<DetPoint> {
        let mut points: Vec<DetPoint> = Vec::new();
        for threshold in self.thresholds() {
            let point = self.point(threshold);
            if points
                .last()
                .is_none_or(|last| (last.fmr, last.fnmr) != (point.fmr, point.fnmr))
            {
                points.push(point);
            }
        }
        let step = points.len().div_ceil(MOST_POINTS).max(1);
        let last = points.len().saturating_sub(1);
        let kept = points.iter().enumerate();
        kept.filter(|(at, _)| at % step == 0 || *at == last)
            .map(|(_, point)| *point)
            .collect()
    }

    /// The equal error rate; absent unless there are comparisons of both kinds.
    #[must_use]
    pub fn equal_error_rate(&self) -> Option<EqualErrorRate> {
        if self.genuine.is_empty() || self.impostor.is_empty() {
            return None;
        }
        let thresholds = self.thresholds();
        // The gap between the rates falls from 1 to -1 as the threshold rises.
        let gap = |p: DetPoint| p.fmr - p.fnmr;
        let at = thresholds.partition_point(|t| gap(self.point(*t)) > 0.0);
        let (above, up_to) = (*thresholds.get(at.checked_sub(1)?)?, *thresholds.get(at)?);
        let (before, here) = (self.point(above), self.point(up_to));
        let part = gap(before) / (gap(before) - gap(here));
        Some(EqualErrorRate {
            rate: before.fmr + part * (here.fmr - before.fmr),
            above,
            up_to,
        })
    }

    /// The threshold for an FMR target.
    #[must_use]
    pub fn operating_point(&self, target_fmr: f64) -> OperatingPoint {
        let trials = len(&self.impostor);
        // The slack undoes the rounding of products such as 100 × 0.01.
        let observed = (trials as f64 * target_fmr + 1e-9).floor() as u64;
        let established = (0..=observed)
            .take_while(|count| Proportion::of(*count, trials).one_sided_bound() <= target_fmr)
            .last();
        OperatingPoint {
            target_fmr,
            observed: (observed > 0).then(|| self.at(self.admitting(observed))),
            established: established.map(|count| self.at(self.admitting(count))),
            needs: trials_for_rule_of_3(target_fmr),
            needs_for_30_errors: trials_for_rule_of_30(target_fmr),
        }
    }

    /// The lowest threshold that at most `count` impostor scores reach.
    fn admitting(&self, count: u64) -> f32 {
        let first_refused = self.impostor.len() as u64;
        match first_refused.checked_sub(count + 1) {
            Some(at) => self.impostor[at as usize].next_up(),
            None => self.impostor.first().copied().unwrap_or(-1.0),
        }
    }
}

fn len(scores: &[f32]) -> u64 {
    scores.len() as u64
}

fn below(sorted: &[f32], threshold: f32) -> u64 {
    sorted.partition_point(|score| *score < threshold) as u64
}

fn at_or_above(sorted: &[f32], threshold: f32) -> u64 {
    len(sorted) - below(sorted, threshold)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Ten of each: genuine 0.1 … 1.0, impostor 0.0 … 0.45 in steps of 0.05.
    fn overlapping() -> Scores {
        Scores::new(
            (1..=10).map(|n| n as f32 / 10.0).collect(),
            (0..10).map(|n| n as f32 * 0.05).collect(),
        )
    }

    #[test]
    fn rates_are_counted_on_the_right_side_of_the_threshold() {
        let at = overlapping().at(0.3);
        // Genuine below 0.3: 0.1, 0.2. Impostor from 0.3: 0.3, 0.35, 0.4, 0.45.
        assert_eq!((at.fnmr.count, at.fnmr.trials), (2, 10));
        assert_eq!((at.fmr.count, at.fmr.trials), (4, 10));
    }

    #[test]
    fn equal_error_rate_by_hand() {
        // At 0.35: impostor 0.35, 0.4, 0.45 are 3 of 10; genuine 0.1, 0.2, 0.3 are 3 of 10.
        let eer = overlapping().equal_error_rate().unwrap();
        assert!((eer.rate - 0.3).abs() < 1e-9, "{eer:?}");
        assert!(eer.above < 0.35 && eer.up_to >= 0.35, "{eer:?}");
    }

    #[test]
    fn separated_scores_have_no_equal_error_and_a_gap() {
        let eer = Scores::new(vec![0.8, 0.6], vec![0.1, 0.3])
            .equal_error_rate()
            .unwrap();
        assert_eq!((eer.rate, eer.above, eer.up_to), (0.0, 0.3, 0.6));
        assert_eq!(Scores::new(vec![0.8], vec![]).equal_error_rate(), None);
    }

    #[test]
    fn swapped_scores_are_all_errors() {
        let eer = Scores::new(vec![0.1, 0.2], vec![0.8, 0.9])
            .equal_error_rate()
            .unwrap();
        assert_eq!(eer.rate, 1.0);
    }

    #[test]
    fn operating_points_by_hand() {
        // A thousand impostors at 0.000, 0.001 … 0.999.
        let scores = Scores::new(vec![0.9995], (0..1000).map(|n| n as f32 / 1000.0).collect());
        let point = scores.operating_point(0.01);
        // Ten of a thousand are observed from just above 0.989.
        let observed = point.observed.unwrap();
        assert_eq!(observed.fmr.count, 10);
        assert_eq!(observed.threshold, 0.989f32.next_up());
        // Four errors in a thousand bound the rate by 0.0091, five by 0.0105.
        assert_eq!(point.established.unwrap().fmr.count, 4);
        assert_eq!(point.established.unwrap().fnmr.count, 0);
        // Two thousandths allow two, but to establish it takes 1497 comparisons without an error.
        let finer = scores.operating_point(0.002);
        assert_eq!(finer.observed.unwrap().fmr.count, 2);
        assert_eq!((finer.established, finer.needs), (None, 1497));
        let finest = scores.operating_point(1e-4);
        assert_eq!((finest.observed, finest.established), (None, None));
    }

    #[test]
    fn ties_are_never_split() {
        let scores = Scores::new(vec![0.9], [vec![0.5; 99], vec![0.7]].concat());
        let observed = scores.operating_point(0.05).observed.unwrap();
        assert_eq!(observed.fmr.count, 1);
        assert!(observed.threshold > 0.5 && observed.threshold < 0.500_01);
    }

    #[test]
    fn three_hundred_pairs_establish_nothing_below_one_in_a_hundred() {
        let scores = Scores::new(vec![0.7; 38], vec![0.1; 262]);
        assert!(scores.operating_point(0.01).observed.is_some());
        for target in FMR_TARGETS {
            assert_eq!(scores.operating_point(target).established, None, "{target}");
        }
    }

    fn some_scores() -> impl Strategy<Value = Vec<f32>> {
        // Few distinct values, so that ties are common.
        prop::collection::vec((-20i8..20).prop_map(|n| f32::from(n) / 20.0), 1..80)
    }

    proptest! {
        #[test]
        fn fmr_falls_and_fnmr_rises_with_the_threshold(
            genuine in some_scores(), impostor in some_scores(), a in -1.0f32..1.0, b in -1.0f32..1.0
        ) {
            let scores = Scores::new(genuine, impostor);
            let (low, high) = (scores.at(a.min(b)), scores.at(a.max(b)));
            prop_assert!(low.fmr.rate >= high.fmr.rate);
            prop_assert!(low.fnmr.rate <= high.fnmr.rate);
            let det = scores.det();
            prop_assert!(det.windows(2).all(|w| w[0].fmr >= w[1].fmr && w[0].fnmr <= w[1].fnmr));
            prop_assert_eq!((det[0].fmr, det[0].fnmr), (1.0, 0.0));
            prop_assert_eq!((det[det.len() - 1].fmr, det[det.len() - 1].fnmr), (0.0, 1.0));
        }

        #[test]
        fn the_equal_error_rate_lies_between_the_rates_around_it(
            genuine in some_scores(), impostor in some_scores()
        ) {
            let scores = Scores::new(genuine, impostor);
            let eer = scores.equal_error_rate().unwrap();
            let (before, after) = (scores.at(eer.above), scores.at(eer.up_to));
            let (low, high) = (eer.rate - 1e-12, eer.rate + 1e-12);
            prop_assert!(before.fnmr.rate <= high && low <= after.fnmr.rate);
            prop_assert!(after.fmr.rate <= high && low <= before.fmr.rate);
        }

        #[test]
        fn an_operating_point_keeps_its_target(
            genuine in some_scores(), impostor in some_scores(), target in 0.001f64..0.5
        ) {
            let scores = Scores::new(genuine, impostor);
            let point = scores.operating_point(target);
            if let Some(observed) = point.observed {
                prop_assert!(observed.fmr.rate <= target);
                // One step lower would break it.
                let lower = scores.at(observed.threshold.next_down());
                prop_assert!(lower.fmr.rate > target || lower.fmr.count == lower.fmr.trials);
            }
            if let Some(established) = point.established {
                prop_assert!(established.fmr.one_sided_bound() <= target);
            }
        }
    }
}
