//! Update of a photograph: a new selfie takes the place of the one on file, once it shows the same person.
//!
//! It is an authentication whose pass puts the new face on file, by the strictest thresholds of any product: whoever replaces a face
//! may authenticate ever after.

use selfsame_wire::job_type::JobType as WireJobType;

use super::authentication::Authentication;
use super::{Codes, FaceProduct, JobType, Product};
use crate::admission::{NotAdmitted, OnFile};
use crate::outcome::{CheckState, Checked, Checks};
use crate::policy::{Policy, ReplacementMode};
use crate::review::ReviewDecision;
use crate::served::Served;
use crate::user::{User, UserStanding};
use crate::verdict::{Decision, Judging, ReferenceGone, Seen, Verdict};

/// Job type 8.
#[derive(Debug)]
pub struct UpdatePhoto;

impl Product for UpdatePhoto {
    fn wire_type(&self) -> WireJobType {
        WireJobType::UpdatePhoto
    }

    fn name(&self) -> &'static str {
        "update_photo"
    }

    fn called(&self) -> &'static str {
        "update of the photo on file"
    }

    fn title(&self) -> &'static str {
        "SmartSelfie Update"
    }

    fn face(&self) -> Option<&'static dyn FaceProduct> {
        Some(&Self)
    }

    /// It puts a face on file, as an enrolment does.
    fn judged_as(&self) -> Option<JobType> {
        Some(JobType::Enrolment)
    }

    /// Its face may authenticate ever after.
    fn challenged_as(&self) -> Option<JobType> {
        Some(JobType::Authentication)
    }
}

impl FaceProduct for UpdatePhoto {
    fn enrols(&self) -> bool {
        true
    }

    fn codes(&self) -> &'static Codes {
        Authentication.codes()
    }

    /// Who may be authenticated.
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
        let on_file = Authentication.admit(user, allow_new_enroll, policy, served)?;
        if policy.replacement.mode == ReplacementMode::Refuse {
            return Err(NotAdmitted::NeverReplaced);
        }
        Ok(on_file)
    }

    fn judge(&self, seen: &Seen<'_>, policy: &Policy) -> Decision {
        let (OnFile::Face(enrolled), thresholds) = seen.on_file else {
            return Decision::without_evidence(Verdict::ReferenceGone(ReferenceGone::NotEnrolled));
        };
        let mut judging = Judging::new(policy);
        // What was found is in `judging`; the outcome only ended the checks.
        let _ = judging
            .capture(seen)
            .and_then(|()| judging.update(seen.capture, enrolled, thresholds))
            .and_then(|()| judging.search(seen.duplicates));
        judging.end()
    }

    fn check(&self, decision: &Decision, awaits: bool, checks: &mut Checks) {
        Authentication.check(decision, awaits, checks);
        let updated = match decision.verdict {
            Verdict::Pass => CheckState::Passed,
            Verdict::Provisional => CheckState::UnderReview,
            Verdict::NoMatch | Verdict::Duplicate | Verdict::PossibleSpoof => CheckState::Failed,
            _ => CheckState::NotPerformed,
        };
        checks.set(Checked::ReferenceUpdate, updated);
        if decision.verdict == Verdict::Provisional {
            checks.set(Checked::ReviewOfUpdate, CheckState::Referred);
        }
    }

    fn rule(&self, decision: ReviewDecision, checks: &mut Checks) {
        Authentication.rule(decision, checks);
        for checked in [Checked::ReferenceUpdate, Checked::ReviewOfUpdate] {
            checks.set(checked, CheckState::ruled(decision));
        }
    }
}
