//! Templates in, nearest out: the search behind 1:N comparison. Knows nothing of jobs, HTTP or storage.
//!
//! [`ExactSearch`] looks at every template and misses none. `IndexedSearch` (feature `index`) looks at few of them, for
//! galleries past some millions; it may miss, and says how often in `make bench`.

mod block;
mod exact;
#[cfg(feature = "index")]
mod index;
#[cfg(test)]
mod instruction_counts;
mod kernel;
mod quantise;
#[cfg(test)]
mod synthetic;

pub use exact::ExactSearch;
#[cfg(feature = "index")]
pub use index::IndexedSearch;

use selfsame_face::template::{ComparisonScore, Template};

/// A template that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit<K> {
    /// Whose it is.
    pub key: K,
    /// How alike it is to the probe: what [`Template::compare`] gives.
    pub score: ComparisonScore,
}

/// Why a template cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// More templates than a search counts.
    #[error("a search holds at most {0} templates")]
    Full(usize),
    /// The search holds another model's templates, which give no scores with it.
    #[error("a search holds templates of one model")]
    OtherModel,
    /// The index failed.
    #[error("the index: {0}")]
    Index(String),
}

/// A set of templates of one model, whichever its first was of; one for each key. It can be searched.
pub trait Search<K>: Send + Sync {
    /// Takes a template in, in place of the key's earlier one.
    ///
    /// # Errors
    /// [`SearchError`] when it is of another model than the others, or there is no room for it; the earlier one may be gone then.
    fn put(&mut self, key: K, template: &Template) -> Result<(), SearchError>;

    /// Lets a key's template go. `false`: there was none.
    fn remove(&mut self, key: &K) -> bool;

    /// The templates that score at least `at_least` against the probe: the `most` best, best first.
    /// None where the probe is of another model.
    fn nearest(&self, probe: &Template, most: usize, at_least: ComparisonScore) -> Vec<Hit<K>>;

    /// The same for each of several probes. Where a search goes over all templates, it does so once for some of them together.
    fn nearest_each(
        &self,
        probes: &[&Template],
        most: usize,
        at_least: ComparisonScore,
    ) -> Vec<Vec<Hit<K>>> {
        let nearest = |probe: &&Template| self.nearest(probe, most, at_least);
        probes.iter().map(nearest).collect()
    }

    /// How many templates there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held for the templates, without the keys.
    fn memory(&self) -> usize;
}
