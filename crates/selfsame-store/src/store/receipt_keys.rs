//! What receipts are signed with.

use std::fmt;

use async_trait::async_trait;
use selfsame_job::audit::Actor;
use zeroize::Zeroizing;

use crate::error::StoreError;

/// The secret of a key that signs receipts. Encrypted at rest.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiptKey {
    /// Its number, from 1; later keys have higher ones.
    pub number: u32,
    /// 32 random bytes, from which the key is made.
    pub seed: Zeroizing<[u8; 32]>,
}

/// Never the secret.
impl fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiptKey({})", self.number)
    }
}

/// Keys that sign receipts. They are read whenever a receipt is made, so that all nodes sign with the newest at once.
#[async_trait]
pub trait ReceiptKeys: Send + Sync {
    /// All keys, the one that signs first. Where there is none yet, one is made.
    async fn receipt_keys(&self) -> Result<Vec<ReceiptKey>, StoreError>;
    /// Makes a new key, which signs from now on; returns its number. Older ones stay, so that what they signed can be verified, unless
    /// they are to be forgotten.
    async fn rotate_receipt_key(&self, forget: bool, by: &Actor) -> Result<u32, StoreError>;
}
