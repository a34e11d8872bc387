//! What a whole capture says: the selfie, the frames around it, and what they say together. Measurements, never decisions.

use serde::{Deserialize, Serialize};

use super::{HeadPose, ImageEvidence, ImageFacts, TurnEvidence};
use crate::template::ComparisonScore;

/// All that a capture says.
#[derive(Debug, Clone)]
pub struct CaptureEvidence {
    /// The selfie.
    pub selfie: ImageEvidence,
    /// The liveness frames, in the order in which they were taken.
    pub frames: Vec<FrameEvidence>,
    /// Passive presentation-attack detection over all images; absent when its model is not loaded, or found no face.
    pub presentation_attack: Option<PresentationAttackEvidence>,
    /// How far the sharpest regular pattern in the fine structure of the selfie's face stands out, in decibels: a screen's
    /// pixels, a print's dots, or their moiré. Faces measure up to 10 (docs/decisions/0005-presentation-attacks.md). Absent
    /// for a face under about 70 pixels.
    pub pattern: Option<f32>,
    /// What moves between the images; absent when fewer than three of them show a face.
    pub motion: Option<MotionEvidence>,
    /// Frames that repeat another image of the capture.
    pub repetition: RepetitionEvidence,
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
            presentation_attack: None,
            pattern: None,
            motion: None,
            repetition: RepetitionEvidence::default(),
            turns: None,
            timings: CaptureTimings::default(),
        }
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
    /// How alike its largest face is to the selfie's; absent when it was not drawn for comparison, or shows none.
    pub likeness: Option<ComparisonScore>,
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
    /// The selfie's score, then those of a few frames drawn at random: logit(bona fide) − logit(attack); above 0 speaks for
    /// a live face. Images without a face are left out.
    pub scores: Vec<f32>,
    /// The mean of their lower half: a number of the same meaning, which one image alone cannot raise.
    pub fused: f32,
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
