//! Partners on record.

use async_trait::async_trait;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::callback_url::{CallbackUrl, CallbackUrls};
use selfsame_job::partner::Partner;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::ApiKey;
use serde_json::json;
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::DbRow;
use super::record::{id, micros, timestamp};
use super::tx::Tx;
use super::unreadable::readable;
use crate::error::StoreError;
use crate::store::Partners;

pub(super) fn place(id: &PartnerId, environment: Environment) -> String {
    format!("partners/key/{environment}/{id}")
}

/// What the URL is encrypted for that jobs get which name none.
pub(super) fn callback_place(id: &PartnerId, environment: Environment) -> String {
    format!("partners/callback_url/{environment}/{id}")
}

#[async_trait]
impl Partners for SqlStore {
    async fn create_partner(&self, partner: &Partner, by: &Actor) -> Result<bool, StoreError> {
        let mut tx = self.begin(&[]).await?;
        let done = sqlx::query(
            "INSERT INTO partners (id, name, production_enabled, sandbox_key, production_key, created_at, signs_bodies,
                                   sandbox_callback, production_callback)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        )
        .bind(partner.id.as_str())
        .bind(&partner.name)
        .bind(partner.production_enabled)
        .bind(self.seal_key(&partner.id, Environment::Sandbox, &partner.sandbox_key)?)
        .bind(self.seal_key(&partner.id, Environment::Production, &partner.production_key)?)
        .bind(micros(partner.created_at))
        .bind(partner.signs_bodies)
        .bind(self.seal_default(partner, Environment::Sandbox)?)
        .bind(self.seal_default(partner, Environment::Production)?)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        let mut details = json!({"name": partner.name, "production": partner.production_enabled});
        for environment in Environment::ALL {
            if let Some(url) = partner.callback_urls.of(environment) {
                details["callbacks_to"][environment.as_str()] = url.origin().into();
            }
        }
        self.audit_partner(&mut tx, by, AuditAction::PartnerAdded, &partner.id, details)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn partner(&self, id: &PartnerId) -> Result<Option<Partner>, StoreError> {
        let row = sqlx::query("SELECT * FROM partners WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await?;
        row.map(|r| self.read_partner(&r)).transpose()
    }

    async fn partners(&self) -> Result<Vec<Partner>, StoreError> {
        let rows = sqlx::query("SELECT * FROM partners ORDER BY id")
            .fetch_all(&self.read)
            .await?;
        readable(&rows, "partner", |r| self.read_partner(r))
    }

    async fn set_production_enabled(
        &self,
        id: &PartnerId,
        enabled: bool,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin(&[]).await?;
        let done = sqlx::query("UPDATE partners SET production_enabled = $1 WHERE id = $2")
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

    async fn set_signs_bodies(
        &self,
        id: &PartnerId,
        signs: bool,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin(&[]).await?;
        let done = sqlx::query("UPDATE partners SET signs_bodies = $1 WHERE id = $2")
            .bind(signs)
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        let details = json!({"required": signs});
        self.audit_partner(&mut tx, by, AuditAction::PartnerSignaturesSet, id, details)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn set_callback_url(
        &self,
        id: &PartnerId,
        environments: &[Environment],
        url: Option<&CallbackUrl>,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin(&[]).await?;
        for &environment in environments {
            let query = match environment {
                Environment::Sandbox => "UPDATE partners SET sandbox_callback = $1 WHERE id = $2",
                Environment::Production => {
                    "UPDATE partners SET production_callback = $1 WHERE id = $2"
                }
            };
            let sealed = url.map(|url| self.seal_url(id, environment, url));
            let done = sqlx::query(query)
                .bind(sealed.transpose()?)
                .bind(id.as_str())
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() != 1 {
                return Ok(false);
            }
            // Where results went, and since when, is asked later; what is secret of a URL does not stand in the origin.
            let details =
                json!({"environment": environment, "callbacks_to": url.map(CallbackUrl::origin)});
            self.audit_partner(&mut tx, by, AuditAction::PartnerCallbackSet, id, details)
                .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn replace_key(
        &self,
        id: &PartnerId,
        environment: Environment,
        key: &ApiKey,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let query = match environment {
            Environment::Sandbox => "UPDATE partners SET sandbox_key = $1 WHERE id = $2",
            Environment::Production => "UPDATE partners SET production_key = $1 WHERE id = $2",
        };
        let sealed = self.seal_key(id, environment, key)?;
        let mut tx = self.begin(&[]).await?;
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

impl SqlStore {
    fn seal_key(
        &self,
        id: &PartnerId,
        environment: Environment,
        key: &ApiKey,
    ) -> Result<Vec<u8>, StoreError> {
        self.keys
            .seal(key.expose().as_bytes(), &place(id, environment))
    }

    fn seal_url(
        &self,
        id: &PartnerId,
        environment: Environment,
        url: &CallbackUrl,
    ) -> Result<Vec<u8>, StoreError> {
        self.keys
            .seal(url.as_str().as_bytes(), &callback_place(id, environment))
    }

    fn seal_default(
        &self,
        partner: &Partner,
        environment: Environment,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let url = partner.callback_urls.of(environment);
        url.map(|url| self.seal_url(&partner.id, environment, url))
            .transpose()
    }

    fn open_url(
        &self,
        id: &PartnerId,
        environment: Environment,
        row: &DbRow,
    ) -> Result<Option<CallbackUrl>, StoreError> {
        let Some(sealed) = row.try_get::<Option<Vec<u8>>, _>(match environment {
            Environment::Sandbox => "sandbox_callback",
            Environment::Production => "production_callback",
        })?
        else {
            return Ok(None);
        };
        let place = callback_place(id, environment);
        let plain = self.keys.open(&sealed, &place, "callback URL")?;
        let broken = |why: String| StoreError::Corrupt("callback URL", why);
        let text = String::from_utf8(plain).map_err(|e| broken(e.to_string()))?;
        let url = CallbackUrl::new(&text).map_err(|e| broken(e.to_string()))?;
        Ok(Some(url))
    }

    fn read_partner(&self, row: &DbRow) -> Result<Partner, StoreError> {
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
            callback_urls: CallbackUrls {
                sandbox: self.open_url(&id, Environment::Sandbox, row)?,
                production: self.open_url(&id, Environment::Production, row)?,
            },
            name: row.try_get("name")?,
            production_enabled: row.try_get("production_enabled")?,
            signs_bodies: row.try_get("signs_bodies")?,
            sandbox_key: key("sandbox_key", Environment::Sandbox)?,
            production_key: key("production_key", Environment::Production)?,
            created_at: timestamp(row.try_get("created_at")?)?,
            id,
        })
    }

    /// Puts a change of a partner on the audit's record.
    async fn audit_partner(
        &self,
        tx: &mut Tx,
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
}
