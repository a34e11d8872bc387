//! Jobs on record: recording them, taking their packages, reading them back.

use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::job::{Api, Job, JobState};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId};
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::SqliteStore;
use super::record::{self, id, job_columns, job_place, micros, text, timestamp};
use super::unreadable::readable;
use crate::blobs::BlobId;
use crate::blobs::sealed::Written;
use crate::error::StoreError;
use crate::store::{Accepted, Granted, JobFilter, JobResultRecord, NewJob, Prepared, UploadGrant};

/// What codes of requests and of packages are for.
const REQUEST: &[u8] = b"request";
const PACKAGE: &[u8] = b"package";

/// The latest job of a request that has this code.
const SAME_REQUEST: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM jobs WHERE partner = ? AND environment = ? AND request_code = ? ORDER BY seq DESC LIMIT 1"
);

impl SqliteStore {
    /// Records a job: waiting for its package with a grant, or queued with the package at once.
    pub(super) async fn insert_job(
        &self,
        job: &NewJob,
        grant: Option<&UploadGrant>,
        package: Option<Bytes>,
    ) -> Result<Prepared, StoreError> {
        let blob = match package {
            Some(package) => {
                let began = Timestamp::now();
                Some(self.blobs.put(package, &self.keys, began).await?)
            }
            None => None,
        };
        let recorded = self.insert_job_row(job, grant, blob.as_ref()).await;
        if let Some(blob) = &blob
            && !matches!(recorded, Ok(Prepared::Recorded) | Err(_))
        {
            self.blobs.discard(blob.id()).await;
        }
        recorded
    }

    async fn insert_job_row(
        &self,
        job: &NewJob,
        grant: Option<&UploadGrant>,
        blob: Option<&Written>,
    ) -> Result<Prepared, StoreError> {
        let now = micros(Timestamp::now());
        let request = serde_json::to_vec(&job.request)
            .map_err(|e| StoreError::Corrupt("job request", e.to_string()))?;
        let request = self
            .keys
            .seal(&request, &job_place(&job.smile_job_id, "request"))?;
        let (partner, environment) = (job.user.partner.as_str(), job.user.environment.as_str());
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        if self.queue_is_full(&mut tx, environment, partner).await? {
            return Ok(Prepared::QueueFull);
        }
        let request_code = job.request_digest.map(|d| self.code(REQUEST, &d));
        // The same request once more. With its package it has its job; without one its answer, the upload URL, was lost.
        let mut lost = false;
        if let Some(code) = &request_code
            && let Some(row) = sqlx::query(SAME_REQUEST)
                .bind(partner)
                .bind(environment)
                .bind(code)
                .fetch_optional(&mut *tx)
                .await?
        {
            lost = row.try_get::<String, _>("state")? == "awaiting_upload";
            if !lost && blob.is_some() {
                let name = SmileJobId::new(row.try_get::<String, _>("smile_job_id")?);
                return Ok(Prepared::Repeats(id(name, "smile job id")?));
            }
        }
        let earlier: Option<String> = sqlx::query_scalar(
            "SELECT state FROM jobs WHERE partner = ? AND environment = ? AND job_id = ? ORDER BY seq DESC LIMIT 1",
        )
        .bind(partner)
        .bind(environment)
        .bind(job.job_id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        let passed = job.retry && self.has_passed(&mut tx, job).await?;
        match earlier
            .map(|s| record::parse::<JobState>(s, "job state"))
            .transpose()?
        {
            None => {}
            Some(JobState::Done) if passed => return Ok(Prepared::AlreadyPassed),
            Some(JobState::Done) if job.retry => {}
            // Its package never came; the new attempt takes its place and its upload URL dies.
            Some(JobState::AwaitingUpload) if job.retry || lost => {
                sqlx::query(
                    "DELETE FROM jobs WHERE partner = ? AND environment = ? AND job_id = ? AND state = 'awaiting_upload'",
                )
                .bind(partner)
                .bind(environment)
                .bind(job.job_id.as_str())
                .execute(&mut *tx)
                .await?;
            }
            Some(_) => return Ok(Prepared::JobExists),
        }
        if grant.is_some() && self.too_many_uploads(&mut tx, &job.user).await? {
            return Ok(Prepared::TooManyUploads);
        }
        // After an earlier attempt without a package is gone: it held the challenge.
        if !self.take_challenge(&mut tx, job, Timestamp::now()).await? {
            return Ok(Prepared::ChallengeTaken);
        }
        let (state, name) = match blob {
            Some(blob) => (JobState::Queued, Some(blob.in_time(Timestamp::now())?)),
            None => (JobState::AwaitingUpload, None),
        };
        sqlx::query(
            "INSERT INTO jobs (smile_job_id, partner, environment, user_id, job_id, kind, state, request, blob,
                               grant_hash, grant_expires_at, request_code, created_at, updated_at, synchronous)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(job.smile_job_id.as_str())
        .bind(partner)
        .bind(environment)
        .bind(job.user.user.as_str())
        .bind(job.job_id.as_str())
        .bind(text(&job.job_type))
        .bind(text(&state))
        .bind(request)
        .bind(name.map(BlobId::as_str))
        .bind(grant.map(|g| g.token_hash.to_vec()))
        .bind(grant.map(|g| micros(g.expires_at)))
        .bind(request_code)
        .bind(now)
        .bind(now)
        .bind(job.request.api == Api::V2)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Prepared::Recorded)
    }

