//! A picture's faces: the subject first, and upright.

use image::RgbImage;

use super::picture::Picture;
use super::{Analyser, Clock};
use crate::align::Similarity;
use crate::deadline::Deadline;
use crate::decode::ImageError;
use crate::detect::{Detection, FIRST_LOOK};
use crate::evidence::Turn;
use crate::inference::InferenceError;
use crate::straighten::{Looks, Stance, Straightened};

/// How thoroughly faces are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// As a selfie deserves it of which more is asked than a template: the models for attacks were measured with this look's boxes.
    Thorough,
    /// As thoroughly, but with a small look first where it shows all: for a template alone.
    Template,
    /// As a frame does: at a glance first, and no second look where the glance is sure. [`Analyser::closer`] makes up for
    /// it where the frame's template is wanted.
    Glance,
    /// As thoroughly as for a selfie, in a photograph that an authority sent: in whatever format such are kept. However small it
    /// is, each look enlarges it to its own size.
    Portrait,
}

/// A picture that is upright by its subject's face, and the faces in it.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) picture: Picture,
    /// The subject first, then by [`crate::evidence::FaceEvidence::prominence`].
    pub(super) faces: Vec<Detection>,
    /// How far the picture was turned beyond its EXIF orientation.
    pub(super) turned: Turn,
    /// Which way up the subject is now.
    pub(super) stance: Stance,
    /// Whether the subject's landmarks were found with the face large in view, as a template wants them.
    close: bool,
    /// Milliseconds from bytes to pixels.
    pub(super) decode_ms: f64,
    /// Milliseconds from pixels to faces.
    pub(super) detect_ms: f64,
}

/// The faces in pixels that may not be upright.
struct Seen {
    faces: Vec<Detection>,
    stance: Stance,
    close: bool,
    /// How far the picture must be turned for the subject to be upright.
    turn: Turn,
}

/// A glance at a whole frame that is so sure of a face has it upright.
const SURE_AT_A_GLANCE: f32 = 0.92;

/// A face that is at least so prominent, as a part of the picture's longer side across, is large.
const LARGE: f32 = 0.2;

/// And of which the detector is at least so sure, is one beyond doubt; of a blurred or covered one a larger look tells more.
const SURE_IN_A_SMALL_LOOK: f32 = 0.8;

/// The first turn may follow something that only looked like a face while the picture lay on its side; the second then follows
/// the face. What is not upright after that will not become so.
const MOST_TURNS: usize = 2;

fn failed(error: InferenceError) -> ImageError {
    ImageError::Analysis(error.to_string())
}

impl Analyser {
    /// Opens a picture and finds the faces in it. Where the subject is not upright, the picture is opened again, turned: its
    /// pixels, boxes and landmarks are upright then for all that comes after. As for [`Analyser::open`], who calls this must
    /// hold no other picture.
    pub(super) fn see(
        &self,
        bytes: &[u8],
        search: Search,
        deadline: &Deadline,
    ) -> Result<Sight, ImageError> {
        let (mut decode_ms, mut detect_ms) = (0.0, 0.0);
        let mut turned = Turn::None;
        let mut turns = 0;
        loop {
            let mut clock = Clock::start();
            let picture = self.open(bytes, search, turned, deadline)?;
            decode_ms += clock.lap();
            deadline.check()?;
            let pixels = &picture.decoded.pixels;
            let Seen {
                faces,
                stance,
                close,
                turn,
            } = self.faces(pixels, search).map_err(failed)?;
            detect_ms += clock.lap();
            if turn != Turn::None && turns < MOST_TURNS {
                (turned, turns) = (turned.then(turn), turns + 1);
                continue;
            }
            return Ok(Sight {
                picture,
                faces,
                turned,
                stance,
                close,
                decode_ms,
                detect_ms,
            });
        }
    }

    /// Looks at the subject of a frame again, as its template wants it.
    pub(super) fn closer(&self, sight: &mut Sight) -> Result<(), ImageError> {
        let Some(subject) = sight.faces.first_mut().filter(|_| !sight.close) else {
            return Ok(());
        };
        let pixels = &sight.picture.decoded.pixels;
        let straight = self.straighten(pixels, *subject).map_err(failed)?;
        sight.close = true;
        sight.stance = straight.stance();
        *subject = straight.detection;
        Ok(())
    }

    fn faces(&self, pixels: &RgbImage, search: Search) -> Result<Seen, InferenceError> {
        let mut faces = self.search(pixels, search)?;
        let prominence = |d: &Detection| d.face_box.prominence(pixels.dimensions());
        faces.sort_by(|a, b| prominence(b).total_cmp(&prominence(a)));
        let Some(subject) = faces.first_mut() else {
            return Ok(Seen {
                faces,
                stance: Stance::Doubtful,
                close: false,
                turn: self.sideways(pixels)?,
            });
        };
        if search == Search::Glance && subject.score >= SURE_AT_A_GLANCE {
            return Ok(Seen {
                faces,
                stance: Stance::Upright,
                close: false,
                turn: Turn::None,
            });
        }
        let straight = self.straighten(pixels, *subject)?;
        *subject = straight.detection;
        Ok(Seen {
            faces,
            stance: straight.stance(),
            close: true,
            turn: straight.turn,
        })
    }

