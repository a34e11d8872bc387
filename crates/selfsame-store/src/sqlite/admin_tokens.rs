//! Tokens for the operator API on record, as hashes.

use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use sqlx::Row as _;

use super::SqliteStore;
use super::record::{micros, timestamp};
use crate::error::StoreError;
use crate::store::AdminToken;

fn entry(by: &Actor, action: AuditAction, name: &str) -> AuditEntry {
    AuditEntry {
        actor: by.clone(),
        action,
        subject: format!("admin token {name}"),
        details: serde_json::json!({}),
    }
}

impl SqliteStore {
    pub(super) async fn insert_admin_token(
        &self,
        token: &AdminToken,
        by: &Actor,
    ) -> Result<(), StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO admin_tokens (name, hash, created_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET hash = ?2, created_at = ?3",
        )
        .bind(&token.name)
        .bind(token.hash.as_slice())
        .bind(micros(token.created_at))
        .execute(&mut *tx)
        .await?;
        self.append_audit(
            &mut tx,
            &entry(by, AuditAction::AdminTokenAdded, &token.name),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn delete_admin_token(
        &self,
        name: &str,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query("DELETE FROM admin_tokens WHERE name = ?")
            .bind(name)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        self.append_audit(&mut tx, &entry(by, AuditAction::AdminTokenRemoved, name))
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn select_admin_tokens(&self) -> Result<Vec<AdminToken>, StoreError> {
        let rows = sqlx::query("SELECT name, hash, created_at FROM admin_tokens ORDER BY name")
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| {
                let hash: Vec<u8> = row.try_get("hash")?;
                Ok(AdminToken {
                    name: row.try_get("name")?,
                    hash: hash.try_into().map_err(|_| {
                        StoreError::Corrupt("admin token", "it has the wrong length".to_owned())
                    })?,
                    created_at: timestamp(row.try_get("created_at")?)?,
                })
            })
            .collect()
    }
}
