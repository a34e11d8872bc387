//! The line along which a picture is cut out: around the head, and down over the shoulders.

use chacha20::ChaCha8Rng;
use rand::RngExt as _;

use super::subject::Subject;

/// A cut around head and shoulders, in centimetres on the print.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outline {
    middle: (f32, f32),
    half: (f32, f32),
    chin: f32,
}

impl Outline {
    /// A cut by hand around a face, on a print that wide: hair is left on, the line wavers from one print to another.
    pub(super) fn around(rng: &mut ChaCha8Rng, subject: &Subject, width: f32) -> Self {
        let scale = width / subject.size().0;
        let face = subject.face;
        let (wide, tall) = (face.width * scale, face.height * scale);
        let middle = (
            (face.x * scale) + wide / 2.0,
            (face.y * scale) + tall * 0.42,
        );
        Self {
            middle,
            half: (
                wide * rng.random_range(0.66..0.78),
                tall * rng.random_range(0.74..0.84),
            ),
            chin: (face.y * scale) + tall * 0.95,
        }
    }

    /// Whether a point is on the picture's side of the line, moved outwards by `rim`.
    pub(super) fn holds(&self, u: f32, v: f32, rim: f32) -> bool {
        let (dx, dy) = (u - self.middle.0, v - self.middle.1);
        let head = (dx / (self.half.0 + rim)).powi(2) + (dy / (self.half.1 + rim)).powi(2) <= 1.0;
        let below = v + rim - self.chin;
        let shoulders = below > 0.0 && dx.abs() <= self.half.0 * 0.75 + 1.4 * below + rim;
        head || shoulders
    }
}
