//! The default back end: SQLite and encrypted files in one data directory.

mod deliveries;
mod jobs;
pub mod keys;
mod partners;
mod queue;
mod record;
mod users;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::job::Job;
use selfsame_job::partner::Partner;
use selfsame_job::user::{User, UserKey, UserStatus};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId};
use selfsame_wire::signature::ApiKey;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::blobs::FileBlobs;
use crate::error::{StoreError, io};
use crate::keyring::{Keyring, MasterKey};
use crate::store::{
    Accepted, AfterAttempt, Claim, Delivery, DeliveryAttempt, DeliveryRecord, Depths, Ending,
    Finished, JobFilter, JobResultRecord, NewJob, Prepared, Store, UploadGrant,
};

/// How a data directory is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory.
    pub dir: PathBuf,
    /// The master key; without one, `master.key` in the data directory is used and made when missing.
    pub master_key: Option<MasterKey>,
    /// Jobs that may be queued or running at one time.
    pub max_queued: u64,
}

impl Options {
    /// A data directory with its defaults: its own master key, a queue of 1000.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            master_key: None,
            max_queued: 1000,
        }
    }

    fn master_key(&self) -> Result<MasterKey, StoreError> {
        match &self.master_key {
            Some(key) => Ok(key.clone()),
            None => MasterKey::read_or_create(&self.dir.join("master.key")),
        }
    }
}

/// A store in one data directory.
#[derive(Debug)]
pub struct SqliteStore {
    /// One connection: SQLite has one writer, and waiting for it here is fairer than in the database.
    write: SqlitePool,
    read: SqlitePool,
    blobs: FileBlobs,
    keys: Keyring,
    max_queued: u64,
    /// Held for as long as this process serves the directory.
    _lock: Option<File>,
    /// Held by everybody, so that keys change only while nobody else writes with them.
    _keys_lock: File,
}

