//! Regular patterns in a face's fine structure: a screen's pixels, a print's dots, and the moiré that a camera makes of either.
//! Skin and hair have no period, so the sharpest peak of a face's spectrum barely stands out; no attack had to be learned.

use std::f32::consts::PI;

use image::RgbImage;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use crate::evidence::FaceBox;

/// Most pixels a side that are looked at, around the face's middle and as they were taken: shrinking would hide the pattern.
const MOST: usize = 256;
/// With fewer, peaks are too wide to tell from the rest.
const FEWEST: usize = 64;
/// What part of the face box's shorter side is looked at.
const PART: f32 = 0.9;
/// Frequencies in periods a pixel: below, faces themselves have structure; above, a half period is a pixel.
const LOWEST: f32 = 0.12;
const HIGHEST: f32 = 0.48;
/// A peak is compared with this many neighbours to each side.
const SURROUNDINGS: usize = 7;
/// JPEG's blocks are eight pixels wide, which leaves lines at its multiples; these many bins around them do not count.
const BLOCK: f32 = 8.0;
const BLOCK_BINS: f32 = 2.1;
/// Nor do edges that run straight across or down, this many bins around the axes.
const AXIS_BINS: f32 = 2.5;

/// The strongest peak above its surroundings, in decibels. `None` for a face too small to tell.
pub(crate) fn strength(image: &RgbImage, face: &FaceBox) -> Option<f32> {
    let (side, values) = middle(image, face)?;
    let power = spread(&spectrum(values, side), side);
    let level: Vec<f32> = power.iter().map(|p| 10.0 * (p + 1e-3).log10()).collect();
    let surroundings = mean_around(&level, side);
    let frequency = |bin: usize| {
        let bin = if 2 * bin < side {
            bin as f32
        } else {
            bin as f32 - side as f32
        };
        bin / side as f32
    };
    let counts = |frequency: f32| {
        let bins = |distance: f32| distance.abs() * side as f32;
        let multiple = (frequency.abs() * BLOCK).round();
        bins(frequency) > AXIS_BINS && bins(frequency.abs() - multiple / BLOCK) > BLOCK_BINS
    };
    let mut strongest: Option<f32> = None;
    // The other half of the spectrum mirrors this one.
    for row in 0..=side / 2 {
        let down = frequency(row);
        if !counts(down) {
            continue;
        }
        for column in 0..side {
            let across = frequency(column);
            let far = across.hypot(down);
            if far > LOWEST && far < HIGHEST && counts(across) {
                let at = row * side + column;
                let above = level[at] - surroundings[at];
                strongest = Some(strongest.map_or(above, |s| s.max(above)));
            }
        }
    }
    strongest
}

/// The face's middle in luminance, its mean taken away and fading out towards its edges.
fn middle(image: &RgbImage, face: &FaceBox) -> Option<(usize, Vec<Complex<f32>>)> {
    let wanted = (PART * face.width.min(face.height)).min(MOST as f32);
    let (width, height) = (image.width() as usize, image.height() as usize);
    // A float that is no number becomes 0.
    let side = (wanted as usize).min(width).min(height);
    if side < FEWEST {
        return None;
    }
    let start = |middle: f32, length: usize| {
        let first = (middle - side as f32 / 2.0).max(0.0) as usize;
        first.min(length - side)
    };
    let left = start(face.x + face.width / 2.0, width);
    let top = start(face.y + face.height / 2.0, height);
    let mut values = Vec::with_capacity(side * side);
    for row in top..top + side {
        let first = 3 * (row * width + left);
        let line = &image.as_raw()[first..first + 3 * side];
        values.extend(
            line.chunks_exact(3).map(|p| {
                0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2])
            }),
        );
    }
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let fade: Vec<f32> = (0..side)
        .map(|n| 0.5 - 0.5 * (2.0 * PI * n as f32 / (side - 1) as f32).cos())
        .collect();
    let faded = values
        .iter()
        .enumerate()
        .map(|(at, value)| Complex::new((value - mean) * fade[at % side] * fade[at / side], 0.0));
    Some((side, faded.collect()))
}

