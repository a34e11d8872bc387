//! The keys of v3 tokens, as this node has them at hand.
//!
//! They are read anew every few seconds: so soon a node hears that the key was replaced, or that older ones were erased.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use selfsame_store::error::StoreError;
use selfsame_store::store::Store;
use selfsame_wire::v3::token::{TokenKey, TokenKeyId};

use crate::config::LONGEST_TOKEN_TTL;

/// How long a key is believed to be as it was.
const FRESH: Duration = Duration::from_secs(5);
/// A key makes tokens for so long; then another one does.
const REPLACED_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);
/// A key is forgotten so long after the last token that it may have made has died: nodes go on with it until it is not fresh, and
/// their clocks differ.
const MARGIN: Duration = Duration::from_secs(3600);

/// Keys at hand. There is one that makes tokens, and few before it.
#[derive(Debug, Default)]
pub(crate) struct TokenKeyCache(Mutex<Keys>);

#[derive(Debug, Default)]
struct Keys {
    makes: Option<(TokenKey, Instant)>,
    by_name: HashMap<TokenKeyId, (TokenKey, Instant)>,
}

fn is_fresh(read: Instant, now: Instant) -> bool {
    now.saturating_duration_since(read) < FRESH
}

impl TokenKeyCache {
    /// The key that makes tokens.
    pub(crate) async fn to_make(&self, store: &dyn Store) -> Result<TokenKey, StoreError> {
        let read = Instant::now();
        let at_hand = self.keys().makes.clone();
        if let Some((key, since)) = at_hand
            && is_fresh(since, read)
        {
            return Ok(key);
        }
        let key = store.token_key_to_make(REPLACED_AFTER).await?;
        self.keys().makes = Some((key.clone(), read));
        Ok(key)
    }

    /// A key by its name. A name that is not known is not remembered: anybody can make them up.
    pub(crate) async fn named(
        &self,
        store: &dyn Store,
        id: &TokenKeyId,
    ) -> Result<Option<TokenKey>, StoreError> {
        let read = Instant::now();
        let at_hand = self.keys().by_name.get(id).cloned();
        if let Some((key, since)) = at_hand
            && is_fresh(since, read)
        {
            return Ok(Some(key));
        }
        let found = store.token_key(id).await?;
        let mut keys = self.keys();
        keys.by_name.retain(|_, (_, since)| is_fresh(*since, read));
        if let Some(key) = &found {
            keys.by_name.insert(id.clone(), (key.clone(), read));
        }
        Ok(found)
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets keys none of whose tokens can still live.
pub(crate) async fn forget(store: &dyn Store) {
    match store.forget_token_keys(LONGEST_TOKEN_TTL + MARGIN).await {
        Ok(0) => {}
        Ok(keys) => tracing::info!(keys, "keys whose tokens have all expired are forgotten"),
        Err(error) => tracing::error!(%error, "cannot forget keys whose tokens have expired"),
    }
}
