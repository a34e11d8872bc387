//! Users on record.

use async_trait::async_trait;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::identity::IdentityQuery;
use selfsame_job::user::{Reference, User, UserKey, UserState, UserStatus};
use selfsame_wire::id::{Environment, PartnerId, SmileJobId, UserId};
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::{DbConnection, DbRow};
use super::record::{self, id, micros, text, timestamp, user_key, user_place};
use super::tx::Hold;
use super::unreadable::readable;
use crate::error::StoreError;
use crate::store::{Changes, UserChange, Users};

#[async_trait]
impl Users for SqlStore {
    async fn user(&self, key: &UserKey) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(
            "SELECT u.*, EXISTS (SELECT 1 FROM user_templates t WHERE t.partner = u.partner AND t.environment = u.environment
                                 AND t.user_id = u.user_id) AS has_further
             FROM users u WHERE u.partner = $1 AND u.environment = $2 AND u.user_id = $3",
        )
        .bind(key.partner.as_str())
        .bind(key.environment.as_str())
        .bind(key.user.as_str())
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut user = self.read_user(&row)?;
        // Most have one template only.
        if row.try_get("has_further")? {
            let further = self.further_of(key).await?;
            self.attach(std::iter::once(&mut user), &further)?;
        }
        Ok(Some(user))
    }

    async fn users(
        &self,
        partner: &PartnerId,
        environment: Environment,
    ) -> Result<Vec<User>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM users WHERE partner = $1 AND environment = $2 ORDER BY user_id",
        )
        .bind(partner.as_str())
        .bind(environment.as_str())
        .fetch_all(&self.read)
        .await?;
        let mut users = readable(&rows, "user", |r| self.read_user_anyhow(r))?;
        let further = self.further_in(partner, environment).await?;
        self.attach(users.iter_mut(), &further)?;
        Ok(users)
    }

    async fn registered_before(
        &self,
        user: &UserKey,
        query: &IdentityQuery,
    ) -> Result<Vec<UserId>, StoreError> {
        self.earlier_registrants(user, query).await
    }

    async fn set_user_status(
        &self,
        key: &UserKey,
        status: UserStatus,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let action = match status {
            UserStatus::Active => AuditAction::UserEnabled,
            UserStatus::Disabled => AuditAction::UserDisabled,
            UserStatus::Deleted => return self.delete_user(key, by).await,
        };
        let (partner, environment, user) = (
            key.partner.as_str(),
            key.environment.as_str(),
            key.user.as_str(),
        );
        let mut tx = self
            .begin(&[Hold::User(key), Hold::Users(&key.partner, key.environment)])
            .await?;
        let done = sqlx::query(
            "UPDATE users SET status = $1, updated_at = $2
             WHERE partner = $3 AND environment = $4 AND user_id = $5 AND status <> 'deleted'",
        )
        .bind(text(&status))
        .bind(micros(tx.now))
        .bind(partner)
        .bind(environment)
        .bind(user)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        self.append_audit(
            &mut tx,
            &AuditEntry {
                actor: by.clone(),
                action,
                subject: format!("user {partner}/{environment}/{user}"),
                details: serde_json::json!({}),
            },
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }
}

#[async_trait]
impl Changes for SqlStore {
    async fn users_changed(&self, after: u64, limit: u32) -> Result<Vec<UserChange>, StoreError> {
        let rows = sqlx::query(
            "SELECT c.sequence, u.* FROM user_changes c JOIN users u USING (partner, environment, user_id)
             WHERE c.sequence > $1 ORDER BY c.sequence LIMIT $2",
        )
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let mut changes = readable(&rows, "user", |row| {
            Ok(UserChange {
                sequence: u64::try_from(row.try_get::<i64, _>("sequence")?).unwrap_or(0),
                user: self.read_user_anyhow(row)?,
            })
        })?;
        if let Some(last) = rows.last() {
            // Whoever changes between the two readings comes once more.
            let after = i64::try_from(after).unwrap_or(i64::MAX);
            let further = self
                .further_changed(after, last.try_get("sequence")?)
                .await?;
            self.attach(changes.iter_mut().map(|c| &mut c.user), &further)?;
        }
        Ok(changes)
    }
}

