//! Logistic regression whose weights are never negative.

/// What is fitted to.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    /// Each row's parts, 0 to 1; more speaks for a live person.
    pub(super) parts: Vec<Vec<f64>>,
    /// Whether each row is live.
    pub(super) live: Vec<bool>,
    /// How much each row counts; 1 together.
    pub(super) counts: Vec<f64>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Solution {
    pub(super) intercept: f64,
    /// 0 or more each.
    pub(super) weights: Vec<f64>,
}

/// More steps than any problem of this size takes.
const MOST_STEPS: usize = 50_000;

/// No weight moves by more than this in the last step.
const STILL: f64 = 1e-9;

impl Problem {
    /// The weights that make the mean log loss plus `l2` / 2 times the sum of their squares least, none of them negative; by
    /// projected gradient with momentum that starts anew where it leads uphill. The problem is convex: where it starts does
    /// not matter.
    pub(super) fn solve(&self, l2: f64) -> Solution {
        let number = self.parts.first().map_or(0, Vec::len);
        // The loss bends by at most a quarter of a row's squared length, the intercept's 1 with it.
        let longest = self
            .parts
            .iter()
            .map(|row| 1.0 + row.iter().map(|x| x * x).sum::<f64>())
            .fold(1.0, f64::max);
        let step = 1.0 / (longest / 4.0 + l2);
        let mut at = vec![0.0; number + 1];
        let mut ahead = at.clone();
        let mut momentum = 1.0f64;
        for _ in 0..MOST_STEPS {
            let gradient = self.gradient(&ahead, l2);
            let next: Vec<f64> = ahead
                .iter()
                .zip(&gradient)
                .enumerate()
                .map(|(n, (x, g))| {
                    let moved = x - step * g;
                    // The first is the intercept, which may be negative.
                    if n == 0 { moved } else { moved.max(0.0) }
                })
                .collect();
            let uphill = ahead
                .iter()
                .zip(&next)
                .zip(&at)
                .map(|((ahead, next), at)| (ahead - next) * (next - at))
                .sum::<f64>()
                > 0.0;
            let before = if uphill { 1.0 } else { momentum };
            momentum = f64::midpoint(1.0, (1.0 + 4.0 * before * before).sqrt());
            let carry = if uphill {
                0.0
            } else {
                (before - 1.0) / momentum
            };
            let furthest = next
                .iter()
                .zip(&at)
                .map(|(next, at)| (next - at).abs())
                .fold(0.0, f64::max);
            ahead = next
                .iter()
                .zip(&at)
                .map(|(next, at)| next + carry * (next - at))
                .collect();
            at = next;
            if furthest < STILL {
                break;
            }
        }
        Solution {
            intercept: at[0],
            weights: at.split_off(1),
        }
    }

    fn gradient(&self, at: &[f64], l2: f64) -> Vec<f64> {
        let mut gradient = vec![0.0; at.len()];
        for ((row, live), count) in self.parts.iter().zip(&self.live).zip(&self.counts) {
            let score = at[0] + row.iter().zip(&at[1..]).map(|(x, w)| x * w).sum::<f64>();
            let wrong = count * (chance(score) - f64::from(u8::from(*live)));
            gradient[0] += wrong;
            for (of, x) in gradient[1..].iter_mut().zip(row) {
                *of += wrong * x;
            }
        }
        for (of, weight) in gradient[1..].iter_mut().zip(&at[1..]) {
            *of += l2 * weight;
        }
        gradient
    }

    /// The mean log loss of a solution here, without the weights' own cost.
    pub(super) fn loss(&self, of: &Solution) -> f64 {
        let rows = self.parts.iter().zip(&self.live).zip(&self.counts);
        rows.map(|((row, live), count)| {
            let score = of.score(row);
            // ln(1 + e^-s), without overflow.
            let margin = if *live { score } else { -score };
            count * ((-margin.abs()).exp().ln_1p() + (-margin).max(0.0))
        })
        .sum()
    }
}