    pub(super) async fn look_up_grant(
        &self,
        token_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Granted, StoreError> {
        let row =
            sqlx::query("SELECT partner, state, grant_expires_at FROM jobs WHERE grant_hash = ?")
                .bind(token_hash.as_slice())
                .fetch_optional(&self.read)
                .await?;
        let Some(row) = row else {
            return Ok(Granted::Unknown);
        };
        let waits = row.try_get::<String, _>(1)? == "awaiting_upload";
        if waits && row.try_get::<i64, _>(2)? < micros(now) {
            return Ok(Granted::Expired);
        }
        let partner = id(PartnerId::new(row.try_get::<String, _>(0)?), "partner id")?;
        Ok(Granted::Good(partner))
    }

    pub(super) async fn take_package(
        &self,
        token_hash: &[u8; 32],
        now: Timestamp,
        package: Bytes,
    ) -> Result<Accepted, StoreError> {
        let row = sqlx::query("SELECT state, grant_expires_at FROM jobs WHERE grant_hash = ?")
            .bind(token_hash.as_slice())
            .fetch_optional(&self.read)
            .await?;
        let Some(row) = row else {
            return Ok(Accepted::Unknown);
        };
        let code = self.package_code(package.clone()).await?;
        if row.try_get::<String, _>(0)? != "awaiting_upload" {
            return self.used_by(token_hash, &code).await;
        }
        if row.try_get::<i64, _>(1)? < micros(now) {
            return Ok(Accepted::Expired);
        }
        let began = Timestamp::now();
        let blob = self.blobs.put(package, &self.keys, began).await?;
        let accepted = self.queue_with(token_hash, now, &blob, &code).await;
        // After an error the row may be there all the same.
        if !matches!(accepted, Ok(Accepted::Queued) | Err(_)) {
            self.blobs.discard(blob.id()).await;
        }
        match accepted {
            Ok(Accepted::Used) => self.used_by(token_hash, &code).await,
            other => other,
        }
    }

    /// What an upload URL that was used says to a package: the same one may come again, for its answer may have been lost.
    async fn used_by(&self, token_hash: &[u8; 32], code: &[u8]) -> Result<Accepted, StoreError> {
        let same: Option<bool> =
            sqlx::query_scalar("SELECT package_code IS ? FROM jobs WHERE grant_hash = ?")
                .bind(code)
                .bind(token_hash.as_slice())
                .fetch_optional(&self.read)
                .await?;
        Ok(match same {
            Some(true) => Accepted::Repeated,
            Some(false) => Accepted::Used,
            None => Accepted::Unknown,
        })
    }

    async fn package_code(&self, package: Bytes) -> Result<Vec<u8>, StoreError> {
        let digest = tokio::task::spawn_blocking(move || Sha256::digest(&package)).await;
        let digest = digest.map_err(|e| StoreError::Corrupt("package", e.to_string()))?;
        Ok(self.code(PACKAGE, &digest.into()))
    }

    /// Whether an attempt at the job's `job_id` passed, or waits for a person.
    async fn has_passed(
        &self,
        connection: &mut SqliteConnection,
        job: &NewJob,
    ) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM jobs j LEFT JOIN reviews r ON r.smile_job_id = j.smile_job_id
                            WHERE j.partner = ? AND j.environment = ? AND j.job_id = ?
                            AND (j.success OR r.state = 'pending' OR r.success))",
        )
        .bind(job.user.partner.as_str())
        .bind(job.user.environment.as_str())
        .bind(job.job_id.as_str())
        .fetch_one(connection)
        .await?)
    }

    pub(super) async fn select_repeated(
        &self,
        partner: &PartnerId,
        environment: Environment,
        request_digest: &[u8; 32],
    ) -> Result<Option<Job>, StoreError> {
        let row = sqlx::query(SAME_REQUEST)
            .bind(partner.as_str())
            .bind(environment.as_str())
            .bind(self.code(REQUEST, request_digest))
            .fetch_optional(&self.read)
            .await?;
        row.map(|r| record::job(&r, &self.keys)).transpose()
    }

    async fn queue_with(
        &self,
        token_hash: &[u8; 32],
        now: Timestamp,
        blob: &Written,
        code: &[u8],
    ) -> Result<Accepted, StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let whose: Option<(String, String)> =
            sqlx::query_as("SELECT environment, partner FROM jobs WHERE grant_hash = ?")
                .bind(token_hash.as_slice())
                .fetch_optional(&mut *tx)
                .await?;
        let Some((environment, partner)) = whose else {
            return Ok(Accepted::Unknown);
        };
        if self.queue_is_full(&mut tx, &environment, &partner).await? {
            return Ok(Accepted::QueueFull);
        }
        let done = sqlx::query(
            "UPDATE jobs SET state = 'queued', blob = ?, package_code = ?, updated_at = ?
             WHERE grant_hash = ? AND state = 'awaiting_upload'",
        )
        .bind(blob.in_time(Timestamp::now())?.as_str())
        .bind(code)
        .bind(micros(now))
        .bind(token_hash.as_slice())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(if done.rows_affected() == 1 {
            Accepted::Queued
        } else {
            Accepted::Used
        })
    }

    pub(super) async fn read_package(&self, job: &SmileJobId) -> Result<Option<Bytes>, StoreError> {
        let blob: Option<Option<String>> =
            sqlx::query_scalar("SELECT blob FROM jobs WHERE smile_job_id = ?")
                .bind(job.as_str())
                .fetch_optional(&self.read)
                .await?;
        match blob.flatten() {
            Some(blob) => {
                let blob = BlobId::from_record(&blob)?;
                self.blobs.get(&blob, &self.keys).await
            }
            None => Ok(None),
        }
    }

    pub(super) async fn select_job(&self, id: &SmileJobId) -> Result<Option<Job>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE smile_job_id = ?"
        ))
        .bind(id.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.map(|r| record::job(&r, &self.keys)).transpose()
    }

    pub(super) async fn select_latest_job(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Option<Job>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE partner = ? AND environment = ? AND job_id = ? ORDER BY seq DESC LIMIT 1"
        ))
        .bind(partner.as_str())
        .bind(environment.as_str())
        .bind(job.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.map(|r| record::job(&r, &self.keys)).transpose()
    }

    pub(super) async fn select_jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE (?1 IS NULL OR partner = ?1) AND (?2 IS NULL OR environment = ?2)
              AND (?3 IS NULL OR state = ?3) ORDER BY seq DESC LIMIT ?4"
        ))
        .bind(filter.partner.as_ref().map(PartnerId::as_str))
        .bind(filter.environment.map(Environment::as_str))
        .bind(filter.state.as_ref().map(text))
        .bind(if filter.limit == 0 {
            100
        } else {
            i64::from(filter.limit)
        })
        .fetch_all(&self.read)
        .await?;
        readable(&rows, "job", |r| record::job(r, &self.keys))
    }

    fn read_result(&self, row: &SqliteRow) -> Result<JobResultRecord, StoreError> {
        let smile_job_id = id(
            SmileJobId::new(row.try_get::<String, _>("smile_job_id")?),
            "smile job id",
        )?;
        Ok(JobResultRecord {
            result: record::result(
                row.try_get("result")?,
                &smile_job_id,
                row.try_get("after_review")?,
                &self.keys,
            )?,
            success: row.try_get("success")?,
            result_code: row.try_get("result_code")?,
            finished_at: timestamp(row.try_get("finished_at")?)?,
            smile_job_id,
        })
    }

    pub(super) async fn select_result(
        &self,
        id: &SmileJobId,
    ) -> Result<Option<JobResultRecord>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM results WHERE smile_job_id = ? ORDER BY after_review DESC LIMIT 1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.map(|r| self.read_result(&r)).transpose()
    }

    pub(super) async fn select_results(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Vec<JobResultRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM results WHERE partner = ? AND environment = ? AND job_id = ?
             ORDER BY seq DESC, after_review DESC",
        )
        .bind(partner.as_str())
        .bind(environment.as_str())
        .bind(job.as_str())
        .fetch_all(&self.read)
        .await?;
        readable(&rows, "result", |r| self.read_result(r))
    }
}
