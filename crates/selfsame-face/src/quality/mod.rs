//! Measures how good a face's picture is.

mod cover;
mod detail;
mod framing;
mod light;
mod pose;

pub(crate) use detail::sharpness;
pub(crate) use light::mean_luminance;
pub(crate) use pose::estimate as head_pose;

use crate::align::{AlignedFace, SIDE};
use crate::evidence::{FaceBox, FaceQuality, Landmarks};

/// Measures one face. `size` is the picture's width and height.
pub(crate) fn measure(
    face: &AlignedFace,
    grey: &[f32],
    face_box: &FaceBox,
    landmarks: &Landmarks,
    size: (u32, u32),
) -> FaceQuality {
    let light = light::measure(grey);
    FaceQuality {
        pose: pose::estimate(landmarks),
        definition: (detail::sharpness(grey) / (255.0 * light.dynamic_range).max(1.0)).min(1.0),
        light,
        cover: cover::measure(face, grey),
        framing: framing::measure(face_box, landmarks, size),
    }
}

/// Column and row of each pixel of the aligned face, in the order in which it is stored.
fn places() -> impl Iterator<Item = (f32, f32)> {
    (0..SIDE * SIDE).map(|at| ((at % SIDE) as f32, (at / SIDE) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(tone: impl Fn(f32, f32) -> f32) -> Vec<f32> {
        places().map(|(x, y)| tone(x, y)).collect()
    }

    fn checks(side: f32, level: f32) -> Vec<f32> {
        grey(|x, y| {
            let odd = ((x / side).floor() + (y / side).floor()) % 2.0;
            odd * level
        })
    }

    #[test]
    fn edges_are_sharp_and_gradients_are_not() {
        let edges = sharpness(&checks(2.0, 200.0));
        let gradient = sharpness(&grey(|x, y| x + y));
        assert!(edges > 100.0 && gradient < 0.01, "{edges} {gradient}");
        assert!(sharpness(&checks(8.0, 200.0)) < edges);
        assert!((sharpness(&checks(2.0, 100.0)) - edges / 2.0).abs() < 0.1);
    }

    #[test]
    fn mean_luminance_is_a_part_of_white() {
        assert_eq!(mean_luminance(&grey(|_, _| 255.0)), 1.0);
        assert!((mean_luminance(&checks(2.0, 255.0)) - 0.5).abs() < 0.01);
    }
}
