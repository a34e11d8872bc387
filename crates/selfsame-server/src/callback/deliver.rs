//! Delivers results to partners: at least once, signed afresh at each try, and fairly.
//!
//! Whose delivery is next, the store says by [`LIMITS`]; here each try is kept short, and few go to one address at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::StatusCode;
use selfsame_job::job::Api;
use selfsame_store::store::{
    AfterAttempt, Delivery, DeliveryAttempt, DeliveryLimits, Endpoint, Store,
};
use selfsame_wire::result::SignedResult;
use selfsame_wire::webhook::{self, WebhookSecret};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::address::{Addresses, Place};
use super::backoff::{Backoff, endpoint_pause};
use super::target::{GuardedResolver, Target, TargetRules};
use crate::random;
use crate::route::v1::result::v1_result;

/// Tries under way at one time (docs/decisions/0047-callbacks-take-turns.md).
const LIMITS: DeliveryLimits = DeliveryLimits {
    slots: 64,
    per_environment: 16,
    per_endpoint: 4,
    failing_per_environment: 4,
};
/// How long a connection may take to come about, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// How often the queue is looked at when nobody says that something was put into it.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How much longer than a try the claim on it lasts.
const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// Connections that are kept open to one receiver, and for how long.
const IDLE_CONNECTIONS: usize = 2;
const IDLE_FOR: Duration = Duration::from_secs(20);

/// Delivers what the store has due.
#[derive(Debug, Clone)]
pub struct Deliverer {
    store: Arc<dyn Store>,
    client: reqwest::Client,
    rules: TargetRules,
    backoff: Backoff,
    timeout: Duration,
    addresses: Addresses,
}

/// What came of a try.
enum Tried {
    /// The receiver answered.
    Answered(StatusCode),
    /// It did not, or nothing could be sent.
    Failed(String),
    /// Too much goes to its address already: nothing was tried.
    NoPlace,
}

