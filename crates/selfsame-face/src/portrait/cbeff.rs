//! CBEFF records in XML, as identity platforms exchange them: one `BIR` a finger, an eye or a face, whose bytes are base64 in `BDB`.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{RecordError, text};

const NAME: &str = "CBEFF record";
/// Most elements, texts and the like that are looked at.
const MOST_EVENTS: usize = 10_000;
/// How deep elements may lie in each other.
const MOST_DEPTH: usize = 16;
/// Longest text of a type.
const LONGEST_TYPE: usize = 256;

/// Whether bytes begin as XML does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(b"<")
}

/// One record of the file, as far as it was read.
#[derive(Default)]
struct Found {
    /// Says what it is of.
    kind: String,
    /// Its bytes' text.
    text: Vec<u8>,
}

impl Found {
    /// Whether it is of a face, or does not say of what.
    fn may_be_face(&self) -> bool {
        !self.text.is_empty()
            && (self.kind.trim().is_empty() || self.kind.to_ascii_lowercase().contains("face"))
    }
}

/// The bytes of the first record of a face.
pub(super) fn face(xml: &[u8]) -> Result<Vec<u8>, RecordError> {
    let damaged = |why| RecordError::Damaged(NAME, why);
    let mut reader = Reader::from_reader(xml);
    // Records lie in each other: the outermost holds those of all fingers, eyes and faces.
    let mut open: Vec<Found> = Vec::new();
    let mut names: Vec<Vec<u8>> = Vec::new();
    for _ in 0..MOST_EVENTS {
        match reader.read_event().map_err(|_| damaged("it is no XML"))? {
            Event::Start(element) => {
                if names.len() >= MOST_DEPTH {
                    return Err(damaged("its elements lie too deep in each other"));
                }
                let name = element.local_name().as_ref().to_vec();
                if name == b"BIR" {
                    open.push(Found::default());
                }
                names.push(name);
            }
            Event::End(_) => {
                if names.pop().as_deref() == Some(b"BIR")
                    && let Some(found) = open.pop()
                    && found.may_be_face()
                {
                    return bytes(&found.text);
                }
            }
            Event::Text(text) => {
                let Some(found) = open.last_mut() else {
                    continue;
                };
                match names.last().map(Vec::as_slice) {
                    Some(b"BDB") => found.text.extend_from_slice(&text),
                    Some(b"Type") if found.kind.len() < LONGEST_TYPE => {
                        found.kind.push_str(&String::from_utf8_lossy(&text));
                    }
                    _ => {}
                }
            }
            // Nobody writes one for this, and what it declares may grow without bounds.
            Event::DocType(_) => return Err(damaged("it declares a document type")),
            Event::Eof => return Err(RecordError::NoPicture(NAME)),
            _ => {}
        }
    }
    Err(damaged("it has more than 10000 parts"))
}

fn bytes(text: &[u8]) -> Result<Vec<u8>, RecordError> {
    let text = std::str::from_utf8(text)
        .map_err(|_| RecordError::Damaged(NAME, "its bytes are no text"))?;
    text::unwrap_text(text, super::LIMITS.bytes).map_err(|error| RecordError::Text(NAME, error))
}
