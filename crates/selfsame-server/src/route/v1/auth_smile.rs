//! `POST /v1/auth_smile`: a mobile SDK, which holds no API key, gets the signature for its next requests.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_wire::auth_smile::{AuthSmileRequest, AuthSmileResponse, ConsentInfo, NamedJob};
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::Environment;
use selfsame_wire::id_info::{Country, IdType};
use selfsame_wire::{auth_token, signature};

use crate::app::{App, Caller, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::intake::performed;
use crate::random::named;
use crate::refusal::Refusal;

pub(crate) async fn auth_smile(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<AuthSmileResponse>, Refusal> {
    let body = collect_json(&app, client, body).await?;
    let request = AuthSmileRequest::parse(&body.bytes)?;
    let caller = caller(&app, scope, &request).await?;
    if let Some(job_type) = request.job_type {
        performed(job_type)?;
    }
    if request.update_enrolled_image {
        return Err(Refusal::new(
            ErrorCode::InvalidJobType,
            "update_enrolled_image is not performed by this server; submit a job of type 8, which replaces the photo on file",
        ));
    }
    let consent_info = consent_info(&app, &caller, request.id_type.as_ref());
    // A request's, not an answer's: the app's next requests carry it as it is.
    let signed = signature::sign_for_an_app(
        caller.partner.key(caller.environment),
        &caller.partner.id,
        Timestamp::now(),
    );
    Ok(Json(AuthSmileResponse {
        success: true,
        signature: if request.signature {
            signed.signature
        } else {
            String::new()
        },
        timestamp: signed.timestamp,
        partner_params: NamedJob {
            job_id: request.job_id.map_or_else(named, Ok)?,
            user_id: request.user_id.map_or_else(named, Ok)?,
            job_type: request.job_type.map(|t| t.number()),
        },
        consent_info: request.about_id_type.then_some(consent_info),
    }))
}

/// Whether the partner may ask for the ID type, and whether the person must consent. What cannot be read is no ID type.
fn consent_info(app: &App, caller: &Caller, id_type: Option<&(Country, IdType)>) -> ConsentInfo {
    let enabled = id_type.and_then(|(country, id_type)| {
        let (partner, environment) = (&caller.partner.id, caller.environment);
        app.authorities
            .enabled(partner, environment, *country, id_type)
    });
    ConsentInfo {
        can_access: enabled.is_some(),
        consent_required: enabled.is_some_and(|offered| offered.consent_required),
    }
}

async fn caller(app: &App, scope: Scope, request: &AuthSmileRequest) -> Result<Caller, Refusal> {
    // One text for an unknown partner and a wrong token: neither tells which partners exist.
    let refuse = || {
        Refusal::new(
            ErrorCode::Unauthorised,
            "the auth token does not match: check partner_id, auth_token and production; `selfsame partner mobile-config` shows them",
        )
    };
    let environment = if request.production {
        Environment::Production
    } else {
        Environment::Sandbox
    };
    if scope.0.is_some_and(|named| named != environment) {
        return Err(refuse());
    }
    let partner = app
        .store
        .partner(&request.partner_id)
        .await?
        .ok_or_else(refuse)?;
    let key = partner.key(environment);
    if !auth_token::verify(key, &partner.id, environment, &request.auth_token) {
        return Err(refuse());
    }
    app.admit(partner, environment)
}
