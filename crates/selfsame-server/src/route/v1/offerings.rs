//! What a capture client asks before it shows a choice of documents; and the endpoints that are not served yet.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::offerings::{OfferingsRequest, ProductsConfig, Services, ValidDocuments};
use selfsame_wire::upload::Auth;

use crate::app::{App, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::refusal::Refusal;
use crate::web_tokens;

/// `GET /v1/services`: the same for everybody.
pub(crate) async fn services() -> Json<Services> {
    Json(Services::default())
}

/// `POST /v1/products_config`.
pub(crate) async fn products_config(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<ProductsConfig>, Refusal> {
    admit(&app, scope, client, body).await?;
    Ok(Json(ProductsConfig::default()))
}

/// `POST /v1/valid_documents`.
pub(crate) async fn valid_documents(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    body: Body,
) -> Result<Json<ValidDocuments>, Refusal> {
    admit(&app, scope, client, body).await?;
    Ok(Json(ValidDocuments::default()))
}

async fn admit(app: &App, scope: Scope, client: ClientAddress, body: Body) -> Result<(), Refusal> {
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
        Ok(())
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