    /// For a frame a glance; for a template alone a small look, which shows a large face. Where that finds none, or nobody large: the
    /// first look; then a finer one; then one with an empty margin, for a face that fills the picture.
    pub(super) fn search(
        &self,
        pixels: &RgbImage,
        search: Search,
    ) -> Result<Vec<Detection>, InferenceError> {
        let quick = match search {
            Search::Glance => self.inner.glance.detect(pixels, 0.0)?,
            Search::Thorough => Vec::new(),
            Search::Template | Search::Portrait => {
                let found = self.inner.small_look.detect(pixels, 0.0)?;
                if shows_all(&found, pixels.dimensions()) {
                    found
                } else {
                    Vec::new()
                }
            }
        };
        if !quick.is_empty() {
            return Ok(quick);
        }
        let looks = [
            (&self.inner.first_look, 0.0),
            (&self.inner.second_look, 0.0),
            (&self.inner.first_look, 0.25),
        ];
        for (detector, margin) in looks {
            let found = detector.detect(pixels, margin)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// How far a picture without an upright face must be turned for there to be one: some faces that lie on their side are
    /// not found at all.
    fn sideways(&self, pixels: &RgbImage) -> Result<Turn, InferenceError> {
        let (mut turn, mut surest) = (Turn::None, 0.0);
        for turned in [Turn::Quarter, Turn::ThreeQuarters] {
            let back = whole(pixels.dimensions(), turned);
            let found = self.inner.first_look.detect_turned(pixels, &back)?;
            for face in found {
                if face.score > surest {
                    (turn, surest) = (turned.back(), face.score);
                }
            }
        }
        Ok(turn)
    }

    fn straighten(
        &self,
        pixels: &RgbImage,
        face: Detection,
    ) -> Result<Straightened, InferenceError> {
        Looks::new(&self.inner.glance, &self.inner.close_look).straighten(pixels, face)
    }
}

/// Whether a small look saw all that a larger one would tell: one face alone, of which it is sure, and so large that a second
/// person, who is at least half as prominent across, would be large enough to be found by it too. Of several faces a larger look
/// tells better how large each is, and so whose picture it is.
fn shows_all(found: &[Detection], picture: (u32, u32)) -> bool {
    let side = picture.0.max(picture.1) as f32;
    let prominent = |face: &Detection| {
        face.score >= SURE_IN_A_SMALL_LOOK
            && face.face_box.prominence(picture).max(0.0).sqrt() >= LARGE * side
    };
    matches!(found, [alone] if prominent(alone))
}

/// From the first look's pixels to those of a whole picture that lies turned so far.
fn whole((width, height): (u32, u32), turned: Turn) -> Similarity {
    let scale = width.max(height) as f32 / FIRST_LOOK as f32;
    let (sin, cos) = f32::from(turned.degrees()).to_radians().sin_cos();
    let (a, b) = (scale * cos, scale * sin);
    let middle = (FIRST_LOOK as f32 - 1.0) / 2.0;
    Similarity {
        a,
        b,
        dx: (width as f32 - 1.0) / 2.0 - middle * (a - b),
        dy: (height as f32 - 1.0) / 2.0 - middle * (a + b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{FaceBox, Landmarks, Point};

    /// A face in the middle of a picture of 400 by 300.
    fn face(side: f32, score: f32) -> Detection {
        let nowhere = Point { x: 0.0, y: 0.0 };
        Detection {
            face_box: FaceBox {
                x: 200.0 - side / 2.0,
                y: 150.0 - side / 2.0,
                width: side,
                height: side,
            },
            landmarks: Landmarks {
                left_eye: nowhere,
                right_eye: nowhere,
                nose: nowhere,
                mouth_left: nowhere,
                mouth_right: nowhere,
            },
            score,
        }
    }

    #[test]
    fn a_small_look_is_believed_of_one_large_face_alone() {
        let shows = |found: &[Detection]| shows_all(found, (400, 300));
        assert!(shows(&[face(100.0, 0.9)]));
        assert!(!shows(&[]), "nobody");
        assert!(!shows(&[face(70.0, 0.9)]), "small");
        assert!(!shows(&[face(100.0, 0.7)]), "unsure");
        assert!(!shows(&[face(100.0, 0.9), face(20.0, 0.9)]), "two");
        let mut aside = face(100.0, 0.9);
        aside.face_box.x = 290.0;
        assert!(!shows(&[aside]), "at the edge, as a bystander is");
        let mut nowhere = face(100.0, 0.9);
        nowhere.face_box.width = f32::NAN;
        assert!(!shows(&[nowhere]), "no box");
    }

    #[test]
    fn a_whole_picture_that_lies_on_its_side_is_seen_upright() {
        // The picture's top is at the right of one that lies turned clockwise.
        let back = whole((640, 480), Turn::Quarter);
        let (x, y) = back.apply(159.5, 0.0);
        assert!(
            (x - 638.5).abs() < 1.0 && (y - 239.5).abs() < 1.0,
            "{x} {y}"
        );
        let back = whole((640, 480), Turn::ThreeQuarters);
        let (x, y) = back.apply(159.5, 0.0);
        assert!((x - 0.5).abs() < 1.0 && (y - 239.5).abs() < 1.0, "{x} {y}");
    }
}
