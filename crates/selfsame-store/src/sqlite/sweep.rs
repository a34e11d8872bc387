//! Removing what is too old, a few hundred rows at a time: nothing else waits for long, however much there is.

use futures::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection};

use super::SqliteStore;
use super::record::micros;
use crate::blobs::{BlobId, ORPHAN_AGE};
use crate::error::StoreError;
use crate::store::{KeepSince, Swept};

/// Rows that one transaction takes.
const BATCH: usize = 200;
/// How long clearing the log waits for readers, in milliseconds: the writer waits with it.
const LOG_WAIT: u32 = 200;
/// How long a writer waits for another process, in milliseconds.
pub(super) const WRITER_WAIT: u32 = 10_000;

async fn wait_at_most(
    connection: &mut SqliteConnection,
    milliseconds: u32,
) -> Result<(), sqlx::Error> {
    let pragma = format!("PRAGMA busy_timeout = {milliseconds}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(pragma))
        .execute(connection)
        .await?;
    Ok(())
}

impl SqliteStore {
    /// Forgets jobs whose package never came.
    pub(super) async fn forget_uploads(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut expired = 0;
        loop {
            let done = sqlx::query(
                "DELETE FROM jobs WHERE seq IN (
                     SELECT seq FROM jobs WHERE state = 'awaiting_upload' AND grant_expires_at < ? LIMIT ?)",
            )
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

    pub(super) async fn sweep_old(&self, keep: &KeepSince) -> Result<Swept, StoreError> {
        let swept = Swept {
            packages: self.sweep_packages(keep.packages).await?,
            results: self.sweep_results(keep.results).await?,
        };
        self.truncate_log().await?;
        Ok(swept)
    }

    /// Erases packages of jobs that ended before, and are neither anybody's photo nor waited for by a review.
    async fn sweep_packages(&self, before: Timestamp) -> Result<u64, StoreError> {
        const OLD: &str = "state = 'done' AND blob IS NOT NULL AND updated_at < ?1
             AND NOT EXISTS (SELECT 1 FROM users u WHERE u.photo = jobs.smile_job_id)
             AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.smile_job_id = jobs.smile_job_id
                             AND (r.state = 'pending' OR r.decided_at >= ?1))";
        let mut removed = 0;
        loop {
            let found = sqlx::query(sqlx::AssertSqlSafe(format!(
                "SELECT seq, blob FROM jobs WHERE {OLD} ORDER BY updated_at LIMIT ?2"
            )))
            .bind(micros(before))
            .bind(BATCH as i64)
            .fetch_all(&self.read)
            .await?;
            let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
            let (mut blobs, mut let_go) = (Vec::new(), 0);
            for row in &found {
                // It may have become somebody's photo since it was found.
                let done = sqlx::query(sqlx::AssertSqlSafe(format!(
                    "UPDATE jobs SET blob = NULL WHERE seq = ?2 AND {OLD}"
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
                "SELECT seq FROM jobs WHERE state = 'done' AND erased IS NULL AND updated_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.smile_job_id = jobs.smile_job_id
                                 AND (r.state = 'pending' OR r.decided_at >= ?1))
                 ORDER BY updated_at LIMIT ?2",
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

    /// Removes blobs that no job refers to: what an interrupted upload or erasure left.
    pub(super) async fn remove_orphans(&self) -> Result<u64, StoreError> {
        let mut removed = self.blobs.tidy(ORPHAN_AGE).await?;
        let mut old = self.blobs.list(ORPHAN_AGE).try_chunks(BATCH);
        while let Some(blobs) = old.try_next().await.map_err(|e| e.1)? {
            let names: Vec<&str> = blobs.iter().map(BlobId::as_str).collect();
            // By the one connection that writes, behind whoever writes now: a row that names one of these is committed and
            // seen, or its writer finds that it took too long (`Written::in_time`).
            let used: Vec<String> = sqlx::query_scalar(
                "SELECT blob FROM jobs WHERE blob IN (SELECT value FROM json_each(?))",
            )
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

    /// Empties the write-ahead log into the database, so that what was erased does not linger in it. `false`: somebody reads an
    /// older state just now; try again later.
    pub(super) async fn truncate_log(&self) -> Result<bool, StoreError> {
        let mut connection = self.write.acquire().await?;
        wait_at_most(&mut connection, LOG_WAIT).await?;
        let busy = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut *connection)
            .await;
        wait_at_most(&mut connection, WRITER_WAIT).await?;
        match busy {
            Ok(busy) => Ok(busy == 0),
            // Another process writes.
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("5") => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
