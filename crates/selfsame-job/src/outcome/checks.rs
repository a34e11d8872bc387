//! What a job checks, and what came of it.

use std::collections::BTreeMap;

use selfsame_wire::result::ResultCode;
use serde::{Deserialize, Serialize};

use crate::identity::Answer;
use crate::liveness::Side;
use crate::product::FaceProduct;
use crate::reason::Check;
use crate::review::ReviewDecision;
use crate::verdict::{Decision, Verdict};

/// Something that jobs check, in the words of ISO/IEC 2382-37 and 30107. What a job's product does not check is not in its
/// [`Checks`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// A live person was before the camera.
    PresentationAttack,
    /// The sample shows one face, well enough.
    SampleQuality,
    /// A sample came.
    Acquisition,
    /// The sample's template became the user's reference.
    Enrolment,
    /// The comparison with the reference on file.
    ReferenceComparison,
    /// An authority was asked about the identity.
    IdentityNumber,
    /// The authority's record went into the result.
    PersonalInformation,
    /// The comparison with the authority's photograph.
    AuthorityComparison,
    /// The comparison with the photograph on an ID card.
    CardComparison,
    /// What a person says of the comparison.
    ReviewOfComparison,
    /// What a person says of whether the capture is live.
    ReviewOfPresentationAttack,
    /// What a person says of the sample.
    ReviewOfSampleQuality,
    /// The sample took the place of the one on file.
    ReferenceUpdate,
    /// What a person says of that.
    ReviewOfUpdate,
}

impl Checked {
    /// What jobs check of which no more is known than that they were. Those of an update are not among them: no build updated that left
    /// so little behind.
    const ALL: [Self; 12] = [
        Self::PresentationAttack,
        Self::SampleQuality,
        Self::Acquisition,
        Self::Enrolment,
        Self::ReferenceComparison,
        Self::IdentityNumber,
        Self::PersonalInformation,
        Self::AuthorityComparison,
        Self::CardComparison,
        Self::ReviewOfComparison,
        Self::ReviewOfPresentationAttack,
        Self::ReviewOfSampleQuality,
    ];
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// The person passed.
    Passed,
    /// It was done; what it says was weighed elsewhere.
    Completed,
    /// The person did not pass.
    Failed,
    /// It was tried, without telling anything.
    Inconclusive,
    /// It was not reached.
    NotPerformed,
    /// There was nothing to compare with.
    NoReference,
    /// A person decides about what it found.
    UnderReview,
    /// It passes unless a person decides otherwise.
    ProvisionallyApproved,
    /// A person was asked.
    Referred,
    /// A person approved.
    Approved,
    /// A person rejected.
    Rejected,
}

impl CheckState {
    /// What a person's decision makes of what it was asked.
    #[must_use]
    pub const fn ruled(decision: ReviewDecision) -> Self {
        match decision {
            ReviewDecision::Approve => Self::Approved,
            _ => Self::Rejected,
        }
    }
}

/// What a job checked; what is no part of it is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checks(BTreeMap<Checked, CheckState>);

impl Checks {
    /// What came of a check; `None`: it is no part of the job.
    #[must_use]
    pub fn of(&self, checked: Checked) -> Option<CheckState> {
        self.0.get(&checked).copied()
    }

    /// Notes what came of a check.
    pub fn set(&mut self, checked: Checked, state: CheckState) {
        self.0.insert(checked, state);
    }

    /// Forgets a check that is no part of the job.
    pub(crate) fn leave_out(&mut self, checked: Checked) {
        self.0.remove(&checked);
    }

    fn refer(&mut self, checked: Checked, asked: bool) {
        if asked {
            self.set(checked, CheckState::Referred);
        }
    }

    /// Of a job that ended before anything was looked at, and of which nobody knows any more what it would have checked.
    pub(super) fn nothing_performed() -> Self {
        Self(Checked::ALL.map(|c| (c, CheckState::NotPerformed)).into())
    }

    /// Of a decision.
    pub(super) fn decided(decision: &Decision, face: &dyn FaceProduct, detector: bool) -> Self {
        let verdict = &decision.verdict;
        // Of a provisional verdict every reason that counts awaits a person.
        let awaits = |checks: &[Check]| {
            *verdict == Verdict::Provisional
                && decision.reasons.iter().any(|r| checks.contains(&r.check()))
        };
        let quality = awaits(&[Check::Face, Check::Quality]);
        let liveness = awaits(&[Check::Liveness, Check::Replay]);
        let comparison = awaits(&[Check::Comparison]);
        let mut checks = Self::default();
        let attack = if *verdict == Verdict::PossibleSpoof {
            Some(CheckState::Failed)
        } else if liveness {
            Some(CheckState::UnderReview)
        } else {
            presentation_attack(decision, detector)
        };
        if let Some(state) = attack {
            checks.set(Checked::PresentationAttack, state);
        }
        let sample = if quality {
            CheckState::UnderReview
        } else {
            sample_quality(verdict)
        };
        checks.set(Checked::SampleQuality, sample);
        let came = match verdict {
            Verdict::CorruptPackage(_) => CheckState::Inconclusive,
            _ => CheckState::Passed,
        };
        checks.set(Checked::Acquisition, came);
        face.check(decision, comparison, &mut checks);
        checks.refer(Checked::ReviewOfComparison, comparison);
        checks.refer(Checked::ReviewOfPresentationAttack, liveness);
        checks.refer(Checked::ReviewOfSampleQuality, quality);
        checks
    }

