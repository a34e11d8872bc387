//! Which results have come before.

use std::collections::{HashSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use crate::result::JobResult;

/// Remembers the latest results, in memory: a callback may come more than once, at once or after a lost answer.
///
/// A service with more than one process, or one that must not do a thing twice after a restart, keeps the same names
/// (`SmileJobID` and `ResultCode`) in its own database instead.
#[derive(Debug)]
pub struct Received {
    capacity: NonZeroUsize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    known: HashSet<String>,
    in_order: VecDeque<String>,
}

impl Received {
    /// Remembers so many results.
    #[must_use]
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self {
            capacity,
            kept: Mutex::default(),
        }
    }

    /// Whether the result comes for the first time. A job has one result, or a provisional and a final one.
    pub fn first(&self, result: &JobResult) -> bool {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let name = text(result.smile_job_id()) + " " + &text(result.result_code());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.known.insert(name.clone()) {
            return false;
        }
        kept.in_order.push_back(name);
        if kept.in_order.len() > self.capacity.get()
            && let Some(oldest) = kept.in_order.pop_front()
        {
            kept.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_first_once_among_the_latest() {
        let result = |job: &str, code: &str| {
            JobResult::new(serde_json::json!({"SmileJobID": job, "ResultCode": code}))
        };
        let received = Received::new(NonZeroUsize::new(2).unwrap());
        assert!(received.first(&result("a", "0822")));
        assert!(!received.first(&result("a", "0822")));
        assert!(received.first(&result("a", "1220")));
        assert!(received.first(&result("b", "0820")));
        assert!(!received.first(&result("a", "1220")));
        assert!(received.first(&result("a", "0822")), "forgotten by now");
    }
}
