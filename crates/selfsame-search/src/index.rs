//! Search by a graph index: looks at few templates, and may miss.

use std::collections::HashMap;
use std::hash::Hash;

use selfsame_face::template::{ComparisonScore, Template, TemplateModel};
use usearch::{Index, IndexOptions, MetricKind, ScalarKind};

use crate::{Hit, Search, SearchError};

/// Neighbours that the graph keeps for each template.
const CONNECTIVITY: usize = 32;
/// Templates looked at while one is taken in.
const EXPANSION_ADD: usize = 128;
/// Templates looked at in a search. The recall that this gives is in `make bench`.
const EXPANSION_SEARCH: usize = 512;

/// Searches a graph of neighbours (HNSW, by usearch): time grows with the logarithm of how many there are.
///
/// Taking a template in costs about a millisecond. The index is never written to disk, where it would stand in the clear; it is
/// built anew at each start. Its memory is the library's, which does not wipe it.
pub struct IndexedSearch<K> {
    /// Made for the first template's length.
    index: Option<(Index, TemplateModel)>,
    keys: HashMap<u64, K>,
    labels: HashMap<K, u64>,
    next: u64,
}

impl<K> std::fmt::Debug for IndexedSearch<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IndexedSearch({} templates)", self.keys.len())
    }
}

fn failed(error: impl std::fmt::Display) -> SearchError {
    SearchError::Index(error.to_string())
}

impl<K: Clone + Eq + Hash> Default for IndexedSearch<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Clone + Eq + Hash> IndexedSearch<K> {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            index: None,
            keys: HashMap::new(),
            labels: HashMap::new(),
            next: 0,
        }
    }

    /// The index for templates like this one.
    fn index_for(&mut self, template: &Template) -> Result<&Index, SearchError> {
        if self.keys.is_empty() && !self.is_of_kind(template) {
            let index = Self::empty(template.values().len())?;
            self.index = Some((index, template.model().clone()));
        }
        match &self.index {
            Some((index, _)) if self.is_of_kind(template) => Ok(index),
            _ => Err(SearchError::OtherModel),
        }
    }

    fn is_of_kind(&self, template: &Template) -> bool {
        self.index.as_ref().is_some_and(|(index, model)| {
            model == template.model() && index.dimensions() == template.values().len()
        })
    }

    fn empty(dimensions: usize) -> Result<Index, SearchError> {
        Index::new(&IndexOptions {
            dimensions,
            metric: MetricKind::IP,
            // Full precision: the scores are then the templates' own, and need not be computed again.
            quantization: ScalarKind::F32,
            connectivity: CONNECTIVITY,
            expansion_add: EXPANSION_ADD,
            expansion_search: EXPANSION_SEARCH,
            multi: false,
        })
        .map_err(failed)
    }
}

impl<K: Clone + Eq + Hash + Send + Sync> Search<K> for IndexedSearch<K> {
    fn put(&mut self, key: K, template: &Template) -> Result<(), SearchError> {
        self.remove(&key);
        // A label is used once: where the graph still finds a removed template, its label must not lead to another key.
        let label = self.next;
        self.next += 1;
        let index = self.index_for(template)?;
        if index.size() == index.capacity() {
            let more = (index.capacity() * 2).max(1024);
            index.reserve(more).map_err(failed)?;
        }
        index.add::<f32>(label, template.values()).map_err(failed)?;
        self.keys.insert(label, key.clone());
        self.labels.insert(key, label);
        Ok(())
    }

    fn remove(&mut self, key: &K) -> bool {
        let Some(label) = self.labels.remove(key) else {
            return false;
        };
        self.keys.remove(&label);
        // The caller can do nothing about a failure, and none matters: a hit on a label without a key is dropped.
        if let Some((index, _)) = &self.index {
            let _ = index.remove(label);
        }
        true
    }

    fn nearest(&self, probe: &Template, most: usize, at_least: ComparisonScore) -> Vec<Hit<K>> {
        let most = most.min(self.keys.len());
        let Some((index, _)) = &self.index else {
            return Vec::new();
        };
        if most == 0 || !self.is_of_kind(probe) {
            return Vec::new();
        }
        let Ok(matches) = index.search::<f32>(probe.values(), most) else {
            return Vec::new();
        };
        matches
            .keys
            .iter()
            .zip(&matches.distances)
            .map(|(label, distance)| (label, ComparisonScore::new(1.0 - distance)))
            .filter(|(_, score)| *score >= at_least)
            .filter_map(|(label, score)| {
                let key = self.keys.get(label)?.clone();
                Some(Hit { key, score })
            })
            .collect()
    }

    fn len(&self) -> usize {
        self.keys.len()
    }

    fn memory(&self) -> usize {
        self.index
            .as_ref()
            .map_or(0, |(index, _)| index.memory_usage())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::ExactSearch;
    use crate::synthetic::Directions;

    #[test]
    fn it_finds_near_duplicates_and_follows_changes() {
        let mut directions = Directions::new(5);
        let mut index = IndexedSearch::new();
        let mut exact = ExactSearch::new(NonZeroUsize::MIN);
        let all: Vec<Template> = (0..3000).map(|_| directions.template()).collect();
        for (key, template) in all.iter().enumerate() {
            index.put(key, template).unwrap();
            exact.put(key, template).unwrap();
        }
        for key in (0..3000).step_by(3) {
            assert!(index.remove(&key) && exact.remove(&key));
            assert!(!index.remove(&key));
        }
        let replaced = directions.template();
        index.put(1, &replaced).unwrap();
        exact.put(1, &replaced).unwrap();
        assert_eq!(index.len(), exact.len());
        let at_least = ComparisonScore::new(0.5);
        let mut found = 0;
        for key in (2..3000).step_by(30) {
            let probe = directions.near(&all[key], 0.7);
            let (a, b) = (
                index.nearest(&probe, 1, at_least),
                exact.nearest(&probe, 1, at_least),
            );
            found += usize::from(a.first().map(|h| h.key) == b.first().map(|h| h.key));
            let apart = a[0].score.value() - b[0].score.value();
            assert!(apart.abs() < 1e-4, "{apart}");
        }
        assert!(found >= 98, "{found} of 100");
        assert_eq!(index.nearest(&replaced, 1, at_least)[0].key, 1);
        assert!(
            index
                .nearest(&all[0], 5, at_least)
                .iter()
                .all(|h| h.key != 0)
        );
    }
}
