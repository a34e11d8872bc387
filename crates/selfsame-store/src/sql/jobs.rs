//! Jobs on record: recording them, taking their packages, reading them back.

use async_trait::async_trait;
use bytes::Bytes;
use selfsame_job::job::{Api, Job, JobState};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::{self, DbConnection, DbRow};
use super::record::{self, id, job_columns, job_place, micros, text, timestamp};
use super::tx::Hold;
use super::unreadable::readable;
use crate::blobs::BlobId;
use crate::blobs::sealed::Written;
use crate::error::StoreError;
use crate::store::{
    Accepted, Granted, JobFilter, JobResultRecord, Jobs, NewJob, Prepared, Results, UploadGrant,
};

/// What codes of requests and of packages are for.
const REQUEST: &[u8] = b"request";
const PACKAGE: &[u8] = b"package";

/// The latest job of a request that has this code.
const SAME_REQUEST: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM jobs WHERE partner = $1 AND environment = $2 AND request_code = $3 ORDER BY seq DESC LIMIT 1"
);

#[async_trait]
impl Jobs for SqlStore {
    async fn prepare_job(&self, job: &NewJob, grant: &UploadGrant) -> Result<Prepared, StoreError> {
        self.insert_job(job, Some(grant), None).await
    }

    async fn submit_job(&self, job: &NewJob, package: Bytes) -> Result<Prepared, StoreError> {
        let began = self.now().await?;
        let blob = self.blobs.put(package, &self.keys.get(), began).await?;
        let recorded = self.insert_job(job, None, Some(&blob)).await;
        // After an error the row may be there all the same.
        if !matches!(recorded, Ok(Prepared::Recorded) | Err(_)) {
            self.blobs.discard(blob.id()).await;
        }
        recorded
    }

    async fn submit_request(&self, job: &NewJob) -> Result<Prepared, StoreError> {
        self.insert_job(job, None, None).await
    }

    async fn upload_grant(&self, token_hash: &[u8; 32]) -> Result<Granted, StoreError> {
        let row =
            sqlx::query("SELECT partner, state, grant_expires_at FROM jobs WHERE grant_hash = $1")
                .bind(token_hash.as_slice())
                .fetch_optional(&self.read)
                .await?;
        let Some(row) = row else {
            return Ok(Granted::Unknown);
        };
        let waits = row.try_get::<String, _>(1)? == "awaiting_upload";
        if waits && row.try_get::<i64, _>(2)? < micros(self.now().await?) {
            return Ok(Granted::Expired);
        }
        let partner = id(PartnerId::new(row.try_get::<String, _>(0)?), "partner id")?;
        Ok(Granted::Good(partner))
    }

    async fn accept_package(
        &self,
        token_hash: &[u8; 32],
        package: Bytes,
    ) -> Result<Accepted, StoreError> {
        let row = sqlx::query("SELECT state, grant_expires_at FROM jobs WHERE grant_hash = $1")
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
        let began = self.now().await?;
        if row.try_get::<i64, _>(1)? < micros(began) {
            return Ok(Accepted::Expired);
        }
        let blob = self.blobs.put(package, &self.keys.get(), began).await?;
        let accepted = self.queue_with(token_hash, &blob, &code).await;
        // After an error the row may be there all the same.
        if !matches!(accepted, Ok(Accepted::Queued) | Err(_)) {
            self.blobs.discard(blob.id()).await;
        }
        match accepted {
            Ok(Accepted::Used) => self.used_by(token_hash, &code).await,
            other => other,
        }
    }

    async fn repeated(
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
        row.map(|r| record::job(&r, &self.keys.get())).transpose()
    }

    async fn package(&self, job: &SmileJobId) -> Result<Option<Bytes>, StoreError> {
        let blob: Option<Option<String>> =
            sqlx::query_scalar("SELECT blob FROM jobs WHERE smile_job_id = $1")
                .bind(job.as_str())
                .fetch_optional(&self.read)
                .await?;
        match blob.flatten() {
            Some(blob) => {
                let blob = BlobId::from_record(&blob)?;
                self.blobs.get(&blob, &self.keys.get()).await
            }
            None => Ok(None),
        }
    }

