//! Whether a live person was before the camera: what the pictures look like, and what happens between them.

use selfsame_face::evidence::{CaptureEvidence, ContinuityEvidence, FrameEvidence};
use serde::Serialize;

use crate::challenge::{self, Challenge, ChallengeSide};
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
    /// Presentation-attack detection was performed: all that the policy weighs of its models was measured. Movement alone
    /// does not count: a mask moves.
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

/// So many frames of a head that turns may repeat a picture: at the front it may keep still.
const REPEATED_BY_CHANCE: usize = 2;

const NO_DETECTOR: &str =
    "passive: not all presentation-attack detection models that the policy weighs are loaded";
const NOT_MEASURED: &str = "passive: the policy weighs none of what the presentation-attack detection models measure, or they \
                            could not measure this capture";
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
    challenge: Option<&Challenge>,
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
    let turned = challenge::judge(challenge, capture, &policy.challenge);
    let followed = turned == ChallengeSide::Followed;
    let mut frames = frames(capture, policy, followed);
    match turned {
        ChallengeSide::NotJudged => {}
        ChallengeSide::Followed => frames
            .get_or_insert_default()
            .retain(|reason| *reason != Reason::TooFewFrames),
        ChallengeSide::Against(reason) => frames.get_or_insert_default().push(reason),
    }
    let mut found = Vec::new();
    // By a part of the models a selfie alone is not judged: their policy was made for all.
    let still = detector || policy.still.is_measured(capture);
    let weighed = match &frames {
        // A head that followed its challenge turned further than what movement and continuity are measured by; that it moves and
        // is not flat is shown already.
        _ if followed && still => Some((&policy.still, Reason::PrintOrScreen)),
        Some(_) if usable(capture) >= policy.motion.min_frames => {
            Some((&policy.capture, Reason::NotLive))
        }
        _ if still => Some((&policy.still, Reason::PrintOrScreen)),
        _ => None,
    };
    if let Some((fusion, reason)) = weighed {
        let fused = fusion.weigh(capture, detector);
        found.extend(divide(fused.score, fusion, reason));
        outcome.performed = fusion.is_measured(capture);
        outcome.fused = Some(fused);
    }
    // A pattern speaks against a face without the model too; its absence says nothing for one.
    if capture.pattern.is_some_and(|p| p > policy.max_pattern) {
        found.push(Reason::RegularPattern);
    }
    // A head that turns gives no picture twice; one photograph for each pose does.
    if followed && capture.repetition.identical_pictures > REPEATED_BY_CHANCE {
        found.push(Reason::StillRepeated);
    }
    if weighed.is_some() || !found.is_empty() {
        outcome.passive = side(&found, &answer);
    }
    if !outcome.performed {
        outcome
            .not_performed
            .push(if detector { NOT_MEASURED } else { NO_DETECTOR });
    }
    match frames {
        Some(against) => {
            outcome.motion = side(&against, &answer);
            found.extend(against);
        }
        None if policy.motion.mode == MotionMode::Off => outcome.not_performed.push(MOTION_OFF),
        None => outcome.not_performed.push(NO_FRAMES),
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

/// Whether the face moves as one with its surroundings, or without depth. Written so that a number that is none counts as flat.
fn is_flat(capture: &CaptureEvidence, policy: &MotionPolicy) -> bool {
    let independence = capture.surroundings.and_then(|s| s.independence());
    let parallax = capture.motion.map(|m| m.relative_parallax());
    !(independence.is_none_or(|i| i >= policy.min_independence)
        && parallax.is_none_or(|p| p >= policy.min_relative_parallax))
}

/// Whether frames follow one another as a camera takes them. Only turns that were drawn excuse a cut, for photographs of several
/// poses show turns too; nothing excuses a mirror image. Written so that a number that is none counts against them.
fn follow(seen: &ContinuityEvidence, policy: &MotionPolicy, turns_drawn: bool) -> bool {
    (turns_drawn || seen.largest_cut <= policy.max_cut)
        && seen.mirrored.is_none_or(|m| m >= policy.min_mirrored)
}

/// How many frames show a face that was compared with the selfie's, or could be: any other shows nothing.
fn usable(capture: &CaptureEvidence) -> usize {
    let shown = |f: &&FrameEvidence| f.faces > 0 && (f.likeness.is_some() || f.spared);
    capture.frames.iter().filter(shown).count()
}

/// What no honest capture does, as far as the frames show it. `None`: the policy does not judge them, or none came that could be,
/// and none need come.
fn frames(
    capture: &CaptureEvidence,
    policy: &LivenessPolicy,
    followed: bool,
) -> Option<Vec<Reason>> {
    let turned = policy.challenge.min_likeness_turned;
    let turns = challenge::turns_as_a_head(capture, &policy.challenge);
    let policy = &policy.motion;
    if policy.mode == MotionMode::Off {
        return None;
    }
    let required = policy.mode == MotionMode::Required;
    let mut found = Vec::new();
    // No camera gives the same bytes twice, and no head keeps so still that nearly all its pictures are one.
    let repeated = capture.repetition.identical_pictures as f32;
    if capture.repetition.identical_bytes > 0
        || repeated > policy.max_repeated * capture.frames.len() as f32
    {
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
    let scores = || capture.frames.iter().filter_map(|f| f.likeness);
    let firm = scores()
        .filter(|score| score.value() >= policy.min_likeness)
        .count();
    // Turned frames may be less alike, but not most of them, unless the turns were drawn.
    let few = !followed && firm * 2 < scores().count();
    // Where a challenge was followed, what it did not measure shows nothing: a face in full profile has a template that is like nobody's.
    let counts = |at: usize| !followed || challenge::measured(capture, at);
    let mut shown = capture.frames.iter().enumerate();
    if few || shown.any(|(at, frame)| counts(at) && is_another(frame)) {
        found.push(Reason::FramesOfAnotherPerson);
    }
    // Two or three pictures are no sequence.
    let enough = usable(capture) >= policy.min_frames;
    if enough
        && !capture
            .continuity
            .is_none_or(|seen| follow(&seen, policy, followed))
    {
        found.push(Reason::FramesNotContinuous);
    }
    // A head that turns far is no picture, and its surroundings are not followed so far.
    if enough && !followed && !turns && is_flat(capture, policy) {
        found.push(Reason::FlatPicture);
    }
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
        // Between pictures of a head that turns far, small movements cannot be measured.
        None if enough && (turns || !required) => {}
        _ if meant => found.push(Reason::TooFewFrames),
        _ => {}
    }
    let judged = !found.is_empty() || (enough && (turns || capture.motion.is_some()));
    judged.then_some(found)
}
