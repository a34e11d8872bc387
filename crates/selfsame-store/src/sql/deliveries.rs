//! Callbacks on record.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_wire::id::{PartnerId, SmileJobId};
use sqlx::{AssertSqlSafe, Row as _};

use super::SqlStore;
use super::delivery_lanes;
use super::dialect::{self, DbConnection, DbRow, FOR_UPDATE};
use super::queue::ends;
use super::record::{self, id, job_place, micros, parse, timestamp};
use super::tx::{Hold, Tx};
use crate::error::StoreError;
use crate::store::{
    AfterAttempt, Deliveries, Delivery, DeliveryAttempt, DeliveryId, DeliveryLimits,
    DeliveryRecord, DeliveryState, Endpoint, LeaseId, Replay, Replayed,
};

/// What a replay's own URL is encrypted for.
pub(super) fn url_place(job: &SmileJobId) -> String {
    format!("deliveries/url/{job}")
}

#[async_trait]
impl Deliveries for SqlStore {
    async fn claim_deliveries(
        &self,
        lease: Duration,
        limits: &DeliveryLimits,
    ) -> Result<Vec<Delivery>, StoreError> {
        const READY: &str = "SELECT EXISTS (SELECT 1 FROM delivery_lanes WHERE ready_at <= $1)";
        // Most looks find nothing: they should not take the writer.
        if !sqlx::query_scalar(READY)
            .bind(micros(self.now().await?))
            .fetch_one(&self.read)
            .await?
        {
            return Ok(Vec::new());
        }
        let lease_id = LeaseId(dialect::lease(self).await);
        let name = lease_id.0.to_string();
        let mut tx = self.begin_leasing(&[Hold::Many]).await?;
        let now = tx.now;
        delivery_lanes::lease_next(&mut tx, micros(now), &name, ends(now, lease), limits).await?;
        let rows = sqlx::query(
            "SELECT d.id, d.smile_job_id, d.of_step, d.after_review, d.url, j.partner, j.environment, j.callback_url, l.failures,
                    CASE WHEN d.of_step > 0 THEN (SELECT s.told_at FROM step_results s
                                                  WHERE s.smile_job_id = d.smile_job_id AND s.sequence = d.of_step)
                        WHEN d.after_review THEN (SELECT r.decided_at FROM reviews r WHERE r.smile_job_id = d.smile_job_id)
                        ELSE j.updated_at END AS told_at,
                    CASE WHEN d.of_step > 0 THEN (SELECT s.result FROM step_results s
                                                  WHERE s.smile_job_id = d.smile_job_id AND s.sequence = d.of_step)
                        WHEN d.after_review THEN (SELECT r.result FROM reviews r WHERE r.smile_job_id = d.smile_job_id)
                        ELSE j.result END AS result,
                    (SELECT COUNT(*) FROM delivery_attempts a WHERE a.delivery = d.id) AS attempts,
                    (SELECT COUNT(*) FROM deliveries e WHERE e.smile_job_id = d.smile_job_id AND e.id <= d.id) AS ordinal
             FROM deliveries d JOIN jobs j USING (smile_job_id) JOIN delivery_lanes l ON l.id = d.lane
             WHERE d.lease IS NOT NULL AND d.lease = $1",
        )
        .bind(&name)
        .fetch_all(&mut *tx)
        .await?;
        let mut taken = Vec::with_capacity(rows.len());
        for row in &rows {
            match self.read_delivery(row, lease_id) {
                Ok(delivery) => taken.push(delivery),
                // The others have nothing to do with it.
                Err(error) if error.is_unreadable() => park(&mut tx, row, &error, now).await?,
                Err(error) => return Err(error),
            }
        }
        tx.commit().await?;
        Ok(taken)
    }

