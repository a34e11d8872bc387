//! What came of each action of a job, in the wire's words.

use selfsame_wire::result::ActionValue::{
    Approved, Completed, Failed, NotApplicable, NotDone, Passed, ProvisionallyApproved, Rejected,
    SentToHumanReview, UnableToDetermine, UnderReview,
};
use selfsame_wire::result::{ActionValue, Actions, ResultCode};

use crate::job::JobType;
use crate::liveness::Side;
use crate::reason::Check;
use crate::verdict::{Decision, Verdict};

/// The actions of a decision.
pub(super) fn of(decision: &Decision, job_type: JobType, detector: bool) -> Actions {
    let verdict = &decision.verdict;
    // Of a provisional verdict every reason that counts awaits a person.
    let awaits = |checks: &[Check]| {
        *verdict == Verdict::Provisional
            && decision.reasons.iter().any(|r| checks.contains(&r.check()))
    };
    let selfie = awaits(&[Check::Face, Check::Quality]);
    let liveness = awaits(&[Check::Liveness, Check::Replay]);
    let compare = awaits(&[Check::Comparison]);
    let sent = |yes| {
        if yes {
            SentToHumanReview
        } else {
            NotApplicable
        }
    };
    Actions {
        liveness_check: if *verdict == Verdict::PossibleSpoof {
            Failed
        } else if liveness {
            UnderReview
        } else {
            liveness_check(decision, detector)
        },
        selfie_check: if selfie {
            UnderReview
        } else {
            selfie_check(verdict)
        },
        selfie_provided: if matches!(verdict, Verdict::CorruptPackage(_)) {
            UnableToDetermine
        } else {
            Passed
        },
        register_selfie: match (job_type, verdict) {
            (JobType::Authentication, _) => NotApplicable,
            (JobType::Enrolment, Verdict::Pass) => Passed,
            (JobType::Enrolment, Verdict::Provisional) => UnderReview,
            (JobType::Enrolment, _) => Failed,
        },
        selfie_to_registered_selfie_compare: match (job_type, verdict) {
            // An enrolment compares where it would replace a face.
            (JobType::Enrolment, _) if decision.comparison.is_none() => NotApplicable,
            (JobType::Enrolment, Verdict::Provisional) if compare => UnderReview,
            (JobType::Enrolment, _) => Completed,
            (JobType::Authentication, Verdict::Provisional) if compare => ProvisionallyApproved,
            (JobType::Authentication, Verdict::Pass | Verdict::Provisional) => Completed,
            (JobType::Authentication, Verdict::NoMatch) => Failed,
            (JobType::Authentication, _) => NotDone,
        },
        human_review_compare: sent(compare),
        human_review_liveness_check: sent(liveness),
        human_review_selfie_check: sent(selfie),
    }
}

/// `Passed` only where presentation attacks were really looked for, and nothing spoke for one.
fn liveness_check(decision: &Decision, detector: bool) -> ActionValue {
    let outcome = &decision.liveness;
    match outcome.worst() {
        Side::Failed => Failed,
        Side::UnderReview => UnderReview,
        Side::Reported => UnableToDetermine,
        Side::Passed | Side::NotPerformed if outcome.performed => Passed,
        _ if detector => NotDone,
        _ => NotApplicable,
    }
}

/// Nobody looked at the selfie where the package, the image or the server failed first.
const fn selfie_check(verdict: &Verdict) -> ActionValue {
    match verdict {
        Verdict::Pass
        | Verdict::Provisional
        | Verdict::NoMatch
        | Verdict::Duplicate
        | Verdict::PossibleSpoof
        | Verdict::AlreadyEnrolled => Passed,
        Verdict::NoFace | Verdict::SeveralFaces | Verdict::PoorQuality => Failed,
        Verdict::UnusableImage(_) => UnableToDetermine,
        Verdict::CorruptPackage(_)
        | Verdict::ReferenceGone(_)
        | Verdict::LockedOut(_)
        | Verdict::SystemError => NotDone,
    }
}

/// The actions of a code that was forced: they follow the code, not what was seen.
pub(super) fn forced(code: ResultCode, job_type: JobType, detector: bool) -> Actions {
    let verdict = match code {
        c if c.is_success() => Verdict::Pass,
        c if !c.is_final() => Verdict::Provisional,
        ResultCode::AuthenticateNoFace | ResultCode::EnrolNoFace | ResultCode::KycNoFace => {
            Verdict::NoFace
        }
        ResultCode::AuthenticatePoorQuality | ResultCode::EnrolPoorQuality => Verdict::PoorQuality,
        ResultCode::PossibleSpoof
        | ResultCode::ReviewEnrolSpoof
        | ResultCode::ReviewAuthenticateSpoof => Verdict::PossibleSpoof,
        ResultCode::CorruptZip => Verdict::CorruptPackage(String::new()),
        ResultCode::Unusable
        | ResultCode::ReviewEnrolUnusable
        | ResultCode::ReviewAuthenticateUnusable => Verdict::UnusableImage(String::new()),
        ResultCode::SystemError => Verdict::SystemError,
        _ => Verdict::NoMatch,
    };
    let mut actions = of(&Decision::without_evidence(verdict), job_type, detector);
    actions.human_review_compare = if !code.is_final() {
        SentToHumanReview
    } else if code.is_machine() {
        NotApplicable
    } else if code.is_success() {
        Approved
    } else {
        Rejected
    };
    actions
}
