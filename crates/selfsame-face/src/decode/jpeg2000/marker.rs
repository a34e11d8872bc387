//! The markers of a codestream, and the segments that follow most of them.

use super::super::ImageError;

pub(super) const START: u8 = 0x4f;
pub(super) const SIZES: u8 = 0x51;
pub(super) const CODING: u8 = 0x52;
pub(super) const LENGTHS: u8 = 0x55;
pub(super) const PACKET_LENGTHS: u8 = 0x58;
pub(super) const QUANTIZATION: u8 = 0x5c;
pub(super) const QUANTIZATION_OF_ONE: u8 = 0x5d;
pub(super) const REGION: u8 = 0x5e;
pub(super) const REGISTRATION: u8 = 0x63;
pub(super) const COMMENT: u8 = 0x64;
pub(super) const TILE: u8 = 0x90;
pub(super) const DATA: u8 = 0x93;
pub(super) const END: u8 = 0xd9;

/// Reads a codestream from marker to marker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Markers<'b> {
    bytes: &'b [u8],
    /// How far it has read.
    pub(super) at: usize,
}

impl<'b> Markers<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next marker.
    pub(super) fn next(&mut self) -> Result<u8, ImageError> {
        match self.bytes.get(self.at..).unwrap_or_default() {
            [0xff, marker, ..] => {
                self.at += 2;
                Ok(*marker)
            }
            [] | [0xff] => Err(ImageError::Truncated),
            _ => Err(ImageError::Damaged(
                "a part of it begins nowhere".to_owned(),
            )),
        }
    }

    /// The segment behind a marker, without its length.
    pub(super) fn segment(&mut self) -> Result<Segment<'b>, ImageError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (length, _) = rest.split_first_chunk::<2>().ok_or(ImageError::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length < 2 {
            return Err(ImageError::Damaged(
                "a part is shorter than its own head".to_owned(),
            ));
        }
        let body = rest.get(2..length).ok_or(ImageError::Truncated)?;
        self.at += length;
        Ok(Segment(body))
    }

    /// Goes on at a place that was told, which must not lie behind the end.
    pub(super) fn jump(&mut self, to: usize) -> Result<(), ImageError> {
        if to > self.bytes.len() {
            return Err(ImageError::Truncated);
        }
        self.at = to;
        Ok(())
    }

    /// Whether the codestream's last bytes are its end marker.
    pub(super) fn ends_well(&self) -> bool {
        self.bytes.ends_with(&[0xff, END])
    }
}

/// What is left of a segment.
#[derive(Debug)]
pub(super) struct Segment<'b>(pub(super) &'b [u8]);

impl Segment<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ImageError> {
        let short = || ImageError::Damaged("a part is shorter than its contents".to_owned());
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or_else(short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, ImageError> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub(super) fn short(&mut self) -> Result<u16, ImageError> {
        self.take().map(u16::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> Result<u32, ImageError> {
        self.take().map(u32::from_be_bytes)
    }

    /// Nothing may be left: the decoder reads on where the contents end, not where the length says.
    pub(super) fn close(self) -> Result<(), ImageError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ImageError::Damaged(
                "a part is longer than its contents".to_owned(),
            ))
        }
    }
}