    /// Of a code that was forced: they follow the code, not what was seen.
    pub(super) fn forced(code: ResultCode, face: &dyn FaceProduct, detector: bool) -> Self {
        let decision = Decision::without_evidence(verdict_of(code));
        let mut checks = Self::decided(&decision, face, detector);
        let review = if !code.is_final() {
            CheckState::Referred
        } else if code.is_machine() {
            return checks;
        } else if code.is_success() {
            CheckState::Approved
        } else {
            CheckState::Rejected
        };
        checks.set(Checked::ReviewOfComparison, review);
        checks
    }

    /// Notes what came of a look-up; `told`: the record goes into the result.
    pub(super) fn note_lookup(&mut self, answer: &Answer, told: bool) {
        let number = match answer {
            Answer::Found(_) | Answer::Business(_) | Answer::Compared(_) => CheckState::Passed,
            Answer::NotFound | Answer::Malformed(_) => CheckState::Failed,
            Answer::Unavailable => CheckState::Inconclusive,
            Answer::NotEnabled => CheckState::NotPerformed,
        };
        self.set(Checked::IdentityNumber, number);
        let returned = if told && answer.is_found() {
            CheckState::Completed
        } else {
            CheckState::NotPerformed
        };
        self.set(Checked::PersonalInformation, returned);
    }

    /// What a person's decision makes of them.
    pub(crate) fn rule(&mut self, decision: ReviewDecision, face: &dyn FaceProduct) {
        for state in self.0.values_mut() {
            match state {
                // Of what a person was asked, a person has spoken.
                CheckState::Referred
                | CheckState::UnderReview
                | CheckState::ProvisionallyApproved => *state = CheckState::ruled(decision),
                _ => {}
            }
        }
        match decision {
            ReviewDecision::Approve => {}
            ReviewDecision::Reject => self.set(Checked::ReviewOfComparison, CheckState::Rejected),
            ReviewDecision::Spoof => {
                self.set(Checked::PresentationAttack, CheckState::Failed);
                self.set(Checked::ReviewOfPresentationAttack, CheckState::Rejected);
            }
            ReviewDecision::Unusable => {
                self.set(Checked::SampleQuality, CheckState::Failed);
                self.set(Checked::ReviewOfSampleQuality, CheckState::Rejected);
            }
        }
        face.rule(decision, self);
    }
}

/// `Passed` only where presentation attacks were really looked for, and nothing spoke for one.
fn presentation_attack(decision: &Decision, detector: bool) -> Option<CheckState> {
    let outcome = &decision.liveness;
    Some(match outcome.worst() {
        Side::Failed => CheckState::Failed,
        Side::UnderReview => CheckState::UnderReview,
        Side::Reported => CheckState::Inconclusive,
        Side::Passed | Side::NotPerformed if outcome.performed => CheckState::Passed,
        _ if detector => CheckState::NotPerformed,
        _ => return None,
    })
}

/// Nobody looked at the sample where the package, the image or the server failed first.
const fn sample_quality(verdict: &Verdict) -> CheckState {
    match verdict {
        Verdict::Pass
        | Verdict::Provisional
        | Verdict::NoMatch
        | Verdict::Duplicate
        | Verdict::PossibleSpoof
        | Verdict::NoPortrait
        | Verdict::AlreadyEnrolled => CheckState::Passed,
        Verdict::NoFace | Verdict::SeveralFaces | Verdict::PoorQuality => CheckState::Failed,
        Verdict::UnusableImage(_) => CheckState::Inconclusive,
        Verdict::CorruptPackage(_)
        | Verdict::ReferenceGone(_)
        | Verdict::LockedOut(_)
        | Verdict::SystemError => CheckState::NotPerformed,
    }
}

/// A verdict that would bring such a code.
fn verdict_of(code: ResultCode) -> Verdict {
    match code {
        c if c.is_success() => Verdict::Pass,
        c if !c.is_final() => Verdict::Provisional,
        ResultCode::AuthenticateNoFace | ResultCode::EnrolNoFace | ResultCode::KycNoFace => {
            Verdict::NoFace
        }
        ResultCode::AuthenticatePoorQuality | ResultCode::EnrolPoorQuality => Verdict::PoorQuality,
        ResultCode::PossibleSpoof
        | ResultCode::KycSpoof
        | ResultCode::ReviewEnrolSpoof
        | ResultCode::ReviewAuthenticateSpoof => Verdict::PossibleSpoof,
        ResultCode::CorruptZip => Verdict::CorruptPackage(String::new()),
        ResultCode::Unusable
        | ResultCode::ReviewEnrolUnusable
        | ResultCode::ReviewAuthenticateUnusable => Verdict::UnusableImage(String::new()),
        ResultCode::SystemError => Verdict::SystemError,
        _ => Verdict::NoMatch,
    }
}
