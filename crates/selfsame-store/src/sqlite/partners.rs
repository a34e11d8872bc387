//! Partners on record.

use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::partner::Partner;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::ApiKey;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::SqliteStore;
use super::record::{id, micros, timestamp};
use super::unreadable::readable;
use crate::error::StoreError;

pub(super) fn place(id: &PartnerId, environment: Environment) -> String {
    format!("partners/key/{environment}/{id}")
}

impl SqliteStore {
    fn seal_key(
        &self,
        id: &PartnerId,
        environment: Environment,
        key: &ApiKey,
    ) -> Result<Vec<u8>, StoreError> {
        self.keys
            .seal(key.expose().as_bytes(), &place(id, environment))
    }

    fn read_partner(&self, row: &SqliteRow) -> Result<Partner, StoreError> {
        let id = id(PartnerId::new(row.try_get::<String, _>("id")?), "partner")?;
        let key = |column, environment| {
            let plain =
                self.keys
                    .open(row.try_get(column)?, &place(&id, environment), "API key")?;
            String::from_utf8(plain)
                .map(ApiKey::new)
                .map_err(|e| StoreError::Corrupt("API key", e.to_string()))
        };
        Ok(Partner {
            name: row.try_get("name")?,
            production_enabled: row.try_get("production_enabled")?,
            sandbox_key: key("sandbox_key", Environment::Sandbox)?,
            production_key: key("production_key", Environment::Production)?,
            created_at: timestamp(row.try_get("created_at")?)?,
            id,
        })
    }

    /// Puts a change of a partner on the audit's record.
    async fn audit_partner(
        &self,
        tx: &mut SqliteConnection,
        by: &Actor,
        action: AuditAction,
        id: &PartnerId,
        details: serde_json::Value,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            actor: by.clone(),
            action,
            subject: format!("partner {id}"),
            details,
        };
        self.append_audit(tx, &entry).await.map(drop)
    }

    pub(super) async fn insert_partner(
        &self,
        partner: &Partner,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(
            "INSERT INTO partners (id, name, production_enabled, sandbox_key, production_key, created_at)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(partner.id.as_str())
        .bind(&partner.name)
        .bind(partner.production_enabled)
        .bind(self.seal_key(&partner.id, Environment::Sandbox, &partner.sandbox_key)?)
        .bind(self.seal_key(&partner.id, Environment::Production, &partner.production_key)?)
        .bind(micros(partner.created_at))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        let details = json!({"name": partner.name, "production": partner.production_enabled});
        self.audit_partner(&mut tx, by, AuditAction::PartnerAdded, &partner.id, details)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn select_partner(
        &self,
        id: &PartnerId,
    ) -> Result<Option<Partner>, StoreError> {
        let row = sqlx::query("SELECT * FROM partners WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await?;
        row.map(|r| self.read_partner(&r)).transpose()
    }

    pub(super) async fn select_partners(&self) -> Result<Vec<Partner>, StoreError> {
        let rows = sqlx::query("SELECT * FROM partners ORDER BY id")
            .fetch_all(&self.read)
            .await?;
        readable(&rows, "partner", |r| self.read_partner(r))
    }

    pub(super) async fn update_production_enabled(
        &self,
        id: &PartnerId,
        enabled: bool,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query("UPDATE partners SET production_enabled = ? WHERE id = ?")
            .bind(enabled)
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        let details = json!({"enabled": enabled});
        self.audit_partner(&mut tx, by, AuditAction::PartnerProductionSet, id, details)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn update_key(
        &self,
        id: &PartnerId,
        environment: Environment,
        key: &ApiKey,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let query = match environment {
            Environment::Sandbox => "UPDATE partners SET sandbox_key = ? WHERE id = ?",
            Environment::Production => "UPDATE partners SET production_key = ? WHERE id = ?",
        };
        let sealed = self.seal_key(id, environment, key)?;
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(query)
            .bind(sealed)
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        let details = json!({"environment": environment});
        self.audit_partner(&mut tx, by, AuditAction::PartnerKeyReplaced, id, details)
            .await?;
        tx.commit().await?;
        Ok(true)
    }
}
