//! Records and blobs, encrypted at rest, and the durable job queue, behind one interface: [`store::Store`].
//!
//! [`sqlite::SqliteStore`] keeps them in one data directory: `selfsame.db`, `blobs/` and, unless the operator brings another
//! key, `master.key`.

pub mod audit;
pub mod blobs;
mod challenge;
mod delivery;
pub mod error;
pub mod keyring;
pub mod nodes;
pub mod review;
pub mod sqlite;
pub mod store;
