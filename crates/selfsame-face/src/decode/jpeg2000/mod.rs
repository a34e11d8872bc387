//! JPEG 2000, for the photographs that authorities keep (docs/decisions/0117-jpeg-2000.md).
//!
//! The decoder cannot be stopped, and takes what a file asks for. So the file's parts are followed first, here: what it may ask
//! for is known, and bounded, before the decoder sees it.

mod cost;
mod marker;
mod outline;
mod wrapper;

use hayro_jpeg2000::{
    ColorSpace, DecodeError, DecodeSettings, DecodedImage, DecoderContext, Image,
};

use self::outline::Outline;
use self::wrapper::Wrapper;
use super::ImageError;
use super::png::on_white;
use crate::deadline::Deadline;

/// Most samples (pixels times colours) that are decoded: 8 megapixels in colour, which take some seconds, and the deadline cannot
/// be looked at meanwhile.
const MOST_SAMPLES: u64 = 24_000_000;

/// What a JPEG 2000's headers tell.
#[derive(Debug)]
pub(super) struct Jpeg2000<'b> {
    /// As much of the file as is the picture's.
    bytes: &'b [u8],
    outline: Outline,
    /// Columns of its palette; 0 without one.
    palette: u64,
}

/// Whether a file begins as a JPEG 2000 does: in its wrapper (JP2), or bare.
pub(super) fn begins(bytes: &[u8]) -> bool {
    wrapper::begins(bytes) || outline::begins(bytes)
}

impl<'b> Jpeg2000<'b> {
    /// Follows the file's parts. Nothing is allocated for the pixels.
    pub(super) fn announced(bytes: &'b [u8]) -> Result<Self, ImageError> {
        let (codestream, end, palette) = if outline::begins(bytes) {
            (0..bytes.len(), bytes.len(), 0)
        } else {
            let Wrapper {
                codestream,
                palette,
                end,
            } = Wrapper::of(bytes)?;
            (codestream, end, palette)
        };
        let within = |range| bytes.get(range).ok_or(ImageError::Truncated);
        let found = Self {
            outline: Outline::of(within(codestream)?)?,
            bytes: within(0..end)?,
            palette,
        };
        let (width, height) = found.size();
        let samples = u64::from(width) * u64::from(height) * found.planes();
        if samples > MOST_SAMPLES {
            return Err(ImageError::TooManyPixels(
                width,
                height,
                MOST_SAMPLES / found.planes(),
            ));
        }
        Ok(found)
    }

    /// Pixels, across and down.
    pub(super) fn size(&self) -> (u32, u32) {
        self.outline.size()
    }

    /// Planes of samples that the decoder holds of the whole picture.
    fn planes(&self) -> u64 {
        (self.outline.components.len() as u64).max(self.palette)
    }

    /// Most bytes that decoding takes, the pixels included.
    pub(super) fn memory(&self) -> u64 {
        cost::memory(&self.outline, self.planes(), self.bytes.len())
    }

    /// The pixels, three bytes each. The deadline is looked at before and after.
    pub(super) fn pixels(&self, deadline: &Deadline) -> Result<Vec<u8>, ImageError> {
        let settings = DecodeSettings {
            resolve_palette_indices: true,
            // What is missing is not to be made up.
            strict: !self.outline.open_ended,
            target_resolution: None,
        };
        let image = Image::new(self.bytes, &settings).map_err(explain)?;
        if (image.width(), image.height()) != self.size() {
            return Err(ImageError::Damaged("its sizes differ".to_owned()));
        }
        let colours = colours(image.color_space())?;
        let mut context = DecoderContext::default();
        let decoded = image.decode(&mut context).map_err(explain)?;
        deadline.check()?;
        self.painted(&decoded, colours, image.has_alpha())
    }

    /// Brings samples to RGB; what is transparent is laid on white.
    fn painted(
        &self,
        decoded: &DecodedImage<'_>,
        colours: usize,
        alpha: bool,
    ) -> Result<Vec<u8>, ImageError> {
        let (width, height) = self.size();
        let count = width as usize * height as usize;
        let planes = decoded.components();
        let whole = planes.iter().all(|plane| plane.samples().len() == count);
        if planes.len() != colours + usize::from(alpha) || !whole {
            return Err(ImageError::Damaged(
                "its colours are not all there".to_owned(),
            ));
        }
        let scales: Vec<f32> = planes
            .iter()
            .map(|plane| 255.0 / ((1u64 << plane.bit_depth().min(32)) - 1).max(1) as f32)
            .collect();
        let mut pixels = Vec::with_capacity(3 * count);
        for at in 0..count {
            let value = |plane: usize| {
                let sample = planes.get(plane)?.samples().get(at)?;
                // A number outside is brought to the nearest; one that is none, to 0.
                Some((sample * scales.get(plane)? + 0.5).clamp(0.0, 255.0) as u8)
            };
            let opaque = if alpha { value(colours) } else { Some(255) }.unwrap_or(255);
            for colour in 0..3 {
                let plain = value(if colours == 1 { 0 } else { colour }).unwrap_or(0);
                pixels.push(on_white(plain, opaque));
            }
        }
        Ok(pixels)
    }
}

/// Planes that make the colour: one of grey, or three of red, green and blue. A colour profile of these is not applied: a face is
/// found and compared without.
fn colours(space: &ColorSpace) -> Result<usize, ImageError> {
    match space {
        ColorSpace::Gray => Ok(1),
        ColorSpace::RGB => Ok(3),
        ColorSpace::Icc { profile, .. } => match profile.get(16..20) {
            Some(b"GRAY") => Ok(1),
            Some(b"RGB ") => Ok(3),
            _ => Err(ImageError::Unsupported("2000 in other colours than RGB")),
        },
        ColorSpace::CMYK | ColorSpace::Unknown { .. } => {
            Err(ImageError::Unsupported("2000 in other colours than RGB"))
        }
    }
}

fn explain(error: DecodeError) -> ImageError {
    ImageError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests;
