//! Removing what is too old.

use crate::error::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;

/// From when on things are kept; what is older is erased.
#[derive(Debug, Clone, Copy)]
pub struct KeepSince {
    /// Packages of jobs that ended, unless one is a user's photo on file.
    pub packages: Timestamp,
    /// What jobs that ended hold; their names, codes and times stay. Who reported users for fraud, and with what notes.
    pub results: Timestamp,
}

/// What a sweep erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Packages.
    pub packages: u64,
    /// Jobs' contents.
    pub results: u64,
    /// Who said what of users' honesty.
    pub fraud_records: u64,
}

/// Removing what is too old.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Forgets jobs whose upload URL died before `before` without a package. Returns how many.
    async fn expire_uploads(&self, before: Timestamp) -> Result<u64, StoreError>;
    /// Erases what is older than it is kept.
    async fn sweep(&self, keep: &KeepSince) -> Result<Swept, StoreError>;
    /// Removes packages, and half-written ones, that no job refers to. Looks at every package: for seldom use. Returns how many.
    async fn sweep_orphans(&self) -> Result<u64, StoreError>;
}
