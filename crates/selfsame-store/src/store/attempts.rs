//! Attempts that failed, and the locks that follow.

use crate::error::StoreError;
use async_trait::async_trait;
use selfsame_job::audit::Actor;
use selfsame_job::lockout::FailedAttempts;
use selfsame_job::user::UserKey;

/// What may keep a user's jobs from being looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Barred {
    /// The user was reported for fraud, and no operator has cleared it since.
    pub fraud_locked: bool,
    /// Its failures since its last success.
    pub failed: Option<FailedAttempts>,
}

/// Failed attempts, which the end of a job counts.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// The failures of a user since its last success, enrolled or not.
    async fn failed_attempts(&self, key: &UserKey) -> Result<Option<FailedAttempts>, StoreError>;
    /// What keeps a user's jobs from being looked at.
    async fn barred(&self, key: &UserKey) -> Result<Barred, StoreError>;
    /// Forgets a user's failures, and lifts its lock. `Ok(false)`: there were none.
    async fn unlock_user(&self, key: &UserKey, by: &Actor) -> Result<bool, StoreError>;
}
