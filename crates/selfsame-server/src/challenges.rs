//! Challenges: drawn for a user, and named by the job that answers one.

use jiff::Timestamp;
use selfsame_job::challenge::{
    self, Challenge, ChallengeId, DRAW_BYTES, DrawnChallenge, Unanswerable,
};
use selfsame_job::job::JobType;
use selfsame_job::policy::{ChallengeMode, ChallengePolicy, Policies};
use selfsame_job::user::UserKey;
use selfsame_store::store::{Drawn, UnansweredLimit};
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::{Environment, JobId};

use crate::app::App;
use crate::refusal::Refusal;

/// For whom and what a challenge is drawn.
#[derive(Debug)]
pub(crate) struct For {
    pub(crate) user: UserKey,
    pub(crate) job_id: Option<JobId>,
    /// `None`: any that this server performs.
    pub(crate) job_type: Option<JobType>,
}

/// The policy by which a challenge is drawn: where it may be for any job, that of the job type that asks for most turns.
fn policy_of(
    policies: &Policies,
    environment: Environment,
    job_type: Option<JobType>,
) -> ChallengePolicy {
    let of = |job_type| policies.of(environment, job_type).liveness.challenge;
    match job_type {
        Some(job_type) => of(job_type),
        None => {
            let asks = |policy: &ChallengePolicy| (policy.mode != ChallengeMode::Off, policy.turns);
            let all = JobType::judged().map(of);
            all.reduce(|most, other| {
                if asks(&other) < asks(&most) {
                    most
                } else {
                    other
                }
            })
            .unwrap_or_else(|| of(JobType::Enrolment))
        }
    }
}

/// Whether the policy refuses such jobs without a challenge.
pub(crate) fn is_required(app: &App, environment: Environment, job_type: JobType) -> bool {
    let policy = policy_of(&app.config.policies, environment, Some(job_type));
    policy.mode == ChallengeMode::Required
}

/// Draws a challenge, or gives the one that is open.
pub(crate) async fn draw(app: &App, whom: For) -> Result<Challenge, Refusal> {
    let policy = policy_of(&app.config.policies, whom.user.environment, whom.job_type);
    if policy.mode == ChallengeMode::Off {
        return Err(Refusal::new(
            ErrorCode::WrongType,
            "the server's policy judges no challenges (liveness.challenge.mode is \"off\"); capture without one",
        ));
    }
    let mut random = [0; DRAW_BYTES];
    getrandom::fill(&mut random).map_err(|e| Refusal::internal(&e))?;
    let now = Timestamp::now();
    let new = DrawnChallenge {
        challenge: challenge::draw(&random, &policy, now),
        user: whom.user,
        job_id: whom.job_id,
        drawn_at: now,
        used_by: None,
    };
    let limit = UnansweredLimit {
        most: challenge::MOST_UNANSWERED,
        within: challenge::UNANSWERED_WITHIN,
    };
    match app.store.draw_challenge(&new, &limit).await? {
        Drawn::New => Ok(new.challenge),
        Drawn::Open(open) => Ok(open),
        Drawn::TooMany(until) => {
            tracing::warn!(
                partner = %new.user.partner, environment = %new.user.environment,
                "a user's challenges are drawn and not answered"
            );
            Err(Refusal::too_many_challenges(until.duration_since(now)))
        }
    }
}

/// The challenge that a job names, if it may answer it.
pub(crate) async fn named(
    app: &App,
    id: Option<&ChallengeId>,
    user: &UserKey,
    job: &JobId,
    job_type: JobType,
) -> Result<Option<Challenge>, Refusal> {
    let Some(id) = id else { return Ok(None) };
    let drawn = app.store.challenge(id).await?;
    let drawn = drawn.ok_or_else(|| refused(Unanswerable::Unknown))?;
    let policy = policy_of(&app.config.policies, user.environment, Some(job_type));
    drawn
        .may_be_answered(user, job, &policy, Timestamp::now())
        .map_err(refused)?;
    Ok(Some(drawn.challenge))
}

/// What a job hears that cannot answer the challenge that it names. Programs are told one word for all: another must be drawn.
pub(crate) fn refused(why: Unanswerable) -> Refusal {
    WireError::new(ErrorCode::WrongType, why.to_string())
        .with_reason("challenge_expired")
        .into()
}
