//! Callbacks on record.

use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_wire::id::{PartnerId, SmileJobId};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::queue::lease_until;
use super::record::{self, id, job_place, micros, parse, timestamp};
use crate::error::StoreError;
use crate::store::{
    AfterAttempt, Delivery, DeliveryAttempt, DeliveryId, DeliveryRecord, DeliveryState, LeaseId,
};

impl SqliteStore {
    fn callback_url(&self, job: &SmileJobId, sealed: &[u8]) -> Result<String, StoreError> {
        let plain = self
            .keys
            .open(sealed, &job_place(job, "callback_url"), "callback URL")?;
        String::from_utf8(plain).map_err(|e| StoreError::Corrupt("callback URL", e.to_string()))
    }

    pub(super) async fn take_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        const DUE: &str = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending' AND next_attempt_at <= ?
                           AND lease IS NULL)";
        // Most looks find nothing: they should not take the writer.
        if !sqlx::query_scalar(DUE)
            .bind(micros(now))
            .fetch_one(&self.read)
            .await?
        {
            return Ok(Vec::new());
        }
        let lease_id = LeaseId(uuid::Uuid::new_v4());
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "UPDATE deliveries SET lease = ?, lease_until = ? WHERE id IN (
                 SELECT id FROM deliveries WHERE state = 'pending' AND next_attempt_at <= ? AND lease IS NULL
                 ORDER BY next_attempt_at LIMIT ?)",
        )
        .bind(lease_id.0.to_string())
        .bind(lease_until(lease))
        .bind(micros(now))
        .bind(i64::from(limit))
        .execute(&mut *tx)
        .await?;
        let rows = sqlx::query(
            "SELECT d.id, d.smile_job_id, d.after_review, j.partner, j.environment, j.callback_url,
                    CASE d.after_review WHEN 0 THEN j.result
                        ELSE (SELECT r.result FROM reviews r WHERE r.smile_job_id = d.smile_job_id) END AS result,
                    (SELECT COUNT(*) FROM delivery_attempts a WHERE a.delivery = d.id) AS attempts
             FROM deliveries d JOIN jobs j USING (smile_job_id) WHERE d.lease = ?",
        )
        .bind(lease_id.0.to_string())
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        self.readable_deliveries(&rows, lease_id).await
    }

    pub(super) fn read_delivery(
        &self,
        row: &SqliteRow,
        lease: LeaseId,
    ) -> Result<Delivery, StoreError> {
        let smile_job_id = id(
            SmileJobId::new(row.try_get::<String, _>("smile_job_id")?),
            "smile job id",
        )?;
        Ok(Delivery {
            id: DeliveryId(row.try_get("id")?),
            lease,
            partner: id(
                PartnerId::new(row.try_get::<String, _>("partner")?),
                "partner",
            )?,
            environment: parse(row.try_get("environment")?, "environment")?,
            url: self.callback_url(&smile_job_id, row.try_get("callback_url")?)?,
            result: record::result(
                row.try_get("result")?,
                &smile_job_id,
                row.try_get("after_review")?,
                &self.keys,
            )?,
            attempts: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
            smile_job_id,
        })
    }

    pub(super) async fn insert_attempt(
        &self,
        delivery: &Delivery,
        attempt: &DeliveryAttempt,
        after: AfterAttempt,
    ) -> Result<(), StoreError> {
        let (state, next) = match after {
            AfterAttempt::Delivered => ("delivered", None),
            AfterAttempt::RetryAt(at) => ("pending", Some(micros(at))),
            AfterAttempt::GiveUp => ("exhausted", None),
        };
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(
            "UPDATE deliveries SET state = ?, next_attempt_at = ?, lease = NULL, lease_until = NULL
             WHERE id = ? AND lease = ?",
        )
        .bind(state)
        .bind(next)
        .bind(delivery.id.0)
        .bind(delivery.lease.0.to_string())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 1 {
            sqlx::query(
                "INSERT INTO delivery_attempts (delivery, at, duration_ms, http_status, error) VALUES (?, ?, ?, ?, ?)",
            )
            .bind(delivery.id.0)
            .bind(micros(attempt.at))
            .bind(i64::try_from(attempt.duration_ms).unwrap_or(i64::MAX))
            .bind(attempt.http_status.map(i64::from))
            .bind(&attempt.error)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn select_deliveries(
        &self,
        job: &SmileJobId,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT d.id, d.state, d.next_attempt_at, j.callback_url FROM deliveries d JOIN jobs j USING (smile_job_id)
             WHERE d.smile_job_id = ? ORDER BY d.id",
        )
        .bind(job.as_str())
        .fetch_all(&self.read)
        .await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            let attempts = sqlx::query(
                "SELECT at, duration_ms, http_status, error FROM delivery_attempts WHERE delivery = ? ORDER BY id",
            )
            .bind(row.try_get::<i64, _>("id")?)
            .fetch_all(&self.read)
            .await?;
            let next: Option<i64> = row.try_get("next_attempt_at")?;
            records.push(DeliveryRecord {
                url: match row.try_get::<Option<&[u8]>, _>("callback_url")? {
                    Some(sealed) => self.callback_url(job, sealed).ok(),
                    None => None,
                },
                state: match row.try_get::<String, _>("state")?.as_str() {
                    "delivered" => DeliveryState::Delivered,
                    "exhausted" => DeliveryState::Exhausted,
                    "withdrawn" => DeliveryState::Withdrawn,
                    "unreadable" => DeliveryState::Unreadable,
                    _ => DeliveryState::Pending,
                },
                next_attempt_at: next.map(timestamp).transpose()?,
                attempts: attempts
                    .iter()
                    .map(read_attempt)
                    .collect::<Result<_, _>>()?,
            });
        }
        Ok(records)
    }

    pub(super) async fn insert_replay(
        &self,
        job: &SmileJobId,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(
            "INSERT INTO deliveries (smile_job_id, state, next_attempt_at, after_review)
             SELECT smile_job_id, 'pending', ?,
                    EXISTS (SELECT 1 FROM reviews r WHERE r.smile_job_id = jobs.smile_job_id AND r.state = 'decided')
             FROM jobs WHERE smile_job_id = ? AND state = 'done' AND callback_url IS NOT NULL",
        )
        .bind(micros(Timestamp::now()))
        .bind(job.as_str())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        self.append_audit(
            &mut tx,
            &AuditEntry {
                actor: by.clone(),
                action: AuditAction::CallbackReplayed,
                subject: format!("job {job}"),
                details: serde_json::json!({}),
            },
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }
}

fn read_attempt(row: &SqliteRow) -> Result<DeliveryAttempt, StoreError> {
    Ok(DeliveryAttempt {
        at: timestamp(row.try_get("at")?)?,
        duration_ms: u64::try_from(row.try_get::<i64, _>("duration_ms")?).unwrap_or(0),
        http_status: row
            .try_get::<Option<i64>, _>("http_status")?
            .and_then(|s| u16::try_from(s).ok()),
        error: row.try_get("error")?,
    })
}