impl SqliteStore {
    /// Opens a data directory beside whoever else has it open: for administration.
    ///
    /// # Errors
    /// When the directory cannot be used, or the master key is another.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        Self::open_with(options, None, keys::lock_shared(options)?).await
    }

    /// Opens a data directory as its only server, and takes back what an earlier one left unfinished.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another server has it; else as [`SqliteStore::open`].
    pub async fn open_exclusive(options: &Options) -> Result<Self, StoreError> {
        create_private(&options.dir)?;
        let path = options.dir.join("server.lock");
        let lock = File::create(&path).map_err(io(&path))?;
        lock.try_lock()
            .map_err(|_| StoreError::InUse(options.dir.clone()))?;
        let store = Self::open_with(options, Some(lock), keys::lock_shared(options)?).await?;
        store.recover(Timestamp::now(), true).await?;
        Ok(store)
    }

    async fn open_with(
        options: &Options,
        lock: Option<File>,
        keys_lock: File,
    ) -> Result<Self, StoreError> {
        let master = options.master_key()?;
        let connect = SqliteConnectOptions::new()
            .filename(options.dir.join("selfsame.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            // What is erased must not linger in free pages.
            .pragma("secure_delete", "ON");
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(connect.clone())
            .await?;
        sqlx::raw_sql(include_str!("schema.sql"))
            .execute(&write)
            .await?;
        let keys = keys::load(&write, &master).await?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(connect.read_only(true))
            .await?;
        let blobs = FileBlobs::open(options.dir.join("blobs"))?;
        Ok(Self {
            write,
            read,
            blobs,
            keys,
            max_queued: options.max_queued,
            _lock: lock,
            _keys_lock: keys_lock,
        })
    }
}

fn create_private(dir: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(io(dir))
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_partner(&self, partner: &Partner) -> Result<bool, StoreError> {
        self.insert_partner(partner).await
    }
    async fn partner(&self, id: &PartnerId) -> Result<Option<Partner>, StoreError> {
        self.select_partner(id).await
    }
    async fn partners(&self) -> Result<Vec<Partner>, StoreError> {
        self.select_partners().await
    }
    async fn set_production_enabled(
        &self,
        id: &PartnerId,
        enabled: bool,
    ) -> Result<bool, StoreError> {
        self.update_production_enabled(id, enabled).await
    }
    async fn replace_key(
        &self,
        id: &PartnerId,
        environment: Environment,
        key: &ApiKey,
    ) -> Result<bool, StoreError> {
        self.update_key(id, environment, key).await
    }
    async fn prepare_job(&self, job: &NewJob, grant: &UploadGrant) -> Result<Prepared, StoreError> {
        self.insert_job(job, Some(grant), None).await
    }
    async fn accept_package(
        &self,
        token_hash: &[u8; 32],
        now: Timestamp,
        package: Bytes,
    ) -> Result<Accepted, StoreError> {
        self.take_package(token_hash, now, package).await
    }
    async fn submit_job(&self, job: &NewJob, package: Bytes) -> Result<Prepared, StoreError> {
        self.insert_job(job, None, Some(package)).await
    }
    async fn claim_job(&self, lease: Duration) -> Result<Option<Claim>, StoreError> {
        self.take_job(lease).await
    }
    async fn renew_job(&self, claim: &Claim, lease: Duration) -> Result<bool, StoreError> {
        self.prolong(claim, lease).await
    }
    async fn release_job(&self, claim: &Claim) -> Result<(), StoreError> {
        self.put_back(claim).await
    }
    async fn recover(&self, now: Timestamp, all: bool) -> Result<u64, StoreError> {
        self.take_back(now, all).await
    }
    async fn finish_job(&self, claim: &Claim, ending: &Ending) -> Result<Finished, StoreError> {
        self.end_job(claim, ending).await
    }
    async fn package(&self, job: &SmileJobId) -> Result<Option<Bytes>, StoreError> {
        self.read_package(job).await
    }
    async fn job(&self, id: &SmileJobId) -> Result<Option<Job>, StoreError> {
        self.select_job(id).await
    }
    async fn latest_job(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Option<Job>, StoreError> {
        self.select_latest_job(partner, environment, job).await
    }
    async fn result(&self, id: &SmileJobId) -> Result<Option<JobResultRecord>, StoreError> {
        self.select_result(id).await
    }
    async fn results(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Vec<JobResultRecord>, StoreError> {
        self.select_results(partner, environment, job).await
    }
    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        self.select_jobs(filter).await
    }
    async fn user(&self, key: &UserKey) -> Result<Option<User>, StoreError> {
        self.select_user(key).await
    }
    async fn users(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<Vec<User>, StoreError> {
        self.select_users(partner, environment).await
    }
    async fn set_user_status(&self, key: &UserKey, status: UserStatus) -> Result<bool, StoreError> {
        self.update_user_status(key, status).await
    }
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.take_deliveries(now, lease, limit).await
    }
    async fn record_attempt(
        &self,
        delivery: &Delivery,
        attempt: &DeliveryAttempt,
        after: AfterAttempt,
    ) -> Result<(), StoreError> {
        self.insert_attempt(delivery, attempt, after).await
    }
    async fn deliveries(&self, job: &SmileJobId) -> Result<Vec<DeliveryRecord>, StoreError> {
        self.select_deliveries(job).await
    }
    async fn replay(&self, job: &SmileJobId) -> Result<bool, StoreError> {
        self.insert_replay(job).await
    }
    async fn depths(&self) -> Result<Depths, StoreError> {
        self.count_depths().await
    }
    async fn ready(&self) -> Result<(), StoreError> {
        // An empty write transaction: it fails where the disk is full or read-only.
        let tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        tx.rollback().await?;
        Ok(())
    }
    async fn sweep(&self, older_than: Timestamp) -> Result<u64, StoreError> {
        self.sweep_blobs(older_than).await
    }
}
