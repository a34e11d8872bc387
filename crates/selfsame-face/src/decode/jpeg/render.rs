//! From coefficients to RGB pixels: transform, widen what was sampled coarsely, change colours.

use super::outline::{Colours, Frame};
use super::scan::Coefficients;
use super::transform;
use crate::deadline::Deadline;
use crate::decode::ImageError;

/// A component's samples.
struct Plane {
    samples: Vec<u8>,
    stride: usize,
    /// Samples that the picture needs, across and down.
    needed: (usize, usize),
    /// How many pixels a sample stands for, across and down.
    stands_for: (usize, usize),
}

/// The picture's pixels, three bytes each, row by row. Takes the coefficients apart on the way.
pub(super) fn render(
    frame: &Frame,
    colours: Colours,
    coefficients: Vec<Coefficients>,
    deadline: &Deadline,
) -> Result<Vec<u8>, ImageError> {
    let mut planes = Vec::with_capacity(coefficients.len());
    for (coefficients, component) in coefficients.into_iter().zip(&frame.components) {
        let (across, down) = frame.most_sampling();
        planes.push(Plane {
            stride: 8 * coefficients.stride,
            needed: frame.samples(component),
            stands_for: (across / component.across, down / component.down),
            samples: samples(coefficients, deadline)?,
        });
    }
    let mut pixels = vec![0; 3 * frame.width * frame.height];
    let mut rows: Vec<Vec<u8>> = planes.iter().map(Plane::row_to_fill).collect();
    let mut blend = Vec::new();
    for (y, line) in pixels.chunks_exact_mut(3 * frame.width).enumerate() {
        if y % 16 == 0 {
            deadline.check()?;
        }
        for (plane, row) in planes.iter().zip(&mut rows) {
            plane.widen(y, row, &mut blend);
        }
        let rows: Vec<&[u8]> = rows.iter().map(|row| &row[..frame.width]).collect();
        paint(colours, &rows, line);
    }
    Ok(pixels)
}

fn samples(of: Coefficients, deadline: &Deadline) -> Result<Vec<u8>, ImageError> {
    let steps = of.steps.unwrap_or([1; 64]);
    let stride = 8 * of.stride;
    let mut samples = vec![0; 64 * of.blocks.len()];
    let rows = of.blocks.chunks_exact(of.stride);
    let rows = rows.zip(of.details.chunks_exact(of.stride));
    for ((blocks, details), lines) in rows.zip(samples.chunks_exact_mut(8 * stride)) {
        deadline.check()?;
        for (at, (block, details)) in blocks.iter().zip(details).enumerate() {
            let square = transform::samples(block, &steps, *details != 0);
            for (line, row) in lines.chunks_exact_mut(stride).zip(square.chunks_exact(8)) {
                line[8 * at..8 * at + 8].copy_from_slice(row);
            }
        }
    }
    Ok(samples)
}

impl Plane {
    fn line(&self, y: usize) -> &[u8] {
        let y = y.min(self.needed.1 - 1);
        &self.samples[self.stride * y..self.stride * y + self.needed.0]
    }

    /// Room for a row of pixels, and a little more.
    fn row_to_fill(&self) -> Vec<u8> {
        vec![0; self.needed.0 * self.stands_for.0]
    }

    /// The samples of one row of pixels. Halves are widened along a slope (three parts the near sample, one part the next),
    /// as the reference decoder does it; what is coarser is repeated.
    fn widen(&self, y: usize, row: &mut [u8], blend: &mut Vec<u16>) {
        let (across, down) = self.stands_for;
        let sloped = across <= 2 && down <= 2 && (across == 1 || self.needed.0 > 2);
        let near = self.line(y / down);
        if across == 1 && (down == 1 || !sloped) {
            row.copy_from_slice(near);
            return;
        }
        if !sloped {
            for (pixels, sample) in row.chunks_exact_mut(across).zip(near) {
                pixels.fill(*sample);
            }
            return;
        }
        if down == 1 {
            blend.clear();
            blend.extend(near.iter().map(|s| u16::from(*s)));
            slope::<2>(blend, row, (1, 2));
            return;
        }
        let far = match y % 2 {
            0 => self.line((y / 2).saturating_sub(1)),
            _ => self.line(y / 2 + 1),
        };
        let both = near.iter().zip(far);
        let mixed = both.map(|(near, far)| 3 * u16::from(*near) + u16::from(*far));
        if across == 1 {
            // The two rows of a sample are rounded in opposite directions.
            let bias = 1 + (y % 2) as u16;
            for (pixel, mixed) in row.iter_mut().zip(mixed) {
                *pixel = ((mixed + bias) >> 2) as u8;
            }
            return;
        }
        blend.clear();
        blend.extend(mixed);
        slope::<4>(blend, row, (8, 7));
    }
}

