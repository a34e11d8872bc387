//! Templates in 8 bits, cut into two halves of 4, with bounds on what each loses: enough to rule out nearly all of them by
//! reading the upper halves alone.

use selfsame_face::template::Template;
use zeroize::Zeroize;

/// Numbers of a row that are worked on at a time: two for each byte of a half. A template of another length is filled up.
pub(crate) const GROUP: usize = 8;

/// Some of a probe's numbers as whole ones; what fills up is 0.
pub(crate) type Codes = [i8; GROUP];

/// One half of the codes of a group: byte k holds number k in its lower four bits and number k + 4 in its upper four.
pub(crate) type Half = [u8; GROUP / 2];

/// How many groups a template of so many numbers takes.
pub(crate) const fn groups(length: usize) -> usize {
    length.div_ceil(GROUP)
}

/// What single-precision arithmetic may add to an error, for each 128 numbers: sums of 128 products of at most 1 stay well below it.
pub(crate) const ROUNDING: f32 = 1e-5;

/// What is added to a code so that it is not negative; its halves are those of the sum.
const OFFSET: i16 = 128;

/// A code is 16 times its upper half, less this, give or take 7.5. Doubled, to stay whole.
const TWICE_CENTRE: i32 = 241;

/// A template as `scale · codes`, off by a vector no longer than `error`.
#[derive(Clone)]
pub(crate) struct Quantised {
    pub(crate) codes: Box<[Codes]>,
    /// Of all codes.
    sum: i32,
    pub(crate) scale: f32,
    pub(crate) error: f32,
    rounding: f32,
}

impl Quantised {
    pub(crate) fn new(template: &Template) -> Self {
        let values = template.values();
        let largest = values.iter().fold(0f32, |m, v| m.max(v.abs()));
        let scale = largest / 127.0;
        let mut codes = vec![[0i8; GROUP]; groups(values.len())].into_boxed_slice();
        let mut lost = 0f64;
        for (value, code) in values.iter().zip(codes.as_flattened_mut()) {
            *code = (value / scale).round().clamp(-127.0, 127.0) as i8;
            lost += (f64::from(*value) - f64::from(scale) * f64::from(*code)).powi(2);
        }
        let rounding = ROUNDING * values.len().div_ceil(128) as f32;
        Self {
            sum: codes.as_flattened().iter().map(|c| i32::from(*c)).sum(),
            codes,
            scale,
            error: lost.sqrt() as f32 + rounding,
            rounding,
        }
    }

    /// The upper and the lower halves of the codes.
    pub(crate) fn halves(&self) -> impl Iterator<Item = (Half, Half)> {
        self.codes.iter().map(|codes| {
            let shifted = codes.map(|code| (i16::from(code) + OFFSET) as u8);
            let upper = |k: usize| (shifted[k] >> 4) | (shifted[k + GROUP / 2] & 0xf0);
            let lower = |k: usize| (shifted[k] & 0xf) | (shifted[k + GROUP / 2] << 4);
            (std::array::from_fn(upper), std::array::from_fn(lower))
        })
    }

    /// How long the vector is at most by which the template differs from what its upper halves alone tell.
    pub(crate) fn coarse_error(&self, template: &Template) -> f32 {
        let pairs = template.values().iter().zip(self.codes.as_flattened());
        let lost: f64 = pairs
            .map(|(value, code)| {
                let upper = (i16::from(*code) + OFFSET) >> 4;
                let centre = 16.0 * f64::from(upper) - f64::from(TWICE_CENTRE) / 2.0;
                (f64::from(*value) - f64::from(self.scale) * centre).powi(2)
            })
            .sum();
        lost.sqrt() as f32 + self.rounding
    }

    /// The product with what a row's upper halves tell, but for the row's scale: from the sum of products with them.
    pub(crate) fn coarse(&self, upper: i32) -> f32 {
        // Whole until here: at most 32 · 15 · 127 · 4096, which 32 bits hold.
        (32 * upper - TWICE_CENTRE * self.sum) as f32 * (0.5 * self.scale)
    }

    /// The same by both halves.
    pub(crate) fn fine(&self, upper: i32, lower: i32) -> f32 {
        (16 * upper + lower - i32::from(OFFSET) * self.sum) as f32 * self.scale
    }

    /// How far a score computed from codes may be from the true one: with q = q̂ + d and x = x̂ + e,
    /// q·x = q̂·x̂ + d·x̂ + q·e, and both q and x are of unit length.
    pub(crate) fn slack(&self, other_error: f32) -> f32 {
        other_error + self.error * (1.0 + other_error) + self.rounding
    }
}

impl Drop for Quantised {
    fn drop(&mut self) {
        self.codes.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{self, Directions};

    /// Products with the upper and the lower halves, one number after the other.
    fn sums(probe: &Quantised, row: &Quantised) -> (i32, i32) {
        let (mut upper, mut lower) = (0, 0);
        for (codes, (high, low)) in probe.codes.iter().zip(row.halves()) {
            for (k, code) in codes.iter().enumerate() {
                let shift = 4 * (k / 4);
                upper += i32::from(*code) * i32::from((high[k % 4] >> shift) & 0xf);
                lower += i32::from(*code) * i32::from((low[k % 4] >> shift) & 0xf);
            }
        }
        (upper, lower)
    }

    #[test]
    fn the_bounds_hold_and_are_tight_enough() {
        for length in [16, 64, 128, 203, 512] {
            let mut directions = Directions::of_length(1, length);
            let (mut widest, mut coarsest) = (0f32, 0f32);
            for n in 0..1000 {
                let a = directions.template();
                // What is near is what counts.
                let b = directions.near(&a, (n % 10) as f32 / 10.0);
                let (qa, qb) = (Quantised::new(&a), Quantised::new(&b));
                let (upper, lower) = sums(&qa, &qb);
                let score = a.compare(&b).unwrap().value();
                let slack = qa.slack(qb.error);
                assert!((qa.fine(upper, lower) * qb.scale - score).abs() <= slack);
                let coarse = qa.slack(qb.coarse_error(&b));
                assert!((qa.coarse(upper) * qb.scale - score).abs() <= coarse);
                (widest, coarsest) = (widest.max(slack), coarsest.max(coarse));
            }
            assert!(widest < 0.03, "{length}: {widest}");
            assert!(coarsest < 0.25, "{length}: {coarsest}");
        }
    }

    #[test]
    fn the_halves_make_the_product_of_the_codes() {
        let mut directions = Directions::of_length(2, 131);
        let (a, b) = (directions.template(), directions.template());
        let (qa, qb) = (Quantised::new(&a), Quantised::new(&b));
        let (upper, lower) = sums(&qa, &qb);
        let (ca, cb) = (qa.codes.as_flattened(), qb.codes.as_flattened());
        let products = ca
            .iter()
            .zip(cb)
            .map(|(x, y)| i32::from(*x) * i32::from(*y));
        assert_eq!(
            qa.fine(upper, lower),
            products.sum::<i32>() as f32 * qa.scale
        );
    }

    #[test]
    fn a_template_of_one_number_is_exact_but_for_rounding() {
        let mut values = [0f32; 130];
        values[129] = -3.0;
        let q = Quantised::new(&Template::new(&values, &synthetic::model()).unwrap());
        assert_eq!(q.codes[16][1], -127);
        assert!(q.error < 3.0 * ROUNDING);
    }
}
