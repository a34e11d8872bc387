//! A tilted head's landmarks, found again with the head upright.
//!
//! The detector was trained on upright faces: it finds a tilted one, but places its landmarks as if it were less tilted, and a
//! face aligned by them compares badly (docs/decisions/0035-tilted-heads.md).

use image::RgbImage;

use crate::align::Similarity;
use crate::detect::{Detection, Detector};
use crate::evidence::Point;
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
    if detection.score < SURE && seen.tilt().abs() <= TILTED {
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
        let tilt = seen.tilt();
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
    .at(image, &detection, seen.tilt())?;
    Ok(Detection {
        landmarks: upright.map_or(detection.landmarks, |found| found.landmarks),
        ..detection
    })
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
