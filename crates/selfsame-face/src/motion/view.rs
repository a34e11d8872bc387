//! A face brought to one place and size, as motion is measured on it.

use image::RgbImage;

use super::displacement::{FINE, ORIGIN, UNIT, WIDE_ORIGIN, WIDE_UNIT};
use super::patch::Patch;
use crate::align::Similarity;
use crate::evidence::{Landmarks, Point};

/// A face's structure, fine and coarse.
#[derive(Debug)]
pub(crate) struct View {
    pub(super) fine: Patch,
    pub(super) coarse: Patch,
    /// From the fine patch to the picture.
    pub(super) back: Similarity,
    /// The picture's width and height.
    pub(super) picture: (u32, u32),
}

impl View {
    /// `None` when the landmarks fall together.
    pub(crate) fn of(image: &RgbImage, landmarks: &Landmarks) -> Option<Self> {
        let back = Similarity::fit(&places(), &landmarks.points())?;
        let fine = Patch::cut(image, &back, FINE);
        Some(Self {
            coarse: fine.half(),
            fine,
            back,
            picture: image.dimensions(),
        })
    }

    /// From the coarse patch to the picture, and the picture's width and height.
    pub(crate) fn coarse_place(&self) -> (Similarity, (u32, u32)) {
        // A coarse pixel's middle lies between its four fine ones.
        let (dx, dy) = self.back.apply(0.5, 0.5);
        let back = Similarity {
            a: 2.0 * self.back.a,
            b: 2.0 * self.back.b,
            dx,
            dy,
        };
        (back, self.picture)
    }

    /// From the wide patch to the picture, and the picture's width and height.
    pub(crate) fn wide_place(&self) -> (Similarity, (u32, u32)) {
        let factor = UNIT / WIDE_UNIT;
        let (dx, dy) = self.back.apply(
            ORIGIN[0] - factor * WIDE_ORIGIN[0],
            ORIGIN[1] - factor * WIDE_ORIGIN[1],
        );
        let back = Similarity {
            a: factor * self.back.a,
            b: factor * self.back.b,
            dx,
            dy,
        };
        (back, self.picture)
    }
}

/// Where the landmarks come to lie in the fine patch.
fn places() -> [Point; 5] {
    [
        (-0.5, 0.0),
        (0.5, 0.0),
        (0.0, 0.62),
        (-0.42, 1.0),
        (0.42, 1.0),
    ]
    .map(|(x, y): (f32, f32)| Point {
        x: ORIGIN[0] + UNIT * x,
        y: ORIGIN[1] + UNIT * y,
    })
}
