//! What an EXIF block says: dates, sizes, programs, the preview.

use std::time::{Duration, SystemTime};

use exif::{Exif, In, Tag, Value};
use image::DynamicImage;
use image::metadata::Orientation;

use super::programs;
use crate::decode::{Decoded, Limits, decode};
use crate::digest;
use crate::evidence::{ImageDigests, MetadataNote};

/// Dates in EXIF have no time zone: a day covers all of them.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The year of EXIF's first version.
const FIRST_YEAR: u16 = 1995;
/// A preview is small; a larger one is left alone.
pub(super) const PREVIEW_LIMITS: Limits = Limits {
    bytes: 64 * 1024,
    pixels: 640 * 640,
    memory: 8 * 1024 * 1024,
};
/// Perceptual distance from which on a preview shows another picture. docs/decisions/0010-image-digests.md.
const OTHER_PICTURE: u32 = 64;
/// Longest text that is looked at.
const LONGEST_TEXT: usize = 4096;

/// Adds what the block says to the notes, and tells whether a camera names itself in it.
pub(super) fn read(
    block: &[u8],
    decoded: &Decoded,
    digests: &ImageDigests,
    received: Option<SystemTime>,
    notes: &mut Vec<MetadataNote>,
) -> bool {
    let mut reader = exif::Reader::new();
    // Cameras write blocks that break the rules; what can be read is taken.
    reader.continue_on_error(true);
    let read = reader
        .read_raw(block.to_vec())
        .or_else(|error| error.distill_partial_result(|_| ()));
    let Ok(exif) = read else {
        notes.push(MetadataNote::Unreadable);
        return false;
    };
    for tag in [Tag::Software, Tag::ImageDescription] {
        notes.extend(programs::named_in(&text(&exif, tag)));
    }
    // Written in UTF-16 too: zeros are left out.
    let comment = text(&exif, Tag::UserComment);
    notes.extend(programs::named_in(&comment));
    if programs::position(&comment.to_ascii_lowercase(), b"cfg scale:").is_some() {
        notes.push(MetadataNote::GeneratorSettings);
    }
    notes.extend(date(&exif, received));
    if size_differs(&exif, decoded) {
        notes.push(MetadataNote::SizeDiffers);
    }
    notes.extend(preview(&exif, decoded, digests));
    [Tag::Make, Tag::Model, Tag::ExposureTime]
        .iter()
        .any(|tag| exif.get_field(*tag, In::PRIMARY).is_some())
}

/// A field's bytes without zeros, wherever they are text.
fn text(exif: &Exif, tag: Tag) -> Vec<u8> {
    let Some(field) = exif.get_field(tag, In::PRIMARY) else {
        return Vec::new();
    };
    let printable = |bytes: &[u8]| {
        let bytes = bytes.iter().copied().filter(|b| *b != 0);
        bytes.take(LONGEST_TEXT).collect()
    };
    match &field.value {
        Value::Ascii(parts) => parts.first().map(|p| printable(p)).unwrap_or_default(),
        Value::Undefined(bytes, _) => printable(bytes),
        _ => Vec::new(),
    }
}

fn date(exif: &Exif, received: Option<SystemTime>) -> Option<MetadataNote> {
    let written = [Tag::DateTimeOriginal, Tag::DateTimeDigitized]
        .iter()
        .map(|tag| text(exif, *tag))
        .find(|text| !text.iter().all(u8::is_ascii_whitespace))?;
    let taken = exif::DateTime::from_ascii(&written)
        .ok()
        .filter(|date| date.year >= FIRST_YEAR)
        .and_then(|date| moment(&date));
    let Some(taken) = taken else {
        return Some(MetadataNote::ImpossibleDate);
    };
    let received = received?;
    let days = |apart: Duration| u32::try_from(apart.as_secs() / DAY.as_secs()).unwrap_or(u32::MAX);
    match taken.duration_since(received) {
        Ok(later) if later > DAY => Some(MetadataNote::DateInFuture { days: days(later) }),
        Err(error) if error.duration() > DAY => Some(MetadataNote::TakenEarlier {
            days: days(error.duration()),
        }),
        _ => None,
    }
}

/// `None` for a 31st of February and its like.
fn moment(date: &exif::DateTime) -> Option<SystemTime> {
    let small = |n: u8| i8::try_from(n).ok();
    let civil = jiff::civil::DateTime::new(
        i16::try_from(date.year).ok()?,
        small(date.month)?,
        small(date.day)?,
        small(date.hour)?,
        small(date.minute)?,
        // A leap second is as good as the one before.
        small(date.second.min(59))?,
        0,
    )
    .ok()?;
    let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().into())
}

fn size_differs(exif: &Exif, decoded: &Decoded) -> bool {
    let told = |tag| {
        exif.get_field(tag, In::PRIMARY)
            .and_then(|f| f.value.get_uint(0))
            .filter(|n| *n > 0)
    };
    let (Some(width), Some(height)) = (told(Tag::PixelXDimension), told(Tag::PixelYDimension))
    else {
        return false;
    };
    let real = (decoded.facts.width, decoded.facts.height);
    // Whether it is told before or after the turn differs between cameras.
    (width, height) != real && (height, width) != real
}

fn preview(exif: &Exif, decoded: &Decoded, digests: &ImageDigests) -> Option<MetadataNote> {
    let told = |tag| {
        exif.get_field(tag, In::THUMBNAIL)
            .and_then(|f| f.value.get_uint(0))
            .and_then(|n| usize::try_from(n).ok())
    };
    let start = told(Tag::JPEGInterchangeFormat)?;
    let end = start.checked_add(told(Tag::JPEGInterchangeFormatLength)?)?;
    let small = decode(exif.buf().get(start..end)?, &PREVIEW_LIMITS).ok()?;
    let orientation = exif
        .get_field(Tag::Orientation, In::PRIMARY)
        .and_then(|f| f.value.get_uint(0))
        .and_then(|n| u8::try_from(n).ok())
        .and_then(Orientation::from_exif)
        .unwrap_or(Orientation::NoTransforms);
    let mut small = DynamicImage::from(small.pixels);
    small.apply_orientation(orientation);
    let small = without_bars(&small, (decoded.facts.width, decoded.facts.height));
    let shown = ImageDigests {
        perceptual: digest::perceptual(&small.into_rgb8()),
        ..*digests
    };
    let distance = digests.distance(&shown);
    (distance >= OTHER_PICTURE).then_some(MetadataNote::PreviewDiffers { distance })
}

/// The middle of a preview, in the picture's proportions: cameras fill previews of one size with bars.
fn without_bars(preview: &DynamicImage, (width, height): (u32, u32)) -> DynamicImage {
    let fit = f64::min(
        f64::from(preview.width()) / f64::from(width.max(1)),
        f64::from(preview.height()) / f64::from(height.max(1)),
    );
    let side = |length: u32, most: u32| ((f64::from(length) * fit).round() as u32).clamp(1, most);
    let (across, down) = (side(width, preview.width()), side(height, preview.height()));
    preview.crop_imm(
        (preview.width() - across) / 2,
        (preview.height() - down) / 2,
        across,
        down,
    )
}
