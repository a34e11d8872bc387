//! Brings a face to the place and size that the recognition model was trained on.

use image::RgbImage;

use crate::cut;
use crate::evidence::{Landmarks, Point};

/// Side of the aligned face.
pub(crate) const SIDE: usize = 112;

/// Where SFace wants the landmarks: the ArcFace reference points for 112 by 112.
pub(crate) const REFERENCE: [Point; 5] = [
    Point {
        x: 38.2946,
        y: 51.6963,
    },
    Point {
        x: 73.5318,
        y: 51.5014,
    },
    Point {
        x: 56.0252,
        y: 71.7366,
    },
    Point {
        x: 41.5493,
        y: 92.3655,
    },
    Point {
        x: 70.7299,
        y: 92.2041,
    },
];

/// A similarity: `x' = a x − b y + dx`, `y' = b x + a y + dy`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Similarity {
    pub(crate) a: f32,
    pub(crate) b: f32,
    pub(crate) dx: f32,
    pub(crate) dy: f32,
}

impl Similarity {
    /// The least-squares similarity (rotation, scale, shift; no reflection) that takes `from` to `to`.
    pub(crate) fn fit(from: &[Point; 5], to: &[Point; 5]) -> Option<Self> {
        let mean = |points: &[Point; 5]| {
            let sum = points
                .iter()
                .fold((0.0, 0.0), |s, p| (s.0 + p.x, s.1 + p.y));
            (sum.0 / 5.0, sum.1 / 5.0)
        };
        let (from_mean, to_mean) = (mean(from), mean(to));
        let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
        for (f, t) in from.iter().zip(to) {
            let (fx, fy) = (f.x - from_mean.0, f.y - from_mean.1);
            let (tx, ty) = (t.x - to_mean.0, t.y - to_mean.1);
            along += fx * tx + fy * ty;
            across += fx * ty - fy * tx;
            spread += fx * fx + fy * fy;
        }
        if !spread.is_finite() || spread < 1e-6 {
            return None;
        }
        let (a, b) = (along / spread, across / spread);
        if a.hypot(b) < 1e-6 {
            return None;
        }
        Some(Self {
            a,
            b,
            dx: to_mean.0 - (a * from_mean.0 - b * from_mean.1),
            dy: to_mean.1 - (b * from_mean.0 + a * from_mean.1),
        })
    }

    #[cfg(any(feature = "engine", test))]
    pub(crate) fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        (
            self.a * x - self.b * y + self.dx,
            self.b * x + self.a * y + self.dy,
        )
    }
}

/// An aligned face: planes of red, green and blue, 0 to 255.
#[derive(Debug)]
pub(crate) struct AlignedFace(Vec<f32>);

/// Cuts the face out. `None` when its landmarks fall together.
pub(crate) fn align(image: &RgbImage, landmarks: &Landmarks) -> Option<AlignedFace> {
    cut_out(image, landmarks, &REFERENCE, SIDE).map(AlignedFace)
}

/// Cuts a face out, its landmarks brought to these points: planes of red, green and blue, 0 to 255. `None` when its landmarks
/// fall together.
pub(crate) fn cut_out(
    image: &RgbImage,
    landmarks: &Landmarks,
    points: &[Point; 5],
    side: usize,
) -> Option<Vec<f32>> {
    let back = Similarity::fit(points, &landmarks.points())?;
    let mut face = vec![0.0; 3 * side * side];
    let planes = cut::thirds(&mut face, side);
    cut::cut(image, &back, side, samples(&back), planes);
    Some(face)
}

/// How many samples a side a pixel is to be averaged over against aliasing, for a face much larger than its crop.
fn samples(back: &Similarity) -> usize {
    (back.a.hypot(back.b).round() as usize).clamp(1, 4)
}

impl AlignedFace {
    /// Planes of red, green and blue.
    pub(crate) fn colours(&self) -> [&[f32]; 3] {
        let (red, rest) = self.0.split_at(SIDE * SIDE);
        let (green, blue) = rest.split_at(SIDE * SIDE);
        [red, green, blue]
    }

    /// Luminance, 0 to 255.
    pub(crate) fn luminance(&self) -> Vec<f32> {
        let [red, green, blue] = self.colours();
        red.iter()
            .zip(green)
            .zip(blue)
            .map(|((r, g), b)| 0.299 * r + 0.587 * g + 0.114 * b)
            .collect()
    }

    /// A face of the given colours, row by row.
    #[cfg(test)]
    pub(crate) fn painted(colours: impl Iterator<Item = [f32; 3]>) -> Self {
        let mut planes = [const { Vec::new() }; 3];
        for colour in colours {
            for (plane, value) in planes.iter_mut().zip(colour) {
                plane.push(value);
            }
        }
        Self(planes.concat())
    }

    /// The recognition model's input.
    pub(crate) fn planes(&self) -> &[f32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similarity_is_found_again() {
        let truth = Similarity {
            a: 1.2,
            b: -0.7,
            dx: 30.0,
            dy: -12.0,
        };
        let moved = REFERENCE.map(|p| {
            let (x, y) = truth.apply(p.x, p.y);
            Point { x, y }
        });
        let found = Similarity::fit(&REFERENCE, &moved).unwrap();
        for (f, t) in [
            (found.a, truth.a),
            (found.b, truth.b),
            (found.dx, truth.dx),
            (found.dy, truth.dy),
        ] {
            assert!((f - t).abs() < 1e-3, "{found:?}");
        }
        assert_eq!(Similarity::fit(&[REFERENCE[0]; 5], &REFERENCE), None);
    }
}
