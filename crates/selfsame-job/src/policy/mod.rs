//! Policy: the numbers and answers that turn evidence into a verdict. Data, not code; `docs/policy.md` explains every field.
//!
//! [`Policy`] is what one job is judged by. [`Policies`] holds one for each environment and job type, resolved once
//! from a file and what is built in.

mod check;
mod file;

use selfsame_wire::id::Environment;
use serde::{Deserialize, Serialize};

pub use file::{Policies, PolicyError};

use crate::fusion::FusionPolicy;
use crate::lockout::LockoutPolicy;
use crate::reason::{Response, Responses};

/// What one job is judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Comparing a probe with a reference.
    pub comparison: ComparisonPolicy,
    /// What a selfie must be like.
    pub quality: QualityPolicy,
    /// Whether a live person was before the camera.
    pub liveness: LivenessPolicy,
    /// Images that were used before.
    pub replay: ReplayPolicy,
    /// People who are enrolled already.
    pub duplicates: DuplicatesPolicy,
    /// Enrolling a known user anew.
    pub replacement: ReplacementPolicy,
    /// What follows when a user's attempts fail.
    pub lockout: LockoutPolicy,
    /// What a receipt of the job tells.
    pub receipt: ReceiptPolicy,
    /// What follows from each reason.
    pub responses: Responses,
}

/// Where comparison scores (cosines, −1 to 1) divide.
///
/// `score ≥ match_threshold` passes; `score < review_threshold` fails; what lies between is provisional.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonPolicy {
    /// From here on it is the same person. Default 0.52: above the highest score of two people in guided portraits under one
    /// light (0.484 of 20,604 pairs), below the lowest of one person across two lights (0.595 of 120); decision 0084.
    pub match_threshold: f32,
    /// Below this it is another person. Default 0.42: FMR 2e-5 on LFW.
    pub review_threshold: f32,
}

/// What a selfie must be like. Units as in [`selfsame_face::evidence::FaceEvidence`]; the numbers are measured in
/// docs/decisions/0009-quality.md.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityPolicy {
    /// Least detector confidence, 0 to 1.
    pub min_detection_score: f32,
    /// Least length of the recognition model's output before it became a template: less shows too little of a face to compare
    /// by (`face_unclear`). On SFace's scale; 0 with another embedder, unless the file says more.
    pub min_template_length: f32,
    /// Least distance between the eyes, pixels.
    pub min_inter_eye_distance: f32,
    /// Least definition: sharpness for the contrast there is.
    pub min_definition: f32,
    /// Least mean luminance, 0 to 1.
    pub min_exposure: f32,
    /// Greatest mean luminance, 0 to 1.
    pub max_exposure: f32,
    /// Least dynamic range, 0 to 1; less is too little light.
    pub min_dynamic_range: f32,
    /// Greatest part of the face that is nearly black; more is too little light.
    pub max_under_exposed: f32,
    /// Greatest part of the face that is nearly white; more is too much light.
    pub max_over_exposed: f32,
    /// Least evenness of light from left to right, 0 to 1.
    pub min_evenness_across: f32,
    /// Least evenness of light from top to bottom, 0 to 1.
    pub min_evenness_down: f32,
    /// Greatest part of the eyes' surroundings that is dark; more are dark glasses.
    pub max_dark_eyes: f32,
    /// Greatest distance of the mouth's colour from the face's; more is a mask.
    pub max_mouth_colour: f32,
    /// How far both eyes may be closed, 0 to 1, where the mesh looked.
    pub max_eyes_closed: f32,
    /// How far the head may be turned to a side, degrees.
    pub max_yaw: f32,
    /// How far it may lean, degrees.
    pub max_roll: f32,
    /// Greatest size of the face, as a part of the picture's shorter side; more is too near.
    pub max_size: f32,
    /// Greatest part of the face that may be outside the picture.
    pub max_outside: f32,
    /// Another face is a second person when its prominence, which is its box's area less the further it is from the
    /// picture's middle, is at least this part of the subject's; others are people in the background.
    pub second_face_area: f32,
}

