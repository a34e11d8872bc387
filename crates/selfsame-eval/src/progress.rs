//! Work on all cores, in the order of its input, with progress told as it goes.

use rayon::prelude::*;

/// Who is told how far the work has come.
pub trait Progress: Sync {
    /// A stage begins that has `total` steps.
    fn begin(&self, stage: &str, total: usize);
    /// A step was done. Called from many threads.
    fn advance(&self);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _stage: &str, _total: usize) {}
    fn advance(&self) {}
}

/// Does `work` on each item, on the threads of the current rayon pool. The output is in the order of the input, whatever
/// the threads did.
///
/// # Errors
/// That of the first item that failed; which of several is reported depends on the threads.
pub(crate) fn on_each<T: Sync, R: Send, E: Send>(
    stage: &str,
    items: &[T],
    progress: &dyn Progress,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    progress.begin(stage, items.len());
    items
        .par_iter()
        .map(|item| {
            let done = work(item);
            progress.advance();
            done
        })
        .collect()
}
