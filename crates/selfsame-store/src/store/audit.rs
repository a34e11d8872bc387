//! The audit on record.

use crate::audit::{AuditCheck, AuditHead};
use crate::error::StoreError;
use async_trait::async_trait;
use selfsame_job::audit::{Actor, AuditEntry, AuditRecord};

/// The audit: an append-only chain of records.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Puts something on the audit's record that changes nothing else; gives the chain's new end.
    async fn record_audit(&self, entry: &AuditEntry) -> Result<AuditHead, StoreError>;
    /// Records of the audit in order, `after` this place; at most `limit`.
    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;
    /// Follows the whole chain; `anchor` is a head that was kept elsewhere.
    async fn verify_audit(&self, anchor: Option<&AuditHead>) -> Result<AuditCheck, StoreError>;
    /// Whether the audit can be extended: its chain ends where its head says.
    ///
    /// # Errors
    /// [`StoreError::AuditBroken`] says why not; every action with an [`Actor`] is refused with it then.
    async fn check_audit_end(&self) -> Result<(), StoreError>;
    /// Begins a new segment of the audit behind a break, with a record that names it; gives the chain's new end. `Ok(None)`:
    /// nothing is broken.
    async fn resume_audit(&self, by: &Actor) -> Result<Option<AuditHead>, StoreError>;
}
