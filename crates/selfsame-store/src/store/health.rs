//! How full the queues are, and whether the store works.

use crate::error::StoreError;
use async_trait::async_trait;

/// How full the queues are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Depths {
    /// Jobs whose package has not arrived.
    pub awaiting_upload: u64,
    /// Jobs queued.
    pub queued: u64,
    /// Jobs in workers' hands.
    pub running: u64,
    /// Jobs that wait for something outside.
    pub waiting: u64,
    /// Deliveries pending.
    pub callbacks_pending: u64,
    /// Jobs that wait for a person.
    pub reviews_pending: u64,
}

/// How full the queues are, and whether the store works.
#[async_trait]
pub trait Health: Send + Sync {
    /// How full the queues are. Costs the same however much is on record.
    async fn depths(&self) -> Result<Depths, StoreError>;
    /// Writes something small, on disk: whether the back end answers and can write.
    async fn probe(&self) -> Result<(), StoreError>;
}
