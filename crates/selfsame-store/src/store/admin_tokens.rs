//! Tokens for the operator API.

use crate::error::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use selfsame_job::audit::Actor;
use selfsame_job::operator::TokenTerms;

/// A token for the operator API, without the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminToken {
    /// Whose.
    pub name: String,
    /// SHA-256 of the token; the token itself is not kept.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// What it allows, and until when.
    pub terms: TokenTerms,
}

/// Tokens for the operator API on record.
#[async_trait]
pub trait AdminTokens: Send + Sync {
    /// Records a token for the operator API; one of the same name is replaced.
    async fn put_admin_token(&self, token: &AdminToken, by: &Actor) -> Result<(), StoreError>;
    /// Withdraws a token. `Ok(false)`: there is none of this name.
    async fn remove_admin_token(&self, name: &str, by: &Actor) -> Result<bool, StoreError>;
    /// Every token, by name.
    async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StoreError>;
}
