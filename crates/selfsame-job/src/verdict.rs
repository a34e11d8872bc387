//! From evidence to a verdict, by policy.
//!
//! The checks run in the order of [`Check`]: face, quality, liveness, replay, comparison. What the user's account, the package
//! and the image themselves bring about ended the job before. A check that refuses ends the job: whoever does not pass the liveness check
//! is not told how alike the faces are. What asks for a review does not end it: a later check may still refuse.

use jiff::Timestamp;
use selfsame_face::evidence::CaptureEvidence;
use selfsame_face::template::ComparisonScore;
use serde::{Deserialize, Serialize};

use crate::admission::{NotAdmitted, OnFile};
use crate::challenge::Challenge;
use crate::liveness::{self, LivenessOutcome};
use crate::policy::{ComparisonPolicy, Policy, ReplacementMode};
use crate::portrait::{Portrait, PortraitOutcome, PortraitSource, Shows};
use crate::quality;
use crate::reason::{Check, Reason, Response};
use crate::replay::{self, Duplicate, Recurrence};
use crate::served::Enrolled;

/// What a job comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The person is enrolled, or is the enrolled person.
    Pass,
    /// Nothing refuses it, but a person must look.
    Provisional,
    /// Another person.
    NoMatch,
    /// The person is enrolled under another name.
    Duplicate,
    /// No live person, or images that were used before.
    PossibleSpoof,
    /// No face in the selfie.
    NoFace,
    /// More than one face of about the same size.
    SeveralFaces,
    /// A face, but not good enough to decide by.
    PoorQuality,
    /// The image cannot be read; the text says why.
    UnusableImage(String),
    /// The package cannot be read; the text says why.
    CorruptPackage(String),
    /// There is no photograph of the identity that the selfie could be compared with.
    NoPortrait,
    /// Somebody enrolled this user while the job was under way, or the policy came to let no face be replaced.
    AlreadyEnrolled,
    /// Too many of the user's attempts failed; no attempt counts before this moment.
    LockedOut(Timestamp),
    /// The user is locked for fraud, disabled, deleted, not enrolled, or has no photo on file (any more).
    ReferenceGone(ReferenceGone),
    /// The job could not be processed, however often it was tried.
    SystemError,
}

/// Why there is nothing to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceGone {
    /// Never enrolled (2210).
    NotEnrolled,
    /// Disabled (2207).
    Disabled,
    /// Deleted (2208).
    Deleted,
    /// Reported for fraud, and not cleared since (2207; v3: `account_locked_fraud`).
    FraudLocked,
    /// No photo on file (2216).
    NoPhoto,
    /// Enrolled with another recognition model (2211).
    OtherModel,
}

/// A comparison and the thresholds that judged it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Cosine, −1 to 1.
    pub score: ComparisonScore,
    /// The thresholds.
    #[serde(flatten)]
    pub thresholds: ComparisonPolicy,
}

/// A verdict with what led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What the job comes to.
    pub verdict: Verdict,
    /// The comparison with what is on file of the user, where one was made.
    pub comparison: Option<Comparison>,
    /// What came of the comparison with the identity's photograph, where the job has one.
    pub portrait: Option<(PortraitSource, PortraitOutcome)>,
    /// What came of the liveness check.
    pub liveness: LivenessOutcome,
    /// What speaks against the capture and counts: what refuses it first, then what asks for a review.
    pub reasons: Vec<Reason>,
    /// What speaks against it and, by the policy, is only reported.
    pub reported: Vec<Reason>,
}

/// Everything that a capture is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'e> {
    /// What its images say.
    pub capture: &'e CaptureEvidence,
    /// All models that detect presentation attacks are loaded: what they did not measure speaks against the capture.
    pub detects_presentation_attacks: bool,
    /// Its images that were accepted before.
    pub recurrences: &'e [Recurrence],
    /// Other users with this face; only looked for at enrolment.
    pub duplicates: &'e [Duplicate],
    /// The challenge that the capture answers.
    pub challenge: Option<&'e Challenge>,
    /// The identity's photograph, of a job that has one.
    pub portrait: Option<Portrait<'e>>,
    /// What is on file of the user, and what an enrolment's new face must score against it.
    pub on_file: (OnFile<'e>, ComparisonPolicy),
}

