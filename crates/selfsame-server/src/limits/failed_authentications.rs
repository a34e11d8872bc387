//! Who fails to authenticate too often is refused before anything is computed for it.
//!
//! The limit is on failures from one address, not on requests: a partner's busy server is never held back by it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use selfsame_store::nodes::{Counted, NodeCount};

use super::{NEAR, SharedLimit};
use crate::client_address::ClientAddress;
use crate::listen::Activity;
use crate::refusal::{Refusal, Unauthenticated};
use crate::route::v3::Refused;

const MINUTE: Duration = Duration::from_secs(60);

/// Addresses from which authentication failed too often.
#[derive(Debug)]
pub(crate) struct FailedAuthentications {
    /// Absent: no limit.
    failures: Option<DefaultKeyedRateLimiter<IpAddr>>,
    clock: DefaultClock,
    per_minute: u32,
    shut_out: Mutex<HashMap<IpAddr, Instant>>,
    /// Absent where no other node can be asked.
    levels: Option<Mutex<HashMap<IpAddr, Level>>>,
}

/// How many failures of an address count: each fills it by one, and it empties at the rate that is allowed.
#[derive(Debug, Clone, Copy)]
struct Level {
    filled: f64,
    at: Instant,
}

impl Level {
    fn now(self, now: Instant, per_minute: u32) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let emptied = passed * f64::from(per_minute) / MINUTE.as_secs_f64();
        (self.filled - emptied).max(0.0)
    }
}

impl FailedAuthentications {
    /// So many failures a minute from one address, as many at once; 0: no limit. `shared`: other nodes may be asked from the
    /// same addresses.
    pub(crate) fn new(per_minute: u32, shared: bool) -> Self {
        Self {
            failures: NonZeroU32::new(per_minute)
                .map(|n| DefaultKeyedRateLimiter::keyed(Quota::per_minute(n))),
            clock: DefaultClock::default(),
            per_minute,
            shut_out: Mutex::default(),
            levels: (shared && per_minute > 0).then(Mutex::default),
        }
    }

