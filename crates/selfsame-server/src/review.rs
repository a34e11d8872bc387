//! Deciding reviews: the operator API and the command line do it here, alike.

use jiff::Timestamp;
use selfsame_job::admission::{admit_authentication, admit_enrolment};
use selfsame_job::audit::Actor;
use selfsame_job::job::{Job, JobType};
use selfsame_job::review::{
    MAX_NOTE_BYTES, ReviewDecision, Ruling, UnreadableResult, final_result,
};
use selfsame_store::error::StoreError;
use selfsame_store::review::{FinalResult, Ruled};
use selfsame_store::store::Store;
use selfsame_wire::id::SmileJobId;
use selfsame_wire::result::ResultCode;

/// Why a review was not decided. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotDecided {
    /// There is no such review.
    #[error("no review was ever opened for the job {0}")]
    Unknown(SmileJobId),
    /// Somebody was quicker.
    #[error("the review of the job {0} is decided already")]
    Decided(SmileJobId),
    /// The note is too long.
    #[error("the note is longer than {MAX_NOTE_BYTES} bytes")]
    NoteTooLong,
    /// The provisional result is no result.
    #[error(transparent)]
    Unreadable(#[from] UnreadableResult),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Decides a review: the final result, the enrolment, the second callback and the audit's record come to be together.
///
/// An approval that cannot take effect, because the user was enrolled, disabled or deleted while the job waited, ends as a
/// rejection that says so.
///
/// # Errors
/// [`NotDecided`] says why not.
pub async fn decide(
    store: &dyn Store,
    job: &SmileJobId,
    decision: ReviewDecision,
    reviewer: Actor,
    note: Option<String>,
) -> Result<ResultCode, NotDecided> {
    if note.as_ref().is_some_and(|n| n.len() > MAX_NOTE_BYTES) {
        return Err(NotDecided::NoteTooLong);
    }
    let review = store
        .review(job)
        .await?
        .ok_or_else(|| NotDecided::Unknown(job.clone()))?;
    let decided = || NotDecided::Decided(job.clone());
    if review.outcome.is_some() {
        return Err(decided());
    }
    let provisional = store.result(job).await?.ok_or_else(decided)?;
    let ruling = Ruling {
        decision,
        reviewer,
        note: note.filter(|n| !n.is_empty()),
        at: Timestamp::now(),
    };
    let mut hindrance = None;
    // The second time it is known why the approval cannot take effect, and it no longer tries to.
    for _ in 0..2 {
        let (code, result) = final_result(
            &provisional.result,
            review.job.job_type,
            &ruling,
            hindrance.as_deref(),
        )?;
        let result = FinalResult {
            result: result.into(),
            success: code.is_success(),
            result_code: code.code().to_owned(),
        };
        match store.decide_review(job, &ruling, &result).await? {
            Ruled::Committed => return Ok(code),
            Ruled::NotPending => return Err(decided()),
            Ruled::NotAdmitted => hindrance = Some(why_not(store, &review.job).await?),
        }
    }
    Err(decided())
}

async fn why_not(store: &dyn Store, job: &Job) -> Result<String, StoreError> {
    let user = store.user(&job.user).await?;
    let refused = match job.job_type {
        JobType::Enrolment => admit_enrolment(user.as_ref(), job.request.allow_new_enroll).err(),
        JobType::Authentication => {
            let model = user
                .as_ref()
                .and_then(|u| u.reference.as_ref())
                .map_or("", |r| r.model_digest.as_str());
            admit_authentication(user.as_ref(), model).err()
        }
    };
    Ok(match refused {
        Some(why) => why.explain(job.job_type),
        None => "the template that waited was erased, or none was made",
    }
    .to_owned())
}
