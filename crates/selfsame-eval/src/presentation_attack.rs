//! How well presentation attacks are told from live faces: by passive detection, and for sequences by what moves.

use std::collections::BTreeMap;

use selfsame_face::analyser::{Analyser, CaptureContext, Draw};
use selfsame_face::evidence::{CaptureEvidence, MotionEvidence, RepetitionEvidence};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cache::Cache;
use crate::comparison::Failure;
use crate::dataset::presentation::Presentation;
use crate::error::EvalError;
use crate::metrics::attack::{self, AtThreshold, BpcerAt, CurvePoint, Presented};
use crate::metrics::histogram::Histogram;
use crate::metrics::interval::Proportion;
use crate::progress::{Progress, on_each};

/// The threshold at which the passive detector's author decides: both logits are equal.
pub const PUBLISHED_THRESHOLD: f32 = 0.0;

/// APCER at which BPCER is reported: BPCER10, BPCER20, BPCER100.
const APCER_LIMITS: [f64; 3] = [0.1, 0.05, 0.01];

/// The bona fide presentations' name among the species.
const BONA_FIDE: &str = "bona fide";

/// How well presentation attacks are detected.
#[derive(Debug, Clone, Serialize)]
pub struct AttackReport {
    /// Whether passive detection was performed at all: without a model for it there are no scores, and no rates.
    pub performed: bool,
    /// Whether any presentation is synthetic: then every rate here is.
    pub synthetic: bool,
    /// Single images, and what passive detection says of them.
    pub images: Option<MeasureReport>,
    /// Sequences: each measure by itself.
    pub sequences: Vec<MeasureReport>,
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

/// What a presentation gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen {
    unusable: Option<String>,
    passive: Option<f32>,
    motion: Option<MotionEvidence>,
    repetition: RepetitionEvidence,
    frames: usize,
}

struct Measure {
    name: &'static str,
    meaning: &'static str,
    threshold: Option<f32>,
    of: fn(&Seen) -> Option<f32>,
}

const PASSIVE: Measure = Measure {
    name: "passive score",
    meaning: "passive presentation-attack detection, fused over the images: logit(bona fide) - logit(attack)",
    threshold: Some(PUBLISHED_THRESHOLD),
    of: |seen| seen.passive,
};

const OF_SEQUENCES: [Measure; 7] = [
    PASSIVE,
    Measure {
        name: "deformation",
        meaning: "landmarks moving relative to each other, in inter-eye distances",
        threshold: None,
        of: |seen| seen.motion.map(|m| m.deformation),
    },
    Measure {
        name: "parallax",
        meaning: "movement that no flat picture explains, in inter-eye distances",
        threshold: None,
        of: |seen| seen.motion.map(|m| m.parallax),
    },
    Measure {
        name: "movement",
        meaning: "movement of the face as a whole",
        threshold: None,
        of: |seen| seen.motion.map(|m| m.movement),
    },
    Measure {
        name: "smile growth",
        meaning: "how much further the smile goes than at the start, 0 to 1",
        threshold: None,
        of: |seen| seen.motion.and_then(|m| m.smile_growth),
    },
    Measure {
        name: "distinct files",
        meaning: "part of the frames whose bytes are no other image's; 1 is bona fide",
        threshold: Some(1.0),
        of: |seen| distinct(seen, seen.repetition.identical_bytes),
    },
    Measure {
        name: "distinct pictures",
        meaning: "part of the frames whose picture is no other image's, however it was saved; 1 is bona fide",
        threshold: Some(1.0),
        of: |seen| distinct(seen, seen.repetition.identical_pictures),
    },
];

fn distinct(seen: &Seen, repeated: usize) -> Option<f32> {
    (seen.unusable.is_none() && seen.frames > 0)
        .then(|| 1.0 - repeated.min(seen.frames) as f32 / seen.frames as f32)
}

