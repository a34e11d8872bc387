//! Turns pixels upright.

use image::metadata::Orientation;
use image::{RgbImage, imageops};

use crate::evidence::Turn;

/// The orientation that an EXIF block tells. One that cannot be read is none: the pixels are still good.
pub(super) fn told_by(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms)
}

/// A turn as an orientation.
pub(super) const fn of(turn: Turn) -> Orientation {
    match turn {
        Turn::None => Orientation::NoTransforms,
        Turn::Quarter => Orientation::Rotate90,
        Turn::Half => Orientation::Rotate180,
        Turn::ThreeQuarters => Orientation::Rotate270,
    }
}

/// Whether turning swaps width and height, which takes a second copy of the pixels.
pub(super) const fn swaps_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// The upright picture. Without a swap of its sides it is turned in place.
pub(super) fn upright(mut pixels: RgbImage, orientation: Orientation) -> RgbImage {
    match orientation {
        Orientation::NoTransforms => {}
        Orientation::Rotate180 => imageops::rotate180_in_place(&mut pixels),
        Orientation::FlipHorizontal => imageops::flip_horizontal_in_place(&mut pixels),
        Orientation::FlipVertical => imageops::flip_vertical_in_place(&mut pixels),
        Orientation::Rotate90 => return imageops::rotate90(&pixels),
        Orientation::Rotate270 => return imageops::rotate270(&pixels),
        Orientation::Rotate90FlipH => {
            let mut turned = imageops::rotate90(&pixels);
            imageops::flip_horizontal_in_place(&mut turned);
            return turned;
        }
        Orientation::Rotate270FlipH => {
            let mut turned = imageops::rotate270(&pixels);
            imageops::flip_horizontal_in_place(&mut turned);
            return turned;
        }
    }
    pixels
}
