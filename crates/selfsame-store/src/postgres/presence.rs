//! Whether a node is there: it holds a lock on a connection of its own, which PostgreSQL drops with the connection. So the others
//! see within seconds that its process was killed, and take up its jobs, however long its leases last. By the same connection it
//! hears that a job was queued somewhere.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::sql::leases::Holder;
use crate::error::StoreError;

/// What these locks are called, beside a holder's number: "node", read as a number.
const CLASS: i32 = 0x6e6f_6465;
/// The channel on which it is told that a job was queued.
const CHANNEL: &str = "selfsame_jobs";
/// How long it is at least from one ring to the next, however many jobs are queued meanwhile: each takes a lock that all who ring
/// share. It is a transaction of its own, never that of the job.
const RINGS_APART: Duration = Duration::from_millis(20);
/// How often the connection is asked whether it still stands, and how soon it must answer.
const ASKED_EVERY: Duration = Duration::from_secs(1);
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How long the first leases wait for the lock. Where that takes longer, leases are none of a holder's until it is there.
const THERE_WITHIN: Duration = Duration::from_secs(3);
/// How long a node may be gone before others take what it holds: a server that was started again has lost all locks, and nodes
/// that live come back within a second or two.
const GONE_FOR: Duration = Duration::from_secs(5);

/// This node's lock, and which other nodes have lost theirs.
#[derive(Debug)]
pub(super) struct Presence {
    holder: Holder,
    there: watch::Sender<bool>,
    keeper: OnceLock<Keeper>,
    gone: Mutex<HashMap<Holder, Instant>>,
    /// Rung when somebody queued a job, on whatever node.
    heard: Arc<Notify>,
    /// Rung when this node queued one.
    queued: Arc<Notify>,
    ringer: OnceLock<Keeper>,
}

/// A task that ends with the store.
#[derive(Debug)]
struct Keeper {
    task: AbortHandle,
    began: Instant,
}

impl Keeper {
    fn of(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            task: tokio::spawn(task).abort_handle(),
            began: Instant::now(),
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            holder: Holder::new(),
            there: watch::Sender::new(false),
            keeper: OnceLock::new(),
            gone: Mutex::default(),
            heard: Arc::default(),
            queued: Arc::default(),
            ringer: OnceLock::new(),
        }
    }
}

impl Presence {
    /// Begins to hold the lock, where that has not begun. Commands that open a store neither lease nor listen, and never do.
    fn begin(&self, pool: &PgPool) -> &Keeper {
        self.keeper.get_or_init(|| {
            let (there, heard) = (self.there.clone(), Arc::clone(&self.heard));
            Keeper::of(keep(pool.connect_options(), self.holder, there, heard))
        })
    }

    /// A new lease. The first ones wait a moment for the lock.
    pub(super) async fn lease(&self, pool: &PgPool) -> Uuid {
        let left = THERE_WITHIN.saturating_sub(self.begin(pool).began.elapsed());
        let mut there = self.there.subscribe();
        let there = tokio::time::timeout(left, there.wait_for(|there| *there)).await;
        if there.is_ok() {
            self.holder.lease()
        } else {
            Uuid::new_v4()
        }
    }

    /// Tells the other nodes that a job was queued, soon.
    pub(super) fn ring(&self, pool: &PgPool) {
        self.ringer
            .get_or_init(|| Keeper::of(ring_others(pool.clone(), Arc::clone(&self.queued))));
        self.queued.notify_one();
    }

    /// Whether it is heard when a job is queued.
    pub(super) fn hears(&self) -> bool {
        *self.there.borrow()
    }

    /// Resolves when a job was queued, on whatever node.
    pub(super) async fn rung(&self, pool: &PgPool) {
        self.begin(pool);
        self.heard.notified().await;
    }

