//! Transactions that write: what each has to itself, and what time it is.

use std::ops::{Deref, DerefMut};

use jiff::Timestamp;
use selfsame_job::user::UserKey;
use selfsame_wire::id::{Environment, JobId, PartnerId};

use super::SqlStore;
use super::dialect::{self, DbConnection, Writing};
use crate::error::StoreError;

/// What a transaction has to itself from its beginning to its end, among all that hold the same.
///
/// All of a transaction's are taken at once and in one order, before it reads anything, so no two wait for each other. Two more
/// come behind them, in this order: the end of the audit's chain, once a record is added, and the order of users' changes, at
/// the commit.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "SQLite has one writer: it has everything")]
pub(in super::super) enum Hold<'a> {
    /// A partner's name for a job: attempts at it are recorded one after another.
    Job(&'a PartnerId, Environment, &'a JobId),
    /// Whatever has this code: a request, an image. What bears it is looked for and recorded in one step.
    Code(&'a [u8]),
    /// A user: what it is, what it failed, what it was asked.
    User(&'a UserKey),
    /// A partner's users in one environment, beside others that change some of them.
    Users(&'a PartnerId, Environment),
    /// The same, with nobody beside: no user changes from the look at the order of changes to the commit.
    AllUsers(&'a PartnerId, Environment),
    /// The turns at the queue of jobs.
    Turns,
    /// Many jobs, or many lanes of callbacks. Who changes one of them needs none of this: one lane is held by its row, which is
    /// locked before its deliveries are.
    Many,
    /// The data keys.
    Keys,
}

/// A transaction that writes.
#[derive(Debug)]
pub(in super::super) struct Tx {
    inner: Writing,
    /// What time it is, by the clock that all who write share: from when the transaction had what it holds.
    pub(in super::super) now: Timestamp,
}

impl Tx {
    pub(in super::super) const fn new(inner: Writing, now: Timestamp) -> Self {
        Self { inner, now }
    }

    /// The driver's own transaction.
    #[allow(dead_code, reason = "for moving data into PostgreSQL")]
    pub(in super::super) fn into_inner(self) -> Writing {
        self.inner
    }

    /// Makes everything visible at once, and durable.
    pub(in super::super) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// Ends a transaction that may share its commit: keeps what it did, or leaves nothing behind. Either way all that it saw is
    /// durable then. So an answer that goes by it can be given.
    pub(super) async fn end(self, keep: bool) -> Result<(), StoreError> {
        match keep {
            true => self.inner.commit().await?,
            false => self.inner.rollback().await?,
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = DbConnection;
    fn deref(&self) -> &DbConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut DbConnection {
        &mut self.inner
    }
}

impl SqlStore {
    /// Begins a transaction that writes.
    pub(in super::super) async fn begin(&self, holds: &[Hold<'_>]) -> Result<Tx, StoreError> {
        dialect::begin(self, holds).await
    }

    /// Begins a transaction that gives leases and does nothing else. It may share its commit: whoever gets nothing ends it too, by
    /// [`Tx::end`].
    pub(super) async fn begin_leasing(&self, holds: &[Hold<'_>]) -> Result<Tx, StoreError> {
        dialect::begin_leasing(self, holds).await
    }

    /// Begins a transaction that writes, and may share its commit with others of its kind. Whoever is refused ends it too, by
    /// [`Tx::end`]: what it was refused for may not be durable before. After an error it is dropped, and takes nobody with it.
    pub(super) async fn begin_shared(&self, holds: &[Hold<'_>]) -> Result<Tx, StoreError> {
        dialect::begin_shared(self, holds).await
    }

    /// What time it is, by the clock that all who write share.
    pub(super) async fn now(&self) -> Result<Timestamp, StoreError> {
        dialect::now(self).await
    }
}
