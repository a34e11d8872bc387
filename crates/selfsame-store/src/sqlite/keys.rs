//! Changing the keys of a data directory.
//!
//! Everybody who opens a data directory holds a shared lock; who changes its keys needs it alone. So no server and no
//! command ever writes with a key that was retired behind its back.

use std::fs::File;

pub use super::sql::keys::Keys;
use super::{Options, create_private, open_with};
use crate::error::{StoreError, io};
pub use crate::keys::{KeyUse, Progress, Reencrypted};

fn lock_file(options: &Options) -> Result<File, StoreError> {
    create_private(&options.dir)?;
    let path = options.dir.join("keys.lock");
    File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(io(&path))
}

pub(super) fn lock_shared(options: &Options) -> Result<File, StoreError> {
    let file = lock_file(options)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(file),
        Err(_) => Err(StoreError::InUse(options.dir.clone())),
    }
}

/// The lock of whoever has the directory alone.
pub(crate) fn lock_alone(options: &Options) -> Result<File, StoreError> {
    let lock = lock_file(options)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(_) => Err(StoreError::InUse(options.dir.clone())),
    }
}

impl Keys {
    /// Opens a data directory to change its keys.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while a server or a command has it open; [`StoreError::MasterKey`] when the master key is
    /// another than the one the data keys are wrapped with.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        let lock = lock_alone(options)?;
        Ok(Self {
            store: open_with(options, None, lock).await?,
            master: options.master_key()?,
        })
    }
}
