//! Transactions that share a commit: SQLite has one writer, and each commit waits for the disk.
//!
//! Who ends while others wait to write does not commit at once. The transaction stays open, those who wait add their parts to
//! it, one after another and each behind a savepoint, and one commit makes all of it durable. Each caller waits for that commit:
//! who was refused too, since what it was refused for may be in the same transaction (docs/decisions/0139-group-commit.md).
//!
//! A caller may be dropped wherever it waits. Of what it asks for last, it is not known whether it was done. So a part ends
//! without a statement, and each part has a savepoint of its own name: what takes a part back may be asked for twice.

mod failure;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard, oneshot};

use self::failure::Shared;

/// How many join a transaction at most. Each keeps what it changes of pages in memory until the commit, whoever else changed them.
const JOIN_AT_MOST: usize = 64;

/// Who writes, one after another.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    open: Arc<Mutex<Option<Open>>>,
    /// Who waits to write.
    waiting: Arc<AtomicUsize>,
}

/// What became of a commit, for each who waits for it.
type Told = Result<(), Shared>;

/// A transaction that is not committed yet, and holds parts that have ended.
#[derive(Debug)]
pub(super) struct Open {
    tx: Transaction<'static, Sqlite>,
    callers: Vec<oneshot::Sender<Told>>,
    /// Those that joined: each has a savepoint, by its number.
    parts: usize,
    /// The last has begun and not ended: what it did must not be committed.
    torn: bool,
}

/// Counts who waits, for as long as it waits.
struct Waits<'g>(&'g AtomicUsize);

impl<'g> Waits<'g> {
    fn begin(waiting: &'g AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::AcqRel);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// One caller's transaction. Dropped without an end, it leaves nothing behind.
#[derive(Debug)]
pub(super) enum Part {
    /// It has its commit to itself.
    Alone(Transaction<'static, Sqlite>),
    /// It began the transaction; others may join once it has ended.
    First {
        /// Before the place, so that it is rolled back before anybody else writes.
        tx: Transaction<'static, Sqlite>,
        place: OwnedMutexGuard<Option<Open>>,
        group: Group,
    },
    /// It joined one that is open.
    Joined(OwnedMappedMutexGuard<Option<Open>, Open>),
}

impl Group {
    /// Begins a transaction that may share its commit. It waits for its turn as long as for a connection.
    pub(super) async fn begin(&self, pool: &SqlitePool) -> Result<Part, sqlx::Error> {
        let _waits = Waits::begin(&self.waiting);
        let turn = Arc::clone(&self.open).lock_owned();
        let turn = tokio::time::timeout(pool.options().get_acquire_timeout(), turn).await;
        let mut place = turn.map_err(|_| sqlx::Error::PoolTimedOut)?;
        if let Some(open) = place.as_mut()
            && let Err(error) = open.mend().await
            && let Some(open) = place.take()
        {
            open.fail(error).await;
        }
        if place
            .as_ref()
            .is_some_and(|open| open.parts >= JOIN_AT_MOST)
            && let Some(open) = place.take()
        {
            // Not here, where the caller may be dropped in the middle of it. The next waits for the connection.
            tokio::spawn(open.commit());
        }
        match OwnedMutexGuard::try_map(place, Option::as_mut) {
            Ok(mut open) => {
                open.join().await?;
                Ok(Part::Joined(open))
            }
            Err(place) => Ok(Part::First {
                tx: pool.begin_with("BEGIN IMMEDIATE").await?,
                place,
                group: self.clone(),
            }),
        }
    }

    /// Commits what is open, behind those who wait by now.
    async fn close(self) {
        let mut place = self.open.lock().await;
        if let Some(open) = place.take() {
            open.commit().await;
        }
    }
}

impl Open {
    /// Begins one more part.
    async fn join(&mut self) -> Result<(), sqlx::Error> {
        self.parts += 1;
        self.torn = true;
        self.at_savepoint("SAVEPOINT", self.parts).await
    }

    /// Takes back what a part did that was dropped without an end.
    async fn mend(&mut self) -> Result<(), sqlx::Error> {
        if self.torn {
            self.at_savepoint("ROLLBACK TO", self.parts).await?;
            self.torn = false;
        }
        Ok(())
    }

    /// Where SQLite gave the transaction up by itself, it has no savepoint any more.
    async fn at_savepoint(&mut self, verb: &str, part: usize) -> Result<(), sqlx::Error> {
        let statement = AssertSqlSafe(format!("{verb} part{part}"));
        // Not kept in the connection: others are asked for more often.
        let statement = sqlx::query(statement).persistent(false);
        statement.execute(&mut *self.tx).await?;
        Ok(())
    }

    /// One more who waits for the commit.
    fn caller(&mut self) -> oneshot::Receiver<Told> {
        let (told, committed) = oneshot::channel();
        self.callers.push(told);
        committed
    }

    /// Makes durable what all have ended.
    async fn commit(mut self) {
        if let Err(error) = self.whole().await {
            return self.fail(error).await;
        }
        let committed = self.tx.commit().await;
        tell(self.callers, &committed.map_err(Shared::from));
    }

    /// Sees to it that the transaction holds all parts that ended, and no other.
    async fn whole(&mut self) -> Result<(), sqlx::Error> {
        self.mend().await?;
        if self.parts > 0 {
            // All the others stand behind the first one's. It is there unless the transaction was given up since.
            self.at_savepoint("RELEASE", 1).await?;
        }
        Ok(())
    }

    async fn fail(self, error: sqlx::Error) {
        // It may be rolled back already.
        let _ = self.tx.rollback().await;
        tell(self.callers, &Err(failure::given_up(error)));
    }
}

fn tell(callers: Vec<oneshot::Sender<Told>>, told: &Told) {
    for caller in callers {
        // Who has gone need not know.
        let _ = caller.send(told.clone());
    }
}

/// Waits until what is shared is durable.
async fn durable(committed: oneshot::Receiver<Told>) -> Result<(), sqlx::Error> {
    match committed.await {
        Ok(told) => told.map_err(Shared::told),
        Err(_) => Err(failure::broken_off().told()),
    }
}

impl Part {
    /// Makes everything visible at once, and durable.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Alone(tx) => tx.commit().await,
            Self::First { tx, group, .. } if group.waiting.load(Ordering::Acquire) == 0 => {
                tx.commit().await
            }
            Self::First {
                tx,
                mut place,
                group,
            } => {
                let mut open = Open {
                    tx,
                    callers: Vec::new(),
                    parts: 0,
                    torn: false,
                };
                let committed = open.caller();
                *place = Some(open);
                drop(place);
                tokio::spawn(group.close());
                durable(committed).await
            }
            Self::Joined(mut open) => {
                open.torn = false;
                let committed = open.caller();
                drop(open);
                durable(committed).await
            }
        }
    }

    /// Leaves nothing behind, and waits until what it saw is durable.
    pub(super) async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            // It saw nothing but what was.
            Self::Alone(tx) | Self::First { tx, .. } => tx.rollback().await,
            Self::Joined(mut open) => {
                open.mend().await?;
                let committed = open.caller();
                drop(open);
                durable(committed).await
            }
        }
    }
}

impl Deref for Part {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Alone(tx) | Self::First { tx, .. } => tx,
            Self::Joined(open) => &open.tx,
        }
    }
}

impl DerefMut for Part {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Alone(tx) | Self::First { tx, .. } => tx,
            Self::Joined(open) => &mut open.tx,
        }
    }
}

#[cfg(test)]
mod tests;
