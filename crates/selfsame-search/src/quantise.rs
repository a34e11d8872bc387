//! Templates in 8 bits, with a bound on what that loses: enough to rule out nearly all of them without reading the rest.

use selfsame_face::template::Template;
use zeroize::Zeroize;

/// Numbers that are worked on at a time; a template of another length is filled up with zeros to whole lanes.
pub(crate) const LANE: usize = 128;

/// Some of a template's numbers as whole ones.
pub(crate) type Codes = [i8; LANE];

/// How many lanes a template of so many numbers takes.
pub(crate) const fn lanes(length: usize) -> usize {
    length.div_ceil(LANE)
}

/// What single-precision arithmetic may add to an error, for each lane: sums of 128 products of at most 1 stay well below it.
pub(crate) const ROUNDING: f32 = 1e-5;

/// A template as `scale · codes`, off by a vector no longer than `error`.
#[derive(Clone)]
pub(crate) struct Quantised {
    pub(crate) codes: Box<[Codes]>,
    pub(crate) scale: f32,
    pub(crate) error: f32,
    rounding: f32,
}

impl Quantised {
    pub(crate) fn new(template: &Template) -> Self {
        let values = template.values();
        let largest = values.iter().fold(0f32, |m, v| m.max(v.abs()));
        let scale = largest / 127.0;
        let mut codes = vec![[0i8; LANE]; lanes(values.len())].into_boxed_slice();
        let mut lost = 0f64;
        for (value, code) in values.iter().zip(codes.as_flattened_mut()) {
            *code = (value / scale).round().clamp(-127.0, 127.0) as i8;
            lost += (f64::from(*value) - f64::from(scale) * f64::from(*code)).powi(2);
        }
        let rounding = ROUNDING * codes.len() as f32;
        Self {
            codes,
            scale,
            error: lost.sqrt() as f32 + rounding,
            rounding,
        }
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

    #[test]
    fn the_bound_holds_and_is_tight_enough() {
        for length in [16, 64, 128, 200, 512] {
            let mut directions = Directions::of_length(1, length);
            let mut widest = 0f32;
            for _ in 0..1000 {
                let (a, b) = (directions.template(), directions.template());
                let (qa, qb) = (Quantised::new(&a), Quantised::new(&b));
                let (ca, cb) = (qa.codes.as_flattened(), qb.codes.as_flattened());
                let products = ca
                    .iter()
                    .zip(cb)
                    .map(|(x, y)| i32::from(*x) * i32::from(*y));
                let approximate = qa.scale * qb.scale * products.sum::<i32>() as f32;
                let slack = qa.slack(qb.error);
                assert!((approximate - a.compare(&b).unwrap().value()).abs() <= slack);
                widest = widest.max(slack);
            }
            assert!(widest < 0.03, "{length}: {widest}");
        }
    }

    #[test]
    fn a_template_of_one_number_is_exact_but_for_rounding() {
        let mut values = [0f32; 130];
        values[129] = -3.0;
        let q = Quantised::new(&Template::new(&values, &synthetic::model()).unwrap());
        assert_eq!(q.codes[1][1], -127);
        assert!(q.error < 3.0 * ROUNDING);
    }
}
