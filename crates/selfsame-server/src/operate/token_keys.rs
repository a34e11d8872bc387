//! The key that v3 tokens are made with.

use selfsame_store::store::OlderTokenKeys;
use selfsame_wire::v3::token::TokenKeyId;

use super::{NotDone, Operator};

impl Operator<'_> {
    /// Makes a new key for v3 tokens; gives its name. Running servers take it within seconds.
    ///
    /// # Errors
    /// What the store says.
    pub async fn replace_token_key(&self, older: OlderTokenKeys) -> Result<TokenKeyId, NotDone> {
        Ok(self.store.replace_token_key(older, &self.actor).await?)
    }
}
