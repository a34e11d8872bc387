//! Keys of v3 tokens on record.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_wire::v3::token::{TokenKey, TokenKeyId};
use serde_json::json;
use sqlx::Row as _;
use zeroize::Zeroizing;

use super::SqlStore;
use super::dialect::{self, DbRow};
use super::record::{id, micros};
use super::tx::{Hold, Tx};
use crate::error::StoreError;
use crate::keyring::random;
use crate::store::{OlderTokenKeys, TokenKeys};

/// The key that makes tokens.
const MAKES: &str = "SELECT id, made_at, secret FROM token_keys WHERE retired_at IS NULL";

fn place_of(id: &str) -> String {
    format!("token_keys/secret/{id}")
}

/// What a row's secret is encrypted for.
pub(super) fn place(row: &DbRow) -> Result<String, StoreError> {
    Ok(place_of(row.try_get("id")?))
}

/// Whether a row's key was made longer ago.
fn is_older(row: &DbRow, age: Duration, now: Timestamp) -> Result<bool, StoreError> {
    Ok(row.try_get::<i64, _>("made_at")? <= micros(before(now, age)))
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[async_trait]
impl TokenKeys for SqlStore {
    async fn token_key_to_make(&self, older_than: Duration) -> Result<TokenKey, StoreError> {
        let found = sqlx::query(MAKES).fetch_optional(&self.read).await?;
        if let Some(row) = found
            && !is_older(&row, older_than, self.now().await?)?
        {
            return self.read_token_key(&row);
        }
        let mut tx = self.begin(&[Hold::Code(&self.token_keys_code())]).await?;
        // Another node may have made it since.
        let found = sqlx::query(MAKES).fetch_optional(&mut *tx).await?;
        if let Some(row) = found
            && !is_older(&row, older_than, tx.now)?
        {
            return self.read_token_key(&row);
        }
        let key = self.make_token_key(&mut tx).await?;
        tx.commit().await?;
        Ok(key)
    }

    async fn token_key(&self, id: &TokenKeyId) -> Result<Option<TokenKey>, StoreError> {
        let row = sqlx::query("SELECT id, secret FROM token_keys WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| self.read_token_key(&row)).transpose()
    }

    async fn replace_token_key(
        &self,
        older: OlderTokenKeys,
        by: &Actor,
    ) -> Result<TokenKeyId, StoreError> {
        let mut tx = self.begin(&[Hold::Code(&self.token_keys_code())]).await?;
        let erased = match older {
            OlderTokenKeys::LiveOut => 0,
            OlderTokenKeys::Erased => sqlx::query("DELETE FROM token_keys")
                .execute(&mut *tx)
                .await?
                .rows_affected(),
        };
        let key = self.make_token_key(&mut tx).await?;
        let entry = AuditEntry {
            actor: by.clone(),
            action: AuditAction::TokenKeyReplaced,
            subject: "keys".to_owned(),
            details: json!({"token_key": key.id(), "erased_keys": erased}),
        };
        self.append_audit(&mut tx, &entry).await?;
        tx.commit().await?;
        if erased > 0 {
            dialect::truncate_log(self).await?;
        }
        Ok(key.id().clone())
    }

    async fn forget_token_keys(&self, idle: Duration) -> Result<u64, StoreError> {
        let since = micros(before(self.now().await?, idle));
        let done = sqlx::query("DELETE FROM token_keys WHERE retired_at < $1")
            .bind(since)
            .execute(&self.write)
            .await?;
        if done.rows_affected() > 0 {
            dialect::truncate_log(self).await?;
        }
        Ok(done.rows_affected())
    }
}

impl SqlStore {
    /// What a transaction holds that makes a key: of many at once, one makes it.
    fn token_keys_code(&self) -> Vec<u8> {
        self.code(b"token keys", &[0; 32])
    }

    /// Makes a key, which makes the tokens from now on.
    async fn make_token_key(&self, tx: &mut Tx) -> Result<TokenKey, StoreError> {
        let key = TokenKey::new(
            TokenKeyId::from_random(random()?),
            Zeroizing::new(random()?),
        );
        let now = micros(tx.now);
        sqlx::query("UPDATE token_keys SET retired_at = $1 WHERE retired_at IS NULL")
            .bind(now)
            .execute(&mut **tx)
            .await?;
        sqlx::query("INSERT INTO token_keys (id, made_at, secret) VALUES ($1, $2, $3)")
            .bind(key.id().as_str())
            .bind(now)
            .bind(
                self.keys
                    .seal(key.expose().as_slice(), &place_of(key.id().as_str()))?,
            )
            .execute(&mut **tx)
            .await?;
        Ok(key)
    }

    fn read_token_key(&self, row: &DbRow) -> Result<TokenKey, StoreError> {
        let name: String = row.try_get("id")?;
        let plain = self
            .keys
            .open(row.try_get("secret")?, &place_of(&name), "token key")?;
        let plain = Zeroizing::new(plain);
        let secret = plain
            .as_slice()
            .try_into()
            .map_err(|_| StoreError::Corrupt("token key", "it has the wrong length".to_owned()))?;
        let name = id(TokenKeyId::try_from(name), "token key's name")?;
        Ok(TokenKey::new(name, Zeroizing::new(secret)))
    }
}
