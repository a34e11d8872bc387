//! SmartSelfie compare: a selfie is compared with a photograph that the caller brings, and the person enrolled.
//!
//! It judges as biometric KYC does where an ID card takes the place of the record. No authority is asked.

use selfsame_wire::job_type::JobType as WireJobType;

use super::biometric_kyc::BiometricKyc;
use super::{Codes, FaceProduct, Product};
use crate::admission::{NotAdmitted, OnFile};
use crate::outcome::Checks;
use crate::policy::Policy;
use crate::review::ReviewDecision;
use crate::served::Served;
use crate::user::{User, UserStanding};
use crate::verdict::{Decision, Seen};

/// v3's compare. v1 has no number of its own for it: there it is a job type 1 with an ID card.
#[derive(Debug)]
pub struct Compare;

impl Product for Compare {
    fn wire_type(&self) -> WireJobType {
        WireJobType::BiometricKyc
    }

    fn name(&self) -> &'static str {
        "compare"
    }

    fn called(&self) -> &'static str {
        "SmartSelfie compare"
    }

    fn title(&self) -> &'static str {
        "SmartSelfie Compare"
    }

    fn face(&self) -> Option<&'static dyn FaceProduct> {
        Some(&Self)
    }
}

impl FaceProduct for Compare {
    fn enrols(&self) -> bool {
        BiometricKyc.enrols()
    }

    fn compares_with_portrait(&self) -> bool {
        true
    }

    fn codes(&self) -> &'static Codes {
        BiometricKyc.codes()
    }

    fn may_begin(
        &self,
        user: Option<UserStanding>,
        allow_new_enroll: bool,
    ) -> Result<(), NotAdmitted> {
        BiometricKyc.may_begin(user, allow_new_enroll)
    }

    fn admit<'u>(
        &self,
        user: Option<&'u User>,
        allow_new_enroll: bool,
        policy: &Policy,
        served: &'u Served,
    ) -> Result<OnFile<'u>, NotAdmitted> {
        BiometricKyc.admit(user, allow_new_enroll, policy, served)
    }

    fn judge(&self, seen: &Seen<'_>, policy: &Policy) -> Decision {
        BiometricKyc.judge(seen, policy)
    }

    fn check(&self, decision: &Decision, awaits: bool, checks: &mut Checks) {
        BiometricKyc.check(decision, awaits, checks);
    }

    fn rule(&self, decision: ReviewDecision, checks: &mut Checks) {
        BiometricKyc.rule(decision, checks);
    }
}
