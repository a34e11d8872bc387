//! Making a database ready: its shape, its keys, the beginning of its audit.

use std::sync::Arc;

use super::dialect::{self, DbPool};
use super::images::RecentImages;
use super::{SqlStore, audit, keys};
use crate::audit::chain::AuditKey;
use crate::blobs::sealed::SealedBlobs;
use crate::blobs::{self, Blobs};
use crate::error::StoreError;
use crate::keyring::{MasterKey, SharedKeyring};

/// A database as it was found.
pub(in super::super) struct Found {
    /// Its version; 0 where it was new.
    pub(in super::super) version: i64,
    /// Whether it has an audit.
    pub(in super::super) audited: bool,
}

/// What a store is made of.
pub(in super::super) struct Parts {
    pub(in super::super) write: DbPool,
    pub(in super::super) read: DbPool,
    pub(in super::super) master: MasterKey,
    pub(in super::super) blobs: Arc<dyn Blobs>,
    pub(in super::super) max_queued: u64,
    pub(in super::super) max_uploads: u64,
    pub(in super::super) held: dialect::Held,
}

impl SqlStore {
    /// Brings the database to the current shape, and reads or makes its keys.
    pub(in super::super) async fn set_up(parts: Parts) -> Result<Self, StoreError> {
        // One transaction, so that there is never an audited database without the beginning of its audit: one that lacks it
        // was tampered with, and must not begin anew.
        let mut tx = dialect::begin_setup(&parts.write).await?;
        let found = dialect::migrate(&mut tx).await?;
        let ring = Arc::new(keys::load_or_make(&mut tx, &parts.master).await?);
        let audit_key = keys::purpose_key(&mut tx, &ring, "audit").await?;
        let owner = blobs::owner(&audit_key);
        let audit_key = AuditKey::new(audit_key);
        let image_key = keys::purpose_key(&mut tx, &ring, "accepted images").await?;
        let endpoint_key = keys::purpose_key(&mut tx, &ring, "callback endpoints").await?;
        if !found.audited {
            let writer = audit::Writer {
                keys: Arc::clone(&ring),
                key: &audit_key,
            };
            let now = tx.now;
            writer.begin(&mut tx, now, found.version).await?;
        }
        tx.commit().await?;
        parts.blobs.claim(&owner).await?;
        Ok(Self {
            write: parts.write,
            read: parts.read,
            blobs: SealedBlobs::new(parts.blobs),
            keys: SharedKeyring::new(ring),
            audit_key,
            image_key,
            endpoint_key,
            recent: RecentImages::default(),
            max_queued: parts.max_queued,
            max_uploads: parts.max_uploads,
            held: parts.held,
        })
    }
}
