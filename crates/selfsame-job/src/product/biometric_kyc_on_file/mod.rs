//! Enhanced KYC + SmartSelfie of an enrolled user without a new selfie: an authority's record is fetched, and its photograph compared
//! with the photograph on file.
//!
//! Nobody is before a camera: that a live person was is what the enrolment found. What is on file stays.

use selfsame_wire::job_type::JobType as WireJobType;

use super::authentication::Authentication;
use super::biometric_kyc::BiometricKyc;
use super::{Codes, FaceProduct, JobType, Product, Wanted};
use crate::admission::{NotAdmitted, OnFile};
use crate::outcome::{Checked, Checks};
use crate::policy::Policy;
use crate::review::ReviewDecision;
use crate::served::Served;
use crate::user::{User, UserStanding};
use crate::verdict::{Decision, Judging, Seen};

/// Job type 1 with `use_enrolled_image`.
#[derive(Debug)]
pub struct BiometricKycOnFile;

impl Product for BiometricKycOnFile {
    fn wire_type(&self) -> WireJobType {
        WireJobType::BiometricKyc
    }

    fn name(&self) -> &'static str {
        "biometric_kyc_on_file"
    }

    fn called(&self) -> &'static str {
        "Biometric KYC of the photo on file"
    }

    fn title(&self) -> &'static str {
        // The wire's word for a machine's result of type 1, whatever the selfie.
        BiometricKyc.title()
    }

    fn looks_up(&self) -> Option<Wanted> {
        Some(Wanted::Record)
    }

    fn face(&self) -> Option<&'static dyn FaceProduct> {
        Some(&Self)
    }

    fn judged_as(&self) -> Option<JobType> {
        Some(JobType::BiometricKyc)
    }
}

impl FaceProduct for BiometricKycOnFile {
    fn enrols(&self) -> bool {
        false
    }

    fn compares_with_portrait(&self) -> bool {
        true
    }

    fn takes_photo_on_file(&self) -> bool {
        true
    }

    fn codes(&self) -> &'static Codes {
        BiometricKyc.codes()
    }

    /// Who may be authenticated: there must be a photograph on file.
    fn may_begin(
        &self,
        user: Option<UserStanding>,
        allow_new_enroll: bool,
    ) -> Result<(), NotAdmitted> {
        Authentication.may_begin(user, allow_new_enroll)
    }

    fn admit<'u>(
        &self,
        user: Option<&'u User>,
        allow_new_enroll: bool,
        policy: &Policy,
        served: &'u Served,
    ) -> Result<OnFile<'u>, NotAdmitted> {
        Authentication.admit(user, allow_new_enroll, policy, served)
    }

    /// The photographs alone: how good the one on file is, and whether it is live, was judged when it was put there.
    fn judge(&self, seen: &Seen<'_>, policy: &Policy) -> Decision {
        let mut judging = Judging::new(policy);
        // What was found is in `judging`; the outcome only ended the checks.
        let _ = judging
            .face(seen)
            .and_then(|()| judging.portrait(seen.capture, seen.portrait));
        judging.end()
    }

    fn check(&self, decision: &Decision, awaits: bool, checks: &mut Checks) {
        BiometricKyc.check(decision, awaits, checks);
        // Nobody is enrolled by it.
        checks.leave_out(Checked::Enrolment);
    }

    fn rule(&self, decision: ReviewDecision, checks: &mut Checks) {
        BiometricKyc.rule(decision, checks);
        checks.leave_out(Checked::Enrolment);
    }
}
