//! The master key, which wraps the data keys: one that this process reads ([`MasterKey::from_hex`]), or one that a key management
//! system holds and never gives away ([`vault::Vault`]).

mod command;
mod local;
pub mod source;
pub mod vault;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use zeroize::Zeroizing;

use self::local::LocalKey;
use crate::error::StoreError;
use crate::keyring::{DataKey, KEY_BYTES};

/// Wraps data keys with a key that it holds.
#[async_trait]
pub trait WrapKeys: std::fmt::Debug + Send + Sync {
    /// Encrypts a data key. `scope` says which key of which installation it is: what was wrapped for one scope must not unwrap
    /// for another.
    async fn wrap(&self, scope: &str, key: &[u8; KEY_BYTES]) -> Result<Vec<u8>, StoreError>;

    /// Decrypts a data key.
    ///
    /// # Errors
    /// [`StoreError::MasterKey`] when another key wrapped it, or nobody answers.
    async fn unwrap(
        &self,
        scope: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, StoreError>;
}

/// The key that wraps all others.
#[derive(Clone)]
pub struct MasterKey(Arc<dyn WrapKeys>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(redacted)")
    }
}

impl MasterKey {
    /// A key that something else holds.
    #[must_use]
    pub fn held_by(holder: Arc<dyn WrapKeys>) -> Self {
        Self(holder)
    }

    /// A new key.
    ///
    /// # Errors
    /// Without randomness.
    pub fn generate() -> Result<Self, StoreError> {
        Ok(LocalKey::generate()?.into())
    }

    /// 64 hexadecimal digits; white space around them is left alone.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn from_hex(text: &str) -> Result<Self, StoreError> {
        Ok(LocalKey::from_hex(text)?.into())
    }

    /// The key in a file.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no key.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        Ok(LocalKey::read(path)?.into())
    }

    /// The key in a file, or a new one written there (readable by its owner only) when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds no key.
    pub fn read_or_create(path: &Path) -> Result<Self, StoreError> {
        Ok(LocalKey::read_or_create(path)?.into())
    }

    pub(crate) async fn wrap(&self, scope: &str, key: &DataKey) -> Result<Vec<u8>, StoreError> {
        self.0.wrap(scope, key.bytes()).await
    }

    pub(crate) async fn unwrap(&self, scope: &str, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        Ok(DataKey::from_bytes(self.0.unwrap(scope, wrapped).await?))
    }
}

impl From<LocalKey> for MasterKey {
    fn from(key: LocalKey) -> Self {
        Self(Arc::new(key))
    }
}

fn failed(why: impl Into<String>) -> StoreError {
    StoreError::MasterKey(why.into())
}

/// Nobody else's key unwraps this.
fn another() -> StoreError {
    failed("it is not the key that the data keys were wrapped with: name the one that they were")
}
