//! Intervals for rates of comparisons that share people: people are drawn again, not comparisons.
//!
//! Comparisons are not independent: one person's bad photograph spoils many. So the people are drawn anew, with replacement,
//! as many as there are; each comparison counts as often as its people were drawn, for two people the product. A person who
//! was drawn twice is not compared with the twin. Thresholds stay where they are. Of few errors the draws know little: an
//! interval is never narrower than the exact one for independent comparisons.

use chacha20::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::metrics::interval::{CONFIDENCE, Proportion};

/// So many draws make an interval; with 1,000 its ends rest on 25 each.
const DRAWS: u64 = 1000;

/// Of fewer errors than this the draws do not say how many times another rate a rate is.
const FEW: u64 = 10;

/// A rate of comparisons with a two-sided 95 % interval over people drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Resampled {
    /// How often it happened.
    pub count: u64,
    /// Of how many comparisons.
    pub trials: u64,
    /// `count / trials`; 0 without trials.
    pub rate: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end. Where nothing was counted, drawing people anew finds nothing either: it is then that of so
    /// many independent trials as there are people with a comparison, which is wider than the truth.
    pub high: f64,
}

/// How many times another rate one is, with a two-sided 95 % interval over people drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Times {
    /// The one by the other; absent where the other is nothing.
    pub times: Option<f64>,
    /// The interval's lower end.
    pub times_low: f64,
    /// The interval's upper end; absent where there is none, as where the other may be nothing.
    pub times_high: Option<f64>,
}

/// A rate, and what it was in each draw.
pub(crate) struct Drawn {
    pub(crate) rate: Resampled,
    /// Absent where a draw holds no comparison.
    draws: Vec<Option<f64>>,
}

impl Drawn {
    /// How many times `other`, of the same people and seed, this is. Of few errors that follows from both intervals, which is
    /// wider than the truth.
    pub(crate) fn times(&self, other: &Self) -> Times {
        let by = |a: f64, b: f64| (b > 0.0).then(|| a / b);
        let (one, two) = (&self.rate, &other.rate);
        let (low, high) = if one.count < FEW || two.count < FEW {
            (by(one.low, two.high), by(one.high, two.low))
        } else {
            let both = self.draws.iter().zip(&other.draws);
            let times: Vec<f64> = both
                .filter_map(|(a, b)| Some((*a.as_ref()?, *b.as_ref()?)))
                .filter(|(a, b)| *a > 0.0 || *b > 0.0)
                .map(|(a, b)| a / b)
                .collect();
            let (low, high) = ends(times);
            (Some(low), Some(high).filter(|high| high.is_finite()))
        };
        Times {
            times: by(one.rate, two.rate),
            times_low: low.unwrap_or(0.0),
            times_high: high,
        }
    }
}

/// The two ends between which 95 % of the values lie; 0 without values.
fn ends(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let end = |part: f64| {
        let at = (part * values.len().saturating_sub(1) as f64).round() as usize;
        values.get(at).copied().unwrap_or(0.0)
    };
    let tail = (1.0 - CONFIDENCE) / 2.0;
    (end(tail), end(1.0 - tail))
}

/// A person's own rate is told in so many parts of one, where people count alike.
const PARTS: u64 = 1 << 20;

/// What one rate is counted of.
pub(crate) enum Counted {
    /// For each person: how often it happened, of how many comparisons within the person.
    Within(Vec<(u64, u64)>),
    /// The same, but people count alike, however many comparisons they have: of people, each with their own rate.
    Alike(Vec<(u64, u64)>),
    /// How often it happened between two people; of all comparisons between people.
    Between(Vec<(u32, u32, u64)>),
}

/// The people, by how many images each has.
pub(crate) struct Resampling {
    images: Vec<u64>,
}

impl Resampling {
    /// `images` of each person.
    pub(crate) fn new(images: Vec<u64>) -> Self {
        Self { images }
    }

    /// Comparisons between people, each counting as often as its people were drawn.
    fn between(&self, drawn: impl Fn(usize) -> u64) -> u64 {
        let (mut sum, mut squares) = (0, 0);
        for (person, images) in self.images.iter().enumerate() {
            let weighed = drawn(person) * images;
            sum += weighed;
            squares += weighed * weighed;
        }
        (sum * sum - squares) / 2
    }

    /// The rates, each with its interval, of the same draws.
    pub(crate) fn rates(&self, counted: &[Counted], seed: u64) -> Vec<Resampled> {
        let drawn = self.drawn(counted, seed);
        drawn.into_iter().map(|drawn| drawn.rate).collect()
    }

