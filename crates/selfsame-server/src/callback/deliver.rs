//! Delivers results to partners: at least once, signed afresh at each try, and fairly.
//!
//! Whose delivery is next, the store says by [`LIMITS`]; here each try is kept short, and few go to one address at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::StatusCode;
use selfsame_job::job::{Api, Job};
use selfsame_job::outcome::JobOutcome;
use selfsame_job::partner::Partner;
use selfsame_store::error::StoreError;
use selfsame_store::store::{
    AfterAttempt, Delivery, DeliveryAttempt, DeliveryLimits, Endpoint, Store,
};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::address::{Addresses, Place};
use super::backoff::endpoint_pause;
use super::effort::Efforts;
use super::message::Message;
use super::target::{GuardedResolver, Target, TargetRules};
use crate::image_links::Images;
use crate::origin::Origin;
use crate::random;
use crate::receipts::UnaskedLinks;
use crate::route::v3::result::Beside;

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
/// How long a callback of a job, or with a result, that only a newer build knows waits before any node may take it again.
const LEFT_TO_NEWER: Duration = Duration::from_secs(5);
/// Connections that are kept open to one receiver, and for how long.
const IDLE_CONNECTIONS: usize = 2;
const IDLE_FOR: Duration = Duration::from_secs(20);

/// Delivers what the store has due.
#[derive(Debug, Clone)]
pub struct Deliverer {
    store: Arc<dyn Store>,
    client: reqwest::Client,
    rules: TargetRules,
    efforts: Efforts,
    addresses: Addresses,
    /// What results link by to images and receipts; absent where the server does not know by which address it is reached.
    links: Option<Arc<Links>>,
}

/// What results link by.
#[derive(Debug)]
struct Links {
    images: Images,
    origin: Origin,
    receipts: Option<UnaskedLinks>,
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
    pub(crate) fn new(
        store: Arc<dyn Store>,
        rules: TargetRules,
        efforts: Efforts,
    ) -> Result<Self, reqwest::Error> {
        let timeout = efforts.longest_timeout();
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
            efforts,
            addresses: Addresses::default(),
            links: None,
        })
    }

    /// The same, whose results link to receipts, and webhooks to images, by addresses below this origin.
    pub(crate) fn linking(
        self,
        images: Images,
        origin: Origin,
        receipts: Option<UnaskedLinks>,
    ) -> Self {
        Self {
            links: Some(Arc::new(Links {
                images,
                origin,
                receipts,
            })),
            ..self
        }
    }

    /// Works until told to stop; a try that has begun is finished.
    pub async fn run(self, wake: Arc<Notify>, mut stop: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        while !*stop.borrow() {
            // Thrice: a try may look its name up, and then wait for its address, as long as it may take.
            let lease = self.efforts.longest_timeout() * 3 + LEASE_MARGIN;
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
        let job = match self.store.job(&delivery.smile_job_id).await {
            // The receiver has nothing to do with it: no try is used up.
            Err(error @ StoreError::OfNewerBuild(_)) => {
                tracing::warn!(smile_job_id = %delivery.smile_job_id, %error, "a callback is left to nodes of a newer build");
                return self.postpone(&delivery, LEFT_TO_NEWER).await;
            }
            job => found(job, "the job is gone"),
        };
        if JobOutcome::is_of_newer_build(&delivery.result) {
            tracing::warn!(smile_job_id = %delivery.smile_job_id, "a callback is left to nodes of a newer build, which can read its result");
            return self.postpone(&delivery, LEFT_TO_NEWER).await;
        }
        let api = job.as_ref().map_or(Api::V1, |job| job.request.api);
        let effort = self.efforts.of(api);
        let tried = match job {
            Ok(job) => self.send(&delivery, &job, effort.timeout, stop).await,
            Err(error) => Tried::Failed(error),
        };
        let (http_status, error) = match tried {
            Tried::Answered(status) if status.is_success() => (Some(status), None),
            Tried::Answered(status) => (
                Some(status),
                Some(format!("the receiver answered {status}")),
            ),
            Tried::Failed(error) => (None, Some(error)),
            Tried::NoPlace => return self.postpone(&delivery, effort.timeout).await,
        };
        let after = if error.is_none() {
            AfterAttempt::Delivered
        } else {
            effort
                .backoff
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

    /// Puts back what was not tried, for about so long.
    async fn postpone(&self, delivery: &Delivery, about: Duration) {
        metrics::counter!("selfsame_callback_attempts_total", "outcome" => "postponed")
            .increment(1);
        let pause = about.mul_f64(0.5 + random::fraction());
        if let Err(error) = self.store.postpone_delivery(delivery, pause).await {
            tracing::error!(smile_job_id = %delivery.smile_job_id, %error, "cannot put a callback back; its lease brings it back");
        }
    }

    /// Finds the way, waits for a place on it, and sends; each may take so long.
    async fn send(
        &self,
        delivery: &Delivery,
        job: &Job,
        timeout: Duration,
        mut stop: watch::Receiver<bool>,
    ) -> Tried {
        let way = match tokio::time::timeout(timeout, self.way(delivery)).await {
            Ok(Ok(way)) => way,
            Ok(Err(error)) => return Tried::Failed(error),
            Err(_) => return Tried::Failed("its name was not resolved in time".to_owned()),
        };
        let (target, addresses) = way;
        let place: Option<Place> = tokio::select! {
            place = self.addresses.place(&delivery.partner, delivery.environment, &addresses) => place,
            () = tokio::time::sleep(timeout) => None,
            _ = stop.changed() => None,
        };
        let Some(_place) = place else {
            return Tried::NoPlace;
        };
        // This limit holds whatever the client does.
        match tokio::time::timeout(timeout, self.post(delivery, job, &target)).await {
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
    async fn post(
        &self,
        delivery: &Delivery,
        job: &Job,
        target: &Target,
    ) -> Result<StatusCode, String> {
        let partner = self.store.partner(&delivery.partner).await;
        let partner = found(partner, "the partner is gone")?;
        let beside = self.beside(delivery, job, &partner).await;
        let message = Message::new(delivery, job, &partner, beside, Timestamp::now())?;
        let response = self
            .client
            .post(target.url().clone())
            .headers(message.headers)
            .body(message.body)
            .send()
            .await
            // A partner may keep a secret in its URL's path or query.
            .map_err(|e| explain(&e.without_url()))?;
        Ok(response.status())
    }

    /// What is told beside the outcome. Without links to images a webhook goes all the same: it has few tries.
    async fn beside(&self, delivery: &Delivery, job: &Job, partner: &Partner) -> Beside {
        let mut beside = Beside::default();
        let Some(links) = &self.links else {
            return beside;
        };
        let receipts = links.receipts.as_ref().map(UnaskedLinks::links);
        beside.kyc_receipt = receipts.and_then(|r| r.of_recorded(partner, job, &delivery.result));
        if job.request.api == Api::V3 {
            match links.images.links(partner, job, &links.origin).await {
                Ok(links) => beside.image_links = links,
                Err(refusal) => {
                    tracing::warn!(smile_job_id = %job.smile_job_id, ?refusal, "a webhook goes without links to images");
                }
            }
        }
        beside
    }
}

/// What the store has.
fn found<T>(looked_up: Result<Option<T>, StoreError>, gone: &str) -> Result<T, String> {
    looked_up
        .map_err(|e| e.to_string())?
        .ok_or_else(|| gone.to_owned())
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
