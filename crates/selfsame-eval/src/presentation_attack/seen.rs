//! What one presentation gave: its evidence, and what the policy says of it.

use std::collections::BTreeMap;

use selfsame_face::analyser::{Analyser, CaptureContext, Draw};
use selfsame_face::evidence::{CaptureEvidence, MotionEvidence, RepetitionEvidence};
use selfsame_job::fusion::Measure;
use selfsame_job::policy::{MotionMode, Policy};
use selfsame_job::product::registration::judge_enrolment;
use selfsame_job::reason::Reason;
use selfsame_job::verdict::{self, Verdict};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cache::Cache;
use crate::dataset::presentation::Presentation;
use crate::error::EvalError;

/// What a presentation gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) unusable: Option<String>,
    pub(super) passive: Option<f32>,
    pub(super) pattern: Option<f32>,
    pub(super) motion: Option<MotionEvidence>,
    pub(super) repetition: RepetitionEvidence,
    pub(super) frames: usize,
    pub(crate) answer: Answer,
    /// What speaks against it and counts.
    pub(crate) reasons: Vec<Reason>,
    /// Every measure, in the order of [`Measure::ALL`].
    pub(crate) measures: Vec<Option<f32>>,
}

/// What the policy says of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Refused,
    Reviewed,
    Passed,
}

/// What the policy said of one species' presentations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdicts {
    /// They passed.
    pub passed: usize,
    /// A person would decide.
    pub reviewed: usize,
    /// They were refused.
    pub refused: usize,
    /// How often each reason spoke against one of them and counted.
    pub reasons: BTreeMap<String, usize>,
}

/// Judges as an enrolment by a policy would be; a single image is not asked for movement.
pub(crate) struct Judge<'a> {
    analyser: &'a Analyser,
    cache: &'a Cache,
    of_sequences: &'a Policy,
    of_images: Policy,
    /// What is kept was judged by one policy: another finds nothing.
    purpose: String,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(
        analyser: &'a Analyser,
        cache: &'a Cache,
        policy: &'a Policy,
    ) -> Result<Self, EvalError> {
        // What is measured is part of it: a build that measures more finds nothing that lacks it.
        let names: Vec<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
        let text =
            serde_json::to_vec(&(policy, names)).map_err(|e| EvalError::Report(e.to_string()))?;
        let mut of_images = policy.clone();
        of_images.liveness.motion.mode = MotionMode::Off;
        Ok(Self {
            analyser,
            cache,
            of_sequences: policy,
            of_images,
            purpose: format!("presentation {}", hex::encode(Sha256::digest(text))),
        })
    }

    /// What a presentation gives.
    pub(crate) fn look(&self, presentation: &Presentation) -> Result<Seen, EvalError> {
        let digest = presentation.digest()?;
        if let Some(kept) = self.cache.get(&self.purpose, &digest) {
            return Ok(kept);
        }
        let seen = match presentation.images(self.analyser)? {
            Err(reason) => unusable(reason),
            Ok(images) => {
                let frames: Vec<&[u8]> = images.frames.iter().map(Vec::as_slice).collect();
                let context = CaptureContext {
                    draw: drawn_alike(&images.selfie),
                    ..CaptureContext::default()
                };
                match self
                    .analyser
                    .analyse_capture(&images.selfie, &frames, &context)
                {
                    Ok(evidence) => self.judged(&evidence),
                    Err(error) => unusable(error.to_string()),
                }
            }
        };
        self.cache.put(&self.purpose, &digest, &seen)?;
        Ok(seen)
    }

    fn judged(&self, evidence: &CaptureEvidence) -> Seen {
        let capture = verdict::Seen {
            detects_presentation_attacks: self.analyser.detects_presentation_attacks(),
            ..verdict::Seen::alone(evidence)
        };
        let policy = if evidence.frames.is_empty() {
            &self.of_images
        } else {
            self.of_sequences
        };
        let decision = judge_enrolment(&capture, policy);
        Seen {
            unusable: None,
            passive: evidence.presentation_attack.as_ref().map(|p| p.fused),
            pattern: evidence.pattern,
            motion: evidence.motion,
            repetition: evidence.repetition,
            frames: evidence.frames.len(),
            answer: match decision.verdict {
                Verdict::Pass => Answer::Passed,
                Verdict::Provisional => Answer::Reviewed,
                _ => Answer::Refused,
            },
            reasons: decision.reasons,
            measures: Measure::ALL.iter().map(|m| m.of(evidence)).collect(),
        }
    }
}

/// What a presentation gives of which no evidence was to be had.
pub(crate) fn unusable(reason: String) -> Seen {
    Seen {
        unusable: Some(reason),
        passive: None,
        pattern: None,
        motion: None,
        repetition: RepetitionEvidence::default(),
        frames: 0,
        answer: Answer::Refused,
        reasons: Vec::new(),
        measures: vec![None; Measure::ALL.len()],
    }
}

impl Answer {
    /// Its name in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Reviewed => "reviewed",
            Self::Passed => "passed",
        }
    }
}

/// A reason's name, as results have it.
pub(crate) fn reason_name(reason: Reason) -> String {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(name)) => name,
        _ => reason.advice().to_owned(),
    }
}

impl Verdicts {
    /// Counts one presentation.
    pub(super) fn count(&mut self, seen: &Seen) {
        match seen.answer {
            Answer::Passed => self.passed += 1,
            Answer::Reviewed => self.reviewed += 1,
            Answer::Refused => self.refused += 1,
        }
        let named = seen.reasons.iter().copied().map(reason_name);
        for name in named.chain(seen.unusable.clone()) {
            *self.reasons.entry(name).or_default() += 1;
        }
    }
}

/// The same frames of a capture are looked at more closely each time, so that a figure can be repeated.
pub(crate) fn drawn_alike(selfie: &[u8]) -> Draw {
    let digest = Sha256::digest(selfie);
    let first = digest.iter().take(8);
    Draw::Seeded(first.fold(0, |seed, byte| (seed << 8) | u64::from(*byte)))
}
