//! From a decision to the wire's result.

use selfsame_face::evidence::ImageEvidence;
use selfsame_wire::result::{ActionValue, Actions, JobResult, ResultCode};
use serde_json::json;
use serde_json::value::RawValue;

use crate::job::{Job, JobKind};
use crate::verdict::{Decision, Reason, ReferenceGone, Verdict};

/// What a result says beside the decision.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// The job.
    pub job: &'a Job,
    /// What the selfie showed, where it could be measured.
    pub evidence: Option<&'a ImageEvidence>,
    /// Engine and models, as they go into the record.
    pub engine: serde_json::Value,
    /// As the package gave it.
    pub id_info: Option<Box<RawValue>>,
    /// As the package gave it.
    pub geo_info: Option<Box<RawValue>>,
    /// The sandbox forced the code.
    pub forced: bool,
}

/// The code of a decision.
#[must_use]
pub const fn result_code(verdict: &Verdict, kind: JobKind) -> ResultCode {
    use JobKind::{Authentication, Enrolment};
    match (verdict, kind) {
        (Verdict::Pass, Enrolment) => ResultCode::EnrolPass,
        (Verdict::Pass, Authentication) => ResultCode::AuthenticatePass,
        (Verdict::Provisional, _) => ResultCode::AuthenticateProvisional,
        (Verdict::NoFace, Enrolment) => ResultCode::EnrolNoFace,
        (Verdict::NoFace, Authentication) => ResultCode::AuthenticateNoFace,
        (Verdict::SeveralFaces | Verdict::PoorQuality, Enrolment) => ResultCode::EnrolPoorQuality,
        (Verdict::SeveralFaces | Verdict::PoorQuality, Authentication) => {
            ResultCode::AuthenticatePoorQuality
        }
        (Verdict::UnusableImage(_), _) => ResultCode::Unusable,
        (Verdict::CorruptPackage(_), _) => ResultCode::CorruptZip,
        (Verdict::NoMatch | Verdict::AlreadyEnrolled | Verdict::ReferenceGone(_), Enrolment) => {
            ResultCode::EnrolFail
        }
        (
            Verdict::NoMatch | Verdict::AlreadyEnrolled | Verdict::ReferenceGone(_),
            Authentication,
        ) => ResultCode::AuthenticateFail,
        (Verdict::SystemError, _) => ResultCode::SystemError,
    }
}

/// Builds the result of a decision.
#[must_use]
pub fn result(decision: &Decision, circumstances: Circumstances<'_>) -> (ResultCode, JobResult) {
    let code = result_code(&decision.verdict, circumstances.job.kind);
    let text = match detail(decision) {
        Some(detail) => format!("{}: {detail}", code.text()),
        None => code.text().to_owned(),
    };
    let actions = actions(code, decision, circumstances.job.kind);
    (code, build(code, text, actions, decision, circumstances))
}

/// Builds the result that a sandbox request forces.
#[must_use]
pub fn forced_result(
    code: ResultCode,
    decision: &Decision,
    circumstances: Circumstances<'_>,
) -> JobResult {
    let kind = circumstances.job.kind;
    let text = format!("{} (forced by the sandbox request)", code.text());
    // The actions follow the code, not what was seen.
    let verdict = match code {
        c if c.is_success() => Verdict::Pass,
        ResultCode::AuthenticateProvisional => Verdict::Provisional,
        ResultCode::AuthenticateNoFace | ResultCode::EnrolNoFace | ResultCode::KycNoFace => {
            Verdict::NoFace
        }
        ResultCode::AuthenticatePoorQuality | ResultCode::EnrolPoorQuality => Verdict::PoorQuality,
        ResultCode::CorruptZip => Verdict::CorruptPackage(String::new()),
        ResultCode::Unusable => Verdict::UnusableImage(String::new()),
        ResultCode::SystemError => Verdict::SystemError,
        _ => Verdict::NoMatch,
    };
    let actions = actions(code, &Decision::without_evidence(verdict), kind);
    build(code, text, actions, decision, circumstances)
}

fn build(
    code: ResultCode,
    result_text: String,
    actions: Actions,
    decision: &Decision,
    circumstances: Circumstances<'_>,
) -> JobResult {
    let Circumstances {
        job,
        evidence,
        engine,
        id_info,
        geo_info,
        forced,
    } = circumstances;
    let flag = |yes| if yes { "true" } else { "false" };
    JobResult {
        json_version: "1.0.0",
        smile_job_id: job.smile_job_id.clone(),
        partner_params: job.request.partner_params.clone(),
        result_type: match job.kind {
            JobKind::Enrolment => "SmartSelfie Registration",
            JobKind::Authentication => "SmartSelfie Authentication",
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
        evidence: json!({
            "version": 1,
            "forced": forced,
            "engine": engine,
            "selfie": evidence.map(|e| json!({
                "image": e.image, "faces": e.faces.len(), "face": e.faces.first(), "milliseconds": e.timings,
            })),
            "comparison": decision.comparison,
            "liveness": {"performed": false, "reason": "this build has no presentation-attack detection"},
            "reasons": decision.reasons,
            "advice": decision.reasons.iter().map(|r| r.advice()).collect::<Vec<_>>(),
        }),
    }
}

/// What the text adds to the code's own.
fn detail(decision: &Decision) -> Option<String> {
    match &decision.verdict {
        Verdict::UnusableImage(why) | Verdict::CorruptPackage(why) => Some(why.clone()),
        Verdict::AlreadyEnrolled => Some("this user_id was enrolled meanwhile".to_owned()),
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
        Verdict::SeveralFaces | Verdict::PoorQuality => Some(
            decision
                .reasons
                .iter()
                .map(|r: &Reason| r.advice())
                .collect::<Vec<_>>()
                .join("; "),
        ),
        _ => None,
    }
}

fn actions(code: ResultCode, decision: &Decision, kind: JobKind) -> Actions {
    use ActionValue::{
        Completed, Failed, NotApplicable, NotDone, Passed, ProvisionallyApproved, UnableToDetermine,
    };
    // Nobody looked at the selfie where the package, the image or the server failed first.
    let selfie_check = match decision.verdict {
        Verdict::Pass | Verdict::Provisional | Verdict::NoMatch | Verdict::AlreadyEnrolled => {
            Passed
        }
        Verdict::NoFace | Verdict::SeveralFaces | Verdict::PoorQuality => Failed,
        Verdict::UnusableImage(_) => UnableToDetermine,
        Verdict::CorruptPackage(_) | Verdict::ReferenceGone(_) | Verdict::SystemError => NotDone,
    };
    let (register, compare) = match kind {
        JobKind::Enrolment => (
            if code.is_success() { Passed } else { Failed },
            NotApplicable,
        ),
        JobKind::Authentication => (
            NotApplicable,
            match decision.verdict {
                Verdict::Pass => Completed,
                Verdict::Provisional => ProvisionallyApproved,
                Verdict::NoMatch => Failed,
                _ => NotDone,
            },
        ),
    };
    Actions {
        liveness_check: NotApplicable,
        selfie_check,
        selfie_provided: if matches!(decision.verdict, Verdict::CorruptPackage(_)) {
            UnableToDetermine
        } else {
            Passed
        },
        register_selfie: register,
        selfie_to_registered_selfie_compare: compare,
        human_review_compare: if matches!(decision.verdict, Verdict::Provisional) {
            NotDone
        } else {
            NotApplicable
        },
    }
}
