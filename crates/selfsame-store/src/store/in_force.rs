//! What the server judges by.

use crate::error::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use selfsame_job::served::Served;

/// What the latest start of a server put in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The policy file without gaps, as [`selfsame_job::policy::Policies::text`] gives it.
    pub policy: String,
    /// The models whose templates are compared.
    pub served: Served,
    /// When it was put in force.
    pub at: Timestamp,
}

/// What the server judges by, left on record for commands that decide beside it.
#[async_trait]
pub trait InForceRecord: Send + Sync {
    /// Leaves on record what the server judges by, from its start on.
    async fn set_in_force(&self, policy: &str, served: &Served) -> Result<(), StoreError>;
    /// What the latest start put in force; absent before the first.
    async fn in_force(&self) -> Result<Option<InForce>, StoreError>;
}
