//! From hostile bytes to upright RGB pixels, within limits.
//!
//! What a picture takes is known before it is decoded: [`announce`] reads the headers alone, and [`Announced::memory`] tells the
//! most bytes that [`Announced::decode`] will hold at a time. People send JPEG and PNG; authorities send JPEG 2000 as well, which
//! [`announce_portrait`] reads.

mod jpeg;
#[cfg(feature = "portrait")]
mod jpeg2000;
mod orientation;
mod png;

use image::RgbImage;
use image::metadata::Orientation;

use crate::deadline::{Deadline, Overdue};
use crate::evidence::{ImageFacts, ImageFormat, Turn};
#[cfg(feature = "portrait")]
use crate::portrait::RecordError;

use jpeg::Jpeg;
#[cfg(feature = "portrait")]
use jpeg2000::Jpeg2000;
use png::Png;

/// Limits on an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Pixels (width times height).
    pub pixels: u64,
    /// Bytes that decoding may hold at a time.
    pub memory: u64,
}

impl Default for Limits {
    /// Up to the 64 megapixels (9248 by 6944) of present phones, and as many bytes as a package may have.
    fn default() -> Self {
        Self {
            bytes: 20 * 1024 * 1024,
            pixels: 65_000_000,
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
    #[error("the image is neither JPEG nor PNG: send one of these")]
    UnknownFormat,
    /// None of what authorities send.
    #[error("the photograph is neither JPEG, PNG nor JPEG 2000")]
    UnknownPortrait,
    /// The record that an authority's photograph came in gives none.
    #[cfg(feature = "portrait")]
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Another format, which is known.
    #[error("the image is a {0} file: send it as JPEG or PNG")]
    OtherFormat(&'static str),
    /// A JPEG or JPEG 2000 that no decoder here does right.
    #[error(
        "the image is a JPEG {0}, which is not decoded here: send a baseline or progressive JPEG, or a PNG"
    )]
    Unsupported(&'static str),
    /// Made so that reading it takes long.
    #[error("the image file has {0}: save it anew")]
    TooComplex(&'static str),
    /// Too many pixels.
    #[error(
        "the image is {0} by {1} pixels, more than this server accepts: send at most {2} pixels"
    )]
    TooManyPixels(u32, u32, u64),
    /// One side too long.
    #[error("one side of the image is {0} pixels long; at most {1} are accepted")]
    TooLong(u32, u32),
    /// Decoding takes more memory than there will ever be for it.
    #[error(
        "the image takes {needed} bytes of memory to decode; this server has {most} for all images: send a smaller one, or a baseline JPEG"
    )]
    TooMuchMemory {
        /// Bytes that decoding takes.
        needed: u64,
        /// Bytes that there are.
        most: u64,
    },
    /// The file stops before its end.
    #[error("the image file is truncated")]
    Truncated,
    /// The file contradicts itself or the standard.
    #[error("the image file is damaged: {0}")]
    Damaged(String),
    /// The capture has too many frames.
    #[error("the capture has {0} frames; at most {1} are accepted")]
    TooManyFrames(usize, usize),
    /// The analysis took too long.
    #[error("the images took longer than {0:?} to analyse: send smaller ones")]
    Overdue(std::time::Duration),
    /// An engine failed on it.
    #[error("the image could not be analysed: {0}")]
    Analysis(String),
}

impl From<Overdue> for ImageError {
    fn from(Overdue(allowed): Overdue) -> Self {
        Self::Overdue(allowed)
    }
}

/// An upright image.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// What the file was.
    pub facts: ImageFacts,
    /// Its pixels, 8 bits each of red, green and blue.
    pub pixels: RgbImage,
}

impl Decoded {
    /// Bytes that it holds.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.pixels.as_raw().capacity() as u64
    }
}

/// A picture of which only the headers were read.
#[derive(Debug)]
pub struct Announced<'b> {
    file: File<'b>,
    orientation: Orientation,
    turn: Turn,
}

#[derive(Debug)]
enum File<'b> {
    Jpeg(Jpeg<'b>),
    Png(Png<'b>),
    #[cfg(feature = "portrait")]
    Jpeg2000(Jpeg2000<'b>),
}

/// Reads the headers of a JPEG or PNG and holds them against the limits. Nothing is allocated for its pixels.
///
/// # Errors
/// [`ImageError`] says why the file is refused.
pub fn announce<'b>(bytes: &'b [u8], limits: &Limits) -> Result<Announced<'b>, ImageError> {
    check_length(bytes, limits)?;
    let file = if jpeg::begins(bytes) {
        File::Jpeg(Jpeg::announced(bytes)?)
    } else if png::begins(bytes) {
        File::Png(Png::announced(bytes)?)
    } else {
        return Err(other_format(bytes).map_or(ImageError::UnknownFormat, ImageError::OtherFormat));
    };
    Announced::within(file, limits)
}

/// The same of a photograph that an authority sent, which may be a JPEG 2000 too.
///
/// # Errors
/// [`ImageError`] says why the file is refused.
#[cfg(feature = "portrait")]
pub fn announce_portrait<'b>(
    bytes: &'b [u8],
    limits: &Limits,
) -> Result<Announced<'b>, ImageError> {
    if !jpeg2000::begins(bytes) {
        return announce(bytes, limits).map_err(|error| match error {
            ImageError::UnknownFormat => ImageError::UnknownPortrait,
            other => other,
        });
    }
    check_length(bytes, limits)?;
    Announced::within(File::Jpeg2000(Jpeg2000::announced(bytes)?), limits)
}

const fn check_length(bytes: &[u8], limits: &Limits) -> Result<(), ImageError> {
    match bytes.len() {
        0 => Err(ImageError::Empty),
        length if length > limits.bytes => Err(ImageError::TooManyBytes(length, limits.bytes)),
        _ => Ok(()),
    }
}

