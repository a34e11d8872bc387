//! SmartSelfie registration: a selfie becomes the reference of a user.

use selfsame_wire::job_type::JobType as WireJobType;
use selfsame_wire::result::ResultCode;

use super::{Codes, FaceProduct, Product};
use crate::admission::{NotAdmitted, OnFile};
use crate::outcome::{CheckState, Checked, Checks};
use crate::policy::{Policy, ReplacementMode};
use crate::review::ReviewDecision;
use crate::served::Served;
use crate::user::{User, UserStanding, UserStatus};
use crate::verdict::{Decision, Judging, ReferenceGone, Seen, Verdict};

/// Job type 4.
#[derive(Debug)]
pub struct Registration;

const CODES: Codes = Codes {
    pass: ResultCode::EnrolPass,
    provisional: ResultCode::EnrolProvisional,
    fail: ResultCode::EnrolFail,
    no_face: ResultCode::EnrolNoFace,
    possible_spoof: ResultCode::PossibleSpoof,
    poor_quality: ResultCode::EnrolPoorQuality,
    approved: ResultCode::ReviewEnrolPass,
    rejected: ResultCode::ReviewEnrolFail,
    spoof: ResultCode::ReviewEnrolSpoof,
    unusable: ResultCode::ReviewEnrolUnusable,
};

impl Product for Registration {
    fn wire_type(&self) -> WireJobType {
        WireJobType::SmartSelfieRegistration
    }

    fn name(&self) -> &'static str {
        "enrolment"
    }

    fn called(&self) -> &'static str {
        "registration"
    }

    fn title(&self) -> &'static str {
        "SmartSelfie Registration"
    }

    fn face(&self) -> Option<&'static dyn FaceProduct> {
        Some(&Registration)
    }
}

impl FaceProduct for Registration {
    fn enrols(&self) -> bool {
        true
    }

    fn codes(&self) -> &'static Codes {
        &CODES
    }

    /// A user that is locked or disabled stays refused whatever the job says; a deleted one may only come back by a new enrolment
    /// that is expressly allowed, and not while it is locked: deletion lifts no lock.
    fn may_begin(
        &self,
        user: Option<UserStanding>,
        allow_new_enroll: bool,
    ) -> Result<(), NotAdmitted> {
        let Some(user) = user else { return Ok(()) };
        let gone = match user.status {
            UserStatus::Deleted if !allow_new_enroll => ReferenceGone::Deleted,
            _ if user.fraud_locked => ReferenceGone::FraudLocked,
            UserStatus::Disabled => ReferenceGone::Disabled,
            UserStatus::Active if !allow_new_enroll => return Err(NotAdmitted::AlreadyEnrolled),
            UserStatus::Active | UserStatus::Deleted => return Ok(()),
        };
        Err(NotAdmitted::NoReference(gone))
    }

    fn admit<'u>(
        &self,
        user: Option<&'u User>,
        allow_new_enroll: bool,
        policy: &Policy,
        served: &'u Served,
    ) -> Result<OnFile<'u>, NotAdmitted> {
        self.may_begin(user.map(User::standing), allow_new_enroll)?;
        let Some(user) = user.filter(|u| u.status == UserStatus::Active) else {
            return Ok(OnFile::Nobody);
        };
        if policy.replacement.mode == ReplacementMode::Refuse {
            return Err(NotAdmitted::NeverReplaced);
        }
        Ok(served
            .enrolled(user)
            .map_or(OnFile::Incomparable, OnFile::Face))
    }

    fn judge(&self, seen: &Seen<'_>, policy: &Policy) -> Decision {
        judge_enrolment(seen, policy)
    }

    fn check(&self, decision: &Decision, awaits: bool, checks: &mut Checks) {
        let enrolment = match decision.verdict {
            Verdict::Pass => CheckState::Passed,
            Verdict::Provisional => CheckState::UnderReview,
            _ => CheckState::Failed,
        };
        checks.set(Checked::Enrolment, enrolment);
        // It compares where it would replace a face.
        if decision.comparison.is_some() {
            let compared = match decision.verdict {
                Verdict::Provisional if awaits => CheckState::UnderReview,
                _ => CheckState::Completed,
            };
            checks.set(Checked::ReferenceComparison, compared);
        }
    }

    fn rule(&self, decision: ReviewDecision, checks: &mut Checks) {
        checks.set(Checked::Enrolment, CheckState::ruled(decision));
    }
}

/// Judges a capture for enrolment.
#[must_use]
pub fn judge_enrolment(seen: &Seen<'_>, policy: &Policy) -> Decision {
    let mut judging = Judging::new(policy);
    // What was found is in `judging`; the outcome only ended the checks.
    let (on_file, thresholds) = seen.on_file;
    let _ = judging
        .capture(seen)
        .and_then(|()| judging.replace(seen.capture, on_file, thresholds))
        .and_then(|()| judging.search(seen.duplicates));
    judging.end()
}
