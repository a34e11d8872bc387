//! JPEG: two decoders, and the rule which of them a file gets (docs/decisions/0055-jpeg-decoders.md).
//!
//! Most selfies are baseline files of one scan; for these there is a fast decoder that is right about them. About others it is
//! not always, and says nothing, so they get one that is exact: it follows the standard, and refuses what it cannot follow.

mod fast;
mod huffman;
mod outline;
mod render;
mod scan;
mod segments;
mod tables;
mod transform;

use image::metadata::Orientation;

use self::outline::{Colours, Outline};
use self::scan::Coefficients;
use self::segments::{End, START_OF_SCAN, Segments};
use self::tables::Tables;
use super::ImageError;
use super::orientation;
use crate::deadline::Deadline;

/// What a JPEG's headers tell.
#[derive(Debug)]
pub(super) struct Jpeg<'b> {
    bytes: &'b [u8],
    outline: Outline<'b>,
}

/// Whether a file begins as a JPEG does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff])
}

impl<'b> Jpeg<'b> {
    /// Reads the headers. Nothing is allocated for the pixels.
    pub(super) fn announced(bytes: &'b [u8]) -> Result<Self, ImageError> {
        let outline = Outline::of(bytes)?;
        Ok(Self { bytes, outline })
    }

    /// Pixels as they are stored, across and down.
    pub(super) fn size(&self) -> (u32, u32) {
        let frame = &self.outline.frame;
        // Both come from 16-bit fields.
        (frame.width as u32, frame.height as u32)
    }

    pub(super) fn orientation(&self) -> Orientation {
        orientation::told_by(self.outline.exif)
    }

    /// Most bytes that decoding takes, the pixels included.
    pub(super) fn memory(&self) -> u64 {
        let frame = &self.outline.frame;
        let pixels = 3 * frame.width as u64 * frame.height as u64;
        if self.ordinary() {
            // A row of units, each sample of two bytes, and as much again for what is widened.
            let (_, down) = frame.most_sampling();
            let row = frame.width as u64 + 64;
            // Should it fail, its pixels are given back before the exact decoder begins.
            return (pixels + row * 8 * down as u64 * 3 * 8).max(self.exact_memory());
        }
        self.exact_memory()
    }

    /// First the coefficients, two bytes each and a bit to tell which are not zero, while a component becomes samples; then all
    /// samples and the pixels.
    fn exact_memory(&self) -> u64 {
        let frame = &self.outline.frame;
        let samples = |c| {
            let (across, down) = frame.blocks(c);
            64 * (across * down) as u64
        };
        let each: Vec<u64> = frame.components.iter().map(samples).collect();
        let all: u64 = each.iter().sum();
        let first = each.first().copied().unwrap_or(0);
        let pixels = 3 * frame.width as u64 * frame.height as u64;
        (2 * all + all / 8 + first).max(all + pixels) + 64 * frame.width as u64
    }

    /// The pixels as they are stored, three bytes each.
    pub(super) fn pixels(&self, deadline: &Deadline) -> Result<Vec<u8>, ImageError> {
        if self.ordinary() {
            // Where it fails, the exact decoder has the last word: it tells what is wrong, or that nothing is.
            if let Some(pixels) = fast::pixels(self.bytes, &self.outline) {
                return Ok(pixels);
            }
        }
        self.exactly(deadline)
    }

    /// Whether the fast decoder is known to be right about the file.
    fn ordinary(&self) -> bool {
        let Outline {
            frame,
            colours,
            scans,
            restarts_fit,
            ..
        } = &self.outline;
        let sampling: Vec<(usize, usize)> = frame
            .components
            .iter()
            .map(|c| (c.across, c.down))
            .collect();
        let usual = match colours {
            Colours::Grey => true,
            Colours::YCbCr => {
                matches!(sampling[0], (1 | 2, 1 | 2)) && sampling[1..] == [(1, 1), (1, 1)]
            }
            _ => false,
        };
        !frame.progressive && usual && *restarts_fit && scans[..] == [frame.components.len()]
    }

    fn exactly(&self, deadline: &Deadline) -> Result<Vec<u8>, ImageError> {
        let frame = &self.outline.frame;
        let mut coefficients = Coefficients::of(frame);
        let mut tables = Tables::default();
        let mut segments = Segments::of(self.bytes);
        while let Some(segment) = segments.next()? {
            if segment.marker == START_OF_SCAN {
                scan::read(frame, &tables, &segment, &mut coefficients, deadline)?;
            } else {
                tables.read(&segment)?;
            }
        }
        // A file that says that it has ended may have left the finest details out. One that just stops may not.
        let whole = match self.outline.end {
            End::Marked => coefficients.iter().all(Coefficients::begun),
            End::Unmarked => coefficients.iter().all(Coefficients::complete),
        };
        if !whole {
            return Err(ImageError::Truncated);
        }
        render::render(frame, self.outline.colours, coefficients, deadline)
    }
}

#[cfg(test)]
mod tests;