impl Deliverer {
    /// A deliverer that only reaches what it may, follows no redirect and uses no proxy.
    ///
    /// # Errors
    /// When the TLS back end cannot be set up.
    pub fn new(
        store: Arc<dyn Store>,
        rules: TargetRules,
        backoff: Backoff,
        timeout: Duration,
    ) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(GuardedResolver(rules.reach)))
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .timeout(timeout)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE_FOR)
            .user_agent(concat!("selfsame/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            store,
            client,
            rules,
            backoff,
            timeout,
            addresses: Addresses::default(),
        })
    }

    /// Works until told to stop; a try that has begun is finished.
    pub async fn run(self, wake: Arc<Notify>, mut stop: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        while !*stop.borrow() {
            // Twice: a try may wait for its address as long as it may take.
            let lease = self.timeout * 2 + LEASE_MARGIN;
            let due = self
                .store
                .claim_deliveries(lease, &LIMITS)
                .await
                .unwrap_or_else(|error| {
                    tracing::error!(%error, "cannot claim callbacks");
                    Vec::new()
                });
            for delivery in due {
                let (deliverer, stop) = (self.clone(), stop.clone());
                let span = tracing::info_span!(
                    "callback", otel.kind = "client", smile_job_id = %delivery.smile_job_id,
                    attempt = delivery.attempts + 1, http.response.status_code = tracing::field::Empty
                );
                under_way.spawn(
                    async move { deliverer.try_once(delivery, stop).await }.instrument(span),
                );
            }
            tokio::select! {
                Some(ended) = under_way.join_next() => notice(ended),
                () = wake.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
        while let Some(ended) = under_way.join_next().await {
            notice(ended);
        }
    }

    async fn try_once(&self, delivery: Delivery, stop: watch::Receiver<bool>) {
        let at = Timestamp::now();
        let began = Instant::now();
        let (http_status, error) = match self.send(&delivery, stop).await {
            Tried::Answered(status) if status.is_success() => (Some(status), None),
            Tried::Answered(status) => (
                Some(status),
                Some(format!("the receiver answered {status}")),
            ),
            Tried::Failed(error) => (None, Some(error)),
            Tried::NoPlace => return self.postpone(&delivery).await,
        };
        let after = if error.is_none() {
            AfterAttempt::Delivered
        } else {
            self.backoff
                .pause(delivery.attempts + 1, random::fraction())
                .map_or(AfterAttempt::GiveUp, AfterAttempt::RetryIn)
        };
        let endpoint = if http_status.is_some_and(answers) {
            Endpoint::Answers
        } else {
            Endpoint::Fails {
                pause: endpoint_pause(delivery.endpoint_failures.saturating_add(1)),
            }
        };
        let http_status = http_status.map(|s| s.as_u16());
        if let Some(status) = http_status {
            tracing::Span::current().record("http.response.status_code", status);
        }
        tracing::info!(smile_job_id = %delivery.smile_job_id, attempt = delivery.attempts + 1, status = http_status, error, ?after, "callback");
        let label = match after {
            AfterAttempt::Delivered => "delivered",
            AfterAttempt::RetryIn(_) => "retry",
            AfterAttempt::GiveUp => "exhausted",
        };
        metrics::counter!("selfsame_callback_attempts_total", "outcome" => label).increment(1);
        let attempt = DeliveryAttempt {
            at,
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            http_status,
            error,
        };
        let recorded = self
            .store
            .record_attempt(&delivery, &attempt, after, endpoint);
        if let Err(error) = recorded.await {
            tracing::error!(smile_job_id = %delivery.smile_job_id, %error, "cannot record a callback attempt; it will be tried again");
        }
    }

    /// Puts back what was not tried.
    async fn postpone(&self, delivery: &Delivery) {
        metrics::counter!("selfsame_callback_attempts_total", "outcome" => "postponed")
            .increment(1);
        let pause = self.timeout.mul_f64(0.5 + random::fraction());
        if let Err(error) = self.store.postpone_delivery(delivery, pause).await {
            tracing::error!(smile_job_id = %delivery.smile_job_id, %error, "cannot put a callback back; its lease brings it back");
        }
    }

    /// Finds the way, waits for a place on it, and sends.
    async fn send(&self, delivery: &Delivery, mut stop: watch::Receiver<bool>) -> Tried {
        let way = match tokio::time::timeout(self.timeout, self.way(delivery)).await {
            Ok(Ok(way)) => way,
            Ok(Err(error)) => return Tried::Failed(error),
            Err(_) => return Tried::Failed("its name was not resolved in time".to_owned()),
        };
        let (target, addresses) = way;
        let place: Option<Place> = tokio::select! {
            place = self.addresses.place(&delivery.partner, delivery.environment, &addresses) => place,
            () = tokio::time::sleep(self.timeout) => None,
            _ = stop.changed() => None,
        };
        let Some(_place) = place else {
            return Tried::NoPlace;
        };
        // The client's own time limit is the same; this one holds whatever the client does.
        match tokio::time::timeout(self.timeout, self.post(delivery, &target)).await {
            Ok(Ok(status)) => Tried::Answered(status),
            Ok(Err(error)) => Tried::Failed(error),
            Err(_) => Tried::Failed("it did not answer in time".to_owned()),
        }
    }

    async fn way(&self, delivery: &Delivery) -> Result<(Target, Vec<std::net::IpAddr>), String> {
        let target = self
            .rules
            .check(&delivery.url, delivery.environment)
            .map_err(|e| e.to_string())?;
        let addresses = GuardedResolver(self.rules.reach)
            .addresses(&target)
            .await
            .map_err(|e| explain(&*e))?;
        Ok((target, addresses))
    }

    /// Sends, and reads the answer's head: its body says nothing, and is not waited for.
    async fn post(&self, delivery: &Delivery, target: &Target) -> Result<StatusCode, String> {
        let partner = self
            .store
            .partner(&delivery.partner)
            .await
            .map_err(|e| e.to_string())?
            .ok_or_else(|| "the partner is gone".to_owned())?;
        let key = partner.key(delivery.environment);
        let job = self
            .store
            .job(&delivery.smile_job_id)
            .await
            .map_err(|e| e.to_string())?
            .ok_or_else(|| "the job is gone".to_owned())?;
        let result = match job.request.api {
            // v2's callbacks are v1's.
            Api::V1 | Api::V2 | Api::V3 => v1_result(&job, &delivery.result),
        }
        .map_err(|e| e.to_string())?;
        let now = Timestamp::now();
        let body = SignedResult::sign(&result, key, &partner.id, now)
            .map_err(|e| e.to_string())?
            .into_bytes();
        let id = format!("{}-{}", delivery.smile_job_id, delivery.ordinal);
        let code = WebhookSecret::derive(key).sign(&id, now, &body);
        let response = self
            .client
            .post(target.url().clone())
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .header(webhook::ID, code.id)
            .header(webhook::TIMESTAMP, code.timestamp)
            .header(webhook::SIGNATURE, code.signature)
            .body(body)
            .send()
            .await
            // A partner may keep a secret in its URL's path or query.
            .map_err(|e| explain(&e.without_url()))?;
        Ok(response.status())
    }
}

/// Whether a receiver with this answer is up: it may refuse one callback and take the next.
fn answers(status: StatusCode) -> bool {
    let busy = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
    !status.is_server_error() && !busy.contains(&status)
}

/// A try that panicked holds its lease, and comes back when that ends.
fn notice(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a callback's try panicked; its lease brings it back");
        metrics::counter!("selfsame_task_panics_total", "task" => "callback").increment(1);
    }
}

/// An error with its causes, which is where the reason stands.
fn explain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |e| e.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
mod tests;