    /// The holders of leases that have been gone for long enough, as this node has seen it.
    pub(super) async fn gone(&self, pool: &PgPool) -> Result<Vec<Holder>, StoreError> {
        let found: Vec<String> = sqlx::query_scalar(
            "WITH held AS (SELECT lease FROM jobs WHERE state = 'running'
                           UNION ALL SELECT lease FROM deliveries WHERE lease IS NOT NULL)
             SELECT DISTINCT left(lease, 8) FROM held WHERE substr(lease, 15, 1) = '8' AND left(lease, 8) NOT IN (
                 SELECT lpad(to_hex(CAST(objid AS BIGINT)), 8, '0') FROM pg_locks
                 WHERE locktype = 'advisory' AND objsubid = 2 AND CAST(classid AS BIGINT) = $1
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        )
        .bind(i64::from(CLASS))
        .fetch_all(pool)
        .await?;
        let found = found.iter().filter_map(|prefix| Holder::of_prefix(prefix));
        // This node may be about to come back.
        let found: Vec<Holder> = found.filter(|holder| *holder != self.holder).collect();
        let now = Instant::now();
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.retain(|holder, _| found.contains(holder));
        Ok(found
            .into_iter()
            .filter(|holder| {
                let since = *gone.entry(*holder).or_insert(now);
                now.duration_since(since) >= GONE_FOR
            })
            .collect())
    }
}

/// Holds the lock for as long as the store is open, again and again where the connection is lost.
async fn keep(
    options: Arc<PgConnectOptions>,
    holder: Holder,
    there: watch::Sender<bool>,
    heard: Arc<Notify>,
) {
    loop {
        let lost = match hold(&options, holder, &there, &heard).await {
            Err(lost) => lost,
            Ok(never) => match never {},
        };
        if there.send_replace(false) {
            tracing::warn!(error = %lost, "the connection that tells other nodes of this one is lost; it is made anew");
        }
        tokio::time::sleep(ASKED_EVERY).await;
    }
}

async fn hold(
    options: &PgConnectOptions,
    holder: Holder,
    there: &watch::Sender<bool>,
    heard: &Notify,
) -> Result<Infallible, sqlx::Error> {
    let silent = |_| sqlx::Error::PoolTimedOut;
    let begun = tokio::time::timeout(ANSWERS_WITHIN, begin(options, holder)).await;
    let mut connection = begun.map_err(silent)??;
    there.send_replace(true);
    // What was queued before it heard.
    heard.notify_one();
    loop {
        match tokio::time::timeout(ASKED_EVERY, connection.try_recv()).await {
            Ok(Ok(Some(_))) => heard.notify_one(),
            Ok(Ok(None)) => return Err(sqlx::Error::PoolClosed),
            Ok(Err(lost)) => return Err(lost),
            // Nothing was heard: does it still stand?
            Err(_) => {
                let asked = sqlx::query("SELECT 1").execute(&mut connection);
                let asked = tokio::time::timeout(ANSWERS_WITHIN, asked).await;
                asked.map_err(silent)??;
            }
        }
    }
}

/// A connection that holds the lock and listens.
async fn begin(options: &PgConnectOptions, holder: Holder) -> Result<PgListener, sqlx::Error> {
    // Its own, so that it is closed when it is dropped.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.clone())
        .await?;
    let mut connection = PgListener::connect_with(&pool).await?;
    connection.eager_reconnect(false);
    // The server lets go of a machine that vanished without a word: asked after five seconds, thrice.
    sqlx::query(
        "SELECT set_config(name, setting, FALSE) FROM (VALUES
             ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3')) AS k (name, setting)",
    )
    .execute(&mut connection)
    .await?;
    let held: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
        .bind(CLASS)
        .bind(i32::from_be_bytes(holder.0.to_be_bytes()))
        .fetch_one(&mut connection)
        .await?;
    if !held {
        // The server has not noticed yet that the connection before this one is lost. Until it has, that one tells of this node.
        return Err(sqlx::Error::PoolTimedOut);
    }
    connection.listen(CHANNEL).await?;
    Ok(connection)
}

/// Rings at the other nodes each time that this one queued something.
async fn ring_others(pool: PgPool, queued: Arc<Notify>) {
    loop {
        queued.notified().await;
        let rung = sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL);
        if let Err(error) = rung.execute(&pool).await {
            // They look by themselves, too.
            tracing::warn!(%error, "cannot tell other nodes that a job was queued");
        }
        tokio::time::sleep(RINGS_APART).await;
    }
}
