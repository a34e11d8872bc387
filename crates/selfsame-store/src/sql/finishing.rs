//! Ending a job: all that it was judged by is read again in one question, and the outcome is committed while it is still so.

use selfsame_job::erasure::{Erasure, is_withheld};
use selfsame_job::lockout::FailedAttempts;
use selfsame_job::user::UserState;
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::DbConnection;
use super::erasure::blob;
use super::images::Remembered;
use super::record::{Origin, micros, parse, result_place};
use super::tx::{Hold, Tx};
use super::{attempts, registrants, users};
use crate::blobs::BlobId;
use crate::error::StoreError;
use crate::store::{Claim, Finished, Outcome};

/// A claimed job and its user, as they stand in a transaction that holds the user.
pub(super) struct AsItIs {
    pub(super) mark: Option<Erasure>,
    pub(super) blob: Option<BlobId>,
    pub(super) user: UserState,
    pub(super) failed: Option<FailedAttempts>,
}

/// Reads it. `None`: the claim was lost.
pub(super) async fn as_it_is(
    tx: &mut DbConnection,
    claim: &Claim,
) -> Result<Option<AsItIs>, StoreError> {
    let row = sqlx::query(
        "SELECT j.erased, j.blob, u.status, u.fraud_locked,
                CASE WHEN u.template IS NULL OR u.model_digest IS NULL THEN NULL ELSE u.photo END AS photo,
                f.count AS failures, f.last_at, f.locked_until
         FROM jobs j
         LEFT JOIN users u ON u.partner = j.partner AND u.environment = j.environment AND u.user_id = j.user_id
         LEFT JOIN failed_attempts f ON f.partner = j.partner AND f.environment = j.environment AND f.user_id = j.user_id
         WHERE j.smile_job_id = $1 AND j.lease = $2 AND j.state = 'running'",
    )
    .bind(claim.job.smile_job_id.as_str())
    .bind(claim.lease.0.to_string())
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let mark: Option<String> = row.try_get("erased")?;
    Ok(Some(AsItIs {
        mark: mark.map(|text| parse(text, "erasure")).transpose()?,
        blob: blob(&row)?,
        user: users::state(&row)?,
        failed: attempts::failures(&row)?,
    }))
}

/// An outcome with what is encrypted of it, ready to be written down.
struct Sealed {
    result: Vec<u8>,
    callback: Option<Vec<u8>>,
    id_code: Option<Vec<u8>>,
}

/// What the transaction came to.
enum Ended {
    /// All of the outcome is in it.
    Kept(Vec<Remembered>),
    /// The job is ended without the outcome: its user was deleted.
    Withheld(Option<BlobId>),
    /// Nothing of it may stay.
    Not(Finished),
}

impl SqlStore {
    pub(super) async fn finish(
        &self,
        claim: &Claim,
        outcome: &Outcome,
    ) -> Result<Finished, StoreError> {
        let job = &claim.job;
        let place = result_place(&job.smile_job_id, Origin::End);
        let sealed = Sealed {
            result: self.keys.seal(&outcome.result, &place)?,
            callback: self.seal_callback(&job.smile_job_id, outcome.callback_url.as_deref())?,
            id_code: outcome.registers.as_ref().map(|query| self.id_code(query)),
        };
        let codes: Vec<Vec<u8>> = outcome
            .accepted
            .iter()
            .map(|image| self.file_code(&image.exact))
            .collect();
        let mut holds = vec![Hold::User(&job.user)];
        holds.extend(codes.iter().map(|code| Hold::Code(code)));
        let (partner, environment) = (&job.user.partner, job.user.environment);
        if outcome.searched.is_some() {
            holds.push(Hold::AllUsers(partner, environment));
        } else if outcome.enrol.is_some() {
            holds.push(Hold::Users(partner, environment));
        }
        // Pictures near to these are looked for in memory too, where they come behind the commit: nobody may look between.
        let mut tx = match outcome.accepted.is_empty() {
            true => self.begin_shared(&holds).await?,
            false => self.begin(&holds).await?,
        };
        let ended = self.finish_in(&mut tx, claim, outcome, sealed).await?;
        tx.end(!matches!(ended, Ended::Not(_))).await?;
        Ok(match ended {
            Ended::Kept(images) => {
                self.recent.add(&job.user, images).await;
                Finished::Committed
            }
            Ended::Withheld(blob) => {
                if let Some(blob) = blob {
                    self.blobs.discard(&blob).await;
                }
                Finished::UserDeleted
            }
            Ended::Not(finished) => finished,
        })
    }

