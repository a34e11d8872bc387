//! `POST /v1/token`: a short-lived token with which a browser may prepare one job, without the API key.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::{Environment, JobId, PartnerId, UserId};
use selfsame_wire::token::TokenRequest;
use selfsame_wire::upload::UploadRequest;
use serde::{Deserialize, Serialize};

use crate::app::{App, Caller, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::refusal::Refusal;
use crate::sealed_link;

const PURPOSE: &str = "web token";

#[derive(Serialize, Deserialize)]
struct Grant {
    partner: PartnerId,
    environment: Environment,
    user: UserId,
    job: JobId,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct TokenResponse {
    success: bool,
    token: String,
}

pub(crate) async fn token(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<TokenResponse>, Refusal> {
    let body = collect_json(&app, client, body).await?;
    let request = TokenRequest::parse(&body.bytes)?;
    let caller = app
        .authorise(
            scope,
            &request.partner_id,
            &request.timestamp,
            &request.signature,
        )
        .await?;
    let token = mint(&app, &caller, request.user_id, request.job_id)?;
    Ok(Json(TokenResponse {
        success: true,
        token,
    }))
}

/// Makes a web token for one user and job of the caller's.
pub(crate) fn mint(
    app: &App,
    caller: &Caller,
    user: UserId,
    job: JobId,
) -> Result<String, Refusal> {
    let grant = Grant {
        partner: caller.partner.id.clone(),
        environment: caller.environment,
        user,
        job,
    };
    let expires_at = Timestamp::now() + app.config.limits.web_token_ttl;
    let key = caller.partner.key(caller.environment);
    sealed_link::seal(key, PURPOSE, &grant, expires_at)
        .ok_or_else(|| Refusal::internal(&"cannot make a web token"))
}

/// The user and job that a web token of the caller's is for; `None` where it is another's, or has expired.
pub(crate) fn named(caller: &Caller, token: &str) -> Option<(UserId, JobId)> {
    let key = caller.partner.key(caller.environment);
    let grant: Grant = sealed_link::open(key, PURPOSE, token, Timestamp::now())?;
    (grant.partner == caller.partner.id && grant.environment == caller.environment)
        .then_some((grant.user, grant.job))
}

/// Finds the caller by a web token, which is good for its own user and job only.
pub(crate) async fn authorise(
    app: &App,
    scope: Scope,
    token: &str,
    request: &UploadRequest,
) -> Result<Caller, Refusal> {
    let refuse = || {
        Refusal::new(
            ErrorCode::Unauthorised,
            "the web token is not valid for this request, or has expired",
        )
    };
    let claimed: Grant = sealed_link::peek(token).ok_or_else(refuse)?;
    let partner = app
        .store
        .partner(&claimed.partner)
        .await?
        .ok_or_else(refuse)?;
    let grant: Grant = sealed_link::open(
        partner.key(claimed.environment),
        PURPOSE,
        token,
        Timestamp::now(),
    )
    .ok_or_else(refuse)?;
    let fits = grant.partner == request.partner_id
        && grant.user == request.user_id
        && grant.job == request.job_id
        && scope
            .0
            .is_none_or(|environment| environment == grant.environment);
    if fits {
        app.admit(partner, grant.environment)
    } else {
        Err(refuse())
    }
}