impl<'e> Seen<'e> {
    /// A capture alone, without a detector or a memory.
    #[must_use]
    pub const fn alone(capture: &'e CaptureEvidence) -> Self {
        Self {
            capture,
            detects_presentation_attacks: false,
            recurrences: &[],
            duplicates: &[],
            portrait: None,
            challenge: None,
            on_file: (OnFile::Nobody, ComparisonPolicy::BUILT_IN),
        }
    }
}

/// Collects what is found until something refuses. A product puts its checks together of these.
pub(crate) struct Judging<'p> {
    policy: &'p Policy,
    found: Vec<(Reason, Response)>,
    liveness: LivenessOutcome,
    comparison: Option<Comparison>,
    portrait: Option<(PortraitSource, PortraitOutcome)>,
}

impl<'p> Judging<'p> {
    pub(crate) fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            found: Vec::new(),
            liveness: LivenessOutcome::not_reached(),
            comparison: None,
            portrait: None,
        }
    }

    fn answer(&self, reasons: Vec<Reason>) -> Vec<(Reason, Response)> {
        let answers = &self.policy.responses;
        reasons.into_iter().map(|r| (r, answers.to(r))).collect()
    }

    /// Notes what a check found. `Err`: it refuses.
    fn note(&mut self, found: Vec<(Reason, Response)>) -> Result<(), ()> {
        self.found.extend(found);
        if self.found.iter().any(|(_, r)| *r == Response::Refuse) {
            Err(())
        } else {
            Ok(())
        }
    }

    /// Whether there is a face at all.
    pub(crate) fn face(&mut self, seen: &Seen<'_>) -> Result<(), ()> {
        let selfie = &seen.capture.selfie;
        if selfie.faces.is_empty() || seen.capture.probe().is_none() {
            self.note(self.answer(vec![Reason::NoFace]))?;
            return Err(());
        }
        Ok(())
    }

    /// The checks that enrolment and authentication share.
    pub(crate) fn capture(&mut self, seen: &Seen<'_>) -> Result<(), ()> {
        self.face(seen)?;
        let selfie = &seen.capture.selfie;
        let Some(face) = selfie.faces.first() else {
            return Err(());
        };
        if quality::crowd(selfie, &self.policy.quality) {
            self.note(self.answer(vec![Reason::SeveralFaces]))?;
        }
        self.note(self.answer(quality::flaws(selfie, face, &self.policy.quality)))?;
        let answers = self.policy.responses;
        let (outcome, reasons) = liveness::judge(
            seen.capture,
            seen.challenge,
            seen.detects_presentation_attacks,
            &self.policy.liveness,
            |reason| answers.to(reason),
        );
        self.liveness = outcome;
        self.note(self.answer(reasons))?;
        self.note(replay::judge(seen.recurrences, &self.policy.replay))
    }

    /// The score against what is on file, by the probe that the same model made.
    fn score(
        &mut self,
        capture: &CaptureEvidence,
        enrolled: Enrolled<'_>,
    ) -> Result<ComparisonScore, ()> {
        let probe = capture.probe_by(enrolled.model());
        let Some(score) = probe.and_then(|probe| enrolled.compare(probe)) else {
            // That model saw no face where the primary one did.
            self.note(self.answer(vec![Reason::NoFace]))?;
            return Err(());
        };
        Ok(score)
    }

    /// The probe against the templates on file.
    pub(crate) fn compare(
        &mut self,
        capture: &CaptureEvidence,
        enrolled: Enrolled<'_>,
    ) -> Result<(), ()> {
        let thresholds = thresholds(enrolled, self.policy.comparison);
        let score = self.score(capture, enrolled)?;
        self.comparison = Some(Comparison { score, thresholds });
        let reasons = if score.value() >= thresholds.match_threshold {
            Vec::new()
        } else if score.value() >= thresholds.review_threshold {
            vec![Reason::BetweenThresholds]
        } else {
            vec![Reason::OtherPerson]
        };
        self.note(self.answer(reasons))
    }

    /// The probe against the identity's photograph.
    pub(crate) fn portrait(
        &mut self,
        capture: &CaptureEvidence,
        portrait: Option<Portrait<'_>>,
    ) -> Result<(), ()> {
        let portrait = portrait.unwrap_or(Portrait {
            source: PortraitSource::Authority,
            shows: Shows::Nothing,
        });
        let (outcome, reasons) = match portrait.shows {
            Shows::Nothing => (PortraitOutcome::Absent, vec![Reason::PortraitMissing]),
            Shows::NoUsableFace => (PortraitOutcome::Unusable, vec![Reason::PortraitUnusable]),
            Shows::Face(face) => {
                let thresholds = thresholds(face, self.policy.comparison);
                let score = self.score(capture, face)?;
                let reasons = if score.value() >= thresholds.match_threshold {
                    Vec::new()
                } else if score.value() >= thresholds.review_threshold {
                    vec![Reason::BetweenThresholds]
                } else {
                    vec![Reason::OtherPersonThanPortrait]
                };
                let compared = PortraitOutcome::Compared(Comparison { score, thresholds });
                (compared, reasons)
            }
        };
        self.portrait = Some((portrait.source, outcome));
        self.note(self.answer(reasons))
    }

    /// Whether the new face may replace what is on file. It never refuses: that is admission's, or a person's.
    pub(crate) fn replace(
        &mut self,
        capture: &CaptureEvidence,
        on_file: OnFile<'_>,
        policy: ComparisonPolicy,
    ) -> Result<(), ()> {
        let mode = self.policy.replacement.mode;
        let response = match mode {
            ReplacementMode::Allow => Response::Report,
            ReplacementMode::Match | ReplacementMode::Review | ReplacementMode::Refuse => {
                Response::Review
            }
        };
        let found = match on_file {
            OnFile::Nobody => return Ok(()),
            OnFile::Incomparable => Some(Reason::ReplacementNotComparable),
            OnFile::Face(enrolled) => {
                let thresholds = thresholds(enrolled, policy);
                let score = self.score(capture, enrolled)?;
                self.comparison = Some(Comparison { score, thresholds });
                if score.value() >= thresholds.match_threshold {
                    None
                } else if score.value() >= thresholds.review_threshold {
                    Some(Reason::ReplacementUnclear)
                } else {
                    Some(Reason::ReplacementMismatch)
                }
            }
        };
        let mut noted: Vec<_> = found.into_iter().map(|reason| (reason, response)).collect();
        if matches!(mode, ReplacementMode::Review | ReplacementMode::Refuse) {
            noted.push((Reason::ReplacementReview, response));
        }
        self.note(noted)
    }

    /// Whether the new face may take the place of the one on file, where nothing but its likeness to that lets it.
    pub(crate) fn update(
        &mut self,
        capture: &CaptureEvidence,
        enrolled: Enrolled<'_>,
        policy: ComparisonPolicy,
    ) -> Result<(), ()> {
        let thresholds = thresholds(enrolled, policy);
        let score = self.score(capture, enrolled)?;
        self.comparison = Some(Comparison { score, thresholds });
        let mut noted = Vec::new();
        if score.value() < thresholds.review_threshold {
            noted.push((Reason::OtherPerson, Response::Refuse));
        } else if score.value() < thresholds.match_threshold {
            noted.push((Reason::ReplacementUnclear, Response::Review));
        }
        let mode = self.policy.replacement.mode;
        if matches!(mode, ReplacementMode::Review | ReplacementMode::Refuse) {
            noted.push((Reason::ReplacementReview, Response::Review));
        }
        self.note(noted)
    }

    /// Whether somebody else has this face.
    pub(crate) fn search(&mut self, duplicates: &[Duplicate]) -> Result<(), ()> {
        let policy = self.policy.duplicates;
        let counts = |d: &Duplicate| d.score.value() >= d.threshold.unwrap_or(policy.threshold);
        if duplicates.iter().any(counts) {
            return self.note(vec![(Reason::Duplicate, policy.response)]);
        }
        Ok(())
    }

    /// What all of it comes to.
    pub(crate) fn end(self) -> Decision {
        let of = |response: Response| {
            self.found
                .iter()
                .filter(move |(_, r)| *r == response)
                .map(|(reason, _)| *reason)
        };
        let verdict = match of(Response::Refuse).next() {
            Some(reason) => refusal(reason),
            None if of(Response::Review).next().is_some() => Verdict::Provisional,
            None => Verdict::Pass,
        };
        Decision {
            verdict,
            reasons: of(Response::Refuse).chain(of(Response::Review)).collect(),
            reported: of(Response::Report).collect(),
            comparison: self.comparison,
            portrait: self.portrait,
            liveness: self.liveness,
        }
    }
}

