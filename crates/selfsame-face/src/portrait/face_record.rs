//! Face image records: ISO/IEC 19794-5 of 2005 (version 010, in passports) and of 2011 (version 030, in registers).
//!
//! All numbers are big-endian. A record is a head and faces one after another; a face is what is known of it, its landmarks, and its
//! picture. Of all that only lengths are looked at: what a record says of a person's sex, hair and height concerns nobody here.

use super::RecordError;

const MAGIC: &[u8] = b"FAC\0";
const NAME: &str = "face image record";

/// How one version lays out what is before the picture.
struct Layout {
    /// Bytes between the record's count of faces and the first face.
    behind_count: usize,
    /// Bytes behind a face's length, up to the number of its quality blocks; none in the version without.
    before_qualities: Option<usize>,
    /// Bytes behind the number of landmarks, up to the landmarks.
    behind_landmark_count: usize,
    /// Bytes between the landmarks and the picture, or the picture's length.
    behind_landmarks: usize,
    /// The picture tells its own length.
    counted: bool,
}

const OF_2005: Layout = Layout {
    behind_count: 0,
    before_qualities: None,
    behind_landmark_count: 14,
    behind_landmarks: 12,
    counted: false,
};
const OF_2011: Layout = Layout {
    // Whether it is certified, and how the faces follow in time.
    behind_count: 3,
    // When, by what kind of device, whose, which.
    before_qualities: Some(9 + 1 + 2 + 2),
    behind_landmark_count: 15,
    behind_landmarks: 11,
    counted: true,
};
/// Bytes of a quality block, and of a landmark.
const QUALITY: usize = 5;
const LANDMARK: usize = 8;

/// Whether bytes begin as a record does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// What is left to read.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], RecordError> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(RecordError::Truncated(NAME))?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of so many bytes, four at most.
    fn number(&mut self, count: usize) -> Result<usize, RecordError> {
        let bytes = self.take(count)?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }
}

/// The picture of a record's first face.
pub(super) fn picture(record: &[u8]) -> Result<&[u8], RecordError> {
    let mut rest = Rest(record);
    rest.take(MAGIC.len())?;
    let layout = match rest.take(4)? {
        b"010\0" => OF_2005,
        b"030\0" => OF_2011,
        _ => return Err(RecordError::OtherVersion(NAME)),
    };
    let length = rest.number(4)?;
    // What is behind the record is not its own: a chip's file is longer than what is in it.
    let behind_length = length
        .checked_sub(MAGIC.len() + 4 + 4)
        .ok_or(RecordError::Damaged(NAME, "it is shorter than its head"))?;
    rest = Rest(rest.take(behind_length)?);
    if rest.number(2)? == 0 {
        return Err(RecordError::NoPicture(NAME));
    }
    rest.take(layout.behind_count)?;
    // A face's length counts itself.
    let length = rest.number(4)?;
    let behind_length = length.checked_sub(4).ok_or(RecordError::Damaged(
        NAME,
        "a face is shorter than its head",
    ))?;
    let mut face = Rest(rest.take(behind_length)?);
    if let Some(before) = layout.before_qualities {
        face.take(before)?;
        let qualities = face.number(1)?;
        face.take(qualities * QUALITY)?;
    }
    let landmarks = face.number(2)?;
    face.take(layout.behind_landmark_count + landmarks * LANDMARK + layout.behind_landmarks)?;
    let picture = if layout.counted {
        let length = face.number(4)?;
        face.take(length)?
    } else {
        face.0
    };
    if picture.is_empty() {
        return Err(RecordError::NoPicture(NAME));
    }
    Ok(picture)
}
