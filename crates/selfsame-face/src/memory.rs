//! One budget of bytes for the pictures in memory, whoever decodes them. What does not fit now waits; what never fits is refused.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes that pictures may take together. Clones share it.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    total: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    left: u64,
    /// Who comes is served in order, so that many small pictures do not keep a large one out.
    next_ticket: u64,
    serving: u64,
}

/// A part of the budget; given back when dropped.
#[derive(Debug)]
pub struct MemoryShare {
    shared: Arc<Shared>,
    bytes: u64,
}

/// More than the whole budget was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{needed} bytes are needed, and the whole budget is {total}")]
pub struct NeverFits {
    /// Bytes asked for.
    pub needed: u64,
    /// Bytes of the budget.
    pub total: u64,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                total: bytes,
                state: Mutex::new(State {
                    left: bytes,
                    next_ticket: 0,
                    serving: 0,
                }),
                changed: Condvar::new(),
            }),
        }
    }

    /// Takes a share, and waits for it where others have too much. The thread waits: this is for threads that compute.
    /// Whoever holds a share must not take another, or two may wait for each other for ever.
    ///
    /// # Errors
    /// When the budget would not do even if nobody else had a share.
    pub fn take(&self, bytes: u64) -> Result<MemoryShare, NeverFits> {
        let total = self.shared.total;
        if bytes > total {
            return Err(NeverFits {
                needed: bytes,
                total,
            });
        }
        let mut state = self.shared.state();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        while state.serving != ticket || state.left < bytes {
            state = self
                .shared
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.left -= bytes;
        state.serving += 1;
        drop(state);
        self.shared.changed.notify_all();
        Ok(MemoryShare {
            shared: Arc::clone(&self.shared),
            bytes,
        })
    }

    /// Bytes that nobody has.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.shared.state().left
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, bytes: u64) {
        self.state().left += bytes;
        self.changed.notify_all();
    }
}

impl MemoryShare {
    /// Gives back all but so many bytes.
    pub fn shrink(&mut self, to: u64) {
        let freed = self.bytes.saturating_sub(to);
        self.bytes -= freed;
        self.shared.give_back(freed);
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.shared.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn what_never_fits_is_refused_at_once() {
        let budget = MemoryBudget::new(10);
        let held = budget.take(10).unwrap();
        let refused = NeverFits {
            needed: 11,
            total: 10,
        };
        assert_eq!(budget.take(11).unwrap_err(), refused);
        drop(held);
        assert_eq!(budget.left(), 10);
    }

    #[test]
    fn shares_together_never_pass_the_total_and_all_come_back() {
        let budget = MemoryBudget::new(100);
        let (held, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8u64 {
                let (budget, held, most) = (budget.clone(), &held, &most);
                scope.spawn(move || {
                    for round in 0..50 {
                        let bytes = 1 + (thread * 31 + round * 17) % 100;
                        let mut share = budget.take(bytes).unwrap();
                        let now = held.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        held.fetch_sub(bytes - bytes / 2, Ordering::SeqCst);
                        share.shrink(bytes / 2);
                        held.fetch_sub(bytes / 2, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 100);
        assert_eq!(budget.left(), 100);
    }

    #[test]
    fn a_large_share_is_not_passed_over_by_small_ones() {
        let budget = MemoryBudget::new(10);
        let first = budget.take(6).unwrap();
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let (large, order) = (budget.clone(), &order);
            scope.spawn(move || {
                let share = large.take(8).unwrap();
                order.lock().unwrap().push("large");
                drop(share);
            });
            while budget.shared.state().next_ticket < 2 {
                std::thread::yield_now();
            }
            // It would fit beside the first, but the large one came before.
            let small = budget.clone();
            scope.spawn(move || {
                let share = small.take(1).unwrap();
                order.lock().unwrap().push("small");
                drop(share);
            });
            while budget.shared.state().next_ticket < 3 {
                std::thread::yield_now();
            }
            assert!(order.lock().unwrap().is_empty());
            drop(first);
        });
        // The small one may enter as soon as the large one has been served.
        assert_eq!(order.lock().unwrap().len(), 2);
        assert_eq!(budget.left(), 10);
    }
}
