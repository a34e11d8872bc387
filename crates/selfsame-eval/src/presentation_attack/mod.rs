//! How well presentation attacks are told from live faces: by passive detection, and for sequences by what moves.

mod measure;
mod seen;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use selfsame_face::analyser::Analyser;
use selfsame_job::policy::Policy;
use serde::Serialize;

pub(crate) use measure::FEWEST_POINTS;
use measure::{OF_IMAGES, OF_SEQUENCES, measured};
pub use seen::Verdicts;
#[cfg(test)]
pub(crate) use seen::unusable;
pub(crate) use seen::{Answer, Judge, Seen, drawn_alike, reason_name};

use crate::cache::Cache;
use crate::comparison::Failure;
use crate::dataset::presentation::Presentation;
use crate::error::EvalError;
use crate::metrics::attack::{AtThreshold, BpcerAt, CurvePoint};
use crate::metrics::histogram::Histogram;
use crate::metrics::interval::Proportion;
use crate::progress::{Progress, on_each};

/// The bona fide presentations' name among the species.
pub(crate) const BONA_FIDE: &str = "bona fide";

/// How well presentation attacks are detected.
#[derive(Debug, Clone, Serialize)]
pub struct AttackReport {
    /// Whether passive detection was performed at all: without a model for it there are no scores, and no rates.
    pub performed: bool,
    /// Whether any presentation is synthetic: then every rate here is.
    pub synthetic: bool,
    /// Single images: each measure by itself.
    pub images: Vec<MeasureReport>,
    /// Sequences: each measure by itself.
    pub sequences: Vec<MeasureReport>,
    /// What the policy says of each species' single images; they are not asked for movement.
    pub image_verdicts: BTreeMap<String, Verdicts>,
    /// What it says of each species' sequences.
    pub sequence_verdicts: BTreeMap<String, Verdicts>,
    /// How many presentations there are of each species, single images and sequences together.
    pub presentations: BTreeMap<String, usize>,
    /// Presentations that could not be used, and why.
    pub failures: Vec<Failure>,
}

/// How one measure tells attacks from bona fide presentations; higher is bona fide.
#[derive(Debug, Clone, Serialize)]
pub struct MeasureReport {
    /// Which measure.
    pub measure: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Whether any bona fide presentation behind it is synthetic.
    pub bona_fide_synthetic: bool,
    /// Whether any attack behind it is.
    pub attacks_synthetic: bool,
    /// Each species' values, the bona fide ones first.
    pub species: Vec<SpeciesValues>,
    /// Bona fide presentations without a value.
    pub bpnrr: Proportion,
    /// The rates at the measure's own threshold, where it has one.
    pub at_threshold: Option<AtThreshold>,
    /// BPCER where the worst species' APCER is held down.
    pub bpcer_at: Vec<BpcerAt>,
    /// APCER of the worst species against BPCER.
    pub curve: Vec<CurvePoint>,
    /// The values: bona fide, then each attack type.
    pub histogram: Histogram,
}

/// How one species' values are spread.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpeciesValues {
    /// The species.
    pub species: String,
    /// Presentations with a value.
    pub measured: usize,
    /// Presentations without.
    pub no_response: u64,
    /// The lowest value.
    pub lowest: Option<f32>,
    /// Half of them are no higher.
    pub median: Option<f32>,
    /// The highest value.
    pub highest: Option<f32>,
}

/// Measures all presentations; with `table`, writes every measure of each there as CSV.
///
/// # Errors
/// When a file cannot be read or written. An image without a face is a non-response, and counted.
pub fn evaluate(
    presentations: &[Presentation],
    analyser: &Analyser,
    cache: &Cache,
    policy: &Policy,
    table: Option<&Path>,
    progress: &dyn Progress,
) -> Result<AttackReport, EvalError> {
    let judge = Judge::new(analyser, cache, policy)?;
    let seen = on_each(
        "measuring presentations",
        presentations,
        progress,
        |presentation| judge.look(presentation),
    )?;
    if let Some(path) = table {
        table::write(path, presentations, &seen)?;
    }
    let mut failures = Vec::new();
    let mut counts = BTreeMap::new();
    for (presentation, seen) in presentations.iter().zip(&seen) {
        let species = presentation.species.as_deref().unwrap_or(BONA_FIDE);
        *counts.entry(species.to_owned()).or_insert(0) += 1;
        failures.extend(seen.unusable.clone().map(|reason| Failure {
            photograph: presentation.name.clone(),
            reason,
        }));
    }
    let all: Vec<(&Presentation, &Seen)> = presentations.iter().zip(&seen).collect();
    let part = |sequences: bool| -> Vec<(&Presentation, &Seen)> {
        let kind = all.iter().filter(|(p, _)| p.is_sequence() == sequences);
        kind.copied().collect()
    };
    let (images, sequences) = (part(false), part(true));
    let by_measure = |all: &[(&Presentation, &Seen)], measures: &[measure::Measure]| {
        let each = measures
            .iter()
            .filter_map(|measure| measured(all, measure, policy));
        each.collect::<Vec<MeasureReport>>()
    };
    Ok(AttackReport {
        performed: seen.iter().any(|s| s.passive.is_some()),
        synthetic: presentations.iter().any(|p| p.synthetic),
        images: by_measure(&images, &OF_IMAGES),
        sequences: by_measure(&sequences, &OF_SEQUENCES),
        image_verdicts: verdicts(&images),
        sequence_verdicts: verdicts(&sequences),
        presentations: counts,
        failures,
    })
}

fn verdicts(all: &[(&Presentation, &Seen)]) -> BTreeMap<String, Verdicts> {
    let mut of_species: BTreeMap<String, Verdicts> = BTreeMap::new();
    for (presentation, seen) in all {
        let species = presentation.species.as_deref().unwrap_or(BONA_FIDE);
        of_species
            .entry(species.to_owned())
            .or_default()
            .count(seen);
    }
    of_species
}
