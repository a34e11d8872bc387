//! `POST /v1/token`: a short-lived token with which a browser may submit one job, without the API key.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_job::sandbox;
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
    // A token is minted by who knows its user: the partner's service, never an app.
    if signature::is_for_an_app(&request.timestamp) {
        return Err(Refusal::new(
            ErrorCode::Unauthorised,
            "this signature was given to an app by /v1/auth_smile; only the holder of the API key mints web tokens",
        ));
    }
    let token = mint(&app, &caller, &request.grant(caller.environment))?;
    Ok(Json(TokenResponse {
        success: true,
        token,
    }))
}

/// Makes a web token of the caller's, if the job that it allows is one that the caller could submit.
pub(crate) fn mint(app: &App, caller: &Caller, grant: &Grant) -> Result<String, Refusal> {
    match grant.product.job_type() {
        Some(job_type) => performed(job_type).map(drop),
        None => Err(not_performed(grant.product)),
    }?;
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
    let key = caller.partner.key(caller.environment);
    Ok(grant.mint(key, Timestamp::now(), app.config.limits.web_token_ttl)?)
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
