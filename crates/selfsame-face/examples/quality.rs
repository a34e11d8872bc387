//! Measures the distribution of every quality number over photographs and over worsened copies of them.
//!
//! `quality FOLDER...` analyses every JPEG and PNG and prints the 5th, 50th and 95th percentile for the largest face; with
//! `--each` also one line of JSON for every photograph. The table in docs/decisions/0009-quality.md is made with it.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::Cursor;
use std::path::PathBuf;

use image::{DynamicImage, Rgb, RgbImage, imageops};
use selfsame_face::analyser::{Analyser, CaptureContext, Settings};
use selfsame_face::evidence::{FaceEvidence, Landmarks, Point};
use selfsame_face::models::ModelStore;

type Worsen = fn(&RgbImage, &FaceEvidence) -> RgbImage;

const VARIANTS: &[(&str, Worsen)] = &[
    ("as it is, up to 1024 px", |p, _| p.clone()),
    ("eyes 48 px apart", |p, f| to_eyes(p, f, 48.0)),
    ("eyes 24 px apart", |p, f| to_eyes(p, f, 24.0)),
    ("eyes 12 px apart", |p, f| to_eyes(p, f, 12.0)),
    ("blur 2 % of the eyes' distance", |p, f| blur(p, f, 0.02)),
    ("blur 5 %", |p, f| blur(p, f, 0.05)),
    ("blur 10 %", |p, f| blur(p, f, 0.1)),
    ("noise", |p, _| noise(p, 24.0)),
    ("dark, an eighth of the light", |p, _| {
        light(p, |_, v| v / 8.0)
    }),
    ("dark, a thirtieth", |p, _| light(p, |_, v| v / 30.0)),
    ("bright, four times the light", |p, _| {
        light(p, |_, v| v * 4.0)
    }),
    ("bright, sixteen times", |p, _| light(p, |_, v| v * 16.0)),
    ("light from the left, 4 to 1", |p, f| side_light(p, f, 4.0)),
    ("light from the left, 16 to 1", |p, f| {
        side_light(p, f, 16.0)
    }),
    ("flat, contrast of a third", |p, _| {
        tone(p, |v| 90.0 + v / 3.0)
    }),
    ("dark glasses", dark_glasses),
    ("mask, light blue", |p, f| mask(p, f, [150, 190, 215])),
    ("mask, white", |p, f| mask(p, f, [225, 225, 225])),
    ("mask, black", |p, f| mask(p, f, [25, 25, 28])),
    ("cut at the left edge", cut),
];

fn main() -> Result<(), Box<dyn Error>> {
    let (mut each, mut folders) = (false, Vec::new());
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--each" => each = true,
            folder => folders.push(PathBuf::from(folder)),
        }
    }
    let analyser = Analyser::load(&ModelStore::locate(None), &Settings::default())?;
    let mut photographs = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let Some("jpg" | "jpeg" | "png") = path.extension().and_then(|e| e.to_str()) else {
                continue;
            };
            let bytes = std::fs::read(&path)?;
            let evidence = match analyser.analyse_capture(&bytes, &[], &CaptureContext::default()) {
                Ok(capture) => capture.selfie,
                Err(error) => {
                    println!("left out: {}: {error}", path.display());
                    continue;
                }
            };
            let Some(face) = evidence.faces.first() else {
                println!("no face: {}", path.display());
                continue;
            };
            if each {
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
                println!(
                    "{}",
                    serde_json::json!({"file": name, "face": face, "metadata": evidence.metadata})
                );
            }
            let picture = up_to_1024(&image::load_from_memory(&bytes)?.into_rgb8());
            if let Some(face) = analysed(&analyser, &picture)? {
                photographs.push((picture, face));
            }
        }
    }
    println!("{} photographs", photographs.len());
    for (name, worsen) in VARIANTS {
        let mut measured = Vec::new();
        for (picture, face) in &photographs {
            measured.extend(analysed(&analyser, &worsen(picture, face))?);
        }
        report(name, &measured);
    }
    Ok(())
}

fn analysed(
    analyser: &Analyser,
    picture: &RgbImage,
) -> Result<Option<FaceEvidence>, Box<dyn Error>> {
    let mut png = Cursor::new(Vec::new());
    DynamicImage::from(picture.clone()).write_to(&mut png, image::ImageFormat::Png)?;
    Ok(analyser.analyse(png.get_ref())?.faces.first().copied())
}

/// Larger ones only take longer: quality is measured on 112 by 112 pixels.
fn up_to_1024(picture: &RgbImage) -> RgbImage {
    let long = picture.width().max(picture.height());
    if long <= 1024 {
        return picture.clone();
    }
    let side = |length: u32| (length * 1024 / long).max(1);
    imageops::thumbnail(picture, side(picture.width()), side(picture.height()))
}

type Number = fn(&FaceEvidence) -> Option<f32>;

const NUMBERS: &[(&str, Number)] = &[
    ("detection_score", |f| Some(f.detection_score)),
    ("inter_eye_distance", |f| Some(f.inter_eye_distance)),
    ("sharpness", |f| Some(f.sharpness)),
    ("definition", |f| Some(f.quality.definition)),
    ("exposure", |f| Some(f.exposure)),
    ("yaw", |f| f.quality.pose.map(|p| p.yaw)),
    ("pitch", |f| f.quality.pose.map(|p| p.pitch)),
    ("roll", |f| f.quality.pose.map(|p| p.roll)),
    ("evenness_across", |f| Some(f.quality.light.evenness_across)),
    ("evenness_down", |f| Some(f.quality.light.evenness_down)),
    ("dynamic_range", |f| Some(f.quality.light.dynamic_range)),
    ("under_exposed", |f| Some(f.quality.light.under_exposed)),
    ("over_exposed", |f| Some(f.quality.light.over_exposed)),
    ("dark_eyes", |f| f.quality.cover.dark_eyes),
    ("mouth_colour", |f| Some(f.quality.cover.mouth_colour)),
    ("size", |f| Some(f.quality.framing.size)),
    ("off_centre_across", |f| {
        Some(f.quality.framing.off_centre_across)
    }),
    ("off_centre_down", |f| {
        Some(f.quality.framing.off_centre_down)
    }),
    ("outside", |f| Some(f.quality.framing.outside)),
];

