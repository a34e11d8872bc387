//! Checks as v1's actions.

use selfsame_job::identity::{Answer, FieldMatch};
use selfsame_job::job::{Job, JobType};
use selfsame_job::outcome::{CheckState, Checked, JobOutcome};
use selfsame_wire::result::{Action, ActionValue, Actions, Listed, ResultCode};

/// Whether the result is of a face, rather than of a look-up alone.
pub(super) fn judges(job: &Job, outcome: &JobOutcome) -> bool {
    job.job_type.face().is_some()
        && !matches!(
            outcome.code,
            ResultCode::IdValid
                | ResultCode::IdNotFound
                | ResultCode::IdMalformed
                | ResultCode::IdAuthorityUnavailable
                | ResultCode::IdTypeNotEnabled
        )
}

/// Whether the result tells of the search for other users alone.
pub(super) const fn tells_of_suspects(outcome: &JobOutcome) -> bool {
    matches!(
        outcome.code,
        ResultCode::NoSuspects | ResultCode::SuspectsFound | ResultCode::SuspectsUnknown
    )
}

pub(super) fn of(job: &Job, outcome: &JobOutcome) -> Actions {
    let listed = match job.job_type {
        JobType::BusinessVerification => Listed::Business,
        JobType::BasicKyc | JobType::PhoneVerification | JobType::CompareUserInfo => {
            Listed::Comparison
        }
        _ if judges(job, outcome) => Listed::Face,
        _ => Listed::Identity,
    };
    Actions::of(listed, |action| value(action, outcome))
}

fn value(action: Action, outcome: &JobOutcome) -> ActionValue {
    if let Some(compared) = compared(action, outcome) {
        return compared;
    }
    let checked = match action {
        Action::LivenessCheck => Checked::PresentationAttack,
        Action::SelfieCheck => Checked::SampleQuality,
        Action::SelfieProvided => Checked::Acquisition,
        Action::RegisterSelfie => Checked::Enrolment,
        Action::SelfieToRegisteredSelfieCompare => Checked::ReferenceComparison,
        Action::SelfieToIdAuthorityCompare => Checked::AuthorityComparison,
        Action::SelfieToIdCardCompare => Checked::CardComparison,
        Action::VerifyIdNumber | Action::VerifyBusiness => Checked::IdentityNumber,
        Action::ReturnPersonalInfo | Action::ReturnBusinessInfo => Checked::PersonalInformation,
        Action::HumanReviewCompare => Checked::ReviewOfComparison,
        Action::HumanReviewLivenessCheck => Checked::ReviewOfPresentationAttack,
        Action::HumanReviewSelfieCheck => Checked::ReviewOfSampleQuality,
        Action::UpdateRegisteredSelfieOnFile => Checked::ReferenceUpdate,
        Action::HumanReviewUpdateSelfie => Checked::ReviewOfUpdate,
        _ => return ActionValue::NotApplicable,
    };
    let Some(state) = outcome.checks.of(checked) else {
        return ActionValue::NotApplicable;
    };
    match checked {
        Checked::IdentityNumber => number(state),
        Checked::PersonalInformation => returned(state),
        // The wire has a word for an authority's photograph only.
        Checked::CardComparison if state == CheckState::NoReference => ActionValue::NotDone,
        _ => general(state),
    }
}

const fn number(state: CheckState) -> ActionValue {
    match state {
        CheckState::Passed => ActionValue::Verified,
        CheckState::Inconclusive => ActionValue::IssuerUnavailable,
        CheckState::NotPerformed => ActionValue::NotDone,
        _ => ActionValue::NotVerified,
    }
}

const fn returned(state: CheckState) -> ActionValue {
    match state {
        CheckState::Completed => ActionValue::Returned,
        _ => ActionValue::NotReturned,
    }
}

const fn general(state: CheckState) -> ActionValue {
    match state {
        CheckState::Passed => ActionValue::Passed,
        CheckState::Completed => ActionValue::Completed,
        CheckState::Failed => ActionValue::Failed,
        CheckState::Inconclusive => ActionValue::UnableToDetermine,
        CheckState::NotPerformed => ActionValue::NotDone,
        CheckState::NoReference => ActionValue::IdAuthorityPhotoNotAvailable,
        CheckState::UnderReview => ActionValue::UnderReview,
        CheckState::ProvisionallyApproved => ActionValue::ProvisionallyApproved,
        CheckState::Referred => ActionValue::SentToHumanReview,
        CheckState::Approved => ActionValue::Approved,
        CheckState::Rejected => ActionValue::Rejected,
    }
}

/// How what was said of the person compares with the record, where the action is about that.
fn compared(action: Action, outcome: &JobOutcome) -> Option<ActionValue> {
    let identity = outcome.identity.as_ref();
    let matches = identity.and_then(|identity| identity.matches);
    let of = |field: FieldMatch| match field {
        FieldMatch::Exact => ActionValue::ExactMatch,
        FieldMatch::Partial => ActionValue::PartialMatch,
        FieldMatch::Transposed => ActionValue::Transposed,
        FieldMatch::NoMatch => ActionValue::NoMatch,
        FieldMatch::NotProvided => ActionValue::NotProvided,
        FieldMatch::NotDone => ActionValue::NotDone,
    };
    let field = |field: Option<FieldMatch>| Some(field.map_or(ActionValue::NotDone, of));
    match action {
        Action::Names => field(matches.map(|m| m.names)),
        Action::Dob => field(matches.map(|m| m.dob)),
        Action::Gender => field(matches.map(|m| m.gender)),
        Action::PhoneNumber => field(matches.map(|m| m.phone_number)),
        Action::IdVerification => Some(match identity.and_then(|i| i.lookup.as_ref()) {
            Some(lookup) if lookup.answer.is_found() => match outcome.code {
                ResultCode::FieldsMatch => ActionValue::ExactMatch,
                ResultCode::FieldsMatchPartly => ActionValue::PartialMatch,
                _ => ActionValue::NoMatch,
            },
            Some(lookup) if lookup.answer == Answer::Unavailable => ActionValue::IssuerUnavailable,
            _ => ActionValue::NotDone,
        }),
        _ => None,
    }
}
