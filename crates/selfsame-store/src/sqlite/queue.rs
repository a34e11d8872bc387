//! Claiming jobs and ending them.

use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::job::Job;
use selfsame_job::user::Reference;
use selfsame_wire::id::SmileJobId;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::SqliteStore;
use super::record::{job_columns, job_place, micros, user_place};
use super::{delivery_lanes, turns};
use crate::error::StoreError;
use crate::store::{Claim, Finished, LeaseId, Outcome};

pub(super) fn lease_until(lease: Duration) -> i64 {
    micros(Timestamp::now())
        .saturating_add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX / 2))
}

impl SqliteStore {
    pub(super) async fn take_job(&self, lease: Duration) -> Result<Option<Claim>, StoreError> {
        // Most looks find nothing: they should not take the writer.
        while self.some_job_is_queued().await? {
            let Some(row) = self.claim_row(lease).await? else {
                return Ok(None);
            };
            // One that cannot be read ends here, and the next is taken.
            if let Some(job) = self.readable_job(&row).await? {
                let attempt = u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX);
                let lease: String = row.try_get("lease")?;
                let lease = uuid::Uuid::parse_str(&lease)
                    .map(LeaseId)
                    .map_err(|e| StoreError::Corrupt("lease", e.to_string()))?;
                return Ok(Some(Claim {
                    job,
                    attempt,
                    lease,
                }));
            }
        }
        Ok(None)
    }

    async fn claim_row(&self, lease: Duration) -> Result<Option<SqliteRow>, StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let Some(next) = turns::next_job(&mut tx).await? else {
            return Ok(None);
        };
        let row = sqlx::query(concat!(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, lease = ?, lease_until = ?
             WHERE seq = ? RETURNING attempts, lease, ",
            job_columns!()
        ))
        .bind(uuid::Uuid::new_v4().to_string())
        .bind(lease_until(lease))
        .bind(next)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(row))
    }

    pub(super) async fn prolong(&self, claim: &Claim, lease: Duration) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE jobs SET lease_until = ? WHERE smile_job_id = ? AND lease = ? AND state = 'running'",
        )
        .bind(lease_until(lease))
        .bind(claim.job.smile_job_id.as_str())
        .bind(claim.lease.0.to_string())
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(super) async fn put_back(&self, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE jobs SET state = 'queued', attempts = attempts - 1, lease = NULL, lease_until = NULL
             WHERE smile_job_id = ? AND lease = ? AND state = 'running'",
        )
        .bind(claim.job.smile_job_id.as_str())
        .bind(claim.lease.0.to_string())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// Unlike [`SqliteStore::put_back`], the attempt counts.
    pub(super) async fn put_back_tried(&self, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE jobs SET state = 'queued', lease = NULL, lease_until = NULL
             WHERE smile_job_id = ? AND lease = ? AND state = 'running'",
        )
        .bind(claim.job.smile_job_id.as_str())
        .bind(claim.lease.0.to_string())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    pub(super) async fn take_back(&self, now: Timestamp, all: bool) -> Result<u64, StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(
            "UPDATE jobs SET state = 'queued', lease = NULL, lease_until = NULL
             WHERE state = 'running' AND (? OR lease_until < ?)",
        )
        .bind(all)
        .bind(micros(now))
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE deliveries SET lease = NULL, lease_until = NULL WHERE lease IS NOT NULL AND (? OR lease_until < ?)")
            .bind(all)
            .bind(micros(now))
            .execute(&mut *tx)
            .await?;
        delivery_lanes::remove_idle(&mut tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    pub(super) async fn end_job(
        &self,
        claim: &Claim,
        outcome: &Outcome,
    ) -> Result<Finished, StoreError> {
        let job = &claim.job;
        let now = micros(Timestamp::now());
        let sealed = self
            .keys
            .seal(&outcome.result, &job_place(&job.smile_job_id, "result"))?;
        let callback = match &outcome.callback_url {
            Some(url) => Some(self.keys.seal(
                url.as_bytes(),
                &job_place(&job.smile_job_id, "callback_url"),
            )?),
            None => None,
        };
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(blob) = self.end_withheld(&mut tx, claim).await? {
            tx.commit().await?;
            if let Some(blob) = blob {
                self.blobs.discard(&blob).await;
            }
            return Ok(Finished::UserDeleted);
        }
        let done = sqlx::query(
            "UPDATE jobs SET state = 'done', result = ?, result_code = ?, success = ?, callback_url = ?,
                             callback_endpoint = ?, updated_at = ?, lease = NULL, lease_until = NULL
             WHERE smile_job_id = ? AND lease = ? AND state = 'running'",
        )
        .bind(sealed)
        .bind(&outcome.result_code)
        .bind(outcome.success)
        .bind(&callback)
        .bind(outcome.callback_url.as_deref().map(|url| self.endpoint_code(url)))
        .bind(now)
        .bind(job.smile_job_id.as_str())
        .bind(claim.lease.0.to_string())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(Finished::LostClaim);
        }
        if self.user_state(&mut tx, &job.user).await? != outcome.judged {
            return Ok(Finished::UserChanged);
        }
        if let Some(searched) = outcome.searched
            && self.others_changed(&mut tx, &job.user, searched).await?
        {
            return Ok(Finished::OthersChanged);
        }
        if let Some(attempt) = &outcome.attempt
            && let Some(until) = self.count_attempt(&mut tx, &job.user, attempt).await?
        {
            return Ok(Finished::LockedOut(until));
        }
        if let Some(reference) = &outcome.enrol {
            self.put_on_file(&mut tx, job, reference, &outcome.keeps, now)
                .await?;
        }
        if outcome.only_if_new && self.was_accepted(&mut tx, job, &outcome.accepted).await? {
            return Ok(Finished::SeenMeanwhile);
        }
        let remembered = self.remember(&mut tx, job, &outcome.accepted, now).await?;
        if let Some(review) = &outcome.review {
            self.open_review(&mut tx, &job.smile_job_id, review, &outcome.judged, now)
                .await?;
        }
        if callback.is_some() {
            sqlx::query("INSERT INTO deliveries (smile_job_id, state, next_attempt_at) VALUES (?, 'pending', ?)")
                .bind(job.smile_job_id.as_str())
                .bind(now)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        self.recent.add(&job.user, remembered).await;
        Ok(Finished::Committed)
    }

    /// Enrols or replaces. Whether it may was decided by the user's state, which the transaction compared.
    pub(super) async fn put_on_file(
        &self,
        tx: &mut SqliteConnection,
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
             VALUES (?1, ?2, ?3, 'active', ?4, ?5, ?6, ?7, ?7)
             ON CONFLICT DO UPDATE SET status = 'active', template = ?4, model_digest = ?5, photo = ?6, updated_at = ?7",
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
