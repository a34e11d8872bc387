use std::io::Cursor;
use std::time::Duration;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageEncoder as _, Rgb, Rgba, RgbaImage};

use super::*;

/// Left half red, right half blue, top row of blocks green.
fn picture() -> RgbImage {
    RgbImage::from_fn(64, 32, |x, y| match (x, y) {
        (_, 0..8) => Rgb([0, 255, 0]),
        (0..32, _) => Rgb([255, 0, 0]),
        _ => Rgb([0, 0, 255]),
    })
}

fn png(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn jpeg(exif: Option<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    if let Some(orientation) = exif {
        let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        encoder.set_exif_metadata(block).unwrap();
    }
    encoder
        .write_image(picture().as_raw(), 64, 32, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

fn close(a: &Rgb<u8>, b: [u8; 3]) -> bool {
    a.0.iter().zip(b).all(|(x, y)| x.abs_diff(y) < 40)
}

fn good(bytes: &[u8]) -> Decoded {
    decode(bytes, &Limits::default()).unwrap()
}

fn refused(bytes: &[u8]) -> ImageError {
    decode(bytes, &Limits::default()).unwrap_err()
}

#[test]
fn jpeg_and_png_decode() {
    let decoded = good(&jpeg(None));
    assert_eq!(
        (
            decoded.facts.width,
            decoded.facts.height,
            decoded.facts.format
        ),
        (64, 32, ImageFormat::Jpeg)
    );
    assert!(close(decoded.pixels.get_pixel(10, 20), [255, 0, 0]));
    let decoded = good(&png(&picture().into()));
    assert_eq!(decoded.pixels, picture());
}

#[test]
fn exif_orientation_turns_the_picture_upright() {
    // 6: the camera was held so that the picture must be turned a quarter clockwise.
    let decoded = good(&jpeg(Some(6)));
    assert_eq!((decoded.facts.width, decoded.facts.height), (32, 64));
    assert!(
        close(decoded.pixels.get_pixel(30, 10), [0, 255, 0]),
        "the top row is now the right column"
    );
    let decoded = good(&jpeg(Some(3)));
    assert!(close(decoded.pixels.get_pixel(10, 10), [0, 0, 255]));
    assert_eq!(
        good(&jpeg(Some(200))).facts.width,
        64,
        "a senseless orientation is none"
    );
}

#[test]
fn other_pixels_become_rgb() {
    let grey = GrayImage::from_pixel(8, 8, image::Luma([77]));
    assert_eq!(
        good(&png(&grey.into())).pixels.get_pixel(3, 3).0,
        [77, 77, 77]
    );
    let deep = DynamicImage::from(picture()).to_rgb16();
    assert_eq!(good(&png(&deep.into())).pixels, picture());
    let clear = RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0]));
    assert_eq!(
        good(&png(&clear.into())).pixels.get_pixel(0, 0).0,
        [255, 255, 255]
    );
    let half = RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 128]));
    assert_eq!(
        good(&png(&half.into())).pixels.get_pixel(0, 0).0,
        [127, 127, 127]
    );
}

#[test]
fn interlaced_pictures_are_the_plain_one() {
    // Written by ImageMagick from one picture.
    let plain = include_bytes!("samples/plain.png");
    let pixels = image::load_from_memory(plain).unwrap().into_rgb8();
    for interlaced in [
        &include_bytes!("samples/interlaced.png")[..],
        include_bytes!("samples/interlaced-deep.png"),
    ] {
        assert_eq!(good(interlaced).pixels, pixels);
    }
    assert_eq!(good(plain).pixels, pixels);
}

#[test]
fn a_png_that_stops_behind_its_pixels_is_whole() {
    let whole = png(&picture().into());
    assert_eq!(good(&whole[..whole.len() - 12]).pixels, picture());
    let followed = [&whole[..], b"and a text that nobody reads"].concat();
    assert_eq!(good(&followed).pixels, picture());
}

#[test]
fn what_is_no_picture_is_refused_for_its_reason() {
    assert_eq!(refused(b""), ImageError::Empty);
    assert_eq!(refused(b"no picture, they say"), ImageError::UnknownFormat);
    assert_eq!(refused(b"PK\x03\x04"), ImageError::UnknownFormat);
    let tight = Limits {
        bytes: 10,
        ..Limits::default()
    };
    assert!(matches!(
        decode(&jpeg(None), &tight),
        Err(ImageError::TooManyBytes(_, 10))
    ));
    let tight = Limits {
        pixels: 100,
        ..Limits::default()
    };
    assert_eq!(
        decode(&jpeg(None), &tight).unwrap_err(),
        ImageError::TooManyPixels(64, 32, 100)
    );
}

#[test]
fn other_formats_are_named_and_what_to_send_is_said() {
    let heic = b"\0\0\0\x24ftypheic\0\0\0\0mif1heic";
    assert_eq!(
        refused(heic).to_string(),
        "the image is a HEIC file: send it as JPEG or PNG"
    );
    let webp = b"RIFF\x10\0\0\0WEBPVP8 ";
    assert_eq!(refused(webp), ImageError::OtherFormat("WebP"));
    assert_eq!(refused(b"GIF89a, they say"), ImageError::OtherFormat("GIF"));
}

