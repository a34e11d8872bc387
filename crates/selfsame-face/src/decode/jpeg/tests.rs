use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, RgbImage};
use proptest::prelude::*;

use super::*;
use crate::deadline::Overdue;

/// Pictures that libjpeg-turbo's cjpeg coded from one synthetic picture, `SAMPLING.CODING.jpg`, and what its djpeg makes of
/// them: `SAMPLING.png`. However a sampling is coded, the picture is the same.
fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/decode/jpeg/samples");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

fn sample(wanted: &str) -> Vec<u8> {
    let found = samples().into_iter().find(|(name, _)| name == wanted);
    found.unwrap().1
}

fn pixels(bytes: &[u8]) -> Result<Vec<u8>, ImageError> {
    Jpeg::announced(bytes)?.pixels(&Deadline::none())
}

fn exactly(bytes: &[u8]) -> Result<Vec<u8>, ImageError> {
    Jpeg::announced(bytes)?.exactly(&Deadline::none())
}

fn apart(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

fn without_end(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(&[0xff, 0xd9]).unwrap()
}

/// Slopes and edges, other ones for every seed.
fn picture(seed: u32, width: u32, height: u32) -> RgbImage {
    let [a, b, c, d] = seed.to_be_bytes().map(u32::from);
    RgbImage::from_fn(width, height, |x, y| {
        let slope = (x * (1 + a % 9) + y * (1 + b % 7)) / 2;
        let edge = if (x + c) % 23 < 9 && (y + d) % 17 < 8 {
            90
        } else {
            0
        };
        image::Rgb(
            [
                slope + edge,
                slope / 2 + d,
                255u32.saturating_sub(slope / 3),
            ]
            .map(|v| v.min(255) as u8),
        )
    })
}

/// Where the last scan's data begin.
fn last_scan(bytes: &[u8]) -> usize {
    let marker = bytes.windows(2).rposition(|w| w == [0xff, 0xda]).unwrap();
    marker + 2 + usize::from(bytes[marker + 3])
}

#[test]
fn every_coding_shows_what_the_reference_decoder_shows() {
    let all = samples();
    let mut seen = 0;
    for (name, bytes) in all.iter().filter(|(name, _)| name.ends_with(".jpg")) {
        let (sampling, coding) = name.split_once('.').unwrap();
        if coding == "refused.jpg" {
            continue;
        }
        let (_, reference) = all
            .iter()
            .find(|(name, _)| *name == format!("{sampling}.png"))
            .unwrap();
        let reference = image::load_from_memory(reference).unwrap().into_rgb8();
        assert_eq!(
            apart(&exactly(bytes).unwrap(), reference.as_raw()),
            0,
            "{name}"
        );
        // The fast decoder rounds otherwise.
        let served = apart(&pixels(bytes).unwrap(), reference.as_raw());
        assert!(served <= 4, "{name}: {served}");
        seen += 1;
    }
    assert!(seen > 40, "only {seen} samples");
}

#[test]
fn a_file_without_its_end_marker_is_whole_when_its_picture_is() {
    for coding in ["base", "apart", "progressive", "restarts"] {
        let bytes = sample(&format!("2x2.{coding}.jpg"));
        let whole = pixels(&bytes).unwrap();
        for after in [&b""[..], b"\xff", b"\0\0\0\0\0\0\0\0"] {
            let stopped = [without_end(&bytes), after].concat();
            assert_eq!(apart(&pixels(&stopped).unwrap(), &whole), 0, "{coding}");
        }
        // A film clip or a gain map behind the picture.
        let followed = [&bytes[..], &bytes, b"\xff\xda\0\xff\xd8"].concat();
        assert_eq!(pixels(&followed).unwrap(), whole, "{coding}");
    }
}

#[test]
fn a_picture_that_stops_within_a_scan_is_refused_even_with_an_end_marker() {
    let mut codings: Vec<_> = samples();
    codings.retain(|(name, _)| name.ends_with(".jpg") && !name.contains("refused"));
    for (name, bytes) in codings {
        let (from, to) = (last_scan(&bytes), bytes.len() - 2);
        // The fast decoder holds eight bytes at a time, and does not miss them at the very end.
        let missing_at_least = 12;
        for cut in from..to.saturating_sub(missing_at_least) {
            let mut stopped = bytes[..cut].to_vec();
            assert_eq!(pixels(&stopped), Err(ImageError::Truncated), "{name} {cut}");
            if stopped.last() != Some(&0xff) {
                stopped.extend([0xff, 0xd9]);
                let refused = pixels(&stopped).is_err();
                assert!(refused, "{name} {cut} with an end marker");
            }
        }
    }
}

#[test]
fn a_progressive_picture_without_its_last_scans_must_say_that_it_has_ended() {
    let bytes = sample("2x2.progressive.jpg");
    let scans = bytes
        .windows(2)
        .enumerate()
        .filter(|(_, w)| *w == [0xff, 0xda])
        .map(|(at, _)| at);
    for scan in scans.skip(1) {
        let stopped = &bytes[..scan];
        assert_eq!(pixels(stopped), Err(ImageError::Truncated), "{scan}");
    }
    // The coarse picture is one that an encoder may have meant.
    let last = bytes.windows(2).rposition(|w| w == [0xff, 0xda]).unwrap();
    let ended = [&bytes[..last], &[0xff, 0xd9]].concat();
    let coarse = pixels(&ended).unwrap();
    assert!(apart(&coarse, &pixels(&bytes).unwrap()) < 60);
}

#[test]
fn a_part_of_a_scan_that_is_missing_is_noticed_by_its_restart_markers() {
    for coding in ["2x1.restarts", "2x2.apart-restarts"] {
        let bytes = sample(&format!("{coding}.jpg"));
        let marker = |wanted: u8| bytes.windows(2).position(|w| w == [0xff, wanted]).unwrap();
        let gap = [&bytes[..marker(0xd0)], &bytes[marker(0xd1)..]].concat();
        assert!(pixels(&gap).is_err(), "{coding}");
    }
}

#[test]
fn what_is_not_decoded_here_is_refused_by_its_name() {
    let said = |bytes: &[u8]| pixels(bytes).unwrap_err().to_string();
    assert!(said(&sample("arithmetic.refused.jpg")).contains("arithmetic"));
    let base = sample("2x2.base.jpg");
    let frame = base.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    let with = |at: usize, value: u8| {
        let mut changed = base.clone();
        changed[frame + at] = value;
        said(&changed)
    };
    assert!(with(1, 0xc3).contains("lossless"));
    assert!(with(1, 0xc5).contains("hierarchical"));
    assert!(with(4, 12).contains("8 bits"));
    // Two units of luminance to three of colour.
    assert!(with(14, 0x31).contains("fractional"));
    let cmyk = sample("ycck.base.jpg");
    let adobe = cmyk.windows(5).position(|w| w == b"Adobe").unwrap();
    let mut nameless = cmyk.clone();
    nameless[adobe] = b'a';
    assert!(said(&nameless).contains("colours"));
    for text in [with(1, 0xc3), said(&nameless)] {
        assert!(
            text.contains("send a baseline or progressive JPEG"),
            "{text}"
        );
    }
}

/// A picture of one tone, of any size: every block is a few zero bits. `scans` adds scans of nothing to a progressive one.
fn flat(progressive: bool, (width, height): (u16, u16), components: u8, scans: usize) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    file.extend([1; 64]);
    file.extend([
        0xff,
        if progressive { 0xc2 } else { 0xc0 },
        0,
        8 + 3 * components,
        8,
    ]);
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.push(components);
    for component in 1..=components {
        file.extend([component, 0x11, 0]);
    }
    // One code, a zero: no difference; the block has ended.
    for class in [0, 0x10] {
        file.extend([0xff, 0xc4, 0, 20, class, 1]);
        file.extend([0; 16]);
    }
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
    let mut scan = |named: &[u8], band: [u8; 3], bits: usize| {
        file.extend([0xff, 0xda, 0, 6 + 2 * named.len() as u8, named.len() as u8]);
        for component in named {
            file.extend([*component, 0]);
        }
        file.extend(band);
        file.resize(file.len() + bits.div_ceil(8), 0);
    };
    let all: Vec<u8> = (1..=components).collect();
    if progressive {
        scan(&all, [0, 0, 0], blocks * all.len());
        for at in 0..scans {
            let (component, band) = (1 + (at / 63) as u8 % components, 1 + (at % 63) as u8);
            scan(&[component], [band, band, 0], blocks);
        }
    } else {
        scan(&all, [0, 63, 0], 2 * blocks * all.len());
    }
    file.extend([0xff, 0xd9]);
    file
}

