//! The default back end: SQLite and encrypted files in one data directory.

mod admin_tokens;
mod attempts;
mod audit;
mod challenges;
mod deliveries;
mod delivery_lanes;
mod depths;
mod erasure;
mod images;
mod in_force;
mod interface;
mod jobs;
pub mod keys;
mod nodes;
mod partners;
mod queue;
mod record;
mod reviews;
mod schema;
mod sealed_columns;
mod sweep;
mod templates;
mod turns;
mod unreadable;
mod users;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use zeroize::Zeroizing;

use self::images::RecentImages;
use crate::audit::chain::AuditKey;
use crate::blobs::sealed::SealedBlobs;
use crate::blobs::{Blobs, FileBlobs};
use crate::error::{StoreError, io};
use crate::keyring::{Keyring, MasterKey};
use crate::store::Store as _;

/// How a data directory is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory.
    pub dir: PathBuf,
    /// The master key; without one, `master.key` in the data directory is used and made when missing.
    pub master_key: Option<MasterKey>,
    /// Where packages are kept; without one, the folder `blobs` in the data directory.
    pub blobs: Option<Arc<dyn Blobs>>,
    /// Jobs that may be queued or running at one time. One partner's production may take at most three quarters of what the
    /// others leave free, its sandbox half.
    pub max_queued: u64,
    /// Jobs of one partner, in one environment, whose packages may be awaited at one time.
    pub max_uploads: u64,
}

impl Options {
    /// A data directory with its defaults: its own master key, a queue of 1000, 5000 uploads awaited of a partner.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            master_key: None,
            blobs: None,
            max_queued: 1000,
            max_uploads: 5000,
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
    blobs: SealedBlobs,
    keys: Keyring,
    audit_key: AuditKey,
    /// Recognises files without telling which they are.
    image_key: Zeroizing<[u8; 32]>,
    /// Tells callbacks' endpoints apart without telling which they are.
    endpoint_key: Zeroizing<[u8; 32]>,
    recent: RecentImages,
    max_queued: u64,
    max_uploads: u64,
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
            .busy_timeout(Duration::from_millis(sweep::WRITER_WAIT.into()))
            // What is erased must not linger in free pages.
            .pragma("secure_delete", "ON");
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(connect.clone())
            .await?;
        // One transaction, so that there is never an audited database without the beginning of its audit: one that lacks it
        // was tampered with, and must not begin anew.
        let mut tx = write.begin_with("BEGIN IMMEDIATE").await?;
        let version = schema::bring_up_to_date(&mut tx).await?;
        let keys = keys::load(&mut tx, &master).await?;
        let audit_key = AuditKey::new(keys::purpose_key(&mut tx, &keys, "audit").await?);
        let image_key = keys::purpose_key(&mut tx, &keys, "accepted images").await?;
        let endpoint_key = keys::purpose_key(&mut tx, &keys, "callback endpoints").await?;
        if version < schema::AUDITED {
            let writer = audit::Writer {
                keys: &keys,
                key: &audit_key,
            };
            writer.begin(&mut tx, version).await?;
        }
        tx.commit().await?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(connect.read_only(true))
            .await?;
        let blobs = match &options.blobs {
            Some(blobs) => Arc::clone(blobs),
            None => Arc::new(FileBlobs::open(options.dir.join("blobs"))?),
        };
        Ok(Self {
            write,
            read,
            blobs: SealedBlobs::new(blobs),
            audit_key,
            image_key,
            endpoint_key,
            recent: RecentImages::default(),
            keys,
            max_queued: options.max_queued,
            max_uploads: options.max_uploads,
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
