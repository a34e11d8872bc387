//! What a whole capture says: the selfie, the frames around it, and what they say together. Measurements, never decisions.

use serde::{Deserialize, Serialize};

use super::{HeadPose, ImageEvidence, ImageFacts, TurnEvidence};
use crate::template::{ComparisonScore, Template, TemplateModel};

/// All that a capture says.
#[derive(Debug, Clone)]
pub struct CaptureEvidence {
    /// The selfie.
    pub selfie: ImageEvidence,
    /// The liveness frames, in the order in which they were taken.
    pub frames: Vec<FrameEvidence>,
    /// The template of the selfie together with the frames that were compared with it and face the camera, each counted by its
    /// [`Template::raw_length`]; absent where the selfie has none.
    pub template: Option<Template>,
    /// Passive presentation-attack detection over all images; absent when none of its models is loaded, or found a face.
    pub presentation_attack: Option<PresentationAttackEvidence>,
    /// How far the sharpest regular pattern in the fine structure of the selfie's face stands out, in decibels: a screen's
    /// pixels, a print's dots, or their moiré. Faces measure up to 10 (docs/decisions/0005-presentation-attacks.md). Absent
    /// for a face under about 70 pixels.
    pub pattern: Option<f32>,
    /// What moves between the images; absent when fewer than three of them show a face.
    pub motion: Option<MotionEvidence>,
    /// Frames that repeat another image of the capture.
    pub repetition: RepetitionEvidence,
    /// Whether the frames follow one another in time; absent when fewer than two of them show a face.
    pub continuity: Option<ContinuityEvidence>,
    /// How the face moves against what is around it; absent likewise.
    pub surroundings: Option<SurroundingsEvidence>,
    /// How the head turns; absent where the selfie shows no face that could be measured, and, unless it was asked for, where no
    /// frame shows the head turned far.
    pub turns: Option<TurnEvidence>,
    /// What all this took, beyond what [`ImageEvidence::timings`] tells of the selfie.
    pub timings: CaptureTimings,
}

impl CaptureEvidence {
    /// A selfie by itself, of which nothing more was measured.
    #[must_use]
    pub fn alone(selfie: ImageEvidence) -> Self {
        Self {
            selfie,
            frames: Vec::new(),
            template: None,
            presentation_attack: None,
            pattern: None,
            motion: None,
            repetition: RepetitionEvidence::default(),
            continuity: None,
            surroundings: None,
            turns: None,
            timings: CaptureTimings::default(),
        }
    }

    /// The template that the capture is compared by, of the primary model.
    #[must_use]
    pub fn probe(&self) -> Option<&Template> {
        self.template.as_ref().or(self.selfie.template.as_ref())
    }

    /// The template that it is compared by with templates of this model; absent where the model is not served, or saw no face.
    #[must_use]
    pub fn probe_by(&self, model: &TemplateModel) -> Option<&Template> {
        let further = &self.selfie.further_templates;
        self.probe()
            .into_iter()
            .chain(further)
            .find(|t| t.model() == model)
    }
}

/// How long each part of looking at a capture took, in milliseconds of wall-clock time; a part that is done for several
/// images is summed over them. The selfie's own [`Timings`](super::Timings) come on top.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CaptureTimings {
    /// The selfie's mesh and expression; each frame's too, where the head was asked to turn.
    pub mesh_ms: f64,
    /// The spectrum of the selfie's face.
    pub pattern_ms: f64,
    /// Passive presentation-attack detection, the selfie and frames together.
    pub attacks_ms: f64,
    /// Frames' bytes to upright pixels.
    pub decode_ms: f64,
    /// Frames' pixels to faces.
    pub detect_ms: f64,
    /// Frames' templates, and their comparison with the selfie's.
    pub embed_ms: f64,
    /// Frames' and selfie's faces prepared for motion and repetition, and both measured.
    pub motion_ms: f64,
    /// Frames' digests.
    pub file_ms: f64,
}

/// What one liveness frame says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FrameEvidence {
    /// What the file was; absent when it could not be decoded.
    pub image: Option<ImageFacts>,
    /// Why it could not be decoded.
    pub unusable: Option<String>,
    /// How many faces it shows.
    pub faces: usize,
    /// How alike its largest face is to the selfie's; absent when it was spared that, or shows none.
    pub likeness: Option<ComparisonScore>,
    /// It shows a face that could be compared and was not: the frames that were drawn for it left no doubt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spared: bool,
    /// How its largest face's head is held, by five landmarks; absent when it shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose: Option<HeadPose>,
    /// What the file is.
    pub digests: Option<ImageDigests>,
}

