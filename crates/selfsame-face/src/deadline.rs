//! How long work may go on. A thread that computes cannot be stopped from outside, so what takes long asks again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A time by which work must have ended. Clones share it; the default is none.
#[derive(Debug, Clone, Default)]
pub struct Deadline(Option<Arc<Allowance>>);

#[derive(Debug)]
struct Allowance {
    began: Instant,
    allowed: Duration,
    /// Nanoseconds that do not count.
    excused: AtomicU64,
}

/// The deadline has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work took longer than {0:?}")]
pub struct Overdue(pub Duration);

impl Deadline {
    /// No deadline: for whoever analyses pictures of his own.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// So long from now.
    #[must_use]
    pub fn after(allowed: Duration) -> Self {
        Self(Some(Arc::new(Allowance {
            began: Instant::now(),
            allowed,
            excused: AtomicU64::new(0),
        })))
    }

    /// Whether there is time left.
    ///
    /// # Errors
    /// When there is none.
    pub fn check(&self) -> Result<(), Overdue> {
        let Some(allowance) = &self.0 else {
            return Ok(());
        };
        let excused = Duration::from_nanos(allowance.excused.load(Ordering::Relaxed));
        if allowance.began.elapsed().saturating_sub(excused) > allowance.allowed {
            return Err(Overdue(allowance.allowed));
        }
        Ok(())
    }

    /// Does not count a time that was spent waiting for others.
    pub fn excuse(&self, waited: Duration) {
        if let Some(allowance) = &self.0 {
            let nanos = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
            allowance.excused.fetch_add(nanos, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_was_waited_does_not_count() {
        let deadline = Deadline::after(Duration::ZERO);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(deadline.check(), Err(Overdue(Duration::ZERO)));
        deadline.clone().excuse(Duration::from_secs(3600));
        assert_eq!(deadline.check(), Ok(()));
        assert_eq!(Deadline::none().check(), Ok(()));
        assert_eq!(
            Deadline::after(Duration::from_secs(3600)).check(),
            Ok(()),
            "there is time left"
        );
    }
}
