//! Records and blobs, encrypted at rest, and the durable job queue, behind one interface: [`store::Store`].
//!
//! [`sqlite::SqliteStore`] keeps them in one data directory: `selfsame.db`, `blobs/` and, unless the operator brings another
//! key, `master.key`. [`postgres::PostgresStore`] keeps records in PostgreSQL, for as many nodes as one likes.

pub mod audit;
pub mod blobs;
pub mod error;
#[cfg(test)]
mod instruction_counts;
pub mod keyring;
pub mod keys;
pub mod master_key;
mod migrations;
pub mod moving;
pub mod postgres;
pub mod sqlite;
pub mod store;

pub use self::store::{nodes, reviews as review};
