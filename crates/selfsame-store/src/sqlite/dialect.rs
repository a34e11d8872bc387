//! What is SQLite's own, for the statements in [`super::sql`].

use std::fs::File;

use jiff::{SignedDuration, Timestamp};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};

use super::sql::SqlStore;
use super::sql::tx::{Hold, Tx};
use crate::error::StoreError;

pub(super) use super::log::truncate_log;
pub(super) use super::migrations::migrate;

pub(super) type Db = Sqlite;
pub(super) type DbConnection = SqliteConnection;
pub(super) type DbPool = SqlitePool;
pub(super) type DbRow = sqlx::sqlite::SqliteRow;

/// Whether several nodes may serve one store: one server has a data directory.
pub(super) const IS_SHARED: bool = false;
/// The rows of a list that is bound as JSON, in the first place.
pub(super) const LISTED: &str = "SELECT value FROM json_each($1)";
/// Rows are held by whoever writes: there is one.
pub(super) const FOR_UPDATE: &str = "";
/// The same.
pub(super) const SKIP_LOCKED: &str = "";
/// Whether a lane's endpoint did not answer the last time.
pub(super) const FAILING: &str = "(failures > 0)";
/// Keys change while nobody else has the data directory.
pub(super) const KEYS_ARE_HEARD_OF_WITHIN: SignedDuration = SignedDuration::ZERO;

/// What an open store holds.
#[derive(Debug)]
pub(super) struct Held {
    /// Held for as long as this process serves the directory.
    pub(super) _server: Option<File>,
    /// Held by everybody, so that keys change only while nobody else writes with them.
    pub(super) _keys: File,
}

async fn begin_immediate(pool: &SqlitePool) -> Result<Tx, StoreError> {
    let tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    Ok(Tx::new(tx, Timestamp::now()))
}

/// Begins a transaction that writes: it has everything to itself.
pub(super) async fn begin(store: &SqlStore, _: &[Hold<'_>]) -> Result<Tx, StoreError> {
    begin_immediate(&store.write).await
}

/// Begins the transaction that makes a database ready.
pub(super) async fn begin_setup(pool: &SqlitePool) -> Result<Tx, StoreError> {
    begin_immediate(pool).await
}

/// Begins a transaction that sees one state of the database to its end.
pub(super) async fn begin_snapshot(
    pool: &SqlitePool,
) -> Result<Transaction<'static, Sqlite>, StoreError> {
    Ok(pool.begin().await?)
}

/// Waits for the end of the audit's chain: whoever writes has it.
pub(super) async fn hold_audit(_: &mut SqliteConnection) -> Result<(), StoreError> {
    Ok(())
}

/// What time it is: one process serves a data directory, and its clock counts.
pub(super) async fn now(_: &SqlStore) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::now())
}