/// The thresholds of the templates' own model where they are another's, else the policy's.
fn thresholds(enrolled: Enrolled<'_>, policy: ComparisonPolicy) -> ComparisonPolicy {
    enrolled
        .thresholds()
        .map_or(policy, |own| ComparisonPolicy {
            match_threshold: own.same,
            review_threshold: own.review,
        })
}

/// What a job comes to that a reason refuses.
const fn refusal(reason: Reason) -> Verdict {
    match (reason, reason.check()) {
        (Reason::NoFace, _) => Verdict::NoFace,
        (Reason::SeveralFaces, _) => Verdict::SeveralFaces,
        (Reason::Duplicate, _) => Verdict::Duplicate,
        (_, Check::Account) => Verdict::ReferenceGone(ReferenceGone::FraudLocked),
        (Reason::PortraitMissing | Reason::PortraitUnusable, _) => Verdict::NoPortrait,
        (_, Check::Face | Check::Quality) => Verdict::PoorQuality,
        (_, Check::Liveness | Check::Replay) => Verdict::PossibleSpoof,
        (_, Check::Comparison) => Verdict::NoMatch,
    }
}

impl Comparison {
    /// The wire's `ConfidenceValue`, 0 to 100: 50 at the match threshold, linear on either side of it, 0 for cosines up to 0.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        let (score, threshold) = (
            f64::from(self.score.value()),
            f64::from(self.thresholds.match_threshold),
        );
        let confidence = if score < threshold {
            50.0 * score / threshold
        } else if threshold < 1.0 {
            50.0 + 50.0 * (score - threshold) / (1.0 - threshold)
        } else {
            100.0
        };
        confidence.clamp(0.0, 100.0)
    }
}

