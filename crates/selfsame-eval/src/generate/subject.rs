//! A photograph as the generator uses it: a portrait around its largest face, in linear light, with the landmarks.

use image::{Rgb32FImage, imageops};
use selfsame_face::analyser::Analyser;
use selfsame_face::decode::{ImageError, Limits, decode};
use selfsame_face::evidence::{FaceBox, Landmarks, Point};

use super::light;

/// The portrait is made no wider than this: finer detail than a phone's camera would show.
const WIDEST: u32 = 900;

/// A portrait is this many times as wide as its face, where the photograph goes that far.
const WIDTH_IN_FACES: f32 = 3.0;

/// A face to make presentations of.
#[derive(Clone)]
pub struct Subject {
    pub(super) portrait: Rgb32FImage,
    pub(super) landmarks: Landmarks,
    pub(super) face: FaceBox,
}

/// Why a photograph cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// It cannot be decoded or analysed.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// There is no face in it.
    #[error("no face was found")]
    NoFace,
}

impl Subject {
    /// Finds the largest face of a photograph and cuts a portrait (three to four) around it.
    ///
    /// # Errors
    /// [`SubjectError`] where the photograph cannot be used.
    pub fn find(analyser: &Analyser, bytes: &[u8]) -> Result<Self, SubjectError> {
        let evidence = analyser.analyse(bytes)?;
        let found = evidence.faces.first().ok_or(SubjectError::NoFace)?;
        let picture = decode(bytes, &Limits::default())?.pixels;
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        let face = found.face_box;
        let wide = (face.width * WIDTH_IN_FACES)
            .min(width)
            .min(height * 0.75)
            .max(8.0);
        let tall = wide / 0.75;
        let middle = (face.x + face.width / 2.0, face.y + face.height * 0.55);
        let left = (middle.0 - wide / 2.0).clamp(0.0, width - wide);
        let top = (middle.1 - tall / 2.0).clamp(0.0, (height - tall).max(0.0));
        let (left, top) = (left.floor(), top.floor());
        let cut = imageops::crop_imm(&picture, left as u32, top as u32, wide as u32, tall as u32)
            .to_image();
        let whole = Self {
            portrait: light::linear(&cut),
            landmarks: found.landmarks,
            face,
        };
        drop(picture);
        let portrait = whole.portrait.clone();
        let cut_out = whole.mapped(portrait, |p| Point {
            x: p.x - left,
            y: p.y - top,
        });
        Ok(cut_out.no_wider_than(WIDEST))
    }

    /// The subject in a portrait no wider than that.
    pub(super) fn no_wider_than(&self, width: u32) -> Self {
        let scale = width as f32 / self.portrait.width() as f32;
        if scale >= 1.0 {
            return self.clone();
        }
        let height = (self.portrait.height() as f32 * scale).round() as u32;
        let portrait = imageops::resize(
            &self.portrait,
            width,
            height,
            imageops::FilterType::Triangle,
        );
        self.mapped(portrait, |p| Point {
            x: p.x * scale,
            y: p.y * scale,
        })
    }

    /// The subject in another picture, where each of its points went where `to` says: a shift and a scale.
    pub(super) fn mapped(&self, portrait: Rgb32FImage, to: impl Fn(Point) -> Point) -> Self {
        let (l, f) = (self.landmarks, self.face);
        let (corner, opposite) = (
            to(Point { x: f.x, y: f.y }),
            to(Point {
                x: f.x + f.width,
                y: f.y + f.height,
            }),
        );
        Self {
            portrait,
            landmarks: Landmarks {
                left_eye: to(l.left_eye),
                right_eye: to(l.right_eye),
                nose: to(l.nose),
                mouth_left: to(l.mouth_left),
                mouth_right: to(l.mouth_right),
            },
            face: FaceBox {
                x: corner.x,
                y: corner.y,
                width: opposite.x - corner.x,
                height: opposite.y - corner.y,
            },
        }
    }

    /// The portrait's width and height.
    pub(super) fn size(&self) -> (f32, f32) {
        (self.portrait.width() as f32, self.portrait.height() as f32)
    }
}
