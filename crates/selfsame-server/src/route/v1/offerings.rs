//! What a capture client asks before it shows a choice of identities and documents; and the endpoints that are not served yet.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use selfsame_authority::offering;
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::id::Environment;
use selfsame_wire::locale::Locale;
use selfsame_wire::offerings::{OfferingsRequest, ProductsConfig, Services, ValidDocuments};
use selfsame_wire::upload::Auth;
use serde::Deserialize;

use crate::app::{App, Caller, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::refusal::Refusal;
use crate::web_tokens;

/// What a capture client says of the language that it shows.
#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    #[serde(default)]
    locale: String,
}

/// `GET /v1/services`: what is offered to everybody; what one partner may use is in `products_config`. Nobody has said whose they are:
/// where the path does not name the environment either, the sandbox's are told, which are all.
pub(crate) async fn services(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    shown: Result<Query<Shown>, QueryRejection>,
) -> Json<Services> {
    // A language that cannot be read is as good as one that is not there.
    let locale = shown.map_or_else(|_| Locale::default(), |shown| Locale::of(&shown.locale));
    let environment = scope.0.unwrap_or(Environment::Sandbox);
    let authorities = &app.authorities;
    let offered = authorities.offered(None, environment);
    Json(offering::services(authorities.id_types(), &offered, locale))
}

/// `POST /v1/products_config`.
pub(crate) async fn products_config(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<ProductsConfig>, Refusal> {
    let caller = admit(&app, scope, client, body).await?;
    let authorities = &app.authorities;
    let offered = authorities.offered(Some(&caller.partner.id), caller.environment);
    Ok(Json(offering::products_config(&offered)))
}

/// `POST /v1/valid_documents`: none, for no job with a document is performed.
pub(crate) async fn valid_documents(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<ValidDocuments>, Refusal> {
    admit(&app, scope, client, body).await?;
    Ok(Json(ValidDocuments::default()))
}

async fn admit(
    app: &App,
    scope: Scope,
    client: ClientAddress,
    body: Body,
) -> Result<Caller, Refusal> {
    let body = collect_json(app, client, body).await?;
    let request = OfferingsRequest::parse(&body.bytes)?;
    let caller = match &request.auth {
        Auth::Signature {
            timestamp,
            signature,
        } => {
            app.authorise(scope, &request.partner_id, timestamp, signature)
                .await?
        }
        Auth::Token(given) => web_tokens::open(app, scope, given).await?.0,
    };
    if caller.partner.id == request.partner_id {
        Ok(caller)
    } else {
        Err(Refusal::new(
            ErrorCode::Unauthorised,
            "partner_id is not the web token's partner",
        ))
    }
}

/// The endpoints of v1 that this build does not serve.
pub(crate) async fn not_yet() -> Refusal {
    WireError::new(
        ErrorCode::InvalidJobType,
        "this endpoint is not served by this server yet",
    )
    .into()
}

/// `POST /v1/aml`, job type 10.
pub(crate) async fn no_watch_lists() -> Refusal {
    WireError::new(
        ErrorCode::InvalidJobType,
        "job_type 10 is not served: this server holds no sanctions lists and no news to search; screen people with a service that does",
    )
    .into()
}

/// `POST /v1/async-verify-address`, job type 12.
pub(crate) async fn no_addresses() -> Refusal {
    WireError::new(
        ErrorCode::InvalidJobType,
        "job_type 12 is not served: no authority of this server says where people live; ask a utility's or a credit bureau's service",
    )
    .into()
}
