//! The keys that v3 tokens are made with.

use std::time::Duration;

use async_trait::async_trait;
use selfsame_job::audit::Actor;
use selfsame_wire::v3::token::{TokenKey, TokenKeyId};

use crate::error::StoreError;

/// What becomes of the keys before a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OlderTokenKeys {
    /// Tokens that they made live out.
    LiveOut,
    /// They are erased: the tokens that they made open nothing any more.
    Erased,
}

/// Keys of tokens on record. One makes tokens; those before it open what they made.
#[async_trait]
pub trait TokenKeys: Send + Sync {
    /// The key that makes tokens. A new one takes its place where there is none, or where it is older than that; of nodes that find this
    /// out at once, one makes it, and all get the same.
    async fn token_key_to_make(&self, older_than: Duration) -> Result<TokenKey, StoreError>;
    /// A key by its name. `None`: there is none, or none any more.
    async fn token_key(&self, id: &TokenKeyId) -> Result<Option<TokenKey>, StoreError>;
    /// Makes a new key at once; gives its name.
    async fn replace_token_key(
        &self,
        older: OlderTokenKeys,
        by: &Actor,
    ) -> Result<TokenKeyId, StoreError>;
    /// Erases keys that have made nothing for longer than that. Returns how many.
    async fn forget_token_keys(&self, idle: Duration) -> Result<u64, StoreError>;
}
