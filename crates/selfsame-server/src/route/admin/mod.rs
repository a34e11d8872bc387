//! The operator API: for people who decide, guarded by tokens that `selfsame admin token` makes. It is not there at all
//! where no token was made.

pub(crate) mod jobs;
pub(crate) mod partners;
pub(crate) mod reviews;
pub(crate) mod users;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use selfsame_job::operator::OperatorRole;
use selfsame_store::error::StoreError;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::fields::without_byte_order_mark;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::operate::{Holder, NotDone};
use crate::refusal::Refusal;

/// Lets a request through that carries a token of the role that the route demands, or of a higher one; tells the handler whose
/// it is.
pub(crate) async fn guard(
    State((app, demanded)): State<(Arc<App>, OperatorRole)>,
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
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "))
        .unwrap_or_default()
        .trim();
    let further = app.config.admin_token.as_ref();
    let holder = Holder::of(given, &tokens, further, Timestamp::now()).ok_or_else(|| {
        Refusal::new(
            ErrorCode::Unauthorised,
            "the header Authorization must carry `Bearer TOKEN` with a token that `selfsame admin token add` made and that \
             has not expired",
        )
        .with_status(StatusCode::UNAUTHORIZED)
    })?;
    if !holder.role.allows(demanded) {
        // Another code than that of a wrong token: this one is good.
        return Err(Refusal::new(
            ErrorCode::OtherUnauthorised,
            format!(
                "this token's role is {}, and the request demands {demanded}; `selfsame admin token add --role {demanded}` makes \
                 one that may",
                holder.role
            ),
        )
        .with_status(StatusCode::FORBIDDEN));
    }
    request.extensions_mut().insert(holder.actor);
    Ok(next.run(request).await)
}

fn wrong(text: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::WrongType, text)
}

/// A name in the path.
fn named<T>(text: &str) -> Result<T, Refusal>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e: T::Err| wrong(e.to_string()))
}

/// The body of a request, which is `wanted`.
async fn read<T: DeserializeOwned>(
    app: &App,
    client: ClientAddress,
    body: Body,
    wanted: &str,
) -> Result<T, Refusal> {
    let body = collect_json(app, client, body).await?;
    serde_json::from_slice(without_byte_order_mark(&body.bytes))
        .map_err(|e| wrong(format!("the body must be {wanted}: {e}")))
}

impl From<NotDone> for Refusal {
    fn from(why: NotDone) -> Self {
        match why {
            NotDone::NoPartner(_)
            | NotDone::NoUser(_)
            | NotDone::UserGone(_)
            | NotDone::NothingFailed(_)
            | NotDone::NotReported(_)
            | NotDone::NoRegister(_)
            | NotDone::NoEntry(_)
            | NotDone::NoToken(_) => wrong(why.to_string()).with_status(StatusCode::NOT_FOUND),
            NotDone::PartnerExists(_) | NotDone::NoCallback(_) => {
                wrong(why.to_string()).with_status(StatusCode::CONFLICT)
            }
            NotDone::TokenName(_)
            | NotDone::TokenLife
            | NotDone::NoClearing(_)
            | NotDone::CallbackUrl(_) => wrong(why.to_string()),
            NotDone::Store(StoreError::AuditBroken(_)) => Self::audit_broken(&why),
            NotDone::Store(error) => error.into(),
            NotDone::NoRandomness(_) => Self::internal(&why),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn an_outage_is_no_fault_of_the_servers_for_operators_either() {
        let full = || StoreError::Io {
            path: "data".into(),
            error: Error::from(ErrorKind::StorageFull),
        };
        let answer = |error| Refusal::from(NotDone::Store(error)).into_parts();
        for passing in [full(), StoreError::KeysChanged, StoreError::TooLate] {
            let (status, _, retry_after) = answer(passing);
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(retry_after.is_some());
        }
        let (status, _, retry_after) = answer(StoreError::Sealed("a record"));
        assert_eq!(
            (status, retry_after),
            (StatusCode::INTERNAL_SERVER_ERROR, None)
        );
        let (status, error, _) = answer(StoreError::AuditBroken("here".to_owned()));
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(error.message.contains("here"), "{error:?}");
    }
}
