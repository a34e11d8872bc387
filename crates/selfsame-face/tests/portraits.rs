//! Photographs as authorities keep them, made of the development photographs: small, grey, in records; and what is none.
#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::Cursor;
use std::time::Duration;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, RgbImage, imageops};
use selfsame_face::analyser::{Analyser, LoadError, Settings};
use selfsame_face::deadline::Deadline;
use selfsame_face::decode::ImageError;
use selfsame_face::evidence::{PortraitEvidence, PortraitFlaw, Wrapping};
use selfsame_face::models::{ModelError, ModelStore, PHOTOGRAPHS};
use selfsame_testing::{Need, left_out};

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

fn photograph(number: usize) -> RgbImage {
    let bytes = ModelStore::locate(None).read(&PHOTOGRAPHS[number]).unwrap();
    image::load_from_memory(&bytes).unwrap().into_rgb8()
}

/// So tall, its sides in the proportion that they have.
fn small(picture: &RgbImage, height: u32) -> RgbImage {
    let width = picture.width() * height / picture.height();
    imageops::resize(picture, width, height, imageops::FilterType::Triangle)
}

fn jpeg(picture: DynamicImage, quality: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut file, quality);
    picture.write_with_encoder(encoder).unwrap();
    file.into_inner()
}

fn seen(analyser: &Analyser, bytes: &[u8]) -> PortraitEvidence {
    analyser.analyse_portrait(bytes, &Deadline::none()).unwrap()
}

fn flaw(evidence: &PortraitEvidence) -> Option<PortraitFlaw> {
    evidence.flaw(PortraitEvidence::LEAST_INTER_EYE)
}

/// A face image record of 2005 around a picture.
fn record(picture: &[u8]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).unwrap().to_be_bytes();
    let face = [&[0; 16][..], &[0; 12], picture].concat();
    let face = [&number(face.len() + 4)[..], &face].concat();
    let length = number(14 + face.len());
    [b"FAC\x00010\0", &length[..], &[0, 1], &face].concat()
}

#[test]
fn a_small_grey_portrait_matches_its_person_and_no_other() {
    let Some(analyser) = analyser() else {
        return;
    };
    let selfie = jpeg(photograph(1).into(), 90);
    let selfie = analyser.analyse(&selfie).unwrap().template.unwrap();
    for height in [320, 240, 200, 160] {
        let portrait = |number: usize| {
            let picture = DynamicImage::from(small(&photograph(number), height)).to_luma8();
            let evidence = seen(&analyser, &jpeg(picture.into(), 70));
            assert!(evidence.grey && evidence.wrapping == Wrapping::None);
            evidence
        };
        let (same, other) = (portrait(0), portrait(3));
        let score = |e: &PortraitEvidence| {
            e.probe()
                .and_then(|t| t.compare(&selfie))
                .map(|s| s.value())
        };
        println!(
            "{height} rows: {:?} px between the eyes, same {:?}, other {:?}",
            same.subject().map(|f| f.inter_eye_distance),
            score(&same),
            score(&other)
        );
        if flaw(&same).is_none() {
            assert!(score(&same).unwrap() >= THRESHOLD, "{height}");
        }
        assert!(score(&other).is_none_or(|s| s < THRESHOLD), "{height}");
    }
}

#[test]
fn a_record_gives_the_evidence_of_its_picture() {
    let Some(analyser) = analyser() else {
        return;
    };
    let picture = jpeg(small(&photograph(0), 400).into(), 90);
    let (plain, held) = (
        seen(&analyser, &picture),
        seen(&analyser, &record(&picture)),
    );
    assert_eq!(held.wrapping, Wrapping::FaceRecord);
    assert_eq!((held.faces, held.template), (plain.faces, plain.template));
    assert!(!held.grey);
}

#[test]
fn what_is_no_portrait_of_one_person_says_why() {
    let Some(analyser) = analyser() else {
        return;
    };
    let blank = RgbImage::from_pixel(240, 320, image::Rgb([200; 3]));
    let blank = seen(&analyser, &jpeg(blank.into(), 90));
    assert_eq!(flaw(&blank), Some(PortraitFlaw::NoFace));
    let one = small(&photograph(0), 300);
    let mut two = RgbImage::new(2 * one.width(), one.height());
    imageops::replace(&mut two, &one, 0, 0);
    imageops::replace(&mut two, &one, i64::from(one.width()), 0);
    let two = seen(&analyser, &jpeg(two.into(), 90));
    assert_eq!(flaw(&two), Some(PortraitFlaw::SeveralFaces));
    for garbage in [&b""[..], b"<html></html>", b"null", b"FAC\x00010\0\0\0"] {
        let refused = analyser.analyse_portrait(garbage, &Deadline::none());
        let error = refused.unwrap_err();
        assert!(
            matches!(
                error,
                ImageError::Empty | ImageError::UnknownPortrait | ImageError::Record(_)
            ),
            "{error}"
        );
    }
    let late = Deadline::after(Duration::ZERO);
    std::thread::sleep(Duration::from_millis(2));
    let picture = jpeg(one.into(), 90);
    let late = analyser.analyse_portrait(&picture, &late).unwrap_err();
    assert!(matches!(late, ImageError::Overdue(_)), "{late}");
}
