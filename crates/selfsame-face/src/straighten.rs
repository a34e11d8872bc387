//! A tilted head's landmarks, found again with the head upright.
//!
//! The detector was trained on upright faces: it finds a tilted one, but places its landmarks as if it were less tilted, and a
//! face aligned by them compares badly (docs/decisions/0035-tilted-heads.md).

use image::RgbImage;

use crate::align::Similarity;
use crate::detect::{Detection, Detector};
use crate::evidence::{Landmarks, Point};
use crate::inference::InferenceError;

/// Up to this tilt, in radians, landmarks are as good as upright ones.
const TILTED: f32 = 0.09;
/// Each glance sees the tilt more truly than the one before, which saw little more than half of it.
const GLANCES: usize = 3;
/// The detector is at least so sure of an upright face. Of one that it is less sure of and sees no tilt in,
const SURE: f32 = 0.92;
/// a glance from either side, in radians,
const ASIDE: f32 = 0.35;
/// tells more where it is surer than one from the front by so much.
const SURER: f32 = 0.005;

/// A detector, and how large it is shown a face: its box's longer side, as a part of the picture's.
#[derive(Clone, Copy)]
struct Look<'d> {
    detector: &'d Detector,
    share: f32,
}

/// The same detection; where its head is tilted, with landmarks that were found with the head upright. How far it is tilted is
/// found with `glance`, the landmarks with `detector`.
pub(crate) fn straighten(
    glance: &Detector,
    detector: &Detector,
    image: &RgbImage,
    detection: Detection,
) -> Result<Detection, InferenceError> {
    // What is small is shown as large as it can be, with room for its hair.
    let glance = Look {
        detector: glance,
        share: 0.55,
    };
    let mut seen = detection.landmarks;
    let mut turned = 0.0;
    if detection.score < SURE && tilt(&seen).abs() <= TILTED {
        let front = glance.at(image, &detection, 0.0)?;
        let mut surest = front.map_or(0.0, |found| found.score) + SURER;
        for aside in [-ASIDE, ASIDE] {
            if let Some(found) = glance.at(image, &detection, aside)?
                && found.score > surest
            {
                (seen, turned, surest) = (found.landmarks, aside, found.score);
            }
        }
    }
    for _ in 0..GLANCES {
        let tilt = tilt(&seen);
        if (tilt - turned).abs() <= TILTED {
            break;
        }
        let Some(found) = glance.at(image, &detection, tilt)? else {
            break;
        };
        (seen, turned) = (found.landmarks, tilt);
    }
    if turned == 0.0 {
        return Ok(detection);
    }
    let upright = Look {
        detector,
        share: 0.4,
    }
    .at(image, &detection, tilt(&seen))?;
    Ok(Detection {
        landmarks: upright.map_or(detection.landmarks, |found| found.landmarks),
        ..detection
    })
}

/// How far the face is turned in the picture's plane, in radians; clockwise is positive.
fn tilt(landmarks: &Landmarks) -> f32 {
    let across = (
        landmarks.right_eye.x - landmarks.left_eye.x,
        landmarks.right_eye.y - landmarks.left_eye.y,
    );
    let down = (
        landmarks.mouth_left.x + landmarks.mouth_right.x
            - landmarks.left_eye.x
            - landmarks.right_eye.x,
        landmarks.mouth_left.y + landmarks.mouth_right.y
            - landmarks.left_eye.y
            - landmarks.right_eye.y,
    );
    // The line of the eyes, and the line from them to the mouth, which is a right angle further.
    (2.0 * across.1 - down.0).atan2(2.0 * across.0 + down.1)
}

impl Look<'_> {
    /// The face as it is found where the picture is turned by so much; its landmarks are the picture's. `None` where none is.
    fn at(
        self,
        image: &RgbImage,
        detection: &Detection,
        tilt: f32,
    ) -> Result<Option<Detection>, InferenceError> {
        let face = &detection.face_box;
        let side = self.detector.side() as f32;
        let scale = face.width.max(face.height) / (self.share * side);
        if !scale.is_finite() || scale <= 0.0 {
            return Ok(None);
        }
        let (a, b) = (scale * tilt.cos(), scale * tilt.sin());
        let middle = (side - 1.0) / 2.0;
        let back = Similarity {
            a,
            b,
            dx: face.x + face.width / 2.0 - middle * (a - b),
            dy: face.y + face.height / 2.0 - middle * (a + b),
        };
        let found = self.detector.detect_turned(image, &back)?;
        let from_middle = |d: &Detection| {
            let x = d.face_box.x + d.face_box.width / 2.0 - middle;
            let y = d.face_box.y + d.face_box.height / 2.0 - middle;
            x.hypot(y)
        };
        let nearest = found
            .into_iter()
            .min_by(|a, b| from_middle(a).total_cmp(&from_middle(b)));
        let its_own = nearest.filter(|d| from_middle(d) < self.share * side / 2.0);
        Ok(its_own.map(|d| Detection {
            landmarks: d.landmarks.map(|p| {
                let (x, y) = back.apply(p.x, p.y);
                Point { x, y }
            }),
            ..d
        }))
    }
}

#[cfg(test)]
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
            assert!((tilt(&turned) - angle).abs() < 1e-5, "{degrees}");
        }
    }
}
