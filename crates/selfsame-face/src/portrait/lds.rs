//! A passport's data group 2, or the CBEFF group within it (ICAO 9303, part 10): tags, lengths and values of ASN.1's basic rules.

use super::RecordError;

const NAME: &str = "passport's data group";
/// Most values that are looked at.
const MOST_VALUES: usize = 64;
/// How deep they may lie in each other.
const MOST_DEPTH: usize = 4;

/// The data group itself.
const DATA_GROUP: u32 = 0x75;
/// Its group of biometric templates, and one template of them.
const TEMPLATES: u32 = 0x7f61;
const TEMPLATE: u32 = 0x7f60;
/// The face record, plain and constructed.
const RECORDS: [u32; 2] = [0x5f2e, 0x7f2e];

/// Whether bytes begin as a data group does, or as the templates in it.
pub(super) fn begins(bytes: &[u8]) -> bool {
    matches!(bytes, [0x75, 0x82..=0x84, ..] | [0x7f, 0x60 | 0x61, ..])
}

/// A value with its tag.
struct Value<'b> {
    tag: u32,
    body: &'b [u8],
    behind: &'b [u8],
}

fn value(bytes: &[u8]) -> Result<Value<'_>, RecordError> {
    const SHORT: RecordError = RecordError::Truncated(NAME);
    let (&first, mut rest) = bytes.split_first().ok_or(SHORT)?;
    let mut tag = u32::from(first);
    if first & 0x1f == 0x1f {
        // One more byte: nothing here has a longer tag.
        let (&second, behind) = rest.split_first().ok_or(SHORT)?;
        if second & 0x80 != 0 {
            return Err(RecordError::Damaged(
                NAME,
                "a tag is longer than any it may have",
            ));
        }
        tag = tag << 8 | u32::from(second);
        rest = behind;
    }
    let (&short, mut rest) = rest.split_first().ok_or(SHORT)?;
    let length = match short {
        0..=0x7f => usize::from(short),
        0x81..=0x84 => {
            let (bytes, behind) = rest
                .split_at_checked(usize::from(short & 0x7f))
                .ok_or(SHORT)?;
            rest = behind;
            bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte))
        }
        _ => return Err(RecordError::Damaged(NAME, "a length is none")),
    };
    let (body, behind) = rest.split_at_checked(length).ok_or(SHORT)?;
    Ok(Value { tag, body, behind })
}

/// The first face record.
pub(super) fn face_record(bytes: &[u8]) -> Result<&[u8], RecordError> {
    let mut here = bytes;
    let mut depth = 0;
    for _ in 0..MOST_VALUES {
        // Behind the last value of a level there is nothing that counts.
        if here.is_empty() {
            return Err(RecordError::NoPicture(NAME));
        }
        let Value { tag, body, behind } = value(here)?;
        if RECORDS.contains(&tag) {
            return Ok(body);
        }
        here = if matches!(tag, DATA_GROUP | TEMPLATES | TEMPLATE) && depth < MOST_DEPTH {
            depth += 1;
            body
        } else {
            behind
        };
    }
    Err(RecordError::NoPicture(NAME))
}
