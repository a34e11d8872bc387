//! What looking at a whole capture costs, on one thread: `cargo run --release -p selfsame-face --example capture_cost [ENGINE]`.
//!
//! The capture is made from a fetched photograph: a selfie, and eight frames moved and saved apart. For each size of selfie
//! and frames, two lines. The first gives medians of processor time in milliseconds, which other processes hardly disturb:
//! for what a comparison needs (quality included), for a job with a selfie alone (its mesh and attack evidence on top), and
//! for the capture; and two ratios. The second gives what each stage of the capture took on the clock.
//! All three take turns, so that a busy machine slows all alike.
#![allow(clippy::print_stdout)]

use std::num::NonZeroUsize;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, RgbImage};
use selfsame_face::analyser::{Analyser, CaptureContext, Settings};
use selfsame_face::evidence::{CaptureTimings, Timings};
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

type Both = (Timings, CaptureTimings);
type Stage = (&'static str, fn(&Both) -> f64);
/// What each part took on the clock: the selfie's own first, then what the capture adds.
const STAGES: [Stage; 13] = [
    ("decode", |t| t.0.decode_ms),
    ("file", |t| t.0.file_ms),
    ("detect", |t| t.0.detect_ms),
    ("align", |t| t.0.align_ms),
    ("embed", |t| t.0.embed_ms),
    ("mesh", |t| t.1.mesh_ms),
    ("pattern", |t| t.1.pattern_ms),
    ("attacks", |t| t.1.attacks_ms),
    ("frames' decode", |t| t.1.decode_ms),
    ("detect", |t| t.1.detect_ms),
    ("embed", |t| t.1.embed_ms),
    ("motion", |t| t.1.motion_ms),
    ("file", |t| t.1.file_ms),
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
        let (mut compare, mut selfie_only) = (Vec::new(), Vec::new());
        let (mut whole, mut timings) = (Vec::new(), Vec::new());
        let context = CaptureContext::default();
        for _ in 0..ROUNDS {
            let started = cpu_ms();
            analyser.analyse(&selfie)?;
            let compared = cpu_ms();
            analyser.analyse_capture(&selfie, &[], &context)?;
            let looked = cpu_ms();
            let evidence = analyser.analyse_capture(&selfie, &frames, &context)?;
            whole.push(cpu_ms() - looked);
            timings.push((evidence.selfie.timings, evidence.timings));
            compare.push(compared - started);
            selfie_only.push(looked - compared);
        }
        let (compare, selfie_only, whole) = (median(compare), median(selfie_only), median(whole));
        println!(
            "selfie {:>4}x{:<4} frames {:>3}x{:<3}  compare {compare:6.1}  selfie {selfie_only:6.1}  capture {whole:6.1}  \
             capture to compare {:.2}, to selfie {:.2}",
            selfie_size.0,
            selfie_size.1,
            frame_size.0,
            frame_size.1,
            whole / compare,
            whole / selfie_only
        );
        for (stage, of) in STAGES {
            let spent = median(timings.iter().map(of).collect());
            print!("  {stage} {spent:.2}");
        }
        println!();
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
fn cpu_ms() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    spent.tv_sec as f64 * 1e3 + spent.tv_nsec as f64 / 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
