//! Measures how near perceptual digests of copies, of second photographs and of other pictures are.
//!
//! `digests FOLDER...` prints, for every kind of change, the 50th, 95th and 99th percentile and the largest distance to the
//! original, mirrored ones included; then how near other pictures come. The tables in docs/decisions/0010-image-digests.md
//! are made with it.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use image::codecs::jpeg::JpegEncoder;
use image::{RgbImage, imageops};
use selfsame_face::digest::digests;
use selfsame_face::evidence::ImageDigests;

type Change = fn(&RgbImage, &mut Chance) -> RgbImage;

/// What keeps the picture.
const COPIES: &[(&str, Change)] = &[
    ("JPEG 95", |p, _| jpeg(p, 95)),
    ("JPEG 75", |p, _| jpeg(p, 75)),
    ("JPEG 50", |p, _| jpeg(p, 50)),
    ("JPEG 30", |p, _| jpeg(p, 30)),
    ("half size", |p, _| scaled(p, 0.5)),
    ("a third, JPEG 60", |p, _| jpeg(&scaled(p, 0.33), 60)),
    ("twice the size", |p, _| scaled(p, 2.0)),
    ("gamma 0.7", |p, _| gamma(p, 0.7)),
    ("gamma 1.4", |p, _| gamma(p, 1.4)),
    ("contrast 0.6", |p, _| tone(p, |v| 50.0 + 0.6 * v)),
    ("noise 8", |p, c| noise(p, c, 8.0)),
    ("mirrored, JPEG 80", |p, _| {
        jpeg(&imageops::flip_horizontal(p), 80)
    }),
    ("1 % cropped all round", |p, _| crop(p, 0.01)),
    ("2.5 % cropped all round", |p, _| crop(p, 0.025)),
    ("5 % cropped all round", |p, _| crop(p, 0.05)),
];

/// What a hand that holds still, more or less, does to the next picture: at least; people and light move too.
const RETAKES: &[(&str, Change)] = &[
    ("moved by up to 0.5 %, 0.5°", |p, c| {
        retake(p, c, 0.005, 0.5)
    }),
    ("moved by up to 1 %, 1°", |p, c| retake(p, c, 0.01, 1.0)),
    ("moved by up to 2 %, 2°", |p, c| retake(p, c, 0.02, 2.0)),
    ("moved by up to 5 %, 3°", |p, c| retake(p, c, 0.05, 3.0)),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut pictures = Vec::new();
    for folder in std::env::args().skip(1).map(PathBuf::from) {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if let Some("jpg" | "jpeg" | "png") = path.extension().and_then(|e| e.to_str()) {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                match image::load_from_memory(&std::fs::read(&path)?) {
                    Ok(picture) => pictures.push((name.into_owned(), picture.into_rgb8())),
                    Err(error) => println!("left out: {}: {error}", path.display()),
                }
            }
        }
    }
    let started = Instant::now();
    let hashes: Vec<ImageDigests> = pictures.iter().map(|(_, p)| digests(b"", p)).collect();
    let each = started.elapsed().as_secs_f64() * 1000.0 / pictures.len().max(1) as f64;
    println!("{} pictures, {each:.2} ms for each digest", pictures.len());

    let mut chance = Chance(1);
    let small: Vec<RgbImage> = pictures.iter().map(|(_, p)| up_to_320(p)).collect();
    for (times, kinds) in [(1, COPIES), (8, RETAKES)] {
        println!(
            "\n{:<28} {:>5} {:>5} {:>5} {:>5}",
            "distance", "50 %", "95 %", "99 %", "most"
        );
        for (name, change) in kinds {
            let mut distances = Vec::new();
            for (((_, picture), small), hash) in pictures.iter().zip(&small).zip(&hashes) {
                let picture = if times > 1 { small } else { picture };
                for _ in 0..times {
                    distances.push(apart(hash, &digests(b"", &change(picture, &mut chance))));
                }
            }
            distances.sort_unstable();
            let at = |part: f64| distances[(part * (distances.len() - 1) as f64).round() as usize];
            let within = |most: u32| {
                let count = distances.iter().filter(|d| **d <= most).count();
                100.0 * count as f64 / distances.len().max(1) as f64
            };
            println!(
                "{name:<28} {:>5} {:>5} {:>5} {:>5}   within 8, 10, 16: {:.0}, {:.0}, {:.0} %",
                at(0.5),
                at(0.95),
                at(0.99),
                at(1.0),
                within(8),
                within(10),
                within(16)
            );
        }
    }

    let mut pairs = Vec::new();
    for (at, ((a, _), x)) in pictures.iter().zip(&hashes).enumerate() {
        for ((b, _), y) in pictures.iter().zip(&hashes).skip(at + 1) {
            pairs.push((apart(x, y), a, b));
        }
    }
    pairs.sort_unstable();
    println!("\nnearest of {} pairs of other pictures:", pairs.len());
    for (distance, a, b) in pairs.iter().take(12) {
        println!("  {distance:>3} {a} {b}");
    }
    Ok(())
}

