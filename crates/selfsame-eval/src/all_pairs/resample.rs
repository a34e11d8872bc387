//! Intervals for rates of comparisons that share people: people are drawn again, not comparisons.
//!
//! Comparisons are not independent: one person's bad photograph spoils many. So the people are drawn anew, with replacement,
//! as many as there are; each comparison counts as often as its people were drawn, for two people the product. A person who
//! was drawn twice is not compared with the twin. Thresholds stay where they are.

use chacha20::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::metrics::interval::{CONFIDENCE, Proportion};

/// So many draws make an interval; with 1,000 its ends rest on 25 each.
const DRAWS: u64 = 1000;

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
    /// many independent trials as there are people, which is wider than the truth.
    pub high: f64,
}

/// What one rate is counted of.
pub(crate) enum Counted {
    /// For each person: how often it happened, of how many comparisons within the person.
    Within(Vec<(u64, u64)>),
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
        let people = self.images.len();
        let draws: Vec<Vec<f64>> = (0..DRAWS)
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
                let mut rates: Vec<f64> = draws.iter().map(|draw| draw[at]).collect();
                rates.sort_by(f64::total_cmp);
                let end = |part: f64| {
                    let at = (part * (rates.len() - 1) as f64).round() as usize;
                    rates.get(at).copied().unwrap_or(0.0)
                };
                let tail = (1.0 - CONFIDENCE) / 2.0;
                Resampled {
                    count,
                    trials,
                    rate: part((count, trials)),
                    low: end(tail),
                    high: if count == 0 {
                        Proportion::of(0, (people as u64).min(trials)).high
                    } else {
                        end(1.0 - tail)
                    },
                }
            })
            .collect()
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

fn part((count, trials): (u64, u64)) -> f64 {
    if trials == 0 {
        0.0
    } else {
        count as f64 / trials as f64
    }
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
