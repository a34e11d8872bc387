//! What can go wrong beneath the interface.

use std::path::PathBuf;

/// A store failed. Nothing was changed unless the text says so.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A file or folder failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Something cannot be decrypted: another key, or somebody changed it.
    #[error(
        "{0} cannot be decrypted: it was changed, or the master key is not the one it was written with"
    )]
    Sealed(&'static str),
    /// A record does not read as what it was written as.
    #[error("{0} on record cannot be read: {1}")]
    Corrupt(&'static str, String),
    /// A record is of a kind that only a newer build writes: nodes of that can read it.
    #[error(
        "{0} is of a kind that this build does not know, and a newer one wrote: use the newer build"
    )]
    OfNewerBuild(&'static str),
    /// The audit's chain does not end where its head says: records were removed, changed or put back. Nothing was changed.
    #[error(
        "the audit is broken and is not extended, so nothing was changed: {0}. Keep a copy of the data directory, find out what \
         happened (`selfsame audit verify`), then begin a new segment behind the break with `selfsame audit resume`"
    )]
    AuditBroken(String),
    /// The master key cannot be used.
    #[error("master key: {0}")]
    MasterKey(String),
    /// Another server has the data directory, or keys are to change while others use them.
    #[error("{} is in use by another server or command; stop it, or wait for it", .0.display())]
    InUse(PathBuf),
    /// A package was written, but too long ago for a record to name it: the sweep may have taken it for an orphan.
    #[error("it took too long to record a package, so nothing was recorded; send it again")]
    TooLate,
    /// A data key was retired while something was encrypted with it. Nothing was changed.
    #[error("the data keys were changed meanwhile, so nothing was recorded; try again")]
    KeysChanged,
    /// Object storage failed.
    #[error("object storage {place}: {doing} failed: {said}; {advice}")]
    Objects {
        /// The bucket and the prefix.
        place: String,
        /// What was asked of it.
        doing: &'static str,
        /// What it answered, without secrets.
        said: String,
        /// What to do.
        advice: &'static str,
    },
    /// Moving the data to another store failed. What was copied stays, and the move may be begun again.
    #[error("moving the data: {0}")]
    Moving(String),
    /// The place for packages belongs to another installation.
    #[error(
        "{0} holds the packages of another installation, and the sweep would remove them: give each a bucket or a prefix of its own"
    )]
    OthersBlobs(String),
    /// The operating system has no randomness to give.
    #[error("the operating system's random source does not answer")]
    NoRandomness,
}

impl StoreError {
    /// The database or the bucket does not answer: nothing is wrong with the item, and it can be tried again
    /// for as long as that lasts.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Objects { .. }
                | Self::Database(
                    sqlx::Error::Io(_)
                        | sqlx::Error::PoolTimedOut
                        | sqlx::Error::PoolClosed
                        | sqlx::Error::WorkerCrashed
                )
        )
    }

    /// One item on record cannot be read, and trying again will not help: only what needs this item fails.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::Sealed(_)
                | Self::Corrupt(..)
                | Self::OfNewerBuild(_)
                | Self::Database(sqlx::Error::ColumnDecode { .. })
        )
    }
}

pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |error| StoreError::Io {
        path: path.to_owned(),
        error,
    }
}
