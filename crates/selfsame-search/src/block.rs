//! Rows of templates in memory of fixed size: it grows without copying, and is wiped when it goes.

use selfsame_face::template::{TEMPLATE_LEN, Template};
use zeroize::Zeroize as _;

use crate::quantise::{Codes, Quantised};

/// Rows of a block: large enough to be worth a call, small enough for a gallery of a few people.
pub(crate) const ROWS: usize = 256;

/// Bytes of a block.
pub(crate) const BYTES: usize =
    ROWS * (TEMPLATE_LEN * (size_of::<f32>() + 1) + 2 * size_of::<f32>());

/// Up to [`ROWS`] templates: whole, and in 8 bits.
pub(crate) struct Block {
    codes: Box<[Codes; ROWS]>,
    scales: Box<[f32; ROWS]>,
    errors: Box<[f32; ROWS]>,
    exact: Box<[[f32; TEMPLATE_LEN]]>,
}

impl Block {
    pub(crate) fn new() -> Self {
        Self {
            codes: Box::new([[0; TEMPLATE_LEN]; ROWS]),
            scales: Box::new([0.0; ROWS]),
            errors: Box::new([0.0; ROWS]),
            exact: vec![[0.0; TEMPLATE_LEN]; ROWS].into_boxed_slice(),
        }
    }

    pub(crate) fn write(&mut self, row: usize, template: &Template) {
        let quantised = Quantised::new(template);
        self.codes[row] = quantised.codes;
        self.scales[row] = quantised.scale;
        self.errors[row] = quantised.error;
        self.exact[row] = *template.values();
    }

    /// A row as it is, to be written elsewhere by [`Block::put_row`].
    pub(crate) fn row(&self, row: usize) -> (Codes, f32, f32, [f32; TEMPLATE_LEN]) {
        (
            self.codes[row],
            self.scales[row],
            self.errors[row],
            self.exact[row],
        )
    }

    pub(crate) fn put_row(
        &mut self,
        row: usize,
        from: &mut (Codes, f32, f32, [f32; TEMPLATE_LEN]),
    ) {
        self.codes[row] = from.0;
        self.scales[row] = from.1;
        self.errors[row] = from.2;
        self.exact[row] = from.3;
        from.0.zeroize();
        from.3.zeroize();
    }

    pub(crate) fn wipe(&mut self, row: usize) {
        self.codes[row].zeroize();
        self.scales[row] = 0.0;
        self.errors[row] = 0.0;
        self.exact[row].zeroize();
    }

    /// The true score of a row.
    pub(crate) fn score(&self, row: usize, probe: &Template) -> f32 {
        // The order of Template::compare: the same templates give the same number.
        let dot: f32 = probe
            .values()
            .iter()
            .zip(&self.exact[row])
            .map(|(a, b)| a * b)
            .sum();
        dot.clamp(-1.0, 1.0)
    }

    /// For each row what its score is at most. Written so that the compiler makes vectors of the loops.
    pub(crate) fn bounds(&self, probe: &Quantised, bounds: &mut [f32; ROWS]) {
        // Widened once, so that only the rows' numbers are widened in the loop.
        let wide: [i16; TEMPLATE_LEN] = std::array::from_fn(|n| i16::from(probe.codes[n]));
        for (bound, codes) in bounds.iter_mut().zip(self.codes.iter()) {
            let mut dot = 0i32;
            for (a, b) in wide.iter().zip(codes) {
                // At most 127 · 127 · 128: it never wraps, but a check for it would keep the loop from being vectors.
                dot = dot.wrapping_add(i32::from(*a).wrapping_mul(i32::from(*b)));
            }
            *bound = dot as f32;
        }
        let rows = self.scales.iter().zip(self.errors.iter());
        for (bound, (scale, error)) in bounds.iter_mut().zip(rows) {
            *bound = *bound * (scale * probe.scale) + probe.slack(*error);
        }
    }

    /// By how much less a row's score may be than its bound.
    pub(crate) fn width(&self, row: usize, probe: &Quantised) -> f32 {
        2.0 * probe.slack(self.errors[row])
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        for row in self.codes.iter_mut() {
            row.zeroize();
        }
        for row in &mut self.exact {
            row.zeroize();
        }
    }
}
