//! The part of a picture around a face, in luminance, and shrunk so far that it can be sampled without aliasing.

use image::RgbImage;

use crate::align::Similarity;

/// Luminance, 0 to 255.
pub(super) struct Grey {
    values: Vec<f32>,
    width: usize,
    height: usize,
    /// The first pixel's corner in the picture, and how many of the picture's pixels make one a side.
    left: usize,
    top: usize,
    factor: usize,
}

impl Grey {
    /// As much of the picture as a square of this side needs; `back` leads from the square's pixels to the picture's.
    pub(super) fn around(image: &RgbImage, back: &Similarity, side: usize) -> Self {
        let last = (side - 1) as f32;
        let corners = [(0.0, 0.0), (last, 0.0), (0.0, last), (last, last)];
        let corners = corners.map(|(x, y)| back.apply(x, y));
        let factor = (back.a.hypot(back.b) as usize).max(1);
        let (width, height) = (image.width() as usize, image.height() as usize);
        let across = extent(corners.map(|c| c.0), width, factor);
        let down = extent(corners.map(|c| c.1), height, factor);
        let columns = (across.1 - across.0) / factor;
        let rows = (down.1 - down.0) / factor;
        let share = 1.0 / (256 * factor * factor) as f32;
        let mut values = Vec::with_capacity(columns * rows);
        let mut sums = vec![0u32; columns];
        for row in 0..rows {
            sums.fill(0);
            for line in 0..factor {
                let first = 3 * (width * (down.0 + row * factor + line) + across.0);
                let pixels = &image.as_raw()[first..first + 3 * columns * factor];
                for (sum, block) in sums.iter_mut().zip(pixels.chunks_exact(3 * factor)) {
                    for pixel in block.chunks_exact(3) {
                        *sum += 77 * u32::from(pixel[0])
                            + 150 * u32::from(pixel[1])
                            + 29 * u32::from(pixel[2]);
                    }
                }
            }
            values.extend(sums.iter().map(|s| *s as f32 * share));
        }
        Self {
            values,
            width: columns,
            height: rows,
            left: across.0,
            top: down.0,
            factor,
        }
    }

    /// At a place in the picture; beyond its edge as on it.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let place = |at: f32, first: usize| (at + 0.5 - first as f32) / self.factor as f32 - 0.5;
        let (x, y) = (place(x, self.left), place(y, self.top));
        between(&self.values, (self.width, self.height), x, y)
    }
}

/// From and to which pixel the picture is needed along one side: whole blocks within the picture, at least one.
fn extent(corners: [f32; 4], length: usize, factor: usize) -> (usize, usize) {
    let margin = (2 * factor) as f32;
    let least = corners.into_iter().fold(f32::INFINITY, f32::min) - margin;
    let most = corners.into_iter().fold(f32::NEG_INFINITY, f32::max) + margin;
    // A float that is out of range becomes the nearest integer.
    let first = (least as usize).min(length.saturating_sub(factor));
    let last = (most as usize).clamp(first + factor.min(length), length);
    (first, first + (last - first) / factor * factor)
}

/// Between pixels; beyond the edge as on it. 0 without pixels.
pub(super) fn between(values: &[f32], (width, height): (usize, usize), x: f32, y: f32) -> f32 {
    if width == 0 || height == 0 {
        return 0.0;
    }
    let (x, y) = (
        x.clamp(0.0, (width - 1) as f32),
        y.clamp(0.0, (height - 1) as f32),
    );
    let (left, top) = (x as usize, y as usize);
    let (right, below) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (fx, fy) = (x - left as f32, y - top as f32);
    let row = |y: usize| {
        let (a, b) = (values[y * width + left], values[y * width + right]);
        a + fx * (b - a)
    };
    let upper = row(top);
    upper + fy * (row(below) - upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> RgbImage {
        RgbImage::from_fn(200, 150, |x, y| image::Rgb([(x + y / 2) as u8; 3]))
    }

    #[test]
    fn a_ramp_keeps_its_place_at_every_scale_and_turn() {
        for (a, b) in [(0.5, 0.0), (1.0, 0.3), (1.5, -0.5), (2.4, 0.7), (3.7, 0.0)] {
            let back = Similarity {
                a,
                b,
                dx: 60.0,
                dy: 40.0,
            };
            let grey = Grey::around(&ramp(), &back, 20);
            for (x, y) in [(8.0, 8.0), (10.0, 6.0), (4.0, 9.0)] {
                let (px, py) = back.apply(x, y);
                let off = grey.at(px, py) - (px + py / 2.0);
                assert!(off.abs() < 1.0, "{a} {b} {x} {y}: {off}");
            }
        }
    }

    #[test]
    fn a_square_beyond_the_picture_is_its_edge() {
        for (dx, dy) in [(-900.0, -900.0), (900.0, 900.0), (f32::MAX, f32::MIN)] {
            let back = Similarity {
                a: 3.0,
                b: 0.0,
                dx,
                dy,
            };
            let grey = Grey::around(&ramp(), &back, 20);
            assert!(grey.at(dx, dy).is_finite());
        }
        let speck = RgbImage::new(1, 1);
        let back = Similarity {
            a: 40.0,
            b: 0.0,
            dx: 0.0,
            dy: 0.0,
        };
        assert_eq!(Grey::around(&speck, &back, 20).at(3.0, 3.0), 0.0);
    }
}
