use std::io::Cursor;
use std::time::Duration;

use exif::experimental::Writer;
use exif::{Field, In, Tag, Value};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder as _, RgbImage};
use proptest::prelude::*;

use super::*;
use crate::decode::{Limits, decode};
use crate::digest::digests;

/// Noon of 2026-03-01, UTC.
const RECEIVED: u64 = 1_772_366_400;

fn picture() -> RgbImage {
    crate::digest::blots::picture(1, 320, 240)
}

fn ascii(tag: Tag, text: &str) -> Field {
    Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Ascii(vec![text.as_bytes().to_vec()]),
    }
}

fn long(tag: Tag, number: u32) -> Field {
    Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Long(vec![number]),
    }
}

fn exif_block(fields: &[Field], preview: Option<&[u8]>) -> Vec<u8> {
    let mut writer = Writer::new();
    for field in fields {
        writer.push_field(field);
    }
    if let Some(preview) = preview {
        writer.set_jpeg(preview, In::THUMBNAIL);
    }
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, false).unwrap();
    block.into_inner()
}

fn jpeg_of(picture: &RgbImage, exif: Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    if let Some(block) = exif {
        encoder.set_exif_metadata(block).unwrap();
    }
    let (width, height) = picture.dimensions();
    encoder
        .write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// Puts a segment in front of all others.
fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    let mut bytes = vec![0xff, 0xd8, 0xff, marker];
    bytes.extend(length);
    bytes.extend(body);
    bytes.extend(&jpeg[2..]);
    bytes
}

fn png_of(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture.clone())
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// Puts a chunk behind the header, with its checksum.
fn with_chunk(png: &[u8], kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(body);
    let mut bytes = png[..33].to_vec();
    bytes.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    bytes.extend(kind);
    bytes.extend(body);
    bytes.extend(crc.sum().to_be_bytes());
    bytes.extend(&png[33..]);
    bytes
}

fn notes_on(bytes: &[u8]) -> Vec<MetadataNote> {
    let decoded = decode(bytes, &Limits::default()).unwrap();
    let received = SystemTime::UNIX_EPOCH + Duration::from_secs(RECEIVED);
    notes(
        bytes,
        &decoded,
        &digests(bytes, &decoded.pixels),
        Some(received),
    )
}

fn notes_on_exif(fields: &[Field]) -> Vec<MetadataNote> {
    notes_on(&jpeg_of(&picture(), Some(exif_block(fields, None))))
}

fn edited(program: &str) -> MetadataNote {
    MetadataNote::EditedWith {
        program: program.to_owned(),
    }
}

#[test]
fn plain_files_and_honest_cameras_give_no_notes() {
    assert_eq!(notes_on(&jpeg_of(&picture(), None)), []);
    assert_eq!(notes_on(&png_of(&picture())), []);
    let small = image::imageops::thumbnail(&picture(), 160, 120);
    let fields = [
        ascii(Tag::Make, "A maker of cameras"),
        ascii(Tag::Software, "HDR+ 1.0.345"),
        ascii(Tag::DateTimeOriginal, "2026:03:01 15:30:00"),
        long(Tag::PixelXDimension, 320),
        long(Tag::PixelYDimension, 240),
    ];
    let block = exif_block(&fields, Some(&jpeg_of(&small, None)));
    assert_eq!(notes_on(&jpeg_of(&picture(), Some(block))), []);
}

#[test]
fn programs_are_told_by_our_name_and_nothing_else_of_the_text() {
    assert_eq!(
        notes_on_exif(&[ascii(Tag::Software, "Adobe Photoshop 25.1 (of Jane)")]),
        [edited("Adobe Photoshop")]
    );
    assert_eq!(notes_on_exif(&[ascii(Tag::Software, "Canvas OS 3")]), []);
    let chunk = b"Software\0gnome-screenshot".as_slice();
    assert_eq!(
        notes_on(&with_chunk(&png_of(&picture()), b"tEXt", chunk)),
        [MetadataNote::Screenshot]
    );
    let xmp =
        b"http://ns.adobe.com/xap/1.0/\0<x xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\" \
        xmp:CreatorTool=\"Snapseed 2.0\"/>";
    assert_eq!(
        notes_on(&with_segment(&jpeg_of(&picture(), None), 0xe1, xmp)),
        [edited("Snapseed")]
    );
}

