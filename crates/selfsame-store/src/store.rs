//! The one interface to records, blobs and the queue. Back ends implement it; callers know nothing else.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use selfsame_face::template::TemplateModel;
use selfsame_job::audit::{Actor, AuditEntry, AuditRecord};
use selfsame_job::challenge::{ChallengeId, DrawnChallenge};
use selfsame_job::job::{Job, JobRequest, JobState, JobType};
use selfsame_job::lockout::{Attempt, FailedAttempts};
use selfsame_job::operator::TokenTerms;
use selfsame_job::partner::Partner;
use selfsame_job::replay::{ImageFingerprint, Recurrence};
use selfsame_job::review::Ruling;
use selfsame_job::served::Served;
use selfsame_job::user::{Reference, User, UserKey, UserState, UserStatus};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId};
use selfsame_wire::signature::ApiKey;

use crate::audit::{AuditCheck, AuditHead};
pub use crate::challenge::{Drawn, UnansweredLimit};
pub use crate::delivery::{
    AfterAttempt, Delivery, DeliveryAttempt, DeliveryId, DeliveryLimits, DeliveryRecord,
    DeliveryState, Endpoint,
};
use crate::error::StoreError;
use crate::nodes::Nodes;
use crate::review::{FinalResult, NewReview, Review, ReviewFilter, Ruled};

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
    /// This partner's job waits for a package, or has had one: [`Store::accept_package`] tells which.
    Good(PartnerId),
    /// No such upload.
    Unknown,
    /// The URL is too old, and no package came by it.
    Expired,
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
    /// Open a review: the result is not final.
    pub review: Option<NewReview>,
    /// The capture was accepted: its images are remembered.
    pub accepted: Vec<ImageFingerprint>,
    /// End the job only if no other job had one of `accepted` accepted (the very file); else it must be judged again.
    pub only_if_new: bool,
    /// Queue a callback to this URL.
    pub callback_url: Option<String>,
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

/// What the latest start of a server put in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The policy file without gaps, as [`selfsame_job::policy::Policies::text`] gives it.
    pub policy: String,
    /// The models whose templates are compared.
    pub served: Served,
    /// When it was put in force.
    pub at: Timestamp,
}

/// A result of an attempt at a `job_id`: a worker's, or the one that a review brought.
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
    /// When it ended.
    pub finished_at: Timestamp,
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
    /// Jobs that wait for a person.
    pub reviews_pending: u64,
}

/// From when on things are kept; what is older is erased.
#[derive(Debug, Clone, Copy)]
pub struct KeepSince {
    /// Packages of jobs that ended, unless one is a user's photo on file.
    pub packages: Timestamp,
    /// What jobs that ended hold; their names, codes and times stay.
    pub results: Timestamp,
}

/// What a sweep erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Packages.
    pub packages: u64,
    /// Jobs' contents.
    pub results: u64,
}

/// A token for the operator API, without the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminToken {
    /// Whose.
    pub name: String,
    /// SHA-256 of the token; the token itself is not kept.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// What it allows, and until when.
    pub terms: TokenTerms,
}

/// A user that changed.
#[derive(Debug, Clone)]
pub struct UserChange {
    /// Its place in the order of changes, from 1.
    pub sequence: u64,
    /// The user as it is now.
    pub user: User,
}

/// Records, blobs and the queue.
///
/// Every method that changes something has made it durable when it returns `Ok`; where it takes an [`Actor`], together with
/// its audit record. Secrets, biometrics and what partners
/// sent are encrypted before they reach the disk.
#[async_trait]
pub trait Store: Nodes + Send + Sync + std::fmt::Debug {
    /// Records a partner. `Ok(false)`: the id is taken.
    async fn create_partner(&self, partner: &Partner, by: &Actor) -> Result<bool, StoreError>;
    /// One partner.
    async fn partner(&self, id: &PartnerId) -> Result<Option<Partner>, StoreError>;
    /// All partners, by id.
    async fn partners(&self) -> Result<Vec<Partner>, StoreError>;
    /// Lets production in or out. `Ok(false)`: no such partner.
    async fn set_production_enabled(
        &self,
        id: &PartnerId,
        enabled: bool,
        by: &Actor,
    ) -> Result<bool, StoreError>;
    /// Replaces a key. `Ok(false)`: no such partner.
    async fn replace_key(
        &self,
        id: &PartnerId,
        environment: Environment,
        key: &ApiKey,
        by: &Actor,
    ) -> Result<bool, StoreError>;