    async fn job(&self, id: &SmileJobId) -> Result<Option<Job>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE smile_job_id = $1"
        ))
        .bind(id.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.map(|r| record::job(&r, &self.keys.get())).transpose()
    }

    async fn latest_job(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Option<Job>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE partner = $1 AND environment = $2 AND job_id = $3 ORDER BY seq DESC LIMIT 1"
        ))
        .bind(partner.as_str())
        .bind(environment.as_str())
        .bind(job.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.map(|r| record::job(&r, &self.keys.get())).transpose()
    }

    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE ($1 IS NULL OR partner = $1) AND ($2 IS NULL OR environment = $2)
              AND ($3 IS NULL OR state = $3) ORDER BY seq DESC LIMIT $4"
        ))
        .bind(filter.partner.as_ref().map(PartnerId::as_str))
        .bind(filter.environment.map(Environment::as_str))
        .bind(filter.state.as_ref().map(text))
        .bind(record::at_most(filter.limit))
        .fetch_all(&self.read)
        .await?;
        readable(&rows, "job", |r| record::job(r, &self.keys.get()))
    }
}

#[async_trait]
impl Results for SqlStore {
    async fn result(&self, id: &SmileJobId) -> Result<Option<JobResultRecord>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM results WHERE smile_job_id = $1 AND of_step = 0 ORDER BY after_review DESC LIMIT 1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.map(|r| self.read_result(&r)).transpose()
    }

    async fn results(
        &self,
        partner: &PartnerId,
        environment: Environment,
        job: &JobId,
    ) -> Result<Vec<JobResultRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM results WHERE partner = $1 AND environment = $2 AND job_id = $3
             ORDER BY seq DESC, after_review DESC, CASE WHEN of_step = 0 THEN 0 ELSE 1 END, of_step DESC",
        )
        .bind(partner.as_str())
        .bind(environment.as_str())
        .bind(job.as_str())
        .fetch_all(&self.read)
        .await?;
        readable(&rows, "result", |r| self.read_result(r))
    }
}

