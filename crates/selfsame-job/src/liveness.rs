//! Whether a live person was before the camera: what the pictures look like, and what happens between them.

use selfsame_face::evidence::{CaptureEvidence, FrameEvidence, MotionEvidence};
use serde::Serialize;

use crate::challenge::{self, Challenge, ChallengeSide};
use crate::policy::{LivenessPolicy, MotionMode, MotionPolicy, PresentationAttackPolicy};
use crate::reason::{Reason, Response};

/// What came of one side of the liveness check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// It was not performed; [`LivenessOutcome`] says why.
    NotPerformed,
    /// Nothing speaks against a live person.
    Passed,
    /// Something does, but the policy only reports it.
    Reported,
    /// Something does; a person decides.
    UnderReview,
    /// Something does; the job does not pass.
    Failed,
}

/// What came of the liveness check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LivenessOutcome {
    /// Presentation-attack detection was performed. Movement alone does not count: a mask moves.
    pub performed: bool,
    /// Presentation-attack detection.
    pub passive: Side,
    /// Movement between the images.
    pub motion: Side,
    /// Why a side was not performed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_performed: Vec<&'static str>,
}

const NO_DETECTOR: &str = "passive: the presentation-attack detection model is not loaded";
const NOT_REACHED: &str = "passive, motion: an earlier check ended the job";
const MOTION_OFF: &str = "motion: the policy does not judge it";
const NO_FRAMES: &str = "motion: no liveness frames came, or too few show the face";

impl LivenessOutcome {
    /// Of a job that ended before liveness was looked at.
    #[must_use]
    pub fn not_reached() -> Self {
        Self {
            performed: false,
            passive: Side::NotPerformed,
            motion: Side::NotPerformed,
            not_performed: vec![NOT_REACHED],
        }
    }

    /// The graver of the two sides.
    #[must_use]
    pub fn worst(&self) -> Side {
        self.passive.max(self.motion)
    }
}

fn side(reasons: &[Reason], answer: impl Fn(Reason) -> Response) -> Side {
    match reasons.iter().map(|r| answer(*r)).max() {
        None => Side::Passed,
        Some(Response::Report) => Side::Reported,
        Some(Response::Review) => Side::UnderReview,
        Some(Response::Refuse) => Side::Failed,
    }
}

/// What speaks against a live person, and what came of each side.
pub(crate) fn judge(
    capture: &CaptureEvidence,
    challenge: Option<&Challenge>,
    detector: bool,
    policy: &LivenessPolicy,
    answer: impl Fn(Reason) -> Response,
) -> (LivenessOutcome, Vec<Reason>) {
    let mut outcome = LivenessOutcome {
        performed: false,
        passive: Side::NotPerformed,
        motion: Side::NotPerformed,
        not_performed: Vec::new(),
    };
    let mut reasons = Vec::new();
    let fused = capture.presentation_attack.as_ref().map(|e| e.fused);
    let pattern = pattern(capture.pattern, &policy.presentation_attack);
    if detector || fused.is_some() {
        let mut found = passive(fused, &policy.presentation_attack);
        // Score and pattern may both be unclear; that is one finding.
        found.extend(pattern.filter(|reason| !found.contains(reason)));
        outcome.performed = true;
        outcome.passive = side(&found, &answer);
        reasons.extend(found);
    } else {
        outcome.not_performed.push(NO_DETECTOR);
        // A pattern speaks against a face without the model too; its absence says nothing for one.
        if let Some(reason) = pattern {
            outcome.passive = side(&[reason], &answer);
            reasons.push(reason);
        }
    }
    let turned = challenge::judge(challenge, capture, &policy.challenge);
    let mut moved = motion(capture, policy);
    match turned {
        ChallengeSide::NotJudged => {}
        ChallengeSide::Followed => {
            moved
                .get_or_insert_default()
                .retain(|r| !challenge::outweighs(*r));
        }
        ChallengeSide::Against(reason) => moved.get_or_insert_default().push(reason),
    }
    match moved {
        Some(found) => {
            outcome.motion = side(&found, &answer);
            reasons.extend(found);
        }
        None if policy.motion.mode == MotionMode::Off => outcome.not_performed.push(MOTION_OFF),
        None => outcome.not_performed.push(NO_FRAMES),
    }
    (outcome, reasons)
}