/// The power at each frequency across and down.
fn spectrum(mut values: Vec<Complex<f32>>, side: usize) -> Vec<f32> {
    let transform = FftPlanner::new().plan_fft_forward(side);
    transform.process(&mut values);
    let mut turned: Vec<Complex<f32>> = (0..side * side)
        .map(|at| values[at % side * side + at / side])
        .collect();
    transform.process(&mut turned);
    // Columns are rows now, which changes nothing: both directions are looked at alike.
    turned.iter().map(Complex::norm_sqr).collect()
}

/// Adds each bin's eight neighbours: a peak lies between bins as often as on one. The spectrum goes on at its other edge.
fn spread(power: &[f32], side: usize) -> Vec<f32> {
    around(power, side, 1)
}

fn mean_around(level: &[f32], side: usize) -> Vec<f32> {
    let count = (2 * SURROUNDINGS + 1).pow(2) as f32;
    let mut sums = around(level, side, SURROUNDINGS);
    for sum in &mut sums {
        *sum /= count;
    }
    sums
}

/// The sum of the square of values around each, `reach` to each side.
fn around(values: &[f32], side: usize, reach: usize) -> Vec<f32> {
    let along = |values: &[f32]| {
        let mut turned = vec![0.0; side * side];
        for (y, line) in values.chunks_exact(side).enumerate() {
            let mut sum: f64 = (0..2 * reach)
                .map(|x| f64::from(line[(x + side - reach) % side]))
                .sum();
            for x in 0..side {
                sum += f64::from(line[(x + reach) % side]);
                turned[x * side + y] = sum as f32;
                sum -= f64::from(line[(x + side - reach) % side]);
            }
        }
        turned
    };
    along(&along(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: FaceBox = FaceBox {
        x: 40.0,
        y: 30.0,
        width: 220.0,
        height: 240.0,
    };

    /// Noise with structure of every size, and a pattern of a period and strength in grey levels over it.
    fn skin(period: f32, strength: f32) -> RgbImage {
        let mut state = 1u64;
        let noise = RgbImage::from_fn(300, 300, |_, _| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            image::Rgb([(state >> 56) as u8; 3])
        });
        let smooth = image::imageops::blur(&noise, 3.0);
        RgbImage::from_fn(300, 300, |x, y| {
            let wave = (2.0 * PI * (0.8 * x as f32 + 0.6 * y as f32) / period).sin();
            let fine = f32::from(noise.get_pixel(x, y).0[0]) / 32.0;
            let value = f32::from(smooth.get_pixel(x, y).0[0]) + fine + strength * wave;
            image::Rgb([value.clamp(0.0, 255.0) as u8; 3])
        })
    }

    #[test]
    fn a_faint_grid_stands_out_and_skin_does_not() {
        let plain = strength(&skin(3.4, 0.0), &FACE).unwrap();
        assert!(plain < 10.0, "{plain}");
        for period in [2.7, 3.4, 5.3] {
            let grid = strength(&skin(period, 2.0), &FACE).unwrap();
            assert!(grid > 15.0, "{period}: {grid}");
        }
    }

    #[test]
    fn a_face_that_is_small_or_out_of_the_picture_is_no_trouble() {
        let image = skin(3.4, 0.0);
        let small = FaceBox {
            width: 40.0,
            ..FACE
        };
        assert_eq!(strength(&image, &small), None);
        let nowhere = FaceBox {
            x: f32::NAN,
            y: 1e9,
            width: 1e9,
            height: 1e9,
        };
        assert!(strength(&image, &nowhere).is_some());
        assert_eq!(strength(&RgbImage::new(1, 1), &nowhere), None);
    }

    #[test]
    fn sums_go_around_the_edge() {
        let mut dot = vec![0.0; 25];
        dot[0] = 1.0;
        let sums = around(&dot, 5, 1);
        let filled: Vec<usize> = (0..25).filter(|at| sums[*at] > 0.5).collect();
        assert_eq!(filled, [0, 1, 4, 5, 6, 9, 20, 21, 24]);
    }
}
