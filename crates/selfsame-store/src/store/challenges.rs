//! Challenges on record.

use crate::error::StoreError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use selfsame_job::challenge::{Challenge, ChallengeId, DrawnChallenge};

/// How many challenges of a user may stay unanswered.
#[derive(Debug, Clone, Copy)]
pub struct UnansweredLimit {
    /// So many.
    pub most: u32,
    /// Of those that were drawn so long ago at most.
    pub within: SignedDuration,
}

/// What recording a challenge came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drawn {
    /// It is on record.
    New,
    /// Nothing was recorded: this one is still open.
    Open(Challenge),
    /// Nothing was recorded: too many were not answered; none is drawn until this moment.
    TooMany(Timestamp),
}

/// Challenges that were drawn.
#[async_trait]
pub trait Challenges: Send + Sync {
    /// Records a challenge that was drawn, unless one is open for the same user and job, or too many of the user's were not
    /// answered. Of many draws at once, one is recorded.
    async fn draw_challenge(
        &self,
        new: &DrawnChallenge,
        limit: &UnansweredLimit,
    ) -> Result<Drawn, StoreError>;
    /// A challenge that was drawn. [`Jobs::prepare_job`](super::Jobs::prepare_job) and [`submit_job`](super::Jobs::submit_job) take the one in
    /// [`JobRequest::challenge`](selfsame_job::job::JobRequest::challenge) for their job, in the same transaction.
    async fn challenge(&self, id: &ChallengeId) -> Result<Option<DrawnChallenge>, StoreError>;
    /// Forgets challenges that expired before. Returns how many.
    async fn expire_challenges(&self, before: Timestamp) -> Result<u64, StoreError>;
}