impl Decision {
    /// The comparison that the job is about: with the identity's photograph where there is one, else with what is on file.
    #[must_use]
    pub const fn compared(&self) -> Option<Comparison> {
        match self.portrait {
            Some((_, PortraitOutcome::Compared(comparison))) => Some(comparison),
            _ => self.comparison,
        }
    }

    /// Whether the face was found to be the one on file.
    #[must_use]
    pub fn matched(&self) -> bool {
        self.comparison
            .is_some_and(|c| c.score.value() >= c.thresholds.match_threshold)
    }

    /// What a job comes to that is not admitted any more when it is judged.
    #[must_use]
    pub fn not_admitted(why: NotAdmitted) -> Self {
        let verdict = match why {
            NotAdmitted::AlreadyEnrolled | NotAdmitted::NeverReplaced => Verdict::AlreadyEnrolled,
            NotAdmitted::NoReference(gone) => Verdict::ReferenceGone(gone),
        };
        let locked = why == NotAdmitted::NoReference(ReferenceGone::FraudLocked);
        Self {
            reasons: locked
                .then_some(Reason::AccountLockedFraud)
                .into_iter()
                .collect(),
            ..Self::without_evidence(verdict)
        }
    }

    /// A decision without evidence: what ended the job came before or after the pixels.
    #[must_use]
    pub fn without_evidence(verdict: Verdict) -> Self {
        Self {
            verdict,
            comparison: None,
            portrait: None,
            liveness: LivenessOutcome::not_reached(),
            reasons: Vec::new(),
            reported: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