/// Measures all presentations.
///
/// # Errors
/// When a file cannot be read. An image without a face is a non-response, and counted.
pub fn evaluate(
    presentations: &[Presentation],
    analyser: &Analyser,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<AttackReport, EvalError> {
    let seen = on_each(
        "measuring presentations",
        presentations,
        progress,
        |presentation| look(presentation, analyser, cache),
    )?;
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
    Ok(AttackReport {
        performed: seen.iter().any(|s| s.passive.is_some()),
        synthetic: presentations.iter().any(|p| p.synthetic),
        images: measured(&images, &PASSIVE),
        sequences: OF_SEQUENCES
            .iter()
            .filter_map(|measure| measured(&sequences, measure))
            .collect(),
        presentations: counts,
        failures,
    })
}

fn look(
    presentation: &Presentation,
    analyser: &Analyser,
    cache: &Cache,
) -> Result<Seen, EvalError> {
    let digest = presentation.digest()?;
    if let Some(kept) = cache.get("presentation", &digest) {
        return Ok(kept);
    }
    let seen = match presentation.images(analyser)? {
        Err(reason) => unusable(reason),
        Ok(images) => {
            let frames: Vec<&[u8]> = images.frames.iter().map(Vec::as_slice).collect();
            // The same frames are looked at each time, so that a figure can be repeated.
            let context = CaptureContext {
                draw: Draw::Seeded(seed(&images.selfie)),
                ..CaptureContext::default()
            };
            match analyser.analyse_capture(&images.selfie, &frames, &context) {
                Ok(evidence) => of_evidence(&evidence),
                Err(error) => unusable(error.to_string()),
            }
        }
    };
    cache.put("presentation", &digest, &seen)?;
    Ok(seen)
}

/// A number that is the same for the same file wherever it is measured.
fn seed(file: &[u8]) -> u64 {
    let digest = Sha256::digest(file);
    digest
        .iter()
        .take(8)
        .fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

fn unusable(reason: String) -> Seen {
    Seen {
        unusable: Some(reason),
        passive: None,
        motion: None,
        repetition: RepetitionEvidence::default(),
        frames: 0,
    }
}

fn of_evidence(evidence: &CaptureEvidence) -> Seen {
    Seen {
        unusable: None,
        passive: evidence.presentation_attack.as_ref().map(|p| p.fused),
        motion: evidence.motion,
        repetition: evidence.repetition,
        frames: evidence.frames.len(),
    }
}

/// One measure over presentations; nothing where none of them has a value.
fn measured(all: &[(&Presentation, &Seen)], measure: &Measure) -> Option<MeasureReport> {
    if !all.iter().any(|(_, seen)| (measure.of)(seen).is_some()) {
        return None;
    }
    let mut of_species: BTreeMap<&str, Vec<Option<f32>>> = BTreeMap::new();
    let mut of_bona_fide = Vec::new();
    for (presentation, seen) in all {
        let value = (measure.of)(seen);
        match presentation.species.as_deref() {
            Some(species) => of_species.entry(species).or_default().push(value),
            None => of_bona_fide.push(value),
        }
    }
    let bona_fide = Presented::new(BONA_FIDE, of_bona_fide);
    let attacks: Vec<Presented> = of_species
        .into_iter()
        .map(|(species, values)| Presented::new(species, values))
        .collect();
    let synthetic = |attack: bool| {
        all.iter()
            .any(|(p, _)| p.synthetic && p.species.is_some() == attack)
    };
    let mut of_type: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
    for attack in &attacks {
        of_type
            .entry(attack.attack_type())
            .or_default()
            .extend(attack.scores());
    }
    let mut series: Vec<(&str, &[f32])> = vec![(BONA_FIDE, bona_fide.scores())];
    series.extend(
        of_type
            .iter()
            .map(|(name, values)| (*name, values.as_slice())),
    );
    Some(MeasureReport {
        measure: measure.name,
        meaning: measure.meaning,
        bona_fide_synthetic: synthetic(false),
        attacks_synthetic: synthetic(true),
        species: std::iter::once(&bona_fide)
            .chain(&attacks)
            .map(spread)
            .collect(),
        bpnrr: bona_fide.non_response_rate(),
        at_threshold: measure
            .threshold
            .map(|t| attack::at(t, &bona_fide, &attacks)),
        bpcer_at: APCER_LIMITS
            .iter()
            .filter_map(|limit| attack::bpcer_at(*limit, &bona_fide, &attacks))
            .collect(),
        curve: attack::curve(&bona_fide, &attacks),
        histogram: Histogram::of(&series, 40),
    })
}

fn spread(presented: &Presented) -> SpeciesValues {
    let values = presented.scores();
    SpeciesValues {
        species: presented.species.clone(),
        measured: values.len(),
        no_response: presented.no_response,
        lowest: values.first().copied(),
        median: values.get(values.len().saturating_sub(1) / 2).copied(),
        highest: values.last().copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::presentation::Origin;

    fn presentation(species: Option<&str>) -> Presentation {
        Presentation {
            name: "x".to_owned(),
            species: species.map(str::to_owned),
            synthetic: species.is_some(),
            origin: Origin::Files {
                selfie: "a.jpg".into(),
                frames: vec!["b.jpg".into(); 8],
            },
        }
    }

    fn seen(passive: Option<f32>, identical: usize) -> Seen {
        Seen {
            unusable: None,
            passive,
            motion: None,
            repetition: RepetitionEvidence {
                identical_bytes: identical,
                identical_pictures: identical,
            },
            frames: 8,
        }
    }

    #[test]
    fn a_measure_that_nobody_has_gives_no_report() {
        let (p, s) = (presentation(None), seen(None, 0));
        assert!(measured(&[(&p, &s)], &PASSIVE).is_none());
    }

    #[test]
    fn repeated_frames_are_attacks_and_the_labels_say_what_is_synthetic() {
        let (live, still) = (presentation(None), presentation(Some("still-repeated")));
        let (good, bad) = (seen(Some(3.0), 0), seen(None, 8));
        let report = measured(&[(&live, &good), (&still, &bad)], &OF_SEQUENCES[5]).unwrap();
        assert!(report.attacks_synthetic && !report.bona_fide_synthetic);
        let at = report.at_threshold.unwrap();
        assert_eq!((at.bpcer.rate, at.types[0].apcer.rate), (0.0, 0.0));
        assert_eq!(at.types[0].attack_type, "still");
        let passive = measured(&[(&live, &good), (&still, &bad)], &PASSIVE).unwrap();
        assert_eq!(passive.species[1].no_response, 1);
        assert_eq!(passive.species[0].median, Some(3.0));
        assert!(passive.bpcer_at.is_empty(), "no attack has a score");
    }
}
