//! The operator API: for people who decide, guarded by tokens that `selfsame admin token` makes. It is not there at all
//! where no token was made.

pub(crate) mod reviews;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use selfsame_job::audit::Actor;
use selfsame_wire::error::ErrorCode;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::refusal::Refusal;

/// Lets a request through that carries a token; tells the handler whose it is.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let tokens = app.store.admin_tokens().await?;
    if tokens.is_empty() && app.config.admin_token.is_none() {
        return Err(
            Refusal::new(ErrorCode::WrongType, "there is no such endpoint")
                .with_status(StatusCode::NOT_FOUND),
        );
    }
    let given: [u8; 32] = Sha256::digest(
        request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.strip_prefix("Bearer "))
            .unwrap_or_default()
            .trim(),
    )
    .into();
    let mut name = None;
    // Every token is compared, whichever fits: time does not tell.
    for token in &tokens {
        if bool::from(token.hash.ct_eq(&given)) {
            name = Some(token.name.as_str());
        }
    }
    if let Some(hash) = &app.config.admin_token
        && bool::from(hash.ct_eq(&given))
    {
        name = Some("token-file");
    }
    let actor = name
        .and_then(|name| Actor::new(format!("admin:{name}")).ok())
        .ok_or_else(|| {
            Refusal::new(
                ErrorCode::Unauthorised,
                "the header Authorization must carry `Bearer TOKEN` with a token that `selfsame admin token add` made",
            )
            .with_status(StatusCode::UNAUTHORIZED)
        })?;
    request.extensions_mut().insert(actor);
    Ok(next.run(request).await)
}
