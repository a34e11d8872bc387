//! SmartSelfie authentication: a selfie is compared with the reference on file.

use selfsame_wire::job_type::JobType as WireJobType;
use selfsame_wire::result::ResultCode;

use super::{Codes, FaceProduct, Product};
use crate::admission::{NotAdmitted, OnFile};
use crate::outcome::{CheckState, Checked, Checks};
use crate::policy::Policy;
use crate::review::ReviewDecision;
use crate::served::{Enrolled, Served};
use crate::user::{User, UserStanding, UserStatus};
use crate::verdict::{Decision, Judging, ReferenceGone, Seen, Verdict};

/// Job type 2.
#[derive(Debug)]
pub struct Authentication;

const CODES: Codes = Codes {
    pass: ResultCode::AuthenticatePass,
    provisional: ResultCode::AuthenticateProvisional,
    fail: ResultCode::AuthenticateFail,
    no_face: ResultCode::AuthenticateNoFace,
    possible_spoof: ResultCode::PossibleSpoof,
    poor_quality: ResultCode::AuthenticatePoorQuality,
    approved: ResultCode::ReviewAuthenticatePass,
    rejected: ResultCode::ReviewAuthenticateFail,
    spoof: ResultCode::ReviewAuthenticateSpoof,
    unusable: ResultCode::ReviewAuthenticateUnusable,
};

impl Product for Authentication {
    fn wire_type(&self) -> WireJobType {
        WireJobType::SmartSelfieAuthentication
    }

    fn name(&self) -> &'static str {
        "authentication"
    }

    fn called(&self) -> &'static str {
        "authentication"
    }

    fn title(&self) -> &'static str {
        "SmartSelfie Authentication"
    }

    fn face(&self) -> Option<&'static dyn FaceProduct> {
        Some(&Authentication)
    }
}

impl FaceProduct for Authentication {
    fn enrols(&self) -> bool {
        false
    }

    fn codes(&self) -> &'static Codes {
        &CODES
    }

    /// Only an active user that is not locked may be authenticated.
    fn may_begin(&self, user: Option<UserStanding>, _: bool) -> Result<(), NotAdmitted> {
        let gone = match user.map(|u| (u.status, u.fraud_locked)) {
            None => ReferenceGone::NotEnrolled,
            Some((UserStatus::Deleted, _)) => ReferenceGone::Deleted,
            Some((_, true)) => ReferenceGone::FraudLocked,
            Some((UserStatus::Disabled, false)) => ReferenceGone::Disabled,
            Some((UserStatus::Active, false)) => return Ok(()),
        };
        Err(NotAdmitted::NoReference(gone))
    }

    fn admit<'u>(
        &self,
        user: Option<&'u User>,
        allow_new_enroll: bool,
        _: &Policy,
        served: &'u Served,
    ) -> Result<OnFile<'u>, NotAdmitted> {
        self.may_begin(user.map(User::standing), allow_new_enroll)?;
        let enrolled = user.filter(|u| u.reference.is_some());
        let enrolled = enrolled.ok_or(NotAdmitted::NoReference(ReferenceGone::NoPhoto))?;
        served
            .enrolled(enrolled)
            .map(OnFile::Face)
            .ok_or(NotAdmitted::NoReference(ReferenceGone::OtherModel))
    }

    fn judge(&self, seen: &Seen<'_>, policy: &Policy) -> Decision {
        let gone = match seen.on_file.0 {
            OnFile::Face(enrolled) => return judge_authentication(seen, enrolled, policy),
            OnFile::Incomparable => ReferenceGone::OtherModel,
            OnFile::Nobody => ReferenceGone::NotEnrolled,
        };
        Decision::without_evidence(Verdict::ReferenceGone(gone))
    }

    fn check(&self, decision: &Decision, awaits: bool, checks: &mut Checks) {
        let compared = match decision.verdict {
            Verdict::Provisional if awaits => CheckState::ProvisionallyApproved,
            Verdict::Pass | Verdict::Provisional => CheckState::Completed,
            Verdict::NoMatch => CheckState::Failed,
            _ => CheckState::NotPerformed,
        };
        checks.set(Checked::ReferenceComparison, compared);
    }

    fn rule(&self, decision: ReviewDecision, checks: &mut Checks) {
        if decision == ReviewDecision::Reject {
            checks.set(Checked::ReferenceComparison, CheckState::Rejected);
        }
    }
}

/// Judges a probe against the templates on file, by those of one model.
#[must_use]
pub fn judge_authentication<'u>(
    seen: &Seen<'_>,
    enrolled: impl Into<Enrolled<'u>>,
    policy: &Policy,
) -> Decision {
    let enrolled = enrolled.into();
    let mut judging = Judging::new(policy);
    // What was found is in `judging`; the outcome only ended the checks.
    let _ = judging
        .capture(seen)
        .and_then(|()| judging.compare(seen.capture, enrolled));
    judging.end()
}
