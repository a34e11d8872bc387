//! From an outcome to v3's decision (docs/decisions/0124-decisions-of-v3.md).
//!
//! It goes by the neutral outcome alone, so that a job has one decision whichever API it came by.

use selfsame_job::outcome::{CheckState, Checked, Finding, JobOutcome};
use selfsame_job::reason::Reason;
use selfsame_wire::result::ResultCode;
use selfsame_wire::v3::decision::{DecisionReason, JobStatus};

/// What v3 says a job came to: clear, or a reason why not, which has its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision(Option<DecisionReason>);

impl Decision {
    const CLEAR: Self = Self(None);

    const fn because(reason: DecisionReason) -> Self {
        Self(Some(reason))
    }

    /// What an outcome says.
    pub(crate) fn of(outcome: &JobOutcome) -> Self {
        match outcome.finding {
            Some(finding) => Self::because(match finding {
                Finding::HighRisk => DecisionReason::HighRisk,
                Finding::UnderAge => DecisionReason::AgeRequirementNotMet,
                Finding::ReportedForFraud => DecisionReason::AccountLockedFraud,
            }),
            None => by_code(outcome),
        }
    }

    /// The status: it is the decision.
    pub(crate) const fn status(self) -> JobStatus {
        match self.0 {
            None => JobStatus::Clear,
            Some(reason) => reason.status(),
        }
    }

    /// Why it is not clear.
    pub(crate) const fn reason(self) -> Option<DecisionReason> {
        self.0
    }
}

fn by_code(outcome: &JobOutcome) -> Decision {
    Decision::because(match outcome.code {
        ResultCode::KycPass
        | ResultCode::AuthenticatePass
        | ResultCode::EnrolPass
        | ResultCode::IdValid
        | ResultCode::FieldsMatch
        | ResultCode::ReviewEnrolPass
        | ResultCode::ReviewAuthenticatePass
        | ResultCode::NoSuspects => return Decision::CLEAR,
        ResultCode::KycProvisional
        | ResultCode::AuthenticateProvisional
        | ResultCode::EnrolProvisional => undecided(outcome),
        // Some of what was said is so, and some is not.
        ResultCode::FieldsMatchPartly => DecisionReason::MediumRisk,
        ResultCode::FieldsDiffer => DecisionReason::NameMismatch,
        ResultCode::IdNotFound | ResultCode::FieldsNotFound => DecisionReason::IdentifierNotFound,
        ResultCode::IdMalformed => DecisionReason::InvalidIdNumber,
        ResultCode::IdAuthorityUnavailable | ResultCode::IdTypeNotEnabled => {
            DecisionReason::ServiceUnavailable
        }
        ResultCode::KycFail | ResultCode::AuthenticateFail | ResultCode::EnrolFail => {
            failed(outcome)
        }
        ResultCode::ReviewEnrolFail | ResultCode::ReviewAuthenticateFail => rejected(outcome),
        ResultCode::FaceNotMatching => DecisionReason::FaceVerificationFailed,
        ResultCode::KycSpoof
        | ResultCode::PossibleSpoof
        | ResultCode::ReviewEnrolSpoof
        | ResultCode::ReviewAuthenticateSpoof => DecisionReason::SpoofDetected,
        ResultCode::Unusable
        | ResultCode::CorruptZip
        | ResultCode::KycNoFace
        | ResultCode::AuthenticateNoFace
        | ResultCode::AuthenticatePoorQuality
        | ResultCode::EnrolNoFace
        | ResultCode::EnrolPoorQuality
        | ResultCode::ReviewEnrolUnusable
        | ResultCode::ReviewAuthenticateUnusable => DecisionReason::ImageUnavailableOrInvalid,
        ResultCode::SuspectsFound => DecisionReason::HighRisk,
        ResultCode::SuspectsUnknown | ResultCode::SystemError => DecisionReason::InternalError,
    })
}

/// A person is to decide; where it was erased first, nobody will.
const fn undecided(outcome: &JobOutcome) -> DecisionReason {
    match outcome.erased {
        None => DecisionReason::MediumRisk,
        Some(_) => DecisionReason::InternalError,
    }
}

/// The machine let nobody pass.
fn failed(outcome: &JobOutcome) -> DecisionReason {
    let spoke = |reason| outcome.reasons.contains(&reason);
    if spoke(Reason::AccountLockedFraud) {
        return DecisionReason::AccountLockedFraud;
    }
    let faces_differ = spoke(Reason::OtherPerson)
        || spoke(Reason::OtherPersonThanPortrait)
        || compared_in_vain(outcome);
    if faces_differ || outcome.forced {
        DecisionReason::FaceVerificationFailed
    } else if outcome.erased.is_some() {
        // What it was is gone.
        DecisionReason::InternalError
    } else {
        // The person is enrolled under another name; or nothing was compared, for the user is locked, disabled or deleted, or
        // was enrolled meanwhile.
        DecisionReason::HighRisk
    }
}

/// A person let nobody pass, or what has changed since did not let the approval take effect.
fn rejected(outcome: &JobOutcome) -> DecisionReason {
    #[derive(serde::Deserialize)]
    struct Ruled {
        hindrance: Option<String>,
    }
    if outcome.reasons.contains(&Reason::AccountLockedFraud) {
        return DecisionReason::AccountLockedFraud;
    }
    let ruled: Option<Ruled> = outcome.evidence.get("review");
    let hindered = ruled.is_some_and(|ruled| ruled.hindrance.is_some());
    if hindered || outcome.reasons.contains(&Reason::Duplicate) {
        DecisionReason::HighRisk
    } else {
        DecisionReason::FaceVerificationFailed
    }
}

/// Whether a comparison was made, and failed. It tells what reasons do not, where they are erased.
fn compared_in_vain(outcome: &JobOutcome) -> bool {
    [
        Checked::ReferenceComparison,
        Checked::AuthorityComparison,
        Checked::CardComparison,
    ]
    .into_iter()
    .any(|checked| outcome.checks.of(checked) == Some(CheckState::Failed))
}