/// A score that the detector could not give is not a good one.
fn passive(fused: Option<f32>, policy: &PresentationAttackPolicy) -> Vec<Reason> {
    match fused {
        Some(score) if score >= policy.review_below => Vec::new(),
        Some(score) if score < policy.reject_below => vec![Reason::PrintOrScreen],
        // NaN compares with nothing, and ends here as well.
        _ => vec![Reason::LivenessUnclear],
    }
}

fn pattern(decibels: Option<f32>, policy: &PresentationAttackPolicy) -> Option<Reason> {
    match decibels? {
        strength if strength > policy.max_pattern => Some(Reason::RegularPattern),
        strength if strength > policy.review_pattern => Some(Reason::LivenessUnclear),
        _ => None,
    }
}

/// `None`: movement was not judged, and nothing else in the frames speaks against the capture.
fn motion(capture: &CaptureEvidence, policy: &LivenessPolicy) -> Option<Vec<Reason>> {
    let turned = policy.challenge.min_likeness_turned;
    let turns = challenge::turns_as_a_head(capture, &policy.challenge);
    let policy = &policy.motion;
    if policy.mode == MotionMode::Off {
        return None;
    }
    let required = policy.mode == MotionMode::Required;
    let mut found = Vec::new();
    let repetition = capture.repetition;
    // No camera gives the same bytes twice; a person who holds still may give nearly the same picture.
    if repetition.identical_bytes > 0 || repetition.identical_pictures > policy.max_repeated {
        found.push(Reason::StillRepeated);
    }
    // A turned face is less alike than the person is.
    let least = |frame: &FrameEvidence| match frame.pose {
        Some(pose) if pose.is_turned() => turned.min(policy.min_likeness),
        _ => policy.min_likeness,
    };
    let is_another = |frame: &FrameEvidence| {
        let likeness = frame.likeness.map(|likeness| likeness.value());
        likeness.is_some_and(|score| score < least(frame))
    };
    if capture.frames.iter().any(is_another) {
        found.push(Reason::FramesOfAnotherPerson);
    }
    let usable = capture.frames.iter().filter(|f| f.faces > 0).count();
    let enough = usable >= policy.min_frames;
    // Where frames are wanted at all, many without a face are as bad as none where they are required.
    let meant = required || capture.frames.len() >= policy.min_frames;
    match capture.motion {
        Some(seen) if enough => found.extend(movement(&seen, policy)),
        // Between pictures of a head that turns far, small movements cannot be measured.
        None if enough && turns => {}
        None if enough && !required => return (!found.is_empty()).then_some(found),
        _ if meant => found.push(Reason::TooFewFrames),
        _ => return (!found.is_empty()).then_some(found),
    }
    Some(found)
}

fn movement(seen: &MotionEvidence, policy: &MotionPolicy) -> Vec<Reason> {
    // Written so that a number that is none counts as too little.
    let less = |value: f32, least: f32| value.is_nan() || value < least;
    let stiff = less(seen.deformation, policy.min_deformation);
    let mut found = Vec::new();
    if stiff && less(seen.movement, policy.min_movement) {
        found.push(Reason::NoMovement);
    }
    // Either shows that it is no picture: who only smiles hardly turns, and who only turns hardly smiles.
    if stiff && less(seen.parallax, policy.min_parallax) {
        found.push(Reason::FlatPicture);
    }
    if policy.smile_required
        && seen
            .smile_growth
            .is_none_or(|growth| less(growth, policy.min_smile_growth))
    {
        found.push(Reason::NoSmile);
    }
    found
}
