//! Programs that name themselves in files.

use crate::evidence::MetadataNote;

/// What a program is for.
enum Kind {
    Editor,
    Generator,
    Screenshot,
}

use Kind::{Editor, Generator, Screenshot};

/// Names as they are written in files, in small letters, and as they are told.
const KNOWN: &[(&str, &str, Kind)] = &[
    ("photoshop", "Adobe Photoshop", Editor),
    ("lightroom", "Adobe Lightroom", Editor),
    ("gimp", "GIMP", Editor),
    ("snapseed", "Snapseed", Editor),
    ("picsart", "Picsart", Editor),
    ("pixelmator", "Pixelmator", Editor),
    ("affinity photo", "Affinity Photo", Editor),
    ("paint.net", "Paint.NET", Editor),
    ("canva", "Canva", Editor),
    ("facetune", "Facetune", Editor),
    ("faceapp", "FaceApp", Editor),
    ("beautyplus", "BeautyPlus", Editor),
    ("meitu", "Meitu", Editor),
    ("youcam", "YouCam", Editor),
    ("b612", "B612", Editor),
    ("vsco", "VSCO", Editor),
    ("remini", "Remini", Editor),
    ("photoroom", "Photoroom", Editor),
    ("pixlr", "Pixlr", Editor),
    ("fotor", "Fotor", Editor),
    ("polarr", "Polarr", Editor),
    ("capcut", "CapCut", Editor),
    ("luminar", "Luminar", Editor),
    ("capture one", "Capture One", Editor),
    ("darktable", "darktable", Editor),
    ("rawtherapee", "RawTherapee", Editor),
    ("digikam", "digiKam", Editor),
    ("krita", "Krita", Editor),
    ("picasa", "Picasa", Editor),
    ("photoscape", "PhotoScape", Editor),
    ("paintshop", "PaintShop Pro", Editor),
    ("acdsee", "ACDSee", Editor),
    ("imagemagick", "ImageMagick", Editor),
    ("windows photo editor", "Windows Photo Editor", Editor),
    ("midjourney", "Midjourney", Generator),
    ("stable diffusion", "Stable Diffusion", Generator),
    ("dall-e", "DALL-E", Generator),
    ("dall·e", "DALL-E", Generator),
    ("openai", "OpenAI", Generator),
    ("comfyui", "ComfyUI", Generator),
    ("invokeai", "InvokeAI", Generator),
    ("novelai", "NovelAI", Generator),
    ("firefly", "Adobe Firefly", Generator),
    ("google ai", "Google AI", Generator),
    ("screenshot", "", Screenshot),
    ("screencapture", "", Screenshot),
    ("spectacle", "", Screenshot),
    ("flameshot", "", Screenshot),
];
/// XMP properties that name programs. Elsewhere a packet names them as owners of its namespaces, which says nothing.
const PROPERTIES: [&[u8]; 3] = [b"creatortool", b"softwareagent", b"photoshop:credit"];
/// Longest value of such a property that is looked at, and most properties.
const LONGEST_VALUE: usize = 200;
const MOST_VALUES: usize = 32;

/// Notes on the programs that a text names.
pub(super) fn named_in(text: &[u8]) -> Vec<MetadataNote> {
    let text = text.to_ascii_lowercase();
    KNOWN
        .iter()
        .filter(|(name, ..)| names(&text, name.as_bytes()))
        .map(|(_, program, kind)| match kind {
            Editor => MetadataNote::EditedWith {
                program: (*program).to_owned(),
            },
            Generator => MetadataNote::GeneratedWith {
                program: (*program).to_owned(),
            },
            Screenshot => MetadataNote::Screenshot,
        })
        .collect()
}

/// Notes on the programs that an XMP packet, in small letters, says it was written by.
pub(super) fn named_in_xmp(packet: &[u8]) -> Vec<MetadataNote> {
    let mut notes = Vec::new();
    for property in PROPERTIES {
        let mut rest = packet;
        for _ in 0..MOST_VALUES {
            let Some(at) = position(rest, property) else {
                break;
            };
            rest = &rest[at + property.len()..];
            // As an attribute, `="value"`; as an element, `>value<`.
            let value = rest.get(1..).unwrap_or_default();
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            let end = value
                .iter()
                .take(LONGEST_VALUE)
                .position(|b| matches!(b, b'"' | b'<'));
            notes.extend(named_in(&value[..end.unwrap_or(0)]));
        }
    }
    notes
}

/// Whether the name stands in the text as a word of its own.
fn names(text: &[u8], name: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = position(&text[from..], name) {
        let (start, end) = (from + at, from + at + name.len());
        let free_before = start == 0 || !text[start - 1].is_ascii_alphanumeric();
        let free_after = text.get(end).is_none_or(|b| !b.is_ascii_alphabetic());
        if free_before && free_after {
            return true;
        }
        from = end;
    }
    false
}

/// Where the needle first is.
pub(super) fn position(text: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.iter().position(|b| *b == first)?;
        if text[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
}
