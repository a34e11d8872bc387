//! Notes on a file's origin, from its metadata.

mod camera;
mod container;
mod programs;

use std::time::SystemTime;

use crate::decode::Decoded;
use crate::evidence::{ImageDigests, ImageFormat, MetadataNote};

use container::Blocks;

/// Most bytes that the readers hold at a time: copies of text and credentials, and a preview's pixels.
pub(crate) const MEMORY: u64 =
    camera::PREVIEW_LIMITS.memory + 2 * container::MOST_CREDENTIALS as u64;
/// PNG text under these keywords holds a generator's settings.
const GENERATOR_KEYWORDS: [&str; 8] = [
    "parameters",
    "prompt",
    "workflow",
    "dream",
    "sd-metadata",
    "invokeai_metadata",
    "invokeai_graph",
    "generation_data",
];
/// IPTC's digital source types for what trained models make, wholly or in part, end in this.
const DECLARES_GENERATED: &[u8] = b"trainedalgorithmicmedia";
/// Screens of phones in pixels, short side first, where no camera takes pictures of the same size.
const SCREENS: [(u32, u32); 30] = [
    (640, 1136),
    (720, 1520),
    (720, 1560),
    (720, 1600),
    (720, 1612),
    (750, 1334),
    (828, 1792),
    (1080, 2160),
    (1080, 2220),
    (1080, 2244),
    (1080, 2280),
    (1080, 2310),
    (1080, 2316),
    (1080, 2340),
    (1080, 2376),
    (1080, 2400),
    (1080, 2408),
    (1080, 2412),
    (1125, 2436),
    (1170, 2532),
    (1179, 2556),
    (1206, 2622),
    (1242, 2208),
    (1242, 2688),
    (1260, 2736),
    (1284, 2778),
    (1290, 2796),
    (1320, 2868),
    (1440, 3088),
    (1440, 3200),
];

/// Reads what the file says of its origin. `received` is when it came; without it, dates are only checked for sense.
///
/// Bytes that no reader understands give [`MetadataNote::Unreadable`] or nothing; they never fail.
pub fn notes(
    bytes: &[u8],
    decoded: &Decoded,
    digests: &ImageDigests,
    received: Option<SystemTime>,
) -> Vec<MetadataNote> {
    let format = decoded.facts.format;
    let blocks = match format {
        ImageFormat::Jpeg => Blocks::of_jpeg(bytes),
        ImageFormat::Png => Blocks::of_png(bytes),
        // No camera and no page writes it: nothing is known of what its boxes would say.
        ImageFormat::Jpeg2000 => Blocks::default(),
    };
    let mut notes = Vec::new();
    let from_camera = blocks
        .exif
        .is_some_and(|exif| camera::read(exif, decoded, digests, received, &mut notes));
    if blocks
        .text
        .iter()
        .any(|(keyword, _)| GENERATOR_KEYWORDS.contains(&keyword.to_ascii_lowercase().as_str()))
    {
        notes.push(MetadataNote::GeneratorSettings);
    }
    for (keyword, text) in &blocks.text {
        if keyword.eq_ignore_ascii_case("software") || keyword.eq_ignore_ascii_case("comment") {
            notes.extend(programs::named_in(text));
        }
    }
    let mut generated = false;
    for packet in &blocks.xmp {
        let packet = packet.to_ascii_lowercase();
        generated |= programs::position(&packet, DECLARES_GENERATED).is_some();
        notes.extend(programs::named_in_xmp(&packet));
    }
    for part in &blocks.credentials {
        generated |= programs::position(&part.to_ascii_lowercase(), DECLARES_GENERATED).is_some();
    }
    if generated {
        notes.push(MetadataNote::DeclaredGenerated);
    }
    if !blocks.credentials.is_empty() {
        notes.push(MetadataNote::ContentCredentials);
    }
    let (width, height) = (decoded.facts.width, decoded.facts.height);
    if format == ImageFormat::Png
        && !from_camera
        && SCREENS.contains(&(width.min(height), width.max(height)))
    {
        notes.push(MetadataNote::ScreenSized);
    }
    let mut told = Vec::with_capacity(notes.len());
    for note in notes {
        if !told.contains(&note) {
            told.push(note);
        }
    }
    told
}

#[cfg(test)]
mod tests;
