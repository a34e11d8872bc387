//! Tokens for the operator API on record, as hashes.

use async_trait::async_trait;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::operator::{OperatorRole, TokenTerms};
use sqlx::Row as _;

use super::SqlStore;
use super::record::{id, micros, timestamp};
use crate::error::StoreError;
use crate::store::{AdminToken, AdminTokens};

fn entry(by: &Actor, action: AuditAction, name: &str, details: serde_json::Value) -> AuditEntry {
    AuditEntry {
        actor: by.clone(),
        action,
        subject: format!("admin token {name}"),
        details,
    }
}

#[async_trait]
impl AdminTokens for SqlStore {
    async fn put_admin_token(&self, token: &AdminToken, by: &Actor) -> Result<(), StoreError> {
        let mut tx = self.begin(&[]).await?;
        sqlx::query(
            "INSERT INTO admin_tokens (name, hash, created_at, role, expires_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (name) DO UPDATE SET hash = $2, created_at = $3, role = $4, expires_at = $5",
        )
        .bind(&token.name)
        .bind(token.hash.as_slice())
        .bind(micros(token.created_at))
        .bind(token.terms.role.map(OperatorRole::as_str))
        .bind(token.terms.expires_at.map(micros))
        .execute(&mut *tx)
        .await?;
        let details = serde_json::json!({
            "role": token.terms.role(), "expires_at": token.terms.expires_at,
        });
        let entry = entry(by, AuditAction::AdminTokenAdded, &token.name, details);
        self.append_audit(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn remove_admin_token(&self, name: &str, by: &Actor) -> Result<bool, StoreError> {
        let mut tx = self.begin(&[]).await?;
        let done = sqlx::query("DELETE FROM admin_tokens WHERE name = $1")
            .bind(name)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        let nothing = serde_json::json!({});
        let entry = entry(by, AuditAction::AdminTokenRemoved, name, nothing);
        self.append_audit(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, hash, created_at, role, expires_at FROM admin_tokens ORDER BY name",
        )
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                let hash: Vec<u8> = row.try_get("hash")?;
                let role: Option<String> = row.try_get("role")?;
                let expires_at: Option<i64> = row.try_get("expires_at")?;
                Ok(AdminToken {
                    name: row.try_get("name")?,
                    hash: hash.try_into().map_err(|_| {
                        StoreError::Corrupt("admin token", "it has the wrong length".to_owned())
                    })?,
                    created_at: timestamp(row.try_get("created_at")?)?,
                    terms: TokenTerms {
                        role: role
                            .map(|role| id(role.parse::<OperatorRole>(), "operator role"))
                            .transpose()?,
                        expires_at: expires_at.map(timestamp).transpose()?,
                    },
                })
            })
            .collect()
    }
}
