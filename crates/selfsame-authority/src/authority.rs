//! What answers questions.

use std::fmt;

use async_trait::async_trait;
use selfsame_job::identity::Answer;

use crate::asking::Asking;

/// Why a question has no answer yet. The texts go into logs: they name no person and hold nothing that was sent or received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It cannot be reached, or does not answer in time; ask again later.
    #[error("the authority does not answer: {0}")]
    Unreachable(String),
    /// It asks to be left alone for a while.
    #[error("the authority takes no more questions now")]
    Busy,
    /// It answers what cannot be understood; asking again at once would not help.
    #[error("the authority's answer makes no sense: {0}")]
    Nonsense(String),
    /// It refuses the operator's credentials or settings.
    #[error("the authority refuses this installation: {0}")]
    Refused(String),
}

/// Answers questions about identities. Asks once a call: deadline, repeats and limits are around it.
#[async_trait]
pub trait Authority: fmt::Debug + Send + Sync {
    /// Asks.
    ///
    /// # Errors
    /// [`AskError`] where there is no answer. That there is no such person is an answer.
    async fn ask(&self, asking: &Asking) -> Result<Answer, AskError>;
}
