//! What is SQLite's own, for the statements in [`super::sql`].

use std::fs::File;

use jiff::{SignedDuration, Timestamp};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};
use uuid::Uuid;

use super::group::{Group, Part};
use super::sql::SqlStore;
use super::sql::leases::Holder;
use super::sql::tx::{Hold, Tx};
use crate::error::StoreError;

pub(super) use super::log::truncate_log;
pub(super) use super::migrations::migrate;

pub(super) type Db = Sqlite;
pub(super) type DbConnection = SqliteConnection;
pub(super) type DbPool = SqlitePool;
pub(super) type DbRow = sqlx::sqlite::SqliteRow;
/// What a transaction that writes stands on.
pub(super) type Writing = Part;

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

/// What an open store holds.
#[derive(Debug)]
pub(super) struct Held {
    /// Held for as long as this process serves the directory.
    pub(super) _server: Option<File>,
    /// Held by everybody, so that keys change only while nobody else writes with them.
    pub(super) _keys: File,
    /// Who shares commits.
    pub(super) group: Group,
}

async fn begin_immediate(pool: &SqlitePool) -> Result<Tx, StoreError> {
    let tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    Ok(Tx::new(Part::Alone(tx), Timestamp::now()))
}

/// Begins a transaction that writes: it has everything to itself.
pub(super) async fn begin(store: &SqlStore, _: &[Hold<'_>]) -> Result<Tx, StoreError> {
    begin_immediate(&store.write).await
}

/// The same, where commits may be shared: nothing is gained by forgetting a lease here.
pub(super) async fn begin_leasing(store: &SqlStore, holds: &[Hold<'_>]) -> Result<Tx, StoreError> {
    begin_shared(store, holds).await
}

/// Begins a transaction that writes, and may share its commit with others: whoever ends it must wait for that.
pub(super) async fn begin_shared(store: &SqlStore, _: &[Hold<'_>]) -> Result<Tx, StoreError> {
    let part = store.held.group.begin(&store.write).await?;
    Ok(Tx::new(part, Timestamp::now()))
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

/// A new lease.
#[expect(clippy::unused_async, reason = "elsewhere it waits")]
pub(super) async fn lease(_: &SqlStore) -> Uuid {
    Uuid::new_v4()
}

/// There is nobody else to tell.
pub(super) const fn ring(_: &SqlStore) {}

/// Nobody else queues jobs.
pub(super) const fn hears(_: &SqlStore) -> bool {
    false
}

/// Never resolves.
pub(super) async fn rung(_: &SqlStore) {
    std::future::pending().await
}

/// Nobody else can hold a lease: the server takes back what its forerunner left when it starts.
#[expect(clippy::unused_async, reason = "elsewhere it waits")]
pub(super) async fn gone(_: &SqlStore) -> Result<Vec<Holder>, StoreError> {
    Ok(Vec::new())
}

/// Keys change while nobody else has the data directory.
#[expect(clippy::unused_async, reason = "elsewhere it waits")]
pub(super) async fn keys_are_heard_of_within(
    _: &mut SqliteConnection,
) -> Result<SignedDuration, StoreError> {
    Ok(SignedDuration::ZERO)
}
