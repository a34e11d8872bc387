//! Users' templates on record: of the latest enrolment, of earlier ones, and by other models.

use std::collections::HashMap;

use async_trait::async_trait;
use selfsame_face::template::{Template, TemplateModel};
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::user::{Reference, User, UserKey};
use selfsame_wire::id::{Environment, PartnerId, SmileJobId};
use sqlx::{AssertSqlSafe, Row as _};
use zeroize::Zeroizing;

use super::SqlStore;
use super::dialect::{self, DbConnection, DbRow, LISTED};
use super::record::{id, micros, user_key, user_place};
use super::tx::Hold;
use crate::error::StoreError;
use crate::store::Templates;

/// What a further template is encrypted for.
pub(super) fn further_place(key: &UserKey, model: &str, photo: &str) -> String {
    // A model's name holds no slash.
    format!("user_templates/{}/{model}/{photo}", user_place(key))
}

pub(super) fn model(name: &str) -> Result<TemplateModel, StoreError> {
    id(TemplateModel::new(name), "template model")
}

#[async_trait]
impl Templates for SqlStore {
    async fn add_template(&self, key: &UserKey, reference: &Reference) -> Result<bool, StoreError> {
        let mut tx = self
            .begin(&[Hold::User(key), Hold::Users(&key.partner, key.environment)])
            .await?;
        let state = self.user_state(&mut tx, key).await?;
        if state.photo.as_ref() != Some(&reference.photo) {
            return Ok(false);
        }
        let now = micros(tx.now);
        self.put_further(&mut tx, key, reference, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn keep_only(&self, key: &UserKey, by: &TemplateModel) -> Result<bool, StoreError> {
        let mut tx = self
            .begin(&[Hold::User(key), Hold::Users(&key.partner, key.environment)])
            .await?;
        let names = (
            key.partner.as_str(),
            key.environment.as_str(),
            key.user.as_str(),
        );
        let row = sqlx::query(
            "SELECT t.* FROM user_templates t JOIN users u USING (partner, environment, user_id)
             WHERE t.partner = $1 AND t.environment = $2 AND t.user_id = $3 AND t.model_digest = $4 AND t.photo = u.photo",
        )
        .bind(names.0)
        .bind(names.1)
        .bind(names.2)
        .bind(by.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        let mut changed = 0;
        if let Some(row) = row {
            let (_, reference) = self.read_further(&row)?;
            changed += sqlx::query(
                "UPDATE users SET template = $4, model_digest = $5
                 WHERE partner = $1 AND environment = $2 AND user_id = $3 AND model_digest <> $5",
            )
            .bind(names.0)
            .bind(names.1)
            .bind(names.2)
            .bind(self.seal_template(&reference.template, &user_place(key))?)
            .bind(by.as_str())
            .execute(&mut *tx)
            .await?
            .rows_affected();
        }
        // Where the template in `users` is this model's now, others have served their time: also the copy just moved.
        changed += sqlx::query(
            "DELETE FROM user_templates WHERE partner = $1 AND environment = $2 AND user_id = $3
             AND EXISTS (SELECT 1 FROM users u WHERE u.partner = $1 AND u.environment = $2 AND u.user_id = $3
                         AND u.model_digest = $4
                         AND (user_templates.model_digest <> $4 OR user_templates.photo = u.photo))",
        )
        .bind(names.0)
        .bind(names.1)
        .bind(names.2)
        .bind(by.as_str())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(changed > 0)
    }

    async fn templates_forgotten(
        &self,
        by: &TemplateModel,
        users: u64,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin(&[]).await?;
        let entry = AuditEntry {
            actor: actor.clone(),
            action: AuditAction::TemplatesForgotten,
            subject: "templates".to_owned(),
            details: serde_json::json!({"kept_model": by, "users": users}),
        };
        self.append_audit(&mut tx, &entry).await?;
        tx.commit().await?;
        dialect::truncate_log(self).await?;
        Ok(())
    }
}

impl SqlStore {
    /// A sealed template of a model.
    pub(super) fn open_template(
        &self,
        sealed: &[u8],
        place: &str,
        by: &str,
    ) -> Result<Template, StoreError> {
        let plain = Zeroizing::new(self.keys.open(sealed, place, "template")?);
        id(Template::from_bytes(&plain, &model(by)?), "template")
    }

    pub(super) fn seal_template(
        &self,
        template: &Template,
        place: &str,
    ) -> Result<Vec<u8>, StoreError> {
        self.keys.seal(&Zeroizing::new(template.to_bytes()), place)
    }

    fn read_further(&self, row: &DbRow) -> Result<(UserKey, Reference), StoreError> {
        let key = user_key(row)?;
        let (by, photo): (String, String) = (row.try_get("model_digest")?, row.try_get("photo")?);
        let place = further_place(&key, &by, &photo);
        let template = self.open_template(row.try_get("template")?, &place, &by)?;
        let photo = id(SmileJobId::new(photo), "smile job id")?;
        Ok((key, Reference { template, photo }))
    }

    /// Gives users their further templates, of these rows. One that cannot be read is left out, and said so.
    pub(super) fn attach<'u>(
        &self,
        users: impl Iterator<Item = &'u mut User>,
        rows: &[DbRow],
    ) -> Result<(), StoreError> {
        let mut found: HashMap<UserKey, Vec<Reference>> = HashMap::new();
        for row in rows {
            match self.read_further(row) {
                Ok((key, reference)) => found.entry(key).or_default().push(reference),
                Err(error) if error.is_unreadable() => {
                    let key = user_key(row)?;
                    tracing::error!(partner = %key.partner, environment = %key.environment, user = %key.user, %error,
                        "one of the user's templates is left out");
                }
                Err(error) => return Err(error),
            }
        }
        for user in users {
            // Without the latest enrolment's, none of the others counts.
            if user.reference.is_some() {
                user.further = found.remove(&user.key).unwrap_or_default();
            }
        }
        Ok(())
    }

    pub(super) async fn further_of(&self, key: &UserKey) -> Result<Vec<DbRow>, StoreError> {
        Ok(sqlx::query(
            "SELECT * FROM user_templates WHERE partner = $1 AND environment = $2 AND user_id = $3
             ORDER BY made_at DESC, photo",
        )
        .bind(key.partner.as_str())
        .bind(key.environment.as_str())
        .bind(key.user.as_str())
        .fetch_all(&self.read)
        .await?)
    }

    pub(super) async fn further_in(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<Vec<DbRow>, StoreError> {
        Ok(sqlx::query(
            "SELECT * FROM user_templates WHERE partner = $1 AND environment = $2 ORDER BY made_at DESC, photo",
        )
        .bind(partner.as_str())
        .bind(environment.as_str())
        .fetch_all(&self.read)
        .await?)
    }

    /// Those of users whose latest change is within these places in the order of changes.
    pub(super) async fn further_changed(
        &self,
        after: i64,
        until: i64,
    ) -> Result<Vec<DbRow>, StoreError> {
        Ok(sqlx::query(
            "SELECT t.* FROM user_changes c JOIN user_templates t USING (partner, environment, user_id)
             WHERE c.sequence > $1 AND c.sequence <= $2 ORDER BY t.made_at DESC, t.photo",
        )
        .bind(after)
        .bind(until)
        .fetch_all(&self.read)
        .await?)
    }

    /// Records a further template.
    async fn put_further(
        &self,
        tx: &mut DbConnection,
        key: &UserKey,
        reference: &Reference,
        at: i64,
    ) -> Result<(), StoreError> {
        let (by, photo) = (
            reference.template.model().as_str(),
            reference.photo.as_str(),
        );
        // Not an upsert: what takes another's place is a change to the user.
        sqlx::query(
            "DELETE FROM user_templates
             WHERE partner = $1 AND environment = $2 AND user_id = $3 AND model_digest = $4 AND photo = $5",
        )
        .bind(key.partner.as_str())
        .bind(key.environment.as_str())
        .bind(key.user.as_str())
        .bind(by)
        .bind(photo)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO user_templates
                 (partner, environment, user_id, model_digest, photo, template, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(key.partner.as_str())
        .bind(key.environment.as_str())
        .bind(key.user.as_str())
        .bind(by)
        .bind(photo)
        .bind(self.seal_template(&reference.template, &further_place(key, by, photo))?)
        .bind(at)
        .execute(tx)
        .await?;
        Ok(())
    }

    /// The template in `users` as it stands in this transaction, and when it was put there. One that cannot be read is none.
    async fn current(
        &self,
        tx: &mut DbConnection,
        key: &UserKey,
    ) -> Result<Option<(Reference, i64)>, StoreError> {
        let row = sqlx::query(
            "SELECT template, model_digest, photo, updated_at FROM users
             WHERE partner = $1 AND environment = $2 AND user_id = $3 AND template IS NOT NULL AND model_digest IS NOT NULL
                   AND photo IS NOT NULL",
        )
        .bind(key.partner.as_str())
        .bind(key.environment.as_str())
        .bind(key.user.as_str())
        .fetch_optional(tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let by: String = row.try_get("model_digest")?;
        let place = user_place(key);
        match self.open_template(row.try_get("template")?, &place, &by) {
            Ok(template) => {
                let photo: String = row.try_get("photo")?;
                let photo = id(SmileJobId::new(photo), "smile job id")?;
                Ok(Some((
                    Reference { template, photo },
                    row.try_get("updated_at")?,
                )))
            }
            Err(error) if error.is_unreadable() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes room for a new enrolment: of what is on file, only templates of its model stay whose photos are named.
    pub(super) async fn keep_earlier(
        &self,
        tx: &mut DbConnection,
        key: &UserKey,
        new: &TemplateModel,
        kept: &[SmileJobId],
    ) -> Result<(), StoreError> {
        let names: Vec<&str> = kept.iter().map(SmileJobId::as_str).collect();
        sqlx::query(AssertSqlSafe(format!(
            "DELETE FROM user_templates WHERE partner = $2 AND environment = $3 AND user_id = $4
             AND (model_digest <> $5 OR photo NOT IN ({LISTED}))"
        )))
        .bind(serde_json::json!(names).to_string())
        .bind(key.partner.as_str())
        .bind(key.environment.as_str())
        .bind(key.user.as_str())
        .bind(new.as_str())
        .execute(&mut *tx)
        .await?;
        if kept.is_empty() {
            return Ok(());
        }
        match self.current(&mut *tx, key).await? {
            Some((reference, at))
                if kept.contains(&reference.photo) && reference.template.model() == new =>
            {
                self.put_further(tx, key, &reference, at).await
            }
            _ => Ok(()),
        }
    }
}
