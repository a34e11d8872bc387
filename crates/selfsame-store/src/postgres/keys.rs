//! Changing the keys of a store while its nodes run.

pub use super::sql::keys::Keys;
use super::{Options, PostgresStore};
use crate::error::StoreError;
pub use crate::keys::{KeyUse, Progress, Reencrypted};

impl Keys {
    /// Opens a store to change its keys, beside nodes that serve it.
    ///
    /// # Errors
    /// [`StoreError::MasterKey`] when the master key is another than the one the data keys are wrapped with.
    pub async fn connect(options: &Options) -> Result<Self, StoreError> {
        Ok(Self {
            store: PostgresStore::connect_as(options, super::dialect::CHANGES_KEYS).await?,
            master: options.master_key.clone(),
        })
    }
}
