//! Sessions in which a person consented to a look-up by a one-time password.

use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;

/// Sessions whose one-time password was right. Nothing of a person is kept: not even the session's name.
#[async_trait]
pub trait ConsentSessions: Send + Sync {
    /// Remembers that the password of the session of this name was right, for so long.
    async fn pass_consent_session(&self, name: &str, keep: Duration) -> Result<(), StoreError>;
    /// Whether it was.
    async fn consent_session_passed(&self, name: &str) -> Result<bool, StoreError>;
}
