//! Every statement, once for all databases.
//!
//! This folder is compiled once for each back end, as a module of it: `super::dialect` is the back end's, and has the types of
//! its driver and the few fragments that differ. So a rule and its repair exist once (docs/decisions/0086-one-sql.md).
//!
//! What is written here must mean the same everywhere: places are `$1`, an upsert names its key, sums are cast, truth values are
//! TRUE and FALSE, and a row is found by its key. SQLite has one writer; elsewhere writers go on side by side, so whatever a
//! transaction looks at before it decides must stand under one of its [`tx::Hold`]s.

mod admin_tokens;
mod admission;
mod attempts;
mod audit;
mod challenges;
mod consent_sessions;
mod deliveries;
pub(super) mod delivery_lanes;
mod depths;
mod erasure;
mod finishing;
mod fraud;
mod images;
mod in_force;
mod jobs;
pub(super) mod keys;
pub(super) mod leases;
mod links;
mod nodes;
mod partners;
mod queue;
mod receipt_keys;
mod record;
mod registers;
mod registrants;
mod reviews;
pub(super) mod sealed_columns;
mod setup;
mod steps;
mod sweep;
mod templates;
mod token_keys;
pub(super) mod turns;
pub(super) mod tx;
mod unreadable;
mod users;

use zeroize::Zeroizing;

use super::dialect::{self, DbPool};
use crate::audit::chain::AuditKey;
use crate::blobs::sealed::SealedBlobs;
use crate::keyring::SharedKeyring;

use self::images::RecentImages;
pub(super) use self::setup::{Found, Parts};

/// Records, blobs and the queue in one database.
#[derive(Debug)]
pub struct SqlStore {
    pub(super) write: DbPool,
    pub(super) read: DbPool,
    pub(super) blobs: SealedBlobs,
    pub(super) keys: SharedKeyring,
    pub(super) audit_key: AuditKey,
    /// Recognises files without telling which they are.
    image_key: Zeroizing<[u8; 32]>,
    /// Tells callbacks' endpoints apart without telling which they are.
    endpoint_key: Zeroizing<[u8; 32]>,
    recent: RecentImages,
    max_queued: u64,
    max_uploads: u64,
    /// What the back end holds for as long as the store is open.
    #[allow(dead_code, reason = "some of SQLite's is held, and never read")]
    pub(super) held: dialect::Held,
}
