//! Search that looks at every template.

use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use selfsame_face::template::{ComparisonScore, Template, TemplateModel};

use crate::block::{self, Block, ROWS, Reaching};
use crate::quantise::Quantised;
use crate::{Hit, Search, SearchError};

/// Blocks worth a thread of their own: some 60,000 templates take a quarter of a millisecond, a thread a tenth of that.
const BLOCKS_A_THREAD: usize = 256;

/// Blocks that a thread takes at a time: a thread that is held up leaves the rest to others.
const BLOCKS_A_TURN: usize = 16;

/// Probes that are looked for in one pass: so many sums fit a processor's registers.
const PROBES_A_PASS: usize = 4;

/// Candidates are thinned for the first time when there are so many.
const CANDIDATES: usize = 1024;

/// Searches exhaustively: what it gives is what comparing with every template would give.
///
/// A first pass over the templates in 4 bits, 64 bytes each of 128 numbers, rules out all that cannot be among the best; of the rest 4 bits
/// more are looked at, and what is still left is compared in full. Each template of 128 numbers takes 652 bytes; taking one in, replacing or
/// removing it takes constant time.
pub struct ExactSearch<K> {
    /// The model and length of the templates, once there was one.
    kind: Option<(TemplateModel, usize)>,
    blocks: Vec<Block>,
    /// The key of each row, in order.
    keys: Vec<K>,
    rows: HashMap<K, u32>,
    threads: NonZeroUsize,
}

impl<K> std::fmt::Debug for ExactSearch<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExactSearch({} templates)", self.keys.len())
    }
}

impl<K: Clone + Eq + Hash> ExactSearch<K> {
    /// An empty one. Large galleries are searched by up to `threads` threads at once.
    #[must_use]
    pub fn new(threads: NonZeroUsize) -> Self {
        Self {
            kind: None,
            blocks: Vec::new(),
            keys: Vec::new(),
            rows: HashMap::new(),
            threads,
        }
    }

    /// The same, searched by up to so many threads.
    #[must_use]
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// Whether a template compares with those that are there.
    fn is_of_kind(&self, template: &Template) -> bool {
        self.kind.as_ref().is_some_and(|(model, length)| {
            model == template.model() && *length == template.values().len()
        })
    }

    /// Looks at the blocks that are left, some at a time.
    fn scan<const PROBES: usize>(
        &self,
        left: &AtomicUsize,
        probes: &[&Quantised; PROBES],
        most: usize,
        at_least: f32,
    ) -> [Found; PROBES] {
        let mut found: [Found; PROBES] = std::array::from_fn(|_| Found::new(most, at_least));
        let mut bars = [at_least; PROBES];
        loop {
            let first = left.fetch_add(BLOCKS_A_TURN, Relaxed);
            let blocks = self.blocks.iter().enumerate();
            let mut looked = false;
            for (at, block) in blocks.skip(first).take(BLOCKS_A_TURN) {
                looked = true;
                let rows = ROWS.min(self.keys.len() - at * ROWS);
                block.look(rows, probes, &mut bars, |n, reaching| {
                    found[n].add(at * ROWS, &reaching);
                    found[n].bar
                });
            }
            if !looked {
                return found;
            }
        }
    }

    /// Searches with several probes of the gallery's kind in one pass over memory.
    fn pass<const PROBES: usize>(
        &self,
        probes: [&Template; PROBES],
        most: usize,
        at_least: f32,
    ) -> [Vec<Hit<K>>; PROBES]
    where
        K: Send + Sync,
    {
        let quantised = probes.map(Quantised::new);
        let quantised = quantised.each_ref();
        let threads = self
            .threads
            .get()
            .min(self.blocks.len().div_ceil(BLOCKS_A_THREAD));
        let left = AtomicUsize::new(0);
        let scan = || self.scan(&left, &quantised, most, at_least);
        let found = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(scan)).collect();
            let mut found = scan();
            for other in others {
                match other.join() {
                    Ok(more) => {
                        for (found, more) in found.iter_mut().zip(more) {
                            found.merge(more);
                        }
                    }
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            found
        });
        std::array::from_fn(|n| self.hits(&found[n], probes[n], at_least))
    }

    /// Compares in full what is left.
    fn hits(&self, found: &Found, probe: &Template, at_least: f32) -> Vec<Hit<K>> {
        let candidates = found.candidates.iter();
        let mut hits: Vec<(usize, f32)> = candidates
            .filter(|(_, bound)| *bound >= found.bar)
            .map(|(row, _)| (*row, self.blocks[row / ROWS].score(row % ROWS, probe)))
            .filter(|(_, score)| *score >= at_least)
            .collect();
        hits.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(a.cmp(b)));
        hits.truncate(found.most);
        hits.into_iter()
            .map(|(row, score)| Hit {
                key: self.keys[row].clone(),
                score: ComparisonScore::new(score),
            })
            .collect()
    }
}

