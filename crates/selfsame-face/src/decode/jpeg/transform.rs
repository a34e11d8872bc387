//! From a block's coefficients to its samples: the inverse discrete cosine transform, in integers.
//!
//! Eight values along each side are turned by Loeffler's scheme of eleven products (Loeffler, Ligtenberg and Moschytz, 1989), with
//! the rounding that the field's reference decoder has in its accurate mode: pictures come out the same to the last bit.

use super::scan::Block;

/// Fraction bits of the factors.
const BITS: u32 = 13;
/// Fraction bits that are kept between the two passes.
const KEPT: u32 = 2;

/// A factor with [`BITS`] of fraction.
const fn factor(value: f64) -> i32 {
    (value * (1 << BITS) as f64 + 0.5) as i32
}

/// Eight values from eight frequencies, scaled by the square root of eight and by 2 to the power of [`BITS`].
#[inline(always)]
fn eight(f: [i32; 8]) -> [i32; 8] {
    let times = |a: i32, b: i32| a.wrapping_mul(b);
    // Even frequencies: a sum and a difference, and a turn by three eighths of a quarter.
    let turned = times(f[2].wrapping_add(f[6]), factor(0.541_196_100));
    let low = turned.wrapping_sub(times(f[6], factor(1.847_759_065)));
    let high = turned.wrapping_add(times(f[2], factor(0.765_366_865)));
    let sum = f[0].wrapping_add(f[4]) << BITS;
    let difference = f[0].wrapping_sub(f[4]) << BITS;
    let even = [
        sum.wrapping_add(high),
        difference.wrapping_add(low),
        difference.wrapping_sub(low),
        sum.wrapping_sub(high),
    ];
    // Odd frequencies.
    let (a, b) = (f[7].wrapping_add(f[1]), f[5].wrapping_add(f[3]));
    let (c, d) = (f[7].wrapping_add(f[3]), f[5].wrapping_add(f[1]));
    let common = times(c.wrapping_add(d), factor(1.175_875_602));
    let a = times(a, -factor(0.899_976_223));
    let b = times(b, -factor(2.562_915_447));
    let c = times(c, -factor(1.961_570_560)).wrapping_add(common);
    let d = times(d, -factor(0.390_180_644)).wrapping_add(common);
    let odd = [
        times(f[1], factor(1.501_321_110))
            .wrapping_add(a)
            .wrapping_add(d),
        times(f[3], factor(3.072_711_026))
            .wrapping_add(b)
            .wrapping_add(c),
        times(f[5], factor(2.053_119_869))
            .wrapping_add(b)
            .wrapping_add(d),
        times(f[7], factor(0.298_631_336))
            .wrapping_add(a)
            .wrapping_add(c),
    ];
    // Spelled out: functions of arrays are calls where crates are built without optimising at the link.
    [
        even[0].wrapping_add(odd[0]),
        even[1].wrapping_add(odd[1]),
        even[2].wrapping_add(odd[2]),
        even[3].wrapping_add(odd[3]),
        even[3].wrapping_sub(odd[3]),
        even[2].wrapping_sub(odd[2]),
        even[1].wrapping_sub(odd[1]),
        even[0].wrapping_sub(odd[0]),
    ]
}

#[inline(always)]
fn rounded(value: i32, bits: u32) -> i32 {
    value.wrapping_add(1 << (bits - 1)) >> bits
}

/// The 64 samples, row by row, of a block that has details or has none.
pub(super) fn samples(block: &Block, steps: &[u16; 64], detailed: bool) -> [u8; 64] {
    let value = |at: usize| i32::from(block[at]).wrapping_mul(i32::from(steps[at]));
    if !detailed {
        let level = rounded(value(0) << KEPT, KEPT + 3) + 128;
        return [level.clamp(0, 255) as u8; 64];
    }
    let mut between = [0; 64];
    for column in 0..8 {
        // Most columns of a photograph have no detail.
        if (1..8).all(|row| block[8 * row + column] == 0) {
            let level = value(column).wrapping_shl(KEPT);
            for row in 0..8 {
                between[8 * row + column] = level;
            }
            continue;
        }
        let down = |row: usize| value(8 * row + column);
        let turned = eight([
            down(0),
            down(1),
            down(2),
            down(3),
            down(4),
            down(5),
            down(6),
            down(7),
        ]);
        for row in 0..8 {
            between[8 * row + column] = rounded(turned[row], BITS - KEPT);
        }
    }
    let mut samples = [0; 64];
    let (lines, _) = between.as_chunks::<8>();
    let (rows, _) = samples.as_chunks_mut::<8>();
    for (line, row) in lines.iter().zip(rows) {
        let turned = eight(*line);
        for at in 0..8 {
            row[at] = (rounded(turned[at], BITS + KEPT + 3) + 128).clamp(0, 255) as u8;
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    proptest::proptest! {
        #[test]
        fn it_is_the_cosine_transform(
            values in proptest::collection::vec((0usize..64, -60i16..60), 1..12),
            step in 1u16..12,
        ) {
            let mut block = [0; 64];
            for (at, value) in values {
                block[at] = value;
            }
            let found = samples(&block, &[step; 64], block[1..] != [0; 63]);
            for y in 0..8 {
                for x in 0..8 {
                    let mut exact = 128.0;
                    for (at, value) in block.iter().enumerate() {
                        let wave = |n: usize, place: usize| {
                            let scale = if n == 0 { 0.5f64.sqrt() } else { 1.0 };
                            scale * ((2 * place + 1) as f64 * n as f64 * PI / 16.0).cos() / 2.0
                        };
                        let strength = f64::from(*value) * f64::from(step);
                        exact += strength * wave(at % 8, x) * wave(at / 8, y);
                    }
                    let apart = exact.clamp(0.0, 255.0) - f64::from(found[8 * y + x]);
                    proptest::prop_assert!(apart.abs() < 1.1, "{exact} is told as {}", found[8 * y + x]);
                }
            }
        }
    }
}