    /// Records a job that waits for its package.
    async fn prepare_job(&self, job: &NewJob, grant: &UploadGrant) -> Result<Prepared, StoreError>;
    /// Whether an upload URL may be used, and whose it is; nothing changes.
    async fn upload_grant(
        &self,
        token_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Granted, StoreError>;
    /// Takes the package of a prepared job, once.
    async fn accept_package(
        &self,
        token_hash: &[u8; 32],
        now: Timestamp,
        package: Bytes,
    ) -> Result<Accepted, StoreError>;
    /// Records a job together with its package, queued at once.
    async fn submit_job(&self, job: &NewJob, package: Bytes) -> Result<Prepared, StoreError>;
    /// The job that the same request recorded before, together with its package.
    async fn repeated(
        &self,
        partner: &PartnerId,
        environment: Environment,
        request_digest: &[u8; 32],
    ) -> Result<Option<Job>, StoreError>;
    /// Records a challenge that was drawn, unless one is open for the same user and job, or too many of the user's were not
    /// answered. Of many draws at once, one is recorded.
    async fn draw_challenge(
        &self,
        new: &DrawnChallenge,
        limit: &UnansweredLimit,
    ) -> Result<Drawn, StoreError>;
    /// A challenge that was drawn. [`Store::prepare_job`] and [`Store::submit_job`] take the one in
    /// [`JobRequest::challenge`] for their job, in the same transaction.
    async fn challenge(&self, id: &ChallengeId) -> Result<Option<DrawnChallenge>, StoreError>;
    /// Forgets challenges that expired before. Returns how many.
    async fn expire_challenges(&self, before: Timestamp) -> Result<u64, StoreError>;
    /// Takes the queued job whose turn it is: partners and environments take turns, production has three of four where both
    /// wait; of one partner's jobs those that a caller waits for come first, three of four times, and else the oldest.
    async fn claim_job(&self, lease: Duration) -> Result<Option<Claim>, StoreError>;
    /// Lets a claim last until `lease` from now. `Ok(false)`: the claim was lost, or the job has ended.
    async fn renew_job(&self, claim: &Claim, lease: Duration) -> Result<bool, StoreError>;
    /// Puts a claimed job back, unharmed. Does nothing when the claim was lost.
    async fn release_job(&self, claim: &Claim) -> Result<(), StoreError>;
    /// Queues a claimed job again at once; the attempt counts. Does nothing when the claim was lost.
    async fn return_job(&self, claim: &Claim) -> Result<(), StoreError>;
    /// Queues again every job and delivery whose lease ended; `all` does so whatever the lease says (at start, when no
    /// other process can hold one). Returns how many jobs.
    async fn recover(&self, now: Timestamp, all: bool) -> Result<u64, StoreError>;
    /// Ends a claimed job: result, enrolment, review, images and callback become visible together or not at all.
    async fn finish_job(&self, claim: &Claim, outcome: &Outcome) -> Result<Finished, StoreError>;
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
    /// The latest result of an attempt; absent while it has not ended.
    async fn result(&self, id: &SmileJobId) -> Result<Option<JobResultRecord>, StoreError>;
    /// Every result of a partner's `job_id`, newest first.
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
    /// A partner's users in one environment, by id.
    async fn users(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<Vec<User>, StoreError>;
    /// Users of all partners that changed in any way after a place in the order of changes, in that order: each once, at its
    /// latest change. From 0 on these are all users. A change that is visible is never followed by an earlier one.
    async fn users_changed(&self, after: u64, limit: u32) -> Result<Vec<UserChange>, StoreError>;
    /// Enables or disables. [`UserStatus::Deleted`] erases the template, every package of the user's jobs, what their images are
    /// recognised by, and what requests, results, reviews and callbacks hold, for good: names, codes and times stay. Reviews
    /// and callbacks that wait are withdrawn, and jobs that wait or run end without a trace of what they found.
    /// `Ok(false)`: no such user; or, to erase, nothing is left of it.
    async fn set_user_status(
        &self,
        key: &UserKey,
        status: UserStatus,
        by: &Actor,
    ) -> Result<bool, StoreError>;

    /// Adds a template by another model of the photo that is on file. `Ok(false)`: that photo is not on file any more.
    async fn add_template(&self, key: &UserKey, reference: &Reference) -> Result<bool, StoreError>;
    /// Where a user has a template by this model of the photo on file: makes it the one on file, and erases those of other
    /// models. `Ok(false)`: there was nothing to erase.
    async fn keep_only(&self, key: &UserKey, model: &TemplateModel) -> Result<bool, StoreError>;
    /// Puts on the audit's record that so many users' other templates were erased by [`Store::keep_only`].
    async fn templates_forgotten(
        &self,
        model: &TemplateModel,
        users: u64,
        by: &Actor,
    ) -> Result<(), StoreError>;

    /// The failures of a user since its last success, enrolled or not.
    async fn failed_attempts(&self, key: &UserKey) -> Result<Option<FailedAttempts>, StoreError>;
    /// Forgets a user's failures, and lifts its lock. `Ok(false)`: there were none.
    async fn unlock_user(&self, key: &UserKey, by: &Actor) -> Result<bool, StoreError>;

    /// Which of a job's images were accepted before, in another attempt (another `smile_job_id`, be it at the same `job_id`) of
    /// the partner in the same environment: the
    /// very file, or a picture whose perceptual hash is at most `max_distance` bits away. At most one for each image.
    async fn recurrences(
        &self,
        job: &Job,
        images: &[ImageFingerprint],
        max_distance: u32,
    ) -> Result<Vec<Recurrence>, StoreError>;

    /// Whether a very file of an ended job was accepted in another attempt before it, or in one that has passed since.
    async fn replayed(&self, job: &SmileJobId) -> Result<bool, StoreError>;

    /// Leaves on record what the server judges by, from its start on.
    async fn set_in_force(&self, policy: &str, served: &Served) -> Result<(), StoreError>;
    /// What the latest start put in force; absent before the first.
    async fn in_force(&self) -> Result<Option<InForce>, StoreError>;

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

    /// Takes deliveries that are due, as many as the limits leave room for beside those in hand; partners, environments and
    /// endpoints take turns.
    async fn claim_deliveries(
        &self,
        now: Timestamp,
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
    /// Puts a claimed delivery back untried, to be taken again no earlier than then. Does nothing when the claim was lost.
    async fn postpone_delivery(
        &self,
        delivery: &Delivery,
        until: Timestamp,
    ) -> Result<(), StoreError>;
    /// A job's deliveries, oldest first.
    async fn deliveries(&self, job: &SmileJobId) -> Result<Vec<DeliveryRecord>, StoreError>;
    /// Queues the callback of a finished job once more, with its latest result. `Ok(false)`: the job has not ended, or has
    /// no callback URL.
    async fn replay(&self, job: &SmileJobId, by: &Actor) -> Result<bool, StoreError>;

    /// Puts something on the audit's record that changes nothing else; gives the chain's new end.
    async fn record_audit(&self, entry: &AuditEntry) -> Result<AuditHead, StoreError>;
    /// Records of the audit in order, `after` this place; at most `limit`.
    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;
    /// Follows the whole chain; `anchor` is a head that was kept elsewhere.
    async fn verify_audit(&self, anchor: Option<&AuditHead>) -> Result<AuditCheck, StoreError>;

    /// Whether the audit can be extended: its chain ends where its head says.
    ///
    /// # Errors
    /// [`StoreError::AuditBroken`] says why not; every action with an [`Actor`] is refused with it then.
    async fn check_audit_end(&self) -> Result<(), StoreError>;
    /// Begins a new segment of the audit behind a break, with a record that names it; gives the chain's new end. `Ok(None)`:
    /// nothing is broken.
    async fn resume_audit(&self, by: &Actor) -> Result<Option<AuditHead>, StoreError>;

    /// Records a token for the operator API; one of the same name is replaced.
    async fn put_admin_token(&self, token: &AdminToken, by: &Actor) -> Result<(), StoreError>;
    /// Withdraws a token. `Ok(false)`: there is none of this name.
    async fn remove_admin_token(&self, name: &str, by: &Actor) -> Result<bool, StoreError>;
    /// Every token, by name.
    async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StoreError>;

    /// How full the queues are. Costs the same however much is on record.
    async fn depths(&self) -> Result<Depths, StoreError>;
    /// Writes something small, on disk: whether the back end answers and can write.
    async fn probe(&self) -> Result<(), StoreError>;
    /// Forgets jobs whose upload URL died before `before` without a package. Returns how many.
    async fn expire_uploads(&self, before: Timestamp) -> Result<u64, StoreError>;
    /// Erases what is older than it is kept.
    async fn sweep(&self, keep: &KeepSince) -> Result<Swept, StoreError>;
    /// Removes packages, and half-written ones, that no job refers to. Looks at every package: for seldom use. Returns how many.
    async fn sweep_orphans(&self) -> Result<u64, StoreError>;
}
