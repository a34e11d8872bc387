//! Brings a face to the place and size that the recognition model was trained on, and measures its quality there.

use image::RgbImage;

use crate::evidence::{Landmarks, Point};

/// Side of the aligned face.
pub(crate) const SIDE: usize = 112;

/// Where SFace wants the landmarks: the ArcFace reference points for 112 by 112.
const REFERENCE: [Point; 5] = [
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
struct Similarity {
    a: f32,
    b: f32,
    dx: f32,
    dy: f32,
}

impl Similarity {
    /// The least-squares similarity (rotation, scale, shift; no reflection) that takes `from` to `to`.
    fn fit(from: &[Point; 5], to: &[Point; 5]) -> Option<Self> {
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

    fn apply(&self, x: f32, y: f32) -> (f32, f32) {
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
    let back = Similarity::fit(&REFERENCE, &landmarks.points())?;
    // A face much larger than the crop is averaged over several samples a pixel, against aliasing.
    let samples = (back.a.hypot(back.b).round() as usize).clamp(1, 4);
    let plane = SIDE * SIDE;
    let mut face = vec![0.0; 3 * plane];
    let weight = 1.0 / (samples * samples) as f32;
    for y in 0..SIDE {
        for x in 0..SIDE {
            let mut sum = [0.0f32; 3];
            for sub in 0..samples * samples {
                let within = |n: usize| (n as f32 + 0.5) / samples as f32 - 0.5;
                let (sx, sy) = back.apply(
                    x as f32 + within(sub % samples),
                    y as f32 + within(sub / samples),
                );
                let pixel = bilinear(image, sx, sy);
                for (s, v) in sum.iter_mut().zip(pixel) {
                    *s += v;
                }
            }
            for (channel, s) in sum.into_iter().enumerate() {
                face[channel * plane + y * SIDE + x] = s * weight;
            }
        }
    }
    Some(AlignedFace(face))
}

/// The colour between four pixels; black outside the image.
fn bilinear(image: &RgbImage, x: f32, y: f32) -> [f32; 3] {
    let (left, top) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - top);
    let (left, top) = (left as i64, top as i64);
    let mut sum = [0.0f32; 3];
    for (dx, dy, weight) in [
        (0, 0, (1.0 - fx) * (1.0 - fy)),
        (1, 0, fx * (1.0 - fy)),
        (0, 1, (1.0 - fx) * fy),
        (1, 1, fx * fy),
    ] {
        let (Ok(px), Ok(py)) = (u32::try_from(left + dx), u32::try_from(top + dy)) else {
            continue;
        };
        if let Some(pixel) = image.get_pixel_checked(px, py) {
            for (s, v) in sum.iter_mut().zip(pixel.0) {
                *s += weight * f32::from(v);
            }
        }
    }
    sum
}

impl AlignedFace {
    fn luminance(&self) -> Vec<f32> {
        let (red, rest) = self.0.split_at(SIDE * SIDE);
        let (green, blue) = rest.split_at(SIDE * SIDE);
        red.iter()
            .zip(green)
            .zip(blue)
            .map(|((r, g), b)| 0.299 * r + 0.587 * g + 0.114 * b)
            .collect()
    }

    /// Standard deviation of the Laplacian, and mean luminance from 0 to 1.
    pub(crate) fn quality(&self) -> (f32, f32) {
        let grey = self.luminance();
        let at = |x: usize, y: usize| grey[y * SIDE + x];
        let (mut sum, mut squares, mut count) = (0.0f32, 0.0f32, 0.0f32);
        for y in 1..SIDE - 1 {
            for x in 1..SIDE - 1 {
                let edge =
                    at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y);
                sum += edge;
                squares += edge * edge;
                count += 1.0;
            }
        }
        let mean = sum / count;
        let sharpness = (squares / count - mean * mean).max(0.0).sqrt();
        (
            sharpness,
            grey.iter().sum::<f32>() / grey.len() as f32 / 255.0,
        )
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

    #[test]
    fn blur_lowers_sharpness_and_light_raises_exposure() {
        let checks = |level: u8| {
            RgbImage::from_fn(112, 112, |x, y| {
                image::Rgb([if (x / 2 + y / 2) % 2 == 0 { level } else { 0 }; 3])
            })
        };
        let of = |image: &RgbImage| {
            let [left_eye, right_eye, nose, mouth_left, mouth_right] = REFERENCE;
            let landmarks = Landmarks {
                left_eye,
                right_eye,
                nose,
                mouth_left,
                mouth_right,
            };
            align(image, &landmarks).unwrap().quality()
        };
        let sharp = of(&checks(200));
        let blurred = of(&image::imageops::blur(&checks(200), 3.0));
        assert!(sharp.0 > 10.0 * blurred.0, "{sharp:?} {blurred:?}");
        assert!(of(&checks(250)).1 > of(&checks(100)).1);
    }
}
