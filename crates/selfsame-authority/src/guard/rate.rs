//! How many tries may begin each second.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use tokio::time::Instant;

/// Spreads tries over time; without a limit, none waits.
#[derive(Debug)]
pub(super) struct Rate {
    limiter: Option<DefaultDirectRateLimiter>,
    clock: DefaultClock,
}

impl Rate {
    /// So many each second, one at a time: an authority's own limits seldom allow bursts.
    pub(super) fn new(per_second: Option<NonZeroU32>) -> Self {
        let quota = |n| Quota::per_second(n).allow_burst(NonZeroU32::MIN);
        Self {
            limiter: per_second.map(|n| DefaultDirectRateLimiter::direct(quota(n))),
            clock: DefaultClock::default(),
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// How long it would take, where that is beyond the deadline.
    pub(super) async fn turn(&self, deadline: Instant) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        loop {
            let Err(not_until) = limiter.check() else {
                return Ok(());
            };
            let wait = not_until.wait_time_from(self.clock.now());
            if Instant::now() + wait > deadline {
                return Err(wait);
            }
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_would_wait_too_long_is_told_at_once() {
        let rate = Rate::new(NonZeroU32::new(1));
        let now = Instant::now();
        assert_eq!(rate.turn(now).await, Ok(()));
        // Each second that the machine stands still is one more's turn.
        let mut next = rate.turn(now).await;
        for _ in 0..100 {
            if next.is_err() {
                break;
            }
            next = rate.turn(now).await;
        }
        let wait = next.unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        let unlimited = Rate::new(None);
        for _ in 0..1000 {
            assert_eq!(unlimited.turn(now).await, Ok(()));
        }
    }

    #[tokio::test]
    async fn turns_come_one_after_another() {
        let rate = Rate::new(NonZeroU32::new(100));
        let began = std::time::Instant::now();
        let deadline = Instant::now() + Duration::from_secs(60);
        for _ in 0..4 {
            assert_eq!(rate.turn(deadline).await, Ok(()));
        }
        assert!(
            began.elapsed() >= Duration::from_millis(29),
            "three waits of ten"
        );
    }
}
