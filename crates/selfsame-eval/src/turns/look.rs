//! What one capture that turns gives, and what strict mode says of it.

use jiff::Timestamp;
use selfsame_face::analyser::{Analyser, CaptureContext};
use selfsame_face::evidence::{CaptureEvidence, HeadTurn};
use selfsame_job::challenge::{Challenge, ChallengeId, Flaw, Place, Turn, answer};
use selfsame_job::policy::{ChallengeMode, Policy};
use selfsame_job::product::registration::judge_enrolment;
use selfsame_job::reason::Reason;
use selfsame_job::verdict::{self, Verdict};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::others;
use crate::cache::Cache;
use crate::dataset::presentation::{Images, Presentation};
use crate::error::EvalError;
use crate::presentation_attack::{Answer, drawn_alike};

/// Raised when what is kept changes its shape.
const KEPT_AS: &str = "turns 1";

/// What strict mode says of a capture by one draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Judged {
    /// Why there was nothing to judge.
    pub(super) unusable: Option<String>,
    /// It followed the challenge.
    pub(super) followed: bool,
    /// What kept it from following.
    pub(super) flaws: Vec<Flaw>,
    /// What an enrolment would be answered.
    pub(super) answer: Answer,
    /// What speaks against it and counts.
    pub(super) reasons: Vec<Reason>,
}

/// A frame as it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Frame {
    /// Where the head is held.
    pub(super) place: Place,
    /// By how much, and with which depth.
    pub(super) turn: HeadTurn,
}

/// A capture as it was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Looked {
    /// By the turns that were asked for.
    pub(super) asked: Judged,
    /// By every other draw of as many turns.
    pub(super) others: Vec<Judged>,
    /// Yaw and pitch of the selfie, degrees.
    pub(super) selfie: Option<(f32, f32)>,
    /// The frames in their order; nothing where no face was measured.
    pub(super) frames: Vec<Option<Frame>>,
}

impl Judged {
    /// What kept it, in words of the evidence.
    pub(super) fn why(&self) -> Vec<String> {
        let named = self
            .flaws
            .iter()
            .map(|flaw| match serde_json::to_value(flaw) {
                Ok(serde_json::Value::String(name)) => name,
                _ => format!("{flaw:?}"),
            });
        named.chain(self.unusable.clone()).collect()
    }

    fn unusable(reason: String) -> Self {
        Self {
            unusable: Some(reason),
            followed: false,
            flaws: Vec::new(),
            answer: Answer::Refused,
            reasons: Vec::new(),
        }
    }
}

/// Looks at captures, and judges them as an enrolment that requires a challenge.
pub(super) struct Looker<'a> {
    analyser: &'a Analyser,
    cache: &'a Cache,
    policy: Policy,
    purpose: String,
}

impl<'a> Looker<'a> {
    pub(super) fn new(
        analyser: &'a Analyser,
        cache: &'a Cache,
        policy: &Policy,
    ) -> Result<Self, EvalError> {
        let mut policy = policy.clone();
        policy.liveness.challenge.mode = ChallengeMode::Required;
        let text = serde_json::to_vec(&policy).map_err(|e| EvalError::Report(e.to_string()))?;
        Ok(Self {
            analyser,
            cache,
            purpose: format!("{KEPT_AS} {}", hex::encode(Sha256::digest(text))),
            policy,
        })
    }

    /// A capture of files.
    pub(super) fn look(&self, of: &Presentation, turns: &[Turn]) -> Result<Looked, EvalError> {
        let mut digest = Sha256::new();
        digest.update(of.digest()?);
        digest.update(format!("{turns:?}"));
        let digest = digest.finalize().into();
        if let Some(kept) = self.cache.get(&self.purpose, &digest) {
            return Ok(kept);
        }
        match of.images(self.analyser)? {
            Ok(images) => self.look_at(&images, turns, &digest),
            Err(reason) => Ok(nothing(&reason, turns)),
        }
    }

    /// Images in hand, kept under a digest of them and of the turns.
    pub(super) fn look_at(
        &self,
        images: &Images,
        turns: &[Turn],
        digest: &[u8; 32],
    ) -> Result<Looked, EvalError> {
        if let Some(kept) = self.cache.get(&self.purpose, digest) {
            return Ok(kept);
        }
        let frames: Vec<&[u8]> = images.frames.iter().map(Vec::as_slice).collect();
        let context = CaptureContext {
            draw: drawn_alike(&images.selfie),
            turns: true,
            ..CaptureContext::default()
        };
        let seen = self
            .analyser
            .analyse_capture(&images.selfie, &frames, &context);
        let looked = match seen {
            Err(error) => nothing(&error.to_string(), turns),
            Ok(evidence) => self.looked(&evidence, turns),
        };
        self.cache.put(&self.purpose, digest, &looked)?;
        Ok(looked)
    }

    fn looked(&self, evidence: &CaptureEvidence, turns: &[Turn]) -> Looked {
        let challenge = &self.policy.liveness.challenge;
        let seen = evidence.turns.as_ref();
        let frames = seen.iter().flat_map(|seen| &seen.frames).map(|turn| {
            let turn = (*turn)?;
            let place = Place::of(&turn, challenge);
            Some(Frame { place, turn })
        });
        Looked {
            asked: self.judged(evidence, turns),
            others: others(turns)
                .iter()
                .map(|other| self.judged(evidence, other))
                .collect(),
            selfie: seen.map(|seen| (seen.selfie.yaw, seen.selfie.pitch)),
            frames: frames.collect(),
        }
    }

    fn judged(&self, evidence: &CaptureEvidence, turns: &[Turn]) -> Judged {
        let challenge = Challenge {
            id: ChallengeId::from_random([0; 16]),
            turns: turns.to_vec(),
            expires_at: Timestamp::MAX,
        };
        let answer = answer(&challenge, evidence, &self.policy.liveness.challenge);
        let seen = verdict::Seen {
            detects_presentation_attacks: self.analyser.detects_presentation_attacks(),
            challenge: Some(&challenge),
            ..verdict::Seen::alone(evidence)
        };
        let decision = judge_enrolment(&seen, &self.policy);
        Judged {
            unusable: None,
            followed: answer.is_right(),
            flaws: answer.flaws,
            answer: match decision.verdict {
                Verdict::Pass => Answer::Passed,
                Verdict::Provisional => Answer::Reviewed,
                _ => Answer::Refused,
            },
            reasons: decision.reasons,
        }
    }
}

fn nothing(reason: &str, turns: &[Turn]) -> Looked {
    let judged = || Judged::unusable(reason.to_owned());
    Looked {
        asked: judged(),
        others: others(turns).iter().map(|_| judged()).collect(),
        selfie: None,
        frames: Vec::new(),
    }
}
