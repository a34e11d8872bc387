//! Whether a live person was before the camera: what the pictures look like, and what happens between them.

use selfsame_face::evidence::{CaptureEvidence, FrameEvidence};
use serde::Serialize;

use crate::fusion::{Fused, FusionPolicy};
use crate::policy::{LivenessPolicy, MotionMode, MotionPolicy};
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LivenessOutcome {
    /// Presentation-attack detection was performed. Movement alone does not count: a mask moves.
    pub performed: bool,
    /// What the pictures look like; of a capture with frames together with what happens between them.
    pub passive: Side,
    /// The frames, by what no honest capture does.
    pub motion: Side,
    /// The score that the passive side was judged by, and how much each measure weighed in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fused: Option<Fused>,
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
            fused: None,
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
    detector: bool,
    policy: &LivenessPolicy,
    answer: impl Fn(Reason) -> Response,
) -> (LivenessOutcome, Vec<Reason>) {
    let mut outcome = LivenessOutcome {
        performed: false,
        passive: Side::NotPerformed,
        motion: Side::NotPerformed,
        fused: None,
        not_performed: Vec::new(),
    };
    let detector = detector || capture.presentation_attack.is_some();
    let frames = frames(capture, &policy.motion);
    let mut found = Vec::new();
    let weighed = match frames {
        Frames::Judged(_) if capture.motion.is_some() => {
            Some((&policy.capture, Reason::NotLive))
        }
        _ if detector => Some((&policy.still, Reason::PrintOrScreen)),
        _ => None,
    };
    if let Some((fusion, reason)) = weighed {
        let fused = fusion.weigh(capture, detector);
        found.extend(divide(fused.score, fusion, reason));
        outcome.fused = Some(fused);
    }
    // A pattern speaks against a face without the model too; its absence says nothing for one.
    if capture.pattern.is_some_and(|p| p > policy.max_pattern) {
        found.push(Reason::RegularPattern);
    }
    outcome.performed = detector;
    if detector || weighed.is_some() || !found.is_empty() {
        outcome.passive = side(&found, &answer);
    }
    if !detector {
        outcome.not_performed.push(NO_DETECTOR);
    }
    match frames {
        Frames::Judged(against) => {
            outcome.motion = side(&against, &answer);
            found.extend(against);
        }
        Frames::Off => outcome.not_performed.push(MOTION_OFF),
        Frames::Absent => outcome.not_performed.push(NO_FRAMES),
    }
    (outcome, found)
}

/// Where a score divides; one that is no number is not clear.
fn divide(score: f32, policy: &FusionPolicy, refusal: Reason) -> Option<Reason> {
    if score >= policy.review_below {
        None
    } else if score < policy.reject_below {
        Some(refusal)
    } else {
        Some(Reason::LivenessUnclear)
    }
}

/// What the frames say for themselves.
enum Frames {
    /// The policy does not judge them.
    Off,
    /// None came, or too few to say anything, and none need come.
    Absent,
    /// They were judged; what no honest capture does is told.
    Judged(Vec<Reason>),
}

fn frames(capture: &CaptureEvidence, policy: &MotionPolicy) -> Frames {
    if policy.mode == MotionMode::Off {
        return Frames::Off;
    }
    let required = policy.mode == MotionMode::Required;
    let mut found = Vec::new();
    // No camera gives the same bytes twice.
    if capture.repetition.identical_bytes > 0 {
        found.push(Reason::StillRepeated);
    }
    let likeness = |f: &FrameEvidence| f.likeness.map(|l| l.value());
    if capture
        .frames
        .iter()
        .filter_map(likeness)
        .any(|score| score < policy.min_likeness)
    {
        found.push(Reason::FramesOfAnotherPerson);
    }
    let usable = capture.frames.iter().filter(|f| f.faces > 0).count();
    let enough = usable >= policy.min_frames;
    // Where frames are wanted at all, many without a face are as bad as none where they are required.
    let meant = required || capture.frames.len() >= policy.min_frames;
    match capture.motion {
        Some(seen) if enough => {
            // Written so that a number that is none counts as too little.
            let grown = |growth: f32| growth >= policy.min_smile_growth;
            if policy.smile_required && !seen.smile_growth.is_some_and(grown) {
                found.push(Reason::NoSmile);
            }
        }
        None if enough && !required => {}
        _ if meant => found.push(Reason::TooFewFrames),
        _ => {}
    }
    if found.is_empty() && !(enough && capture.motion.is_some()) {
        return Frames::Absent;
    }
    Frames::Judged(found)
}
