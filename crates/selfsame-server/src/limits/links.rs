//! How often one link may be opened.
//!
//! Whoever has a link may open it, and what they ask with its tokens costs its partner part of the partner's own rate: a link that
//! many pass around, or one whose holder means harm, must not take all of it. Each node limits by itself.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use selfsame_wire::v3::smile_link::LinkRef;

/// Requests at one link and with its tokens, each second. A visit makes three to five: the page, a token or two, a challenge, the job.
const PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// Requests that may come at once: some people who open a link for many at the same time.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(119);
/// From so many links on, those that have been quiet are forgotten.
const MANY: usize = 4096;

/// A rate limit for each link.
#[derive(Debug)]
pub(crate) struct LinkRates {
    limiter: DefaultKeyedRateLimiter<LinkRef>,
    clock: DefaultClock,
}

impl Default for LinkRates {
    fn default() -> Self {
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(
                Quota::per_second(PER_SECOND).allow_burst(BURST),
            ),
            clock: DefaultClock::default(),
        }
    }
}

impl LinkRates {
    /// Counts a request at a link that exists: names that somebody made up take no room here.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn check(&self, link: &LinkRef) -> Result<(), Duration> {
        if self.limiter.len() >= MANY {
            self.limiter.retain_recent();
        }
        self.limiter
            .check_key(link)
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_link_has_its_own_share() {
        let rates = LinkRates::default();
        let (one, other) = (LinkRef::from_random([1; 16]), LinkRef::from_random([2; 16]));
        let let_in = (0..BURST.get() + 10)
            .filter(|_| rates.check(&one).is_ok())
            .count();
        // However slow the machine, hardly more than the burst comes through at once.
        assert!(let_in >= BURST.get() as usize);
        assert!(rates.check(&other).is_ok());
        let waits = |_| rates.check(&one).is_err_and(|wait| !wait.is_zero());
        assert!((0..1000).any(waits));
    }
}