/// Whether a live person was before the camera.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LivenessPolicy {
    /// A selfie alone, or with too few frames to say anything: what it looks like (`print_or_screen`).
    pub still: FusionPolicy,
    /// A selfie with its frames: all that was measured, weighed together (`not_live`).
    pub capture: FusionPolicy,
    /// Above this a regular pattern stands out of the selfie's face, in decibels (`regular_pattern`): no face measures so
    /// much, whatever else speaks for it.
    pub max_pattern: f32,
    /// What frames must come, and what no honest capture does.
    pub motion: MotionPolicy,
    /// Head turns that the server draws.
    pub challenge: ChallengePolicy,
}

/// Whether movement is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MotionMode {
    /// Never.
    Off,
    /// Where frames come with the selfie; a selfie alone passes.
    WhenPresent,
    /// Always: a selfie alone is refused (`too_few_frames`).
    Required,
}

/// What must happen between the images of a capture. Units as in [`selfsame_face::evidence::MotionEvidence`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MotionPolicy {
    /// Whether it is judged.
    pub mode: MotionMode,
    /// So many frames, beside the selfie, must show a face.
    pub min_frames: usize,
    /// The smile must grow (`no_smile`).
    pub smile_required: bool,
    /// By so much, 0 to 1.
    pub min_smile_growth: f32,
    /// Least comparison score of each frame's face with the selfie's (`frames_of_another_person`).
    pub min_likeness: f32,
    /// Largest cut in the face from one frame to the next; more are several photographs (`frames_not_continuous`).
    pub max_cut: f32,
    /// How far the face moves against its surroundings, for how far it moves at all; less is one picture (`flat_picture`).
    pub min_independence: f32,
    /// How far the nose moves against the face, for how far the face moves at all; less is flat (`flat_picture`).
    pub min_relative_parallax: f32,
    /// Part of the frames that may repeat another image's picture; more is one picture (`still_repeated`).
    pub max_repeated: f32,
    /// Least cut between a frame and another's mirror image; less is a picture that was mirrored (`frames_not_continuous`).
    pub min_mirrored: f32,
}

/// Whether captures answer challenges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeMode {
    /// None are drawn, and none are judged.
    Off,
    /// Where one was drawn for the job.
    WhenDrawn,
    /// Always: a capture without one is refused (`challenge_missing`).
    Required,
}

/// Head turns that the server draws, and what a capture must show of them (`challenge_not_followed`). Angles in degrees against
/// the selfie. What the numbers come from: docs/decisions/0080-turned-heads.md and 0163-real-turns.md.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengePolicy {
    /// Whether they are judged.
    pub mode: ChallengeMode,
    /// So many turns are drawn, 1 to 4.
    pub turns: usize,
    /// The capture must have arrived so many seconds after the draw, 20 to 600.
    pub seconds: u32,
    /// From this yaw on the head is fully turned aside.
    pub min_yaw: f32,
    /// From this pitch on it is fully raised.
    pub min_pitch: f32,
    /// Least turn by parallax of the mesh's points, as a part of the turn that the mesh tells; less is flat.
    pub min_parallax: f32,
    /// How far the nose must stand before the plane of eyes and mouth at least, in inter-eye distances; less is flat.
    pub min_nose: f32,
    /// Least comparison score with the selfie of a frame at front.
    pub min_likeness: f32,
    /// Least comparison score of a turned frame with the selfie, and of any frame with the one before it.
    pub min_likeness_turned: f32,
}

/// What follows when an image was accepted before, in another job of the partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayPolicy {
    /// The very file (`replayed_image`).
    pub exact: Response,
    /// Nearly the same picture (`nearly_replayed_image`).
    pub near: Response,
    /// Pictures are nearly the same up to this distance of their perceptual hashes, 0 to 256 bits.
    pub max_distance: u32,
}

/// What follows when another user of the partner has the face that is to be enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DuplicatesPolicy {
    /// What follows (`duplicate`).
    pub response: Response,
    /// From this comparison score on it is the same face. Higher than for one comparison: each enrolment is compared with
    /// everybody.
    pub threshold: f32,
    /// What was found is told in a result of its own beside the job's, with a callback of its own (521x, v1 only).
    pub own_result: bool,
}

