//! The queue: claiming jobs and ending them.

use super::reviews::NewReview;
use crate::blobs::BlobId;
use crate::error::StoreError;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::identity::IdentityQuery;
use selfsame_job::job::Job;
use selfsame_job::lockout::Attempt;
use selfsame_job::replay::ImageFingerprint;
use selfsame_job::step::{Carried, Standing};
use selfsame_job::user::{Reference, UserState};
use selfsame_wire::id::SmileJobId;
use std::time::Duration;

/// A job in a worker's hands until its lease ends.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The job.
    pub job: Job,
    /// How often it has been claimed, this time included.
    pub attempt: u32,
    /// Proves that the claim is still the claimer's.
    pub lease: LeaseId,
    /// Where the job stood when it was claimed.
    pub standing: Standing,
    /// Its package, where it has one: [`Queue::package_of`] reads it.
    pub package: Option<BlobId>,
}

/// Names one claim of one job or delivery; a later claim has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseId(pub uuid::Uuid);

/// How a job ended, committed as one.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The result without `timestamp` and `signature`, which are made afresh each time it is sent. JSON object bytes.
    pub result: Bytes,
    /// Whether the result counts as `job_success`.
    pub success: bool,
    /// The result code, for lists and metrics.
    pub result_code: String,
    /// The user as the job was judged. Where it is not so any more, nothing is committed ([`Finished::UserChanged`]): of two
    /// enrolments of one name only one goes by what was on file before.
    pub judged: UserState,
    /// How far the order of user changes was followed when duplicates were looked for, where they decide: later changes to
    /// other users of the partner must be looked at first ([`Finished::OthersChanged`]).
    pub searched: Option<u64>,
    /// What it counts as; where it counts, a locked user's job does not end so ([`Finished::LockedOut`]).
    pub attempt: Option<Attempt>,
    /// The template to put on file, for an enrolment that passed.
    pub enrol: Option<Reference>,
    /// Which earlier enrolments' templates stay beside it, by their photos: [`User::kept_beside`] says which.
    pub keeps: Vec<SmileJobId>,
    /// The identity under whose number the user is on record from now on where the job succeeded, or once a person approves it.
    pub registers: Option<IdentityQuery>,
    /// Open a review: the result is not final.
    pub review: Option<NewReview>,
    /// The capture was accepted: its images are remembered.
    pub accepted: Vec<ImageFingerprint>,
    /// End the job only if no other job had one of `accepted` accepted (the very file); else it must be judged again.
    pub only_if_new: bool,
    /// A result that is told beside the job's own, with a callback of its own: JSON object bytes, and its code.
    pub beside: Option<(Bytes, String)>,
    /// Queue a callback to this URL.
    pub callback_url: Option<String>,
}

/// What a step that is not the last came to, committed as one.
#[derive(Debug, Clone)]
pub struct Onward {
    /// Where the job stands now.
    pub standing: Standing,
    /// The result of the step: JSON object bytes, as [`Outcome::result`], and its code.
    pub told: Option<(Bytes, String)>,
    /// Queue a callback with that result to this URL.
    pub callback_url: Option<String>,
}

/// What committing the end of a step, or a pause, came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WentOn {
    /// It is on record.
    Committed,
    /// The claim was lost to another worker; nothing was written.
    LostClaim,
    /// The user was deleted meanwhile: the job has ended as that.
    UserDeleted,
}

/// What committing an outcome came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// The job has ended, here and only here.
    Committed,
    /// The claim was lost to another worker; nothing was written.
    LostClaim,
    /// The user is not as the job was judged any more; nothing was written, decide again.
    UserChanged,
    /// Others of the partner's users changed since duplicates were looked for; nothing was written, decide again.
    OthersChanged,
    /// The user is locked until this moment; nothing was written, the job ends as refused.
    LockedOut(Timestamp),
    /// Another job had one of the images accepted meanwhile; nothing was written, decide again.
    SeenMeanwhile,
    /// The user was deleted meanwhile: the job has ended as that, and nothing of what it came to was written.
    UserDeleted,
}

/// The queue of jobs that have their packages.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Takes queued jobs whose turn it is, at most so many: partners and environments take turns, production has three of four where both
    /// wait; of one partner's jobs those that a caller waits for come first, three of four times, and else the oldest.
    async fn claim_jobs(&self, lease: Duration, at_most: u32) -> Result<Vec<Claim>, StoreError>;
    /// The same, of one job.
    async fn claim_job(&self, lease: Duration) -> Result<Option<Claim>, StoreError> {
        Ok(self.claim_jobs(lease, 1).await?.pop())
    }
    /// The package of a claimed job; absent when it has none or was erased.
    async fn package_of(&self, claim: &Claim) -> Result<Option<Bytes>, StoreError>;
    /// Lets a claim last until `lease` from now. `Ok(false)`: the claim was lost, or the job has ended.
    async fn renew_job(&self, claim: &Claim, lease: Duration) -> Result<bool, StoreError>;
    /// Puts a claimed job back, unharmed. Does nothing when the claim was lost.
    async fn release_job(&self, claim: &Claim) -> Result<(), StoreError>;
    /// Queues a claimed job again at once; the attempt counts. Does nothing when the claim was lost.
    async fn return_job(&self, claim: &Claim) -> Result<(), StoreError>;
    /// Ends a step of a claimed job that is not its last; the claim lasts. A job whose step is on record already (its worker died
    /// behind it) has no second result of it.
    async fn go_on(&self, claim: &Claim, onward: &Onward) -> Result<WentOn, StoreError>;
    /// Lets a claimed job wait for something outside, and keeps what it found so far. It is queued again after the pause, when
    /// somebody calls [`Queue::wake`]; the attempt does not count.
    async fn wait(
        &self,
        claim: &Claim,
        carried: &Carried,
        pause: Duration,
    ) -> Result<WentOn, StoreError>;
    /// Queues the jobs whose wait is over. Returns how many.
    async fn wake(&self) -> Result<u64, StoreError>;
    /// Queues again every job and delivery whose lease ended. Returns how many jobs.
    async fn recover(&self) -> Result<u64, StoreError>;
    /// Ends a claimed job: result, enrolment, review, images and callback become visible together or not at all.
    async fn finish_job(&self, claim: &Claim, outcome: &Outcome) -> Result<Finished, StoreError>;
}
