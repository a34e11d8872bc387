//! How v3 refuses: `{status, message}`, where the status is HTTP's own text.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use selfsame_store::error::StoreError;
use selfsame_wire::error::{ErrorCode, WireError};
use serde::Serialize;

use crate::refusal::{Refusal, Unauthenticated};

/// A v3 request that is not served.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    message: String,
    retry_after: Option<HeaderValue>,
    unauthenticated: bool,
    message_first: bool,
}

impl Refused {
    /// With a status and what was wrong.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            retry_after: None,
            unauthenticated: false,
            message_first: false,
        }
    }

    /// The same with its two fields the other way round, as `id_status` has them.
    pub(crate) fn message_first(mut self) -> Self {
        self.message_first = true;
        self
    }

    /// 401: no token, or none that opens anything. It counts against the caller's address.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        Self {
            unauthenticated: true,
            ..Self::new(StatusCode::UNAUTHORIZED, message)
        }
    }

    /// 403: the token, or the partner, may not do this.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }
}

/// The status that v3 has for an error of the other APIs, where it is another.
const fn status_of(code: ErrorCode) -> Option<StatusCode> {
    Some(match code {
        ErrorCode::Unauthorised | ErrorCode::OtherUnauthorised => StatusCode::UNAUTHORIZED,
        ErrorCode::ProductionNotEnabled | ErrorCode::UserDisabled | ErrorCode::InvalidJobType => {
            StatusCode::FORBIDDEN
        }
        ErrorCode::AlreadyEnrolled
        | ErrorCode::JobExists
        | ErrorCode::MustReEnrol
        | ErrorCode::NoPhoto => StatusCode::CONFLICT,
        ErrorCode::NotEnrolled | ErrorCode::UserDeleted | ErrorCode::UnknownJob => {
            StatusCode::NOT_FOUND
        }
        _ => return None,
    })
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let (status, error, retry_after) = refusal.into_parts();
        // Who is busy, or limits, says so with a status of its own.
        let keeps = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        let of_code = status_of(error.code).filter(|_| !keeps);
        Self {
            unauthenticated: error.code == ErrorCode::Unauthorised && !keeps,
            status: of_code.unwrap_or(status),
            message: error.message,
            retry_after,
            message_first: false,
        }
    }
}

impl From<WireError> for Refused {
    fn from(error: WireError) -> Self {
        Refusal::from(error).into()
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        if let StoreError::AuditBroken(_) = error {
            // What broke, and what to do about it, is for the operator.
            tracing::error!(%error, "request refused");
            return Refusal::audit_broken(
                &"this cannot be put on record at the moment, so it was not done; an operator of this server must look",
            )
            .into();
        }
        Refusal::from(error).into()
    }
}

impl Refused {
    /// The answer, whose body is made of status and message.
    pub(crate) fn respond_with(self, body: impl FnOnce(StatusCode, &str) -> Response) -> Response {
        let mut response = body(self.status, &self.message);
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        if self.unauthenticated {
            response.extensions_mut().insert(Unauthenticated);
        }
        response
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Told<'a> {
            status: &'a str,
            message: &'a str,
        }
        #[derive(Serialize)]
        struct MessageFirst<'a> {
            message: &'a str,
            status: &'a str,
        }
        let message_first = self.message_first;
        self.respond_with(|code, message| {
            let status = code.canonical_reason().unwrap_or("Error");
            if message_first {
                (code, Json(MessageFirst { message, status })).into_response()
            } else {
                (code, Json(Told { status, message })).into_response()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn statuses_are_those_that_v3s_clients_tell_apart() {
        let status = |refusal: Refusal| Refused::from(refusal).status.as_u16();
        let of = |code| status(Refusal::new(code, "x"));
        assert_eq!(of(ErrorCode::Unauthorised), 401);
        assert_eq!(of(ErrorCode::ProductionNotEnabled), 403);
        assert_eq!(of(ErrorCode::AlreadyEnrolled), 409);
        assert_eq!(of(ErrorCode::NotEnrolled), 404);
        assert_eq!(of(ErrorCode::Missing), 400);
        assert_eq!(status(Refusal::busy("x")), 503);
        assert_eq!(status(Refusal::too_often(Duration::from_secs(3))), 429);
        assert_eq!(status(Refusal::internal(&"x")), 500);
        let broken = Refused::from(StoreError::AuditBroken("PLANTED".to_owned()));
        assert_eq!(broken.status.as_u16(), 503);
        assert!(!broken.message.contains("PLANTED") && broken.retry_after.is_some());
        let large =
            Refusal::new(ErrorCode::WrongType, "x").with_status(StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(status(large), 413);
        let shut_out = Refused::from(Refusal::shut_out(Duration::from_millis(1)));
        assert_eq!(
            (shut_out.status.as_u16(), shut_out.unauthenticated),
            (429, false)
        );
        assert_eq!(shut_out.retry_after.unwrap(), "1");
    }
}
