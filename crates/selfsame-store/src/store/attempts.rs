//! Attempts that failed, and the locks that follow.

use crate::error::StoreError;
use async_trait::async_trait;
use selfsame_job::audit::Actor;
use selfsame_job::lockout::FailedAttempts;
use selfsame_job::user::UserKey;

/// Failed attempts, which the end of a job counts.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// The failures of a user since its last success, enrolled or not.
    async fn failed_attempts(&self, key: &UserKey) -> Result<Option<FailedAttempts>, StoreError>;
    /// Forgets a user's failures, and lifts its lock. `Ok(false)`: there were none.
    async fn unlock_user(&self, key: &UserKey, by: &Actor) -> Result<bool, StoreError>;
}
