//! Links on record: found by a code of their name, and taken by jobs in the transaction that records them.

use async_trait::async_trait;
use jiff::Timestamp;
use selfsame_job::user::UserKey;
use selfsame_wire::id::{Environment, PartnerId, UserId};
use selfsame_wire::v3::smile_link::{LinkRef, LinkState, Terms};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Row as _};

use super::SqlStore;
use super::dialect::{DbConnection, DbRow, SKIP_LOCKED};
use super::record::{id, micros, parse, timestamp};
use super::tx::Hold;
use crate::error::StoreError;
use crate::store::{Link, Links, Made, NewJob, NewLink};

/// Rows that one statement forgets.
const BATCH: i64 = 200;

/// Whether the job that took a link has its package, or needs none. One that is gone has not used it.
macro_rules! is_taken {
    () => {
        "EXISTS (SELECT 1 FROM jobs j WHERE j.smile_job_id = smile_links.used_by AND j.state <> 'awaiting_upload')"
    };
}

fn place_of(code: &[u8]) -> String {
    format!("smile_links/terms/{}", hex::encode(code))
}

/// What a row's terms are encrypted for.
pub(super) fn place(row: &DbRow) -> Result<String, StoreError> {
    Ok(place_of(row.try_get("code")?))
}

/// Takes a job's link for it. `false`: it cannot be taken, or not any more. A job that is prepared again, because an answer was lost,
/// is one use, unless another took the link in between.
pub(super) async fn take(
    tx: &mut DbConnection,
    code: &[u8],
    job: &NewJob,
    now: i64,
) -> Result<bool, StoreError> {
    // Whoever opened the link before and sent no package gives way: else a page that was loaded anew could not go on. The upload URL
    // of the one before dies with its row, so that no two packages come.
    sqlx::query(
        "DELETE FROM jobs WHERE state = 'awaiting_upload'
         AND smile_job_id = (SELECT used_by FROM smile_links WHERE code = $1 AND single_use)",
    )
    .bind(code)
    .execute(&mut *tx)
    .await?;
    let done = sqlx::query(
        "UPDATE smile_links SET used_by = $1, uses = CASE WHEN single_use THEN 1 WHEN used_by = $1 THEN uses ELSE uses + 1 END
         WHERE code = $2 AND partner = $3 AND environment = $4 AND (user_id IS NULL OR user_id = $5) AND expires_at > $6
         AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.smile_job_id = $1)
         AND (NOT single_use OR NOT EXISTS (SELECT 1 FROM jobs j WHERE j.smile_job_id = smile_links.used_by))",
    )
    .bind(job.smile_job_id.as_str())
    .bind(code)
    .bind(job.user.partner.as_str())
    .bind(job.user.environment.as_str())
    .bind(job.user.user.as_str())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[async_trait]
impl Links for SqlStore {
    async fn make_link(&self, new: &NewLink) -> Result<Made, StoreError> {
        let user = new.user.clone().map(|user| UserKey {
            partner: new.partner.clone(),
            environment: new.environment,
            user,
        });
        let holds: Vec<Hold<'_>> = user.as_ref().map(Hold::User).into_iter().collect();
        let mut tx = self.begin(&holds).await?;
        let now = micros(tx.now);
        if let Some(user) = &user {
            let has_one: bool = sqlx::query_scalar(concat!(
                "SELECT EXISTS (SELECT 1 FROM smile_links WHERE partner = $1 AND environment = $2 AND user_id = $3
                 AND expires_at > $4 AND NOT (single_use AND ",
                is_taken!(),
                "))"
            ))
            .bind(user.partner.as_str())
            .bind(user.environment.as_str())
            .bind(user.user.as_str())
            .bind(now)
            .fetch_one(&mut *tx)
            .await?;
            if has_one {
                return Ok(Made::UserHasOne);
            }
        }
        let code = self.link_code(&new.reference);
        let terms = serde_json::to_vec(&new.terms)
            .map_err(|e| StoreError::Corrupt("link", e.to_string()))?;
        let terms = self.keys.seal(&terms, &place_of(&code))?;
        sqlx::query(
            "INSERT INTO smile_links (code, partner, environment, user_id, single_use, created_at, expires_at, terms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(code)
        .bind(new.partner.as_str())
        .bind(new.environment.as_str())
        .bind(new.user.as_ref().map(UserId::as_str))
        .bind(new.single_use)
        .bind(now)
        .bind(micros(new.expires_at))
        .bind(terms)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Made::Recorded)
    }

    async fn link(&self, reference: &LinkRef) -> Result<Option<Link>, StoreError> {
        let code = self.link_code(reference);
        let row = sqlx::query(concat!(
            "SELECT partner, environment, user_id, single_use, created_at, expires_at, uses, terms, ",
            is_taken!(),
            " AS taken FROM smile_links WHERE code = $1"
        ))
        .bind(&code)
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        self.read_link(&row, &code, self.now().await?).map(Some)
    }

    async fn expire_links(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let done = sqlx::query(AssertSqlSafe(format!(
                "DELETE FROM smile_links WHERE id IN (
                     SELECT id FROM smile_links WHERE expires_at < $1 LIMIT $2{SKIP_LOCKED})"
            )))
            .bind(micros(before))
            .bind(BATCH)
            .execute(&self.write)
            .await?;
            forgotten += done.rows_affected();
            if done.rows_affected() < BATCH as u64 {
                return Ok(forgotten);
            }
        }
    }
}

impl SqlStore {
    /// What stands for a link's name on record.
    pub(super) fn link_code(&self, reference: &LinkRef) -> Vec<u8> {
        let digest = Sha256::digest(reference.reveal().as_bytes());
        self.code(b"smile link", &digest.into())
    }

    fn read_link(&self, row: &DbRow, code: &[u8], now: Timestamp) -> Result<Link, StoreError> {
        let terms = self
            .keys
            .open(row.try_get("terms")?, &place_of(code), "link")?;
        let terms: Terms = serde_json::from_slice(&terms).map_err(|error| {
            // What serde says may repeat what it read.
            StoreError::Corrupt("link", format!("at byte {} of its JSON", error.column()))
        })?;
        let user: Option<String> = row.try_get("user_id")?;
        let (single_use, taken): (bool, bool) = (row.try_get("single_use")?, row.try_get("taken")?);
        let expires_at = timestamp(row.try_get("expires_at")?)?;
        let environment: Environment = parse(row.try_get("environment")?, "environment")?;
        Ok(Link {
            partner: id(
                PartnerId::new(row.try_get::<String, _>("partner")?),
                "partner id",
            )?,
            environment,
            user: user
                .map(|user| id(UserId::new(user), "user id"))
                .transpose()?,
            single_use,
            created_at: timestamp(row.try_get("created_at")?)?,
            expires_at,
            uses: row.try_get::<i64, _>("uses")?.unsigned_abs(),
            state: match (single_use && taken, expires_at <= now) {
                (true, _) => LinkState::Used,
                (false, true) => LinkState::Expired,
                (false, false) => LinkState::Open,
            },
            terms,
        })
    }
}
