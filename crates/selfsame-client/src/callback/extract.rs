//! The verifier as an axum extractor.

use axum_core::body::Body;
use axum_core::extract::{FromRef, FromRequest, Request};
use axum_core::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::{CallbackError, CallbackVerifier};
use crate::result::JobResult;
use crate::v3::WebhookResult;

/// The most that a callback's body may hold: a result is a few kilobytes, and an authority's photograph up to three million bytes of
/// base64.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A result that the server posted, verified before the handler runs.
///
/// The router's state gives the verifier (`FromRef`). A body that is not the server's own, or stale, is answered 401.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedResult(pub JobResult);

/// Why a callback is refused.
#[derive(Debug, thiserror::Error)]
pub enum NotVerified {
    /// Not signed by the server, changed on its way, or not fresh: 401.
    #[error("{0}")]
    Untrusted(#[from] CallbackError),
    /// Too large for a result: 413.
    #[error("the body is larger than {MOST_BYTES} bytes")]
    TooLarge,
    /// The connection broke: 400.
    #[error("the body could not be read")]
    Unreadable,
}

impl IntoResponse for NotVerified {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Untrusted(_) => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable => StatusCode::BAD_REQUEST,
        };
        (status, self.to_string()).into_response()
    }
}

impl<S> FromRequest<S> for VerifiedResult
where
    CallbackVerifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = NotVerified;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, NotVerified> {
        let (parts, body) = read(request).await?;
        let header = |name: &str| parts.headers.get(name)?.to_str().ok();
        let result = CallbackVerifier::from_ref(state).verify(header, &body)?;
        Ok(Self(result))
    }
}

/// A result of a v3 job that the server posted, verified before the handler runs. Otherwise as [`VerifiedResult`], and neither takes
/// what is meant for the other.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedV3Result(pub WebhookResult);

impl<S> FromRequest<S> for VerifiedV3Result
where
    CallbackVerifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = NotVerified;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, NotVerified> {
        let (parts, body) = read(request).await?;
        let header = |name: &str| parts.headers.get(name)?.to_str().ok();
        let result = CallbackVerifier::from_ref(state).verify_v3(header, &body)?;
        Ok(Self(result))
    }
}

async fn read(request: Request<Body>) -> Result<(Parts, Bytes), NotVerified> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MOST_BYTES)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                NotVerified::TooLarge
            } else {
                NotVerified::Unreadable
            }
        })?;
    Ok((parts, body.to_bytes()))
}
