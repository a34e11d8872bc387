//! What can go wrong in v3.

use std::fmt;
use std::time::Duration;

/// A submission was not taken, or a question not answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument is not what it must be. Nothing was sent.
    #[error("{0}")]
    Argument(String),
    /// The partner's own server gave no token.
    #[error("no token could be had: {0}")]
    Token(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server refused.
    #[error("the server refused ({0})")]
    Refused(Box<Refusal>),
    /// The server could not be reached, or the connection broke. Of a submission it is then not known whether the server took it.
    #[error("the server cannot be reached: {0}")]
    Transport(#[source] reqwest::Error),
    /// The answer is not what the wire promises.
    #[error("the server's answer cannot be read: {0}")]
    Answer(String),
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        // Paths name users.
        Self::Transport(error.without_url())
    }
}

impl Error {
    /// The refusal, where it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the same request may succeed a little later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Transport(_) | Self::Token(_) => true,
            Self::Refused(refusal) => matches!(refusal.http_status, 408 | 429 | 500..),
            Self::Argument(_) | Self::Answer(_) => false,
        }
    }
}

/// What a server says where it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// What it means, by the status.
    pub reason: RefusalReason,
    /// The HTTP status.
    pub http_status: u16,
    /// The wire's code of four digits, which only the open lookups have; empty otherwise.
    pub code: String,
    /// The server's text; empty where there was none.
    pub message: String,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// By this the server's operator finds the request in the log.
    pub request_id: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}: {}", self.http_status, self.message)
    }
}

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalReason {
    /// 400, 415, 422: something in the request is missing or wrong. The text names it.
    Invalid,
    /// 401: no token that opens anything, also after a fresh one was fetched; or no such API key.
    Unauthenticated,
    /// 402: the partner has no funds.
    NoFunds,
    /// 403: the token or the partner may not do this, or the user is disabled.
    Forbidden,
    /// 404: there is no such job or user; or the user is not enrolled.
    NotFound,
    /// 409: the user is enrolled already, or the job has not ended.
    Conflict,
    /// 413: the images are too large together.
    TooLarge,
    /// 429: too many requests.
    TooOften,
    /// 408, 424, 502, 503, 504: the server is busy, or what it asks does not answer.
    Unavailable,
    /// Any other status of 500 and above: the server failed.
    Failed,
    /// A status that has no meaning here.
    Other,
}

impl RefusalReason {
    pub(crate) const fn of(http_status: u16) -> Self {
        match http_status {
            400 | 415 | 422 => Self::Invalid,
            401 => Self::Unauthenticated,
            402 => Self::NoFunds,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            413 => Self::TooLarge,
            429 => Self::TooOften,
            408 | 424 | 502..=504 => Self::Unavailable,
            500.. => Self::Failed,
            _ => Self::Other,
        }
    }
}
