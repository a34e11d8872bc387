//! The circuit breaker of one authority: after failures in a row it is left alone for a while; then one question tries.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How an authority stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is asked; so many failures were the last that it gave.
    Closed(u32),
    /// It is left alone until then.
    Open(Instant),
    /// One question tries whether it answers again.
    Probing,
}

/// Lets questions through to an authority, or keeps them from it.
#[derive(Debug)]
pub(super) struct Breaker {
    state: Mutex<State>,
    failures: u32,
    open_for: Duration,
    /// Told of each change: 0 closed, 1 open, 0.5 probing.
    gauge: metrics::Gauge,
}

/// Leave to ask once. Dropped without a word, as when whoever asked is gone, it says nothing about the authority.
#[derive(Debug)]
pub(super) struct Pass<'b> {
    breaker: &'b Breaker,
    probe: bool,
    used: bool,
}

impl Breaker {
    pub(super) fn new(failures: u32, open_for: Duration, gauge: metrics::Gauge) -> Self {
        gauge.set(0.0);
        Self {
            state: Mutex::new(State::Closed(0)),
            failures,
            open_for,
            gauge,
        }
    }

    /// Nothing can panic while the lock is held.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: &mut State, new: State) {
        *state = new;
        self.gauge.set(match new {
            State::Closed(_) => 0.0,
            State::Probing => 0.5,
            State::Open(_) => 1.0,
        });
    }

    /// Leave to ask.
    ///
    /// # Errors
    /// How long the authority is still left alone.
    pub(super) fn pass(&self) -> Result<Pass<'_>, Duration> {
        let mut state = self.state();
        let probe = match *state {
            State::Closed(_) => false,
            State::Open(until) => {
                let left = until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    return Err(left);
                }
                self.set(&mut state, State::Probing);
                true
            }
            State::Probing => return Err(self.open_for),
        };
        Ok(Pass {
            breaker: self,
            probe,
            used: false,
        })
    }
}

impl Pass<'_> {
    /// The authority answered.
    pub(super) fn succeeded(mut self) {
        self.used = true;
        let mut state = self.breaker.state();
        // Answers to what was asked before it opened are late: only the probe closes it.
        if self.probe || matches!(*state, State::Closed(_)) {
            self.breaker.set(&mut state, State::Closed(0));
        }
    }

    /// It did not. Tells whether it is left alone from now on.
    pub(super) fn failed(mut self) -> bool {
        self.used = true;
        let mut state = self.breaker.state();
        let failures = match *state {
            State::Closed(before) => before.saturating_add(1),
            State::Probing if self.probe => self.breaker.failures,
            State::Open(_) | State::Probing => return true,
        };
        let opens = failures >= self.breaker.failures;
        let new = if opens {
            State::Open(Instant::now() + self.breaker.open_for)
        } else {
            State::Closed(failures)
        };
        self.breaker.set(&mut state, new);
        opens
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe && !self.used {
            // The next question is the probe.
            let mut state = self.breaker.state();
            self.breaker.set(&mut state, State::Open(Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOR: Duration = Duration::from_secs(30);

    fn breaker() -> Breaker {
        Breaker::new(3, FOR, metrics::Gauge::noop())
    }

    async fn opened() -> Breaker {
        let breaker = breaker();
        for last in [false, false, true] {
            assert_eq!(breaker.pass().unwrap().failed(), last);
        }
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it_and_others_do_not() {
        let breaker = breaker();
        for _ in 0..5 {
            assert!(!breaker.pass().unwrap().failed());
            assert!(!breaker.pass().unwrap().failed());
            breaker.pass().unwrap().succeeded();
        }
        let breaker = opened().await;
        assert_eq!(breaker.pass().unwrap_err(), FOR);
        tokio::time::advance(FOR / 3).await;
        assert_eq!(breaker.pass().unwrap_err(), FOR - FOR / 3);
    }

    #[tokio::test(start_paused = true)]
    async fn one_probe_decides() {
        let breaker = opened().await;
        tokio::time::advance(FOR).await;
        let probe = breaker.pass().unwrap();
        assert!(breaker.pass().is_err(), "one probe at a time");
        assert!(probe.failed());
        assert_eq!(breaker.pass().unwrap_err(), FOR);
        tokio::time::advance(FOR).await;
        breaker.pass().unwrap().succeeded();
        // It counts from nothing again.
        assert!(!breaker.pass().unwrap().failed());
        assert!(breaker.pass().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_given_up_leaves_room_for_the_next() {
        let breaker = opened().await;
        tokio::time::advance(FOR).await;
        drop(breaker.pass().unwrap());
        breaker.pass().unwrap().succeeded();
        assert!(breaker.pass().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn late_answers_do_not_close_it() {
        let breaker = breaker();
        let early = breaker.pass().unwrap();
        for _ in 0..3 {
            breaker.pass().unwrap().failed();
        }
        early.succeeded();
        assert!(breaker.pass().is_err());
    }
}
