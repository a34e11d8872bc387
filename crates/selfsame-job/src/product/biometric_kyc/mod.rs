//! Enhanced KYC + SmartSelfie: an authority's record is fetched, its photograph compared with the selfie, and the person enrolled.

use selfsame_wire::job_type::JobType as WireJobType;
use selfsame_wire::result::ResultCode;

use super::registration::Registration;
use super::{Codes, FaceProduct, Product, Wanted};
use crate::admission::{NotAdmitted, OnFile};
use crate::outcome::{CheckState, Checked, Checks};
use crate::policy::Policy;
use crate::portrait::{PortraitOutcome, PortraitSource};
use crate::review::ReviewDecision;
use crate::served::Served;
use crate::user::{User, UserStanding};
use crate::verdict::{Decision, Judging, Seen, Verdict};

/// Job type 1.
#[derive(Debug)]
pub struct BiometricKyc;

const CODES: Codes = Codes {
    pass: ResultCode::KycPass,
    provisional: ResultCode::KycProvisional,
    fail: ResultCode::KycFail,
    no_face: ResultCode::KycNoFace,
    possible_spoof: ResultCode::KycSpoof,
    // The family has no code of its own for it.
    poor_quality: ResultCode::Unusable,
    approved: ResultCode::ReviewEnrolPass,
    rejected: ResultCode::ReviewEnrolFail,
    spoof: ResultCode::ReviewEnrolSpoof,
    unusable: ResultCode::ReviewEnrolUnusable,
};

impl Product for BiometricKyc {
    fn wire_type(&self) -> WireJobType {
        WireJobType::BiometricKyc
    }

    fn name(&self) -> &'static str {
        "biometric_kyc"
    }

    fn called(&self) -> &'static str {
        "Biometric KYC"
    }

    fn title(&self) -> &'static str {
        "SAIA"
    }

    fn looks_up(&self) -> Option<Wanted> {
        Some(Wanted::Record)
    }

    fn face(&self) -> Option<&'static dyn FaceProduct> {
        Some(&Self)
    }
}

/// Whom it admits, and what it puts on file, is what a registration does.
impl FaceProduct for BiometricKyc {
    fn enrols(&self) -> bool {
        true
    }

    fn compares_with_portrait(&self) -> bool {
        true
    }

    fn codes(&self) -> &'static Codes {
        &CODES
    }

    fn may_begin(
        &self,
        user: Option<UserStanding>,
        allow_new_enroll: bool,
    ) -> Result<(), NotAdmitted> {
        Registration.may_begin(user, allow_new_enroll)
    }

    fn admit<'u>(
        &self,
        user: Option<&'u User>,
        allow_new_enroll: bool,
        policy: &Policy,
        served: &'u Served,
    ) -> Result<OnFile<'u>, NotAdmitted> {
        Registration.admit(user, allow_new_enroll, policy, served)
    }

    fn judge(&self, seen: &Seen<'_>, policy: &Policy) -> Decision {
        let mut judging = Judging::new(policy);
        // What was found is in `judging`; the outcome only ended the checks.
        let (on_file, thresholds) = seen.on_file;
        let _ = judging
            .capture(seen)
            .and_then(|()| judging.portrait(seen.capture, seen.portrait))
            .and_then(|()| judging.replace(seen.capture, on_file, thresholds))
            .and_then(|()| judging.search(seen.duplicates));
        judging.end()
    }

    fn check(&self, decision: &Decision, awaits: bool, checks: &mut Checks) {
        Registration.check(decision, awaits, checks);
        let (source, state) = match decision.portrait {
            None => (PortraitSource::Authority, CheckState::NotPerformed),
            Some((source, PortraitOutcome::Absent | PortraitOutcome::Unusable)) => {
                (source, CheckState::NoReference)
            }
            Some((source, PortraitOutcome::Compared(_))) => (
                source,
                match decision.verdict {
                    Verdict::NoMatch => CheckState::Failed,
                    Verdict::Provisional if awaits => CheckState::UnderReview,
                    _ => CheckState::Completed,
                },
            ),
        };
        checks.set(source.checked(), state);
    }

    fn rule(&self, decision: ReviewDecision, checks: &mut Checks) {
        Registration.rule(decision, checks);
        if decision == ReviewDecision::Reject {
            for checked in [Checked::AuthorityComparison, Checked::CardComparison] {
                if checks.of(checked).is_some() {
                    checks.set(checked, CheckState::Rejected);
                }
            }
        }
    }
}
