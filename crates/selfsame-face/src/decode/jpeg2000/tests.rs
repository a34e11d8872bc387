use image::{Rgb, RgbImage};
use proptest::prelude::*;

use crate::decode::{Decoded, ImageError, Limits, announce_portrait, decode, decode_portrait};
use crate::evidence::ImageFormat;

/// Written by OpenJPEG 2.5.4 from the synthetic picture of `decode/jpeg/samples/rgb.png`, and two of them from a gradient.
macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("samples/", $name)).as_slice()
    };
}

fn plain() -> RgbImage {
    image::load_from_memory(sample!("rgb.png"))
        .unwrap()
        .into_rgb8()
}

/// As the writer made it grey.
fn grey() -> RgbImage {
    let mut picture = plain();
    for Rgb(pixel) in picture.pixels_mut() {
        let [r, g, b] = pixel.map(u32::from);
        *pixel = [((19_595 * r + 38_470 * g + 7_471 * b + 0x8000) >> 16) as u8; 3];
    }
    picture
}

fn good(bytes: &[u8]) -> Decoded {
    decode_portrait(bytes, &Limits::default()).unwrap()
}

fn refused(bytes: &[u8]) -> ImageError {
    decode_portrait(bytes, &Limits::default()).unwrap_err()
}

/// Where a segment's contents begin.
fn segment(bytes: &[u8], marker: u8) -> usize {
    let found = bytes.windows(2).position(|two| two == [0xff, marker]);
    found.unwrap() + 4
}

fn with(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at..at + new.len()].copy_from_slice(new);
    changed
}

fn framed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 8).unwrap();
    [&length.to_be_bytes()[..], kind, body].concat()
}

/// A JP2 file around a codestream.
fn wrapped(header: &[u8], codestream: &[u8]) -> Vec<u8> {
    let parts = [
        framed(b"jP  ", b"\r\n\x87\n"),
        framed(b"ftyp", b"jp2 \0\0\0\0jp2 "),
        framed(b"jp2h", header),
        framed(b"jp2c", codestream),
    ];
    parts.concat()
}

#[test]
fn what_was_written_without_loss_is_read_without_loss() {
    for bytes in [
        sample!("rgb.jp2"),
        sample!("rgb.j2k"),
        sample!("tiles.j2k"),
        sample!("precincts.j2k"),
    ] {
        let decoded = good(bytes);
        assert_eq!(decoded.facts.format, ImageFormat::Jpeg2000);
        assert_eq!(decoded.pixels, plain());
    }
    for bytes in [
        sample!("grey.jp2"),
        sample!("grey.j2k"),
        sample!("deep.jp2"),
    ] {
        assert_eq!(good(bytes).pixels, grey());
    }
}

#[test]
fn what_was_written_with_losses_is_nearly_the_same() {
    let decoded = good(sample!("lossy.jp2")).pixels;
    let apart = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b));
    let all: f64 = decoded.iter().zip(plain().iter()).map(apart).sum();
    assert!(all / (decoded.as_raw().len() as f64) < 3.0, "{all}");
}

#[test]
fn what_is_transparent_is_laid_on_white() {
    for (bytes, opaque) in [
        (sample!("alpha.jp2"), plain()),
        (sample!("grey-alpha.jp2"), grey()),
    ] {
        let expected = RgbImage::from_fn(45, 29, |x, y| match x {
            0..20 => Rgb([255; 3]),
            _ => *opaque.get_pixel(x, y),
        });
        assert_eq!(good(bytes).pixels, expected);
    }
}

#[test]
fn a_palette_is_looked_up() {
    let mut palette = vec![1, 0, 3, 7, 7, 7];
    for value in 0..=255u8 {
        palette.extend([value, 255 - value, 7]);
    }
    let header = [
        framed(b"ihdr", &[0, 0, 0, 29, 0, 0, 0, 45, 0, 1, 7, 7, 0, 0]),
        framed(b"colr", &[1, 0, 0, 0, 0, 0, 16]),
        framed(b"pclr", &palette),
        framed(b"cmap", &[0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 2]),
    ]
    .concat();
    let decoded = good(&wrapped(&header, sample!("grey.j2k"))).pixels;
    for (Rgb(found), Rgb([value, ..])) in decoded.pixels().zip(grey().pixels()) {
        assert_eq!(*found, [*value, 255 - value, 7]);
    }
}

#[test]
fn bytes_behind_the_picture_do_not_matter() {
    for bytes in [sample!("rgb.jp2"), sample!("rgb.j2k")] {
        for behind in [&b"\0"[..], &[0; 100]] {
            assert_eq!(good(&[bytes, behind].concat()).pixels, plain());
        }
    }
    // Boxes that nobody here knows.
    let known = [sample!("rgb.jp2"), &framed(b"xml ", b"<a/>")].concat();
    assert_eq!(good(&known).pixels, plain());
}

#[test]
fn a_last_tile_may_leave_open_how_long_it_is() {
    let bytes = sample!("rgb.j2k");
    let open = with(bytes, segment(bytes, 0x90) + 2, &[0; 4]);
    assert_eq!(good(&open).pixels, plain());
    assert_eq!(refused(&open[..open.len() - 2]), ImageError::Truncated);
}

