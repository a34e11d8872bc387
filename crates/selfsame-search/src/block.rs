//! Rows of templates in memory of fixed size: it grows without copying, and is wiped when it goes.

use selfsame_face::template::Template;
use zeroize::Zeroize as _;

use crate::kernel::{self, Line, TILE};
use crate::quantise::{Codes, GROUP, Half, Quantised, groups};

/// Rows of a block: large enough to be worth a call, small enough for a gallery of a few people.
pub(crate) const ROWS: usize = 256;

/// Bytes of a block of templates of so many numbers.
pub(crate) const fn bytes(length: usize) -> usize {
    ROWS * (length * size_of::<f32>() + groups(length) * GROUP + 3 * size_of::<f32>())
}

/// Up to [`ROWS`] templates of one length: whole, and in 8 bits, whose upper halves lie apart from the lower ones.
pub(crate) struct Block {
    length: usize,
    /// Of each tile of rows as many lines as [`groups`] says: all that a search reads of most rows.
    upper: Box<[Line]>,
    /// Of each row as many halves, one after the other.
    lower: Box<[Half]>,
    scales: Box<[f32; ROWS]>,
    coarse_errors: Box<[f32; ROWS]>,
    errors: Box<[f32; ROWS]>,
    exact: Box<[f32]>,
}

/// A row that is on its way from one place to another; wiped when it is dropped.
pub(crate) struct Row {
    halves: Vec<(Half, Half)>,
    scale: f32,
    coarse_error: f32,
    error: f32,
    exact: Vec<f32>,
}

impl Drop for Row {
    fn drop(&mut self) {
        self.halves.zeroize();
        self.exact.zeroize();
    }
}

/// A row whose score may reach what was asked for.
pub(crate) struct Reaching {
    pub(crate) row: usize,
    /// What its score is at most.
    pub(crate) bound: f32,
    /// By how much less it may be.
    pub(crate) width: f32,
}

impl Block {
    pub(crate) fn new(length: usize) -> Self {
        let groups = groups(length);
        Self {
            length,
            upper: vec![Line([0; _]); ROWS / TILE * groups].into_boxed_slice(),
            lower: vec![[0; _]; ROWS * groups].into_boxed_slice(),
            scales: Box::new([0.0; ROWS]),
            coarse_errors: Box::new([0.0; ROWS]),
            errors: Box::new([0.0; ROWS]),
            exact: vec![0.0; ROWS * length].into_boxed_slice(),
        }
    }

    /// Where a row's upper half of a group lies: the line, and the place in it.
    fn upper_at(&self, row: usize, group: usize) -> (usize, usize) {
        let line = row / TILE * groups(self.length) + group;
        (line, row % TILE * size_of::<Half>())
    }

    fn lower_at(&self, row: usize) -> std::ops::Range<usize> {
        let groups = groups(self.length);
        row * groups..(row + 1) * groups
    }

    fn exact_at(&self, row: usize) -> std::ops::Range<usize> {
        row * self.length..(row + 1) * self.length
    }

    fn put_halves(&mut self, row: usize, halves: impl Iterator<Item = (Half, Half)>) {
        let lower_at = self.lower_at(row);
        for (group, (upper, lower)) in halves.enumerate() {
            let (line, at) = self.upper_at(row, group);
            self.upper[line].0[at..at + upper.len()].copy_from_slice(&upper);
            self.lower[lower_at.start + group] = lower;
        }
    }

    /// Takes in a template of the block's length.
    pub(crate) fn write(&mut self, row: usize, template: &Template) {
        let quantised = Quantised::new(template);
        self.put_halves(row, quantised.halves());
        self.scales[row] = quantised.scale;
        self.coarse_errors[row] = quantised.coarse_error(template);
        self.errors[row] = quantised.error;
        let at = self.exact_at(row);
        self.exact[at].copy_from_slice(template.values());
    }