/// A user's state in a row that has its status, its lock for fraud and the photo of a template that is there; where the row has no
/// user, that of nobody.
pub(super) fn state(row: &DbRow) -> Result<UserState, StoreError> {
    if row.try_get::<Option<String>, _>("status")?.is_none() {
        return Ok(UserState::default());
    }
    let photo: Option<String> = row.try_get("photo")?;
    let photo = photo.map(|photo| id(SmileJobId::new(photo), "smile job id"));
    Ok(UserState {
        status: Some(record::status(row)?),
        fraud_locked: row.try_get("fraud_locked")?,
        photo: photo.transpose()?,
    })
}

impl SqlStore {
    /// Whose a job is.
    pub(super) async fn user_of(&self, job: &SmileJobId) -> Result<Option<UserKey>, StoreError> {
        let row =
            sqlx::query("SELECT partner, environment, user_id FROM jobs WHERE smile_job_id = $1")
                .bind(job.as_str())
                .fetch_optional(&self.read)
                .await?;
        row.as_ref().map(user_key).transpose()
    }

    fn read_user(&self, row: &DbRow) -> Result<User, StoreError> {
        let key = user_key(row)?;
        let columns: (Option<Vec<u8>>, Option<String>, Option<String>) = (
            row.try_get("template")?,
            row.try_get("model_digest")?,
            row.try_get("photo")?,
        );
        let reference = match columns {
            (Some(template), Some(model_digest), Some(photo)) => Some(Reference {
                template: self.open_template(&template, &user_place(&key), &model_digest)?,
                photo: id(SmileJobId::new(photo), "smile job id")?,
            }),
            _ => None,
        };
        Ok(User {
            key,
            status: record::status(row)?,
            fraud_locked: row.try_get("fraud_locked")?,
            reference,
            further: Vec::new(),
            enrolled_at: timestamp(row.try_get("enrolled_at")?)?,
            updated_at: timestamp(row.try_get("updated_at")?)?,
        })
    }

    /// The same for lists: a user whose template cannot be decrypted stands in them as one without.
    fn read_user_anyhow(&self, row: &DbRow) -> Result<User, StoreError> {
        match self.read_user(row) {
            Err(error) if error.is_unreadable() => {
                let key = user_key(row)?;
                tracing::error!(partner = %key.partner, environment = %key.environment, user = %key.user, %error,
                    "the user's template is left out");
                Ok(User {
                    key,
                    status: record::status(row)?,
                    fraud_locked: row.try_get("fraud_locked")?,
                    reference: None,
                    further: Vec::new(),
                    enrolled_at: timestamp(row.try_get("enrolled_at")?)?,
                    updated_at: timestamp(row.try_get("updated_at")?)?,
                })
            }
            read => read,
        }
    }

    /// A user as it stands in this transaction.
    pub(super) async fn user_state(
        &self,
        tx: &mut DbConnection,
        key: &UserKey,
    ) -> Result<UserState, StoreError> {
        let row = sqlx::query(
            "SELECT status, fraud_locked, CASE WHEN template IS NULL OR model_digest IS NULL THEN NULL ELSE photo END AS photo
             FROM users WHERE partner = $1 AND environment = $2 AND user_id = $3",
        )
        .bind(key.partner.as_str())
        .bind(key.environment.as_str())
        .bind(key.user.as_str())
        .fetch_optional(tx)
        .await?;
        row.map_or_else(|| Ok(UserState::default()), |row| state(&row))
    }

    /// Whether other users of the partner, in that environment, changed after this place in the order of changes.
    pub(super) async fn others_changed(
        &self,
        tx: &mut DbConnection,
        key: &UserKey,
        since: u64,
    ) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM user_changes
                            WHERE sequence > $1 AND partner = $2 AND environment = $3 AND user_id <> $4)",
        )
        .bind(i64::try_from(since).unwrap_or(i64::MAX))
        .bind(key.partner.as_str())
        .bind(key.environment.as_str())
        .bind(key.user.as_str())
        .fetch_one(tx)
        .await?)
    }
}