#[test]
fn people_do_not_send_it() {
    for bytes in [sample!("rgb.jp2"), sample!("rgb.j2k")] {
        let refused = decode(bytes, &Limits::default()).unwrap_err();
        assert_eq!(refused, ImageError::OtherFormat("JPEG 2000"));
    }
}

#[test]
fn authorities_send_jpeg_and_png_too_and_what_they_should_not() {
    assert_eq!(good(sample!("rgb.png")).pixels, plain());
    assert_eq!(refused(b""), ImageError::Empty);
    for garbage in [&b"<html>not found</html>"[..], b"null", &[0; 1000]] {
        assert_eq!(refused(garbage), ImageError::UnknownPortrait);
    }
}

#[test]
fn a_file_that_stops_early_is_no_picture() {
    for bytes in [
        sample!("rgb.jp2"),
        sample!("rgb.j2k"),
        sample!("tiles.j2k"),
        sample!("lossy.jp2"),
    ] {
        for length in 0..bytes.len() {
            refused(&bytes[..length]);
        }
    }
}

#[test]
fn bombs_are_known_by_their_headers() {
    let bytes = sample!("small-blocks.j2k");
    let sizes = segment(bytes, 0x51);
    let announced = |bytes: &[u8]| announce_portrait(bytes, &Limits::default()).map(|_| ());
    // One tile of so many pixels.
    let sized = |side: u32| {
        let side = side.to_be_bytes();
        let zero = [0; 4];
        let all = [side, side, zero, zero, side, side].concat();
        with(bytes, sizes + 2, &all)
    };
    assert!(matches!(
        announced(&sized(60_000)),
        Err(ImageError::TooManyPixels(60_000, 60_000, 8_000_000))
    ));
    // 8 megapixels in blocks of four by four, in 32 layers.
    let coding = segment(bytes, 0x52);
    let blocks = with(&sized(2800), coding + 2, &32u16.to_be_bytes());
    assert!(matches!(
        announced(&blocks),
        Err(ImageError::TooMuchMemory { needed, .. }) if needed > 1 << 30
    ));
    // As many precincts as samples.
    let levels = usize::from(bytes[coding + 5]);
    let precincts = with(&sized(2800), coding + 10, &vec![0x11; levels + 1]);
    assert!(matches!(
        announced(&precincts),
        Err(ImageError::TooMuchMemory { needed, .. }) if needed > 1 << 30
    ));
    let tiles = with(bytes, sizes + 18, &[0, 0, 0, 8, 0, 0, 0, 8]);
    assert_eq!(
        refused(&tiles),
        ImageError::TooComplex("more than 1024 tiles")
    );
    let layers = with(bytes, coding + 2, &[0xff; 2]);
    assert_eq!(
        refused(&layers),
        ImageError::TooComplex("more than 32 layers")
    );
    let tight = Limits {
        memory: 1 << 20,
        ..Limits::default()
    };
    let large = announce_portrait(sample!("large.j2k"), &tight).unwrap_err();
    assert!(matches!(large, ImageError::TooMuchMemory { .. }), "{large}");
}

#[test]
fn rare_kinds_are_refused_by_name() {
    let bytes = sample!("rgb.j2k");
    let sizes = segment(bytes, 0x51);
    for (at, new) in [(0, 0x40), (35, 5), (36, 0x87), (36, 16), (37, 5)] {
        let changed = with(bytes, sizes + at, &[new]);
        let refused = refused(&changed);
        assert!(
            matches!(refused, ImageError::Unsupported(_)),
            "{at}: {refused}"
        );
    }
    // A coding of one tile's own, where its quantisation is.
    let own = with(bytes, segment(bytes, 0x5c) - 3, &[0x53]);
    assert!(matches!(refused(&own), ImageError::Unsupported(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn changed_bytes_never_do_harm(
        which in 0usize..7,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let samples = [
            sample!("rgb.jp2"),
            sample!("rgb.j2k"),
            sample!("grey.jp2"),
            sample!("tiles.j2k"),
            sample!("precincts.j2k"),
            sample!("lossy.jp2"),
            sample!("alpha.jp2"),
        ];
        let mut bytes = samples[which].to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let limits = Limits { bytes: 1 << 20, pixels: 1 << 18, memory: 64 << 20 };
        if let Ok(announced) = announce_portrait(&bytes, &limits)
            && let Ok(decoded) = announced.decode(&crate::deadline::Deadline::none())
        {
            prop_assert_eq!(decoded.pixels.dimensions(), announced.size());
        }
    }

    #[test]
    fn any_bytes_behind_its_beginning_are_refused_or_read(
        bare in any::<bool>(),
        rest in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let begin = if bare { &b"\xff\x4f\xff\x51"[..] } else { b"\0\0\0\x0cjP  \r\n\x87\n" };
        let limits = Limits { bytes: 1 << 20, pixels: 1 << 18, memory: 64 << 20 };
        let _ = decode_portrait(&[begin, &rest].concat(), &limits);
    }
}
