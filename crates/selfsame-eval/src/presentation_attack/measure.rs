//! Measures by which attacks are told from bona fide presentations, each by itself.

use std::collections::BTreeMap;

use selfsame_job::policy::Policy;

use super::seen::{Answer, Seen};
use super::{BONA_FIDE, MeasureReport, SpeciesValues};
use crate::dataset::presentation::Presentation;
use crate::metrics::attack::{self, Presented};
use crate::metrics::histogram::Histogram;

/// APCER at which BPCER is reported: BPCER10, BPCER20, BPCER100.
const APCER_LIMITS: [f64; 3] = [0.1, 0.05, 0.01];

/// Curves of fewer points show nothing.
pub(crate) const FEWEST_POINTS: usize = 5;

/// One number of a presentation; higher is bona fide.
pub(super) struct Measure {
    name: &'static str,
    meaning: &'static str,
    /// The policy's own threshold.
    threshold: fn(&Policy) -> Option<f32>,
    of: fn(&Seen) -> Option<f32>,
}

pub(super) const OF_IMAGES: [Measure; 3] = [VERDICT, PASSIVE, PATTERN];

const PASSIVE: Measure = Measure {
    name: "passive score",
    meaning: "passive presentation-attack detection, fused over the images: logit(bona fide) - logit(attack)",
    threshold: |_| None,
    of: |seen| seen.passive,
};

pub(super) const OF_SEQUENCES: [Measure; 9] = [
    VERDICT,
    PASSIVE,
    PATTERN,
    Measure {
        name: "deformation",
        meaning: "how far the expression moves, in inter-eye distances",
        threshold: |_| None,
        of: |seen| seen.motion.map(|m| m.deformation),
    },
    Measure {
        name: "parallax",
        meaning: "how far the nose's tip moves against the face around it, in inter-eye distances",
        threshold: |_| None,
        of: |seen| seen.motion.map(|m| m.parallax),
    },
    Measure {
        name: "movement",
        meaning: "movement of the face as a whole",
        threshold: |_| None,
        of: |seen| seen.motion.map(|m| m.movement),
    },
    Measure {
        name: "smile growth",
        meaning: "how far the corners of the mouth move out and up; a full smile is about 0.1",
        threshold: |policy| Some(policy.liveness.motion.min_smile_growth),
        of: |seen| seen.motion.and_then(|m| m.smile_growth),
    },
    Measure {
        name: "distinct files",
        meaning: "part of the frames whose bytes are no other image's; 1 is bona fide",
        threshold: |_| Some(1.0),
        of: |seen| distinct(seen, seen.repetition.identical_bytes),
    },
    Measure {
        name: "distinct pictures",
        meaning: "part of the frames whose picture is no other image's, however it was saved; 1 is bona fide",
        threshold: |_| None,
        of: |seen| distinct(seen, seen.repetition.identical_pictures),
    },
];

/// Less is bona fide: hence the minus.
const PATTERN: Measure = Measure {
    name: "minus pattern",
    meaning: "how far a regular pattern stands out of the selfie's face, in decibels, negated",
    threshold: |policy| Some(-policy.liveness.max_pattern),
    of: |seen| seen.pattern.map(|decibels| -decibels),
};

/// What a person in a hurry sees: does it get through?
const VERDICT: Measure = Measure {
    name: "verdict",
    meaning: "what the policy says of the whole capture: 1 passes, 0.5 a person decides, 0 refused",
    threshold: |_| Some(1.0),
    of: |seen| {
        seen.unusable.is_none().then_some(match seen.answer {
            Answer::Passed => 1.0,
            Answer::Reviewed => 0.5,
            Answer::Refused => 0.0,
        })
    },
};

fn distinct(seen: &Seen, repeated: usize) -> Option<f32> {
    (seen.unusable.is_none() && seen.frames > 0)
        .then(|| 1.0 - repeated.min(seen.frames) as f32 / seen.frames as f32)
}

/// One measure over presentations; nothing where none of them has a value.
pub(super) fn measured(
    all: &[(&Presentation, &Seen)],
    measure: &Measure,
    policy: &Policy,
) -> Option<MeasureReport> {
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
    let curve = attack::curve(&bona_fide, &attacks);
    // A measure of a few values has no threshold to move.
    let held = APCER_LIMITS
        .iter()
        .filter(|_| curve.len() >= FEWEST_POINTS)
        .filter_map(|limit| attack::bpcer_at(*limit, &bona_fide, &attacks))
        .collect();
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
        at_threshold: (measure.threshold)(policy).map(|t| attack::at(t, &bona_fide, &attacks)),
        bpcer_at: held,
        curve,
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
    use selfsame_face::evidence::RepetitionEvidence;

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
            pattern: None,
            motion: None,
            repetition: RepetitionEvidence {
                identical_bytes: identical,
                identical_pictures: identical,
            },
            frames: 8,
            answer: Answer::Passed,
            reasons: Vec::new(),
            measures: Vec::new(),
        }
    }

    #[test]
    fn a_measure_that_nobody_has_gives_no_report() {
        let (p, s) = (presentation(None), seen(None, 0));
        assert!(measured(&[(&p, &s)], &PASSIVE, &Policy::default()).is_none());
    }

    #[test]
    fn repeated_frames_are_attacks_and_the_labels_say_what_is_synthetic() {
        let (live, still) = (presentation(None), presentation(Some("still-repeated")));
        let (good, bad) = (seen(Some(3.0), 0), seen(None, 8));
        let report = measured(
            &[(&live, &good), (&still, &bad)],
            &OF_SEQUENCES[7],
            &Policy::default(),
        )
        .unwrap();
        assert!(report.attacks_synthetic && !report.bona_fide_synthetic);
        let at = report.at_threshold.unwrap();
        assert_eq!((at.bpcer.rate, at.types[0].apcer.rate), (0.0, 0.0));
        assert_eq!(at.types[0].attack_type, "still");
        let passive = measured(
            &[(&live, &good), (&still, &bad)],
            &PASSIVE,
            &Policy::default(),
        )
        .unwrap();
        assert_eq!(passive.species[1].no_response, 1);
        assert_eq!(passive.species[0].median, Some(3.0));
        assert!(passive.bpcer_at.is_empty(), "no attack has a score");
    }
}
