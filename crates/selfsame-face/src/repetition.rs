//! Tells frames that are one picture, however they were saved, from frames that a camera took one after the other: no hand
//! and no head holds still to a thousandth of a face, and no camera gives the same noise twice.

use image::RgbImage;

use crate::align::Similarity;
use crate::motion::{self, Patch, View};

/// Pictures whose faces lie this much apart are two, in distances between the eyes.
const LARGEST_SHIFT: f32 = 0.002;
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
pub(crate) struct Thumbnail(Patch);

impl Window {
    /// Where a view shows the face.
    pub(crate) fn around(view: &View) -> Self {
        let (back, picture) = view.coarse_place();
        Self { back, picture }
    }

    pub(crate) fn cut(&self, image: &RgbImage) -> Thumbnail {
        let across = image.width() as f32 / self.picture.0 as f32;
        let down = image.height() as f32 / self.picture.1 as f32;
        // A picture of another shape is another picture; only its width is brought to this one's.
        let factor = f32::midpoint(across, down);
        let back = Similarity {
            a: self.back.a * factor,
            b: self.back.b * factor,
            dx: self.back.dx * across,
            dy: self.back.dy * down,
        };
        Thumbnail(Patch::cut(image, &back, motion::COARSE))
    }
}

impl Thumbnail {
    /// How far the other picture is shifted against this one, in distances between the eyes, and what part of its structure
    /// differs then.
    fn against(&self, other: &Self) -> Option<(f32, f32)> {
        motion::shift(&self.0, &other.0)
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
