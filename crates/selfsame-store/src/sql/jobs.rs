//! Jobs on record: recording them, taking their packages, reading them back.

use async_trait::async_trait;
use bytes::Bytes;
use selfsame_job::job::Job;
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::{self, DbRow};
use super::record::{self, id, job_columns, micros, text, timestamp};
use super::tx::Tx;
use super::unreadable::readable;
use crate::blobs::BlobId;
use crate::blobs::sealed::{Written, computed};
use crate::error::StoreError;
use crate::store::{
    Accepted, Granted, JobFilter, JobResultRecord, Jobs, NewJob, Prepared, Results, UploadGrant,
};

/// What codes of requests and of packages are for.
pub(super) const REQUEST: &[u8] = b"request";
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
        let row = sqlx::query(
            "SELECT state, grant_expires_at, environment, partner FROM jobs WHERE grant_hash = $1",
        )
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
        let (environment, partner): (String, String) = (row.try_get(2)?, row.try_get(3)?);
        let accepted = self
            .queue_with(token_hash, (&environment, &partner), &blob, &code)
            .await;
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
        let bytes = package.len();
        let digest = computed(bytes, move || Ok(Sha256::digest(&package))).await?;
        Ok(self.code(PACKAGE, &digest.into()))
    }

    async fn queue_with(
        &self,
        token_hash: &[u8; 32],
        whose: (&str, &str),
        blob: &Written,
        code: &[u8],
    ) -> Result<Accepted, StoreError> {
        let mut tx = self.begin_shared(&[]).await?;
        let accepted = self
            .queue_in(&mut tx, token_hash, whose, blob, code)
            .await?;
        tx.end(accepted == Accepted::Queued).await?;
        if accepted == Accepted::Queued {
            dialect::ring(self);
        }
        Ok(accepted)
    }

    async fn queue_in(
        &self,
        tx: &mut Tx,
        token_hash: &[u8; 32],
        (environment, partner): (&str, &str),
        blob: &Written,
        code: &[u8],
    ) -> Result<Accepted, StoreError> {
        if self.queue_is_full(tx, environment, partner).await? {
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
        .execute(&mut **tx)
        .await?;
        // Another package came by it, or it is gone.
        Ok(match done.rows_affected() {
            1 => Accepted::Queued,
            _ => Accepted::Used,
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
