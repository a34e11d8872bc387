//! What is PostgreSQL's own, for the statements in [`super::sql`].

use jiff::{SignedDuration, Timestamp};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::locks::{self, Locks};
use super::presence::Presence;
use super::sql::SqlStore;
use super::sql::keys;
use super::sql::leases::Holder;
use super::sql::tx::{Hold, Tx};
use crate::error::StoreError;
use crate::keyring::MasterKey;

pub(super) use super::migrations::migrate;

pub(super) type Db = Postgres;
pub(super) type DbConnection = PgConnection;
pub(super) type DbPool = PgPool;
pub(super) type DbRow = sqlx::postgres::PgRow;
/// What a transaction that writes stands on.
pub(super) type Writing = Transaction<'static, Postgres>;

/// Whether several nodes may serve one store.
pub(super) const IS_SHARED: bool = true;
/// The rows of a list that is bound as JSON, in the first place.
pub(super) const LISTED: &str = "SELECT jsonb_array_elements_text(CAST($1 AS jsonb))";
/// Holds the rows that are read, to the transaction's end.
pub(super) const FOR_UPDATE: &str = " FOR UPDATE";
/// The same, without those that somebody else holds.
pub(super) const SKIP_LOCKED: &str = " FOR UPDATE SKIP LOCKED";
/// Whether a lane's endpoint did not answer the last time.
pub(super) const FAILING: &str = "failing";
/// How long a new data key waits until it writes, where others have the store open. A node hears of it with its next transaction:
/// each has one every five seconds, when it looks after its health. (Earlier builds have one each half minute.)
const KEYS_ARE_HEARD_OF_WITHIN: SignedDuration = SignedDuration::from_secs(35);
/// What connections are called that change keys.
pub(super) const CHANGES_KEYS: &str = "selfsame keys";

/// What an open store holds.
#[derive(Debug)]
pub(super) struct Held {
    /// Opens data keys that another node makes.
    pub(super) master: MasterKey,
    /// Tells the other nodes that this one is there.
    pub(super) presence: Presence,
}

fn time(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|e| StoreError::Corrupt("time", e.to_string()))
}

/// Begins a transaction that writes: it waits for what it holds, and learns what time it is by the server's clock.
pub(super) async fn begin(store: &SqlStore, holds: &[Hold<'_>]) -> Result<Tx, StoreError> {
    begin_by(store, holds, "BEGIN").await
}

/// The same, for leases alone: a server that crashes may forget them, and then they are given anew. So nobody waits for the disk
/// while he has the turn.
pub(super) async fn begin_leasing(store: &SqlStore, holds: &[Hold<'_>]) -> Result<Tx, StoreError> {
    begin_by(store, holds, "BEGIN; SET LOCAL synchronous_commit = off").await
}

async fn begin_by(
    store: &SqlStore,
    holds: &[Hold<'_>],
    begin: &'static str,
) -> Result<Tx, StoreError> {
    let Locks {
        keys: locks,
        shared,
    } = locks::of(holds);
    let ring = store.keys.get();
    let mut tx = store.write.begin_with(begin).await?;
    let (at, newest, is_closed): (i64, i64, bool) =
        sqlx::query_as("SELECT at, newest, is_closed FROM begin_writing($1, $2, $3)")
            .bind(locks)
            .bind(shared)
            .bind(i64::from(ring.current()))
            .fetch_one(&mut *tx)
            .await?;
    let now = time(at)?;
    if newest != i64::from(ring.newest()) || is_closed {
        let keys = keys::load(&mut tx, &store.held.master, now).await?;
        store.keys.replace(keys);
    } else if let Some(turned) = ring.turned(at) {
        store.keys.replace(turned);
    }
    // What this transaction was to write may be encrypted already, with a key that is being retired.
    if is_closed {
        return Err(StoreError::KeysChanged);
    }
    Ok(Tx::new(tx, now))
}

/// The same as [`begin`]. Commits that come together share one write of the server's log: it sees to that itself.
pub(super) async fn begin_shared(store: &SqlStore, holds: &[Hold<'_>]) -> Result<Tx, StoreError> {
    begin(store, holds).await
}

/// Begins the transaction that makes a database ready: of nodes that start at once, one after another.
pub(super) async fn begin_setup(pool: &PgPool) -> Result<Tx, StoreError> {
    let mut tx = pool.begin().await?;
    // Changing the shape of a large database takes as long as it takes.
    sqlx::query("SELECT set_config(name, '0', TRUE) FROM pg_settings WHERE name LIKE '%\\_timeout' AND context = 'user'")
        .execute(&mut *tx)
        .await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(locks::SETUP)
        .execute(&mut *tx)
        .await?;
    let now = clock(&mut tx).await?;
    Ok(Tx::new(tx, now))
}

/// Begins a transaction that sees one state of the database to its end.
pub(super) async fn begin_snapshot(
    pool: &PgPool,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    Ok(pool.begin_with(begin).await?)
}

/// Waits for the end of the audit's chain, which one transaction after another extends.
pub(super) async fn hold_audit(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(locks::AUDIT)
        .execute(connection)
        .await?;
    Ok(())
}

async fn clock(connection: &mut PgConnection) -> Result<Timestamp, StoreError> {
    let now = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)";
    time(sqlx::query_scalar(now).fetch_one(connection).await?)
}

/// What time it is by the server's clock.
pub(super) async fn now(store: &SqlStore) -> Result<Timestamp, StoreError> {
    clock(&mut *store.read.acquire().await?).await
}

/// Erased bytes stay in dead rows until the server's vacuum clears them, and in its log as long as that is kept: neither is a
/// client's to clear (docs/operate.md).
#[expect(clippy::unused_async, reason = "elsewhere it waits")]
pub(super) async fn truncate_log(_: &SqlStore) -> Result<bool, StoreError> {
    Ok(true)
}

/// A new lease.
pub(super) async fn lease(store: &SqlStore) -> Uuid {
    store.held.presence.lease(&store.write).await
}

/// Tells the other nodes that a job was queued.
pub(super) fn ring(store: &SqlStore) {
    store.held.presence.ring(&store.write);
}

/// Whether it is heard when another node queues a job.
pub(super) fn hears(store: &SqlStore) -> bool {
    store.held.presence.hears()
}

/// Resolves when a node queued a job.
pub(super) async fn rung(store: &SqlStore) {
    store.held.presence.rung(&store.write).await;
}

/// Holders of leases that are gone: their processes have ended.
pub(super) async fn gone(store: &SqlStore) -> Result<Vec<Holder>, StoreError> {
    store.held.presence.gone(&store.read).await
}

/// How long a new data key waits until it writes: not at all where nobody else is connected.
pub(super) async fn keys_are_heard_of_within(
    connection: &mut PgConnection,
) -> Result<SignedDuration, StoreError> {
    let alone: bool = sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity
             WHERE datname = current_database() AND coalesce(backend_type, 'client backend') = 'client backend'
                 AND application_name IS DISTINCT FROM $1)",
    )
    .bind(CHANGES_KEYS)
    .fetch_one(connection)
    .await?;
    Ok(if alone {
        SignedDuration::ZERO
    } else {
        KEYS_ARE_HEARD_OF_WITHIN
    })
}