/// What tells whether an image was seen before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDigests {
    /// SHA-256 of the file, as it was sent.
    #[serde(with = "hex_bytes")]
    pub exact: [u8; 32],
    /// A perceptual hash of the picture: 256 bits that change little when it is saved again, resized or relit. Distance is
    /// the number of bits that differ, 0 to 256; unrelated pictures differ in about 128.
    #[serde(with = "hex_bytes")]
    pub perceptual: [u8; 32],
}

impl ImageDigests {
    /// How many bits of the perceptual hashes differ, 0 to 256.
    #[must_use]
    pub fn distance(&self, other: &Self) -> u32 {
        self.perceptual
            .iter()
            .zip(&other.perceptual)
            .map(|(a, b)| (a ^ b).count_ones())
            .sum()
    }

    /// The digests of the same picture mirrored, left for right: front cameras save either. The file is not known, so its
    /// exact digest is kept as it is.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        // Mirroring turns the sign of every odd frequency across; they are the even bits of each byte.
        Self {
            perceptual: self.perceptual.map(|byte| byte ^ 0x55),
            ..*self
        }
    }
}

/// Passive presentation-attack detection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PresentationAttackEvidence {
    /// The first model's scores, the selfie's first and then the frames': logit(bona fide) − logit(attack); above 0 speaks
    /// for a live face. Images without a face are left out.
    pub scores: Vec<f32>,
    /// The mean of their lower half: a number of the same meaning, which one image alone cannot raise.
    pub fused: f32,
    /// All models' scores, MiniFAS first where it is there. Empty in what was recorded before there were several.
    #[serde(default)]
    pub models: Vec<ModelScores>,
}

/// What one model says of each image, and of all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelScores {
    /// The model, as the manifest calls it.
    pub model: String,
    /// Its score of the selfie, then of each frame, as logit of bona fide against attack; absent for an image without a face,
    /// and for a frame that was not drawn to be scored. About −20 to 20; each model has its own spread.
    pub images: Vec<Option<f32>>,
    /// The mean of their lower half, the middle one included: one image alone cannot raise it.
    pub lower_half: f32,
    /// The mean of all.
    pub mean: f32,
}

/// What moves between the images of a capture, each compared with the one half the capture later. No image by itself can raise
/// any of these. Lengths are in inter-eye distances, so that size does not matter. What separates still, flat and live
/// captures: docs/decisions/0007-motion.md.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MotionEvidence {
    /// Images with a face, the selfie included.
    pub images: usize,
    /// How far the face's expression moves: the corners of the mouth, and half as much the chin and the brows, once all that
    /// a flat or gently curved sheet can show is taken away.
    pub deformation: f32,
    /// How far the tip of the nose moves against the face around it, once all that a flat or gently curved sheet can show is
    /// taken away: a picture that is turned, tilted and bent stays near 0.
    pub parallax: f32,
    /// How far the face as a whole moves in the picture: 0 for one still repeated.
    pub movement: f32,
    /// How far the corners of the mouth move out and up over half the capture; negative where a smile fades. A full smile is
    /// about 0.1.
    pub smile_growth: Option<f32>,
}

/// Frames that repeat another image of the same capture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepetitionEvidence {
    /// Frames whose bytes are those of another frame, or of the selfie.
    pub identical_bytes: usize,
    /// Frames whose picture is another frame's, however the file was saved: no camera gives the same noise twice.
    pub identical_pictures: usize,
}

