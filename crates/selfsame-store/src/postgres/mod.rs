//! The back end for many nodes: PostgreSQL, and blobs wherever they are kept.
//!
//! Nodes share nothing else. Time is the database's, and what a transaction decides by it holds to its end
//! (docs/decisions/0087-postgresql.md).

mod dialect;
pub mod faces;
pub mod keys;
mod locks;
mod migrations;
mod presence;
// Compiled for each back end, with its `dialect`.
#[path = "../sql/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "docs/decisions/0086-one-sql.md")]
mod sql;

use std::fmt;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};

use self::sql::Parts;
pub use self::sql::SqlStore as PostgresStore;
use crate::blobs::Blobs;
use crate::error::StoreError;
use crate::keyring::MasterKey;

/// How long a connection is waited for, from the pool or from the server.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A connection that was idle for so long is asked whether it still stands.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// Statements that a connection keeps prepared: more than there are.
const STATEMENTS: usize = 400;
/// What a transaction that writes may take: shorter than what is waited for a blob's row, and than a lease. The server ends what
/// takes longer, so that nobody waits for a node that stands still. `transaction_timeout` is there from PostgreSQL 17 on.
const LIMITS: &str = "SELECT set_config(s.name, l.setting, FALSE) FROM (VALUES
         ('statement_timeout', '30s'), ('lock_timeout', '20s'), ('idle_in_transaction_session_timeout', '20s'),
         ('transaction_timeout', '50s')) AS l (name, setting)
     JOIN pg_settings s ON s.name = l.name";
/// Those of connections that only read.
const READING: &str = "SELECT set_config('default_transaction_read_only', 'on', FALSE)";

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with `?sslmode=verify-full` and `&sslrootcert=FILE` as libpq has them.
    pub url: String,
    /// Wraps the data keys. All nodes have the same.
    pub master_key: MasterKey,
    /// Where packages are kept. All nodes reach the same.
    pub blobs: Arc<dyn Blobs>,
    /// Jobs that may be queued or running at one time. One partner's production may take at most three quarters of what the
    /// others leave free, its sandbox half. Requests at one time may go a little beyond it.
    pub max_queued: u64,
    /// Jobs of one partner, in one environment, whose packages may be awaited at one time.
    pub max_uploads: u64,
    /// Connections that write, and as many that read, at most.
    pub connections: u32,
}

impl Options {
    /// A database with defaults: a queue of 1000, 5000 uploads awaited of a partner, 16 connections of each kind.
    #[must_use]
    pub fn new(url: impl Into<String>, master_key: MasterKey, blobs: Arc<dyn Blobs>) -> Self {
        Self {
            url: url.into(),
            master_key,
            blobs,
            max_queued: 1000,
            max_uploads: 5000,
            connections: 16,
        }
    }
}

impl fmt::Debug for Options {
    /// Without the URL: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("blobs", &self.blobs)
            .field("max_queued", &self.max_queued)
            .field("max_uploads", &self.max_uploads)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Opens a store beside whichever nodes have it open, and brings its database to the current shape.
    ///
    /// # Errors
    /// When the database cannot be used, or the master key is another.
    pub async fn connect(options: &Options) -> Result<Self, StoreError> {
        Self::connect_as(options, "selfsame").await
    }

    /// The same, with connections that others know by this name.
    async fn connect_as(options: &Options, name: &str) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(&options.url)?
            .application_name(name)
            .statement_cache_capacity(STATEMENTS);
        let write = pool(options, LIMITS).connect_with(connect.clone()).await?;
        if is_moving(&mut *write.acquire().await?).await? {
            return Err(StoreError::Moving(
                "data is being moved into this database and is not all there: let `selfsame migrate` end first"
                    .to_owned(),
            ));
        }
        let read = pool(options, READING).connect_lazy_with(connect);
        Self::set_up(Parts {
            write,
            read,
            master: options.master_key.clone(),
            blobs: Arc::clone(&options.blobs),
            max_queued: options.max_queued,
            max_uploads: options.max_uploads,
            held: dialect::Held {
                master: options.master_key.clone(),
                presence: presence::Presence::default(),
            },
        })
        .await
    }
}

/// A pool for moving data in: its transactions may take their time.
pub(crate) async fn moving_pool(options: &Options) -> Result<PgPool, StoreError> {
    let connect = PgConnectOptions::from_str(&options.url)?.application_name("selfsame migrate");
    Ok(pool(options, "SELECT 1").connect_with(connect).await?)
}

/// Begins a transaction that has the database in its shape.
pub(crate) async fn begin_shaped(
    pool: &PgPool,
) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, StoreError> {
    let mut tx = dialect::begin_setup(pool).await?;
    migrations::migrate(&mut tx).await?;
    Ok(tx.into_inner())
}

/// Data is being moved into this database, and is not all there.
pub(crate) async fn is_moving(connection: &mut PgConnection) -> Result<bool, StoreError> {
    Ok(
        sqlx::query_scalar("SELECT to_regclass('moving') IS NOT NULL")
            .fetch_one(connection)
            .await?,
    )
}

/// A pool of connections, each set up by a statement.
fn pool(options: &Options, settings: &'static str) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(CONNECT_WITHIN)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::query(settings).execute(connection).await?;
                Ok(())
            })
        })
        // Every time would be a round trip more for every transaction.
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            Box::pin(async move {
                if idle.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}
