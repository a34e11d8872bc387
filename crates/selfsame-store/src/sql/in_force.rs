//! What the server judges by, left on record for commands that decide beside it.

use async_trait::async_trait;
use selfsame_job::served::Served;
use sqlx::Row as _;

use super::SqlStore;
use super::record::{id, micros, timestamp};
use crate::error::StoreError;
use crate::store::{InForce, InForceRecord};

#[async_trait]
impl InForceRecord for SqlStore {
    async fn set_in_force(&self, policy: &str, served: &Served) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO in_force (one, policy, template_model, at) VALUES (1, $1, $2, $3)
             ON CONFLICT (one) DO UPDATE SET policy = $1, template_model = $2, at = $3",
        )
        .bind(policy)
        .bind(served.text())
        .bind(micros(self.now().await?))
        .execute(&self.write)
        .await?;
        Ok(())
    }

    async fn in_force(&self) -> Result<Option<InForce>, StoreError> {
        let row = sqlx::query("SELECT policy, template_model, at FROM in_force")
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| {
            Ok(InForce {
                policy: row.try_get("policy")?,
                served: id(
                    Served::parse(&row.try_get::<String, _>("template_model")?),
                    "template models",
                )?,
                at: timestamp(row.try_get("at")?)?,
            })
        })
        .transpose()
    }
}
