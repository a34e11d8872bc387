//! Pictures that are not upright: righted, or asked for again, and never taken for another's.
#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageEncoder as _, ImageFormat, RgbImage, imageops};
use selfsame_face::analyser::{Analyser, CaptureContext, Draw, LoadError, Settings};
use selfsame_face::evidence::{ImageEvidence, Turn};
use selfsame_face::models::{ModelError, ModelStore, PHOTOGRAPHS};
use selfsame_testing::{Need, left_out, shared_faces};

/// The built-in review threshold: below it nobody is the same person.
const THRESHOLD: f32 = 0.42;

/// `None`, with a message, where the models were not fetched.
fn analyser() -> Option<Analyser> {
    match Analyser::load(&ModelStore::locate(None), &Settings::default()) {
        Ok(analyser) => Some(analyser),
        Err(LoadError::Model(error @ ModelError::Missing { .. })) => {
            left_out(Need::Models, &error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn portraits() -> Vec<(&'static str, RgbImage)> {
    let store = ModelStore::locate(None);
    PHOTOGRAPHS
        .iter()
        .map(|photograph| {
            let bytes = store.read(photograph).unwrap();
            let picture = image::load_from_memory(&bytes).unwrap().into_rgb8();
            (photograph.name, picture)
        })
        .collect()
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A JPEG whose EXIF block tells an orientation.
fn jpeg(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    encoder.set_exif_metadata(block).unwrap();
    let (width, height) = picture.dimensions();
    encoder
        .write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

fn turned(picture: &RgbImage, turn: Turn) -> RgbImage {
    match turn {
        Turn::None => picture.clone(),
        Turn::Quarter => imageops::rotate90(picture),
        Turn::Half => imageops::rotate180(picture),
        Turn::ThreeQuarters => imageops::rotate270(picture),
    }
}

/// What a camera stores that tells this orientation: pixels that become the picture when they are turned by it.
fn stored(picture: &RgbImage, orientation: u8) -> RgbImage {
    // Turns are undone by the opposite turn, mirror images and transpositions by themselves.
    let inverse = match orientation {
        6 => 8,
        8 => 6,
        same => same,
    };
    let mut stored = DynamicImage::from(picture.clone());
    stored.apply_orientation(Orientation::from_exif(inverse).unwrap());
    stored.into_rgb8()
}

fn likeness(a: &ImageEvidence, b: &ImageEvidence) -> f32 {
    let (a, b) = (a.template.as_ref().unwrap(), b.template.as_ref().unwrap());
    a.compare(b).unwrap().value()
}

#[test]
fn a_picture_that_lies_on_any_side_is_the_upright_one() {
    let Some(analyser) = analyser() else { return };
    let mut otherwise = 0;
    for (name, picture) in portraits() {
        let upright = analyser.analyse(&png(&picture)).unwrap();
        assert_eq!(upright.turned, Turn::None, "{name}");
        for turn in Turn::ALL {
            let seen = analyser.analyse(&png(&turned(&picture, turn))).unwrap();
            if seen.turned != turn.back() {
                // Not righted: then it has no template, or one that is the person's all the same.
                let alike = seen.template.is_none() || likeness(&seen, &upright) > 0.9;
                assert!(alike, "{name} {turn:?}");
                otherwise += 1;
                continue;
            }
            assert_eq!(
                (seen.image.width, seen.image.height),
                picture.dimensions(),
                "{name} {turn:?}"
            );
            // Pixels, and so all that is measured on them, are the same.
            assert_eq!(seen.faces, upright.faces, "{name} {turn:?}");
            assert_eq!(
                seen.digests.perceptual, upright.digests.perceptual,
                "{name} {turn:?}"
            );
            assert!(likeness(&seen, &upright) > 0.999, "{name} {turn:?}");
        }
    }
    assert!(otherwise <= 2, "{otherwise} of 16 were not righted");
}

#[test]
fn every_orientation_that_a_camera_tells_is_the_upright_picture() {
    let Some(analyser) = analyser() else { return };
    for (name, picture) in portraits() {
        let upright = analyser.analyse(&jpeg(&picture, 1)).unwrap();
        for orientation in 2..=8 {
            let file = jpeg(&stored(&picture, orientation), orientation);
            let seen = analyser.analyse(&file).unwrap();
            assert_eq!(seen.turned, Turn::None, "{name} {orientation}");
            let score = likeness(&seen, &upright);
            assert!(score > 0.93, "{name} {orientation}: {score}");
        }
    }
}

#[test]
fn an_orientation_that_is_not_true_is_found_out() {
    let Some(analyser) = analyser() else { return };
    let mut lost = 0;
    for (name, picture) in portraits() {
        let upright = analyser.analyse(&jpeg(&picture, 1)).unwrap();
        let mirror = imageops::flip_horizontal(&picture);
        let mirrored = analyser.analyse(&jpeg(&mirror, 1)).unwrap();
        for orientation in 2..=8 {
            // The pixels are upright, the file says that they are not.
            let seen = analyser.analyse(&jpeg(&picture, orientation)).unwrap();
            let is_mirrored = matches!(orientation, 2 | 4 | 5 | 7);
            let like = if is_mirrored { &mirrored } else { &upright };
            // What is not righted is asked for again.
            if seen.template.is_none() {
                lost += 1;
                continue;
            }
            let score = likeness(&seen, like);
            println!("{name} {orientation}: turned {:?}, {score:.3}", seen.turned);
            assert!(score > 0.95, "{name} {orientation}: {score}");
        }
    }
    assert!(lost <= 2, "{lost} of 28 were not righted");
}

#[test]
fn frames_that_lie_on_their_side_show_the_person_of_the_selfie() {
    let Some(analyser) = analyser() else { return };
    let portraits = portraits();
    let [(_, selfie), (_, other), ..] = portraits.as_slice() else {
        panic!("four photographs")
    };
    let context = CaptureContext {
        draw: Draw::Seeded(1),
        ..CaptureContext::default()
    };
    let likeness = |turn| {
        let frames = [png(&turned(other, turn)), png(&turned(selfie, turn))];
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let capture = analyser
            .analyse_capture(&png(selfie), &frames, &context)
            .unwrap();
        capture
            .frames
            .iter()
            .map(|f| f.likeness.unwrap().value())
            .collect::<Vec<_>>()
    };
    let upright = likeness(Turn::None);
    for turn in [Turn::Quarter, Turn::Half, Turn::ThreeQuarters] {
        let lying = likeness(turn);
        for (a, b) in upright.iter().zip(&lying) {
            assert!((a - b).abs() < 0.05, "{turn:?}: {upright:?} {lying:?}");
        }
    }
}

#[test]
fn strangers_do_not_match_because_both_are_turned() {
    let Some(folder) = shared_faces() else { return };
    let Some(analyser) = analyser() else { return };
    let text = std::fs::read_to_string(folder.join("master.csv")).unwrap();
    let mut pairs = Vec::new();
    for line in text.lines().skip(1) {
        if let [x, y, decision] = line.split(',').map(str::trim).collect::<Vec<_>>()[..] {
            pairs.push((x.to_owned(), y.to_owned(), decision == "Yes"));
        }
    }
    let mut names: Vec<&String> = pairs.iter().flat_map(|(x, y, _)| [x, y]).collect();
    names.sort();
    names.dedup();
    for turn in [Turn::Quarter, Turn::Half, Turn::ThreeQuarters] {
        let mut righted = 0;
        let mut templates = std::collections::BTreeMap::new();
        for name in &names {
            let bytes = std::fs::read(folder.join(name)).unwrap();
            let picture = image::load_from_memory(&bytes).unwrap().into_rgb8();
            let seen = analyser.analyse(&png(&turned(&picture, turn))).unwrap();
            righted += usize::from(seen.turned == turn.back());
            templates.extend(seen.template.map(|t| (*name, t)));
        }
        let (mut accepted, mut strangers, mut genuine, mut lost) = (0, 0, 0, 0);
        for (x, y, same) in &pairs {
            let (Some(a), Some(b)) = (templates.get(x), templates.get(y)) else {
                lost += 1;
                continue;
            };
            let above = a.compare(b).unwrap().value() >= THRESHOLD;
            match same {
                true => genuine += usize::from(above),
                false => {
                    strangers += 1;
                    accepted += usize::from(above);
                }
            }
        }
        println!(
            "{turn:?}: {righted} of {} righted, {} templates, {accepted} of {strangers} strangers accepted, {genuine} \
             genuine, {lost} pairs without a template",
            names.len(),
            templates.len(),
        );
        assert_eq!(accepted, 0, "{turn:?}");
        assert!(righted >= names.len() - 1, "{turn:?}: {righted}");
        assert!(genuine >= 36, "{turn:?}: {genuine}");
    }
}
