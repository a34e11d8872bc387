//! From a decision to its outcome.

use jiff::Timestamp;
use selfsame_face::evidence::CaptureEvidence;
use selfsame_wire::result::ResultCode;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Checks, Compared, Evidence, Identified, JobOutcome, Remark, Version};
use crate::job::Job;
use crate::policy::Policies;
use crate::product::FaceProduct;
use crate::replay::{Duplicate, Recurrence};
use crate::sandbox::Staging;
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
    /// Who was enrolled before this moment, on whatever node, was among those looked through for them.
    pub searched_to: Option<Timestamp>,
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
    /// The identity that it is about.
    pub identity: Option<Identified>,
    /// The sandbox forced the code.
    pub forced: bool,
}

/// What a decision comes to.
#[must_use]
pub fn of_decision(
    face: &dyn FaceProduct,
    decision: &Decision,
    circumstances: Circumstances<'_>,
) -> JobOutcome {
    let detector = circumstances.detects_presentation_attacks;
    let code = face.codes().of(&decision.verdict);
    let remark = detail(decision).map(Remark::Because);
    let checks = Checks::decided(decision, face, detector);
    build(code, remark, checks, decision, circumstances)
}

/// What a job comes to that the sandbox forces.
#[must_use]
pub fn of_forced_code(
    face: &dyn FaceProduct,
    staging: Staging,
    decision: &Decision,
    circumstances: Circumstances<'_>,
) -> JobOutcome {
    let code = staging.code;
    let checks = Checks::forced(code, face, circumstances.detects_presentation_attacks);
    let outcome = build(code, Some(Remark::Forced), checks, decision, circumstances);
    JobOutcome {
        finding: staging.finding,
        ..outcome
    }
}

fn build(
    code: ResultCode,
    remark: Option<Remark>,
    mut checks: Checks,
    decision: &Decision,
    circumstances: Circumstances<'_>,
) -> JobOutcome {
    if let Some(identity) = &circumstances.identity {
        identity.note(&mut checks);
    }
    JobOutcome {
        version: Version,
        code,
        is_final: code.is_final(),
        remark,
        checks,
        comparison: decision.compared().map(|c| Compared {
            score: c.score,
            confidence: c.confidence(),
        }),
        reasons: decision.reasons.clone(),
        evidence: Evidence::of(decision, &circumstances),
        identity: circumstances.identity,
        id_info: circumstances.id_info,
        geo_info: circumstances.geo_info,
        finding: None,
        forced: circumstances.forced,
        erased: None,
    }
}

/// What is told while a user is locked.
#[must_use]
pub fn locked_out(until: Timestamp) -> String {
    // Whole seconds, never too early.
    let until = Timestamp::from_second(until.as_second().saturating_add(1)).unwrap_or(until);
    format!("too many attempts of this user failed; try again after {until}")
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
                ReferenceGone::FraudLocked => "the user is locked until an operator clears it",
                ReferenceGone::Deleted => "the user was deleted",
                ReferenceGone::NoPhoto => "the user has no photo on file",
                ReferenceGone::OtherModel => "the user was enrolled with another recognition model",
            }
            .to_owned(),
        ),
        Verdict::SeveralFaces
        | Verdict::NoPortrait
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
