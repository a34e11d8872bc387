//! Delivers results to partners: at least once, signed afresh at each try.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use selfsame_store::store::{AfterAttempt, Delivery, DeliveryAttempt, Store};
use selfsame_wire::result::SignedResult;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::backoff::Backoff;
use super::target::{GuardedResolver, Reach, Target};
use crate::random;

/// Deliveries under way at one time.
const CONCURRENT: u32 = 16;
/// How often the queue is looked at when nobody says that something was put into it.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How much longer than a try the claim on it lasts.
const LEASE_MARGIN: Duration = Duration::from_secs(30);

/// Delivers what the store has due.
#[derive(Debug, Clone)]
pub struct Deliverer {
    store: Arc<dyn Store>,
    client: reqwest::Client,
    reach: Reach,
    backoff: Backoff,
    timeout: Duration,
}

impl Deliverer {
    /// A deliverer that only reaches what it may, follows no redirect and uses no proxy.
    ///
    /// # Errors
    /// When the TLS back end cannot be set up.
    pub fn new(
        store: Arc<dyn Store>,
        reach: Reach,
        backoff: Backoff,
        timeout: Duration,
    ) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(GuardedResolver(reach)))
            .timeout(timeout)
            .user_agent(concat!("selfsame/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            store,
            client,
            reach,
            backoff,
            timeout,
        })
    }

    /// Works until told to stop; a try that has begun is finished.
    pub async fn run(self, wake: Arc<Notify>, mut stop: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        while !*stop.borrow() {
            let free =
                CONCURRENT.saturating_sub(u32::try_from(under_way.len()).unwrap_or(CONCURRENT));
            let due = if free == 0 {
                Vec::new()
            } else {
                let lease = self.timeout + LEASE_MARGIN;
                self.store
                    .claim_deliveries(Timestamp::now(), lease, free)
                    .await
                    .unwrap_or_else(|error| {
                        tracing::error!(%error, "cannot claim callbacks");
                        Vec::new()
                    })
            };
            for delivery in due {
                let deliverer = self.clone();
                under_way.spawn(async move { deliverer.try_once(delivery).await });
            }
            tokio::select! {
                _ = under_way.join_next(), if !under_way.is_empty() => {}
                () = wake.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn try_once(&self, delivery: Delivery) {
        let at = Timestamp::now();
        let began = Instant::now();
        let outcome = self.send(&delivery).await;
        let (http_status, error) = match outcome {
            Ok(status) if status.is_success() => (Some(status.as_u16()), None),
            Ok(status) => (
                Some(status.as_u16()),
                Some(format!("the receiver answered {status}")),
            ),
            Err(error) => (None, Some(error)),
        };
        let after = if error.is_none() {
            AfterAttempt::Delivered
        } else {
            self.backoff
                .pause(delivery.attempts + 1, random::fraction())
                .and_then(|pause| Timestamp::now().checked_add(pause).ok())
                .map_or(AfterAttempt::GiveUp, AfterAttempt::RetryAt)
        };
        tracing::info!(smile_job_id = %delivery.smile_job_id, attempt = delivery.attempts + 1, status = http_status, error, ?after, "callback");
        let label = match after {
            AfterAttempt::Delivered => "delivered",
            AfterAttempt::RetryAt(_) => "retry",
            AfterAttempt::GiveUp => "exhausted",
        };
        metrics::counter!("selfsame_callback_attempts_total", "outcome" => label).increment(1);
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let attempt = DeliveryAttempt {
            at,
            duration_ms,
            http_status,
            error,
        };
        if let Err(error) = self.store.record_attempt(&delivery, &attempt, after).await {
            tracing::error!(smile_job_id = %delivery.smile_job_id, %error, "cannot record a callback attempt; it will be tried again");
        }
    }

    async fn send(&self, delivery: &Delivery) -> Result<reqwest::StatusCode, String> {
        let partner = self
            .store
            .partner(&delivery.partner)
            .await
            .map_err(|e| e.to_string())?
            .ok_or_else(|| "the partner is gone".to_owned())?;
        let target = Target::parse(&delivery.url, self.reach).map_err(|e| e.to_string())?;
        let body = SignedResult::sign(
            &delivery.result,
            partner.key(delivery.environment),
            &partner.id,
            Timestamp::now(),
        )
        .map_err(|e| e.to_string())?;
        let response = self
            .client
            .post(target.url().clone())
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(body.into_bytes())
            .send()
            .await
            // A partner may keep a secret in its URL's path or query.
            .map_err(|e| explain(&e.without_url()))?;
        Ok(response.status())
    }
}

/// An error with its causes, which is where the reason stands.
fn explain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |e| e.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
