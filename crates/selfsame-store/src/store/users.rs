//! Users on record.

use crate::error::StoreError;
use async_trait::async_trait;
use selfsame_job::audit::Actor;
use selfsame_job::identity::IdentityQuery;
use selfsame_job::user::{User, UserKey, UserStatus};
use selfsame_wire::id::{Environment, PartnerId, UserId};

/// Users on record.
#[async_trait]
pub trait Users: Send + Sync {
    /// A user.
    async fn user(&self, key: &UserKey) -> Result<Option<User>, StoreError>;
    /// A partner's users in one environment, by id.
    async fn users(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<Vec<User>, StoreError>;
    /// Other users of the same partner and environment who were enrolled under the number of this identity, by id; 100 at most.
    async fn registered_before(
        &self,
        user: &UserKey,
        query: &IdentityQuery,
    ) -> Result<Vec<UserId>, StoreError>;
    /// Enables or disables; a lock for fraud stays, whatever becomes of the user. [`UserStatus::Deleted`] erases the template, every package of the user's jobs, what their images are
    /// recognised by, and what requests, results, reviews, callbacks and reports of fraud hold, for good: names, codes and times stay. Reviews
    /// and callbacks that wait are withdrawn, and jobs that wait or run end without a trace of what they found.
    /// `Ok(false)`: no such user; or, to erase, nothing is left of it.
    async fn set_user_status(
        &self,
        key: &UserKey,
        status: UserStatus,
        by: &Actor,
    ) -> Result<bool, StoreError>;
}