/// Whether the frames of a capture follow one another in time, as a camera takes them: each is held against the next one that
/// shows a face. The selfie is told apart, for it may come at another size, and mirrored.
///
/// A *cut* is the part of two pictures' structure that no movement explains: 0 for pictures that are alike, about 1 for
/// unrelated ones, 2 at most. What separates captures from several photographs: docs/decisions/0068-continuity.md.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ContinuityEvidence {
    /// The lowest comparison score of two neighbouring frames; absent where they were not drawn to be compared.
    pub likeness_of_neighbours: Option<f32>,
    /// The largest cut in the face between neighbours, which is carried onto the other as a sheet would be.
    pub largest_cut: f32,
    /// The mean of those cuts.
    pub mean_cut: f32,
    /// The cut from the selfie's face to the frame that is nearest to it; absent when the selfie shows no face.
    pub selfie_cut: Option<f32>,
    /// The largest cut in what is around the face, carried along with it or left in its place, whichever fits better; absent
    /// where the pictures show too little of it.
    pub largest_scene_cut: Option<f32>,
    /// The mean of those.
    pub mean_scene_cut: Option<f32>,
    /// The largest change of light on the face, as the natural logarithm of its ratio.
    pub largest_light_change: f32,
    /// The mean change.
    pub mean_light_change: f32,
    /// The largest change of the face's colour: distance of chroma (Cb, Cr) as a part of luminance.
    pub largest_tint_change: f32,
    /// The largest distance of perceptual hashes, 0 to 256.
    pub largest_picture_change: u32,
    /// The least cut between one frame and another's mirror image, the face and all around it: near 0 where one picture was
    /// mirrored to make another. Absent where the pictures show too little.
    pub mirrored: Option<f32>,
    /// The least distance of one frame's perceptual hash from that of another's mirror image, 0 to 256.
    pub mirrored_pictures: u32,
}

/// How the face moves against what is around it, in frames half a capture apart. A photograph or a screen moves as one with
/// what is right around the face in it. Says something only where there is movement. Lengths in distances between the eyes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SurroundingsEvidence {
    /// How far the face moves in the picture, on average.
    pub movement: f32,
    /// What part of the face's structure differs once it is carried along as a sheet would be, on average: low for a flat
    /// picture however it is moved, and for a face that keeps still.
    pub flatness: f32,
    /// What part of the surroundings differs, at most.
    pub unexplained: Option<f32>,
    /// By how much less of the surroundings' structure differs when it is moved just as the face is than when it is left in
    /// its place, on average: above 0 where face and surroundings move as one, below 0 where only the face moves, near 0
    /// without movement. −2 to 2.
    pub as_one: Option<f32>,
    /// How far the face moves against its surroundings, on average.
    pub apart: Option<f32>,
    /// The same between neighbouring frames.
    pub neighbours_apart: Option<f32>,
    /// How far the face moves between neighbouring frames, on average.
    pub neighbours_movement: f32,
}

/// What is added to a movement that something is measured against, in distances between the eyes: a face that keeps still
/// moves about as much by the noise of its landmarks.
const STILLNESS: f32 = 0.02;

impl SurroundingsEvidence {
    /// What part of the face's movement its surroundings do not share: about 0 for a picture that is moved as a whole, about 1
    /// for a head before a wall, and low for what keeps still. Tells more than either number that it is made of
    /// (docs/decisions/0069-surroundings.md).
    #[must_use]
    pub fn independence(&self) -> Option<f32> {
        Some(self.apart? / (self.movement + STILLNESS))
    }
}

impl MotionEvidence {
    /// How far the nose moves against the face for the movement there is: a picture that is moved has little of the first for
    /// much of the second, a head that turns has both.
    #[must_use]
    pub fn relative_parallax(&self) -> f32 {
        self.parallax / (self.movement + STILLNESS)
    }
}

mod hex_bytes {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(from)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(serde::de::Error::custom)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_still_moves_apart_from_nothing() {
        let with = |movement, apart| SurroundingsEvidence {
            movement,
            flatness: 0.0,
            unexplained: None,
            as_one: None,
            apart,
            neighbours_apart: None,
            neighbours_movement: 0.0,
        };
        let of = |movement, apart| with(movement, Some(apart)).independence().unwrap();
        assert!(of(0.002, 0.002) < 0.1 && of(0.3, 0.01) < 0.05 && of(0.3, 0.28) > 0.8);
        assert_eq!(with(0.3, None).independence(), None);
    }

    #[test]
    fn digests_are_hexadecimal_in_json_and_count_their_differences() {
        let a = ImageDigests {
            exact: [1; 32],
            perceptual: [0; 32],
        };
        let b = ImageDigests {
            perceptual: [0x11; 32],
            ..a
        };
        assert_eq!((a.distance(&a), a.distance(&b)), (0, 64));
        let json = serde_json::to_string(&b).unwrap();
        assert!(json.contains(&"11".repeat(32)), "{json}");
        assert_eq!(serde_json::from_str::<ImageDigests>(&json).unwrap(), b);
    }
}
