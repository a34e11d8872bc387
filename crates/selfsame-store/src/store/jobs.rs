//! Recording jobs and taking their packages.

use crate::error::StoreError;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::job::{Job, JobRequest, JobState, JobType};
use selfsame_job::user::UserKey;
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId};

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
    pub job_type: JobType,
    /// What was asked.
    pub request: JobRequest,
    /// The `job_id` was used before and is meant to be used again.
    pub retry: bool,
    /// SHA-256 of all by which a repeat of the request is recognised; the store keeps a code of it by a key.
    pub request_digest: Option<[u8; 32]>,
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
    /// An earlier attempt at the `job_id` passed, or waits for a person (2215): there is nothing to retry.
    AlreadyPassed,
    /// The same request was recorded before, with its package: this is its job.
    Repeats(SmileJobId),
    /// The queue is full; come back later.
    QueueFull,
    /// So many packages of the partner are awaited that no further one may be; send some, or let them expire.
    TooManyUploads,
    /// The job's challenge was taken by another job, has expired, or is not for this one: nothing was recorded.
    ChallengeTaken,
    /// The link where the job was begun is used up, has expired, is gone, or is not this user's: nothing was recorded.
    LinkTaken,
}

/// What offering a package came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is on disk and the job is queued: it will end exactly once.
    Queued,
    /// No such upload, or the token is not its token.
    Unknown,
    /// The URL was used already, with another package.
    Used,
    /// The very same package came before: the first answer may have been lost. Nothing was changed.
    Repeated,
    /// The URL is too old.
    Expired,
    /// The queue is full; the URL stays usable.
    QueueFull,
}

/// What an upload URL is good for, before a package is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// This partner's job waits for a package, or has had one: [`Jobs::accept_package`] tells which.
    Good(PartnerId),
    /// No such upload.
    Unknown,
    /// The URL is too old, and no package came by it.
    Expired,
}

/// Which jobs to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only this partner's.
    pub partner: Option<PartnerId>,
    /// Only in this environment.
    pub environment: Option<Environment>,
    /// Only in this state.
    pub state: Option<JobState>,
    /// At most so many; 0 means 100.
    pub limit: u32,
}

/// Recording jobs, taking their packages, and reading them back.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Records a job that waits for its package.
    async fn prepare_job(&self, job: &NewJob, grant: &UploadGrant) -> Result<Prepared, StoreError>;
    /// Whether an upload URL may be used, and whose it is; nothing changes.
    async fn upload_grant(&self, token_hash: &[u8; 32]) -> Result<Granted, StoreError>;
    /// Takes the package of a prepared job, once.
    async fn accept_package(
        &self,
        token_hash: &[u8; 32],
        package: Bytes,
    ) -> Result<Accepted, StoreError>;
    /// Records a job together with its package, queued at once.
    async fn submit_job(&self, job: &NewJob, package: Bytes) -> Result<Prepared, StoreError>;
    /// Records a job that needs no package, queued at once.
    async fn submit_request(&self, job: &NewJob) -> Result<Prepared, StoreError>;
    /// The job that the same request recorded before, together with its package.
    async fn repeated(
        &self,
        partner: &PartnerId,
        environment: Environment,
        request_digest: &[u8; 32],
    ) -> Result<Option<Job>, StoreError>;
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
    /// Jobs, newest first.
    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError>;
}
