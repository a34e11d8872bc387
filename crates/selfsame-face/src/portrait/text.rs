//! Base64 as services write it.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padding or none, and whatever the last character's spare bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// Longest head of a data URI.
const LONGEST_HEAD: usize = 256;

/// Why a text holds no bytes. Tells nothing of the text but places in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is nothing in it.
    #[error("the text is empty")]
    Empty,
    /// More bytes than are accepted.
    #[error("the text holds more than {0} bytes, which are accepted at most")]
    TooLong(usize),
    /// A data URI that is not in base64.
    #[error("the data URI is not in base64")]
    OtherDataUri,
    /// A character that base64 has not.
    #[error("the text is not base64: the character at byte {0} is none of it")]
    OtherCharacter(usize),
    /// The characters are right, but their number is not.
    #[error("the text is not base64: it stops within a group, or goes on behind its padding")]
    Cut,
}

/// The bytes that a text holds in base64: of either alphabet, with or without padding, line breaks and other white space, and the
/// head of a data URI. No more than `limit` bytes.
///
/// # Errors
/// [`TextError`] says what is wrong, and where.
pub fn unwrap_text(text: &str, limit: usize) -> Result<Vec<u8>, TextError> {
    // A byte order mark is no white space.
    let whole = text.trim_start_matches('\u{feff}').trim_ascii_start();
    let body = behind_head(whole)?;
    // Both are ends of the text.
    let skipped = text.len() - body.len();
    // Even a line break for each character is read, but no more.
    if body.len() / 4 > limit.saturating_add(LONGEST_HEAD) {
        return Err(TextError::TooLong(limit));
    }
    let mut characters = Vec::with_capacity(body.len());
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => characters.push(byte),
            b'-' => characters.push(b'+'),
            b'_' => characters.push(b'/'),
            _ if byte.is_ascii_whitespace() => {}
            _ => return Err(TextError::OtherCharacter(skipped + at)),
        }
    }
    // Some pad more than there is to pad.
    while characters.ends_with(b"=") {
        characters.pop();
    }
    if characters.is_empty() {
        return Err(TextError::Empty);
    }
    if characters.len() / 4 * 3 > limit {
        return Err(TextError::TooLong(limit));
    }
    let bytes = LENIENT.decode(&characters).map_err(|_| TextError::Cut)?;
    if bytes.len() > limit {
        return Err(TextError::TooLong(limit));
    }
    Ok(bytes)
}

/// What is behind the head of a data URI, where there is one.
fn behind_head(text: &str) -> Result<&str, TextError> {
    let begins = text
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("data:"));
    if !begins {
        return Ok(text);
    }
    let head = text.bytes().take(LONGEST_HEAD).position(|b| b == b',');
    let (head, body) = head
        .and_then(|comma| Some((text.get(5..comma)?, text.get(comma + 1..)?)))
        .ok_or(TextError::OtherDataUri)?;
    let in_base64 = head
        .rsplit(';')
        .any(|part| part.trim_ascii().eq_ignore_ascii_case("base64"));
    if in_base64 {
        Ok(body)
    } else {
        Err(TextError::OtherDataUri)
    }
}
