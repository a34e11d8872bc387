//! Quality, digests and metadata of real photographs, as they are and worsened, through the analyser.
#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::Cursor;

use image::{DynamicImage, RgbImage, imageops};
use selfsame_face::analyser::{Analyser, LoadError, Settings};
use selfsame_face::evidence::{FaceEvidence, ImageEvidence};
use selfsame_face::models::{ModelError, ModelStore, PHOTOGRAPHS};
use selfsame_testing::{Need, left_out};

struct Photograph {
    name: &'static str,
    picture: RgbImage,
    evidence: ImageEvidence,
}

/// `None`, with a message, where the models were not fetched.
fn photographs() -> Option<(Analyser, Vec<Photograph>)> {
    let store = ModelStore::locate(None);
    let analyser = match Analyser::load(&store, &Settings::default()) {
        Ok(analyser) => analyser,
        Err(LoadError::Model(error @ ModelError::Missing { .. })) => {
            left_out(Need::Models, &error);
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let photographs = PHOTOGRAPHS
        .iter()
        .map(|photograph| {
            let bytes = store.read(photograph).unwrap();
            Photograph {
                name: photograph.name,
                picture: image::load_from_memory(&bytes).unwrap().into_rgb8(),
                evidence: analyser.analyse(&bytes).unwrap(),
            }
        })
        .collect();
    Some((analyser, photographs))
}

fn analysed(analyser: &Analyser, picture: RgbImage) -> ImageEvidence {
    let mut png = Cursor::new(Vec::new());
    DynamicImage::from(picture)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    analyser.analyse(png.get_ref()).unwrap()
}

fn face(evidence: &ImageEvidence) -> FaceEvidence {
    *evidence.faces.first().unwrap()
}

#[test]
fn portraits_are_good_and_what_is_done_to_them_shows_in_its_number() {
    let Some((analyser, photographs)) = photographs() else {
        return;
    };
    for photograph in &photographs {
        let (name, picture) = (photograph.name, &photograph.picture);
        let good = face(&photograph.evidence);
        let quality = good.quality;
        let pose = quality.pose.unwrap();
        assert!(
            pose.yaw.abs() < 25.0 && pose.pitch.abs() < 25.0,
            "{name} {pose:?}"
        );
        assert!(pose.roll.abs() < 15.0, "{name} {pose:?}");
        assert!(quality.light.evenness_across > 0.6, "{name} {quality:?}");
        assert!(quality.framing.outside < 0.01, "{name} {quality:?}");
        assert!(quality.cover.dark_eyes.unwrap() < 0.6, "{name} {quality:?}");

        let mirrored = face(&analysed(&analyser, imageops::flip_horizontal(picture)));
        let turned = mirrored.quality.pose.unwrap();
        // Five landmarks tell yaw to some 5 degrees; obama2, whose head leans, is told 15 apart since they are looked for again.
        assert!(
            (turned.yaw + pose.yaw).abs() < 20.0,
            "{name} {pose:?} {turned:?}"
        );
        assert!(
            (turned.pitch - pose.pitch).abs() < 10.0,
            "{name} {pose:?} {turned:?}"
        );

        let blurred = imageops::fast_blur(picture, 0.1 * good.inter_eye_distance);
        assert!(
            face(&analysed(&analyser, blurred)).sharpness < 0.5 * good.sharpness,
            "{name}"
        );

        let mut dark = picture.clone();
        dark.iter_mut().for_each(|v| *v /= 8);
        let dark = face(&analysed(&analyser, dark));
        assert!(dark.exposure < 0.2 * good.exposure, "{name}");
        assert!(dark.quality.light.under_exposed > 0.5, "{name} {dark:?}");

        let (from, length) = (good.face_box.x, good.face_box.width);
        let mut side = picture.clone();
        for (x, _, pixel) in side.enumerate_pixels_mut() {
            let part = ((x as f32 - from) / length).clamp(0.0, 1.0);
            pixel.0 = pixel.0.map(|v| (f32::from(v) * (1.0 - 0.95 * part)) as u8);
        }
        let side = face(&analysed(&analyser, side));
        assert!(
            side.quality.light.evenness_across < 0.75 * quality.light.evenness_across,
            "{name} {side:?}"
        );

        let left = (from + 0.2 * length) as u32;
        let (width, height) = picture.dimensions();
        let cut = imageops::crop_imm(picture, left, 0, width - left, height).to_image();
        let cut = face(&analysed(&analyser, cut)).quality.framing;
        assert!(
            cut.outside > 0.02 && cut.off_centre_across < -0.1,
            "{name} {cut:?}"
        );
    }
}

#[test]
fn copies_are_near_and_other_photographs_far() {
    let Some((analyser, photographs)) = photographs() else {
        return;
    };
    for (at, a) in photographs.iter().enumerate() {
        let (width, height) = a.picture.dimensions();
        let half = imageops::thumbnail(&a.picture, width / 2, height / 2);
        let copy = analysed(&analyser, half).digests;
        let digests = a.evidence.digests;
        assert!(
            digests.distance(&copy) <= 16,
            "{}: {}",
            a.name,
            digests.distance(&copy)
        );
        assert_ne!(digests.exact, copy.exact);
        let mirrored = analysed(&analyser, imageops::flip_horizontal(&a.picture)).digests;
        assert!(digests.mirrored().distance(&mirrored) <= 16, "{}", a.name);
        for b in &photographs[at + 1..] {
            let distance = digests.distance(&b.evidence.digests);
            assert!(distance > 64, "{} {}: {distance}", a.name, b.name);
        }
    }
}
