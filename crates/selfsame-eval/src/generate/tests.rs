use image::Rgb;
use selfsame_face::decode::{Limits, decode};
use selfsame_face::evidence::{FaceBox, Landmarks};

use super::*;

const SMALL: (u32, u32) = (120, 160);

/// A drawn face: enough for what does not need a real one.
fn subject() -> Subject {
    let point = |x, y| Point { x, y };
    let portrait = Rgb32FImage::from_fn(300, 400, |x, y| {
        let dark = [
            (120.0, 170.0),
            (180.0, 170.0),
            (150.0, 205.0),
            (150.0, 238.0),
        ]
        .iter()
        .any(|(cx, cy): &(f32, f32)| (x as f32 - cx).hypot(y as f32 - cy) < 9.0);
        let face = ((x as f32 - 150.0) / 60.0).hypot((y as f32 - 195.0) / 80.0) < 1.0;
        match (dark, face) {
            (true, _) => Rgb([0.04, 0.03, 0.03]),
            (_, true) => Rgb([0.45, 0.28, 0.2]),
            _ => Rgb([0.1 + x as f32 / 600.0, 0.3, 0.4]),
        }
    });
    Subject {
        portrait,
        landmarks: Landmarks {
            left_eye: point(120.0, 170.0),
            right_eye: point(180.0, 170.0),
            nose: point(150.0, 205.0),
            mouth_left: point(130.0, 238.0),
            mouth_right: point(170.0, 238.0),
        },
        face: FaceBox {
            x: 95.0,
            y: 120.0,
            width: 110.0,
            height: 150.0,
        },
    }
}

#[test]
fn every_species_makes_pictures_of_the_right_size_and_count() {
    let subject = subject();
    for species in Species::ALL {
        let capture = species.make_sized(&subject, 1, SMALL);
        assert_eq!(
            capture.frames.len(),
            if species.is_sequence() { 8 } else { 0 },
            "{species}"
        );
        let picture = decode(&capture.selfie, &Limits::default()).unwrap().pixels;
        let (wide, tall) = (picture.width() * 4, picture.height() * 3);
        assert!(wide.abs_diff(tall) <= 4, "{species}");
        let mean = picture.as_raw().iter().map(|v| f64::from(*v)).sum::<f64>()
            / picture.as_raw().len() as f64;
        assert!((30.0..225.0).contains(&mean), "{species}: {mean}");
    }
}

#[test]
fn a_seed_repeats_itself_and_another_does_not() {
    let subject = subject();
    for species in [
        Species::PrintOffice,
        Species::ScreenPhone,
        Species::StillReencoded,
    ] {
        assert_eq!(
            species.make_sized(&subject, 7, SMALL),
            species.make_sized(&subject, 7, SMALL),
            "{species}"
        );
        assert_ne!(
            species.make_sized(&subject, 7, SMALL),
            species.make_sized(&subject, 8, SMALL),
            "{species}"
        );
    }
}

#[test]
fn only_the_repeated_still_repeats_bytes() {
    let subject = subject();
    for species in Species::ALL.iter().filter(|s| s.is_sequence()) {
        let capture = species.make_sized(&subject, 3, SMALL);
        let repeats = capture
            .frames
            .iter()
            .filter(|f| **f == capture.selfie)
            .count();
        assert_eq!(
            repeats,
            if *species == Species::StillRepeated {
                8
            } else {
                0
            },
            "{species}"
        );
    }
}

#[test]
fn names_come_back_and_others_are_refused() {
    for species in Species::ALL {
        assert_eq!(species.name().parse(), Ok(*species));
    }
    assert!(
        "mask-silicone"
            .parse::<Species>()
            .unwrap_err()
            .contains("print-office")
    );
}