/// Whether a job that says `allow_new_enroll` may replace the face of an enrolled user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplacementPolicy {
    /// Whether, and what decides.
    pub mode: ReplacementMode,
}

/// What decides whether the face on file is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplacementMode {
    /// The comparison with the face on file, by [`Policies::replacement_thresholds`]; where the two do not match, or cannot be
    /// compared, a person.
    Match,
    /// Always a person.
    Review,
    /// Nothing: whoever is live may replace whom the job names. The comparison is only reported.
    Allow,
    /// It is never replaced (2209).
    Refuse,
}

/// What a receipt of a job that looked an identity up tells. No receipt ever holds a photograph, a whole number or a date of birth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptPolicy {
    /// How much.
    pub mode: ReceiptMode,
}

/// How much a receipt tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptMode {
    /// Job, user, the end of the number, what came of each check, and which fields agree.
    #[default]
    Full,
    /// Job, country and type of the identity, and what came of each check: no user, nothing of the number, no fields.
    Outcome,
    /// There are no receipts.
    Off,
}

impl ComparisonPolicy {
    /// What is built in.
    pub const BUILT_IN: Self = Self {
        match_threshold: 0.52,
        review_threshold: 0.42,
    };
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            comparison: ComparisonPolicy::BUILT_IN,
            quality: QualityPolicy {
                min_detection_score: 0.7,
                min_template_length: 8.5,
                min_inter_eye_distance: 24.0,
                min_definition: 0.06,
                min_exposure: 0.1,
                max_exposure: 0.9,
                min_dynamic_range: 0.1,
                max_under_exposed: 0.6,
                max_over_exposed: 0.6,
                min_evenness_across: 0.4,
                min_evenness_down: 0.6,
                max_dark_eyes: 0.85,
                max_mouth_colour: 0.11,
                max_eyes_closed: 0.65,
                max_yaw: 30.0,
                max_roll: 25.0,
                max_size: 1.3,
                max_outside: 0.05,
                second_face_area: 0.25,
            },
            liveness: LivenessPolicy {
                still: FusionPolicy::STILL,
                capture: FusionPolicy::CAPTURE,
                max_pattern: 13.0,
                motion: MotionPolicy {
                    mode: MotionMode::Required,
                    min_frames: 4,
                    smile_required: false,
                    min_smile_growth: 0.01,
                    min_likeness: 0.45,
                    max_cut: 0.35,
                    min_independence: 0.15,
                    min_relative_parallax: 0.015,
                    max_repeated: 0.8,
                    min_mirrored: 0.03,
                },
                challenge: ChallengePolicy {
                    mode: ChallengeMode::WhenDrawn,
                    turns: 2,
                    seconds: 120,
                    min_yaw: 16.0,
                    min_pitch: 12.0,
                    min_parallax: 0.4,
                    min_nose: 0.25,
                    min_likeness: 0.363,
                    min_likeness_turned: 0.363,
                },
            },
            replay: ReplayPolicy {
                exact: Response::Refuse,
                near: Response::Review,
                max_distance: 10,
            },
            duplicates: DuplicatesPolicy {
                response: Response::Report,
                threshold: 0.55,
                own_result: false,
            },
            replacement: ReplacementPolicy {
                mode: ReplacementMode::Match,
            },
            lockout: LockoutPolicy::default(),
            receipt: ReceiptPolicy::default(),
            responses: Responses::default(),
        }
    }
}

impl Policy {
    /// What is built in for an environment. The sandbox differs in two things: a selfie alone will do, and images may be used
    /// again, for partners test with the same few photographs (decision 0012).
    #[must_use]
    pub fn built_in(environment: Environment) -> Self {
        let mut policy = Self::default();
        if environment == Environment::Sandbox {
            policy.liveness.motion.mode = MotionMode::WhenPresent;
            policy.replay.exact = Response::Report;
            policy.replay.near = Response::Report;
        }
        policy
    }
}
