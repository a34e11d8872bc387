//! What an image says about the face in it: measurements and reasons, never decisions.

mod capture;
mod head_turn;
mod measures;
mod metadata;
mod portrait;
mod quality;
mod subject;
mod turn;

use serde::{Deserialize, Serialize};

pub use capture::{
    CaptureEvidence, CaptureTimings, ContinuityEvidence, FrameEvidence, ImageDigests, ModelScores,
    MotionEvidence, PresentationAttackEvidence, RepetitionEvidence, SurroundingsEvidence,
};
pub use head_turn::{HeadTurn, TurnEvidence};
pub use measures::Measure;
pub use metadata::MetadataNote;
pub use portrait::{PortraitEvidence, PortraitFlaw, Wrapping};
pub use quality::{Cover, FaceQuality, Framing, HeadPose, Light};
pub use turn::Turn;

use crate::template::Template;

/// All that one image says.
#[derive(Debug, Clone)]
pub struct ImageEvidence {
    /// What the file was.
    pub image: ImageFacts,
    /// Every face that was found: the subject, which is the largest and nearest to the middle, then the others in the order
    /// of their [`FaceEvidence::prominence`].
    pub faces: Vec<FaceEvidence>,
    /// The subject's template; absent when no face was found, or none that is surely upright.
    pub template: Option<Template>,
    /// Length of the recognition model's output before it became a template, which has length 1: how much of a face the model
    /// saw. Sharp frontal portraits measure 13 in the middle, 12 with the mouth covered, 11 with the eyes covered, 10 half
    /// covered or in a sixteenth of the light, 9 blurred or noisy, and faces that lie on their side or stand on their head 3
    /// to 9 (docs/decisions/0064-template-length.md). It tells which comparisons fail, as sharpness does not. Of another
    /// recognition model it is another scale. Absent with the template.
    pub template_length: Option<f32>,
    /// How far the picture was turned beyond its EXIF orientation, because its subject was not upright. Boxes and landmarks
    /// are those of the turned picture.
    pub turned: Turn,
    /// Its templates by the other models that are served, for users whom those enrolled.
    pub further_templates: Vec<Template>,
    /// What tells whether the image was seen before.
    pub digests: ImageDigests,
    /// What the file says of its origin.
    pub metadata: Vec<MetadataNote>,
    /// How long each stage took.
    pub timings: Timings,
}

/// What the file was, before anybody looked for a face in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// The container.
    pub format: ImageFormat,
    /// Width in pixels of the upright picture: after its EXIF orientation, and [`ImageEvidence::turned`].
    pub width: u32,
    /// Height in pixels of the upright picture.
    pub height: u32,
}

/// The image formats that are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// JPEG: baseline or progressive, grey, YCbCr, RGB or CMYK.
    Jpeg,
    /// PNG, 8 or 16 bits, with or without alpha.
    Png,
    /// JPEG 2000, grey or colour, bare or in its wrapper: only what authorities send.
    Jpeg2000,
}

/// A point in pixels of the upright image, origin at its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Pixels from the left.
    pub x: f32,
    /// Pixels from the top.
    pub y: f32,
}

/// An upright rectangle in pixels of the upright image; may reach past its edges.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FaceBox {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// The five points that the detector reports, named as seen in the picture (not by the subject's own left and right).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Landmarks {
    /// The eye nearer the picture's left edge.
    pub left_eye: Point,
    /// The eye nearer the picture's right edge.
    pub right_eye: Point,
    /// The tip of the nose.
    pub nose: Point,
    /// The mouth's corner nearer the picture's left edge.
    pub mouth_left: Point,
    /// The mouth's corner nearer the picture's right edge.
    pub mouth_right: Point,
}

impl Landmarks {
    /// In the order of the alignment's reference points.
    #[must_use]
    pub fn points(&self) -> [Point; 5] {
        [
            self.left_eye,
            self.right_eye,
            self.nose,
            self.mouth_left,
            self.mouth_right,
        ]
    }

    /// The same landmarks at other places.
    #[cfg(feature = "detect")]
    pub(crate) fn map(&self, place: impl Fn(Point) -> Point) -> Self {
        Self {
            left_eye: place(self.left_eye),
            right_eye: place(self.right_eye),
            nose: place(self.nose),
            mouth_left: place(self.mouth_left),
            mouth_right: place(self.mouth_right),
        }
    }

