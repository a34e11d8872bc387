//! The fusion of a capture's measures, fitted to one table of them and checked on another.

mod check;
mod solver;
mod table;

use std::collections::BTreeMap;

use selfsame_job::fusion::{Direction, FusionPolicy, Measure, Term, Terms};
use serde::Serialize;
use toml::Value;

pub use check::{AtBpcer, Checked, SpeciesChecked, check};
use solver::{Problem, Solution};
pub use table::{Row, Table};

/// Where a measure begins and ceases to count: these parts of live and attack presentations, each kind counted alike, lie
/// beyond.
const TAIL: f64 = 0.05;

/// Costs of weights that cross-validation chooses from.
const L2: [f64; 6] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2];

/// Parts of the people that cross-validation sets aside in turn.
const PARTS: usize = 5;

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitOptions {
    /// What weights cost; absent: chosen by cross-validation over people.
    pub l2: Option<f64>,
    /// The part of bona fide presentations, in the table fitted to, that may be refused.
    pub refused: f64,
    /// The part that may be refused or reviewed: not let in at once.
    pub not_let_in: f64,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            l2: None,
            refused: 0.01,
            not_let_in: 0.04,
        }
    }
}

/// A fitted fusion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fitted {
    /// What it comes to.
    pub policy: FusionPolicy,
    /// What weights cost.
    pub l2: f64,
    /// Mean log loss on people who were set aside, for each cost that was tried.
    pub cross_validation: Vec<(f64, f64)>,
    /// Presentations that it was fitted to: bona fide, attacks.
    pub fitted_to: (usize, usize),
    /// Measures that count nothing, each with the reason.
    pub without: Vec<(Measure, &'static str)>,
}

/// Fits weights that are never negative. Bona fide presentations and attacks count alike, and among attacks each species.
#[must_use]
pub fn fit(train: &Table, options: &FitOptions) -> Fitted {
    let spans: Vec<Option<(f32, f32)>> = (0..Measure::ALL.len())
        .map(|at| span(&train.rows, at))
        .collect();
    let (l2, cross_validation) = match options.l2 {
        Some(l2) => (l2, Vec::new()),
        None => choose(&train.rows, &spans),
    };
    let solution = problem(train.rows.iter(), &spans).solve(l2);
    let mut policy = policy(&spans, &solution);
    let live: Vec<&Row> = train
        .rows
        .iter()
        .filter(|row| row.species.is_none())
        .collect();
    let mut scores: Vec<f32> = live.iter().map(|row| score(&policy, row)).collect();
    scores.sort_by(f32::total_cmp);
    policy.reject_below = below(&scores, options.refused);
    policy.review_below = below(&scores, options.not_let_in).max(policy.reject_below);
    let without = Measure::ALL
        .iter()
        .zip(&spans)
        .filter_map(|(measure, span)| {
            let counts = policy.terms.of(*measure).weight > 0.0;
            let reason = match span {
                None => "it was not measured, or never differed",
                Some(_) => "with the others it brings nothing, or speaks the wrong way",
            };
            (!counts).then_some((*measure, reason))
        });
    Fitted {
        without: without.collect(),
        policy,
        l2,
        cross_validation,
        fitted_to: (live.len(), train.rows.len() - live.len()),
    }
}

/// What a row scores.
pub(crate) fn score(policy: &FusionPolicy, row: &Row) -> f32 {
    let of = |measure: Measure| {
        let at = Measure::ALL.iter().position(|m| *m == measure)?;
        row.values.get(at).copied().flatten()
    };
    policy.weigh_values(of).score
}

/// The highest threshold below which no more than a part of the scores, sorted, lies.
fn below(sorted: &[f32], part: f64) -> f32 {
    let allowed = (sorted.len() as f64 * part + 1e-9).floor() as usize;
    sorted.get(allowed).copied().unwrap_or(0.0)
}

/// How much each row counts, 1 together: live ones half, attacks half, and there each species alike.
fn counts<'r>(rows: impl Iterator<Item = &'r Row> + Clone) -> Vec<f64> {
    let mut numbers: BTreeMap<Option<&str>, f64> = BTreeMap::new();
    for row in rows.clone() {
        *numbers.entry(row.species.as_deref()).or_default() += 1.0;
    }
    let live = numbers.contains_key(&None);
    let species = (numbers.len() - usize::from(live)) as f64;
    // Where one kind is missing the other is all.
    let of_live = match (live, species > 0.0) {
        (true, true) => 0.5,
        (true, false) => 1.0,
        (false, _) => 0.0,
    };
    rows.map(|row| {
        let number = numbers.get(&row.species.as_deref()).copied().unwrap_or(1.0);
        match row.species {
            None => of_live / number,
            Some(_) => (1.0 - of_live) / species / number,
        }
    })
    .collect()
}

/// Between which values a measure counts; nothing where it was never measured or never differs.
fn span(rows: &[Row], at: usize) -> Option<(f32, f32)> {
    let counts = counts(rows.iter());
    let mut known: Vec<(f32, f64)> = rows
        .iter()
        .zip(counts)
        .filter_map(|(row, count)| Some((row.values[at].filter(|v| v.is_finite())?, count)))
        .collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: f64 = known.iter().map(|(_, count)| count).sum();
    let quantile = |part: f64| {
        let mut passed = 0.0;
        known
            .iter()
            .find(|(_, count)| {
                passed += count;
                passed >= part * all
            })
            .map(|(value, _)| rounded(*value))
    };
    let (low, high) = (quantile(TAIL)?, quantile(1.0 - TAIL)?);
    (high > low).then_some((low, high))
}

