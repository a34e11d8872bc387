//! What looking at a whole capture costs against looking at its selfie alone, on one thread:
//! `cargo run --release -p selfsame-face --example capture_cost [ENGINE]`.
//!
//! The capture is made from a fetched photograph: a selfie, and eight frames moved and saved apart. Each line gives the
//! medians, in milliseconds of processor time (Linux), for one size of selfie and frames, and their ratio. Both kinds of analysis take turns, so that a
//! busy machine slows both.
#![allow(clippy::print_stdout)]

use std::num::NonZeroUsize;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, RgbImage};
use selfsame_face::analyser::{Analyser, CaptureContext, Settings};
use selfsame_face::models::{ModelStore, PHOTOGRAPHS};

const ROUNDS: usize = 25;
const FRAMES: u32 = 8;
/// Widths and heights of selfie and frames.
const SIZES: [[(u32, u32); 2]; 5] = [
    [(320, 320), (320, 320)],
    [(640, 480), (320, 320)],
    [(640, 480), (640, 480)],
    [(1280, 960), (320, 320)],
    [(1280, 960), (640, 480)],
];

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let store = ModelStore::locate(None);
    let settings = Settings {
        engine: std::env::args()
            .nth(1)
            .as_deref()
            .unwrap_or("auto")
            .parse()?,
        parallel: NonZeroUsize::MIN,
        ..Settings::default()
    };
    let analyser = Analyser::load(&store, &settings)?;
    println!(
        "{}; presentation attacks {}",
        analyser.engine_name(),
        if analyser.detects_presentation_attacks() {
            "detected"
        } else {
            "NOT detected"
        }
    );
    let photograph = image::load_from_memory(&store.read(&PHOTOGRAPHS[0])?)?.into_rgb8();
    for [selfie_size, frame_size] in SIZES {
        let selfie = jpeg(&framed(&photograph, selfie_size, 0), 90)?;
        let frames = (1..=FRAMES)
            .map(|n| jpeg(&framed(&photograph, frame_size, n), 80))
            .collect::<Outcome<Vec<_>>>()?;
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let (mut alone, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let started = cpu_ms()?;
            analyser.analyse(&selfie)?;
            let between = cpu_ms()?;
            analyser.analyse_capture(&selfie, &frames, &CaptureContext::default())?;
            alone.push(between - started);
            whole.push(cpu_ms()? - between);
        }
        let (alone, whole) = (median(alone), median(whole));
        println!(
            "selfie {:>4}x{:<4} frames {:>3}x{:<3}  alone {alone:6.1}  capture {whole:6.1}  ratio {:.2}",
            selfie_size.0,
            selfie_size.1,
            frame_size.0,
            frame_size.1,
            whole / alone
        );
    }
    Ok(())
}

/// The photograph's middle at a size, shifted a little for each frame.
fn framed(photograph: &RgbImage, (width, height): (u32, u32), shift: u32) -> RgbImage {
    let margin = photograph.width() / 40;
    let (w, h) = (photograph.width() - margin, photograph.height() - margin);
    // As much of it as has the frame's shape.
    let (w, h) = if w * height > h * width {
        (h * width / height, h)
    } else {
        (w, w * height / width)
    };
    let (x, y) = (margin * (shift % 4) / 4, margin * (shift / 4 % 4) / 4);
    let cut = imageops::crop_imm(photograph, x, y, w, h).to_image();
    imageops::resize(&cut, width, height, FilterType::Triangle)
}

fn jpeg(image: &RgbImage, quality: u8) -> Outcome<Vec<u8>> {
    let mut file = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut file, quality);
    DynamicImage::ImageRgb8(image.clone()).write_with_encoder(encoder)?;
    Ok(file)
}

/// Processor time of all of this process's threads. Other processes' work does not count, as it would on a clock.
fn cpu_ms() -> Outcome<f64> {
    let mut nanoseconds = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let spent = std::fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += spent.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanoseconds / 1e6)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