    /// How far the face is turned in the picture's plane, in radians; clockwise is positive. By the line of the eyes, and the
    /// line from them to the mouth, which is a right angle further.
    #[cfg(feature = "engine")]
    pub(crate) fn tilt(&self) -> f32 {
        let (left, right) = (self.left_eye, self.right_eye);
        let across = (right.x - left.x, right.y - left.y);
        let down = (
            (self.mouth_left.x + self.mouth_right.x - left.x - right.x) / 2.0,
            (self.mouth_left.y + self.mouth_right.y - left.y - right.y) / 2.0,
        );
        (across.1 - down.0).atan2(across.0 + down.1)
    }

    /// Distance between the eyes in pixels.
    #[must_use]
    pub fn inter_eye_distance(&self) -> f32 {
        (self.right_eye.x - self.left_eye.x).hypot(self.right_eye.y - self.left_eye.y)
    }
}

/// What was measured of one face.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FaceEvidence {
    /// Where it is.
    #[serde(rename = "box")]
    pub face_box: FaceBox,
    /// Its five landmarks.
    pub landmarks: Landmarks,
    /// The detector's confidence, 0 to 1.
    pub detection_score: f32,
    /// Distance between the eyes in pixels of the upright image.
    pub inter_eye_distance: f32,
    /// Sharpness of the aligned face: the standard deviation of its Laplacian, in grey levels; blurred faces are low. Always
    /// measured at 112 by 112 pixels, so that size does not matter from about 40 pixels between the eyes on; below, it falls
    /// with the detail that is missing. It falls with light and contrast too: [`FaceQuality::definition`] does not.
    pub sharpness: f32,
    /// Mean luminance of the aligned face, 0 (black) to 1 (white).
    pub exposure: f32,
    /// What else bears on how well it can be compared.
    pub quality: FaceQuality,
    /// Its pose and expression; absent where they were not looked for, or not found. Only the subject of a capture's selfie is
    /// looked at so closely.
    #[serde(default)]
    pub geometry: Option<FaceGeometry>,
}

/// A face's pose and expression. Angles in degrees, strengths from 0 (not at all) to 1 (fully).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FaceGeometry {
    /// How far the face is turned about its long axis; positive where its half at the picture's right is the further one.
    pub yaw: f32,
    /// How far it nods; positive where the chin is further from the camera than the forehead. The face's own slope is
    /// part of it: frontal development photographs measure 8 on average.
    pub pitch: f32,
    /// How far it leans in the picture, clockwise.
    pub roll: f32,
    /// How far the eye at the picture's left is closed; open eyes measure up to 0.4.
    pub left_eye_closed: f32,
    /// The same of the eye at the picture's right.
    pub right_eye_closed: f32,
    /// How strongly it smiles.
    pub smile: f32,
    /// How far the jaw is open.
    pub mouth_open: f32,
}

/// Milliseconds per stage. `embed_ms` covers one face.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Bytes to upright pixels; twice where the first way up was wrong.
    pub decode_ms: f64,
    /// Digests of the file and the picture, and what its metadata says.
    #[serde(default)]
    pub file_ms: f64,
    /// Pixels to faces: all looks at them.
    pub detect_ms: f64,
    /// Face to the 112 by 112 crop, with its quality measurements.
    pub align_ms: f64,
    /// Crop to template.
    pub embed_ms: f64,
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use super::*;

    #[test]
    fn the_tilt_is_the_angle_the_face_was_turned_by() {
        let upright = Landmarks {
            left_eye: Point { x: -10.0, y: -10.0 },
            right_eye: Point { x: 10.0, y: -10.0 },
            nose: Point { x: 0.0, y: 0.0 },
            mouth_left: Point { x: -8.0, y: 12.0 },
            mouth_right: Point { x: 8.0, y: 12.0 },
        };
        for degrees in [-170.0f32, -90.0, -20.0, 0.0, 15.0, 60.0, 120.0] {
            let angle = degrees.to_radians();
            let turned = upright.map(|p| Point {
                x: p.x * angle.cos() - p.y * angle.sin(),
                y: p.x * angle.sin() + p.y * angle.cos(),
            });
            assert!((turned.tilt() - angle).abs() < 1e-5, "{degrees}");
        }
    }
}