/// The smaller distance, as it is or mirrored.
fn apart(a: &ImageDigests, b: &ImageDigests) -> u32 {
    a.distance(b).min(a.mirrored().distance(b))
}

/// Eight retakes of each picture take their time: they are made from pictures of at most 320 pixels.
fn up_to_320(picture: &RgbImage) -> RgbImage {
    let long = picture.width().max(picture.height());
    scaled(picture, (320.0 / long as f32).min(1.0))
}

/// The same numbers in every run.
struct Chance(u32);

impl Chance {
    /// −1 to 1.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

fn jpeg(picture: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture);
    encoded
        .and_then(|()| image::load_from_memory(&bytes))
        .map_or_else(|_| picture.clone(), |image| image.into_rgb8())
}

fn scaled(picture: &RgbImage, factor: f32) -> RgbImage {
    let side = |length: u32| ((length as f32 * factor).round() as u32).max(1);
    imageops::resize(
        picture,
        side(picture.width()),
        side(picture.height()),
        imageops::FilterType::CatmullRom,
    )
}

fn tone(picture: &RgbImage, change: impl Fn(f32) -> f32) -> RgbImage {
    let mut changed = picture.clone();
    for value in changed.iter_mut() {
        *value = change(f32::from(*value)).clamp(0.0, 255.0).round() as u8;
    }
    changed
}

fn gamma(picture: &RgbImage, gamma: f32) -> RgbImage {
    tone(picture, |v| 255.0 * (v / 255.0).powf(gamma))
}

fn noise(picture: &RgbImage, chance: &mut Chance, deviation: f32) -> RgbImage {
    let mut changed = picture.clone();
    for value in changed.iter_mut() {
        let sum = chance.next() + chance.next() + chance.next();
        *value = (f32::from(*value) + sum * deviation)
            .clamp(0.0, 255.0)
            .round() as u8;
    }
    changed
}

fn crop(picture: &RgbImage, part: f32) -> RgbImage {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let keep = 1.0 - 2.0 * part;
    imageops::crop_imm(
        picture,
        (part * width) as u32,
        (part * height) as u32,
        (keep * width) as u32,
        (keep * height) as u32,
    )
    .to_image()
}

/// Shifts, turns and scales about the middle, repeating the edges; a little noise and light of its own.
fn retake(picture: &RgbImage, chance: &mut Chance, part: f32, degrees: f32) -> RgbImage {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let long = width.max(height);
    let (dx, dy) = (chance.next() * part * long, chance.next() * part * long);
    let scale = 1.0 + chance.next() * part;
    let (sin, cos) = (chance.next() * degrees).to_radians().sin_cos();
    let moved = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let (x, y) = (x as f32 - width / 2.0, y as f32 - height / 2.0);
        let from_x = scale * (x * cos - y * sin) + width / 2.0 + dx;
        let from_y = scale * (x * sin + y * cos) + height / 2.0 + dy;
        *picture.get_pixel(
            from_x.clamp(0.0, width - 1.0) as u32,
            from_y.clamp(0.0, height - 1.0) as u32,
        )
    });
    let light = 1.0 + 0.1 * chance.next();
    noise(&gamma(&moved, light), chance, 3.0)
}
