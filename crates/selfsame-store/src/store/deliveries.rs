//! Callbacks to deliver, and what became of them.

use super::queue::LeaseId;
use crate::error::StoreError;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::audit::Actor;
use selfsame_wire::id::{Environment, PartnerId, SmileJobId};
use std::time::Duration;

/// How many deliveries may be under way at one time, and whose.
///
/// A partner's environment is given a further one only while it has fewer under way than slots are free, so that whoever comes
/// next finds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryLimits {
    /// All together.
    pub slots: u32,
    /// One partner's, in one environment.
    pub per_environment: u32,
    /// One partner's, in one environment, to one endpoint (host and port).
    pub per_endpoint: u32,
    /// One partner's, in one environment, to endpoints that did not answer the last time. Each of those gets one.
    pub failing_per_environment: u32,
}

/// A callback to deliver.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Names it.
    pub id: DeliveryId,
    /// Proves the claim.
    pub lease: LeaseId,
    /// The job whose result it carries.
    pub smile_job_id: SmileJobId,
    /// Whose job: its key signs.
    pub partner: PartnerId,
    /// In which environment.
    pub environment: Environment,
    /// Where to.
    pub url: String,
    /// The result as [`Outcome::result`](crate::store::Outcome::result) or [`FinalResult::result`](crate::review::FinalResult::result) gave it.
    pub result: Bytes,
    /// When the job came to that.
    pub told_at: Timestamp,
    /// How often it was tried before.
    pub attempts: u32,
    /// Which of the job's deliveries it is, from 1: the provisional result, the final one, each replay.
    pub ordinal: u32,
    /// How many tries in a row its endpoint has not answered.
    pub endpoint_failures: u32,
}

/// What a try says about the endpoint, beside the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// It answers.
    Answers,
    /// It does not: nothing of the partner's goes there for so long, and then one delivery at a time.
    Fails {
        /// The pause.
        pause: Duration,
    },
}

/// Names a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveryId(pub i64);

/// One try at a delivery.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeliveryAttempt {
    /// When it was made.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The receiver's status, when it answered.
    pub http_status: Option<u16>,
    /// What went wrong, when something did.
    pub error: Option<String>,
}

/// What follows a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAttempt {
    /// The receiver took it.
    Delivered,
    /// Try again after so long.
    RetryIn(Duration),
    /// No more tries; it can be replayed.
    GiveUp,
}

/// A delivery with its history.
#[derive(Debug, Clone, serde::Serialize)]
pub struct DeliveryRecord {
    /// Where to: a replay's own URL, or the job's; absent once it was erased, or where it cannot be read.
    pub url: Option<String>,
    /// Where it stands.
    pub state: DeliveryState,
    /// When the next try is due, while pending.
    pub next_attempt_at: Option<Timestamp>,
    /// Every try, oldest first.
    pub attempts: Vec<DeliveryAttempt>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waiting for a (further) try.
    Pending,
    /// The receiver answered 2xx.
    Delivered,
    /// Tried as often as the policy allows.
    Exhausted,
    /// Not sent: what it would have told was erased first.
    Withdrawn,
    /// Not sent: what was to be sent, or where, cannot be decrypted.
    Unreadable,
}

/// How a callback is to be sent once more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// Where to; `None`: to the job's own URL.
    pub url: Option<String>,
    /// Not while the same result waits to go there already. What is under way does not wait: its receiver may have it.
    pub unless_pending: bool,
    /// Not where the job has so many deliveries already.
    pub at_most: Option<u32>,
}

/// What queueing a callback once more came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// It is queued.
    Queued,
    /// The same result waits to go there already.
    Pending,
    /// The job has as many deliveries as it may have.
    TooMany,
    /// There is no such job, or it has not ended.
    NotEnded,
    /// What it came to was erased.
    Erased,
    /// It has no callback URL, and none was given.
    NoUrl,
}

/// Callbacks to deliver.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Takes deliveries that are due, as many as the limits leave room for beside those in hand; partners, environments and
    /// endpoints take turns.
    async fn claim_deliveries(
        &self,
        lease: Duration,
        limits: &DeliveryLimits,
    ) -> Result<Vec<Delivery>, StoreError>;
    /// Records a try and what follows it, for the delivery and for its endpoint. Does nothing when the claim was lost.
    async fn record_attempt(
        &self,
        delivery: &Delivery,
        attempt: &DeliveryAttempt,
        after: AfterAttempt,
        endpoint: Endpoint,
    ) -> Result<(), StoreError>;
    /// Puts a claimed delivery back untried, to be taken again after so long at the earliest. Does nothing when the claim was lost.
    async fn postpone_delivery(
        &self,
        delivery: &Delivery,
        pause: Duration,
    ) -> Result<(), StoreError>;
    /// A job's deliveries, oldest first.
    async fn deliveries(&self, job: &SmileJobId) -> Result<Vec<DeliveryRecord>, StoreError>;
    /// Queues the callback of a finished job once more, with its latest result.
    async fn replay_as(
        &self,
        job: &SmileJobId,
        replay: &Replay,
        by: &Actor,
    ) -> Result<Replayed, StoreError>;
    /// The same, to the job's own URL, whatever waits. `Ok(false)`: the job has not ended, or has no callback URL.
    async fn replay(&self, job: &SmileJobId, by: &Actor) -> Result<bool, StoreError> {
        let replayed = self.replay_as(job, &Replay::default(), by).await?;
        Ok(replayed == Replayed::Queued)
    }
}
