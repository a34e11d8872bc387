//! The default back end: SQLite and encrypted files in one data directory.

mod dialect;
mod group;
pub mod keys;
mod log;
mod migrations;
#[cfg(test)]
mod plans;
// Compiled for each back end, with its `dialect`.
#[path = "../sql/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "docs/decisions/0086-one-sql.md")]
mod sql;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use self::group::Group;
use self::sql::Parts;
pub use self::sql::SqlStore as SqliteStore;
use crate::blobs::{Blobs, FileBlobs};
use crate::error::{StoreError, io};
use crate::keyring::MasterKey;

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

    pub(crate) fn master_key(&self) -> Result<MasterKey, StoreError> {
        match &self.master_key {
            Some(key) => Ok(key.clone()),
            None => MasterKey::read_or_create(&self.dir.join("master.key")),
        }
    }
}

impl SqliteStore {
    /// Opens a data directory beside whoever else has it open: for administration.
    ///
    /// # Errors
    /// When the directory cannot be used, or the master key is another.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        open_with(options, None, keys::lock_shared(options)?).await
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
        let store = open_with(options, Some(lock), keys::lock_shared(options)?).await?;
        store.take_back(true).await?;
        Ok(store)
    }
}

async fn open_with(
    options: &Options,
    server: Option<File>,
    keys: File,
) -> Result<SqliteStore, StoreError> {
    let connect = SqliteConnectOptions::new()
        .filename(options.dir.join("selfsame.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_millis(log::WRITER_WAIT.into()))
        // What is erased must not linger in free pages.
        .pragma("secure_delete", "ON");
    let master = options.master_key()?;
    // One connection: SQLite has one writer, and waiting for it here is fairer than in the database. What savepoints keep of pages
    // stays in memory: it needs no folder for temporary files, and leaves nothing there.
    let write = connect.clone().pragma("temp_store", "MEMORY");
    let write = pool(1).connect_with(write).await?;
    // Opened when something is read first: the database is there by then.
    let read = pool(4).connect_lazy_with(connect.read_only(true));
    let blobs = match &options.blobs {
        Some(blobs) => Arc::clone(blobs),
        None => Arc::new(FileBlobs::of_data_directory(&options.dir)?),
    };
    SqliteStore::set_up(Parts {
        write,
        read,
        master,
        blobs,
        max_queued: options.max_queued,
        max_uploads: options.max_uploads,
        held: dialect::Held {
            _server: server,
            _keys: keys,
            group: Group::default(),
        },
    })
    .await
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        // A file does not go away as a server does, and each question is another thread's turn.
        .test_before_acquire(false)
        // Where the disk is full SQLite gives a transaction up by itself. The driver goes on counting it, and would never begin
        // another.
        .before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        })
}

fn create_private(dir: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(io(dir))
}
