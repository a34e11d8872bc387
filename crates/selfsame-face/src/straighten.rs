//! The subject's landmarks, found again with the face upright and large in view.
//!
//! The detector was trained on upright faces. It finds a tilted one, but places its landmarks as if it were less tilted; it
//! finds one that stands on its head, and places its eyes on the mouth. Faces aligned by such landmarks compare badly, and
//! those of strangers that are turned alike compare well (docs/decisions/0035-tilted-heads.md, 0062-turned-faces.md). And the
//! larger a face is shown to it, the truer are the landmarks (docs/decisions/0063-second-look.md).

use std::f32::consts::FRAC_PI_2;

use image::RgbImage;

use crate::align::Similarity;
use crate::detect::{Detection, Detector};
use crate::evidence::{Point, Turn};
use crate::inference::InferenceError;

/// Up to this tilt, in radians, landmarks are as good as upright ones.
const TILTED: f32 = 0.09;
/// Each glance sees the tilt more truly than the one before, which saw little more than half of it.
const GLANCES: usize = 3;
/// The detector is at least so sure of an upright face that it sees large: of those that were measured, it was of 95 in 100,
/// and of none that was turned by a quarter or more. Of one that it is less sure of,
const SURE: f32 = 0.92;
/// a glance from either side, in radians, or at the picture turned by quarters
const ASIDE: f32 = 0.35;
/// tells more where it is surer than one from the front by so much.
const SURER: f32 = 0.005;

/// A detector, and how large it is shown a face: its box's longer side, as a part of the picture's.
#[derive(Clone, Copy)]
struct Look<'d> {
    detector: &'d Detector,
    share: f32,
}

/// Which way up a face is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stance {
    /// Upright beyond doubt, as far as the detector can tell.
    Upright,
    /// More likely upright than not: a face that is blurred, dark or covered, or turned in such a picture.
    Doubtful,
    /// Not upright either way.
    Turned,
}

/// What looks at a face again.
#[derive(Clone, Copy)]
pub(crate) struct Looks<'d> {
    /// Tells quickly how far it is turned.
    glance: Look<'d>,
    /// Finds its landmarks.
    close: Look<'d>,
}

/// A face that was looked at again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Straightened {
    /// With landmarks that were found with the face upright, as far as the picture is; box and score are what they were.
    pub(crate) detection: Detection,
    /// How sure the detector was of it then, 0 to 1.
    pub(crate) score: f32,
    /// How far the picture must be turned for the face to be upright.
    pub(crate) turn: Turn,
}

impl Straightened {
    /// Which way up the face is.
    pub(crate) fn stance(&self) -> Stance {
        if self.turn != Turn::None {
            Stance::Turned
        } else if self.score >= SURE {
            Stance::Upright
        } else {
            Stance::Doubtful
        }
    }
}

impl<'d> Looks<'d> {
    /// With a detector of a small side, and one of about 256 pixels.
    pub(crate) fn new(glance: &'d Detector, close: &'d Detector) -> Self {
        Self {
            // What is small is shown as large as it can be, with room for its hair.
            glance: Look {
                detector: glance,
                share: 0.55,
            },
            // A face of 190 pixels: the larger it is shown, the truer are its landmarks.
            close: Look {
                detector: close,
                share: 0.75,
            },
        }
    }

    /// Looks at a face again. Where it lies on its side or stands on its head, `turn` says so, and its landmarks are not to
    /// be used.
    pub(crate) fn straighten(
        self,
        image: &RgbImage,
        detection: Detection,
    ) -> Result<Straightened, InferenceError> {
        let upright = |near: Detection| Straightened {
            detection: Detection {
                landmarks: near.landmarks,
                ..detection
            },
            score: near.score,
            turn: Turn::None,
        };
        let mut front = None;
        if detection.landmarks.tilt().abs() <= TILTED {
            front = self.close.at(image, &detection, 0.0)?;
            if let Some(near) = front
                && near.score >= SURE
                && near.landmarks.tilt().abs() <= TILTED
            {
                return Ok(upright(near));
            }
        }
        let (tilt, glanced) = self.tilt(image, &detection, front)?;
        let near = match front {
            Some(front) if tilt == 0.0 => Some(front),
            _ => self.close.at(image, &detection, tilt)?,
        };
        let best = match (near, front) {
            (Some(near), _) => upright(near),
            (None, Some(front)) => upright(front),
            (None, None) => Straightened {
                detection,
                score: 0.0,
                turn: Turn::None,
            },
        };
        if best.score >= SURE {
            return Ok(best);
        }
        let turn = self.turn(image, &detection, tilt, glanced)?;
        Ok(Straightened { turn, ..best })
    }

    /// How far the head is tilted in the picture, clockwise, in radians; and how sure a glance was of it at that tilt, where there
    /// was one.
    fn tilt(
        self,
        image: &RgbImage,
        detection: &Detection,
        front: Option<Detection>,
    ) -> Result<(f32, Option<f32>), InferenceError> {
        let mut seen = front.map_or(detection.landmarks, |front| front.landmarks);
        let mut turned = 0.0;
        let mut glanced = None;
        if front.is_none_or(|f| f.score < SURE) && seen.tilt().abs() <= TILTED {
            let front = self.glance.at(image, detection, 0.0)?;
            let sure = front.map_or(0.0, |found| found.score);
            glanced = Some(sure);
            let mut surest = sure + SURER;
            for aside in [-ASIDE, ASIDE] {
                if let Some(found) = self.glance.at(image, detection, aside)?
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
            let Some(found) = self.glance.at(image, detection, tilt)? else {
                break;
            };
            (seen, turned) = (found.landmarks, tilt);
        }
        Ok(if turned == 0.0 {
            (0.0, glanced)
        } else {
            (seen.tilt(), None)
        })
    }

    /// How far the picture must be turned for the face to be upright, but for so much of a tilt. By glances from all four
    /// sides, the first of which may have been `glanced` at already: the detector is surest of an upright face.
    fn turn(
        self,
        image: &RgbImage,
        detection: &Detection,
        tilt: f32,
        glanced: Option<f32>,
    ) -> Result<Turn, InferenceError> {
        let glance = |at: f32| -> Result<f32, InferenceError> {
            let found = self.glance.at(image, detection, at)?;
            Ok(found.map_or(0.0, |found| found.score))
        };
        let upright = match glanced {
            Some(score) => score,
            None => glance(tilt)?,
        };
        let (mut turn, mut surest) = (Turn::None, upright + SURER);
        for (quarter, turned) in Turn::ALL.into_iter().enumerate().skip(1) {
            let score = glance(tilt + quarter as f32 * FRAC_PI_2)?;
            if score > surest {
                // A face that is turned clockwise becomes upright by turning it back.
                (turn, surest) = (turned.back(), score);
            }
        }
        Ok(turn)
    }
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