    /// The rates, each with what it was in each draw. The same number of people and seed draw the same people.
    pub(crate) fn drawn(&self, counted: &[Counted], seed: u64) -> Vec<Drawn> {
        let people = self.images.len();
        let draws: Vec<Vec<Option<f64>>> = (0..DRAWS)
            .into_par_iter()
            .map(|draw| {
                // Spread far apart: neighbouring seeds would share all draws but one.
                let apart = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let mut rng = ChaCha8Rng::seed_from_u64(apart.wrapping_add(draw));
                let mut drawn = vec![0u64; people];
                for _ in 0..people {
                    drawn[rng.random_range(0..people)] += 1;
                }
                let between = self.between(|person| drawn[person]);
                counted
                    .iter()
                    .map(|of| part(of.drawn(&drawn, between)))
                    .collect()
            })
            .collect();
        let between = self.between(|_| 1);
        counted
            .iter()
            .enumerate()
            .map(|(at, of)| {
                let (count, trials) = of.drawn(&vec![1; people], between);
                let draws: Vec<Option<f64>> = draws.iter().map(|draw| draw[at]).collect();
                let (low, high) = ends(draws.iter().copied().flatten().collect());
                let rate = part((count, trials)).unwrap_or(0.0);
                let parts = match of {
                    Counted::Alike(_) => PARTS,
                    _ => 1,
                };
                // Of people whose rates are their own the mean varies less than of people who are wrong or right.
                let (count, trials) = ((count + parts / 2) / parts, trials / parts);
                let independent = Proportion::of(count, trials);
                Drawn {
                    rate: Resampled {
                        count,
                        trials,
                        rate,
                        low: low.min(independent.low),
                        high: if count == 0 {
                            Proportion::of(0, self.compared(of).min(trials)).high
                        } else {
                            high.max(independent.high)
                        },
                    },
                    draws,
                }
            })
            .collect()
    }

    /// People with a comparison.
    fn compared(&self, of: &Counted) -> u64 {
        let people = match of {
            Counted::Within(people) | Counted::Alike(people) => {
                people.iter().filter(|(_, trials)| *trials > 0).count()
            }
            Counted::Between(_) => self.images.iter().filter(|images| **images > 0).count(),
        };
        people as u64
    }
}

impl Counted {
    fn drawn(&self, drawn: &[u64], between: u64) -> (u64, u64) {
        match self {
            Self::Within(people) => people
                .iter()
                .zip(drawn)
                .fold((0, 0), |(count, trials), ((c, t), times)| {
                    (count + c * times, trials + t * times)
                }),
            Self::Alike(people) => people
                .iter()
                .zip(drawn)
                .filter(|((_, trials), _)| *trials > 0)
                .fold((0, 0), |(count, trials), ((c, t), times)| {
                    (count + c * PARTS / t * times, trials + PARTS * times)
                }),
            Self::Between(pairs) => {
                let count = pairs
                    .iter()
                    .map(|(a, b, count)| count * drawn[*a as usize] * drawn[*b as usize])
                    .sum();
                (count, between)
            }
        }
    }
}