/// Rows that may be among the best.
struct Found {
    most: usize,
    /// What a row's score must be able to reach.
    bar: f32,
    /// The scores that the best rows reach at least; the least of them on top.
    reached: BinaryHeap<std::cmp::Reverse<Ordered>>,
    candidates: Vec<(usize, f32)>,
    thin_at: usize,
}

#[derive(PartialEq)]
struct Ordered(f32);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Found {
    fn new(most: usize, at_least: f32) -> Self {
        Self {
            most,
            bar: at_least,
            reached: BinaryHeap::new(),
            candidates: Vec::new(),
            thin_at: CANDIDATES,
        }
    }

    /// Takes in a row of the block that begins at `first`.
    fn add(&mut self, first: usize, reaching: &Reaching) {
        let Reaching { row, bound, width } = *reaching;
        self.candidates.push((first + row, bound));
        self.reach(bound - width);
        if self.candidates.len() > self.thin_at {
            self.candidates.retain(|(_, bound)| *bound >= self.bar);
            // Doubled, so that thinning among many that are alike does not cost more than it saves.
            self.thin_at = self.candidates.len().saturating_mul(2).max(CANDIDATES);
        }
    }

    fn reach(&mut self, score: f32) {
        self.reached.push(std::cmp::Reverse(Ordered(score)));
        if self.reached.len() > self.most {
            self.reached.pop();
        }
        if self.reached.len() == self.most
            && let Some(std::cmp::Reverse(least)) = self.reached.peek()
        {
            self.bar = self.bar.max(least.0);
        }
    }

    fn merge(&mut self, other: Self) {
        for std::cmp::Reverse(score) in other.reached {
            self.reach(score.0);
        }
        self.candidates.extend(other.candidates);
    }
}

impl<K: Clone + Eq + Hash + Send + Sync> Search<K> for ExactSearch<K> {
    fn put(&mut self, key: K, template: &Template) -> Result<(), SearchError> {
        let length = template.values().len();
        if self.keys.is_empty() {
            self.kind = Some((template.model().clone(), length));
        }
        if !self.is_of_kind(template) {
            return Err(SearchError::OtherModel);
        }
        if let Some(row) = self.rows.get(&key) {
            let row = *row as usize;
            self.blocks[row / ROWS].write(row % ROWS, template);
            return Ok(());
        }
        let row = self.keys.len();
        let number = u32::try_from(row).map_err(|_| SearchError::Full(u32::MAX as usize))?;
        if row == self.blocks.len() * ROWS {
            self.blocks.push(Block::new(length));
        }
        self.blocks[row / ROWS].write(row % ROWS, template);
        self.keys.push(key.clone());
        self.rows.insert(key, number);
        Ok(())
    }

    fn remove(&mut self, key: &K) -> bool {
        let Some(row) = self.rows.remove(key) else {
            return false;
        };
        // The last row takes the place of the one that goes.
        let (row, last) = (row as usize, self.keys.len() - 1);
        if row != last {
            let moved = self.blocks[last / ROWS].row(last % ROWS);
            self.blocks[row / ROWS].put_row(row % ROWS, &moved);
            self.rows.insert(self.keys[last].clone(), row as u32);
        }
        self.keys.swap_remove(row);
        self.blocks[last / ROWS].wipe(last % ROWS);
        if last.is_multiple_of(ROWS) {
            self.blocks.pop();
        }
        true
    }

    fn nearest(&self, probe: &Template, most: usize, at_least: ComparisonScore) -> Vec<Hit<K>> {
        if most == 0 || self.keys.is_empty() || !self.is_of_kind(probe) {
            return Vec::new();
        }
        let [hits] = self.pass([probe], most, at_least.value());
        hits
    }

    fn nearest_each(
        &self,
        probes: &[&Template],
        most: usize,
        at_least: ComparisonScore,
    ) -> Vec<Vec<Hit<K>>> {
        let (passes, rest) = probes.as_chunks::<PROBES_A_PASS>();
        let mut each = Vec::with_capacity(probes.len());
        for probes in passes {
            let alike = probes.iter().all(|probe| self.is_of_kind(probe));
            if most == 0 || self.keys.is_empty() || !alike {
                each.extend(probes.iter().map(|p| self.nearest(p, most, at_least)));
            } else {
                each.extend(self.pass(*probes, most, at_least.value()));
            }
        }
        each.extend(rest.iter().map(|p| self.nearest(p, most, at_least)));
        each
    }

    fn len(&self) -> usize {
        self.keys.len()
    }

    fn memory(&self) -> usize {
        let length = self.kind.as_ref().map_or(0, |(_, length)| *length);
        self.blocks.len() * block::bytes(length)
    }
}

#[cfg(test)]
mod tests;