fn report(variant: &str, faces: &[FaceEvidence]) {
    println!("\n{variant}: {} faces found", faces.len());
    for (name, number) in NUMBERS {
        let mut values: Vec<f32> = faces.iter().filter_map(number).collect();
        values.sort_by(f32::total_cmp);
        let at = |part: f32| {
            let index = (part * values.len().saturating_sub(1) as f32).round() as usize;
            values.get(index).copied().unwrap_or(f32::NAN)
        };
        println!(
            "  {name:<20} {:8.3} {:8.3} {:8.3}   ({:.3} to {:.3})",
            at(0.05),
            at(0.5),
            at(0.95),
            at(0.0),
            at(1.0)
        );
    }
}

fn to_eyes(picture: &RgbImage, face: &FaceEvidence, distance: f32) -> RgbImage {
    let factor = distance / face.inter_eye_distance;
    let side = |length: u32| ((length as f32 * factor).round() as u32).max(1);
    imageops::resize(
        picture,
        side(picture.width()),
        side(picture.height()),
        imageops::FilterType::Lanczos3,
    )
}

fn blur(picture: &RgbImage, face: &FaceEvidence, part: f32) -> RgbImage {
    imageops::fast_blur(picture, part * face.inter_eye_distance)
}

fn tone(picture: &RgbImage, change: impl Fn(f32) -> f32) -> RgbImage {
    let mut changed = picture.clone();
    for value in changed.iter_mut() {
        *value = change(f32::from(*value)).clamp(0.0, 255.0) as u8;
    }
    changed
}

fn noise(picture: &RgbImage, deviation: f32) -> RgbImage {
    let mut state = 1u32;
    let mut changed = picture.clone();
    for value in changed.iter_mut() {
        let mut sum = 0.0;
        for _ in 0..4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sum += (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
        }
        *value = (f32::from(*value) + sum * deviation * 1.73).clamp(0.0, 255.0) as u8;
    }
    changed
}

/// Changes light itself (0 to 1, linear) rather than its gamma-coded tone; the column is given.
fn light(picture: &RgbImage, change: impl Fn(f32, f32) -> f32) -> RgbImage {
    let mut changed = picture.clone();
    for (x, _, pixel) in changed.enumerate_pixels_mut() {
        for value in &mut pixel.0 {
            let linear = (f32::from(*value) / 255.0).powf(2.2);
            let new = change(x as f32, linear).clamp(0.0, 1.0);
            *value = (new.powf(1.0 / 2.2) * 255.0).round() as u8;
        }
    }
    changed
}

/// Light that falls off from one side of the face to the other.
fn side_light(picture: &RgbImage, face: &FaceEvidence, ratio: f32) -> RgbImage {
    let (from, length) = (face.face_box.x, face.face_box.width);
    light(picture, |x, v| {
        let part = ((x - from) / length).clamp(0.0, 1.0);
        v * ratio.powf(-part)
    })
}

fn paint(picture: &RgbImage, colour: [u8; 3], inside: impl Fn(Point) -> bool) -> RgbImage {
    let mut changed = picture.clone();
    for (x, y, pixel) in changed.enumerate_pixels_mut() {
        let at = Point {
            x: x as f32,
            y: y as f32,
        };
        if inside(at) {
            *pixel = Rgb(colour);
        }
    }
    changed
}

/// A point in inter-eye distances, right and down as the face leans, from the middle between the eyes.
fn from_eyes(landmarks: &Landmarks, at: Point) -> (f32, f32) {
    let (l, r) = (landmarks.left_eye, landmarks.right_eye);
    let (ax, ay) = (r.x - l.x, r.y - l.y);
    let squared = ax * ax + ay * ay;
    let (x, y) = (at.x - (l.x + r.x) / 2.0, at.y - (l.y + r.y) / 2.0);
    ((x * ax + y * ay) / squared, (y * ax - x * ay) / squared)
}

fn dark_glasses(picture: &RgbImage, face: &FaceEvidence) -> RgbImage {
    paint(picture, [28, 26, 30], |at| {
        let (x, y) = from_eyes(&face.landmarks, at);
        ((x.abs() - 0.5) / 0.38).powi(2) + ((y - 0.05) / 0.27).powi(2) < 1.0
            || (x.abs() < 0.2 && (-0.12..-0.05).contains(&y))
    })
}

fn mask(picture: &RgbImage, face: &FaceEvidence, colour: [u8; 3]) -> RgbImage {
    let nose = from_eyes(&face.landmarks, face.landmarks.nose);
    paint(picture, colour, |at| {
        let (x, y) = from_eyes(&face.landmarks, at);
        let top = nose.1 - 0.2 + 0.25 * (x - nose.0).abs();
        y > top && (x / 1.0).powi(2) + ((y - 0.85) / 0.95).powi(2) < 1.0
    })
}

/// Cuts a quarter of the face box off.
fn cut(picture: &RgbImage, face: &FaceEvidence) -> RgbImage {
    let left = (face.face_box.x + 0.25 * face.face_box.width).max(0.0) as u32;
    let left = left.min(picture.width().saturating_sub(1));
    imageops::crop_imm(picture, left, 0, picture.width() - left, picture.height()).to_image()
}