#[test]
fn hundreds_of_scans_are_refused_by_the_headers_alone() {
    let file = flat(true, (640, 480), 3, 99);
    assert_eq!(pixels(&file), Ok(vec![128; 640 * 480 * 3]));
    let file = flat(true, (640, 480), 3, 100);
    assert_eq!(
        Jpeg::announced(&file).unwrap_err(),
        ImageError::TooComplex("more than 100 scans")
    );
}

#[test]
fn the_deadline_ends_a_picture_of_many_scans() {
    let file = flat(true, (8192, 4096), 3, 99);
    let jpeg = Jpeg::announced(&file).unwrap();
    let allowed = std::time::Duration::from_millis(20);
    let began = std::time::Instant::now();
    let ended = jpeg.pixels(&Deadline::after(allowed));
    assert_eq!(ended, Err(Overdue(allowed).into()));
    // Some rows of blocks later, where all of it would take many seconds.
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_decoders_see_one_picture(
        width in 1u32..70,
        height in 1u32..70,
        seed in any::<u32>(),
        quality in 20u8..=100,
        grey in any::<bool>(),
    ) {
        let picture = picture(seed, width, height);
        let mut file = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut file, quality);
        if grey {
            let grey = image::DynamicImage::from(picture).into_luma8();
            encoder.encode(grey.as_raw(), width, height, ExtendedColorType::L8).unwrap();
        } else {
            encoder.encode(picture.as_raw(), width, height, ExtendedColorType::Rgb8).unwrap();
        }
        prop_assert!(apart(&exactly(&file).unwrap(), &pixels(&file).unwrap()) <= 6);
    }

    #[test]
    fn no_flipped_bytes_break_it_and_its_size_stays_as_announced(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut all = samples();
        all.retain(|(name, _)| name.ends_with(".jpg"));
        let mut bytes = which.get(&all).1.clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(jpeg) = Jpeg::announced(&bytes)
            && jpeg.memory() < 64 << 20
            && let Ok(pixels) = jpeg.pixels(&Deadline::none())
        {
            let (width, height) = jpeg.size();
            prop_assert_eq!(pixels.len(), 3 * width as usize * height as usize);
            prop_assert!(jpeg.memory() >= pixels.len() as u64);
            prop_assert!(RgbImage::from_raw(width, height, pixels).is_some());
        }
    }
}
