//! How many requests a partner may make.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use selfsame_wire::id::{Environment, PartnerId};

/// A rate limit for each partner and environment.
#[derive(Debug)]
pub struct PartnerRates {
    limiter: DefaultKeyedRateLimiter<(PartnerId, Environment)>,
    clock: DefaultClock,
}

impl PartnerRates {
    /// So many requests per second, with so many at once; zero counts as one.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        let some = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(some(per_second)).allow_burst(some(burst));
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait, when the partner has spent its share.
    pub fn check(&self, partner: &PartnerId, environment: Environment) -> Result<(), Duration> {
        self.limiter
            .check_key(&(partner.clone(), environment))
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partner_and_environment_has_its_own_share() {
        let rates = PartnerRates::new(1, 2);
        let (a, b) = (PartnerId::new("a").unwrap(), PartnerId::new("b").unwrap());
        assert!(rates.check(&a, Environment::Sandbox).is_ok());
        assert!(rates.check(&a, Environment::Sandbox).is_ok());
        assert!(rates.check(&a, Environment::Sandbox).is_err());
        assert!(rates.check(&a, Environment::Production).is_ok());
        assert!(rates.check(&b, Environment::Sandbox).is_ok());
    }
}
