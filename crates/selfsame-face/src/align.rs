//! Brings a face to the place and size that the recognition model was trained on.

use image::RgbImage;

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
    cut(image, &back, side, samples(&back), &mut face);
    Some(face)
}

/// How many samples a side a pixel is to be averaged over against aliasing, for a face much larger than its crop.
fn samples(back: &Similarity) -> usize {
    (back.a.hypot(back.b).round() as usize).clamp(1, 4)
}

/// Cuts a square out into planes of red, green and blue, 0 to 255; `back` leads from its pixels to the picture's. With more
/// than two samples a side, the nearest pixel is as good for each as a mixture of four.
pub(crate) fn cut(
    image: &RgbImage,
    back: &Similarity,
    side: usize,
    samples: usize,
    planes: &mut [f32],
) {
    let plane = side * side;
    let (red, rest) = planes.split_at_mut(plane);
    let (green, blue) = rest.split_at_mut(plane);
    let targets = red.iter_mut().zip(green).zip(blue);
    let source = Source::new(image);
    for (at, ((r, g), b)) in targets.enumerate() {
        let (x, y) = ((at % side) as f32, (at / side) as f32);
        [*r, *g, *b] = if samples <= 1 {
            let (x, y) = back.apply(x, y);
            source.bilinear(x, y)
        } else {
            source.average(back, x, y, samples)
        };
    }
}

/// Pixels to sample; black outside the image.
struct Source<'i> {
    raw: &'i [u8],
    width: usize,
    height: usize,
}

impl<'i> Source<'i> {
    fn new(image: &'i RgbImage) -> Self {
        Self {
            raw: image.as_raw(),
            width: image.width() as usize,
            height: image.height() as usize,
        }
    }

    fn pixel(&self, x: i32, y: i32) -> [u8; 3] {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return [0; 3];
        };
        self.at(x, y)
    }

    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        if x >= self.width || y >= self.height {
            return [0; 3];
        }
        match self.raw.get(3 * (y * self.width + x)..) {
            Some(&[r, g, b, ..]) => [r, g, b],
            _ => [0; 3],
        }
    }

    /// The pixel that a place lies in. Rounding down as an unsigned number does is exact from 0 up, and quick.
    fn nearest(&self, x: f32, y: f32) -> [u8; 3] {
        let (x, y) = (x + 0.5, y + 0.5);
        if x < 0.0 || y < 0.0 {
            return [0; 3];
        }
        self.at(x as u32 as usize, y as u32 as usize)
    }

    /// Two pixels of a line, and the two below; `None` where one of the four is outside.
    fn inside(&self, left: i32, top: i32) -> Option<[&'i [u8; 6]; 2]> {
        let (left, top) = (usize::try_from(left).ok()?, usize::try_from(top).ok()?);
        if left + 1 >= self.width {
            return None;
        }
        let at = 3 * (top * self.width + left);
        let line = |at: usize| self.raw.get(at..at + 6)?.try_into().ok();
        Some([line(at)?, line(at + 3 * self.width)?])
    }

    /// The colour between four pixels.
    fn bilinear(&self, x: f32, y: f32) -> [f32; 3] {
        // A float that is out of range becomes the nearest integer, which is outside the image too. Without `floor`, which
        // is a call where the CPU is not known to have an instruction for it.
        let down = |at: f32| (at as i32).saturating_sub(i32::from((at as i32 as f32) > at));
        let (left, top) = (down(x), down(y));
        let (fx, fy) = (x - left as f32, y - top as f32);
        if let Some([above, below]) = self.inside(left, top) {
            return std::array::from_fn(|c| {
                let mix = |line: &[u8; 6]| {
                    let (a, b) = (f32::from(line[c]), f32::from(line[c + 3]));
                    a + fx * (b - a)
                };
                let top = mix(above);
                top + fy * (mix(below) - top)
            });
        }
        let (right, bottom) = (left.saturating_add(1), top.saturating_add(1));
        let corners = [
            self.pixel(left, top),
            self.pixel(right, top),
            self.pixel(left, bottom),
            self.pixel(right, bottom),
        ];
        std::array::from_fn(|c| {
            let [a, b, d, e] = corners.map(|pixel| f32::from(pixel[c]));
            let (above, below) = (a + fx * (b - a), d + fx * (e - d));
            above + fy * (below - above)
        })
    }

    /// The mean of samples spread evenly over a target pixel.
    fn average(&self, back: &Similarity, x: f32, y: f32, samples: usize) -> [f32; 3] {
        let step = 1.0 / samples as f32;
        let first = 0.5 * step - 0.5;
        let (start_x, start_y) = back.apply(x + first, y + first);
        let (along, across) = (back.a * step, back.b * step);
        let mut sum = [0.0f32; 3];
        for row in 0..samples {
            let down = row as f32;
            let (mut sx, mut sy) = (start_x - across * down, start_y + along * down);
            for _ in 0..samples {
                if samples > 2 {
                    for (s, v) in sum.iter_mut().zip(self.nearest(sx, sy)) {
                        *s += f32::from(v);
                    }
                } else {
                    for (s, v) in sum.iter_mut().zip(self.bilinear(sx, sy)) {
                        *s += v;
                    }
                }
                sx += along;
                sy += across;
            }
        }
        let weight = step * step;
        sum.map(|s| s * weight)
    }
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
