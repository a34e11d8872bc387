//! The one interface to records, blobs and the queue. Back ends implement it; callers know nothing else.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::job::{Job, JobKind, JobRequest, JobState};
use selfsame_job::partner::Partner;
use selfsame_job::user::{Reference, User, UserKey, UserStatus};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId};
use selfsame_wire::signature::ApiKey;

use crate::error::StoreError;

/// A job about to be recorded.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// The server's name for it.
    pub smile_job_id: SmileJobId,
    /// Whose user it concerns.
    pub user: UserKey,
    /// The partner's name for it.
    pub job_id: JobId,
    /// What it is for.
    pub kind: JobKind,
    /// What was asked.
    pub request: JobRequest,
    /// The `job_id` was used before and is meant to be used again.
    pub retry: bool,
}

/// Permission to upload one package, once.
#[derive(Debug, Clone)]
pub struct UploadGrant {
    /// SHA-256 of the secret in the upload URL; the secret itself is not kept.
    pub token_hash: [u8; 32],
    /// After this the URL is dead.
    pub expires_at: Timestamp,
}

/// What recording a new job came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// It is on record.
    Recorded,
    /// The `job_id` is taken (2215): it was used without `retry`, or an earlier attempt has not ended.
    JobExists,
    /// The queue is full; come back later.
    QueueFull,
}

/// What offering a package came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is on disk and the job is queued: it will end exactly once.
    Queued,
    /// No such upload, or the token is not its token.
    Unknown,
    /// The URL was used already.
    Used,
    /// The URL is too old.
    Expired,
    /// The queue is full; the URL stays usable.
    QueueFull,
}

/// A job in a worker's hands until its lease ends.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The job.
    pub job: Job,
    /// How often it has been claimed, this time included.
    pub attempt: u32,
    /// Proves that the claim is still the claimer's.
    pub lease: LeaseId,
}

/// Names one claim of one job or delivery; a later claim has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseId(pub uuid::Uuid);

/// How a job ended, committed as one.
#[derive(Debug, Clone)]
pub struct Ending {
    /// The result without `timestamp` and `signature`, which are made afresh each time it is sent. JSON object bytes.
    pub result: Bytes,
    /// Whether the result counts as `job_success`.
    pub success: bool,
    /// The result code, for lists and metrics.
    pub result_code: String,
    /// The template to put on file, for an enrolment that passed.
    pub enrol: Option<Reference>,
    /// Queue a callback to this URL.
    pub callback_url: Option<String>,
}

/// What committing an ending came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// The job has ended, here and only here.
    Committed,
    /// The claim was lost to another worker; nothing was written.
    LostClaim,
    /// The user was enrolled meanwhile and the job may not replace it; nothing was written, decide again.
    AlreadyEnrolled,
}

/// One finished attempt at a `job_id`.
#[derive(Debug, Clone)]
pub struct JobResultRecord {
    /// The attempt.
    pub smile_job_id: SmileJobId,
    /// The result as [`Ending::result`] gave it.
    pub result: Bytes,
    /// Whether it counts as success.
    pub success: bool,
    /// The result code.
    pub result_code: String,
    /// When it ended.
    pub finished_at: Timestamp,
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
    /// In which world.
    pub environment: Environment,
    /// Where to.
    pub url: String,
    /// The result as [`Ending::result`] gave it.
    pub result: Bytes,
    /// How often it was tried before.
    pub attempts: u32,
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
    /// Try again then.
    RetryAt(Timestamp),
    /// No more tries; it can be replayed.
    GiveUp,
}

/// A delivery with its history.
#[derive(Debug, Clone, serde::Serialize)]
pub struct DeliveryRecord {
    /// Where to.
    pub url: String,
    /// `pending`, `delivered` or `exhausted`.
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
}

/// Which jobs to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only this partner's.
    pub partner: Option<PartnerId>,
    /// Only in this world.
    pub environment: Option<Environment>,
    /// Only in this state.
    pub state: Option<JobState>,
    /// At most so many; 0 means 100.
    pub limit: u32,
}

/// How full the queues are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Depths {
    /// Jobs whose package has not arrived.
    pub awaiting_upload: u64,
    /// Jobs queued.
    pub queued: u64,
    /// Jobs in workers' hands.
    pub running: u64,
    /// Deliveries pending.
    pub callbacks_pending: u64,
}