/// Formats that phones and pages send by mistake.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let brand = bytes.get(4..12)?;
    Some(match (brand, bytes) {
        (b"ftypavif" | b"ftypavis", _) => "AVIF",
        (b"ftypheic" | b"ftypheix" | b"ftyphevc" | b"ftypheim" | b"ftypmif1" | b"ftypmsf1", _) => {
            "HEIC"
        }
        (
            _,
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ],
        ) => "WebP",
        (_, [b'G', b'I', b'F', b'8', ..]) => "GIF",
        (_, [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..]) => "TIFF",
        (_, [0xff, 0x4f, 0xff, 0x51, ..] | [0, 0, 0, 0x0c, b'j', b'P', b' ', b' ', ..]) => {
            "JPEG 2000"
        }
        (_, [0xff, 0x0a, ..] | [0, 0, 0, 0x0c, b'J', b'X', b'L', b' ', ..]) => "JPEG XL",
        _ => return None,
    })
}

impl<'b> Announced<'b> {
    /// A file whose headers were read, where they are within the limits.
    fn within(file: File<'b>, limits: &Limits) -> Result<Self, ImageError> {
        let announced = Self {
            orientation: match &file {
                File::Jpeg(jpeg) => jpeg.orientation(),
                File::Png(png) => png.orientation(),
                #[cfg(feature = "portrait")]
                File::Jpeg2000(_) => Orientation::NoTransforms,
            },
            file,
            turn: Turn::None,
        };
        let (width, height) = announced.size();
        if u64::from(width) * u64::from(height) > limits.pixels {
            return Err(ImageError::TooManyPixels(width, height, limits.pixels));
        }
        let needed = announced.memory();
        if needed > limits.memory {
            return Err(ImageError::TooMuchMemory {
                needed,
                most: limits.memory,
            });
        }
        Ok(announced)
    }

    /// Pixels as they are stored, across and down; an orientation may swap them.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        match &self.file {
            File::Jpeg(jpeg) => jpeg.size(),
            File::Png(png) => png.size(),
            #[cfg(feature = "portrait")]
            File::Jpeg2000(jpeg2000) => jpeg2000.size(),
        }
    }

    /// The same picture, turned further than its EXIF orientation says: for one that is not upright by it.
    #[must_use]
    pub const fn turned(mut self, turn: Turn) -> Self {
        self.turn = turn;
        self
    }

    /// The most bytes that decoding holds at a time, the pixels included; the file's own bytes are not.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let (width, height) = self.size();
        let pixels = 3 * u64::from(width) * u64::from(height);
        let decoding = match &self.file {
            File::Jpeg(jpeg) => jpeg.memory(),
            File::Png(png) => png.memory(),
            #[cfg(feature = "portrait")]
            File::Jpeg2000(jpeg2000) => jpeg2000.memory(),
        };
        let turns = [self.orientation, orientation::of(self.turn)];
        if turns.into_iter().any(orientation::swaps_sides) {
            decoding.max(2 * pixels)
        } else {
            decoding
        }
    }

    /// Decodes the picture and turns it by its EXIF orientation, and as far as [`Announced::turned`] says.
    ///
    /// Grey, CMYK, palette and 16-bit pixels become 8-bit RGB; transparent pixels are laid on white. The deadline is looked at
    /// every few rows, but for baseline JPEGs of one scan, which take less than a second at any size that is accepted, and for
    /// JPEG 2000s, which are accepted up to 8 megapixels.
    ///
    /// # Errors
    /// [`ImageError`] says why the file is refused. One whose picture is not whole always is, even where a decoder would fill
    /// the rest in.
    pub fn decode(&self, deadline: &Deadline) -> Result<Decoded, ImageError> {
        deadline.check()?;
        // A fault in a decoder is the file's doing: it would come again, and the server is whole.
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.upright(deadline)))
            .unwrap_or_else(|_| Err(ImageError::Damaged("the decoder failed on it".to_owned())))
    }

    fn upright(&self, deadline: &Deadline) -> Result<Decoded, ImageError> {
        let (width, height) = self.size();
        let (format, pixels) = match &self.file {
            File::Jpeg(jpeg) => (ImageFormat::Jpeg, jpeg.pixels(deadline)?),
            File::Png(png) => (ImageFormat::Png, png.pixels(deadline)?),
            #[cfg(feature = "portrait")]
            File::Jpeg2000(jpeg2000) => (ImageFormat::Jpeg2000, jpeg2000.pixels(deadline)?),
        };
        let pixels = RgbImage::from_raw(width, height, pixels)
            .ok_or_else(|| ImageError::Damaged("its pixels are not all there".to_owned()))?;
        let pixels = orientation::upright(pixels, self.orientation);
        let pixels = orientation::upright(pixels, orientation::of(self.turn));
        Ok(Decoded {
            facts: ImageFacts {
                format,
                width: pixels.width(),
                height: pixels.height(),
            },
            pixels,
        })
    }
}

/// Decodes a photograph that an authority sent within the limits, however long it takes. See [`announce_portrait`].
///
/// # Errors
/// [`ImageError`] says why the file is refused.
#[cfg(feature = "portrait")]
pub fn decode_portrait(bytes: &[u8], limits: &Limits) -> Result<Decoded, ImageError> {
    announce_portrait(bytes, limits)?.decode(&Deadline::none())
}

/// Decodes a JPEG or PNG within the limits, however long it takes. See [`announce`] and [`Announced::decode`].
///
/// # Errors
/// [`ImageError`] says why the file is refused.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, ImageError> {
    announce(bytes, limits)?.decode(&Deadline::none())
}

#[cfg(test)]
mod tests;
