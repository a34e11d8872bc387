//! How requests are refused: the wire's `{error, code}`, with the HTTP status and headers that go with it.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use selfsame_job::outcome;
use selfsame_store::error::StoreError;
use selfsame_wire::error::{ErrorCode, WireError};

/// Marks the answer to a request that could not be authenticated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unauthenticated;

/// A request that is not served.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: WireError,
    retry_after: Option<Duration>,
    /// The caller reads `success` too.
    says_success: bool,
}

/// An answer that says besides that it is none.
#[derive(serde::Serialize)]
struct Unsuccessful<'e> {
    #[serde(flatten)]
    error: &'e WireError,
    success: bool,
}

impl Refusal {
    /// With the status that the code suggests.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        WireError::new(code, message).into()
    }

    /// With another status.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With `success: false` beside the error.
    pub(crate) fn unsuccessful(mut self) -> Self {
        self.says_success = true;
        self
    }

    /// What it says.
    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.error.message
    }

    /// The server is busy: come back later.
    pub(crate) fn busy(what: &str) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error: WireError::new(
                ErrorCode::SystemError,
                format!("{what}; try again in a few seconds"),
            ),
            retry_after: Some(Duration::from_secs(5)),
            says_success: false,
        }
    }

    /// The partner asks too often.
    pub(crate) fn too_often(wait: Duration) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: WireError::new(
                ErrorCode::SystemError,
                "too many requests from this partner; slow down",
            ),
            retry_after: Some(wait),
            says_success: false,
        }
    }

    /// The partner prepared many jobs without sending their packages.
    pub(crate) fn too_many_uploads() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: WireError::new(
                ErrorCode::SystemError,
                "too many jobs of this partner wait for their package; send packages to the upload URLs at hand, or wait until \
                 some have expired",
            ),
            retry_after: Some(Duration::from_secs(60)),
            says_success: false,
        }
    }

    /// Challenges of one user were drawn and not answered.
    pub(crate) fn too_many_challenges(wait: SignedDuration) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: WireError::new(
                ErrorCode::SystemError,
                "too many challenges of this user were drawn and not answered; send captures that answer them, or wait",
            ),
            retry_after: Some(Duration::try_from(wait).unwrap_or_default()),
            says_success: false,
        }
    }

    /// The audit is broken: nothing is done that it would not record. For operators, who are told why.
    pub(crate) fn audit_broken(why: &dyn std::fmt::Display) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error: WireError::new(ErrorCode::SystemError, why.to_string()),
            retry_after: Some(Duration::from_secs(60)),
            says_success: false,
        }
    }

    /// Too many requests from the address could not be authenticated.
    pub(crate) fn shut_out(wait: Duration) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: WireError::new(
                ErrorCode::Unauthorised,
                "too many requests from this address could not be authenticated; check the partner id and the API key",
            ),
            retry_after: Some(wait),
            says_success: false,
        }
    }

    /// Too many of the user's attempts failed. Not 429: libraries that heed it would sleep until the lock ends
    /// (docs/decisions/0040-lockout.md).
    pub(crate) fn locked_out(until: Timestamp) -> Self {
        let wait = until.duration_since(Timestamp::now());
        Self {
            retry_after: Some(Duration::try_from(wait).unwrap_or_default()),
            ..Self::new(ErrorCode::UserDisabled, outcome::locked_out(until))
        }
    }

    /// Something failed that is not the caller's fault. The cause is logged, not told.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(
            ErrorCode::SystemError,
            "the server could not serve this request; nothing was changed",
        )
        .with_status(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<WireError> for Refusal {
    fn from(error: WireError) -> Self {
        let status =
            StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self {
            status,
            error,
            retry_after: None,
            says_success: false,
        }
    }
}

impl From<StoreError> for Refusal {
    /// What passes is told from what does not: callers come back by themselves after a 503.
    fn from(error: StoreError) -> Self {
        let passes = matches!(error, StoreError::KeysChanged | StoreError::TooLate);
        if error.is_outage() || passes {
            tracing::error!(cause = %error, "request refused: the store cannot take it just now");
            // A connection that is lost at a commit leaves open whether it came through, so nothing is said of that.
            return Self::busy("the server's storage does not take or give anything just now");
        }
        Self::internal(&error)
    }
}

impl Refusal {
    /// Status, error, and after how many seconds to come back.
    pub(crate) fn into_parts(self) -> (StatusCode, WireError, Option<HeaderValue>) {
        let seconds = |wait: Duration| wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let retry_after = self
            .retry_after
            .map(|wait| HeaderValue::from(seconds(wait).max(1)));
        (self.status, self.error, retry_after)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let says_success = self.says_success;
        let (status, error, retry_after) = self.into_parts();
        let mut response = if says_success {
            let error = Unsuccessful {
                error: &error,
                success: false,
            };
            (status, axum::Json(error)).into_response()
        } else {
            (status, axum::Json(&error)).into_response()
        };
        if let Some(wait) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        // Links and upload URLs that have expired or were used say the same code with other statuses: nobody guesses there.
        if error.code == ErrorCode::Unauthorised && status == StatusCode::FORBIDDEN {
            response.extensions_mut().insert(Unauthenticated);
        }
        response
    }
}
