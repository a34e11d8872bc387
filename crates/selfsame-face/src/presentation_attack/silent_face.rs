//! The crops that the two models of Silent-Face-Anti-Spoofing look at: the face's box and much of what is around it, shifted
//! into the picture.

use image::RgbImage;

use crate::cut::{self, Place};
use crate::evidence::FaceBox;
use crate::inference::{Inference, InferenceError};

/// Side of the models' inputs.
pub(super) const SIDE: usize = 80;
/// How much the box is grown for each model.
pub(super) const NEAR: f32 = 2.7;
pub(super) const FAR: f32 = 4.0;

/// Bona fide against all attacks: its logit less the logarithm of the summed exponentials of the others'. `None` when the box
/// is no box.
pub(super) fn score(
    model: &dyn Inference,
    image: &RgbImage,
    face: &FaceBox,
    growth: f32,
) -> Result<Option<f32>, InferenceError> {
    let Some(crop) = Crop::around(face, growth, image.dimensions()) else {
        return Ok(None);
    };
    let mut score = f32::NAN;
    model.run(&mut |input| crop.draw(image, input), &mut |outputs| {
        if let Some([flat, bona_fide, screen]) = outputs.first() {
            let most = flat.max(*screen);
            let attacks = most + ((flat - most).exp() + (screen - most).exp()).ln();
            score = bona_fide - attacks;
        }
    })?;
    Ok(score.is_finite().then_some(score))
}

/// A rectangle of whole pixels within the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Crop {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Crop {
    /// As the models' authors cut it: grown by less where the picture is too small, and shifted into the picture.
    fn around(face: &FaceBox, growth: f32, picture: (u32, u32)) -> Option<Self> {
        let (width, height) = (picture.0 as f32, picture.1 as f32);
        // No face is a pixel small, and none larger than twice the largest picture that is decoded.
        let is_side = |side: f32| (2.0..=200_000.0).contains(&side);
        if ![face.width, face.height, width, height]
            .into_iter()
            .all(is_side)
        {
            return None;
        }
        let most = ((width - 1.0) / face.width).min((height - 1.0) / face.height);
        let growth = growth.min(most);
        let along = |start: f32, length: f32, end: f32| {
            let grown = length * growth;
            let first = start + (length - grown) / 2.0;
            // The last pixel that belongs to it lies a whole length after the first.
            let first = first.clamp(0.0, (end - 1.0 - grown).max(0.0));
            (first as usize, (first + grown).min(end - 1.0) as usize)
        };
        let (left, right) = along(face.x, face.width, width);
        let (top, bottom) = along(face.y, face.height, height);
        Some(Self {
            left,
            top,
            width: right.checked_sub(left)? + 1,
            height: bottom.checked_sub(top)? + 1,
        })
    }

    /// Fills the planes of blue, green and red, 0 to 255, each pixel between the four nearest: what is finer is not smoothed
    /// away, for that is how the models learned to see.
    fn draw(self, image: &RgbImage, planes: &mut [f32]) {
        let [blue, green, red] = cut::thirds(planes, SIDE);
        let columns = places(self.left, self.width);
        let rows = places(self.top, self.height);
        // Bytes are what the models were given.
        cut::draw(image, &columns, &rows, [red, green, blue]);
    }
}

/// For each target pixel along one side, where it lies.
fn places(start: usize, length: usize) -> [Place; SIDE] {
    let step = length as f32 / SIDE as f32;
    std::array::from_fn(|n| {
        let place = ((n as f32 + 0.5) * step - 0.5).clamp(0.0, (length - 1) as f32);
        let first = place as usize;
        (start + first, place - first as f32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn face(x: f32, y: f32, width: f32, height: f32) -> FaceBox {
        FaceBox {
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn a_crop_is_grown_shifted_and_kept_within_the_picture() {
        let crop = |face, growth| Crop::around(&face, growth, (320, 240)).unwrap();
        // In the middle, all of it fits.
        let whole = crop(face(150.0, 110.0, 20.0, 20.0), 2.0);
        assert_eq!((whole.left, whole.top), (140, 100));
        assert_eq!((whole.width, whole.height), (41, 41));
        // At the corner it is shifted, as large as before.
        let corner = crop(face(0.0, 0.0, 20.0, 20.0), 2.0);
        assert_eq!((corner.left, corner.top, corner.width), (0, 0, 41));
        let other = crop(face(300.0, 220.0, 20.0, 20.0), 2.0);
        assert_eq!((other.left, other.top), (279, 199));
        assert_eq!(
            (other.left + other.width, other.top + other.height),
            (320, 240)
        );
        // A large face is grown by what the picture has.
        let large = crop(face(60.0, 20.0, 160.0, 200.0), 4.0);
        assert_eq!((large.top, large.height), (0, 240));
        assert!((190..=193).contains(&large.width), "{large:?}");
    }

    #[test]
    fn a_box_that_is_none_has_no_crop() {
        for (width, size) in [(0.0, 9), (f32::NAN, 9), (-4.0, 9), (4.0, 1), (4.0, 0)] {
            assert_eq!(
                Crop::around(&face(1.0, 1.0, width, 4.0), 2.7, (size, size)),
                None,
                "{width} {size}"
            );
        }
        for start in [f32::NAN, -1e9, 1e9, f32::INFINITY] {
            let seen = Crop::around(&face(start, 3.0, 4.0, 4.0), 2.7, (40, 30));
            assert!(
                seen.is_none_or(|c| c.left + c.width <= 40 && c.top + c.height <= 30),
                "{start}: {seen:?}"
            );
        }
    }

    #[test]
    fn colours_and_places_are_those_of_the_picture() {
        let image = RgbImage::from_fn(320, 240, |x, y| image::Rgb([(x / 2) as u8, y as u8, 9]));
        let crop = Crop {
            left: 80,
            top: 40,
            width: 160,
            height: 80,
        };
        let mut planes = vec![0.0; 3 * SIDE * SIDE];
        crop.draw(&image, &mut planes);
        let plane = SIDE * SIDE;
        assert!(planes[..plane].iter().all(|v| *v == 9.0));
        for (x, y) in [(0, 0), (40, 7), (79, 79)] {
            let at = y * SIDE + x;
            let (red, green) = (planes[2 * plane + at], planes[plane + at]);
            assert!((red - (40.0 + x as f32)).abs() <= 1.0, "{x}: {red}");
            assert!((green - (40.0 + y as f32)).abs() <= 0.5, "{y}: {green}");
        }
    }
}
