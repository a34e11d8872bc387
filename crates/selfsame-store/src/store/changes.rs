//! The order in which users change, for those who follow it: the search for duplicates.

use crate::error::StoreError;
use async_trait::async_trait;
use selfsame_job::user::User;

/// A user that changed.
#[derive(Debug, Clone)]
pub struct UserChange {
    /// Its place in the order of changes, from 1.
    pub sequence: u64,
    /// The user as it is now.
    pub user: User,
}

/// The order of changes to users.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Users of all partners that changed in any way after a place in the order of changes, in that order: each once, at its
    /// latest change. From 0 on these are all users. A change that is visible is never followed by an earlier one.
    async fn users_changed(&self, after: u64, limit: u32) -> Result<Vec<UserChange>, StoreError>;
}
