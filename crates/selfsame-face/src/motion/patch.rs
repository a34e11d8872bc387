//! A small grey picture of which only the structure is kept.

use image::RgbImage;

use super::grey::{self, Grey};
use crate::align::Similarity;

/// What is added to the local contrast (in grey levels), so that noise in even skin is not blown up.
const LEAST_CONTRAST: f32 = 4.0;

/// A square of luminance, its local mean taken away and its local contrast made alike everywhere: light and exposure leave it
/// as it is.
#[derive(Debug, Clone)]
pub(crate) struct Patch {
    side: usize,
    values: Vec<f32>,
}

impl Patch {
    /// Cuts one out; `back` leads from its pixels to the picture's. Beyond its edges the picture goes on as on them.
    pub(crate) fn cut(image: &RgbImage, back: &Similarity, side: usize) -> Self {
        let grey = Grey::around(image, back, side);
        let values = (0..side * side).map(|at| {
            let (x, y) = back.apply((at % side) as f32, (at / side) as f32);
            grey.at(x, y)
        });
        Self::structure(values.collect(), side)
    }

    fn structure(grey: Vec<f32>, side: usize) -> Self {
        let smooth = blur(&grey, side, 1.0);
        let mean = average(&smooth, side, 3 * side / 40);
        let above: Vec<f32> = smooth.iter().zip(&mean).map(|(v, m)| v - m).collect();
        let squares: Vec<f32> = above.iter().map(|v| v * v).collect();
        let contrast = average(&squares, side, side / 10);
        let values = above.iter().zip(&contrast);
        Self {
            side,
            values: values
                .map(|(v, c)| v / (c.max(0.0).sqrt() + LEAST_CONTRAST))
                .collect(),
        }
    }

    /// Half the size.
    pub(crate) fn half(&self) -> Self {
        let smooth = blur(&self.values, self.side, 1.0);
        let side = self.side / 2;
        let mean_of_four = |at: usize| {
            let first = 2 * (at / side) * self.side + 2 * (at % side);
            let below = first + self.side;
            (smooth[first] + smooth[first + 1] + smooth[below] + smooth[below + 1]) / 4.0
        };
        Self {
            side,
            values: (0..side * side).map(mean_of_four).collect(),
        }
    }

    /// Left for right.
    pub(crate) fn mirrored(&self) -> Self {
        let lines = self.values.chunks_exact(self.side);
        Self {
            side: self.side,
            values: lines.flat_map(|line| line.iter().rev().copied()).collect(),
        }
    }

    pub(crate) fn at(&self, index: usize) -> f32 {
        self.values[index]
    }

    /// Its slopes across and down at a pixel, smoothed along the other direction; 0 on the outermost pixels.
    pub(crate) fn slopes(&self, index: usize) -> [f32; 2] {
        let (x, y) = (index % self.side, index / self.side);
        if x == 0 || y == 0 || x + 1 == self.side || y + 1 == self.side {
            return [0.0; 2];
        }
        let v = |dx: usize, dy: usize| self.values[(y + dy - 1) * self.side + x + dx - 1];
        let across = v(2, 0) - v(0, 0) + 2.0 * (v(2, 1) - v(0, 1)) + v(2, 2) - v(0, 2);
        let down = v(0, 2) - v(0, 0) + 2.0 * (v(1, 2) - v(1, 0)) + v(2, 2) - v(2, 0);
        [across / 8.0, down / 8.0]
    }

    /// Between pixels; beyond the edge as on it.
    pub(crate) fn between(&self, x: f32, y: f32) -> f32 {
        grey::between(&self.values, (self.side, self.side), x, y)
    }
}