    async fn record_attempt(
        &self,
        delivery: &Delivery,
        attempt: &DeliveryAttempt,
        after: AfterAttempt,
        endpoint: Endpoint,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_shared(&[]).await?;
        let (state, next) = match after {
            AfterAttempt::Delivered => ("delivered", None),
            AfterAttempt::RetryIn(pause) => ("pending", Some(ends(tx.now, pause))),
            AfterAttempt::GiveUp => ("exhausted", None),
        };
        note_endpoint(&mut tx, delivery, endpoint).await?;
        let done = sqlx::query(
            "UPDATE deliveries SET state = $1, next_attempt_at = $2, lease = NULL, lease_until = NULL
             WHERE id = $3 AND lease = $4",
        )
        .bind(state)
        .bind(next)
        .bind(delivery.id.0)
        .bind(delivery.lease.0.to_string())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 1 {
            sqlx::query(
                "INSERT INTO delivery_attempts (delivery, at, duration_ms, http_status, error) VALUES ($1, $2, $3, $4, $5)",
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

    async fn postpone_delivery(
        &self,
        delivery: &Delivery,
        pause: Duration,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_shared(&[]).await?;
        delivery_lanes::hold_of(&mut tx, delivery.smile_job_id.as_str()).await?;
        sqlx::query(
            "UPDATE deliveries SET next_attempt_at = $1, lease = NULL, lease_until = NULL WHERE id = $2 AND lease = $3",
        )
        .bind(ends(tx.now, pause))
        .bind(delivery.id.0)
        .bind(delivery.lease.0.to_string())
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn deliveries(&self, job: &SmileJobId) -> Result<Vec<DeliveryRecord>, StoreError> {
        // One statement: a second one would read tries that the state read before them does not know of.
        let rows = sqlx::query(
            "SELECT d.id, d.state, d.next_attempt_at, d.url, j.callback_url, a.at, a.duration_ms, a.http_status, a.error
             FROM deliveries d JOIN jobs j USING (smile_job_id) LEFT JOIN delivery_attempts a ON a.delivery = d.id
             WHERE d.smile_job_id = $1 ORDER BY d.id, a.id",
        )
        .bind(job.as_str())
        .fetch_all(&self.read)
        .await?;
        let mut records: Vec<DeliveryRecord> = Vec::new();
        let mut latest = None;
        for row in &rows {
            let delivery: i64 = row.try_get("id")?;
            if latest.replace(delivery) != Some(delivery) {
                records.push(self.read_record(row, job)?);
            }
            if let Some(record) = records.last_mut() {
                record.attempts.extend(read_attempt(row)?);
            }
        }
        Ok(records)
    }

    async fn replay_as(
        &self,
        job: &SmileJobId,
        replay: &Replay,
        by: &Actor,
    ) -> Result<Replayed, StoreError> {
        let url = replay.url.as_deref();
        let (sealed, endpoint) = match url {
            Some(url) => (
                Some(self.keys.seal(url.as_bytes(), &url_place(job))?),
                Some(self.endpoint_code(url)),
            ),
            None => (None, None),
        };
        let Some(user) = self.user_of(job).await? else {
            return Ok(Replayed::NotEnded);
        };
        let mut tx = self.begin(&[Hold::User(&user)]).await?;
        // Expiry holds no user: the row keeps it from erasing the job, and its deliveries, before this one is among them.
        let row = sqlx::query(AssertSqlSafe(format!(
            "SELECT erased, callback_url IS NOT NULL AS has_url,
                    EXISTS (SELECT 1 FROM reviews r WHERE r.smile_job_id = jobs.smile_job_id AND r.state = 'decided') AS reviewed
             FROM jobs WHERE smile_job_id = $1 AND state = 'done'{FOR_UPDATE}"
        )))
        .bind(job.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else {
            return Ok(Replayed::NotEnded);
        };
        if row.try_get::<Option<String>, _>("erased")?.is_some() {
            return Ok(Replayed::Erased);
        }
        if url.is_none() && !row.try_get::<bool, _>("has_url")? {
            return Ok(Replayed::NoUrl);
        }
        let after_review: bool = row.try_get("reviewed")?;
        let (all, there) = self.waiting(&mut tx, job, url, after_review).await?;
        if replay.unless_pending && there {
            return Ok(Replayed::Pending);
        }
        if replay.at_most.is_some_and(|most| all >= most) {
            return Ok(Replayed::TooMany);
        }
        sqlx::query(
            "INSERT INTO deliveries (smile_job_id, state, next_attempt_at, after_review, url, endpoint)
             VALUES ($1, 'pending', $2, $3, $4, $5)",
        )
        .bind(job.as_str())
        .bind(micros(tx.now))
        .bind(after_review)
        .bind(sealed)
        .bind(endpoint)
        .execute(&mut *tx)
        .await?;
        self.append_audit(
            &mut tx,
            &AuditEntry {
                actor: by.clone(),
                action: AuditAction::CallbackReplayed,
                subject: format!("job {job}"),
                details: match url {
                    Some(_) => serde_json::json!({"elsewhere": true}),
                    None => serde_json::json!({}),
                },
            },
        )
        .await?;
        tx.commit().await?;
        Ok(Replayed::Queued)
    }
}

impl SqlStore {
    /// Where the delivery of a row with `url` and `callback_url` goes: the inner error where that cannot be read.
    fn url_of(
        &self,
        row: &DbRow,
        job: &SmileJobId,
    ) -> Result<Option<Result<String, StoreError>>, StoreError> {
        let (own, jobs): (Option<&[u8]>, Option<&[u8]>) =
            (row.try_get("url")?, row.try_get("callback_url")?);
        let open = |sealed: &[u8], place: String| {
            let plain = self.keys.open(sealed, &place, "callback URL")?;
            String::from_utf8(plain).map_err(|e| StoreError::Corrupt("callback URL", e.to_string()))
        };
        Ok(match (own, jobs) {
            (Some(sealed), _) => Some(open(sealed, url_place(job))),
            (None, Some(sealed)) => Some(open(sealed, job_place(job, "callback_url"))),
            (None, None) => None,
        })
    }

    /// How many deliveries a job has, and whether one of its latest result waits to go to this URL; `None`: to its own. One that is under
    /// way does not wait: its receiver may have it already.
    async fn waiting(
        &self,
        tx: &mut Tx,
        job: &SmileJobId,
        url: Option<&str>,
        after_review: bool,
    ) -> Result<(u32, bool), StoreError> {
        let all: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM deliveries WHERE smile_job_id = $1")
                .bind(job.as_str())
                .fetch_one(&mut **tx)
                .await?;
        let rows = sqlx::query(
            "SELECT d.url, j.callback_url FROM deliveries d JOIN jobs j USING (smile_job_id)
             WHERE d.smile_job_id = $1 AND d.state = 'pending' AND d.of_step = 0 AND d.after_review = $2
               AND (d.lease IS NULL OR d.lease_until <= $3)",
        )
        .bind(job.as_str())
        .bind(after_review)
        .bind(micros(tx.now))
        .fetch_all(&mut **tx)
        .await?;
        let mut there = false;
        for row in &rows {
            there |= match url {
                None => row.try_get::<Option<&[u8]>, _>("url")?.is_none(),
                // What cannot be read waits for nothing.
                Some(url) => self
                    .url_of(row, job)?
                    .and_then(Result::ok)
                    .is_some_and(|waiting| waiting == url),
            };
        }
        Ok((u32::try_from(all).unwrap_or(u32::MAX), there))
    }

    /// A delivery as it is on record, without its tries.
    fn read_record(&self, row: &DbRow, job: &SmileJobId) -> Result<DeliveryRecord, StoreError> {
        let next: Option<i64> = row.try_get("next_attempt_at")?;
        Ok(DeliveryRecord {
            url: self.url_of(row, job)?.and_then(Result::ok),
            state: match row.try_get("state")? {
                "delivered" => DeliveryState::Delivered,
                "exhausted" => DeliveryState::Exhausted,
                "withdrawn" => DeliveryState::Withdrawn,
                "unreadable" => DeliveryState::Unreadable,
                _ => DeliveryState::Pending,
            },
            next_attempt_at: next.map(timestamp).transpose()?,
            attempts: Vec::new(),
        })
    }

    fn read_delivery(&self, row: &DbRow, lease: LeaseId) -> Result<Delivery, StoreError> {
        let smile_job_id = record::smile_job_id(row)?;
        Ok(Delivery {
            id: DeliveryId(row.try_get("id")?),
            lease,
            partner: id(
                PartnerId::new(row.try_get::<String, _>("partner")?),
                "partner",
            )?,
            environment: parse(row.try_get("environment")?, "environment")?,
            url: self
                .url_of(row, &smile_job_id)?
                .ok_or_else(|| StoreError::Corrupt("callback URL", "it is absent".to_owned()))??,
            told_at: timestamp(row.try_get("told_at")?)?,
            result: record::result_of(row, &smile_job_id, &self.keys.get())?,
            attempts: number(row, "attempts")?,
            ordinal: number(row, "ordinal")?,
            endpoint_failures: number(row, "failures")?,
            smile_job_id,
        })
    }
}

/// Records what a try says about the lane. Before the delivery itself is put back: the trigger reads the lane.
async fn note_endpoint(
    tx: &mut Tx,
    delivery: &Delivery,
    endpoint: Endpoint,
) -> Result<(), StoreError> {
    let now = tx.now;
    let (fails, not_before) = match endpoint {
        Endpoint::Answers => (false, now),
        Endpoint::Fails { pause } => (true, now.checked_add(pause).unwrap_or(now)),
    };
    sqlx::query(
        // An answer ends a pause; the lane keeps its place in the line, which its last turn gave it.
        "UPDATE delivery_lanes SET failures = CASE WHEN $1 THEN failures + 1 ELSE 0 END,
                not_before = CASE WHEN $1 OR $2 < not_before THEN $2 ELSE not_before END
         WHERE id = (SELECT lane FROM deliveries WHERE id = $3 AND lease = $4)",
    )
    .bind(fails)
    .bind(micros(not_before))
    .bind(delivery.id.0)
    .bind(delivery.lease.0.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes a delivery that cannot be read out of the queue, and says so where its tries are listed.
async fn park(
    tx: &mut DbConnection,
    row: &DbRow,
    error: &StoreError,
    now: Timestamp,
) -> Result<(), StoreError> {
    let delivery: i64 = row.try_get("id")?;
    tracing::error!(delivery, %error, "a callback cannot be read; it is not tried any more");
    sqlx::query(
        "UPDATE deliveries SET state = 'unreadable', next_attempt_at = NULL, lease = NULL, lease_until = NULL WHERE id = $1",
    )
    .bind(delivery)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO delivery_attempts (delivery, at, duration_ms, error) VALUES ($1, $2, 0, $3)",
    )
    .bind(delivery)
    .bind(micros(now))
    .bind(error.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

fn number(row: &DbRow, column: &str) -> Result<u32, StoreError> {
    Ok(u32::try_from(row.try_get::<i64, _>(column)?).unwrap_or(u32::MAX))
}

/// The try of a row; `None` where its delivery was not tried yet.
fn read_attempt(row: &DbRow) -> Result<Option<DeliveryAttempt>, StoreError> {
    let Some(at) = row.try_get("at")? else {
        return Ok(None);
    };
    Ok(Some(DeliveryAttempt {
        at: timestamp(at)?,
        duration_ms: u64::try_from(row.try_get::<i64, _>("duration_ms")?).unwrap_or(0),
        http_status: row
            .try_get::<Option<i64>, _>("http_status")?
            .and_then(|s| u16::try_from(s).ok()),
        error: row.try_get("error")?,
    }))
}
