//! Photographs as authorities send them: out of the text and the records that they come in, to the picture itself.
//!
//! [`unwrap_text`] reads base64 as services write it. [`peel`] takes the records off that passports and registers keep pictures in.
//! What is left is a JPEG, a PNG or a JPEG 2000 for [`crate::decode::announce_portrait`].

mod cbeff;
mod colour;
mod face_record;
mod lds;
mod text;

use std::borrow::Cow;

pub use colour::is_grey;
pub use text::{TextError, unwrap_text};

use crate::decode::Limits;
use crate::evidence::Wrapping;

/// What a portrait may be at most: no register keeps larger ones. Its memory is a part of what all pictures have.
pub const LIMITS: Limits = Limits {
    bytes: 10 * 1024 * 1024,
    pixels: 25_000_000,
    memory: 512 * 1024 * 1024,
};

/// Why no picture was found in a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It stops before its end.
    #[error("the {0} that holds the photograph is truncated")]
    Truncated(&'static str),
    /// It contradicts itself.
    #[error("the {0} that holds the photograph is damaged: {1}")]
    Damaged(&'static str, &'static str),
    /// It holds none.
    #[error("the {0} holds no photograph")]
    NoPicture(&'static str),
    /// It is of a version that is not known here.
    #[error("the {0} is of a version that is not read here")]
    OtherVersion(&'static str),
    /// Its text is none that holds bytes.
    #[error("the {0} holds no photograph that can be read: {1}")]
    Text(&'static str, TextError),
}

/// A picture without what it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peeled<'b> {
    /// The picture, still undecoded.
    pub picture: Cow<'b, [u8]>,
    /// What it came in.
    pub wrapping: Wrapping,
}

/// Takes a picture out of the record that it came in: a face image record (ISO/IEC 19794-5, versions 010 and 030), by itself, in a
/// passport's data group 2, or in a CBEFF record in XML. Whatever else it is comes back as it is. Of several pictures the first counts.
///
/// # Errors
/// [`RecordError`] for a record without a picture.
pub fn peel(bytes: &[u8]) -> Result<Peeled<'_>, RecordError> {
    if lds::begins(bytes) {
        let record = lds::face_record(bytes)?;
        let picture = Cow::Borrowed(face_record::picture(record)?);
        let wrapping = Wrapping::DataGroup;
        return Ok(Peeled { picture, wrapping });
    }
    if cbeff::begins(bytes) {
        let mut held = cbeff::face(bytes)?;
        if face_record::begins(&held) {
            held = face_record::picture(&held)?.to_vec();
        }
        let (picture, wrapping) = (Cow::Owned(held), Wrapping::Cbeff);
        return Ok(Peeled { picture, wrapping });
    }
    let (picture, wrapping) = if face_record::begins(bytes) {
        (face_record::picture(bytes)?, Wrapping::FaceRecord)
    } else {
        (bytes, Wrapping::None)
    };
    let picture = Cow::Borrowed(picture);
    Ok(Peeled { picture, wrapping })
}

/// The tighter of both, field by field.
#[must_use]
pub fn within(limits: &Limits) -> Limits {
    Limits {
        bytes: limits.bytes.min(LIMITS.bytes),
        pixels: limits.pixels.min(LIMITS.pixels),
        memory: limits.memory.min(LIMITS.memory),
    }
}

#[cfg(test)]
mod tests;