#[test]
fn what_takes_more_memory_than_there_is_is_refused_by_its_headers() {
    for (bytes, needed) in [
        (jpeg(None), 64 * 32 * 3),
        (png(&picture().into()), 64 * 32 * 3),
    ] {
        let announced = announce(&bytes, &Limits::default()).unwrap().memory();
        assert!(announced >= needed);
        let tight = Limits {
            memory: announced - 1,
            ..Limits::default()
        };
        assert_eq!(
            decode(&bytes, &tight).unwrap_err(),
            ImageError::TooMuchMemory {
                needed: announced,
                most: announced - 1
            }
        );
    }
    // Turned by a quarter, the picture is there twice for a moment.
    let turned = announce(&jpeg(Some(6)), &Limits::default())
        .unwrap()
        .memory();
    assert!(turned >= 2 * 64 * 32 * 3);
}

#[test]
fn a_deadline_that_has_passed_ends_every_format() {
    for bytes in [jpeg(None), PROGRESSIVE.to_vec(), png(&picture().into())] {
        let announced = announce(&bytes, &Limits::default()).unwrap();
        let passed = Deadline::after(Duration::ZERO);
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(
            announced.decode(&passed).unwrap_err(),
            ImageError::Overdue(Duration::ZERO)
        );
    }
}

#[test]
fn every_truncation_is_refused() {
    for whole in [jpeg(None), png(&picture().into())] {
        for length in 1..whole.len() - 12 {
            assert!(
                decode(&whole[..length], &Limits::default()).is_err(),
                "{length} of {} bytes",
                whole.len()
            );
        }
    }
}

#[test]
fn what_follows_a_jpeg_does_not_matter() {
    let mut followed = jpeg(Some(1));
    followed.extend([0xff, 0xda, 0, 0xff, 0xd9, 7, 0xff, 0xda]);
    assert_eq!(good(&followed).facts.width, 64);
}

#[test]
fn a_png_that_claims_to_be_huge_allocates_nothing() {
    let mut bytes = png(&picture().into());
    bytes[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    assert!(matches!(
        refused(&bytes),
        ImageError::TooManyPixels(..) | ImageError::Damaged(_)
    ));
}

#[test]
fn a_file_on_which_the_fast_decoder_panics_is_refused() {
    // Found by fuzzing: a baseline picture in several scans makes zune-jpeg 0.5.15 fail an assertion while it upsamples.
    assert!(matches!(
        refused(include_bytes!("samples/panics.jpg")),
        ImageError::Damaged(_) | ImageError::Truncated
    ));
}

proptest::proptest! {
    #[test]
    fn no_flipped_byte_breaks_it(at in 0usize..10_000, value: u8) {
        for mut bytes in [jpeg(Some(6)), png(&picture().into())] {
            let at = at % bytes.len();
            bytes[at] = value;
            let _ = decode(&bytes, &Limits::default());
        }
    }
}

#[test]
fn cmyk_becomes_rgb() {
    // Sixteen by eight pixels, left half red, right half blue, written by Pillow as an Adobe (inverted) CMYK JPEG.
    let decoded = good(include_bytes!("samples/cmyk.jpg"));
    assert!(
        close(decoded.pixels.get_pixel(3, 4), [255, 0, 0]),
        "{:?}",
        decoded.pixels.get_pixel(3, 4)
    );
    assert!(
        close(decoded.pixels.get_pixel(12, 4), [0, 0, 255]),
        "{:?}",
        decoded.pixels.get_pixel(12, 4)
    );
}

/// The same 48 by 32 pixels with the same tables, written by Pillow once baseline and once progressive.
const BASELINE: &[u8] = include_bytes!("samples/baseline.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("samples/progressive.jpg");

#[test]
fn a_progressive_jpeg_shows_what_its_baseline_twin_shows() {
    let marker = |bytes: &[u8], which| bytes.windows(2).any(|w| w == [0xff, which]);
    assert!(marker(BASELINE, 0xc0) && marker(PROGRESSIVE, 0xc2));
    let (baseline, progressive) = (good(BASELINE).pixels, good(PROGRESSIVE).pixels);
    assert_eq!(baseline.dimensions(), (48, 32));
    assert_eq!(progressive.dimensions(), (48, 32));
    let apart = baseline
        .iter()
        .zip(progressive.iter())
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    // Two decoders, which round differently: the exact one reads the progressive file.
    assert!(apart <= Some(3), "{apart:?}");
    // The picture has a red disc in its left half; both show it.
    assert!(close(progressive.get_pixel(20, 16), [230, 40, 60]));
}

#[test]
fn a_truncated_progressive_jpeg_is_refused_wherever_it_stops() {
    // Even where only the last refinement is missing, and the picture would look whole.
    // Without its end marker alone it is whole.
    for length in 1..PROGRESSIVE.len() - 2 {
        assert!(
            decode(&PROGRESSIVE[..length], &Limits::default()).is_err(),
            "{length} of {} bytes",
            PROGRESSIVE.len()
        );
    }
}

#[test]
fn a_png_turns_by_its_exif_chunk_too() {
    let plain = png(&picture().into());
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([6, 0, 0, 0, 0, 0, 0, 0]);
    let mut chunk = b"eXIf".to_vec();
    chunk.extend(exif);
    // After the signature (8 bytes) and the header chunk (25).
    let mut turned = plain[..33].to_vec();
    turned.extend(u32::try_from(chunk.len() - 4).unwrap().to_be_bytes());
    turned.extend(&chunk);
    turned.extend(crc(&chunk).to_be_bytes());
    turned.extend(&plain[33..]);
    let decoded = good(&turned);
    assert_eq!((decoded.facts.width, decoded.facts.height), (32, 64));
    assert_eq!(decoded.pixels.get_pixel(30, 10).0, [0, 255, 0]);
}

/// PNG's checksum (CRC-32, reflected).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1))
        })
    })
}
