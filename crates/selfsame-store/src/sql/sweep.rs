//! Removing what is too old, a few hundred rows at a time: nothing else waits for long, however much there is.

use async_trait::async_trait;
use futures::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row as _};

use super::SqlStore;
use super::dialect::{self, LISTED, SKIP_LOCKED};
use super::record::micros;
use super::tx::Hold;
use crate::blobs::{BlobId, ORPHAN_AGE};
use crate::error::StoreError;
use crate::store::{KeepSince, Swept, Upkeep};

/// Rows that one transaction takes.
const BATCH: usize = 200;

#[async_trait]
impl Upkeep for SqlStore {
    async fn expire_uploads(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut expired = 0;
        loop {
            let done = sqlx::query(AssertSqlSafe(format!(
                "DELETE FROM jobs WHERE seq IN (
                     SELECT seq FROM jobs WHERE state = 'awaiting_upload' AND grant_expires_at < $1
                     LIMIT $2{SKIP_LOCKED})"
            )))
            .bind(micros(before))
            .bind(BATCH as i64)
            .execute(&self.write)
            .await?;
            expired += done.rows_affected();
            if done.rows_affected() < BATCH as u64 {
                return Ok(expired);
            }
        }
    }

    async fn sweep(&self, keep: &KeepSince) -> Result<Swept, StoreError> {
        let swept = Swept {
            packages: self.sweep_packages(keep.packages).await?,
            results: self.sweep_results(keep.results).await?,
            fraud_records: self
                .sweep_fraud_records(micros(keep.results), BATCH)
                .await?,
        };
        dialect::truncate_log(self).await?;
        Ok(swept)
    }

    async fn sweep_orphans(&self) -> Result<u64, StoreError> {
        let mut removed = self.blobs.tidy(ORPHAN_AGE).await?;
        let mut old = self.blobs.list(ORPHAN_AGE).try_chunks(BATCH);
        while let Some(blobs) = old.try_next().await.map_err(|e| e.1)? {
            let names: Vec<&str> = blobs.iter().map(BlobId::as_str).collect();
            // Where SQLite writes, behind whoever writes now: a row that names one of these is committed and
            // seen, or its writer finds that it took too long (`Written::in_time`).
            let used: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
                "SELECT blob FROM jobs WHERE blob IN ({LISTED})"
            )))
            .bind(serde_json::json!(names).to_string())
            .fetch_all(&self.write)
            .await?;
            for blob in &blobs {
                if !used.iter().any(|used| used == blob.as_str()) {
                    self.blobs.delete(blob).await?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }
}

impl SqlStore {
    /// Erases packages of jobs that ended before, and are neither anybody's photo nor waited for by a review.
    async fn sweep_packages(&self, before: Timestamp) -> Result<u64, StoreError> {
        const OLD: &str = "state = 'done' AND blob IS NOT NULL AND updated_at < $1
             AND NOT EXISTS (SELECT 1 FROM users u WHERE u.photo = jobs.smile_job_id)
             AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.smile_job_id = jobs.smile_job_id
                             AND (r.state = 'pending' OR r.decided_at >= $1))";
        let mut removed = 0;
        loop {
            let found = sqlx::query(AssertSqlSafe(format!(
                "SELECT seq, blob FROM jobs WHERE {OLD} ORDER BY updated_at LIMIT $2"
            )))
            .bind(micros(before))
            .bind(BATCH as i64)
            .fetch_all(&self.read)
            .await?;
            let mut tx = self.begin(&[Hold::Many]).await?;
            let (mut blobs, mut let_go) = (Vec::new(), 0);
            for row in &found {
                // It may have become somebody's photo since it was found.
                let done = sqlx::query(AssertSqlSafe(format!(
                    "UPDATE jobs SET blob = NULL WHERE seq = $2 AND {OLD}"
                )))
                .bind(micros(before))
                .bind(row.try_get::<i64, _>("seq")?)
                .execute(&mut *tx)
                .await?;
                if done.rows_affected() == 1 {
                    let_go += 1;
                    blobs.extend(BlobId::parse(row.try_get("blob")?));
                }
            }
            tx.commit().await?;
            for blob in &blobs {
                self.blobs.delete(blob).await?;
            }
            removed += blobs.len() as u64;
            if found.len() < BATCH || let_go == 0 {
                return Ok(removed);
            }
        }
    }

    /// Erases what jobs hold that ended before, and do not wait for a review.
    async fn sweep_results(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut erased = 0;
        loop {
            let jobs: Vec<i64> = sqlx::query_scalar(
                "SELECT seq FROM jobs WHERE state = 'done' AND erased IS NULL AND updated_at < $1
                 AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.smile_job_id = jobs.smile_job_id
                                 AND (r.state = 'pending' OR r.decided_at >= $1))
                 ORDER BY updated_at LIMIT $2",
            )
            .bind(micros(before))
            .bind(BATCH as i64)
            .fetch_all(&self.read)
            .await?;
            let done = self.expire_contents(&jobs).await?;
            erased += done;
            if jobs.len() < BATCH || done == 0 {
                return Ok(erased);
            }
        }
    }
}
