//! `POST /v1/challenge`: head turns are drawn for a user, which a capture is to show.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_job::challenge::{
    self, Challenge, ChallengeId, DRAW_BYTES, DrawnChallenge, Unanswerable,
};
use selfsame_job::job::JobType;
use selfsame_job::policy::{ChallengeMode, ChallengePolicy, Policies};
use selfsame_job::user::UserKey;
use selfsame_store::store::{Drawn, UnansweredLimit};
use selfsame_wire::challenge::{ChallengeRequest, ChallengeResponse, Offer};
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::{Environment, JobId, PartnerId, UserId};
use selfsame_wire::upload::Auth;

use crate::app::{App, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::intake::performed;
use crate::refusal::Refusal;
use crate::route::v1::token;

/// For whom and what a challenge is drawn.
#[derive(Debug)]
pub(crate) struct For {
    pub(crate) user: UserKey,
    pub(crate) job_id: Option<JobId>,
    /// `None`: any that this server performs.
    pub(crate) job_type: Option<JobType>,
}

pub(crate) async fn challenge(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<ChallengeResponse>, Refusal> {
    let body = collect_json(&app, client, body).await?;
    let request = ChallengeRequest::parse(&body.bytes)?;
    let whom = whom(&app, scope, request).await?;
    let challenge = draw(&app, whom).await?;
    Ok(Json(ChallengeResponse {
        challenge: Offer::at(challenge, Timestamp::now()),
    }))
}

/// Finds the caller, and for whom it may ask.
async fn whom(app: &App, scope: Scope, request: ChallengeRequest) -> Result<For, Refusal> {
    let job_type = request.job_type.map(performed).transpose()?;
    let key = |partner: PartnerId, environment: Environment, user: UserId| UserKey {
        partner,
        environment,
        user,
    };
    match (&request.auth, request.partner_id, request.user_id) {
        (
            Auth::Signature {
                timestamp,
                signature,
            },
            Some(partner),
            Some(user),
        ) => {
            let caller = app.authorise(scope, &partner, timestamp, signature).await?;
            Ok(For {
                user: key(caller.partner.id, caller.environment, user),
                job_id: request.job_id,
                job_type,
            })
        }
        (Auth::Signature { .. }, None, _) => Err(WireError::missing("partner_id").into()),
        (Auth::Signature { .. }, _, None) => Err(WireError::missing("user_id").into()),
        (Auth::Token(given), partner, user) => {
            let (caller, grant) = token::open(app, scope, given).await?;
            let granted = grant.product.job_type().map(performed).transpose()?;
            let says_otherwise = [
                ("partner_id", partner.is_some_and(|p| p != grant.partner)),
                ("user_id", user.is_some_and(|u| u != *grant.user())),
                ("job_id", request.job_id.is_some_and(|j| j != *grant.job())),
                ("job_type", job_type.is_some_and(|t| Some(t) != granted)),
            ];
            if let Some((field, _)) = says_otherwise.iter().find(|(_, otherwise)| *otherwise) {
                return Err(Refusal::new(
                    ErrorCode::Unauthorised,
                    format!("{field} is not what the web token allows; leave it out"),
                ));
            }
            Ok(For {
                user: key(caller.partner.id, caller.environment, grant.user().clone()),
                job_id: Some(grant.job().clone()),
                job_type: granted,
            })
        }
    }
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
            let [first, others @ ..] = JobType::ALL;
            let others = others.into_iter().map(of);
            others.fold(of(first), |most, other| {
                if asks(&other) < asks(&most) {
                    most
                } else {
                    other
                }
            })
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
