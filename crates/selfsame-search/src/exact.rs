//! Search that looks at every template.

use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::ops::Range;

use selfsame_face::template::{ComparisonScore, Template, TemplateModel};

use crate::block::{self, Block, ROWS};
use crate::quantise::Quantised;
use crate::{Hit, Search, SearchError};

/// Blocks worth a thread of their own: some 60,000 templates take half a millisecond, a thread a twentieth of that.
const BLOCKS_A_THREAD: usize = 256;

/// Candidates are thinned for the first time when there are so many.
const CANDIDATES: usize = 1024;

/// Searches exhaustively: what it gives is what comparing with every template would give.
///
/// A first pass over the templates in 8 bits, an eighth of a kilobyte each, rules out all that cannot be among the best; the
/// rest are compared in full. Each template of 128 numbers takes 648 bytes; taking one in, replacing or removing it takes constant time.
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

    /// Looks at some blocks.
    fn scan(&self, blocks: Range<usize>, probe: &Quantised, most: usize, at_least: f32) -> Found {
        let mut found = Found::new(most, at_least);
        let mut bounds = [0f32; ROWS];
        for (at, block) in self.blocks[blocks.clone()].iter().enumerate() {
            let first = (blocks.start + at) * ROWS;
            let rows = ROWS.min(self.keys.len() - first);
            block.bounds(probe, &mut bounds);
            for (row, bound) in bounds[..rows].iter().enumerate() {
                if *bound >= found.bar {
                    found.add(first + row, *bound, block.width(row, probe));
                }
            }
        }
        found
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

    fn add(&mut self, row: usize, bound: f32, width: f32) {
        self.candidates.push((row, bound));
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
        let (quantised, at_least) = (Quantised::new(probe), at_least.value());
        let threads = self
            .threads
            .get()
            .min(self.blocks.len().div_ceil(BLOCKS_A_THREAD));
        let share = self.blocks.len().div_ceil(threads);
        let part = |n: usize| n * share..((n + 1) * share).min(self.blocks.len());
        let scan = |n| self.scan(part(n), &quantised, most, at_least);
        let found = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|n| scope.spawn(move || scan(n))).collect();
            let mut found = scan(0);
            for other in others {
                match other.join() {
                    Ok(more) => found.merge(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            found
        });
        let mut hits: Vec<(usize, f32)> = found
            .candidates
            .iter()
            .filter(|(_, bound)| *bound >= found.bar)
            .map(|(row, _)| (*row, self.blocks[row / ROWS].score(row % ROWS, probe)))
            .filter(|(_, score)| *score >= at_least)
            .collect();
        hits.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(a.cmp(b)));
        hits.truncate(most);
        hits.into_iter()
            .map(|(row, score)| Hit {
                key: self.keys[row].clone(),
                score: ComparisonScore::new(score),
            })
            .collect()
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::synthetic::Directions;

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    /// Any score will do.
    fn any() -> ComparisonScore {
        ComparisonScore::new(-1.0)
    }

    fn threads(n: usize) -> NonZeroUsize {
        NonZeroUsize::new(n).unwrap()
    }

    /// What comparing with every template gives.
    fn by_hand(all: &[(u32, Template)], probe: &Template, most: usize, at_least: f32) -> Vec<f32> {
        let mut scores: Vec<f32> = all
            .iter()
            .map(|(_, t)| probe.compare(t).unwrap().value())
            .collect();
        scores.retain(|s| *s >= at_least);
        scores.sort_by(|a, b| b.total_cmp(a));
        scores.truncate(most);
        scores
    }

    fn scores(hits: &[Hit<u32>]) -> Vec<f32> {
        hits.iter().map(|h| h.score.value()).collect()
    }

    #[test]
    fn it_finds_what_comparing_with_all_finds() {
        let mut directions = Directions::new(3);
        // Clustered, so that many are close to the best; and enough of them for two threads and a block begun.
        let centres: Vec<Template> = (0..40).map(|_| directions.template()).collect();
        let mut all = Vec::new();
        for n in 0..(2 * BLOCKS_A_THREAD * ROWS + 100) as u32 {
            let template = match n % 64 {
                c if (c as usize) < centres.len() => directions.near(&centres[c as usize], 0.8),
                _ => directions.template(),
            };
            all.push((n, template));
        }
        for threads in [ONE, threads(3)] {
            let mut search = ExactSearch::new(threads);
            for (key, template) in &all {
                search.put(*key, template).unwrap();
            }
            for (most, at_least) in [
                (1, -1.0),
                (10, -1.0),
                (5, 0.9),
                (usize::MAX, 0.7),
                (usize::MAX, 0.3),
            ] {
                let probe = directions.near(&centres[7], 0.9);
                let hits = search.nearest(&probe, most, ComparisonScore::new(at_least));
                assert_eq!(scores(&hits), by_hand(&all, &probe, most, at_least));
                for hit in hits {
                    assert_eq!(Some(hit.score), probe.compare(&all[hit.key as usize].1));
                }
            }
        }
    }

    #[test]
    fn an_empty_one_finds_nothing() {
        let mut search = ExactSearch::new(ONE);
        let template = Directions::new(1).template();
        assert_eq!(search.nearest(&template, 3, any()), Vec::new());
        search.put(1, &template).unwrap();
        assert_eq!(search.nearest(&template, 0, any()), Vec::new());
        assert!(search.remove(&1) && !search.remove(&1));
        assert_eq!(search.nearest(&template, 3, any()), Vec::new());
        assert_eq!((search.len(), search.memory()), (0, 0));
    }

    #[test]
    fn templates_of_another_model_or_length_are_not_mixed_in() {
        let mut search = ExactSearch::new(ONE);
        let (short, long) = (
            Directions::of_length(1, 64).template(),
            Directions::of_length(1, 512).template(),
        );
        let renamed = TemplateModel::new("another").unwrap();
        let renamed = Template::new(short.values(), &renamed).unwrap();
        search.put(1, &short).unwrap();
        for other in [&long, &renamed] {
            assert_eq!(search.put(2, other), Err(SearchError::OtherModel));
            assert_eq!(search.nearest(other, 3, any()), Vec::new());
        }
        // Once the last one is gone, it may be filled with another model's.
        assert!(search.remove(&1));
        search.put(2, &long).unwrap();
        assert_eq!(search.nearest(&long, 3, any())[0].key, 2);
        assert!(search.nearest(&short, 3, any()).is_empty());
    }

    #[test]
    fn it_finds_long_templates_as_comparing_with_all_does() {
        for length in [16, 200, 512] {
            let mut directions = Directions::of_length(4, length);
            let all: Vec<(u32, Template)> = (0..600).map(|n| (n, directions.template())).collect();
            let mut search = ExactSearch::new(ONE);
            for (key, template) in &all {
                search.put(*key, template).unwrap();
            }
            let probe = directions.near(&all[5].1, 0.6);
            let hits = search.nearest(&probe, 9, any());
            assert_eq!(scores(&hits), by_hand(&all, &probe, 9, -1.0));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_follows_every_change(changes in prop::collection::vec((0u32..300, prop::bool::ANY), 0..900)) {
            let mut directions = Directions::new(9);
            let mut search = ExactSearch::new(ONE);
            let mut all: HashMap<u32, Template> = HashMap::new();
            for (key, put) in changes {
                if put {
                    let template = directions.template();
                    search.put(key, &template).unwrap();
                    all.insert(key, template);
                } else {
                    prop_assert_eq!(search.remove(&key), all.remove(&key).is_some());
                }
            }
            prop_assert_eq!(search.len(), all.len());
            for (key, template) in &all {
                let hits = search.nearest(template, 1, any());
                prop_assert_eq!(hits[0].key, *key);
            }
            let probe = directions.template();
            let all: Vec<_> = all.into_iter().collect();
            prop_assert_eq!(scores(&search.nearest(&probe, 7, any())), by_hand(&all, &probe, 7, -1.0));
        }
    }
}
