//! What decoding takes, counted byte by byte: never more than was announced, whatever the file is made to do.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    unsafe_code,
    reason = "a test says what is wrong by failing; an allocator that counts cannot be written otherwise"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use png::{BitDepth, ColorType};
use selfsame_face::deadline::Deadline;
use selfsame_face::decode::{ImageError, Limits, announce, decode};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn count(bytes: usize) {
    let held = HELD.fetch_add(bytes, Ordering::Relaxed) + bytes;
    MOST.fetch_max(held, Ordering::Relaxed);
}

// SAFETY: every call is the system allocator's; only sizes are noted beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A PNG whose samples are all zero, written row by row.
fn png(
    size: (u32, u32),
    colours: ColorType,
    depth: BitDepth,
    change: fn(&mut png::Info<'_>),
) -> Vec<u8> {
    use std::io::Write as _;

    let mut file = Vec::new();
    let mut info = png::Info::with_size(size.0, size.1);
    info.color_type = colours;
    info.bit_depth = depth;
    change(&mut info);
    let bits = colours.samples() * (depth as usize) * size.0 as usize;
    let row = vec![0; bits.div_ceil(8)];
    let mut encoder = png::Encoder::with_info(&mut file, info).unwrap();
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    for _ in 0..size.1 {
        stream.write_all(&row).unwrap();
    }
    stream.finish().unwrap();
    drop(writer);
    file
}

/// A JPEG of one tone: every block is a few zero bits.
fn jpeg(progressive: bool, (width, height): (u16, u16), sampling: u8, more_scans: u8) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    file.extend([1; 64]);
    file.extend([0xff, if progressive { 0xc2 } else { 0xc0 }, 0, 17, 8]);
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend([3, 1, sampling, 0, 2, 0x11, 0, 3, 0x11, 0]);
    for class in [0, 0x10] {
        file.extend([0xff, 0xc4, 0, 20, class, 1]);
        file.extend([0; 16]);
    }
    // Twelve blocks to each 16 by 16 pixels are what full sampling has: what is left over does no harm.
    let bytes = usize::from(width).div_ceil(16) * usize::from(height).div_ceil(16) * 12 / 4 + 1;
    let mut scan = |header: &[u8]| {
        file.extend([0xff, 0xda, 0, 2 + header.len() as u8]);
        file.extend(header);
        file.resize(file.len() + bytes, 0);
    };
    let last = if progressive { 0 } else { 63 };
    scan(&[3, 1, 0, 2, 0, 3, 0, 0, last, 0]);
    for band in 1..=more_scans {
        scan(&[1, 1, 0, band, band, 0]);
    }
    file.extend([0xff, 0xd9]);
    file
}

fn turned(info: &mut png::Info<'_>) {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([6, 0, 0, 0, 0, 0, 0, 0]);
    info.exif_metadata = Some(Cow::Owned(exif));
}

/// Metadata that inflate to 64 MiB each.
fn bombs(info: &mut png::Info<'_>) {
    info.icc_profile = Some(Cow::Owned(vec![0; 64 << 20]));
    info.compressed_latin1_text = vec![png::text_metadata::ZTXtChunk::new(
        "Comment",
        " ".repeat(64 << 20),
    )];
    let mut title = png::text_metadata::ITXtChunk::new("Title", " ".repeat(64 << 20));
    title.compressed = true;
    info.utf8_text = vec![title];
}

