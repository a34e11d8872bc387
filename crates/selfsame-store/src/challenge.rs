//! What drawing a challenge takes and comes to.

use jiff::{SignedDuration, Timestamp};
use selfsame_job::challenge::Challenge;

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