/// Two pixels for each sample: three parts of it, one of its neighbour. `BITS` tells how many bits a mixture has too many,
/// `rounding` what is added to the left and the right pixel before they are cut off: not the same, so that no slope is favoured.
fn slope<const BITS: u32>(samples: &[u16], row: &mut [u8], rounding: (u16, u16)) {
    let mix =
        |here: u16, beside: u16, rounding: u16| ((3 * here + beside + rounding) >> BITS) as u8;
    let ([first, second, ..], [.., before, last]) = (samples, samples) else {
        return;
    };
    let mut pairs = row.chunks_exact_mut(2);
    // Beyond the edges the outermost sample goes on; all between has a neighbour on either side.
    if let Some(pair) = pairs.next() {
        pair[0] = mix(*first, *first, rounding.0);
        pair[1] = mix(*first, *second, rounding.1);
    }
    for (three, pair) in samples.windows(3).zip(&mut pairs) {
        pair[0] = mix(three[1], three[0], rounding.0);
        pair[1] = mix(three[1], three[2], rounding.1);
    }
    if let Some(pair) = pairs.next() {
        pair[0] = mix(*last, *before, rounding.0);
        pair[1] = mix(*last, *last, rounding.1);
    }
}

fn paint(colours: Colours, rows: &[&[u8]], line: &mut [u8]) {
    match (colours, rows) {
        (Colours::Grey, [grey]) => {
            for (pixel, grey) in line.chunks_exact_mut(3).zip(*grey) {
                pixel.fill(*grey);
            }
        }
        (Colours::Rgb, [red, green, blue]) => {
            let samples = red.iter().zip(*green).zip(*blue);
            for (pixel, ((red, green), blue)) in line.chunks_exact_mut(3).zip(samples) {
                pixel.copy_from_slice(&[*red, *green, *blue]);
            }
        }
        (Colours::YCbCr, [y, blueness, redness]) => {
            let samples = y.iter().zip(*blueness).zip(*redness);
            for (pixel, ((y, blueness), redness)) in line.chunks_exact_mut(3).zip(samples) {
                let [red, green, blue] = rgb(*y, *blueness, *redness);
                (pixel[0], pixel[1], pixel[2]) = (red, green, blue);
            }
        }
        (Colours::Cmyk | Colours::Ycck, [first, second, third, black]) => {
            let samples = first.iter().zip(*second).zip(*third).zip(*black);
            for (pixel, (((a, b), c), black)) in line.chunks_exact_mut(3).zip(samples) {
                // Ink is written inverted, so that its numbers are light. In YCCK the three were turned as if they were ink.
                let light = if colours == Colours::Ycck {
                    rgb(*a, *b, *c).map(|ink| 255 - ink)
                } else {
                    [*a, *b, *c]
                };
                for (pixel, light) in pixel.iter_mut().zip(light) {
                    *pixel = ((u16::from(light) * u16::from(*black) + 127) / 255) as u8;
                }
            }
        }
        _ => {}
    }
}

/// By ITU-R BT.601, full range, as JFIF has it.
#[inline]
fn rgb(y: u8, blueness: u8, redness: u8) -> [u8; 3] {
    const fn parts(value: f64) -> i32 {
        (value * 65536.0 + 0.5) as i32
    }
    let (y, b, r) = (
        i32::from(y),
        i32::from(blueness) - 128,
        i32::from(redness) - 128,
    );
    const HALF: i32 = 1 << 15;
    let red = y + ((parts(1.402) * r + HALF) >> 16);
    let green = y + ((-parts(0.344_14) * b - parts(0.714_14) * r + HALF) >> 16);
    let blue = y + ((parts(1.772) * b + HALF) >> 16);
    let byte = |value: i32| value.clamp(0, 255) as u8;
    [byte(red), byte(green), byte(blue)]
}
