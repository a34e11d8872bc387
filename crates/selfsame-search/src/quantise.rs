//! Templates in 8 bits, with a bound on what that loses: enough to rule out nearly all of them without reading the rest.

use selfsame_face::template::{TEMPLATE_LEN, Template};
use zeroize::Zeroize;

/// A template's numbers as whole ones.
pub(crate) type Codes = [i8; TEMPLATE_LEN];

/// What single-precision arithmetic may add to an error: sums of 128 products of at most 1 stay well below it.
pub(crate) const ROUNDING: f32 = 1e-5;

/// A template as `scale · codes`, off by a vector no longer than `error`.
#[derive(Clone)]
pub(crate) struct Quantised {
    pub(crate) codes: Codes,
    pub(crate) scale: f32,
    pub(crate) error: f32,
}

impl Quantised {
    pub(crate) fn new(template: &Template) -> Self {
        let values = template.values();
        let largest = values.iter().fold(0f32, |m, v| m.max(v.abs()));
        let scale = largest / 127.0;
        let codes = values.map(|v| (v / scale).round().clamp(-127.0, 127.0) as i8);
        let lost: f64 = values
            .iter()
            .zip(codes)
            .map(|(v, c)| (f64::from(*v) - f64::from(scale) * f64::from(c)).powi(2))
            .sum();
        Self {
            codes,
            scale,
            error: lost.sqrt() as f32 + ROUNDING,
        }
    }

    /// How far a score computed from codes may be from the true one: with q = q̂ + d and x = x̂ + e,
    /// q·x = q̂·x̂ + d·x̂ + q·e, and both q and x are of unit length.
    pub(crate) fn slack(&self, other_error: f32) -> f32 {
        other_error + self.error * (1.0 + other_error) + ROUNDING
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
    use crate::synthetic::Directions;

    #[test]
    fn the_bound_holds_and_is_tight_enough() {
        let mut directions = Directions::new(1);
        let mut widest = 0f32;
        for _ in 0..2000 {
            let (a, b) = (directions.template(), directions.template());
            let (qa, qb) = (Quantised::new(&a), Quantised::new(&b));
            let dot: i32 = qa
                .codes
                .iter()
                .zip(qb.codes)
                .map(|(x, y)| i32::from(*x) * i32::from(y))
                .sum();
            let approximate = qa.scale * qb.scale * dot as f32;
            let slack = qa.slack(qb.error);
            assert!((approximate - a.compare(&b).value()).abs() <= slack);
            widest = widest.max(slack);
        }
        assert!(widest < 0.03, "{widest}");
    }

    #[test]
    fn a_template_of_one_number_is_exact_but_for_rounding() {
        let mut values = [0f32; TEMPLATE_LEN];
        values[7] = -3.0;
        let q = Quantised::new(&Template::from_embedding(&values).unwrap());
        assert_eq!(q.codes[7], -127);
        assert!(q.error < 2.0 * ROUNDING);
    }
}
