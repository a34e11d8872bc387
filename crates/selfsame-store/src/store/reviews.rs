//! Reviews on record: provisional jobs that wait for a person.

use crate::error::StoreError;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::job::Job;
use selfsame_job::lockout::Attempt;
use selfsame_job::review::{ReviewDecision, Ruling};
use selfsame_job::user::{Reference, UserState};
use selfsame_wire::id::{Environment, PartnerId, SmileJobId};

/// A review that a job's outcome opens.
#[derive(Debug, Clone)]
pub struct NewReview {
    /// The template to put on file should the enrolment be approved; kept encrypted until then, and erased by any decision.
    pub enrol: Option<Reference>,
}

/// A review on record.
#[derive(Debug, Clone)]
pub struct Review {
    /// The job that waits, or waited.
    pub job: Job,
    /// Its user as the job was judged.
    pub judged: UserState,
    /// When it began to wait.
    pub opened_at: Timestamp,
    /// What became of it; absent while it waits.
    pub outcome: Option<ReviewOutcome>,
}

/// What became of a review.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ReviewOutcome {
    /// What was decided.
    pub decision: ReviewDecision,
    /// The result code that followed.
    pub result_code: String,
    /// Who decided.
    pub reviewer: String,
    /// Why.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Which reviews to list, oldest first.
#[derive(Debug, Clone, Default)]
pub struct ReviewFilter {
    /// Those that are decided, rather than those that wait.
    pub decided: bool,
    /// Only this partner's.
    pub partner: Option<PartnerId>,
    /// Only in this environment.
    pub environment: Option<Environment>,
    /// At most so many; 0 means 100.
    pub limit: u32,
}

/// The result that a ruling brings, as [`crate::store::Outcome`] has a worker's.
#[derive(Debug, Clone, Default)]
pub struct FinalResult {
    /// JSON object bytes.
    pub result: Bytes,
    /// Whether it counts as `job_success`: then an enrolment's template is put on file.
    pub success: bool,
    /// The result code.
    pub result_code: String,
    /// The user by which a success was checked: it must still be so.
    pub judged: UserState,
    /// How far the order of user changes was followed when duplicates were looked for, where they hinder a success.
    pub searched: Option<u64>,
    /// What it counts as.
    pub attempt: Option<Attempt>,
}

/// What committing a ruling came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruled {
    /// The job has its final result, here and only here.
    Committed,
    /// No review waits for this job: there never was one, or it is decided.
    NotPending,
    /// The approval was checked by what is not so any more. Nothing was written; check again.
    Changed,
}

/// Jobs that wait for a person.
#[async_trait]
pub trait Reviews: Send + Sync {
    /// The template that waits for a review; absent once it is decided, and where none was made.
    async fn pending_template(&self, job: &SmileJobId) -> Result<Option<Reference>, StoreError>;
    /// The review of a job, waiting or decided.
    async fn review(&self, job: &SmileJobId) -> Result<Option<Review>, StoreError>;
    /// Reviews, oldest first.
    async fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<Review>, StoreError>;
    /// Decides a review: ruling, final result, enrolment and callback become visible together or not at all, once.
    async fn decide_review(
        &self,
        job: &SmileJobId,
        ruling: &Ruling,
        result: &FinalResult,
    ) -> Result<Ruled, StoreError>;
}
