//! Claiming jobs and ending them.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::job::Job;
use selfsame_job::step::Carried;
use selfsame_job::user::Reference;
use selfsame_wire::id::SmileJobId;
use sqlx::{AssertSqlSafe, Row as _};

use super::SqlStore;
use super::dialect::{self, DbConnection, DbRow, SKIP_LOCKED};
use super::erasure::blob;
use super::leases::Holder;
use super::record::{id, job_columns, micros, user_place};
use super::tx::Hold;
use super::{delivery_lanes, turns};
use crate::error::StoreError;
use crate::store::{Claim, Finished, LeaseId, Onward, Outcome, Queue, WentOn};

/// When something that lasts so long ends.
pub(super) fn ends(now: Timestamp, lasts: Duration) -> i64 {
    micros(now).saturating_add(i64::try_from(lasts.as_micros()).unwrap_or(i64::MAX / 2))
}

#[async_trait]
impl Queue for SqlStore {
    async fn claim_jobs(&self, lease: Duration, at_most: u32) -> Result<Vec<Claim>, StoreError> {
        let wanted = usize::try_from(at_most).unwrap_or(usize::MAX);
        let mut claims = Vec::new();
        // Most looks find nothing: they should not take the writer.
        while claims.len() < wanted && self.some_job_is_queued().await? {
            let rows = self.claim_rows(lease, wanted - claims.len()).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                // One that cannot be read ends here, and another is taken.
                let Some(job) = self.readable_job(row).await? else {
                    continue;
                };
                let lease: String = row.try_get("lease")?;
                let Some(standing) = self.standing(row, &job).await? else {
                    continue;
                };
                claims.push(Claim {
                    job,
                    standing,
                    package: blob(row)?,
                    attempt: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
                    lease: LeaseId(id(uuid::Uuid::parse_str(&lease), "lease")?),
                });
            }
        }
        Ok(claims)
    }

    async fn package_of(&self, claim: &Claim) -> Result<Option<Bytes>, StoreError> {
        match &claim.package {
            Some(blob) => self.blobs.get(blob, &self.keys.get()).await,
            None => Ok(None),
        }
    }

    async fn renew_job(&self, claim: &Claim, lease: Duration) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE jobs SET lease_until = $1 WHERE smile_job_id = $2 AND lease = $3 AND state = 'running'",
        )
        .bind(ends(self.now().await?, lease))
        .bind(claim.job.smile_job_id.as_str())
        .bind(claim.lease.0.to_string())
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn release_job(&self, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE jobs SET state = 'queued', attempts = attempts - 1, lease = NULL, lease_until = NULL
             WHERE smile_job_id = $1 AND lease = $2 AND state = 'running'",
        )
        .bind(claim.job.smile_job_id.as_str())
        .bind(claim.lease.0.to_string())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    async fn return_job(&self, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE jobs SET state = 'queued', lease = NULL, lease_until = NULL
             WHERE smile_job_id = $1 AND lease = $2 AND state = 'running'",
        )
        .bind(claim.job.smile_job_id.as_str())
        .bind(claim.lease.0.to_string())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    async fn go_on(&self, claim: &Claim, onward: &Onward) -> Result<WentOn, StoreError> {
        self.end_step(claim, onward).await
    }

    async fn wait(
        &self,
        claim: &Claim,
        carried: &Carried,
        pause: Duration,
    ) -> Result<WentOn, StoreError> {
        self.let_wait(claim, carried, pause).await
    }

    async fn wake(&self) -> Result<u64, StoreError> {
        self.wake_waiting().await
    }

    async fn recover(&self) -> Result<u64, StoreError> {
        self.take_back(false).await
    }

    async fn finish_job(&self, claim: &Claim, outcome: &Outcome) -> Result<Finished, StoreError> {
        self.finish(claim, outcome).await
    }
}

impl SqlStore {
    /// Takes so many queued jobs at most, each in its turn.
    async fn claim_rows(&self, lease: Duration, at_most: usize) -> Result<Vec<DbRow>, StoreError> {
        // Nobody waits here for a job that somebody else changes just now: it is taken another time.
        let claim = format!(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, lease = $1, lease_until = $2
             WHERE seq = (SELECT seq FROM jobs WHERE seq = $3 AND state = 'queued'{SKIP_LOCKED})
             RETURNING attempts, lease, step, carried, blob, {}",
            job_columns!()
        );
        let mut rows = Vec::new();
        let name = dialect::lease(self).await.to_string();
        let mut tx = self.begin_leasing(&[Hold::Turns]).await?;
        while rows.len() < at_most
            && let Some(next) = turns::next_job(&mut tx).await?
        {
            let row = sqlx::query(AssertSqlSafe(claim.clone()))
                .bind(&name)
                .bind(ends(tx.now, lease))
                .bind(next)
                .fetch_optional(&mut *tx)
                .await?;
            let Some(row) = row else { break };
            rows.push(row);
        }
        tx.end(!rows.is_empty()).await?;
        Ok(rows)
    }

    /// Queues again what is leased: of leases that ended, or of all, where no other process can hold one.
    pub(in super::super) async fn take_back(&self, all: bool) -> Result<u64, StoreError> {
        let mut tx = self.begin(&[Hold::Many]).await?;
        let now = micros(tx.now);
        let done = sqlx::query(
            "UPDATE jobs SET state = 'queued', lease = NULL, lease_until = NULL
             WHERE state = 'running' AND ($1 OR lease_until < $2)",
        )
        .bind(all)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        delivery_lanes::take_back(&mut tx, now, all).await?;
        delivery_lanes::remove_idle(&mut tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    /// Queues again what these hold.
    pub(super) async fn take_back_from(&self, gone: &[Holder]) -> Result<u64, StoreError> {
        let mut jobs = 0;
        let mut tx = self.begin(&[Hold::Many]).await?;
        for holder in gone {
            let leases = holder.pattern();
            let done = sqlx::query(
                "UPDATE jobs SET state = 'queued', lease = NULL, lease_until = NULL WHERE state = 'running' AND lease LIKE $1",
            )
            .bind(&leases)
            .execute(&mut *tx)
            .await?;
            delivery_lanes::take_back_leases(&mut tx, &leases).await?;
            jobs += done.rows_affected();
        }
        tx.commit().await?;
        Ok(jobs)
    }

    /// Enrols or replaces. Whether it may was decided by the user's state, which the transaction compared.
    pub(super) async fn put_on_file(
        &self,
        tx: &mut DbConnection,
        job: &Job,
        reference: &Reference,
        keeps: &[SmileJobId],
        now: i64,
    ) -> Result<(), StoreError> {
        let key = &job.user;
        let model = reference.template.model();
        self.keep_earlier(tx, key, model, keeps).await?;
        sqlx::query(
            "INSERT INTO users (partner, environment, user_id, status, template, model_digest, photo, enrolled_at, updated_at)
             VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $7)
             ON CONFLICT (partner, environment, user_id) DO UPDATE SET status = 'active', template = $4, model_digest = $5, photo = $6, updated_at = $7",
        )
        .bind(key.partner.as_str())
        .bind(key.environment.as_str())
        .bind(key.user.as_str())
        .bind(self.seal_template(&reference.template, &user_place(key))?)
        .bind(model.as_str())
        .bind(reference.photo.as_str())
        .bind(now)
        .execute(tx)
        .await?;
        Ok(())
    }
}
