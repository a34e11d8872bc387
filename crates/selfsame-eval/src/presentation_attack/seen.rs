//! What one presentation gave: its evidence, and what the policy says of it.

use std::collections::BTreeMap;

use selfsame_face::analyser::{Analyser, CaptureContext, Draw};
use selfsame_face::evidence::{CaptureEvidence, MotionEvidence, RepetitionEvidence};
use selfsame_job::policy::{MotionMode, Policy};
use selfsame_job::reason::Reason;
use selfsame_job::verdict::{self, Verdict, judge_enrolment};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cache::Cache;
use crate::dataset::presentation::Presentation;
use crate::error::EvalError;

/// What a presentation gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) unusable: Option<String>,
    pub(super) passive: Option<f32>,
    pub(super) pattern: Option<f32>,
    pub(super) motion: Option<MotionEvidence>,
    pub(super) repetition: RepetitionEvidence,
    pub(super) frames: usize,
    pub(super) answer: Answer,
    /// What speaks against it and counts.
    pub(super) reasons: Vec<Reason>,
}

/// What the policy says of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
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
pub(super) struct Judge<'a> {
    analyser: &'a Analyser,
    cache: &'a Cache,
    of_sequences: &'a Policy,
    of_images: Policy,
    /// What is kept was judged by one policy: another finds nothing.
    purpose: String,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        analyser: &'a Analyser,
        cache: &'a Cache,
        policy: &'a Policy,
    ) -> Result<Self, EvalError> {
        let text = serde_json::to_vec(policy).map_err(|e| EvalError::Report(e.to_string()))?;
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
    pub(super) fn look(&self, presentation: &Presentation) -> Result<Seen, EvalError> {
        let digest = presentation.digest()?;
        if let Some(kept) = self.cache.get(&self.purpose, &digest) {
            return Ok(kept);
        }
        let seen = match presentation.images(self.analyser)? {
            Err(reason) => unusable(reason),
            Ok(images) => {
                let frames: Vec<&[u8]> = images.frames.iter().map(Vec::as_slice).collect();
                // The same frames are looked at each time, so that a figure can be repeated.
                let context = CaptureContext {
                    draw: Draw::Seeded(seed(&images.selfie)),
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
        }
    }
}

fn unusable(reason: String) -> Seen {
    Seen {
        unusable: Some(reason),
        passive: None,
        pattern: None,
        motion: None,
        repetition: RepetitionEvidence::default(),
        frames: 0,
        answer: Answer::Refused,
        reasons: Vec::new(),
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
        let named = seen
            .reasons
            .iter()
            .map(|reason| match serde_json::to_value(reason) {
                Ok(serde_json::Value::String(name)) => name,
                _ => reason.advice().to_owned(),
            });
        for name in named.chain(seen.unusable.clone()) {
            *self.reasons.entry(name).or_default() += 1;
        }
    }
}

/// A number that is the same for the same file wherever it is measured.
fn seed(file: &[u8]) -> u64 {
    Sha256::digest(file)
        .iter()
        .take(8)
        .fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}
