//! Whole captures made from real photographs: one still repeated, a flat picture moved about, and a face that turns and
//! smiles, which is the photograph bent by a face's depth. What is measured is printed:
//! `SELFSAME_THOROUGH=1 cargo nextest run -p selfsame-face --test suite captures:: --no-capture`.
#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod sequence;
mod turned;
mod turning;

use std::num::NonZeroUsize;

use image::RgbImage;
use selfsame_face::analyser::{Analyser, CaptureContext, LoadError, MOST_FRAMES, Settings};
use selfsame_face::decode::ImageError;
use selfsame_face::evidence::CaptureEvidence;
use selfsame_face::inference::{EngineChoice, Precision};
use selfsame_face::models::{ModelError, ModelStore, PHOTOGRAPHS};
use selfsame_testing::{Need, left_out};
use sequence::{Capture, Kind};

/// What a flat picture, however moved, stays below, and a live face is above in one or the other.
const PARALLAX: f32 = 0.006;
const DEFORMATION: f32 = 0.012;
/// What a picture that is not moved stays below.
const MOVEMENT: f32 = 0.01;
const SMILE: f32 = 0.01;

fn analyser(engine: EngineChoice) -> Option<Analyser> {
    let settings = Settings {
        engine,
        precision: Precision::F32,
        parallel: NonZeroUsize::MIN,
        ..Settings::default()
    };
    match Analyser::load(&ModelStore::locate(None), &settings) {
        Ok(analyser) => Some(analyser),
        Err(LoadError::Model(error @ ModelError::Missing { .. })) => {
            left_out(Need::Models, &format!("{engine}: {error}"));
            None
        }
        Err(LoadError::Model(error @ ModelError::NoSuchPlatform)) => {
            left_out(Need::Platform, &format!("{engine}: {error}"));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// How many photographs a slow engine is tried with: one, which is a minute of a core; all where `SELFSAME_THOROUGH` is set.
fn sample() -> usize {
    match std::env::var_os("SELFSAME_THOROUGH") {
        Some(_) => PHOTOGRAPHS.len(),
        None => 1,
    }
}

/// The photographs, each with the face at a frame's size in its middle.
fn photographs(analyser: &Analyser) -> Vec<(&'static str, RgbImage, sequence::Face)> {
    let store = ModelStore::locate(None);
    PHOTOGRAPHS
        .iter()
        .map(|photograph| {
            let file = store.read(photograph).unwrap();
            let face = analyser.analyse(&file).unwrap().faces[0];
            let picture = image::load_from_memory(&file).unwrap().into_rgb8();
            let (frame, face) = sequence::framed(&picture, &face.landmarks);
            (photograph.name, frame, face)
        })
        .collect()
}

fn look(analyser: &Analyser, capture: &Capture) -> CaptureEvidence {
    let frames: Vec<&[u8]> = capture.frames.iter().map(Vec::as_slice).collect();
    analyser
        .analyse_capture(&capture.selfie, &frames, &CaptureContext::default())
        .unwrap()
}

fn measured(engine: EngineChoice, photographs_tried: usize) {
    let Some(analyser) = analyser(engine) else {
        return;
    };
    for (name, frame, face) in photographs(&analyser).into_iter().take(photographs_tried) {
        for kind in Kind::ALL {
            let seen = look(&analyser, &sequence::capture(&frame, &face, kind));
            let motion = seen.motion.unwrap();
            let smile = motion.smile_growth.unwrap();
            let repeated = seen.repetition;
            println!(
                "{engine} {name:7} {kind:?}: parallax {:.4} deformation {:.4} smile {smile:+.4} movement {:.4}; \
                 repeated {} bytes, {} pictures; attack score {:?}",
                motion.parallax,
                motion.deformation,
                motion.movement,
                repeated.identical_bytes,
                repeated.identical_pictures,
                seen.presentation_attack.as_ref().map(|p| p.fused),
            );
            let case = format!("{name} {kind:?}: {motion:?} {repeated:?}");
            assert_eq!(motion.images, 9, "{case}");
            assert!(seen.frames.iter().all(|f| f.faces == 1), "{case}");
            let like: Vec<f32> = seen
                .frames
                .iter()
                .filter_map(|f| f.likeness.map(|l| l.value()))
                .collect();
            assert!(
                !like.is_empty() && like.iter().all(|l| *l > 0.6),
                "{case} {like:?}"
            );
            let flat = motion.parallax < PARALLAX && motion.deformation < DEFORMATION;
            // One of the photographs shows a face that is turned already, whose nose says less of a further turn.
            if kind != Kind::LiveTurning || name != "obama3" {
                assert_eq!(flat, !kind.is_live(), "{case}");
            }
            assert_eq!(motion.movement < MOVEMENT, kind.is_still(), "{case}");
            assert_eq!(smile > SMILE, kind.smiles(), "{case}");
            assert_eq!(repeated.identical_pictures >= 7, kind.is_still(), "{case}");
            assert!(
                kind.is_still() || repeated.identical_pictures == 0,
                "{case}"
            );
            assert_eq!(
                repeated.identical_bytes,
                if kind == Kind::Still { 8 } else { 0 },
                "{case}"
            );
        }
    }
}

#[test]
fn openvino_tells_still_flat_and_live_apart() {
    measured(EngineChoice::OpenVino, PHOTOGRAPHS.len());
}

#[test]
fn rten_tells_still_flat_and_live_apart() {
    measured(EngineChoice::Rten, sample());
}

#[test]
fn both_engines_see_the_same_capture() {
    let (Some(rten), Some(openvino)) = (
        analyser(EngineChoice::Rten),
        analyser(EngineChoice::OpenVino),
    ) else {
        return;
    };
    for (name, frame, face) in photographs(&rten).into_iter().take(sample()) {
        let capture = sequence::capture(&frame, &face, Kind::Live);
        let alone = |analyser: &Analyser| {
            analyser
                .analyse_capture(&capture.selfie, &[], &CaptureContext::default())
                .unwrap()
        };
        let (one, other) = (alone(&rten), alone(&openvino));
        let score = |e: &CaptureEvidence| e.presentation_attack.as_ref().map(|p| p.fused);
        println!(
            "{name}: attack scores {:?} {:?}",
            score(&one),
            score(&other)
        );
        if let (Some(one), Some(other)) = (score(&one), score(&other)) {
            assert!((one - other).abs() < 0.05, "{name}: {one} {other}");
        }
        let geometry = |e: &CaptureEvidence| e.selfie.faces[0].geometry.unwrap();
        let (one, other) = (geometry(&one), geometry(&other));
        println!("{name}: {one:?}");
        assert!((one.yaw - other.yaw).abs() < 0.2, "{one:?} {other:?}");
        assert!((one.pitch - other.pitch).abs() < 0.2, "{one:?} {other:?}");
        assert!((one.smile - other.smile).abs() < 0.02, "{one:?} {other:?}");
        let (one, other) = (look(&rten, &capture), look(&openvino, &capture));
        let (one, other) = (one.motion.unwrap(), other.motion.unwrap());
        assert!(
            (one.parallax - other.parallax).abs() < 0.001,
            "{one:?} {other:?}"
        );
        assert!(
            (one.deformation - other.deformation).abs() < 0.001,
            "{one:?} {other:?}"
        );
    }
}

#[test]
fn frames_that_are_no_pictures_or_too_many_are_told() {
    let Some(analyser) = analyser(EngineChoice::Auto) else {
        return;
    };
    let file = ModelStore::locate(None).read(&PHOTOGRAPHS[1]).unwrap();
    let hostile: [&[u8]; 3] = [b"", b"\xff\xd8\xff\xe0 no picture", &file[..file.len() / 2]];
    let seen = analyser
        .analyse_capture(&file, &hostile, &CaptureContext::default())
        .unwrap();
    assert!(
        seen.frames
            .iter()
            .all(|f| f.unusable.is_some() && f.image.is_none())
    );
    assert!(seen.motion.is_none());
    let many = vec![&file[..]; MOST_FRAMES + 1];
    let refused = analyser.analyse_capture(&file, &many, &CaptureContext::default());
    assert!(matches!(refused, Err(ImageError::TooManyFrames(25, 24))));
}
