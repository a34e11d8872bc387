//! Challenges on record: drawn, and taken by one job each in the transaction that records it.

use jiff::Timestamp;
use selfsame_job::challenge::{Challenge, ChallengeId, DrawnChallenge};
use selfsame_wire::id::{JobId, SmileJobId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::SqliteStore;
use super::record::{id, micros, timestamp, user_key};
use crate::error::StoreError;
use crate::store::{Drawn, NewJob, UnansweredLimit};

/// The columns that [`drawn`] reads. A job that is gone has not used its challenge.
macro_rules! challenge_columns {
    () => {
        "id, partner, environment, user_id, job_id, turns, drawn_at, expires_at,
         (SELECT j.smile_job_id FROM jobs j WHERE j.smile_job_id = challenges.used_by) AS used_by"
    };
}

/// Rows that one statement forgets.
const BATCH: i64 = 200;

fn drawn(row: &SqliteRow) -> Result<DrawnChallenge, StoreError> {
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

impl SqliteStore {
    /// Records a challenge, unless one is open, or too many were not answered. In one transaction, so that of many draws at
    /// once none is a choice.
    pub(super) async fn insert_challenge(
        &self,
        new: &DrawnChallenge,
        limit: &UnansweredLimit,
    ) -> Result<Drawn, StoreError> {
        let (user, now) = (&new.user, new.drawn_at);
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let latest = sqlx::query(concat!(
            "SELECT ",
            challenge_columns!(),
            " FROM challenges WHERE partner = ? AND environment = ? AND user_id = ? AND job_id IS ?
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
             WHERE partner = ? AND environment = ? AND user_id = ? AND drawn_at > ?
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
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
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

    pub(super) async fn select_challenge(
        &self,
        id: &ChallengeId,
    ) -> Result<Option<DrawnChallenge>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            challenge_columns!(),
            " FROM challenges WHERE id = ?"
        ))
        .bind(id.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(drawn).transpose()
    }

    /// Takes a job's challenge for it, in the transaction that records the job. `false`: it cannot be taken, or not any more.
    pub(super) async fn take_challenge(
        &self,
        tx: &mut SqliteConnection,
        job: &NewJob,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(challenge) = &job.request.challenge else {
            return Ok(true);
        };
        let done = sqlx::query(
            "UPDATE challenges SET used_by = ?
             WHERE id = ? AND partner = ? AND environment = ? AND user_id = ? AND (job_id IS NULL OR job_id = ?)
             AND expires_at > ? AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.smile_job_id = challenges.used_by)",
        )
        .bind(job.smile_job_id.as_str())
        .bind(challenge.id.as_str())
        .bind(job.user.partner.as_str())
        .bind(job.user.environment.as_str())
        .bind(job.user.user.as_str())
        .bind(job.job_id.as_str())
        .bind(micros(now))
        .execute(tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets challenges that expired before.
    pub(super) async fn forget_challenges(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let done = sqlx::query(
                "DELETE FROM challenges WHERE id IN (SELECT id FROM challenges WHERE expires_at < ? LIMIT ?)",
            )
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