impl Solution {
    fn score(&self, row: &[f64]) -> f64 {
        self.intercept
            + row
                .iter()
                .zip(&self.weights)
                .map(|(x, w)| x * w)
                .sum::<f64>()
    }
}

fn chance(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each row twice, as live and as an attack, as often as the true weights say: what is fitted is known exactly.
    fn by_truth(rows: &[Vec<f64>], truth: &Solution) -> Problem {
        let mut problem = Problem {
            parts: Vec::new(),
            live: Vec::new(),
            counts: Vec::new(),
        };
        for row in rows {
            let live = chance(truth.score(row));
            for (is, count) in [(true, live), (false, 1.0 - live)] {
                problem.parts.push(row.clone());
                problem.live.push(is);
                problem.counts.push(count / rows.len() as f64);
            }
        }
        problem
    }

    fn grid() -> Vec<Vec<f64>> {
        let steps = || (0..5).map(|n| f64::from(n) / 4.0);
        steps()
            .flat_map(|a| steps().flat_map(move |b| steps().map(move |c| vec![a, b, c])))
            .collect()
    }

    #[test]
    fn known_weights_are_found_again() {
        let truth = Solution {
            intercept: -2.5,
            weights: vec![4.0, 0.0, 1.5],
        };
        let found = by_truth(&grid(), &truth).solve(0.0);
        assert!(
            (found.intercept - truth.intercept).abs() < 1e-3,
            "{found:?}"
        );
        for (a, b) in found.weights.iter().zip(&truth.weights) {
            assert!((a - b).abs() < 1e-3, "{found:?}");
        }
    }

    #[test]
    fn what_speaks_the_wrong_way_counts_nothing_and_the_rest_is_fitted_without_it() {
        let truth = Solution {
            intercept: 0.0,
            weights: vec![3.0, -2.0, 1.0],
        };
        let problem = by_truth(&grid(), &truth);
        let found = problem.solve(0.0);
        assert_eq!(found.weights[1], 0.0);
        let mut without = problem.clone();
        without.parts.iter_mut().for_each(|row| {
            row.remove(1);
        });
        let fewer = without.solve(0.0);
        assert!(
            (found.weights[0] - fewer.weights[0]).abs() < 1e-3,
            "{found:?} {fewer:?}"
        );
        assert!(
            (found.weights[2] - fewer.weights[1]).abs() < 1e-3,
            "{found:?} {fewer:?}"
        );
    }

    #[test]
    fn what_costs_is_smaller_and_what_is_separable_stays_finite() {
        let problem = Problem {
            parts: vec![vec![0.0], vec![1.0]],
            live: vec![false, true],
            counts: vec![0.5, 0.5],
        };
        let (cheap, dear) = (problem.solve(1e-3), problem.solve(1e-1));
        assert!(cheap.weights[0] > dear.weights[0] && cheap.weights[0] < 100.0);
        assert!(problem.loss(&cheap) < problem.loss(&dear));
    }

    proptest! {
        #[test]
        fn no_weight_is_negative_and_no_neighbour_is_better(
            rows in prop::collection::vec((prop::collection::vec(0.0f64..1.0, 3), any::<bool>()), 4..30)
        ) {
            let count = 1.0 / rows.len() as f64;
            let problem = Problem {
                parts: rows.iter().map(|(row, _)| row.clone()).collect(),
                live: rows.iter().map(|(_, live)| *live).collect(),
                counts: vec![count; rows.len()],
            };
            let found = problem.solve(0.01);
            prop_assert!(found.weights.iter().all(|w| *w >= 0.0));
            let cost = |of: &Solution| {
                problem.loss(of) + 0.005 * of.weights.iter().map(|w| w * w).sum::<f64>()
            };
            for n in 0..3 {
                for by in [-0.01, 0.01] {
                    let mut moved = found.clone();
                    moved.weights[n] = (moved.weights[n] + by).max(0.0);
                    prop_assert!(cost(&found) <= cost(&moved) + 1e-9);
                }
            }
        }
    }
}
