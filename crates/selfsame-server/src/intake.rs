//! What every job passes before it is recorded, whichever API it came by.

use jiff::Timestamp;
use selfsame_job::admission::NotAdmitted;
use selfsame_job::challenge::{ChallengeId, Unanswerable};
use selfsame_job::job::{JobRequest, JobType};
use selfsame_job::policy::Policy;
use selfsame_job::sandbox::{self, Forced};
use selfsame_job::user::UserKey;
use selfsame_store::error::StoreError;
use selfsame_store::store::{NewJob, Prepared};
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::{JobId, SmileJobId, UserId};
use selfsame_wire::job_type::JobType as WireJobType;

use crate::app::{App, Caller};
use crate::challenges;
use crate::refusal::Refusal;
use crate::route::links;

/// The job type that this build performs.
pub(crate) fn performed(job_type: WireJobType) -> Result<JobType, Refusal> {
    JobType::performed(job_type).ok_or_else(|| {
        let mut performed: Vec<_> = JobType::ALL.iter().map(|t| t.product()).collect();
        performed.sort_by_key(|product| product.wire_type().number());
        performed.dedup_by_key(|product| product.wire_type().number());
        let performed: Vec<_> = performed
            .iter()
            .map(|product| format!("{} ({})", product.wire_type().number(), product.called()))
            .collect();
        Refusal::new(
            ErrorCode::InvalidJobType,
            format!(
                "job_type {} is not performed by this server yet; it performs {}",
                job_type.number(),
                performed.join(", ")
            ),
        )
    })
}

/// A job ready to be recorded.
pub(crate) struct Intake<'c> {
    pub(crate) caller: &'c Caller,
    pub(crate) smile_job_id: SmileJobId,
    pub(crate) user: UserId,
    pub(crate) job_id: JobId,
    pub(crate) job_type: JobType,
    pub(crate) request: JobRequest,
    pub(crate) retry: bool,
    /// The challenge that it says it answers.
    pub(crate) challenge_id: Option<ChallengeId>,
    /// By what a repeat of the request is recognised, where one is.
    pub(crate) request_digest: Option<[u8; 32]>,
}

impl Intake<'_> {
    /// Puts the partner's callback URL where the request names none: now, so that jobs on record do not move with it. Checks the
    /// callback URL, what the sandbox forces, the user, and the challenge.
    pub(crate) async fn check(self, app: &App) -> Result<NewJob, Refusal> {
        let Self {
            caller,
            smile_job_id,
            user,
            job_id,
            job_type,
            mut request,
            retry,
            challenge_id,
            request_digest,
        } = self;
        let rules = app.config.callback_rules();
        match &request.callback_url {
            Some(url) => {
                rules
                    .check(url, caller.environment)
                    .map_err(|error| Refusal::new(ErrorCode::WrongType, error.to_string()))?;
            }
            None => request.callback_url = caller.default_callback(rules)?.map(str::to_owned),
        }
        let key = UserKey {
            partner: caller.partner.id.clone(),
            environment: caller.environment,
            user,
        };
        match sandbox::forced(
            key.environment,
            request.sandbox_result.as_deref(),
            &key.user,
        )
        .map_err(|error| Refusal::new(ErrorCode::WrongType, error.to_string()))?
        {
            Some(Forced::Error(code)) => {
                return Err(Refusal::new(
                    code,
                    "this error was forced by the sandbox request",
                ));
            }
            Some(Forced::Result(_)) => {}
            // A test identity passes by itself.
            None if sandbox::staged(key.environment, request.details.as_ref(), job_type)
                .is_some() => {}
            None => {
                let record = app.user(&key).await?;
                let policy = app.config.policies.of(key.environment, job_type);
                let served = &app.engine.served;
                if let Some(face) = job_type.face() {
                    match face.admit(record.as_ref(), request.allow_new_enroll, policy, served) {
                        Err(why) if why.refuses_at_once(request.api) => {
                            return Err(not_admitted(why, job_type));
                        }
                        // Its result tells it.
                        Err(_) => {}
                        // Last, so that a lock tells no more of who is enrolled than admission does.
                        Ok(_) => {
                            if let Some(until) = locked_until(app, &key, policy).await? {
                                return Err(Refusal::locked_out(until));
                            }
                        }
                    }
                }
            }
        }
        request.challenge =
            challenges::named(app, challenge_id.as_ref(), &key, &job_id, job_type).await?;
        Ok(NewJob {
            smile_job_id,
            user: key,
            job_id,
            job_type,
            request,
            retry,
            request_digest,
        })
    }
}

/// Until when the user is locked, if it is and the policy minds.
pub(crate) async fn locked_until(
    app: &App,
    key: &UserKey,
    policy: &Policy,
) -> Result<Option<Timestamp>, StoreError> {
    if policy.lockout.is_off() {
        return Ok(None);
    }
    let failed = app.store.failed_attempts(key).await?;
    Ok(failed.and_then(|f| f.locked_at(Timestamp::now())))
}

/// A job's name, which sorts by time.
pub(crate) fn new_smile_job_id() -> Result<SmileJobId, Refusal> {
    let id = uuid::Uuid::new_v7(uuid::Timestamp::from_unix(
        uuid::NoContext,
        u64::try_from(Timestamp::now().as_second()).unwrap_or(0),
        u32::try_from(Timestamp::now().subsec_nanosecond()).unwrap_or(0),
    ));
    SmileJobId::new(id.simple().to_string()).map_err(|e| Refusal::internal(&e))
}

fn not_admitted(why: NotAdmitted, job_type: JobType) -> Refusal {
    let code = ErrorCode::from_code(why.error_code()).unwrap_or(ErrorCode::SystemError);
    Refusal::new(code, why.explain(job_type))
}

/// What recording came to, as an answer.
pub(crate) fn recorded(prepared: &Prepared) -> Result<(), Refusal> {
    match prepared {
        // Whose job it is, the caller looks up.
        Prepared::Recorded | Prepared::Repeats(_) => Ok(()),
        Prepared::AlreadyPassed => Err(Refusal::new(
            ErrorCode::JobExists,
            "an earlier attempt at this job_id passed, or waits for a person: there is nothing to retry; use a new job_id",
        )),
        Prepared::JobExists => Err(Refusal::new(
            ErrorCode::JobExists,
            "a job with this job_id exists; use a new job_id, or retry once the earlier attempt has ended",
        )),
        Prepared::QueueFull => Err(Refusal::busy("the job queue is full")),
        Prepared::LinkTaken => Err(links::gone()),
        Prepared::ChallengeTaken => Err(challenges::refused(Unanswerable::Used)),
        Prepared::TooManyUploads => Err(Refusal::too_many_uploads()),
    }
}
