//! What can go wrong at the client.

/// A job could not be submitted, or its status not be trusted.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nothing was captured under the tag.
    #[error("nothing was captured under the tag {0:?}")]
    UnknownTag(String),
    /// An argument is not what it must be.
    #[error("{0}")]
    Argument(String),
    /// The server refused: the wire's code and text.
    #[error("the server refused ({code}): {message}")]
    Refused {
        /// The HTTP status.
        http_status: u16,
        /// The wire's code, empty where there was none.
        code: String,
        /// The wire's text.
        message: String,
    },
    /// The challenge that the capture followed cannot be used any more: its time has passed, or it was used. Draw another
    /// with [`Client::draw_challenge`](crate::Client::draw_challenge), and capture anew; nothing was submitted.
    #[error("the challenge cannot be used any more; draw another and capture anew: {message}")]
    ChallengeExpired {
        /// The wire's text.
        message: String,
    },
    /// The server could not be reached, or the connection broke.
    #[error("the server cannot be reached: {0}")]
    Transport(#[from] reqwest::Error),
    /// The answer is not what the wire promises.
    #[error("the server's answer cannot be read: {0}")]
    Answer(String),
    /// The answer is not signed with the partner's key.
    #[error("the server's answer is not to be trusted: {0}")]
    Untrusted(#[from] selfsame_wire::result::SignedResultError),
}

impl ClientError {
    /// Whether the same request may succeed a little later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Transport(_) => true,
            Self::Refused { http_status, .. } => matches!(http_status, 408 | 429 | 500..),
            _ => false,
        }
    }
}