#[test]
fn dates_are_held_against_the_time_of_receipt() {
    let on = |text: &str| notes_on_exif(&[ascii(Tag::DateTimeOriginal, text)]);
    assert_eq!(on("2026:02:28 20:00:00"), []);
    assert_eq!(on("2026:03:02 10:00:00"), [], "it may be far to the east");
    assert_eq!(
        on("2026:03:05 12:00:00"),
        [MetadataNote::DateInFuture { days: 4 }]
    );
    assert_eq!(
        on("2025:03:01 12:00:00"),
        [MetadataNote::TakenEarlier { days: 365 }]
    );
    for impossible in [
        "1970:01:01 00:00:00",
        "0000:00:00 00:00:00",
        "2026:02:31 00:00:00",
        "not at all",
    ] {
        assert_eq!(
            on(impossible),
            [MetadataNote::ImpossibleDate],
            "{impossible}"
        );
    }
    assert_eq!(on("    :  :     :  :  "), [MetadataNote::ImpossibleDate]);
    let bytes = jpeg_of(
        &picture(),
        Some(exif_block(
            &[ascii(Tag::DateTimeOriginal, "2025:03:01 12:00:00")],
            None,
        )),
    );
    let decoded = decode(&bytes, &Limits::default()).unwrap();
    assert_eq!(
        notes(&bytes, &decoded, &ImageDigests::default(), None),
        [],
        "no time to hold it against"
    );
}

#[test]
fn a_size_that_is_not_the_pictures_is_noted() {
    let told = |width, height| {
        notes_on_exif(&[
            long(Tag::PixelXDimension, width),
            long(Tag::PixelYDimension, height),
        ])
    };
    assert_eq!(told(4000, 3000), [MetadataNote::SizeDiffers]);
    assert_eq!(told(240, 320), [], "told after the turn");
}

#[test]
fn a_preview_of_another_picture_is_noted() {
    let other = crate::digest::blots::picture(2, 160, 120);
    let make = [ascii(Tag::Make, "A maker of cameras")];
    let block = exif_block(&make, Some(&jpeg_of(&other, None)));
    let found = notes_on(&jpeg_of(&picture(), Some(block)));
    assert!(
        matches!(found[..], [MetadataNote::PreviewDiffers { distance: 64.. }]),
        "{found:?}"
    );
    let mut barred = RgbImage::new(160, 160);
    let small = image::imageops::thumbnail(&picture(), 160, 120);
    image::imageops::replace(&mut barred, &small, 0, 20);
    let block = exif_block(&make, Some(&jpeg_of(&barred, None)));
    assert_eq!(notes_on(&jpeg_of(&picture(), Some(block))), []);
}

#[test]
fn generators_are_noted_by_what_they_leave() {
    let png = png_of(&picture());
    assert_eq!(
        notes_on(&with_chunk(&png, b"tEXt", b"parameters\0a face, Steps: 20")),
        [MetadataNote::GeneratorSettings]
    );
    assert_eq!(
        notes_on(&with_chunk(&png, b"iTXt", b"prompt\0\0\0\0\0{}")),
        [MetadataNote::GeneratorSettings]
    );
    let declared = b"XML:com.adobe.xmp\0\0\0\0\0<x Iptc4xmpExt:DigitalSourceType=\
        \"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\"/>";
    assert_eq!(
        notes_on(&with_chunk(&png, b"iTXt", declared)),
        [MetadataNote::DeclaredGenerated]
    );
    let jpeg = jpeg_of(&picture(), None);
    let credentials = b"JP\0\x01\0\0\0\x01\0\0\0\x40jumb\0\0\0\x1ejumdc2pa\0\x11\0\x10";
    assert_eq!(
        notes_on(&with_segment(&jpeg, 0xeb, credentials)),
        [MetadataNote::ContentCredentials]
    );
    assert_eq!(
        notes_on(&with_chunk(
            &png,
            b"caBX",
            b"... compositeWithTrainedAlgorithmicMedia"
        )),
        [
            MetadataNote::DeclaredGenerated,
            MetadataNote::ContentCredentials
        ]
    );
    let comment = Field {
        tag: Tag::UserComment,
        ifd_num: In::PRIMARY,
        value: Value::Undefined(
            b"UNICODE\0\0S\0t\0e\0p\0s\0,\0 \0C\0F\0G\0 \0s\0c\0a\0l\0e\0:\0 \x007".to_vec(),
            0,
        ),
    };
    assert_eq!(notes_on_exif(&[comment]), [MetadataNote::GeneratorSettings]);
}

