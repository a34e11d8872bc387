//! What led to an outcome, as it is kept: a JSON object.

use indexmap::IndexMap;
use selfsame_face::evidence::FrameEvidence;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::{Circumstances, Identified};
use crate::challenge;
use crate::erasure::Erasure;
use crate::policy::ChallengeMode;
use crate::reason::{Check, Reason};
use crate::verdict::Decision;

/// Measurements, thresholds, models, reasons: all that led to an outcome. Whatever is not changed keeps its bytes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Evidence(IndexMap<String, Box<RawValue>>);

impl Evidence {
    /// Of a decision, so that it can be explained and repeated.
    pub(super) fn of(decision: &Decision, circumstances: &Circumstances<'_>) -> Self {
        Self::from_value(told(decision, circumstances))
    }

    /// What stays of it when what it tells of a person is erased: what judged, not what was seen.
    pub(super) fn erased(&self, why: Erasure, forced: bool) -> Self {
        let mut stays = Self::from_value(json!({"version": 2, "erased": why, "forced": forced}));
        let judged_by = |name: &str| self.0.get(name).cloned();
        stays.0.insert(
            "engine".to_owned(),
            judged_by("engine").unwrap_or_else(|| raw(&json!({}))),
        );
        stays.0.insert(
            "policy".to_owned(),
            judged_by("policy").unwrap_or_else(|| raw(&Value::Null)),
        );
        stays.set("comparison", &Value::Null);
        stays.set("reasons", &json!([]));
        stays
    }

    fn from_value(object: Value) -> Self {
        let Value::Object(members) = object else {
            unreachable!("evidence is an object");
        };
        let raw = |(name, value)| (name, raw(&value));
        Self(members.into_iter().map(raw).collect())
    }

    /// One part of it, where it is there and reads so.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, part: &str) -> Option<T> {
        serde_json::from_str(self.0.get(part)?.get()).ok()
    }

    /// Adds a part, or replaces it.
    pub(crate) fn set(&mut self, part: &str, value: &Value) {
        self.0.insert(part.to_owned(), raw(value));
    }

    /// As JSON.
    #[must_use]
    pub fn to_raw(&self) -> Box<RawValue> {
        raw(&self.0)
    }
}

fn raw(value: &impl Serialize) -> Box<RawValue> {
    match to_raw_value(value) {
        Ok(raw) => raw,
        Err(_) => unreachable!("JSON prints as JSON"),
    }
}

fn told(decision: &Decision, circumstances: &Circumstances<'_>) -> Value {
    let capture = circumstances.evidence;
    let policies = circumstances.policies;
    let mut liveness = json!(decision.liveness);
    // Evidence goes to callers that may show it to the very person; that it was reported is told where v3's results say so.
    let reasons: Vec<&Reason> = decision
        .reasons
        .iter()
        .filter(|reason| **reason != Reason::AccountLockedFraud)
        .collect();
    let speak_against: Vec<&Reason> = decision
        .reasons
        .iter()
        .chain(&decision.reported)
        .filter(|r| r.check() == Check::Liveness)
        .collect();
    liveness["reasons"] = json!(speak_against);
    let mut evidence = json!({
        "version": 2,
        "forced": circumstances.forced,
        "engine": circumstances.engine,
        "policy": {"name": policies.name(), "version": policies.version(), "sha256": policies.sha256()},
        "selfie": capture.map(|c| json!({
            "image": c.selfie.image, "turned": c.selfie.turned, "faces": c.selfie.faces.len(),
            "face": c.selfie.faces.first(), "template_length": c.selfie.template_length, "metadata": c.selfie.metadata,
            "milliseconds": c.selfie.timings,
        })),
        "frames": capture.map(|c| c.frames.iter().map(frame).collect::<Vec<_>>()),
        "repetition": capture.map(|c| c.repetition),
        "presentation_attack": capture.and_then(|c| c.presentation_attack.as_ref()),
        "pattern": capture.and_then(|c| c.pattern),
        "motion": capture.and_then(|c| c.motion),
        "continuity": capture.and_then(|c| c.continuity),
        "surroundings": capture.and_then(|c| c.surroundings),
        "comparison": decision.compared(),
        "liveness": liveness,
        "replay": circumstances.recurrences,
        "duplicates": circumstances.duplicates,
        "reasons": reasons,
        "reported": decision.reported,
        "advice": reasons.iter().map(|r| r.advice()).collect::<Vec<_>>(),
    });
    if let (Some((source, _)), Some(replaced)) = (decision.portrait, decision.comparison) {
        evidence["replacement"] = json!(replaced);
        evidence["portrait"] = json!({"source": source});
    } else if let Some((source, _)) = decision.portrait {
        evidence["portrait"] = json!({"source": source});
    }
    if let Some(authority) = circumstances
        .identity
        .as_ref()
        .and_then(Identified::authority)
    {
        evidence["authority"] = authority;
    }
    if let Some(moment) = circumstances.searched_to {
        evidence["search"] = json!({"complete_to": moment});
    }
    if let Some(answered) = answered(circumstances) {
        evidence["challenge"] = answered;
    } else if let Some(turns) = capture.and_then(|c| c.turns.as_ref()) {
        // A challenge tells them itself.
        evidence["turns"] = json!(turns);
    }
    evidence
}

/// What the capture made of its challenge; `None` where there is none that counts. The poses by which it is told stand beside it.
fn answered(circumstances: &Circumstances<'_>) -> Option<Value> {
    let job = circumstances.job;
    let drawn = job.request.challenge.as_ref()?;
    let policy = circumstances.policies.of(job.environment(), job.job_type);
    let policy = policy.liveness.challenge;
    let capture = circumstances.evidence?;
    if policy.mode == ChallengeMode::Off {
        return None;
    }
    let answer = challenge::answer(drawn, capture, &policy);
    Some(json!({
        "id": drawn.id, "drawn": answer.drawn, "made": answer.made, "flaws": answer.flaws, "turns": capture.turns,
    }))
}

/// Digests recognise images; they are the store's, not the partner's.
fn frame(frame: &FrameEvidence) -> Value {
    json!(FrameEvidence {
        digests: None,
        ..frame.clone()
    })
}
