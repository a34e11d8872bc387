//! What a count of errors says about the true rate.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF as _, Normal};
use statrs::function::gamma::{gamma_lr, gamma_ur};

/// Confidence of every interval and bound here.
pub const CONFIDENCE: f64 = 0.95;

/// From so many trials on the limits of the beta distribution take its place, whose inverse never ends for some counts of
/// millions.
const MANY: u64 = 20_000;

/// Of [`MANY`] trials and at least so many errors the rate is as good as normal.
const MANY_ERRORS: u64 = 1000;

/// A proportion with its exact (Clopper–Pearson) two-sided 95 % interval; of more than 20,000 trials Poisson's, or from 1,000
/// errors on Wilson's, which differ from it by less than a twentieth of its width.
///
/// The interval takes trials as independent. Comparisons that share a photograph or a person are not: the true interval is
/// wider than the one given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Proportion {
    /// How often it happened.
    pub count: u64,
    /// Of how many.
    pub trials: u64,
    /// `count / trials`; 0 without trials.
    pub rate: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

impl Proportion {
    /// `count` of `trials`; a count above the trials is taken for all of them.
    #[must_use]
    pub fn of(count: u64, trials: u64) -> Self {
        let count = count.min(trials);
        let tail = (1.0 - CONFIDENCE) / 2.0;
        Self {
            count,
            trials,
            rate: if trials == 0 {
                0.0
            } else {
                count as f64 / trials as f64
            },
            low: lower_bound(count, trials, tail),
            high: upper_bound(count, trials, tail),
        }
    }

    /// The one-sided 95 % upper bound: the true rate is below it unless a chance of one in twenty came up.
    #[must_use]
    pub fn one_sided_bound(&self) -> f64 {
        upper_bound(self.count, self.trials, 1.0 - CONFIDENCE)
    }
}

impl std::fmt::Display for Proportion {
    /// The rate with its interval, and what it was counted of.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [rate, low, high] = [self.rate, self.low, self.high].map(|part| part * 100.0);
        let (count, trials) = (self.count, self.trials);
        write!(f, "{rate:.2} % [{low:.2}, {high:.2}] ({count} of {trials})")
    }
}

/// The rate that would give `count` or fewer of `trials` with probability `tail`.
fn upper_bound(count: u64, trials: u64, tail: f64) -> f64 {
    if count >= trials {
        return 1.0;
    }
    if count == 0 {
        return 1.0 - tail.powf(1.0 / trials as f64);
    }
    if trials > MANY {
        return if count > trials / 2 {
            1.0 - lower_bound(trials - count, trials, tail)
        } else if count < MANY_ERRORS {
            where_reached(count, |mean| gamma_ur(count as f64 + 1.0, mean) <= tail) / trials as f64
        } else {
            wilson(count, trials, deviations(tail))
        };
    }
    Beta::new(count as f64 + 1.0, (trials - count) as f64)
        .map_or(1.0, |b| b.inverse_cdf(1.0 - tail))
}

/// The rate that would give `count` or more of `trials` with probability `tail`.
fn lower_bound(count: u64, trials: u64, tail: f64) -> f64 {
    if count == 0 {
        return 0.0;
    }
    if count >= trials {
        return tail.powf(1.0 / trials as f64);
    }
    if trials > MANY {
        return if count > trials / 2 {
            1.0 - upper_bound(trials - count, trials, tail)
        } else if count < MANY_ERRORS {
            where_reached(count, |mean| gamma_lr(count as f64, mean) >= tail) / trials as f64
        } else {
            wilson(count, trials, -deviations(tail))
        };
    }
    Beta::new(count as f64, (trials - count) as f64 + 1.0).map_or(0.0, |b| b.inverse_cdf(tail))
}

