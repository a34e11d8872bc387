//! What a fusion does to presentations that it was not fitted to.

use std::collections::BTreeMap;

use selfsame_job::fusion::FusionPolicy;
use serde::Serialize;

use super::{Table, below, score};
use crate::metrics::interval::Proportion;

/// BPCER at which the attacks that pass are told.
const AT: [f64; 4] = [0.01, 0.02, 0.05, 0.1];

/// What a fusion does by its score alone; the policy's other rules are not part of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// Bona fide presentations below `reject_below`.
    pub refused: Proportion,
    /// Bona fide presentations below `review_below`: not let in at once.
    pub not_let_in: Proportion,
    /// Each species.
    pub species: Vec<SpeciesChecked>,
    /// The mean of the species' attacks that pass.
    pub mean: f64,
    /// The worst species, and its attacks that pass.
    pub worst: Option<SpeciesChecked>,
    /// At thresholds chosen here, so that what the measures could do is told apart from where the thresholds lie.
    pub at_bpcer: Vec<AtBpcer>,
}

/// One species.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpeciesChecked {
    /// Its name.
    pub species: String,
    /// Attacks at or above `review_below`: APCER.
    pub passed: Proportion,
    /// Attacks at or above `reject_below`: those that pass and those that a person sees.
    pub not_refused: Proportion,
}

/// What passes where so large a part of the bona fide presentations is not let in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AtBpcer {
    /// The part.
    pub bpcer: f64,
    /// The threshold that gives it here.
    pub threshold: f32,
    /// The mean of the species' APCER.
    pub mean: f64,
    /// The worst species' name.
    pub worst_species: String,
    /// Its APCER.
    pub worst: Proportion,
}

/// Applies a fusion to a table.
#[must_use]
pub fn check(policy: &FusionPolicy, table: &Table) -> Checked {
    let mut live: Vec<f32> = Vec::new();
    let mut attacks: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
    for row in &table.rows {
        let score = score(policy, row);
        match &row.species {
            None => live.push(score),
            Some(species) => attacks.entry(species).or_default().push(score),
        }
    }
    live.sort_by(f32::total_cmp);
    let under = |threshold: f32| {
        let count = live.partition_point(|s| *s < threshold) as u64;
        Proportion::of(count, live.len() as u64)
    };
    let from = |scores: &[f32], threshold: f32| {
        let count = scores.iter().filter(|s| **s >= threshold).count() as u64;
        Proportion::of(count, scores.len() as u64)
    };
    let species: Vec<SpeciesChecked> = attacks
        .iter()
        .map(|(species, scores)| SpeciesChecked {
            species: (*species).to_owned(),
            passed: from(scores, policy.review_below),
            not_refused: from(scores, policy.reject_below),
        })
        .collect();
    let mean = |rates: &[f64]| rates.iter().sum::<f64>() / rates.len().max(1) as f64;
    let at_bpcer = AT.iter().filter_map(|bpcer| {
        let threshold = below(&live, *bpcer);
        let rates: Vec<(&str, Proportion)> = attacks
            .iter()
            .map(|(species, scores)| (*species, from(scores, threshold)))
            .collect();
        let (worst_species, worst) = rates
            .iter()
            .max_by(|a, b| a.1.rate.total_cmp(&b.1.rate))
            .copied()?;
        Some(AtBpcer {
            bpcer: *bpcer,
            threshold,
            mean: mean(&rates.iter().map(|(_, rate)| rate.rate).collect::<Vec<_>>()),
            worst_species: worst_species.to_owned(),
            worst,
        })
    });
    Checked {
        refused: under(policy.reject_below),
        not_let_in: under(policy.review_below),
        mean: mean(&species.iter().map(|s| s.passed.rate).collect::<Vec<_>>()),
        worst: species
            .iter()
            .max_by(|a, b| a.passed.rate.total_cmp(&b.passed.rate))
            .cloned(),
        at_bpcer: at_bpcer.collect(),
        species,
    }
}
