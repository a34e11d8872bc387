//! Deciding reviews.

use jiff::Timestamp;
use selfsame_face::template::ComparisonScore;
use selfsame_job::approval::{self, Approval};
use selfsame_job::audit::Actor;
use selfsame_job::job::Job;
use selfsame_job::lockout::Attempt;
use selfsame_job::outcome::{JobOutcome, UnreadableOutcome};
use selfsame_job::policy::{Policies, PolicyError};
use selfsame_job::review::{MAX_NOTE_BYTES, ReviewDecision, Ruling, final_outcome};
use selfsame_job::served::Served;
use selfsame_job::user::{Reference, UserState};
use selfsame_store::error::StoreError;
use selfsame_store::review::{FinalResult, Review, Ruled};
use selfsame_store::store::Store;
use selfsame_wire::id::{SmileJobId, UserId};
use selfsame_wire::result::ResultCode;

use crate::gallery::{Found, Gallery, Probe, look_through};

/// How often an approval is checked again because something that it was checked by changed.
const CHECKED_AT_MOST: usize = 16;

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
    /// The user, or others of the partner's, change faster than they can be checked.
    #[error("what the approval of the job {0} is checked by changed all the while; decide again")]
    Busy(SmileJobId),
    /// The provisional result is no result.
    #[error(transparent)]
    Unreadable(#[from] UnreadableOutcome),
    /// The policy on record cannot be used.
    #[error("the policy that the server left on record: {0}")]
    Policy(#[from] PolicyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who else has this face: where that is looked up.
#[derive(Debug, Clone, Copy)]
enum Enrolled<'a> {
    /// In the server's memory.
    Gallery(&'a Gallery),
    /// In the store, user by user.
    Store,
}

/// Decides reviews by the policy in force.
#[derive(Debug)]
pub struct Reviews<'a> {
    store: &'a dyn Store,
    policies: Policies,
    /// The models that are served, where they are known.
    served: Option<Served>,
    enrolled: Enrolled<'a>,
}

impl<'a> Reviews<'a> {
    /// Within the server; a node that has no gallery looks the store through.
    #[must_use]
    pub fn within(
        store: &'a dyn Store,
        gallery: Option<&'a Gallery>,
        policies: &Policies,
        served: &Served,
    ) -> Self {
        Self {
            store,
            policies: policies.clone(),
            served: Some(served.clone()),
            enrolled: gallery.map_or(Enrolled::Store, Enrolled::Gallery),
        }
    }

    /// Beside the server or without one, by what its latest start put in force; by what is built in where there was none.
    ///
    /// # Errors
    /// When the store fails, or the policy on record is of another build.
    pub async fn beside(store: &'a dyn Store) -> Result<Self, NotDecided> {
        let in_force = store.in_force().await?;
        let policies = match &in_force {
            Some(in_force) => Policies::parse(&in_force.policy)?,
            None => Policies::default(),
        };
        Ok(Self {
            store,
            policies,
            served: in_force.map(|f| f.served),
            enrolled: Enrolled::Store,
        })
    }

    /// Decides a review: the final result, the enrolment, the second callback and the audit's record come to be together.
    ///
    /// An approval is checked at this moment: the user, the photo on file, duplicates, files used elsewhere, policy and model.
    /// One that cannot take effect ends as a rejection that says why.
    ///
    /// # Errors
    /// [`NotDecided`] says why not.
    pub async fn decide(
        &self,
        job: &SmileJobId,
        decision: ReviewDecision,
        reviewer: Actor,
        note: Option<String>,
    ) -> Result<ResultCode, NotDecided> {
        if note.as_ref().is_some_and(|n| n.len() > MAX_NOTE_BYTES) {
            return Err(NotDecided::NoteTooLong);
        }
        let review = self
            .store
            .review(job)
            .await?
            .ok_or_else(|| NotDecided::Unknown(job.clone()))?;
        let decided = || NotDecided::Decided(job.clone());
        if review.outcome.is_some() {
            return Err(decided());
        }
        let provisional = self.store.result(job).await?.ok_or_else(decided)?.result;
        let ruling = Ruling {
            decision,
            reviewer,
            note: note.filter(|n| !n.is_empty()),
            at: Timestamp::now(),
        };
        // Within the server, enrolments of the partner wait meanwhile: else they would have it checked again and again.
        let _turn = match self.enrolled {
            Enrolled::Gallery(gallery) if review.job.job_type.looks_for_duplicates() => {
                let (partner, environment) = (review.job.partner(), review.job.environment());
                Some(gallery.turn(partner, environment).await?)
            }
            _ => None,
        };
        for _ in 0..CHECKED_AT_MOST {
            let result = self.result(&review, &ruling, &provisional).await?;
            match self.store.decide_review(job, &ruling, &result.1).await? {
                Ruled::Committed => return Ok(result.0),
                Ruled::NotPending => return Err(decided()),
                Ruled::Changed => {}
            }
        }
        Err(NotDecided::Busy(job.clone()))
    }

    /// The result that the ruling brings at this moment.
    async fn result(
        &self,
        review: &Review,
        ruling: &Ruling,
        provisional: &[u8],
    ) -> Result<(ResultCode, FinalResult), NotDecided> {
        let job = &review.job;
        let mut judged = UserState::default();
        let mut searched = None;
        let mut hindrance = None;
        if ruling.decision == ReviewDecision::Approve {
            let user = self.store.user(&job.user).await?;
            judged = UserState::of(user.as_ref());
            let template = self.store.pending_template(&job.smile_job_id).await?;
            let found = match (approval::duplicates_from(job, &self.policies), &template) {
                (Some(at_least), Some(template)) => {
                    let found = self.search(job, template, at_least).await?;
                    searched = Some(found.as_of);
                    found.duplicates
                }
                _ => Vec::new(),
            };
            hindrance = Approval {
                job,
                user: user.as_ref(),
                judged: &review.judged,
                template: template.as_ref(),
                policies: &self.policies,
                served: self.served.as_ref(),
                replayed: self.store.replayed(&job.smile_job_id).await?,
                duplicates: &found,
                shown: &shown(&JobOutcome::read(provisional)?),
            }
            .hindrance();
        }
        let outcome = final_outcome(provisional, job.job_type, ruling, hindrance)?;
        let code = outcome.code;
        let lockout = self.policies.of(job.environment(), job.job_type).lockout;
        Ok((
            code,
            FinalResult {
                result: outcome.to_bytes().into(),
                success: code.is_success(),
                result_code: code.code().to_owned(),
                judged,
                searched,
                // A hindered approval says nothing of who was before the camera.
                attempt: Attempt::new(approval::tried(job, ruling.decision), lockout)
                    .filter(|_| hindrance.is_none()),
            },
        ))
    }

    async fn search(
        &self,
        job: &Job,
        reference: &Reference,
        at_least: ComparisonScore,
    ) -> Result<Found, StoreError> {
        match self.enrolled {
            Enrolled::Gallery(gallery) => {
                gallery
                    .duplicates(&job.user, &[Probe::new(&reference.template, at_least)])
                    .await
            }
            Enrolled::Store => look_through(self.store, &job.user, reference, at_least).await,
        }
    }
}

/// The duplicates that stand in the provisional result's evidence: the person who decides saw them.
fn shown(provisional: &JobOutcome) -> Vec<UserId> {
    #[derive(serde::Deserialize)]
    struct Shown {
        user_id: UserId,
    }
    let shown: Vec<Shown> = provisional.evidence.get("duplicates").unwrap_or_default();
    shown.into_iter().map(|d| d.user_id).collect()
}
