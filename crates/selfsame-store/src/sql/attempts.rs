//! Failed attempts on record: counted in the transaction that ends a job, so that of many jobs at once none is a try for free.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::lockout::{Attempt, FailedAttempts, LockoutPolicy, Tally};
use selfsame_job::user::UserKey;
use sqlx::{AssertSqlSafe, Row as _};

use super::SqlStore;
use super::dialect::{DbConnection, DbRow, SKIP_LOCKED};
use super::record::{micros, timestamp};
use super::tx::Hold;
use crate::error::StoreError;
use crate::store::{Attempts, Barred};

/// Records that no policy remembers any more and that one further failure removes, at most.
const FORGOTTEN_AT_A_TIME: i64 = 16;

async fn select(
    connection: &mut DbConnection,
    key: &UserKey,
) -> Result<Option<FailedAttempts>, StoreError> {
    let row = sqlx::query(
        "SELECT count AS failures, last_at, locked_until FROM failed_attempts WHERE partner = $1 AND environment = $2 AND user_id = $3",
    )
    .bind(key.partner.as_str())
    .bind(key.environment.as_str())
    .bind(key.user.as_str())
    .fetch_optional(connection)
    .await?;
    row.map_or(Ok(None), |row| failures(&row))
}

/// A user's failures in a row; none where the row has none.
pub(super) fn failures(row: &DbRow) -> Result<Option<FailedAttempts>, StoreError> {
    let Some(count) = row.try_get::<Option<i64>, _>("failures")? else {
        return Ok(None);
    };
    let locked_until: Option<i64> = row.try_get("locked_until")?;
    Ok(Some(FailedAttempts {
        count: u32::try_from(count).unwrap_or(u32::MAX),
        last_at: timestamp(row.try_get("last_at")?)?,
        locked_until: locked_until.map(timestamp).transpose()?,
    }))
}

/// Counts an attempt of a user whose failures so far are known.
pub(super) async fn count(
    tx: &mut DbConnection,
    key: &UserKey,
    attempt: &Attempt,
    earlier: Option<FailedAttempts>,
    now: Timestamp,
) -> Result<(), StoreError> {
    match (attempt.tally(earlier, now), earlier) {
        // Most people pass at once, and have nothing to be forgotten.
        (Tally::Unchanged, _) | (Tally::Cleared, None) => {}
        (Tally::Cleared, Some(_)) => drop(delete(tx, key).await?),
        (Tally::Grown(failed), _) => write(tx, key, &failed).await?,
    }
    Ok(())
}

async fn delete(tx: &mut DbConnection, key: &UserKey) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "DELETE FROM failed_attempts WHERE partner = $1 AND environment = $2 AND user_id = $3",
    )
    .bind(key.partner.as_str())
    .bind(key.environment.as_str())
    .bind(key.user.as_str())
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[async_trait]
impl Attempts for SqlStore {
    async fn failed_attempts(&self, key: &UserKey) -> Result<Option<FailedAttempts>, StoreError> {
        select(&mut *self.read.acquire().await?, key).await
    }

    async fn barred(&self, key: &UserKey) -> Result<Barred, StoreError> {
        let row = sqlx::query(
            "SELECT u.fraud_locked, f.count AS failures, f.last_at, f.locked_until FROM (SELECT 1 AS one) AS nobody
             LEFT JOIN users u ON u.partner = $1 AND u.environment = $2 AND u.user_id = $3
             LEFT JOIN failed_attempts f ON f.partner = $1 AND f.environment = $2 AND f.user_id = $3",
        )
        .bind(key.partner.as_str())
        .bind(key.environment.as_str())
        .bind(key.user.as_str())
        .fetch_one(&self.read)
        .await?;
        Ok(Barred {
            fraud_locked: row
                .try_get::<Option<bool>, _>("fraud_locked")?
                .unwrap_or(false),
            failed: failures(&row)?,
        })
    }

    async fn unlock_user(&self, key: &UserKey, by: &Actor) -> Result<bool, StoreError> {
        let mut tx = self.begin(&[Hold::User(key)]).await?;
        let Some(failed) = select(&mut tx, key).await? else {
            return Ok(false);
        };
        delete(&mut tx, key).await?;
        let entry = AuditEntry {
            actor: by.clone(),
            action: AuditAction::UserUnlocked,
            subject: format!("user {}/{}/{}", key.partner, key.environment, key.user),
            details: serde_json::json!({"failures": failed.count, "locked_until": failed.locked_until}),
        };
        self.append_audit(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(true)
    }
}

impl SqlStore {
    /// Counts an attempt, whether the user is locked or not.
    pub(super) async fn tally(
        &self,
        tx: &mut DbConnection,
        key: &UserKey,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let earlier = select(&mut *tx, key).await?;
        count(tx, key, attempt, earlier, now).await
    }
}

async fn write(
    tx: &mut DbConnection,
    key: &UserKey,
    failed: &FailedAttempts,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO failed_attempts (partner, environment, user_id, count, last_at, locked_until)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (partner, environment, user_id) DO UPDATE SET count = $4, last_at = $5, locked_until = $6",
    )
    .bind(key.partner.as_str())
    .bind(key.environment.as_str())
    .bind(key.user.as_str())
    .bind(i64::from(failed.count))
    .bind(micros(failed.last_at))
    .bind(failed.locked_until.map(micros))
    .execute(&mut *tx)
    .await?;
    // Names that somebody made up must not stay for ever.
    let forget = SignedDuration::from_secs(LockoutPolicy::MAX_FORGET_AFTER_SECONDS.into());
    if let Ok(oldest) = failed.last_at.checked_sub(forget) {
        sqlx::query(AssertSqlSafe(format!(
            "DELETE FROM failed_attempts WHERE (partner, environment, user_id) IN (
                 SELECT partner, environment, user_id FROM failed_attempts WHERE last_at < $1 LIMIT $2{SKIP_LOCKED})"
        )))
        .bind(micros(oldest))
        .bind(FORGOTTEN_AT_A_TIME)
        .execute(tx)
        .await?;
    }
    Ok(())
}