fn part((count, trials): (u64, u64)) -> Option<f64> {
    (trials > 0).then(|| count as f64 / trials as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_comparisons() {
        // Three people with 2, 1 and 3 images: 2 + 6 + 3 comparisons between them, 1 + 0 + 3 within.
        let resampling = Resampling::new(vec![2, 1, 3]);
        let rates = resampling.rates(
            &[
                Counted::Within(vec![(1, 1), (0, 0), (0, 3)]),
                Counted::Between(vec![(0, 2, 2)]),
            ],
            1,
        );
        assert_eq!((rates[0].count, rates[0].trials), (1, 4));
        assert_eq!((rates[1].count, rates[1].trials), (2, 11));
        assert!(rates.iter().all(|r| r.low <= r.rate && r.rate <= r.high));
    }

    #[test]
    fn errors_of_one_person_are_known_less_well_than_those_of_many() {
        let people = 200;
        let resampling = Resampling::new(vec![4; people]);
        let within = |faulty: &dyn Fn(usize) -> u64| {
            let all = (0..people).map(|person| (faulty(person), 6)).collect();
            Counted::Within(all)
        };
        // Six of 1,200 each time.
        let one = within(&|person| if person == 0 { 6 } else { 0 });
        let many = within(&|person| u64::from(person < 6));
        let rates = resampling.rates(&[one, many], 1);
        assert_eq!(rates[0].rate, rates[1].rate);
        assert!(rates[0].high > rates[1].high, "{rates:?}");
        assert_eq!(rates[0].low, 0.0);
    }

    #[test]
    fn nothing_counted_is_not_nothing_possible() {
        let resampling = Resampling::new(vec![2; 50]);
        let none = resampling.rates(&[Counted::Between(Vec::new())], 1)[0];
        assert_eq!((none.count, none.low), (0, 0.0));
        assert!(none.high > 0.05 && none.high < 0.1, "{none:?}");
    }

    #[test]
    fn nothing_counted_is_of_those_who_were_compared() {
        // Of 500 people ten have comparisons: what the others do not have says nothing.
        let resampling = Resampling::new(vec![1; 500]);
        let own = (0..500).map(|person| (0, 3 * u64::from(person < 10)));
        let none = resampling.rates(&[Counted::Within(own.collect())], 1)[0];
        assert_eq!(none.high, Proportion::of(0, 10).high);
    }

    #[test]
    fn one_error_is_known_no_better_than_if_comparisons_were_independent() {
        let resampling = Resampling::new(vec![2; 400]);
        let own = (0..400).map(|person| (u64::from(person == 7), 1));
        let one = resampling.rates(&[Counted::Within(own.collect())], 1)[0];
        let independent = Proportion::of(1, 400);
        assert!(one.low <= independent.low && one.high >= independent.high);
    }

    #[test]
    fn a_rate_is_so_many_times_another_of_the_same_draws() {
        // 300 people with four comparisons each: every other one loses three, then two, then one, then none.
        let resampling = Resampling::new(vec![4; 300]);
        let losing = |lost: u64| {
            let own = (0..300).map(|person| (lost * (person % 2), 4));
            Counted::Within(own.collect())
        };
        let drawn = resampling.drawn(&[losing(3), losing(2), losing(1), losing(0)], 1);
        let three = drawn[0].times(&drawn[2]);
        // The same people lose in both: whoever is drawn, the one is three times the other.
        assert_eq!(three.times, Some(3.0));
        assert!((three.times_low - 3.0).abs() < 1e-9, "{three:?}");
        assert!((three.times_high.unwrap() - 3.0).abs() < 1e-9, "{three:?}");
        let none = drawn[0].times(&drawn[3]);
        assert_eq!((none.times, none.times_high), (None, None));
        // At least 0.3 against at most 0.02 or so.
        assert!(none.times_low > 10.0, "{none:?}");
        let nothing = drawn[3].times(&drawn[0]);
        assert_eq!((nothing.times, nothing.times_low), (Some(0.0), 0.0));
        assert!(nothing.times_high.unwrap() < 0.1, "{nothing:?}");
    }

    #[test]
    fn people_count_alike_however_many_comparisons_they_have() {
        let resampling = Resampling::new(vec![1; 100]);
        // One person has a thousand comparisons and loses none, each of the others loses one of two.
        let own = || (0..100).map(|n| if n == 0 { (0, 1000) } else { (1, 2) });
        let counted = [
            Counted::Within(own().collect()),
            Counted::Alike(own().collect()),
        ];
        let [pairs, people] = [0, 1].map(|at| resampling.rates(&counted, 1)[at]);
        assert!((pairs.rate - 99.0 / 1198.0).abs() < 1e-12);
        assert!((people.rate - 0.495).abs() < 1e-6, "{people:?}");
        // Half of 99 people, of 100.
        assert_eq!((people.count, people.trials), (50, 100));
        assert!(people.low < people.rate && people.rate < people.high);
    }

    #[test]
    fn of_few_errors_how_many_times_follows_from_both_intervals() {
        let resampling = Resampling::new(vec![1; 200]);
        let faulty = |faulty: u64| {
            let own = (0..200).map(|person| (u64::from(person < faulty), 1));
            Counted::Within(own.collect())
        };
        let drawn = resampling.drawn(&[faulty(9), faulty(3)], 1);
        let times = drawn[0].times(&drawn[1]);
        let (nine, three) = (drawn[0].rate, drawn[1].rate);
        assert_eq!(times.times, Some(3.0));
        assert_eq!(times.times_low, nine.low / three.high);
        assert!(times.times_low < 1.0, "{times:?}");
    }

    #[test]
    fn the_same_seed_draws_the_same_people() {
        let resampling = Resampling::new(vec![2; 30]);
        // Everybody's own rate is another: each draw gives another mean.
        let rates = |seed| {
            let own = (0..30).map(|n| (n * n, 1000 + n)).collect();
            resampling.rates(&[Counted::Within(own)], seed)
        };
        assert_eq!(rates(1), rates(1));
        assert_ne!(rates(1), rates(2));
    }
}
