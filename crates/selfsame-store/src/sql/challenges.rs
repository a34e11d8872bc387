//! Challenges on record: drawn, and taken by one job each in the transaction that records it.

use async_trait::async_trait;
use jiff::Timestamp;
use selfsame_job::challenge::{Challenge, ChallengeId, DrawnChallenge};
use selfsame_wire::id::{JobId, SmileJobId};
use sqlx::{AssertSqlSafe, Row as _};

use super::SqlStore;
use super::dialect::{DbConnection, DbRow, SKIP_LOCKED};
use super::record::{id, micros, timestamp, user_key};
use super::tx::Hold;
use crate::error::StoreError;
use crate::store::{Challenges, Drawn, NewJob, UnansweredLimit};

/// The columns that [`drawn`] reads. A job that is gone has not used its challenge.
macro_rules! challenge_columns {
    () => {
        "id, partner, environment, user_id, job_id, turns, drawn_at, expires_at,
         (SELECT j.smile_job_id FROM jobs j WHERE j.smile_job_id = challenges.used_by) AS used_by"
    };
}

/// Rows that one statement forgets.
const BATCH: i64 = 200;

fn drawn(row: &DbRow) -> Result<DrawnChallenge, StoreError> {
    let corrupt = |e: serde_json::Error| StoreError::Corrupt("challenge", e.to_string());
    let turns: String = row.try_get("turns")?;
    let job_id: Option<String> = row.try_get("job_id")?;
    let used_by: Option<String> = row.try_get("used_by")?;
    Ok(DrawnChallenge {
        challenge: Challenge {
            id: id(
                row.try_get::<String, _>("id")?.try_into() as Result<ChallengeId, _>,
                "challenge id",
            )?,
            turns: serde_json::from_str(&turns).map_err(corrupt)?,
            expires_at: timestamp(row.try_get("expires_at")?)?,
        },
        user: user_key(row)?,
        job_id: job_id
            .map(|job| id(JobId::new(job), "job id"))
            .transpose()?,
        drawn_at: timestamp(row.try_get("drawn_at")?)?,
        used_by: used_by
            .map(|job| id(SmileJobId::new(job), "smile job id"))
            .transpose()?,
    })
}

#[async_trait]
impl Challenges for SqlStore {
    async fn draw_challenge(
        &self,
        new: &DrawnChallenge,
        limit: &UnansweredLimit,
    ) -> Result<Drawn, StoreError> {
        let (user, now) = (&new.user, new.drawn_at);
        let mut tx = self.begin(&[Hold::User(user)]).await?;
        let latest = sqlx::query(concat!(
            "SELECT ",
            challenge_columns!(),
            " FROM challenges WHERE partner = $1 AND environment = $2 AND user_id = $3 AND job_id IS NOT DISTINCT FROM $4
              ORDER BY drawn_at DESC LIMIT 1"
        ))
        .bind(user.partner.as_str())
        .bind(user.environment.as_str())
        .bind(user.user.as_str())
        .bind(new.job_id.as_ref().map(JobId::as_str))
        .fetch_optional(&mut *tx)
        .await?;
        let latest = latest.as_ref().map(drawn).transpose()?;
        if let Some(open) = latest.filter(|latest| latest.is_given_again(now))
            && open.challenge.turns.len() >= new.challenge.turns.len()
        {
            return Ok(Drawn::Open(open.challenge));
        }
        // What a job took without its package is not answered.
        let (unanswered, oldest): (i64, Option<i64>) = sqlx::query_as(
            "SELECT count(*), min(drawn_at) FROM challenges
             WHERE partner = $1 AND environment = $2 AND user_id = $3 AND drawn_at > $4
             AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.smile_job_id = challenges.used_by AND j.state <> 'awaiting_upload')",
        )
        .bind(user.partner.as_str())
        .bind(user.environment.as_str())
        .bind(user.user.as_str())
        .bind(micros(now.checked_sub(limit.within).unwrap_or(Timestamp::MIN)))
        .fetch_one(&mut *tx)
        .await?;
        if unanswered >= i64::from(limit.most)
            && let Some(oldest) = oldest
        {
            let until = timestamp(oldest)?.checked_add(limit.within);
            return Ok(Drawn::TooMany(until.unwrap_or(Timestamp::MAX)));
        }
        let turns = serde_json::to_string(&new.challenge.turns)
            .map_err(|e| StoreError::Corrupt("challenge", e.to_string()))?;
        sqlx::query(
            "INSERT INTO challenges (id, partner, environment, user_id, job_id, turns, drawn_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(new.challenge.id.as_str())
        .bind(user.partner.as_str())
        .bind(user.environment.as_str())
        .bind(user.user.as_str())
        .bind(new.job_id.as_ref().map(JobId::as_str))
        .bind(turns)
        .bind(micros(new.drawn_at))
        .bind(micros(new.challenge.expires_at))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Drawn::New)
    }

    async fn challenge(&self, id: &ChallengeId) -> Result<Option<DrawnChallenge>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            challenge_columns!(),
            " FROM challenges WHERE id = $1"
        ))
        .bind(id.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(drawn).transpose()
    }

    async fn expire_challenges(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let done = sqlx::query(AssertSqlSafe(format!(
                "DELETE FROM challenges WHERE id IN (
                     SELECT id FROM challenges WHERE expires_at < $1 LIMIT $2{SKIP_LOCKED})"
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
    /// Takes a job's challenge for it, in the transaction that records the job. `false`: it cannot be taken, or not any more.
    pub(super) async fn take_challenge(
        &self,
        tx: &mut DbConnection,
        job: &NewJob,
        now: i64,
    ) -> Result<bool, StoreError> {
        let Some(challenge) = &job.request.challenge else {
            return Ok(true);
        };
        let done = sqlx::query(
            "UPDATE challenges SET used_by = $1
             WHERE id = $2 AND partner = $3 AND environment = $4 AND user_id = $5 AND (job_id IS NULL OR job_id = $6)
             AND expires_at > $7 AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.smile_job_id = challenges.used_by)",
        )
        .bind(job.smile_job_id.as_str())
        .bind(challenge.id.as_str())
        .bind(job.user.partner.as_str())
        .bind(job.user.environment.as_str())
        .bind(job.user.user.as_str())
        .bind(job.job_id.as_str())
        .bind(now)
        .execute(tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}
