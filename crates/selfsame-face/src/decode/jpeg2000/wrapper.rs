//! The boxes of a JP2 file, around its codestream.

use std::ops::Range;

use super::super::ImageError;

const SIGNATURE: &[u8] = b"\0\0\0\x0cjP  \r\n\x87\n";
/// Most boxes, those in boxes included.
const MOST_BOXES: usize = 256;

/// What the boxes tell.
#[derive(Debug)]
pub(super) struct Wrapper {
    /// Where the codestream is.
    pub(super) codestream: Range<usize>,
    /// Columns of the palette; 0 without one.
    pub(super) palette: u64,
    /// Where the last box that counts ends.
    pub(super) end: usize,
}

/// Whether a file begins as JP2 does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&SIGNATURE[..8])
}

/// One box: its kind, and where its contents are.
struct Part {
    kind: [u8; 4],
    body: Range<usize>,
}

fn damaged(why: &str) -> ImageError {
    ImageError::Damaged(why.to_owned())
}

/// The box that begins at `at`, which must be whole, and lie before `end`.
fn part(bytes: &[u8], at: usize, end: usize) -> Result<Part, ImageError> {
    let rest = bytes.get(at..end).ok_or(ImageError::Truncated)?;
    let Some((&[l3, l2, l1, l0, k0, k1, k2, k3], long)) = rest.split_first_chunk::<8>() else {
        return Err(ImageError::Truncated);
    };
    let (head, length) = match u32::from_be_bytes([l3, l2, l1, l0]) {
        // All the rest.
        0 => (8, rest.len() as u64),
        1 => {
            let length = long.first_chunk::<8>().ok_or(ImageError::Truncated)?;
            (16, u64::from_be_bytes(*length))
        }
        length => (8, u64::from(length)),
    };
    if length < head {
        return Err(damaged("a box is shorter than its own head"));
    }
    if length > rest.len() as u64 {
        return Err(ImageError::Truncated);
    }
    Ok(Part {
        kind: [k0, k1, k2, k3],
        // Both are within the file.
        body: at + head as usize..at + length as usize,
    })
}

impl Wrapper {
    /// Follows the boxes. Each is read in one way only, so that the decoder finds the same.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, ImageError> {
        if !bytes.starts_with(SIGNATURE) {
            return Err(damaged("its first box is another than JP2 wants"));
        }
        let mut codestream = None;
        let mut palette = None;
        let mut at = SIGNATURE.len();
        let mut count = 0;
        while at + 8 <= bytes.len() {
            // Some writers fill their last block with zeros: a box of no kind.
            if codestream.is_some() && bytes[at..].iter().all(|byte| *byte == 0) {
                break;
            }
            let found = part(bytes, at, bytes.len())?;
            count += 1;
            if count > MOST_BOXES {
                return Err(ImageError::TooComplex("more than 256 boxes"));
            }
            match &found.kind {
                b"jp2h" if palette.is_some() => {
                    return Err(damaged("it has two headers"));
                }
                b"jp2h" => palette = Some(palette_within(bytes, &found.body, &mut count)?),
                b"jp2c" if codestream.is_some() => {
                    return Err(damaged("it has two pictures"));
                }
                b"jp2c" => codestream = Some(found.body.clone()),
                _ => {}
            }
            at = found.body.end;
        }
        Ok(Self {
            codestream: codestream.ok_or(ImageError::Truncated)?,
            palette: palette.ok_or_else(|| damaged("it has no header"))?,
            end: at,
        })
    }
}

/// Columns of the palette in the header's boxes.
fn palette_within(
    bytes: &[u8],
    header: &Range<usize>,
    count: &mut usize,
) -> Result<u64, ImageError> {
    let mut columns = 0;
    let mut mapped = 0;
    let mut at = header.start;
    while at < header.end {
        let found = part(bytes, at, header.end)?;
        *count += 1;
        if *count > MOST_BOXES {
            return Err(ImageError::TooComplex("more than 256 boxes"));
        }
        let body = bytes.get(found.body.clone()).unwrap_or_default();
        match &found.kind {
            // How many entries, and how many columns.
            b"pclr" => columns = columns.max(u64::from(*body.get(2).ok_or(ImageError::Truncated)?)),
            // Four bytes a channel.
            b"cmap" => mapped = mapped.max(body.len() as u64 / 4),
            _ => {}
        }
        at = found.body.end;
    }
    let columns = columns.max(if columns > 0 { mapped } else { 0 });
    if columns > 4 {
        return Err(ImageError::Unsupported("2000 with more than four colours"));
    }
    Ok(columns)
}
