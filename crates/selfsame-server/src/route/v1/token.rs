//! `POST /v1/token`: a short-lived token with which a browser may submit one job, without the API key.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_job::sandbox;
use selfsame_job::user::UserKey;
use selfsame_wire::challenge::{Challenge, Offer};
use selfsame_wire::error::ErrorCode;
use selfsame_wire::product::Product;
use selfsame_wire::signature;
use selfsame_wire::token::TokenRequest;
use selfsame_wire::web_token::{self, Grant, TokenError};
use serde::Serialize;

use crate::app::{App, Caller, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::intake::performed;
use crate::refusal::Refusal;
use crate::route::v1::challenge;

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct TokenResponse {
    success: bool,
    token: String,
    /// What was drawn with the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<Offer>,
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
    // A token is minted by who knows its user: the partner's service, never an app.
    if signature::is_for_an_app(&request.timestamp) {
        return Err(Refusal::new(
            ErrorCode::Unauthorised,
            "this signature was given to an app by /v1/auth_smile; only the holder of the API key mints web tokens",
        ));
    }
    let asked = request.challenge;
    let (token, challenge) = mint(&app, &caller, request.grant(caller.environment), asked).await?;
    Ok(Json(TokenResponse {
        success: true,
        token,
        challenge: challenge.map(|drawn| Offer::at(drawn, Timestamp::now())),
    }))
}

/// Makes a web token of the caller's, if the job that it allows is one that the caller could submit. A challenge goes with it
/// where one is asked for, or the policy requires one.
pub(crate) async fn mint(
    app: &App,
    caller: &Caller,
    mut grant: Grant,
    challenge: bool,
) -> Result<(String, Option<Challenge>), Refusal> {
    let job_type = match grant.product.job_type() {
        Some(job_type) => performed(job_type)?,
        None => return Err(not_performed(grant.product)),
    };
    if let Some(url) = &grant.callback_url {
        app.config
            .callback_rules()
            .check(url, caller.environment)
            .map_err(|error| Refusal::new(ErrorCode::WrongType, error.to_string()))?;
    }
    sandbox::forced(
        caller.environment,
        grant.sandbox_result.as_deref(),
        grant.user(),
    )
    .map_err(|error| Refusal::new(ErrorCode::WrongType, error.to_string()))?;
    if challenge || challenge::is_required(app, caller.environment, job_type) {
        let whom = challenge::For {
            user: UserKey {
                partner: caller.partner.id.clone(),
                environment: caller.environment,
                user: grant.user().clone(),
            },
            job_id: Some(grant.job().clone()),
            job_type: Some(job_type),
        };
        grant.challenge = Some(challenge::draw(app, whom).await?);
    }
    let key = caller.partner.key(caller.environment);
    let token = grant.mint(key, Timestamp::now(), app.config.limits.web_token_ttl)?;
    Ok((token, grant.challenge))
}

fn not_performed(product: Product) -> Refusal {
    Refusal::new(
        ErrorCode::InvalidJobType,
        format!("the product {product} is not performed by this server yet"),
    )
}

/// Finds the caller by a web token, and what the token allows.
pub(crate) async fn open(app: &App, scope: Scope, token: &str) -> Result<(Caller, Grant), Refusal> {
    let refuse = |why: TokenError| Refusal::new(ErrorCode::Unauthorised, why.to_string());
    let (partner, environment) = web_token::peek(token).map_err(refuse)?;
    // As for a wrong signature: it is not told which partners exist.
    let partner = app
        .store
        .partner(&partner)
        .await?
        .ok_or_else(|| refuse(TokenError::WrongSignature))?;
    let grant =
        web_token::open(token, partner.key(environment), Timestamp::now()).map_err(refuse)?;
    if scope.0.is_some_and(|named| named != environment) {
        return Err(Refusal::new(
            ErrorCode::Unauthorised,
            format!("the web token is for the {environment}, which is not what the path names"),
        ));
    }
    Ok((app.admit(partner, environment)?, grant))
}
