//! Recording a job: one question about all that may stand in its way, then the row.

use selfsame_job::job::{Api, JobState};
use selfsame_wire::id::SmileJobId;
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::{self, DbConnection};
use super::jobs::REQUEST;
use super::record::{id, job_place, micros, parse, text};
use super::turns::load_columns;
use super::tx::{Hold, Tx};
use crate::blobs::BlobId;
use crate::blobs::sealed::Written;
use crate::error::StoreError;
use crate::store::{NewJob, Prepared, UploadGrant};

/// A job about to be recorded: waiting for its package with a grant, or queued at once, with the package where it has one.
struct Recording<'r> {
    job: &'r NewJob,
    grant: Option<&'r UploadGrant>,
    blob: Option<&'r Written>,
    /// Encrypted.
    request: Vec<u8>,
    request_code: Option<Vec<u8>>,
    link_code: Option<Vec<u8>>,
}

/// What is there already.
struct Found {
    queue_is_full: bool,
    /// How the latest attempt at the job's `job_id` stands.
    earlier: Option<JobState>,
    /// The latest job of the same request, and how it stands.
    same: Option<(SmileJobId, JobState)>,
}

impl SqlStore {
    pub(super) async fn insert_job(
        &self,
        job: &NewJob,
        grant: Option<&UploadGrant>,
        blob: Option<&Written>,
    ) -> Result<Prepared, StoreError> {
        let request = serde_json::to_vec(&job.request)
            .map_err(|e| StoreError::Corrupt("job request", e.to_string()))?;
        let place = job_place(&job.smile_job_id, "request");
        let link = job.request.link.as_ref();
        let recording = Recording {
            job,
            grant,
            blob,
            request: self.keys.seal(&request, &place)?,
            request_code: job.request_digest.map(|d| self.code(REQUEST, &d)),
            link_code: link.map(|at| self.link_code(&at.reference)),
        };
        let mut holds = vec![Hold::Job(
            &job.user.partner,
            job.user.environment,
            &job.job_id,
        )];
        let codes = [&recording.request_code, &recording.link_code];
        holds.extend(codes.into_iter().flatten().map(|code| Hold::Code(code)));
        if job.request.challenge.is_some() {
            holds.push(Hold::User(&job.user));
        }
        let mut tx = self.begin_shared(&holds).await?;
        let prepared = self.insert_in(&mut tx, &recording).await?;
        tx.end(prepared == Prepared::Recorded).await?;
        if prepared == Prepared::Recorded && grant.is_none() {
            dialect::ring(self);
        }
        Ok(prepared)
    }

    async fn insert_in(
        &self,
        tx: &mut Tx,
        recording: &Recording<'_>,
    ) -> Result<Prepared, StoreError> {
        let Recording { job, grant, .. } = *recording;
        let at = tx.now;
        let (partner, environment) = (job.user.partner.as_str(), job.user.environment.as_str());
        let found = self.found(tx, recording).await?;
        // The same request once more. With its package it has its job; without one its answer, the upload URL, was lost.
        let mut lost = false;
        if let Some((first, state)) = found.same {
            lost = state == JobState::AwaitingUpload;
            if !lost && grant.is_none() {
                return Ok(Prepared::Repeats(first));
            }
        }
        if found.queue_is_full {
            return Ok(Prepared::QueueFull);
        }
        let passed = job.retry && self.has_passed(tx, job).await?;
        match found.earlier {
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
                .execute(&mut **tx)
                .await?;
                // It came at the last moment.
                if done.rows_affected() == 0 {
                    return Ok(Prepared::JobExists);
                }
            }
            Some(_) => return Ok(Prepared::JobExists),
        }
        if grant.is_some() && self.too_many_uploads(tx, &job.user).await? {
            return Ok(Prepared::TooManyUploads);
        }
        // After an earlier attempt without a package is gone: it held the challenge.
        if !self.take_challenge(tx, job, micros(at)).await? {
            return Ok(Prepared::ChallengeTaken);
        }
        if let Some(code) = &recording.link_code
            && !super::links::take(tx, code, job, micros(at)).await?
        {
            return Ok(Prepared::LinkTaken);
        }
        let name = recording.blob.map(|blob| blob.in_time(at)).transpose()?;
        let state = match grant {
            Some(_) => JobState::AwaitingUpload,
            None => JobState::Queued,
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
        .bind(&recording.request)
        .bind(name.map(BlobId::as_str))
        .bind(grant.map(|g| g.token_hash.to_vec()))
        .bind(grant.map(|g| micros(g.expires_at)))
        .bind(&recording.request_code)
        .bind(micros(at))
        .bind(micros(at))
        .bind(job.request.synchronous || job.request.api == Api::V2)
        .execute(&mut **tx)
        .await?;
        Ok(Prepared::Recorded)
    }

    async fn found(
        &self,
        tx: &mut DbConnection,
        recording: &Recording<'_>,
    ) -> Result<Found, StoreError> {
        let job = recording.job;
        let environment = job.user.environment.as_str();
        let row = sqlx::query(concat!(
            "SELECT ",
            load_columns!(),
            ", (SELECT state FROM jobs WHERE partner = $2 AND environment = $1 AND job_id = $3 ORDER BY seq DESC LIMIT 1) AS earlier,
               (SELECT smile_job_id FROM jobs WHERE partner = $2 AND environment = $1 AND request_code = $4
                ORDER BY seq DESC LIMIT 1) AS same,
               (SELECT state FROM jobs WHERE partner = $2 AND environment = $1 AND request_code = $4
                ORDER BY seq DESC LIMIT 1) AS same_state
             FROM open_jobs WHERE state IN ('queued', 'running', 'waiting')"
        ))
        .bind(environment)
        .bind(job.user.partner.as_str())
        .bind(job.job_id.as_str())
        .bind(&recording.request_code)
        .fetch_one(tx)
        .await?;
        let state = |name: &str| -> Result<Option<JobState>, StoreError> {
            let state: Option<String> = row.try_get(name)?;
            state.map(|state| parse(state, "job state")).transpose()
        };
        let same: Option<String> = row.try_get("same")?;
        let same = same.map(|job| id(SmileJobId::new(job), "smile job id"));
        Ok(Found {
            queue_is_full: self.is_full(&row, environment)?,
            earlier: state("earlier")?,
            same: same.transpose()?.zip(state("same_state")?),
        })
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
}
