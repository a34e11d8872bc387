//! `POST /v1/token`: a short-lived token with which a browser may submit one job, without the API key.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_wire::challenge::Offer;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::signature;
use selfsame_wire::token::TokenRequest;
use serde::Serialize;

use crate::app::{App, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::refusal::Refusal;
use crate::web_tokens;

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
    let grant = request.grant(caller.environment);
    let (token, challenge) = web_tokens::mint(&app, &caller, grant, asked).await?;
    Ok(Json(TokenResponse {
        success: true,
        token,
        challenge: challenge.map(|drawn| Offer::at(drawn, Timestamp::now())),
    }))
}