    async fn finish_in(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        outcome: &Outcome,
        sealed: Sealed,
    ) -> Result<Ended, StoreError> {
        let (job, judged_at, now) = (&claim.job, tx.now, micros(tx.now));
        let Some(found) = as_it_is(tx, claim).await? else {
            return Ok(Ended::Not(Finished::LostClaim));
        };
        if is_withheld(found.mark, found.user.status, job) {
            self.withhold(tx, now, job).await?;
            return Ok(Ended::Withheld(found.blob));
        }
        if found.user != outcome.judged {
            return Ok(Ended::Not(Finished::UserChanged));
        }
        if let Some(searched) = outcome.searched
            && self.others_changed(tx, &job.user, searched).await?
        {
            return Ok(Ended::Not(Finished::OthersChanged));
        }
        if let Some(attempt) = &outcome.attempt {
            if let Some(until) = found.failed.and_then(|failed| failed.locked_at(judged_at)) {
                return Ok(Ended::Not(Finished::LockedOut(until)));
            }
            attempts::count(tx, &job.user, attempt, found.failed, judged_at).await?;
        }
        let done = sqlx::query(
            "UPDATE jobs SET state = 'done', result = $1, result_code = $2, success = $3, callback_url = $4,
                             callback_endpoint = $5, carried = NULL, updated_at = $6, lease = NULL, lease_until = NULL
             WHERE smile_job_id = $7 AND lease = $8 AND state = 'running'",
        )
        .bind(sealed.result)
        .bind(&outcome.result_code)
        .bind(outcome.success)
        .bind(&sealed.callback)
        .bind(outcome.callback_url.as_deref().map(|url| self.endpoint_code(url)))
        .bind(now)
        .bind(job.smile_job_id.as_str())
        .bind(claim.lease.0.to_string())
        .execute(&mut **tx)
        .await?;
        // Elsewhere than in SQLite it may have been lost since it was read.
        if done.rows_affected() != 1 {
            return Ok(Ended::Not(Finished::LostClaim));
        }
        if let Some(reference) = &outcome.enrol {
            self.put_on_file(tx, job, reference, &outcome.keeps, now)
                .await?;
        }
        if let Some(code) = sealed.id_code.as_ref().filter(|_| outcome.success) {
            registrants::add(tx, &job.user, code).await?;
        }
        if outcome.only_if_new && self.was_accepted(tx, job, &outcome.accepted).await? {
            return Ok(Ended::Not(Finished::SeenMeanwhile));
        }
        let remembered = self.remember(tx, job, &outcome.accepted, now).await?;
        if let Some(review) = &outcome.review {
            let (id, judged) = (&job.smile_job_id, &outcome.judged);
            self.open_review(tx, id, review, judged, sealed.id_code.as_deref(), now)
                .await?;
        }
        let called_back = sealed.callback.is_some();
        if called_back {
            sqlx::query("INSERT INTO deliveries (smile_job_id, state, next_attempt_at) VALUES ($1, 'pending', $2)")
                .bind(job.smile_job_id.as_str())
                .bind(now)
                .execute(&mut **tx)
                .await?;
        }
        if let Some((result, code)) = &outcome.beside {
            self.tell(tx, &job.smile_job_id, result, code, called_back, now)
                .await?;
        }
        Ok(Ended::Kept(remembered))
    }
}