    /// A row as it is, to be written elsewhere by [`Block::put_row`].
    pub(crate) fn row(&self, row: usize) -> Row {
        let lower = self.lower[self.lower_at(row)].iter().enumerate();
        let halves = lower.map(|(group, lower)| {
            let (line, at) = self.upper_at(row, group);
            let upper = &self.upper[line].0[at..];
            (std::array::from_fn(|k| upper[k]), *lower)
        });
        Row {
            halves: halves.collect(),
            scale: self.scales[row],
            coarse_error: self.coarse_errors[row],
            error: self.errors[row],
            exact: self.exact[self.exact_at(row)].to_vec(),
        }
    }

    pub(crate) fn put_row(&mut self, row: usize, from: &Row) {
        self.put_halves(row, from.halves.iter().copied());
        self.scales[row] = from.scale;
        self.coarse_errors[row] = from.coarse_error;
        self.errors[row] = from.error;
        let at = self.exact_at(row);
        self.exact[at].copy_from_slice(&from.exact);
    }

    pub(crate) fn wipe(&mut self, row: usize) {
        let nothing = [0; size_of::<Half>()];
        self.put_halves(row, (0..groups(self.length)).map(|_| (nothing, nothing)));
        self.scales[row] = 0.0;
        self.coarse_errors[row] = 0.0;
        self.errors[row] = 0.0;
        let at = self.exact_at(row);
        self.exact[at].zeroize();
    }

    /// The true score of a row.
    pub(crate) fn score(&self, row: usize, probe: &Template) -> f32 {
        // The order of Template::compare: the same templates give the same number.
        let dot: f32 = probe
            .values()
            .iter()
            .zip(&self.exact[self.exact_at(row)])
            .map(|(a, b)| a * b)
            .sum();
        dot.clamp(-1.0, 1.0)
    }

    /// Looks at the first rows with several probes, reading them once. Tells of each probe the rows whose scores may reach its bar;
    /// what is told may raise the bar.
    pub(crate) fn look<const PROBES: usize>(
        &self,
        rows: usize,
        probes: &[&Quantised; PROBES],
        bars: &mut [f32; PROBES],
        mut reaching: impl FnMut(usize, Reaching) -> f32,
    ) {
        let codes: [&[Codes]; PROBES] = probes.map(|probe| &probe.codes[..]);
        let mut sums = [[[0; TILE]; PROBES]; ROWS / TILE];
        kernel::tiles(&self.upper, &codes, &mut sums);
        let scales = self.scales.as_chunks::<TILE>().0.iter();
        let errors = self.coarse_errors.as_chunks::<TILE>().0;
        for (tile, ((sums, scales), errors)) in sums.iter().zip(scales).zip(errors).enumerate() {
            let first = (tile * TILE).min(rows);
            for (n, (sums, probe)) in sums.iter().zip(probes).enumerate() {
                let bounds: [f32; TILE] = std::array::from_fn(|at| {
                    probe.coarse(sums[at]) * scales[at] + probe.slack(errors[at])
                });
                let higher = |a: f32, b: &f32| if *b > a { *b } else { a };
                if bounds.iter().fold(f32::MIN, higher) < bars[n] {
                    continue;
                }
                for at in 0..TILE.min(rows - first) {
                    if bounds[at] >= bars[n] {
                        let at = (first + at, sums[at]);
                        self.look_closer(at, probe, &mut bars[n], |found| reaching(n, found));
                    }
                }
            }
        }
    }

    /// The same of one row, of which the sum of the upper halves is known.
    fn look_closer(
        &self,
        (row, upper): (usize, i32),
        probe: &Quantised,
        bar: &mut f32,
        reaching: impl FnOnce(Reaching) -> f32,
    ) {
        let lower = kernel::row(&self.lower[self.lower_at(row)], &probe.codes);
        let slack = probe.slack(self.errors[row]);
        let bound = probe.fine(upper, lower) * self.scales[row] + slack;
        if bound >= *bar {
            let width = 2.0 * slack;
            *bar = reaching(Reaching { row, bound, width });
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        for line in &mut self.upper {
            line.0.zeroize();
        }
        self.lower.as_flattened_mut().zeroize();
        self.exact.zeroize();
    }
}