    /// How much longer the address is shut out, if it is.
    fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let until = *self.lock().get(&address)?;
        until
            .checked_duration_since(now)
            .filter(|left| !left.is_zero())
    }

    /// Counts a failure; one too many shuts the address out until the next would be within the limit.
    fn failed(&self, address: IpAddr, now: Instant) {
        let Some(failures) = &self.failures else {
            return;
        };
        if let Some(mut levels) = self.levels() {
            let empty = Level {
                filled: 0.0,
                at: now,
            };
            let level = levels.entry(address).or_insert(empty);
            let filled = level.now(now, self.per_minute) + 1.0;
            *level = Level { filled, at: now };
        }
        if let Err(not_until) = failures.check_key(&address) {
            let until = now + not_until.wait_time_from(self.clock.now());
            self.shut_out(address, until);
        }
    }

    /// Shuts an address out until then, or for as long as it is already.
    fn shut_out(&self, address: IpAddr, until: Instant) {
        let mut all = self.lock();
        let known = all.entry(address).or_insert(until);
        *known = until.max(*known);
    }

    /// Forgets addresses that have been quiet.
    pub(crate) fn forget(&self) {
        let now = Instant::now();
        self.lock().retain(|_, until| *until > now);
        if let Some(failures) = &self.failures {
            failures.retain_recent();
            failures.shrink_to_fit();
        }
        if let Some(mut levels) = self.levels() {
            levels.retain(|_, level| level.now(now, self.per_minute) > 0.0);
            levels.shrink_to_fit();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.shut_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn levels(&self) -> Option<MutexGuard<'_, HashMap<IpAddr, Level>>> {
        let levels = self.levels.as_ref()?;
        Some(levels.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SharedLimit for FailedAuthentications {
    type Caller = IpAddr;

    const COUNTED: Counted = Counted::FailedAuthentications;

    fn near(&self, now: Instant) -> Vec<(IpAddr, NodeCount)> {
        let Some(levels) = self.levels() else {
            return Vec::new();
        };
        let near = (u64::from(self.per_minute) / NEAR).max(1);
        let counts = levels.iter().map(|(address, level)| {
            let count = level.now(now, self.per_minute).ceil() as u64;
            let key = address.to_string();
            (*address, NodeCount { key, count })
        });
        counts.filter(|(_, told)| told.count >= near).collect()
    }

    fn heard(&self, address: &IpAddr, others: u64, now: Instant) {
        let own = self
            .levels()
            .and_then(|levels| levels.get(address).copied())
            .map_or(0.0, |level| level.now(now, self.per_minute));
        let above = own + others as f64 - f64::from(self.per_minute);
        // One node alone has its own limit.
        if others > 0 && above > 0.0 {
            let wait = above * MINUTE.as_secs_f64() / f64::from(self.per_minute.max(1));
            let wait = Duration::from_secs_f64(wait.min(MINUTE.as_secs_f64()));
            self.shut_out(*address, now + wait);
        }
    }

    /// A minute at most: who was shut out for what others saw stays so.
    fn alone(&self) {}
}

/// Stands before the wire API.
pub(crate) async fn guard(
    State(failed_authentications): State<Arc<FailedAuthentications>>,
    ClientAddress(address): ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    if let Some(wait) = failed_authentications.wait(address, Instant::now()) {
        metrics::counter!("selfsame_shut_out_total").increment(1);
        let refusal = Refusal::shut_out(wait);
        // Below an environment's name the path is what follows that.
        return if request.uri().path().starts_with("/v3/") {
            Refused::from(refusal).into_response()
        } else {
            refusal.into_response()
        };
    }
    let connection = request.extensions().get::<Arc<Activity>>().cloned();
    let changes = request.method() != Method::GET;
    let response = next.run(request).await;
    if response.extensions().get::<Unauthenticated>().is_some() {
        failed_authentications.failed(address, Instant::now());
    } else if let (Some(connection), true) = (connection, changes && response.status().is_success())
    {
        // Whatever changes something had to be authenticated.
        connection.authenticated();
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_failure_too_many_shuts_one_address_out_for_a_while() {
        let failed_authentications = FailedAuthentications::new(3, false);
        let now = Instant::now();
        for _ in 0..3 {
            failed_authentications.failed(ip("192.0.2.1"), now);
            assert_eq!(failed_authentications.wait(ip("192.0.2.1"), now), None);
        }
        failed_authentications.failed(ip("192.0.2.1"), now);
        let wait = failed_authentications.wait(ip("192.0.2.1"), now).unwrap();
        assert!(wait <= Duration::from_secs(20), "{wait:?}");
        assert_eq!(
            failed_authentications.wait(ip("192.0.2.1"), now + wait),
            None
        );
        assert_eq!(failed_authentications.wait(ip("192.0.2.2"), now), None);
        let open = FailedAuthentications::new(0, true);
        for _ in 0..1000 {
            open.failed(ip("192.0.2.1"), now);
        }
        assert_eq!(open.wait(ip("192.0.2.1"), now), None);
    }

    /// Failures are spread over nodes, so that each sees few of them: together they shut the address out, and no other.
    #[test]
    fn what_other_nodes_saw_counts() {
        let now = Instant::now();
        let node = FailedAuthentications::new(24, true);
        let (attacker, neighbour) = (ip("192.0.2.1"), ip("192.0.2.2"));
        for _ in 0..10 {
            node.failed(attacker, now);
        }
        node.failed(neighbour, now);
        let near = node.near(now);
        let told = NodeCount {
            key: "192.0.2.1".to_owned(),
            count: 10,
        };
        assert_eq!(near, [(attacker, told)], "one failure is nothing to tell");
        node.heard(&attacker, 14, now);
        assert_eq!(node.wait(attacker, now), None, "at the limit, not above");
        node.heard(&attacker, 18, now);
        let wait = node.wait(attacker, now).unwrap();
        assert_eq!(
            wait,
            Duration::from_secs(10),
            "four too many of 24 a minute"
        );
        assert_eq!(node.wait(neighbour, now), None);
        // Levels empty: who has been quiet is not told of any more.
        assert!(node.near(now + MINUTE).is_empty());
        assert!(FailedAuthentications::new(24, false).near(now).is_empty());
    }
}