/// Four digits: more are no more than noise, and nobody reads them.
fn rounded(value: f32) -> f32 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10f64.powi(3 - f64::from(value).abs().log10().floor() as i32);
    ((f64::from(value) * scale).round() / scale) as f32
}

fn problem<'r>(
    rows: impl Iterator<Item = &'r Row> + Clone,
    spans: &[Option<(f32, f32)>],
) -> Problem {
    let parts = |row: &Row| -> Vec<f64> {
        Measure::ALL
            .iter()
            .zip(spans)
            .zip(&row.values)
            .filter_map(|((measure, span), value)| {
                let (low, high) = (*span)?;
                let adds = Term::new(1.0, low, high).adds(measure.direction(), *value);
                // From 0 for the worst to 1 for the best, either way.
                Some(f64::from(match measure.direction() {
                    Direction::For => adds,
                    Direction::Against => 1.0 + adds,
                }))
            })
            .collect()
    };
    Problem {
        parts: rows.clone().map(parts).collect(),
        live: rows.clone().map(|row| row.species.is_none()).collect(),
        counts: counts(rows),
    }
}

/// The policy that scores as the solution does. Its thresholds are not set.
fn policy(spans: &[Option<(f32, f32)>], solution: &Solution) -> FusionPolicy {
    let mut terms = Terms::NOTHING;
    let mut intercept = solution.intercept;
    let mut weights = solution.weights.iter();
    for (measure, span) in Measure::ALL.iter().zip(spans) {
        let Some((low, high)) = *span else { continue };
        let weight = weights.next().copied().unwrap_or(0.0);
        // What is less than a thousandth of a log-odds decides nothing.
        let weight = (weight * 1000.0).round() / 1000.0;
        if weight == 0.0 {
            continue;
        }
        *terms.of_mut(*measure) = Term::new(weight as f32, low, high);
        if measure.direction() == Direction::Against {
            // Such a term takes away from its weight, where the solution adds from nothing.
            intercept += weight;
        }
    }
    FusionPolicy {
        reject_below: 0.0,
        review_below: 0.0,
        intercept: ((intercept * 1000.0).round() / 1000.0) as f32,
        terms,
    }
}

/// The cost of weights with the least loss on people who were set aside, and the losses.
fn choose(rows: &[Row], spans: &[Option<(f32, f32)>]) -> (f64, Vec<(f64, f64)>) {
    let mut people: Vec<&str> = rows.iter().map(|row| row.person.as_str()).collect();
    people.sort_unstable();
    people.dedup();
    let part_of = |row: &Row| {
        people
            .binary_search(&row.person.as_str())
            .map_or(0, |place| place % PARTS)
    };
    let losses: Vec<(f64, f64)> = L2
        .iter()
        .map(|l2| {
            let losses = (0..PARTS).filter_map(|part| {
                let kept = rows.iter().filter(|row| part_of(row) != part);
                let aside = rows.iter().filter(|row| part_of(row) == part);
                // Without both kinds nothing is learnt, and without a row nothing is told.
                let both = [true, false]
                    .iter()
                    .all(|live| kept.clone().any(|row| row.species.is_none() == *live));
                if !both || aside.clone().next().is_none() {
                    return None;
                }
                let solution = problem(kept, spans).solve(*l2);
                Some(problem(aside, spans).loss(&solution))
            });
            let (sum, number) = losses.fold((0.0, 0.0), |(sum, n), loss| (sum + loss, n + 1.0));
            (*l2, if number > 0.0 { sum / number } else { f64::MAX })
        })
        .collect();
    let best = losses.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    (best.map_or(L2[0], |(l2, _)| *l2), losses)
}

impl Fitted {
    /// The policy file's fragment, `[defaults.liveness.capture]`, with where it comes from above it.
    ///
    /// # Errors
    /// When it has no TOML form, which no finite number brings about.
    pub fn fragment(&self, source: &str) -> Result<String, crate::error::EvalError> {
        let wrong = |e: toml::ser::Error| crate::error::EvalError::Report(e.to_string());
        let mut at = Value::try_from(self.policy).map_err(wrong)?;
        shorten(&mut at);
        for key in ["capture", "liveness", "defaults"] {
            at = Value::Table([(key.to_owned(), at)].into_iter().collect());
        }
        let text = toml::to_string(&at).map_err(wrong)?;
        let (live, attacks) = self.fitted_to;
        Ok(format!(
            "# Written by selfsame eval fit of {source}: {live} bona fide captures, {attacks} attacks; cost of weights {:e}.\n{text}",
            self.l2
        ))
    }
}

/// Numbers as they were meant: 0.3 and not 0.30000001192092896, which is the same to who reads it back.
fn shorten(value: &mut Value) {
    match value {
        Value::Float(number) => {
            if let Ok(short) = (*number as f32).to_string().parse() {
                *number = short;
            }
        }
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| shorten(value)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
