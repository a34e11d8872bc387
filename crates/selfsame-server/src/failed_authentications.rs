//! Who fails to authenticate too often is refused before anything is computed for it.
//!
//! The limit is on failures from one address, not on requests: a partner's busy server is never held back by it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::app::App;
use crate::client_address::ClientAddress;
use crate::listen::Activity;
use crate::refusal::{Refusal, Unauthenticated};

/// Addresses from which authentication failed too often.
#[derive(Debug)]
pub(crate) struct FailedAuthentications {
    /// Absent: no limit.
    failures: Option<DefaultKeyedRateLimiter<IpAddr>>,
    clock: DefaultClock,
    shut_out: Mutex<HashMap<IpAddr, Instant>>,
}

impl FailedAuthentications {
    /// So many failures a minute from one address, as many at once; 0: no limit.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            failures: NonZeroU32::new(per_minute)
                .map(|n| DefaultKeyedRateLimiter::keyed(Quota::per_minute(n))),
            clock: DefaultClock::default(),
            shut_out: Mutex::default(),
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

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.shut_out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands before the wire API.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    ClientAddress(address): ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    if let Some(wait) = app.failed_authentications.wait(address, Instant::now()) {
        metrics::counter!("selfsame_shut_out_total").increment(1);
        return Refusal::shut_out(wait).into_response();
    }
    let connection = request.extensions().get::<Arc<Activity>>().cloned();
    let changes = request.method() != Method::GET;
    let response = next.run(request).await;
    if response.extensions().get::<Unauthenticated>().is_some() {
        app.failed_authentications.failed(address, Instant::now());
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
        let failed_authentications = FailedAuthentications::new(3);
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
        let open = FailedAuthentications::new(0);
        for _ in 0..1000 {
            open.failed(ip("192.0.2.1"), now);
        }
        assert_eq!(open.wait(ip("192.0.2.1"), now), None);
    }
}
