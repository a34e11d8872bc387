//! What jobs came to.

use crate::error::StoreError;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId};

/// A result of an attempt at a `job_id`: a step's, the one that ended it, or the one that a review brought.
#[derive(Debug, Clone)]
pub struct JobResultRecord {
    /// The attempt.
    pub smile_job_id: SmileJobId,
    /// The result as [`Outcome::result`] or [`FinalResult::result`] gave it.
    pub result: Bytes,
    /// Whether it counts as success.
    pub success: bool,
    /// The result code.
    pub result_code: String,
    /// When it was told.
    pub finished_at: Timestamp,
    /// It came from a step before the last: it ended nothing.
    pub of_step: bool,
}

/// Results of jobs.
#[async_trait]
pub trait Results: Send + Sync {
    /// The latest result of an attempt; absent while it has not ended.
    async fn result(&self, id: &SmileJobId) -> Result<Option<JobResultRecord>, StoreError>;
    /// Every result of a partner's `job_id`, newest first.
    async fn results(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Vec<JobResultRecord>, StoreError>;
}