/// The mean of all pixels up to so far away, taken twice; beyond the edge as on it. Costs the same however far.
fn average(values: &[f32], side: usize, reach: usize) -> Vec<f32> {
    let share = 1.0 / (2 * reach + 1) as f32;
    let along = |values: &[f32]| {
        let mut turned = vec![0.0; side * side];
        for (y, line) in values.chunks_exact(side).enumerate() {
            let at = |x: usize| line[x.saturating_sub(reach).min(side - 1)];
            let mut sum: f32 = (0..2 * reach).map(at).sum();
            for x in 0..side {
                sum += at(x + 2 * reach);
                turned[x * side + y] = sum * share;
                sum -= at(x);
            }
        }
        turned
    };
    along(&along(&along(&along(values))))
}

/// A Gaussian of this standard deviation in pixels; beyond the edge as on it.
fn blur(values: &[f32], side: usize, deviation: f32) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as usize;
    let mut kernel: Vec<f32> = (0..=2 * reach)
        .map(|n| {
            let distance = (n as f32 - reach as f32) / deviation;
            (-0.5 * distance * distance).exp()
        })
        .collect();
    let sum: f32 = kernel.iter().sum();
    for weight in &mut kernel {
        *weight /= sum;
    }
    // Twice along the rows, turned in between: each pass leaves the picture mirrored along its diagonal.
    let along = |values: &[f32]| {
        let mut turned = vec![0.0; side * side];
        let mut padded = vec![0.0; side + 2 * reach];
        for (y, line) in values.chunks_exact(side).enumerate() {
            padded[..reach].fill(line[0]);
            padded[reach..reach + side].copy_from_slice(line);
            padded[reach + side..].fill(line[side - 1]);
            for x in 0..side {
                let window = &padded[x..x + kernel.len()];
                turned[x * side + y] = window.iter().zip(&kernel).map(|(v, k)| v * k).sum();
            }
        }
        turned
    };
    along(&along(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(gain: f32, offset: f32) -> Patch {
        let at = |n: usize| {
            let (x, y) = ((n % 80) as f32, (n / 80) as f32);
            offset + gain * (60.0 * (x / 5.0).sin() + 40.0 * (y / 7.0).cos())
        };
        Patch::structure((0..6400).map(at).collect(), 80)
    }

    #[test]
    fn light_and_exposure_change_little() {
        let (plain, relit) = (waves(1.0, 120.0), waves(0.8, 150.0));
        let off = plain.values.iter().zip(&relit.values);
        let off = off.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 0.1, "{off}");
    }

    #[test]
    fn blur_keeps_the_mean_and_the_place() {
        let mut dot = vec![0.0; 400];
        dot[7 * 20 + 12] = 1.0;
        let blurred = blur(&dot, 20, 1.5);
        assert!((blurred.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        let peak = (0..400).max_by(|a, b| blurred[*a].total_cmp(&blurred[*b]));
        assert_eq!(peak, Some(7 * 20 + 12));
    }

    #[test]
    fn averaging_keeps_a_ramp_and_spreads_a_dot() {
        let ramp: Vec<f32> = (0..400).map(|n| (n % 20) as f32).collect();
        let found = average(&ramp, 20, 2);
        assert!((found[10 * 20 + 9] - 9.0).abs() < 1e-3);
        let mut dot = vec![0.0; 400];
        dot[7 * 20 + 12] = 25.0;
        let found = average(&dot, 20, 2);
        assert!((found.iter().sum::<f32>() - 25.0).abs() < 1e-3);
        assert!((found[7 * 20 + 12] - 1.0).abs() < 1e-3 && found[12 * 20 + 12] < 1e-3);
    }

    #[test]
    fn slopes_are_those_of_the_picture() {
        let patch = Patch {
            side: 10,
            values: (0..100)
                .map(|n| (n % 10) as f32 * 0.5 - (n / 10) as f32)
                .collect(),
        };
        assert_eq!(patch.slopes(55), [0.5, -1.0]);
        assert_eq!(patch.slopes(9), [0.0, 0.0]);
        assert!((patch.between(2.5, 3.25) - (1.25 - 3.25)).abs() < 1e-5);
    }
}
