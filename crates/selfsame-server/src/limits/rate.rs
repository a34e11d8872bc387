//! How many requests a partner may make.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use selfsame_store::nodes::{Counted, NodeCount};
use selfsame_wire::id::{Environment, PartnerId};

use super::{NEAR, SharedLimit};

/// What one request takes of a share that is the partner's alone. Where other nodes serve the partner too, it takes more.
const WHOLE: u32 = 16;

type Caller = (PartnerId, Environment);

/// A rate limit for each partner and environment.
#[derive(Debug)]
pub(crate) struct PartnerRates {
    limiter: DefaultKeyedRateLimiter<Caller>,
    clock: DefaultClock,
    per_second: u32,
    /// The most that one request can take.
    burst: u32,
    /// Absent where no other node can serve the partners.
    demands: Option<Mutex<HashMap<Caller, Demand>>>,
}

/// How much a partner asks.
#[derive(Debug)]
struct Demand {
    /// Requests since `since`, let in or not.
    requests: u64,
    since: Instant,
    /// Requests per second at the last look.
    rate: u64,
    /// What each request takes.
    cost: u32,
}

impl PartnerRates {
    /// So many requests per second, with so many at once; zero counts as one. `shared`: other nodes may serve the same
    /// partners.
    pub(crate) fn new(per_second: u32, burst: u32, shared: bool) -> Self {
        let per_second = per_second.max(1);
        let burst = burst.max(1).saturating_mul(WHOLE);
        let some = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::per_second(some(per_second.saturating_mul(WHOLE))).allow_burst(some(burst));
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            per_second,
            burst,
            demands: shared.then(Mutex::default),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait, when the partner has spent its share.
    pub(crate) fn check(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<(), Duration> {
        let caller = (partner.clone(), environment);
        let cost = self.cost(&caller);
        let cost = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN);
        match self.limiter.check_key_n(&caller, cost) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => Err(not_until.wait_time_from(self.clock.now())),
            // A cost is never above the burst.
            Err(_) => Err(Duration::from_secs(1)),
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, HashMap<Caller, Demand>>> {
        let demands = self.demands.as_ref()?;
        Some(demands.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts the demand, and tells what the request takes.
    fn cost(&self, caller: &Caller) -> u32 {
        let Some(mut demands) = self.lock() else {
            return WHOLE;
        };
        let demand = demands.entry(caller.clone()).or_insert_with(|| Demand {
            requests: 0,
            since: Instant::now(),
            rate: 0,
            cost: WHOLE,
        });
        demand.requests += 1;
        demand.cost
    }
}

/// What a request takes where a partner asks `own` times a second here and `others` times elsewhere: so much that each node lets
/// in its part of `limit`, by what it is asked.
fn cost(own: u64, others: u64, limit: u32) -> u32 {
    let all = own.saturating_add(others);
    if own == 0 || all <= u64::from(limit) {
        return WHOLE;
    }
    let cost = u64::from(WHOLE).saturating_mul(all).div_ceil(own);
    // Never less than alone: `all` is at least `own`.
    u32::try_from(cost).unwrap_or(u32::MAX)
}

impl SharedLimit for PartnerRates {
    type Caller = Caller;

    const COUNTED: Counted = Counted::Requests;

    fn near(&self, now: Instant) -> Vec<(Caller, NodeCount)> {
        let Some(mut demands) = self.lock() else {
            return Vec::new();
        };
        for demand in demands.values_mut() {
            let passed = now.saturating_duration_since(demand.since).as_secs_f64();
            // The first look may come just after the first request, which would count as many a second.
            let rate = demand.requests as f64 / passed.max(1.0);
            demand.rate = rate.ceil() as u64;
            (demand.requests, demand.since) = (0, now);
        }
        demands.retain(|_, demand| demand.rate > 0);
        let near = (u64::from(self.per_second) / NEAR).max(1);
        let mut told = Vec::new();
        for (caller, demand) in demands.iter_mut() {
            if demand.rate < near {
                demand.cost = WHOLE;
                continue;
            }
            let key = format!("{}/{}", caller.0, caller.1);
            let count = demand.rate;
            told.push((caller.clone(), NodeCount { key, count }));
        }
        told
    }

    fn heard(&self, caller: &Caller, others: u64, _: Instant) {
        let Some(mut demands) = self.lock() else {
            return;
        };
        if let Some(demand) = demands.get_mut(caller) {
            demand.cost = cost(demand.rate, others, self.per_second).min(self.burst);
        }
    }

    fn alone(&self) {
        if let Some(mut demands) = self.lock() {
            for demand in demands.values_mut() {
                demand.cost = WHOLE;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner(name: &str) -> PartnerId {
        PartnerId::new(name).unwrap()
    }

    #[test]
    fn each_partner_and_environment_has_its_own_share() {
        for shared in [false, true] {
            let rates = PartnerRates::new(1, 2, shared);
            let (a, b) = (partner("a"), partner("b"));
            assert!(rates.check(&a, Environment::Sandbox).is_ok());
            assert!(rates.check(&a, Environment::Sandbox).is_ok());
            // Each second that the machine stands still lets one more in.
            let held_back = |_| rates.check(&a, Environment::Sandbox).is_err();
            assert!((0..100).any(held_back));
            assert!(rates.check(&a, Environment::Production).is_ok());
            assert!(rates.check(&b, Environment::Sandbox).is_ok());
        }
    }

    /// Three nodes that are asked unevenly let in the limit together, each its part.
    #[test]
    fn nodes_divide_a_limit_by_what_they_are_asked() {
        let asked = [300_u64, 90, 10];
        let limit = 100;
        let mut let_in = 0.0;
        for own in asked {
            let others = asked.iter().sum::<u64>() - own;
            let cost = cost(own, others, limit);
            let allowed = f64::from(limit) * f64::from(WHOLE) / f64::from(cost);
            assert!(allowed <= own as f64, "{own}");
            let_in += allowed;
        }
        assert!((90.0..=100.0).contains(&let_in), "{let_in}");
        // Within the limit nobody is held back, nor one that no other node serves.
        assert_eq!(cost(50, 50, 100), WHOLE);
        assert_eq!(cost(500, 0, 100), WHOLE);
        assert_eq!(cost(0, 500, 100), WHOLE);
        assert_eq!(cost(1, u64::MAX, 1), u32::MAX);
    }

    /// A node tells of a partner that asks much, and of no other.
    #[test]
    fn only_who_is_near_the_limit_is_told_of_and_held_back() {
        let rates = PartnerRates::new(80, 160, true);
        let (busy, calm) = (partner("busy"), partner("calm"));
        for _ in 0..40 {
            let _ = rates.check(&busy, Environment::Production);
        }
        let _ = rates.check(&calm, Environment::Production);
        // However slow the machine: a look comes at least a second after the requests.
        let look = Instant::now() + Duration::from_secs(1);
        let told = rates.near(look);
        assert_eq!(told.len(), 1);
        let (caller, told) = &told[0];
        assert_eq!(told.key, "busy/production");
        assert!((10..=40).contains(&told.count), "{told:?}");
        rates.heard(caller, 10 * told.count, look);
        let cost = |caller: &Caller| rates.lock().unwrap()[caller].cost;
        assert!(cost(caller) > WHOLE);
        // Where the others are not heard any more, the node's own limit is all there is.
        rates.alone();
        assert_eq!(cost(caller), WHOLE);
        // A partner that has gone quiet is forgotten, and with it what it took.
        assert!(rates.near(look + Duration::from_secs(1)).is_empty());
        assert!(rates.lock().unwrap().is_empty());
        let alone = PartnerRates::new(80, 160, false);
        let _ = alone.check(&busy, Environment::Production);
        assert!(alone.near(look).is_empty());
    }
}
