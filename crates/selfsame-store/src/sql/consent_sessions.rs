//! Sessions in which a person consented, by the codes of their names.

use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};

use super::SqlStore;
use super::queue::ends;
use super::record::micros;
use crate::error::StoreError;
use crate::store::ConsentSessions;

/// What codes of names are for.
const SESSION: &[u8] = b"consent session";

impl SqlStore {
    fn session_code(&self, name: &str) -> Vec<u8> {
        self.code(SESSION, &Sha256::digest(name).into())
    }
}

#[async_trait]
impl ConsentSessions for SqlStore {
    async fn pass_consent_session(&self, name: &str, keep: Duration) -> Result<(), StoreError> {
        let mut tx = self.begin(&[]).await?;
        // Whoever adds one forgets those whose time is over: nobody else needs to look after them.
        sqlx::query("DELETE FROM consent_sessions WHERE expires_at <= $1")
            .bind(micros(tx.now))
            .execute(&mut *tx)
            .await?;
        let until = ends(tx.now, keep);
        sqlx::query(
            "INSERT INTO consent_sessions (code, expires_at) VALUES ($1, $2)
             ON CONFLICT (code) DO UPDATE SET expires_at = $2",
        )
        .bind(self.session_code(name))
        .bind(until)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn consent_session_passed(&self, name: &str) -> Result<bool, StoreError> {
        let now = micros(self.now().await?);
        let passed = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM consent_sessions WHERE code = $1 AND expires_at > $2)",
        )
        .bind(self.session_code(name))
        .bind(now)
        .fetch_one(&self.read)
        .await?;
        Ok(passed)
    }
}