#[test]
fn a_png_as_large_as_a_screen_is_noted() {
    let screen = RgbImage::new(1170, 2532);
    assert_eq!(notes_on(&png_of(&screen)), [MetadataNote::ScreenSized]);
    assert_eq!(notes_on(&jpeg_of(&screen, None)), []);
}

#[test]
fn a_block_that_is_no_exif_is_unreadable() {
    let bytes = with_segment(&jpeg_of(&picture(), None), 0xe1, b"Exif\0\0nothing of use");
    assert_eq!(notes_on(&bytes), [MetadataNote::Unreadable]);
}

#[test]
fn places_serial_numbers_and_names_stay_out() {
    let secret = "Jane-Doe-4711";
    let fields = [
        ascii(Tag::Software, secret),
        ascii(Tag::Artist, secret),
        ascii(Tag::BodySerialNumber, secret),
        ascii(Tag::ImageDescription, secret),
        ascii(Tag::DateTimeOriginal, secret),
    ];
    let json = serde_json::to_string(&notes_on_exif(&fields)).unwrap();
    assert_eq!(json, r#"[{"note":"impossible_date"}]"#);
}

proptest! {
    #[test]
    fn no_bytes_break_the_readers(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let decoded = decode(&jpeg_of(&RgbImage::new(8, 8), None), &Limits::default()).unwrap();
        let mut found = Vec::new();
        camera::read(&bytes, &decoded, &ImageDigests::default(), None, &mut found);
        Blocks::of_jpeg(&bytes);
        Blocks::of_png(&bytes);
        programs::named_in(&bytes);
        programs::named_in_xmp(&bytes);
    }

    #[test]
    fn no_flipped_bytes_break_the_readers(
        at in prop::collection::vec((0usize..700, any::<u8>()), 1..20),
        png in any::<bool>(),
    ) {
        let small = RgbImage::from_fn(16, 12, |x, y| image::Rgb([(x * y) as u8; 3]));
        let block = exif_block(
            &[
                ascii(Tag::Software, "GIMP"),
                ascii(Tag::DateTimeOriginal, "2026:03:01 15:30:00"),
                long(Tag::PixelXDimension, 320),
            ],
            Some(&jpeg_of(&small, None)),
        );
        let decoded = decode(&jpeg_of(&small, None), &Limits::default()).unwrap();
        let mut bytes = if png {
            let xmp = b"XML:com.adobe.xmp\0\0\0\0\0<x xmp:CreatorTool=\"GIMP\"/>";
            with_chunk(&with_chunk(&png_of(&small), b"eXIf", &block), b"iTXt", xmp)
        } else {
            jpeg_of(&small, Some(block))
        };
        for (place, value) in at {
            if let Some(byte) = bytes.get_mut(place) {
                *byte = value;
            }
        }
        let format = if png { ImageFormat::Png } else { ImageFormat::Jpeg };
        let decoded = Decoded {
            facts: crate::evidence::ImageFacts { format, ..decoded.facts },
            ..decoded
        };
        notes(&bytes, &decoded, &ImageDigests::default(), Some(SystemTime::UNIX_EPOCH));
    }
}
