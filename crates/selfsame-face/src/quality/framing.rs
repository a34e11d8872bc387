//! Where the face is in the picture.

use crate::evidence::{FaceBox, Framing, Landmarks};

/// A face as an oval, in inter-eye distances: how far its centre is below the eyes, and its half axes.
const CENTRE_BELOW: f32 = 0.45;
const HALF_AXES: (f32, f32) = (1.0, 1.3);
/// Samples of the oval's bounding square along each side.
const SAMPLES: u8 = 24;

pub(super) fn measure(face: &FaceBox, landmarks: &Landmarks, size: (u32, u32)) -> Framing {
    let (width, height) = (size.0.max(1) as f32, size.1.max(1) as f32);
    let off =
        |from: f32, length: f32, end: f32| ((from + length / 2.0) / end - 0.5).clamp(-0.5, 0.5);
    Framing {
        size: face.width.max(face.height) / width.min(height),
        off_centre_across: off(face.x, face.width, width),
        off_centre_down: off(face.y, face.height, height),
        outside: outside(landmarks, width, height),
    }
}

fn outside(landmarks: &Landmarks, width: f32, height: f32) -> f32 {
    let (left, right) = (landmarks.left_eye, landmarks.right_eye);
    let (across, down) = (right.x - left.x, right.y - left.y);
    let (mut all, mut out) = (0.0f32, 0.0f32);
    let place = |n: u8| (f32::from(n) + 0.5) / f32::from(SAMPLES) * 2.0 - 1.0;
    for (u, v) in (0..SAMPLES).flat_map(|u| (0..SAMPLES).map(move |v| (place(u), place(v)))) {
        if u * u + v * v > 1.0 {
            continue;
        }
        let (u, v) = (u * HALF_AXES.0, v * HALF_AXES.1 + CENTRE_BELOW);
        let x = (left.x + right.x) / 2.0 + u * across - v * down;
        let y = (left.y + right.y) / 2.0 + u * down + v * across;
        all += 1.0;
        if !(0.0..=width).contains(&x) || !(0.0..=height).contains(&y) {
            out += 1.0;
        }
    }
    out / all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Point;

    /// A face with its eyes 40 pixels apart and its oval's centre at a place, in a picture of 400 by 240.
    fn framing(x: f32, y: f32) -> Framing {
        let face = FaceBox {
            x: x - 40.0,
            y: y - 60.0,
            width: 80.0,
            height: 120.0,
        };
        let at = |dx: f32, dy: f32| Point {
            x: x + dx,
            y: y + dy - 40.0 * CENTRE_BELOW,
        };
        let landmarks = Landmarks {
            left_eye: at(-20.0, 0.0),
            right_eye: at(20.0, 0.0),
            nose: at(0.0, 23.0),
            mouth_left: at(-17.0, 40.0),
            mouth_right: at(17.0, 40.0),
        };
        measure(&face, &landmarks, (400, 240))
    }

    #[test]
    fn a_face_in_the_middle_is_centred_and_whole() {
        let found = framing(200.0, 120.0);
        assert_eq!((found.off_centre_across, found.off_centre_down), (0.0, 0.0));
        assert_eq!((found.size, found.outside), (0.5, 0.0));
    }

    #[test]
    fn a_face_over_the_edge_is_off_centre_and_cut() {
        let found = framing(0.0, 240.0);
        assert!((found.outside - 0.75).abs() < 0.02, "{found:?}");
        assert!((found.off_centre_across + 0.5).abs() < 1e-6, "{found:?}");
        assert!((found.off_centre_down - 0.5).abs() < 1e-6, "{found:?}");
    }
}
