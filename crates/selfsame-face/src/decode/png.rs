//! PNG, row by row: whatever its pixels are, no more of them is held than one row and the picture in RGB.

use std::io::Cursor;

use image::metadata::Orientation;
use png::{ColorType, DecodingError, InterlaceInfo, Limits, Transformations};

use super::ImageError;
use super::orientation;
use crate::deadline::Deadline;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Longest side: a JPEG's, too. The decoder holds several rows of the file's own pixels.
const LONGEST_SIDE: u32 = u16::MAX as u32;
/// Most chunks. Encoders write the picture in chunks of 8 KiB and more.
const MOST_CHUNKS: usize = 16 * 1024;
/// Bytes of the widest pixel in a file, and of its widest form on the way.
const WIDEST_PIXEL: u64 = 8;
/// Rows of the file that the decoder holds, and a little more.
const ROWS: u64 = 12;
/// What it takes beside them: windows, tables, short chunks.
const DECODER: u64 = 1024 * 1024;

/// What a PNG's chunks tell.
#[derive(Debug)]
pub(super) struct Png<'b> {
    bytes: &'b [u8],
    width: u32,
    height: u32,
    exif: Option<&'b [u8]>,
}

/// Whether a file begins as a PNG does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(SIGNATURE)
}

impl<'b> Png<'b> {
    /// Follows the chunks. Nothing is allocated for the pixels.
    pub(super) fn announced(bytes: &'b [u8]) -> Result<Self, ImageError> {
        let mut found = Self {
            bytes,
            width: 0,
            height: 0,
            exif: None,
        };
        let mut rest = bytes.get(SIGNATURE.len()..).unwrap_or_default();
        let mut has_pixels = false;
        for count in 0.. {
            if count > MOST_CHUNKS {
                return Err(ImageError::TooComplex("more than 16384 chunks"));
            }
            let Some((head, after)) = rest.split_first_chunk::<8>() else {
                break;
            };
            let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let kind = &head[4..];
            // The checksum's four bytes follow.
            let Some((body, after)) = after
                .split_at_checked(length)
                .and_then(|(body, after)| Some((body, after.get(4..)?)))
            else {
                if kind == b"IDAT" || !has_pixels {
                    return Err(ImageError::Truncated);
                }
                // What stops behind the pixels is whole.
                break;
            };
            match kind {
                b"IHDR" if count == 0 => {
                    let [w3, w2, w1, w0, h3, h2, h1, h0, ..] = body else {
                        return Err(ImageError::Damaged("its header is too short".to_owned()));
                    };
                    found.width = u32::from_be_bytes([*w3, *w2, *w1, *w0]);
                    found.height = u32::from_be_bytes([*h3, *h2, *h1, *h0]);
                }
                b"IDAT" => has_pixels = true,
                b"eXIf" => {
                    found.exif.get_or_insert(body);
                }
                b"IEND" => break,
                _ => {}
            }
            rest = after;
        }
        if !has_pixels {
            return Err(ImageError::Truncated);
        }
        if found.width == 0 || found.height == 0 {
            return Err(ImageError::Damaged("it has no pixels".to_owned()));
        }
        Ok(found)
    }

    /// Pixels as they are stored, across and down.
    pub(super) const fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    pub(super) fn orientation(&self) -> Orientation {
        orientation::told_by(self.exif)
    }

    /// Most bytes that decoding takes, the pixels included.
    pub(super) fn memory(&self) -> u64 {
        let width = u64::from(self.width);
        3 * width * u64::from(self.height) + ROWS * WIDEST_PIXEL * width + DECODER
    }

    /// The pixels as they are stored, three bytes each.
    pub(super) fn pixels(&self, deadline: &Deadline) -> Result<Vec<u8>, ImageError> {
        if self.width > LONGEST_SIDE || self.height > LONGEST_SIDE {
            return Err(ImageError::TooLong(
                self.width.max(self.height),
                LONGEST_SIDE,
            ));
        }
        let (width, height) = (self.width as usize, self.height as usize);
        let mut decoder = png::Decoder::new_with_limits(
            Cursor::new(self.bytes),
            Limits {
                bytes: usize::try_from(ROWS * WIDEST_PIXEL * u64::from(self.width) + DECODER)
                    .unwrap_or(usize::MAX),
            },
        );
        // Nothing of these is needed, and they inflate.
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
        let mut reader = decoder.read_info().map_err(explain)?;
        let (colours, _) = reader.output_color_type();
        let samples = colours.samples();
        let line = 3 * width;
        let mut pixels = vec![0; line * height];
        let mut painted = vec![0; line];
        let mut count = 0;
        while let Some(row) = match reader.next_interlaced_row() {
            // All rows are there, and only what follows them is not.
            Err(error) if count == height && stops(&error) => None,
            next => next.map_err(explain)?,
        } {
            if count % 64 == 0 {
                deadline.check()?;
            }
            let data = row.data();
            let across = data.len() / samples;
            let fits = match row.interlace() {
                InterlaceInfo::Null(_) => across == width && count < height,
                InterlaceInfo::Adam7(_) => across <= width,
            };
            if !fits {
                return Err(ImageError::Damaged("a row has another width".to_owned()));
            }
            match row.interlace() {
                InterlaceInfo::Null(_) => {
                    paint(colours, data, &mut pixels[line * count..line * (count + 1)]);
                }
                InterlaceInfo::Adam7(place) => {
                    paint(colours, data, &mut painted[..3 * across]);
                    png::expand_interlaced_row(
                        &mut pixels,
                        line,
                        &painted[..3 * across],
                        place,
                        24,
                    );
                }
            }
            count += 1;
        }
        if count < height {
            return Err(ImageError::Truncated);
        }
        Ok(pixels)
    }
}

fn explain(error: DecodingError) -> ImageError {
    if stops(&error) {
        ImageError::Truncated
    } else {
        ImageError::Damaged(error.to_string())
    }
}

/// Whether the file stops before what was looked for.
fn stops(error: &DecodingError) -> bool {
    matches!(error, DecodingError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof)
}

/// Brings a row to RGB; what is transparent is laid on white.
fn paint(colours: ColorType, row: &[u8], pixels: &mut [u8]) {
    let pixels = pixels.chunks_exact_mut(3);
    match colours {
        ColorType::Rgb => {
            for (pixel, rgb) in pixels.zip(row.chunks_exact(3)) {
                pixel.copy_from_slice(rgb);
            }
        }
        ColorType::Rgba => {
            for (pixel, rgba) in pixels.zip(row.chunks_exact(4)) {
                for (to, from) in pixel.iter_mut().zip(rgba) {
                    *to = on_white(*from, rgba[3]);
                }
            }
        }
        ColorType::GrayscaleAlpha => {
            for (pixel, grey) in pixels.zip(row.chunks_exact(2)) {
                pixel.fill(on_white(grey[0], grey[1]));
            }
        }
        // A palette has been looked up.
        ColorType::Grayscale | ColorType::Indexed => {
            for (pixel, grey) in pixels.zip(row) {
                pixel.fill(*grey);
            }
        }
    }
}

/// A colour so opaque, laid on white.
pub(super) fn on_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u16::from(value), u16::from(alpha));
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}