impl SqlStore {
    /// Records a job: waiting for its package with a grant, or queued at once, with the package where it has one.
    async fn insert_job(
        &self,
        job: &NewJob,
        grant: Option<&UploadGrant>,
        blob: Option<&Written>,
    ) -> Result<Prepared, StoreError> {
        let request = serde_json::to_vec(&job.request)
            .map_err(|e| StoreError::Corrupt("job request", e.to_string()))?;
        let request = self
            .keys
            .seal(&request, &job_place(&job.smile_job_id, "request"))?;
        let (partner, environment) = (job.user.partner.as_str(), job.user.environment.as_str());
        let request_code = job.request_digest.map(|d| self.code(REQUEST, &d));
        let name = Hold::Job(&job.user.partner, job.user.environment, &job.job_id);
        let mut holds = vec![name];
        holds.extend(request_code.as_deref().map(Hold::Code));
        if job.request.challenge.is_some() {
            holds.push(Hold::User(&job.user));
        }
        let link_code = job
            .request
            .link
            .as_ref()
            .map(|at| self.link_code(&at.reference));
        holds.extend(link_code.as_deref().map(Hold::Code));
        let mut tx = self.begin(&holds).await?;
        let now = micros(tx.now);
        if self.queue_is_full(&mut tx, environment, partner).await? {
            return Ok(Prepared::QueueFull);
        }
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
            if !lost && grant.is_none() {
                return Ok(Prepared::Repeats(record::smile_job_id(&row)?));
            }
        }
        let earlier: Option<String> = sqlx::query_scalar(
            "SELECT state FROM jobs WHERE partner = $1 AND environment = $2 AND job_id = $3 ORDER BY seq DESC LIMIT 1",
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
                let done = sqlx::query(
                    "DELETE FROM jobs WHERE partner = $1 AND environment = $2 AND job_id = $3 AND state = 'awaiting_upload'",
                )
                .bind(partner)
                .bind(environment)
                .bind(job.job_id.as_str())
                .execute(&mut *tx)
                .await?;
                // It came at the last moment.
                if done.rows_affected() == 0 {
                    return Ok(Prepared::JobExists);
                }
            }
            Some(_) => return Ok(Prepared::JobExists),
        }
        if grant.is_some() && self.too_many_uploads(&mut tx, &job.user).await? {
            return Ok(Prepared::TooManyUploads);
        }
        // After an earlier attempt without a package is gone: it held the challenge.
        if !self.take_challenge(&mut tx, job, now).await? {
            return Ok(Prepared::ChallengeTaken);
        }
        if let Some(code) = &link_code
            && !super::links::take(&mut tx, code, job, now).await?
        {
            return Ok(Prepared::LinkTaken);
        }
        let name = blob.map(|blob| blob.in_time(tx.now)).transpose()?;
        let state = if grant.is_some() {
            JobState::AwaitingUpload
        } else {
            JobState::Queued
        };
        sqlx::query(
            "INSERT INTO jobs (smile_job_id, partner, environment, user_id, job_id, kind, state, request, blob,
                               grant_hash, grant_expires_at, request_code, created_at, updated_at, synchronous)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
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
        .bind(job.request.synchronous || job.request.api == Api::V2)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        if state == JobState::Queued {
            dialect::ring(self);
        }
        Ok(Prepared::Recorded)
    }

    /// What an upload URL that was used says to a package: the same one may come again, for its answer may have been lost.
    async fn used_by(&self, token_hash: &[u8; 32], code: &[u8]) -> Result<Accepted, StoreError> {
        let same: Option<bool> = sqlx::query_scalar(
            "SELECT package_code IS NOT DISTINCT FROM $1 FROM jobs WHERE grant_hash = $2",
        )
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
        connection: &mut DbConnection,
        job: &NewJob,
    ) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM jobs j LEFT JOIN reviews r ON r.smile_job_id = j.smile_job_id
                            WHERE j.partner = $1 AND j.environment = $2 AND j.job_id = $3
                            AND (j.success OR r.state = 'pending' OR r.success))",
        )
        .bind(job.user.partner.as_str())
        .bind(job.user.environment.as_str())
        .bind(job.job_id.as_str())
        .fetch_one(connection)
        .await?)
    }

    async fn queue_with(
        &self,
        token_hash: &[u8; 32],
        blob: &Written,
        code: &[u8],
    ) -> Result<Accepted, StoreError> {
        let mut tx = self.begin(&[]).await?;
        let whose: Option<(String, String)> =
            sqlx::query_as("SELECT environment, partner FROM jobs WHERE grant_hash = $1")
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
            "UPDATE jobs SET state = 'queued', blob = $1, package_code = $2, updated_at = $3
             WHERE grant_hash = $4 AND state = 'awaiting_upload'",
        )
        .bind(blob.in_time(tx.now)?.as_str())
        .bind(code)
        .bind(micros(tx.now))
        .bind(token_hash.as_slice())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(if done.rows_affected() == 1 {
            dialect::ring(self);
            Accepted::Queued
        } else {
            Accepted::Used
        })
    }

    fn read_result(&self, row: &DbRow) -> Result<JobResultRecord, StoreError> {
        let smile_job_id = record::smile_job_id(row)?;
        Ok(JobResultRecord {
            result: record::result_of(row, &smile_job_id, &self.keys.get())?,
            success: row.try_get("success")?,
            result_code: row.try_get("result_code")?,
            finished_at: timestamp(row.try_get("finished_at")?)?,
            of_step: row.try_get::<i64, _>("of_step")? != 0,
            smile_job_id,
        })
    }
}