/// Records, blobs and the queue.
///
/// Every method that changes something has made it durable when it returns `Ok`. Secrets, biometrics and what partners
/// sent are encrypted before they reach the disk.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Records a partner. `Ok(false)`: the id is taken.
    async fn create_partner(&self, partner: &Partner) -> Result<bool, StoreError>;
    /// One partner.
    async fn partner(&self, id: &PartnerId) -> Result<Option<Partner>, StoreError>;
    /// All partners, by id.
    async fn partners(&self) -> Result<Vec<Partner>, StoreError>;
    /// Lets production in or out. `Ok(false)`: no such partner.
    async fn set_production_enabled(
        &self,
        id: &PartnerId,
        enabled: bool,
    ) -> Result<bool, StoreError>;
    /// Replaces a key. `Ok(false)`: no such partner.
    async fn replace_key(
        &self,
        id: &PartnerId,
        environment: Environment,
        key: &ApiKey,
    ) -> Result<bool, StoreError>;

    /// Records a job that waits for its package.
    async fn prepare_job(&self, job: &NewJob, grant: &UploadGrant) -> Result<Prepared, StoreError>;
    /// Takes the package of a prepared job, once.
    async fn accept_package(
        &self,
        token_hash: &[u8; 32],
        now: Timestamp,
        package: Bytes,
    ) -> Result<Accepted, StoreError>;
    /// Records a job together with its package, queued at once.
    async fn submit_job(&self, job: &NewJob, package: Bytes) -> Result<Prepared, StoreError>;
    /// Takes the oldest queued job.
    async fn claim_job(&self, lease: Duration) -> Result<Option<Claim>, StoreError>;
    /// Lets a claim last until `lease` from now. `Ok(false)`: the claim was lost, or the job has ended.
    async fn renew_job(&self, claim: &Claim, lease: Duration) -> Result<bool, StoreError>;
    /// Puts a claimed job back, unharmed. Does nothing when the claim was lost.
    async fn release_job(&self, claim: &Claim) -> Result<(), StoreError>;
    /// Queues again every job and delivery whose lease ended; `all` does so whatever the lease says (at start, when no
    /// other process can hold one). Returns how many jobs.
    async fn recover(&self, now: Timestamp, all: bool) -> Result<u64, StoreError>;
    /// Ends a claimed job: result, enrolment and callback become visible together or not at all.
    async fn finish_job(&self, claim: &Claim, ending: &Ending) -> Result<Finished, StoreError>;
    /// A job's package as it was accepted; absent when it has not arrived or was erased.
    async fn package(&self, job: &SmileJobId) -> Result<Option<Bytes>, StoreError>;

    /// A job by the server's name.
    async fn job(&self, id: &SmileJobId) -> Result<Option<Job>, StoreError>;
    /// The latest attempt at a partner's `job_id`.
    async fn latest_job(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Option<Job>, StoreError>;
    /// The result of an attempt; absent while it has not ended.
    async fn result(&self, id: &SmileJobId) -> Result<Option<JobResultRecord>, StoreError>;
    /// Every finished attempt at a partner's `job_id`, newest first.
    async fn results(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Vec<JobResultRecord>, StoreError>;
    /// Jobs, newest first.
    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError>;

    /// A user.
    async fn user(&self, key: &UserKey) -> Result<Option<User>, StoreError>;
    /// A partner's users in one world, by id.
    async fn users(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<Vec<User>, StoreError>;
    /// Enables or disables; [`UserStatus::Deleted`] erases the template and every package of the user's jobs for good.
    /// `Ok(false)`: no such user, or it is deleted already.
    async fn set_user_status(&self, key: &UserKey, status: UserStatus) -> Result<bool, StoreError>;

    /// Takes deliveries that are due.
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;
    /// Records a try and what follows it. Does nothing when the claim was lost.
    async fn record_attempt(
        &self,
        delivery: &Delivery,
        attempt: &DeliveryAttempt,
        after: AfterAttempt,
    ) -> Result<(), StoreError>;
    /// A job's deliveries, oldest first.
    async fn deliveries(&self, job: &SmileJobId) -> Result<Vec<DeliveryRecord>, StoreError>;
    /// Queues the callback of a finished job once more. `Ok(false)`: the job has not ended, or has no callback URL.
    async fn replay(&self, job: &SmileJobId) -> Result<bool, StoreError>;

    /// How full the queues are.
    async fn depths(&self) -> Result<Depths, StoreError>;
    /// Whether the back end answers and can write.
    async fn ready(&self) -> Result<(), StoreError>;
    /// Removes what was left half-written, and packages of jobs that ended before `older_than` and are nobody's photo.
    /// Returns how many blobs went.
    async fn sweep(&self, older_than: Timestamp) -> Result<u64, StoreError>;
}
