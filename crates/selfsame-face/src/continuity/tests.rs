use image::RgbImage;

use super::*;
use crate::digest::{blots, digests};
use crate::evidence::{Landmarks, Point};
use crate::repetition::Window;

const EYES: f32 = 40.0;

/// A face's landmarks and box with the middle between the eyes at a place.
fn face(x: f32, y: f32) -> (Landmarks, FaceBox) {
    let at = |dx: f32, dy: f32| Point {
        x: x + EYES * dx,
        y: y + EYES * dy,
    };
    let landmarks = Landmarks {
        left_eye: at(-0.5, 0.0),
        right_eye: at(0.5, 0.0),
        nose: at(0.0, 0.62),
        mouth_left: at(-0.42, 1.0),
        mouth_right: at(0.42, 1.0),
    };
    let face_box = FaceBox {
        x: x - EYES,
        y: y - EYES,
        width: 2.0 * EYES,
        height: 2.8 * EYES,
    };
    (landmarks, face_box)
}

/// The moments of pictures, each with the place of its face.
fn moments(pictures: &[(RgbImage, (f32, f32))]) -> Vec<Moment> {
    let mut window = None;
    pictures
        .iter()
        .map(|(image, (x, y))| {
            let (landmarks, face_box) = face(*x, *y);
            let view = View::of(image, &landmarks).unwrap();
            let still = window
                .get_or_insert_with(|| Window::wide(&view))
                .place(image);
            Moment {
                surroundings: Surroundings::of(image, &view, Some(&still)),
                view,
                light: Colour::of(image, &face_box).unwrap(),
                template: None,
                digests: digests(b"", image),
            }
        })
        .collect()
}

fn seen(pictures: &[(RgbImage, (f32, f32))]) -> (ContinuityEvidence, SurroundingsEvidence) {
    evidence(None, &moments(pictures)).unwrap()
}

/// A part of a larger picture, which begins at a place.
fn part(picture: &RgbImage, x: u32, y: u32) -> RgbImage {
    image::imageops::crop_imm(picture, x, y, 320, 240).to_image()
}

/// A camera that is moved over one scene: eight pixels to the right each time.
fn swept() -> Vec<(RgbImage, (f32, f32))> {
    let scene = blots::picture(5, 480, 300);
    (0..6u32)
        .map(|n| (part(&scene, 8 * n, 20), (220.0 - 8.0 * n as f32, 100.0)))
        .collect()
}

#[test]
fn one_scene_has_no_cuts_and_several_have() {
    let (continuity, _) = seen(&swept());
    assert!(continuity.largest_cut < 0.05, "{continuity:?}");
    assert!(
        continuity.largest_scene_cut.unwrap() < 0.1,
        "{continuity:?}"
    );
    let mut cut = swept();
    cut[3].0 = blots::picture(9, 320, 240);
    let (continuity, _) = seen(&cut);
    assert!(continuity.largest_cut > 0.5, "{continuity:?}");
    assert!(continuity.mean_cut < continuity.largest_cut);
    assert!(
        continuity.largest_scene_cut.unwrap() > 0.4,
        "{continuity:?}"
    );
    assert!(continuity.largest_picture_change > 70, "{continuity:?}");
}

#[test]
fn a_mirror_image_of_another_frame_is_found() {
    let (plain, _) = seen(&swept());
    assert!(plain.mirrored.unwrap() > 0.3, "{plain:?}");
    let mut twins = swept();
    let (picture, (x, y)) = &twins[1];
    let mirror = image::imageops::flip_horizontal(picture);
    twins[4] = (mirror, (319.0 - x, *y));
    let (continuity, _) = seen(&twins);
    assert!(continuity.mirrored.unwrap() < 0.03, "{continuity:?}");
    assert!(continuity.mirrored_pictures <= 8, "{continuity:?}");
}

#[test]
fn a_head_before_a_wall_moves_apart_from_it_and_a_photograph_does_not() {
    let (_, photograph) = seen(&swept());
    assert!(photograph.movement > 0.5, "{photograph:?}");
    assert!(photograph.apart.unwrap() < 0.02, "{photograph:?}");
    assert!(photograph.as_one.unwrap() > 0.2, "{photograph:?}");
    // The head is another picture's middle, laid over a wall that stays.
    let (wall, head) = (blots::picture(11, 320, 240), blots::picture(12, 480, 300));
    let live: Vec<_> = (0..6u32)
        .map(|n| {
            let x = 140.0 + 6.0 * n as f32;
            let mut picture = wall.clone();
            for (column, row, pixel) in picture.enumerate_pixels_mut() {
                let (dx, dy) = ((column as f32 - x) / 52.0, (row as f32 - 110.0) / 76.0);
                if dx.hypot(dy) < 1.0 {
                    *pixel = *head.get_pixel(column + 100 - 6 * n, row + 20);
                }
            }
            (picture, (x, 100.0))
        })
        .collect();
    let (continuity, live) = seen(&live);
    assert!(continuity.largest_cut < 0.1, "{continuity:?}");
    let moved = live.movement;
    assert!((moved - 18.0 / EYES).abs() < 0.05, "{live:?}");
    assert!((live.apart.unwrap() - moved).abs() < 0.1, "{live:?}");
    assert!(live.as_one.unwrap() < -0.1, "{live:?}");
}

#[test]
fn light_that_changes_is_told_in_its_own_measure() {
    let mut lit = swept();
    for value in lit[2].0.iter_mut() {
        *value /= 2;
    }
    let (continuity, _) = seen(&lit);
    let change = continuity.largest_light_change;
    assert!((change - 2.0f32.ln()).abs() < 0.1, "{continuity:?}");
    assert!(continuity.largest_tint_change < 0.02, "{continuity:?}");
    for pixel in lit[4].0.pixels_mut() {
        pixel.0[2] /= 2;
    }
    let (tinted, _) = seen(&lit);
    assert!(tinted.largest_tint_change > 0.05, "{tinted:?}");
}

#[test]
fn one_frame_alone_says_nothing() {
    let mut frames = swept();
    frames.truncate(1);
    assert!(evidence(None, &moments(&frames)).is_none());
}
