//! Tells frames that are one picture, however they were saved, from frames that a camera took one after the other: no hand
//! and no head holds still to a thousandth of a face, and no camera gives the same noise twice.

use image::RgbImage;

use crate::align::Similarity;
use crate::motion::{self, Patch, View};

/// Pictures whose faces lie this much apart are two, in distances between the eyes.
const LARGEST_SHIFT: f32 = 0.0025;
/// Pictures whose structure differs by this part are two.
const LARGEST_DIFFERENCE: f32 = 0.2;

/// Where in the picture its thumbnail is cut, relative to the picture's size: the same for all images of a capture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    back: Similarity,
    picture: (u32, u32),
}

/// A picture's structure around that place.
#[derive(Debug)]
pub(crate) struct Thumbnail {
    patch: Patch,
    /// Its slopes at each pixel, across and down.
    slopes: Vec<[f32; 2]>,
}

impl Window {
    /// Where a view shows the face.
    pub(crate) fn around(view: &View) -> Self {
        let (back, picture) = view.coarse_place();
        Self { back, picture }
    }

    /// Where a view shows the face and what is around it.
    pub(crate) fn wide(view: &View) -> Self {
        let (back, picture) = view.wide_place();
        Self { back, picture }
    }

    pub(crate) fn cut(&self, image: &RgbImage) -> Thumbnail {
        Thumbnail::of(Patch::cut(image, &self.place(image), motion::COARSE))
    }

    /// From the patch to a picture of this size.
    pub(crate) fn place(&self, image: &RgbImage) -> Similarity {
        let across = image.width() as f32 / self.picture.0 as f32;
        let down = image.height() as f32 / self.picture.1 as f32;
        // A picture of another shape is another picture; only its width is brought to this one's.
        let factor = f32::midpoint(across, down);
        Similarity {
            a: self.back.a * factor,
            b: self.back.b * factor,
            // A pixel's place is its middle.
            dx: (self.back.dx + 0.5) * across - 0.5,
            dy: (self.back.dy + 0.5) * down - 0.5,
        }
    }
}

impl Thumbnail {
    fn of(patch: Patch) -> Self {
        let slopes = (0..motion::COARSE * motion::COARSE).map(|at| patch.slopes(at));
        Self {
            slopes: slopes.collect(),
            patch,
        }
    }

    /// How far the other picture is shifted against this one, in distances between the eyes, and what part of its structure
    /// differs then. Holds for small shifts, which alone matter; of larger ones it says that they are large. `None` for
    /// pictures without structure.
    fn against(&self, other: &Self) -> Option<(f32, f32)> {
        let (mut xx, mut xy, mut yy, mut xd, mut yd, mut dd, mut all) =
            (0.0f32, 0.0f32, 0.0f32, 0.0f32, 0.0f32, 0.0f32, 0.0f32);
        for (at, [x, y]) in self.slopes.iter().enumerate() {
            let value = self.patch.at(at);
            let difference = other.patch.at(at) - value;
            xx += x * x;
            xy += x * y;
            yy += y * y;
            xd += x * difference;
            yd += y * difference;
            dd += difference * difference;
            all += value * value;
        }
        let determinant = xx * yy - xy * xy;
        if determinant <= 0.0 || all <= 0.0 {
            return None;
        }
        let (dx, dy) = (
            (yy * xd - xy * yd) / determinant,
            (xx * yd - xy * xd) / determinant,
        );
        let left = (dd - dx * xd - dy * yd).max(0.0);
        Some((dx.hypot(dy) / motion::COARSE_UNIT, (left / all).sqrt()))
    }

    fn repeats(&self, other: &Self) -> bool {
        self.against(other).is_some_and(|(shift, difference)| {
            shift < LARGEST_SHIFT && difference < LARGEST_DIFFERENCE
        })
    }
}

/// How many repeat another that came before them.
pub(crate) fn repeated(thumbnails: &[Thumbnail]) -> usize {
    (1..thumbnails.len())
        .filter(|n| thumbnails[..*n].iter().any(|t| t.repeats(&thumbnails[*n])))
        .count()
}
