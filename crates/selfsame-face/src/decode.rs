//! From hostile bytes to upright RGB pixels, within limits.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader, RgbImage};
use memchr::memchr;

use crate::evidence::{ImageFacts, ImageFormat};

/// Limits on an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Pixels (width times height).
    pub pixels: u64,
    /// Bytes that decoding may allocate.
    pub memory: u64,
}

impl Default for Limits {
    /// Up to the 48 megapixels of present phones.
    fn default() -> Self {
        Self {
            bytes: 12 * 1024 * 1024,
            pixels: 50_000_000,
            memory: 512 * 1024 * 1024,
        }
    }
}

/// Why an image cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// No bytes.
    #[error("the image is empty")]
    Empty,
    /// Too many bytes.
    #[error("the image is {0} bytes long; at most {1} are accepted")]
    TooManyBytes(usize, usize),
    /// Neither JPEG nor PNG.
    #[error("the image is neither JPEG nor PNG")]
    UnknownFormat,
    /// Too many pixels.
    #[error("the image is {0} by {1} pixels, more than this server accepts")]
    TooManyPixels(u32, u32),
    /// The file stops before its end.
    #[error("the image file is truncated")]
    Truncated,
    /// The decoder gave up.
    #[error("the image file is damaged: {0}")]
    Damaged(String),
    /// The capture has too many frames.
    #[error("the capture has {0} frames; at most {1} are accepted")]
    TooManyFrames(usize, usize),
    /// An engine failed on it.
    #[error("the image could not be analysed: {0}")]
    Analysis(String),
}

/// An upright image.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// What the file was.
    pub facts: ImageFacts,
    /// Its pixels, 8 bits each of red, green and blue.
    pub pixels: RgbImage,
}

/// Decodes a JPEG or PNG and turns it upright by its EXIF orientation.
///
/// Grey, CMYK, palette and 16-bit pixels become 8-bit RGB; transparent pixels are laid on white. Width and height are
/// checked before anything is allocated for them.
///
/// # Errors
/// [`ImageError`] says why the file is refused. A truncated file always is, even where a decoder would fill the rest in.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, ImageError> {
    // Fuzzing finds files on which the JPEG decoder fails an assertion of its own. Such a file is damaged, and the server is not.
    std::panic::catch_unwind(|| read(bytes, limits))
        .unwrap_or_else(|_| Err(ImageError::Damaged("the decoder failed on it".to_owned())))
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Decoded, ImageError> {
    if bytes.is_empty() {
        return Err(ImageError::Empty);
    }
    if bytes.len() > limits.bytes {
        return Err(ImageError::TooManyBytes(bytes.len(), limits.bytes));
    }
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| ImageError::Damaged(e.to_string()))?;
    let format = match reader.format() {
        Some(image::ImageFormat::Jpeg) => ImageFormat::Jpeg,
        Some(image::ImageFormat::Png) => ImageFormat::Png,
        _ => return Err(ImageError::UnknownFormat),
    };
    if format == ImageFormat::Jpeg && !ends_as_jpeg(bytes) {
        return Err(ImageError::Truncated);
    }
    let mut decoder = reader.into_decoder().map_err(explain)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.pixels {
        return Err(ImageError::TooManyPixels(width, height));
    }
    let mut allowed = image::Limits::default();
    allowed.max_alloc = Some(limits.memory);
    decoder.set_limits(allowed).map_err(explain)?;
    // An orientation that cannot be read is no orientation: the pixels are still good.
    let orientation = decoder
        .orientation()
        .unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(explain)?;
    image.apply_orientation(orientation);
    let pixels = on_white(image);
    let facts = ImageFacts {
        format,
        width: pixels.width(),
        height: pixels.height(),
    };
    Ok(Decoded { facts, pixels })
}

fn explain(error: image::ImageError) -> ImageError {
    match error {
        image::ImageError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            ImageError::Truncated
        }
        other => ImageError::Damaged(other.to_string()),
    }
}

/// Whether the picture's scans go on to an end-of-image marker. Decoders fill the rest of a truncated picture in with grey
/// and say nothing. What follows the marker (a film clip, say) does not matter.
fn ends_as_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        // Within a scan, 0xFF is always followed by 0x00 or a restart marker; outside, it starts a segment or fills.
        let Some(found) = bytes.get(at..).and_then(|rest| memchr(0xff, rest)) else {
            return false;
        };
        at += found + 1;
        match bytes.get(at) {
            None => return false,
            Some(0xd9) => return true,
            Some(0x00 | 0x01 | 0xd0..=0xd8) => at += 1,
            Some(0xff) => {}
            Some(_) => match bytes.get(at + 1..at + 3) {
                Some(&[high, low]) => at += 1 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
        }
    }
}

fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        let over = |channel: u8| {
            let value =
                (u16::from(channel) * u16::from(a) + 255 * (255 - u16::from(a)) + 127) / 255;
            u8::try_from(value).unwrap_or(u8::MAX)
        };
        image::Rgb([over(r), over(g), over(b)])
    })
}

#[cfg(test)]
mod tests;
