//! Jobs of several steps: ending one that is not the last, waiting, and waking.

use std::time::Duration;

use selfsame_job::job::Job;
use selfsame_job::step::{Carried, Standing};
use selfsame_wire::id::SmileJobId;
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::{DbConnection, DbRow};
use super::queue::ends;
use super::record::{Origin, job_place, micros, parse, result_place, text};
use super::tx::Hold;
use crate::error::StoreError;
use crate::store::{Claim, Onward, WentOn};

impl SqlStore {
    /// Where the job of a row that was just claimed stands; `None` where that cannot be read: then the job begins anew, for what
    /// its steps found can be found again.
    pub(super) async fn standing(
        &self,
        row: &DbRow,
        job: &Job,
    ) -> Result<Option<Standing>, StoreError> {
        match self.read_standing(row, job) {
            Err(error) if error.is_unreadable() => {
                tracing::error!(smile_job_id = %job.smile_job_id, %error, "what the job's steps found cannot be read; it begins anew");
                Ok(Some(Standing::first(job.job_type)))
            }
            read => read.map(Some),
        }
    }

    fn read_standing(&self, row: &DbRow, job: &Job) -> Result<Standing, StoreError> {
        let first = Standing::first(job.job_type);
        let step: Option<String> = row.try_get("step")?;
        let carried: Option<Vec<u8>> = row.try_get("carried")?;
        Ok(Standing {
            step: match step {
                Some(step) => parse(step, "step")?,
                None => first.step,
            },
            carried: match carried {
                Some(sealed) => {
                    let place = job_place(&job.smile_job_id, "carried");
                    let plain = self.keys.open(&sealed, &place, "what a job carries")?;
                    serde_json::from_slice(&plain)
                        .map_err(|e| StoreError::Corrupt("what a job carries", e.to_string()))?
                }
                None => first.carried,
            },
        })
    }

    fn seal_carried(&self, job: &SmileJobId, carried: &Carried) -> Result<Vec<u8>, StoreError> {
        self.keys
            .seal(&carried.to_bytes(), &job_place(job, "carried"))
    }

    pub(super) fn seal_callback(
        &self,
        job: &SmileJobId,
        url: Option<&str>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let place = job_place(job, "callback_url");
        url.map(|url| self.keys.seal(url.as_bytes(), &place))
            .transpose()
    }

    pub(super) async fn end_step(
        &self,
        claim: &Claim,
        onward: &Onward,
    ) -> Result<WentOn, StoreError> {
        let (job, standing) = (&claim.job, &onward.standing);
        let name = &job.smile_job_id;
        let carried = self.seal_carried(name, &standing.carried)?;
        let callback = self.seal_callback(name, onward.callback_url.as_deref())?;
        let tx = self.begin(&[Hold::User(&job.user)]).await?;
        let now = micros(tx.now);
        let Some(mut tx) = self.unless_withheld(tx, claim).await? else {
            return Ok(WentOn::UserDeleted);
        };
        let done = sqlx::query(
            "UPDATE jobs SET step = $1, carried = $2, callback_url = $3, callback_endpoint = $4
             WHERE smile_job_id = $5 AND lease = $6 AND state = 'running'",
        )
        .bind(text(&standing.step))
        .bind(carried)
        .bind(&callback)
        .bind(
            onward
                .callback_url
                .as_deref()
                .map(|url| self.endpoint_code(url)),
        )
        .bind(name.as_str())
        .bind(claim.lease.0.to_string())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(WentOn::LostClaim);
        }
        if let Some((result, code)) = &onward.told {
            self.tell(&mut tx, name, result, code, callback.is_some(), now)
                .await?;
        }
        tx.commit().await?;
        Ok(WentOn::Committed)
    }

    /// Puts a result that ends nothing on record, and queues its callback: a step's, or one beside the job's own.
    pub(super) async fn tell(
        &self,
        tx: &mut DbConnection,
        job: &SmileJobId,
        result: &[u8],
        code: &str,
        called_back: bool,
        now: i64,
    ) -> Result<(), StoreError> {
        let told: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM step_results WHERE smile_job_id = $1")
                .bind(job.as_str())
                .fetch_one(&mut *tx)
                .await?;
        let sequence = told + 1;
        let sealed = self
            .keys
            .seal(result, &result_place(job, Origin::Step(sequence)))?;
        sqlx::query(
            "INSERT INTO step_results (smile_job_id, sequence, result, result_code, told_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(job.as_str())
        .bind(sequence)
        .bind(sealed)
        .bind(code)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        if called_back {
            sqlx::query(
                "INSERT INTO deliveries (smile_job_id, state, next_attempt_at, of_step) VALUES ($1, 'pending', $2, $3)",
            )
            .bind(job.as_str())
            .bind(now)
            .bind(sequence)
            .execute(&mut *tx)
            .await?;
        }
        Ok(())
    }

    pub(super) async fn let_wait(
        &self,
        claim: &Claim,
        carried: &Carried,
        pause: Duration,
    ) -> Result<WentOn, StoreError> {
        let job = &claim.job;
        let carried = self.seal_carried(&job.smile_job_id, carried)?;
        let tx = self.begin(&[Hold::User(&job.user)]).await?;
        let Some(mut tx) = self.unless_withheld(tx, claim).await? else {
            return Ok(WentOn::UserDeleted);
        };
        let done = sqlx::query(
            "UPDATE jobs SET state = 'waiting', run_after = $1, carried = $2, attempts = attempts - 1, lease = NULL,
                             lease_until = NULL
             WHERE smile_job_id = $3 AND lease = $4 AND state = 'running'",
        )
        .bind(ends(tx.now, pause))
        .bind(carried)
        .bind(job.smile_job_id.as_str())
        .bind(claim.lease.0.to_string())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(WentOn::LostClaim);
        }
        tx.commit().await?;
        Ok(WentOn::Committed)
    }

    pub(super) async fn wake_waiting(&self) -> Result<u64, StoreError> {
        let now = micros(self.now().await?);
        // Most looks find nothing: they should not take the writer.
        let some: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'waiting' AND run_after <= $1)",
        )
        .bind(now)
        .fetch_one(&self.read)
        .await?;
        if !some {
            return Ok(0);
        }
        let done = sqlx::query(
            "UPDATE jobs SET state = 'queued', run_after = NULL WHERE state = 'waiting' AND run_after <= $1",
        )
        .bind(now)
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected())
    }
}