/// The mean about `count` from which on something holds, by halving.
fn where_reached(count: u64, holds: impl Fn(f64) -> bool) -> f64 {
    let count = count as f64;
    let (mut low, mut high) = (0.0, count + 10.0 * count.sqrt() + 10.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// The end of Wilson's interval that lies so many deviations above the rate, or below it where they are negative.
fn wilson(count: u64, trials: u64, deviations: f64) -> f64 {
    let (trials, rate) = (trials as f64, count as f64 / trials as f64);
    let square = deviations * deviations;
    let spread = (rate * (1.0 - rate) / trials + square / (4.0 * trials * trials)).sqrt();
    (rate + square / (2.0 * trials) + deviations * spread) / (1.0 + square / trials)
}

/// How many deviations above the mean `tail` of a normal distribution lies.
fn deviations(tail: f64) -> f64 {
    Normal::standard().inverse_cdf(1.0 - tail)
}

/// The fewest independent trials without an error that establish a rate below `target` (95 %, one-sided): the exact form
/// of the rule of 3.
#[must_use]
pub fn trials_for_rule_of_3(target: f64) -> u64 {
    ((1.0 - CONFIDENCE).ln() / (-target).ln_1p()).ceil() as u64
}

/// The trials in which `target` gives thirty errors: with 90 % confidence the true rate is then within 30 % of the
/// observed one (the rule of 30).
#[must_use]
pub fn trials_for_rule_of_30(target: f64) -> u64 {
    // The quotient of two decimals such as 30 / 1e-6 may end just above the whole number that it is.
    (30.0 / target - 1e-6).ceil() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 5e-5, "{a} is not {b}");
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        // Clopper and Pearson's exact limits as statistics tables give them.
        let five_of_ten = Proportion::of(5, 10);
        close(five_of_ten.low, 0.1871);
        close(five_of_ten.high, 0.8129);
        let one_of_twenty = Proportion::of(1, 20);
        close(one_of_twenty.low, 0.0013);
        close(one_of_twenty.high, 0.2487);
        let none_of_ten = Proportion::of(0, 10);
        assert_eq!((none_of_ten.rate, none_of_ten.low), (0.0, 0.0));
        close(none_of_ten.high, 0.3085);
        let all_of_ten = Proportion::of(10, 10);
        close(all_of_ten.low, 0.6915);
        assert_eq!(all_of_ten.high, 1.0);
    }

    #[test]
    fn no_error_in_n_bounds_the_rate_by_about_three_in_n() {
        // 1 - 0.05^(1/262)
        close(Proportion::of(0, 262).one_sided_bound(), 0.011_37);
        close(Proportion::of(0, 3000).one_sided_bound(), 0.000_998);
    }

    #[test]
    fn the_rules_of_3_and_30_count_trials() {
        assert_eq!(trials_for_rule_of_3(0.01), 299);
        assert_eq!(trials_for_rule_of_3(1e-6), 2_995_731);
        assert_eq!(trials_for_rule_of_30(0.01), 3000);
        assert_eq!(trials_for_rule_of_30(1e-6), 30_000_000);
    }

    #[test]
    fn nothing_is_known_without_trials() {
        let nothing = Proportion::of(0, 0);
        assert_eq!((nothing.rate, nothing.low, nothing.high), (0.0, 0.0, 1.0));
    }

    #[test]
    fn intervals_of_millions_end_and_go_on_where_the_exact_ones_stop() {
        // The inverse of the beta distribution never came back from counts like these.
        for count in [1, 2, 56, 1721, 43_475_225, 86_950_450] {
            let p = Proportion::of(count, 86_950_451);
            assert!(p.low < p.rate && p.rate < p.high, "{p:?}");
        }
        // Poisson's exact limits for 10 as statistics tables give them: 4.795 and 18.390.
        let ten = Proportion::of(10, 10_000_000);
        assert!((ten.low * 1e7 - 4.795).abs() < 1e-3, "{ten:?}");
        assert!((ten.high * 1e7 - 18.390).abs() < 1e-3, "{ten:?}");
        // Beside the border on either side, for few errors and many, seldom and often.
        for count in [1, 20, 999, 1000, 4000, 15_000, 19_990] {
            // As many are not counted.
            let often = u64::from(count > MANY / 2);
            let (below, above) = (
                Proportion::of(count, MANY),
                Proportion::of(count + often, MANY + 1),
            );
            let width = below.high - below.low;
            assert!(
                (below.low - above.low).abs() < width / 20.0,
                "{below:?} {above:?}"
            );
            assert!(
                (below.high - above.high).abs() < width / 20.0,
                "{below:?} {above:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_estimate(trials in 1u64..5000, part in 0.0f64..=1.0) {
            let p = Proportion::of((trials as f64 * part) as u64, trials);
            prop_assert!(0.0 <= p.low && p.low <= p.rate && p.rate <= p.high && p.high <= 1.0, "{p:?}");
            prop_assert!(p.one_sided_bound() <= p.high + 1e-12);
        }

        #[test]
        fn the_rule_of_3_is_the_exact_edge(target in 1e-4f64..0.2) {
            let needed = trials_for_rule_of_3(target);
            prop_assert!(Proportion::of(0, needed).one_sided_bound() <= target);
            prop_assert!(Proportion::of(0, needed - 1).one_sided_bound() > target);
        }
    }
}
