//! Rows of templates in memory of fixed size: it grows without copying, and is wiped when it goes.

use selfsame_face::template::Template;
use zeroize::Zeroize as _;

use crate::quantise::{Codes, LANE, Quantised, lanes};

/// Rows of a block: large enough to be worth a call, small enough for a gallery of a few people.
pub(crate) const ROWS: usize = 256;

/// Bytes of a block of templates of so many numbers.
pub(crate) const fn bytes(length: usize) -> usize {
    ROWS * (length * size_of::<f32>() + lanes(length) * LANE + 2 * size_of::<f32>())
}

/// Up to [`ROWS`] templates of one length: whole, and in 8 bits.
pub(crate) struct Block {
    length: usize,
    /// Of each row as many as [`lanes`] says, one after the other.
    codes: Box<[Codes]>,
    scales: Box<[f32; ROWS]>,
    errors: Box<[f32; ROWS]>,
    exact: Box<[f32]>,
}

/// A row that is on its way from one place to another; wiped when it is dropped.
pub(crate) struct Row {
    codes: Vec<Codes>,
    scale: f32,
    error: f32,
    exact: Vec<f32>,
}

impl Drop for Row {
    fn drop(&mut self) {
        self.codes.zeroize();
        self.exact.zeroize();
    }
}

impl Block {
    pub(crate) fn new(length: usize) -> Self {
        Self {
            length,
            codes: vec![[0; LANE]; ROWS * lanes(length)].into_boxed_slice(),
            scales: Box::new([0.0; ROWS]),
            errors: Box::new([0.0; ROWS]),
            exact: vec![0.0; ROWS * length].into_boxed_slice(),
        }
    }

    fn codes(&mut self, row: usize) -> &mut [Codes] {
        let lanes = lanes(self.length);
        &mut self.codes[row * lanes..(row + 1) * lanes]
    }

    fn exact(&mut self, row: usize) -> &mut [f32] {
        &mut self.exact[row * self.length..(row + 1) * self.length]
    }

    /// Takes in a template of the block's length.
    pub(crate) fn write(&mut self, row: usize, template: &Template) {
        let quantised = Quantised::new(template);
        self.codes(row).copy_from_slice(&quantised.codes);
        self.scales[row] = quantised.scale;
        self.errors[row] = quantised.error;
        self.exact(row).copy_from_slice(template.values());
    }

    /// A row as it is, to be written elsewhere by [`Block::put_row`].
    pub(crate) fn row(&mut self, row: usize) -> Row {
        Row {
            codes: self.codes(row).to_vec(),
            scale: self.scales[row],
            error: self.errors[row],
            exact: self.exact(row).to_vec(),
        }
    }

    pub(crate) fn put_row(&mut self, row: usize, from: &Row) {
        self.codes(row).copy_from_slice(&from.codes);
        self.scales[row] = from.scale;
        self.errors[row] = from.error;
        self.exact(row).copy_from_slice(&from.exact);
    }

    pub(crate) fn wipe(&mut self, row: usize) {
        self.codes(row).as_flattened_mut().zeroize();
        self.scales[row] = 0.0;
        self.errors[row] = 0.0;
        self.exact(row).zeroize();
    }

    /// The true score of a row.
    pub(crate) fn score(&self, row: usize, probe: &Template) -> f32 {
        // The order of Template::compare: the same templates give the same number.
        let dot: f32 = probe
            .values()
            .iter()
            .zip(&self.exact[row * self.length..(row + 1) * self.length])
            .map(|(a, b)| a * b)
            .sum();
        dot.clamp(-1.0, 1.0)
    }

    /// For each row what its score is at most. Written so that the compiler makes vectors of the loops: each lane is of fixed
    /// length.
    pub(crate) fn bounds(&self, probe: &Quantised, bounds: &mut [f32; ROWS]) {
        // Widened once, so that only the rows' numbers are widened in the loop.
        let wide: Vec<[i16; LANE]> = probe
            .codes
            .iter()
            .map(|lane| std::array::from_fn(|n| i16::from(lane[n])))
            .collect();
        if let [wide] = &wide[..] {
            for (bound, codes) in bounds.iter_mut().zip(&self.codes) {
                *bound = dot(wide, codes) as f32;
            }
        } else {
            for (bound, codes) in bounds.iter_mut().zip(self.codes.chunks_exact(wide.len())) {
                let lanes = wide.iter().zip(codes);
                // At most 127 · 127 · 4096.
                *bound = lanes.fold(0i32, |sum, (a, b)| sum.wrapping_add(dot(a, b))) as f32;
            }
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

#[inline]
fn dot(wide: &[i16; LANE], codes: &Codes) -> i32 {
    let mut dot = 0i32;
    for (a, b) in wide.iter().zip(codes) {
        // At most 127 · 127 · 128: it never wraps, but a check for it would keep the loop from being vectors.
        dot = dot.wrapping_add(i32::from(*a).wrapping_mul(i32::from(*b)));
    }
    dot
}

impl Drop for Block {
    fn drop(&mut self) {
        self.codes.as_flattened_mut().zeroize();
        self.exact.zeroize();
    }
}
