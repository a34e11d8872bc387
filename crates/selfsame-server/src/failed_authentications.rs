//! Who fails to authenticate too often is refused before anything is computed for it.
//!
//! The limit is on failures from one address, not on requests: a partner's busy server is never held back by it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use ipnet::IpNet;

use crate::app::App;
use crate::refusal::{Refusal, Unauthenticated};

/// The header in which a proxy says whom it speaks for.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Addresses from which authentication failed too often.
#[derive(Debug)]
pub(crate) struct FailedAuthentications {
    /// Absent: no limit.
    failures: Option<DefaultKeyedRateLimiter<IpAddr>>,
    clock: DefaultClock,
    shut_out: Mutex<HashMap<IpAddr, Instant>>,
    proxies: Vec<IpNet>,
}

impl FailedAuthentications {
    /// So many failures a minute from one address, as many at once; 0: no limit.
    pub(crate) fn new(per_minute: u32, proxies: Vec<IpNet>) -> Self {
        Self {
            failures: NonZeroU32::new(per_minute)
                .map(|n| DefaultKeyedRateLimiter::keyed(Quota::per_minute(n))),
            clock: DefaultClock::default(),
            shut_out: Mutex::default(),
            proxies,
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
        if let Err(not_until) = failures.check_key(&address) {
            let until = now + not_until.wait_time_from(self.clock.now());
            self.lock().insert(address, until);
        }
    }

    /// Forgets addresses that have been quiet.
    pub(crate) fn forget(&self) {
        let now = Instant::now();
        self.lock().retain(|_, until| *until > now);
        if let Some(failures) = &self.failures {
            failures.retain_recent();
            failures.shrink_to_fit();
        }
    }

    /// Whose request it is: the peer, or whom a trusted proxy names. Only the part of `X-Forwarded-For` that trusted
    /// proxies wrote counts, which is its end; the rest is whatever the client made up.
    fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let trusted = |address: &IpAddr| self.proxies.iter().any(|net| net.contains(address));
        let named: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let mut address = peer;
        for name in named.into_iter().rev() {
            match name.trim().parse() {
                Ok(next) if trusted(&address) => address = next,
                _ => break,
            }
        }
        network(address)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.shut_out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An IPv6 host has a whole /64 to speak from: that is what is counted.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

/// Stands before the wire API.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let address = app
        .failed_authentications
        .address(peer.ip(), request.headers());
    if let Some(wait) = app.failed_authentications.wait(address, Instant::now()) {
        metrics::counter!("selfsame_shut_out_total").increment(1);
        return Refusal::shut_out(wait).into_response();
    }
    let response = next.run(request).await;
    if response.extensions().get::<Unauthenticated>().is_some() {
        app.failed_authentications.failed(address, Instant::now());
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
        let failed_authentications = FailedAuthentications::new(3, Vec::new());
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
        let open = FailedAuthentications::new(0, Vec::new());
        for _ in 0..1000 {
            open.failed(ip("192.0.2.1"), now);
        }
        assert_eq!(open.wait(ip("192.0.2.1"), now), None);
    }

    #[test]
    fn only_trusted_proxies_name_another_address() {
        let headers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(FORWARDED_FOR, value.parse().unwrap());
            }
            headers
        };
        let failed_authentications =
            FailedAuthentications::new(1, vec!["10.0.0.0/8".parse().unwrap()]);
        let of = |peer, values: &[&str]| failed_authentications.address(ip(peer), &headers(values));
        assert_eq!(of("192.0.2.1", &["198.51.100.1"]), ip("192.0.2.1"));
        assert_eq!(of("10.0.0.1", &["198.51.100.1"]), ip("198.51.100.1"));
        assert_eq!(of("10.0.0.1", &[]), ip("10.0.0.1"));
        assert_eq!(of("10.0.0.1", &["made up"]), ip("10.0.0.1"));
        assert_eq!(
            of("10.0.0.1", &["made up, 198.51.100.1"]),
            ip("198.51.100.1")
        );
        // The client made up the first; the second is what the first proxy saw.
        assert_eq!(
            of("10.0.0.1", &["203.0.113.9, 198.51.100.1, 10.0.0.2"]),
            ip("198.51.100.1")
        );
        assert_eq!(
            of("10.0.0.1", &["203.0.113.9", "198.51.100.1"]),
            ip("198.51.100.1")
        );
        assert_eq!(network(ip("2001:db8:1:2:3::4")), ip("2001:db8:1:2::"));
        assert_eq!(network(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
