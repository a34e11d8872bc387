//! A budget of bytes for request bodies held in memory: what does not fit waits outside.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const UNIT: usize = 1024;

/// Bytes that bodies may take together.
#[derive(Debug, Clone)]
pub struct BodyBudget {
    units: Arc<Semaphore>,
}

/// A body's share; given back when dropped.
#[derive(Debug)]
pub struct BodyShare {
    _permit: OwnedSemaphorePermit,
}

impl BodyBudget {
    /// A budget of so many bytes, rounded up to whole KiB.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self {
            units: Arc::new(Semaphore::new(
                bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS),
            )),
        }
    }

    /// Takes a share, or `None` when the budget is spent for now.
    #[must_use]
    pub fn take(&self, bytes: usize) -> Option<BodyShare> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
        let permit = Arc::clone(&self.units).try_acquire_many_owned(units).ok()?;
        Some(BodyShare { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_waits_until_a_share_is_given_back() {
        let budget = BodyBudget::new(10 * UNIT);
        let first = budget.take(8 * UNIT).unwrap();
        assert!(budget.take(3 * UNIT).is_none());
        drop(first);
        assert!(budget.take(10 * UNIT).is_some());
    }
}
