//! From a decision to the wire's result.

mod actions;

use jiff::Timestamp;
use selfsame_face::evidence::{CaptureEvidence, FrameEvidence};
use selfsame_wire::result::{Actions, JobResult, ResultCode};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::challenge;
use crate::job::{Job, JobType};
use crate::policy::{ChallengeMode, Policies};
use crate::reason::{Check, Reason};
use crate::replay::{Duplicate, Recurrence};
use crate::verdict::{Decision, ReferenceGone, Verdict};

/// What a result says beside the decision.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// The job.
    pub job: &'a Job,
    /// What the capture showed, where it could be measured.
    pub evidence: Option<&'a CaptureEvidence>,
    /// Its images that were accepted before.
    pub recurrences: &'a [Recurrence],
    /// Other users with this face, where they were looked for.
    pub duplicates: &'a [Duplicate],
    /// The policies in force.
    pub policies: &'a Policies,
    /// All models that detect presentation attacks are loaded.
    pub detects_presentation_attacks: bool,
    /// Engine and models, as they go into the record.
    pub engine: Value,
    /// As the package gave it.
    pub id_info: Option<Box<RawValue>>,
    /// As the package gave it.
    pub geo_info: Option<Box<RawValue>>,
    /// The sandbox forced the code.
    pub forced: bool,
}

/// The code of a decision.
#[must_use]
pub const fn result_code(verdict: &Verdict, job_type: JobType) -> ResultCode {
    use JobType::{Authentication, Enrolment};
    match (verdict, job_type) {
        (Verdict::Pass, Enrolment) => ResultCode::EnrolPass,
        (Verdict::Pass, Authentication) => ResultCode::AuthenticatePass,
        (Verdict::Provisional, Enrolment) => ResultCode::EnrolProvisional,
        (Verdict::Provisional, Authentication) => ResultCode::AuthenticateProvisional,
        (Verdict::PossibleSpoof, _) => ResultCode::PossibleSpoof,
        (Verdict::NoFace, Enrolment) => ResultCode::EnrolNoFace,
        (Verdict::NoFace, Authentication) => ResultCode::AuthenticateNoFace,
        (Verdict::SeveralFaces | Verdict::PoorQuality, Enrolment) => ResultCode::EnrolPoorQuality,
        (Verdict::SeveralFaces | Verdict::PoorQuality, Authentication) => {
            ResultCode::AuthenticatePoorQuality
        }
        (Verdict::UnusableImage(_), _) => ResultCode::Unusable,
        (Verdict::CorruptPackage(_), _) => ResultCode::CorruptZip,
        (
            Verdict::NoMatch
            | Verdict::Duplicate
            | Verdict::AlreadyEnrolled
            | Verdict::LockedOut(_)
            | Verdict::ReferenceGone(_),
            Enrolment,
        ) => ResultCode::EnrolFail,
        (
            Verdict::NoMatch
            | Verdict::Duplicate
            | Verdict::AlreadyEnrolled
            | Verdict::LockedOut(_)
            | Verdict::ReferenceGone(_),
            Authentication,
        ) => ResultCode::AuthenticateFail,
        (Verdict::SystemError, _) => ResultCode::SystemError,
    }
}

/// Builds the result of a decision.
#[must_use]
pub fn result(decision: &Decision, circumstances: Circumstances<'_>) -> (ResultCode, JobResult) {
    let code = result_code(&decision.verdict, circumstances.job.job_type);
    let text = match detail(decision) {
        Some(detail) => format!("{}: {detail}", code.text()),
        None => code.text().to_owned(),
    };
    let actions = actions::of(
        decision,
        circumstances.job.job_type,
        circumstances.detects_presentation_attacks,
    );
    (code, build(code, text, actions, decision, circumstances))
}

/// Builds the result that a sandbox request forces.
#[must_use]
pub fn forced_result(
    code: ResultCode,
    decision: &Decision,
    circumstances: Circumstances<'_>,
) -> JobResult {
    let text = format!("{} (forced by the sandbox request)", code.text());
    let actions = actions::forced(
        code,
        circumstances.job.job_type,
        circumstances.detects_presentation_attacks,
    );
    build(code, text, actions, decision, circumstances)
}

fn build(
    code: ResultCode,
    result_text: String,
    actions: Actions,
    decision: &Decision,
    circumstances: Circumstances<'_>,
) -> JobResult {
    let evidence = evidence(decision, &circumstances);
    let Circumstances {
        job,
        id_info,
        geo_info,
        ..
    } = circumstances;
    let flag = |yes| if yes { "true" } else { "false" };
    JobResult {
        json_version: "1.0.0",
        smile_job_id: job.smile_job_id.clone(),
        // Whose result it is must stand in it: v2's callers send partner_params without any names.
        partner_params: job
            .request
            .partner_params
            .naming(&job.job_id, job.user_id())
            .typed(job.job_type.number()),
        result_type: match job.job_type {
            JobType::Enrolment => "SmartSelfie Registration",
            JobType::Authentication => "SmartSelfie Authentication",
        },
        result_text,
        result_code: code.code(),
        is_final_result: flag(code.is_final()),
        is_machine_result: flag(code.is_machine()),
        confidence_value: decision
            .comparison
            .map(|c| format!("{:.2}", c.confidence())),
        actions,
        source: "Selfsame",
        id_info,
        geo_info,
        evidence,
    }
}

/// All that led to the decision, so that it can be explained and repeated.
fn evidence(decision: &Decision, circumstances: &Circumstances<'_>) -> Value {
    let capture = circumstances.evidence;
    let policies = circumstances.policies;
    let mut liveness = json!(decision.liveness);
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
        "comparison": decision.comparison,
        "liveness": liveness,
        "replay": circumstances.recurrences,
        "duplicates": circumstances.duplicates,
        "reasons": decision.reasons,
        "reported": decision.reported,
        "advice": decision.reasons.iter().map(|r| r.advice()).collect::<Vec<_>>(),
    });
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

/// What is told while a user is locked.
#[must_use]
pub fn locked_out(until: Timestamp) -> String {
    // Whole seconds, never too early.
    let until = Timestamp::from_second(until.as_second().saturating_add(1)).unwrap_or(until);
    format!("too many attempts of this user failed; try again after {until}")
}

/// Digests recognise images; they are the store's, not the partner's.
fn frame(frame: &FrameEvidence) -> Value {
    json!(FrameEvidence {
        digests: None,
        ..frame.clone()
    })
}

/// What the text adds to the code's own.
fn detail(decision: &Decision) -> Option<String> {
    match &decision.verdict {
        Verdict::UnusableImage(why) | Verdict::CorruptPackage(why) => Some(why.clone()),
        Verdict::AlreadyEnrolled => Some("this user_id was enrolled meanwhile".to_owned()),
        Verdict::LockedOut(until) => Some(locked_out(*until)),
        Verdict::ReferenceGone(why) => Some(
            match why {
                ReferenceGone::NotEnrolled => "no enrolled user has this user_id",
                ReferenceGone::Disabled => "the user is disabled",
                ReferenceGone::Deleted => "the user was deleted",
                ReferenceGone::NoPhoto => "the user has no photo on file",
                ReferenceGone::OtherModel => "the user was enrolled with another recognition model",
            }
            .to_owned(),
        ),
        Verdict::SeveralFaces
        | Verdict::PoorQuality
        | Verdict::PossibleSpoof
        | Verdict::Duplicate
        | Verdict::Provisional => Some(
            decision
                .reasons
                .iter()
                .map(|r| r.advice())
                .collect::<Vec<_>>()
                .join("; "),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