fn plain(_: &mut png::Info<'_>) {}

fn palette(info: &mut png::Info<'_>) {
    info.palette = Some(Cow::Owned(vec![7; 3 * 256]));
    info.trns = Some(Cow::Owned(vec![128; 256]));
}

/// The count is the process's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn no_file_takes_more_than_it_announces() {
    let _alone = alone();
    let cameras = (8160, 6144);
    let small = (1600, 1200);
    let files: Vec<(&str, Vec<u8>)> = vec![
        // The one that took 665 MiB.
        (
            "16 bits and transparency",
            png(cameras, ColorType::Rgba, BitDepth::Sixteen, plain),
        ),
        (
            "a quarter turn",
            png(small, ColorType::Rgb, BitDepth::Eight, turned),
        ),
        (
            "a palette",
            png(small, ColorType::Indexed, BitDepth::Eight, palette),
        ),
        (
            "one bit",
            png(small, ColorType::Grayscale, BitDepth::One, plain),
        ),
        (
            "metadata that inflate",
            png(small, ColorType::Rgb, BitDepth::Eight, bombs),
        ),
        (
            "long rows",
            png((65_535, 40), ColorType::Rgba, BitDepth::Sixteen, plain),
        ),
        ("baseline", jpeg(false, (8160, 6144), 0x22, 0)),
        ("fully sampled", jpeg(false, (2000, 1500), 0x11, 0)),
        ("four to one", jpeg(false, (2000, 1500), 0x41, 0)),
        ("progressive", jpeg(true, (8160, 6144), 0x22, 2)),
        ("many scans", jpeg(true, (1200, 800), 0x11, 60)),
    ];
    for (name, file) in &files {
        assert!(file.len() < 6 << 20, "{name}: {} bytes", file.len());
        let before = HELD.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let announced = announce(file, &Limits::default()).unwrap();
        let read = MOST.load(Ordering::Relaxed) - before;
        assert!(read < 64 << 10, "{name}: {read} bytes for the headers");
        let decoded = announced.decode(&Deadline::none()).unwrap();
        let most = (MOST.load(Ordering::Relaxed) - before) as u64;
        assert!(
            most <= announced.memory() + (64 << 10),
            "{name}: {most} bytes, {} were announced",
            announced.memory()
        );
        let (width, height) = announced.size();
        let pixels = 3 * u64::from(width) * u64::from(height);
        assert_eq!(decoded.memory(), pixels, "{name}");
        println!("{name}: {} KiB take {} MiB", file.len() >> 10, most >> 20);
    }
}

#[cfg(feature = "portrait")]
#[test]
fn no_photograph_of_an_authority_takes_more_than_it_announces() {
    let _alone = alone();
    let files = [
        "rgb.jp2",
        "alpha.jp2",
        "tiles.j2k",
        "precincts.j2k",
        "lossy.jp2",
        "large.j2k",
        "small-blocks.j2k",
    ];
    for name in files {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/decode/jpeg2000/samples");
        let file = std::fs::read(std::path::Path::new(folder).join(name)).unwrap();
        let before = HELD.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let announced =
            selfsame_face::decode::announce_portrait(&file, &Limits::default()).unwrap();
        let read = MOST.load(Ordering::Relaxed) - before;
        assert!(read < 64 << 10, "{name}: {read} bytes for the headers");
        announced.decode(&Deadline::none()).unwrap();
        let most = (MOST.load(Ordering::Relaxed) - before) as u64;
        println!("{name}: {most} bytes of {}", announced.memory());
        assert!(
            most <= announced.memory(),
            "{name}: {most} bytes, {} were announced",
            announced.memory()
        );
    }
}

#[test]
fn what_can_never_fit_takes_nothing() {
    let _alone = alone();
    let limits = Limits {
        memory: 100 << 20,
        ..Limits::default()
    };
    for file in [
        jpeg(true, (8160, 6144), 0x11, 1),
        png((8160, 6144), ColorType::Rgb, BitDepth::Eight, plain),
    ] {
        let refused = decode(&file, &limits).unwrap_err();
        assert!(
            matches!(refused, ImageError::TooMuchMemory { needed, .. } if needed > limits.memory),
            "{refused}"
        );
        assert!(refused.to_string().contains("send a smaller one"));
    }
}

#[test]
fn the_pictures_of_fifty_megapixel_cameras_are_read() {
    let _alone = alone();
    let decoded = decode(&jpeg(false, (8160, 6144), 0x22, 0), &Limits::default()).unwrap();
    assert_eq!(decoded.pixels.dimensions(), (8160, 6144));
    assert!(decoded.pixels.pixels().all(|p| p.0 == [128; 3]));
    let larger = jpeg(false, (9248, 6944), 0x22, 0);
    assert!(announce(&larger, &Limits::default()).is_ok());
    let too_large = jpeg(false, (16_320, 12_240), 0x22, 0);
    assert!(matches!(
        decode(&too_large, &Limits::default()),
        Err(ImageError::TooManyPixels(16_320, 12_240, _))
    ));
}
