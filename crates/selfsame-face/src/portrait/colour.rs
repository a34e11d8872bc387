//! Whether a picture is grey, however its file keeps it.

use image::RgbImage;

/// Colours this far apart, of 255, are grey that was saved with losses.
const NEARLY_GREY: u8 = 10;
/// One pixel of so many may be more coloured: a stamp's edge, or noise.
const STRAYS: usize = 100;

/// Whether a picture shows greys only. Brown and blueish ones are coloured.
#[must_use]
pub fn is_grey(pixels: &RgbImage) -> bool {
    let coloured = pixels
        .pixels()
        .filter(|pixel| {
            let [r, g, b] = pixel.0;
            r.max(g).max(b) - r.min(g).min(b) > NEARLY_GREY
        })
        .count();
    coloured * STRAYS <= pixels.as_raw().len() / 3
}
