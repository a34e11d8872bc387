//! Taking from jobs what they tell of a person: when their user is deleted, and when they are older than results are kept.

use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::erasure::{Erasure, JobNames, is_withheld};
use selfsame_job::job::{Job, JobState};
use selfsame_job::user::{UserKey, UserStatus};
use sqlx::{AssertSqlSafe, Row as _};

use super::SqlStore;
use super::delivery_lanes;
use super::dialect::{self, DbConnection, DbRow, FOR_UPDATE};
use super::finishing::as_it_is;
use super::record::{self, Origin, micros, parse, result_place, text};
use super::tx::{Hold, Tx};
use crate::blobs::BlobId;
use crate::error::StoreError;
use crate::store::Claim;

/// The columns that [`SqlStore::erase_job`] reads.
macro_rules! erased_columns {
    () => {
        "seq, smile_job_id, job_id, user_id, kind, state, erased, result, blob"
    };
}

/// What stays of a request.
const NOTHING: &[u8] = &[];

/// What went with a deleted user, for the audit's record.
#[derive(Default)]
struct Gone {
    jobs: u64,
    callbacks: u64,
    reviews: u64,
    blobs: Vec<BlobId>,
}

pub(super) fn blob(row: &DbRow) -> Result<Option<BlobId>, StoreError> {
    let name: Option<String> = row.try_get("blob")?;
    // What is no name leads to no blob; it must not keep a person from being erased.
    Ok(name.as_deref().and_then(BlobId::parse))
}

impl SqlStore {
    /// The sealed result that stays of a job.
    fn seal_erased(
        &self,
        names: &JobNames,
        sealed: Option<&[u8]>,
        origin: Origin,
        why: Erasure,
    ) -> Result<(&'static str, Vec<u8>), StoreError> {
        let earlier = sealed.and_then(|sealed| {
            record::result(sealed, &names.smile_job_id, origin, &self.keys.get()).ok()
        });
        let (code, result) = names.erased_result(earlier.as_deref(), why);
        let place = result_place(&names.smile_job_id, origin);
        Ok((code.code(), self.keys.seal(&result, &place)?))
    }

    /// Takes from a job, its review and its callbacks all that tells of a person; names, codes and times stay. A job whose
    /// package is awaited ends; one that is queued or running is marked, and ends so in its worker's hands.
    async fn erase_job(
        &self,
        tx: &mut DbConnection,
        now: i64,
        row: &DbRow,
        why: Erasure,
        gone: &mut Gone,
    ) -> Result<(), StoreError> {
        let seq: i64 = row.try_get("seq")?;
        let (names, _) = record::names(row)?;
        let job = names.smile_job_id.as_str();
        let state: JobState = parse(row.try_get("state")?, "job state")?;
        delivery_lanes::hold_of(&mut *tx, job).await?;
        match state {
            JobState::Queued | JobState::Running | JobState::Waiting => {
                sqlx::query(
                    "UPDATE jobs SET request = $1, request_code = NULL, package_code = NULL, carried = NULL, erased = $2
                     WHERE seq = $3",
                )
                    .bind(NOTHING)
                    .bind(text(&why))
                    .bind(seq)
                    .execute(&mut *tx)
                    .await?;
            }
            JobState::AwaitingUpload | JobState::Done => {
                let earlier: Option<Vec<u8>> = row.try_get("result")?;
                let (code, sealed) =
                    self.seal_erased(&names, earlier.as_deref(), Origin::End, why)?;
                sqlx::query(
                    "UPDATE jobs SET request = $6, request_code = NULL, package_code = NULL, callback_url = NULL,
                                     callback_endpoint = NULL, carried = NULL, result = $1, erased = $2, grant_hash = NULL,
                                     result_code = COALESCE(result_code, $3), success = COALESCE(success, FALSE),
                                     updated_at = CASE WHEN state = 'done' THEN updated_at ELSE $4 END, state = 'done'
                     WHERE seq = $5",
                )
                .bind(sealed)
                .bind(text(&why))
                .bind(code)
                .bind(now)
                .bind(seq)
                .bind(NOTHING)
                .execute(&mut *tx)
                .await?;
            }
        }
        gone.jobs += 1;
        let withdrawn = sqlx::query(
            "UPDATE deliveries SET state = 'withdrawn', next_attempt_at = NULL, lease = NULL, lease_until = NULL
             WHERE smile_job_id = $1 AND state = 'pending'",
        )
        .bind(job)
        .execute(&mut *tx)
        .await?;
        gone.callbacks += withdrawn.rows_affected();
        sqlx::query(
            "UPDATE deliveries SET url = NULL, endpoint = NULL WHERE smile_job_id = $1 AND url IS NOT NULL",
        )
        .bind(job)
        .execute(&mut *tx)
        .await?;
        // What a receiver's address or answer was may name somebody.
        sqlx::query(
            "UPDATE delivery_attempts SET error = NULL WHERE error IS NOT NULL
             AND delivery IN (SELECT id FROM deliveries WHERE smile_job_id = $1)",
        )
        .bind(job)
        .execute(&mut *tx)
        .await?;
        // What waits for a decision has nothing left to decide about.
        let undecided =
            sqlx::query("DELETE FROM reviews WHERE smile_job_id = $1 AND state = 'pending'")
                .bind(job)
                .execute(&mut *tx)
                .await?;
        gone.reviews += undecided.rows_affected();
        let decided = sqlx::query("SELECT result FROM reviews WHERE smile_job_id = $1")
            .bind(job)
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(decided) = decided {
            let earlier: Option<Vec<u8>> = decided.try_get("result")?;
            let (_, sealed) = self.seal_erased(&names, earlier.as_deref(), Origin::Review, why)?;
            sqlx::query(
                "UPDATE reviews SET template = NULL, model_digest = NULL, note = NULL, id_code = NULL, result = $1 WHERE smile_job_id = $2",
            )
            .bind(sealed)
            .bind(job)
            .execute(&mut *tx)
            .await?;
        }
        let steps =
            sqlx::query("SELECT sequence, result FROM step_results WHERE smile_job_id = $1")
                .bind(job)
                .fetch_all(&mut *tx)
                .await?;
        for step in steps {
            let sequence: i64 = step.try_get("sequence")?;
            let earlier: Vec<u8> = step.try_get("result")?;
            let (_, sealed) =
                self.seal_erased(&names, Some(&earlier), Origin::Step(sequence), why)?;
            sqlx::query(
                "UPDATE step_results SET result = $1 WHERE smile_job_id = $2 AND sequence = $3",
            )
            .bind(sealed)
            .bind(job)
            .bind(sequence)
            .execute(&mut *tx)
            .await?;
        }
        Ok(())
    }

    /// Erases a user and all that its jobs tell of it. `false`: there is nothing to erase.
    pub(super) async fn delete_user(&self, key: &UserKey, by: &Actor) -> Result<bool, StoreError> {
        let (partner, environment, user) = (
            key.partner.as_str(),
            key.environment.as_str(),
            key.user.as_str(),
        );
        let users = Hold::Users(&key.partner, key.environment);
        let mut tx = self.begin(&[Hold::User(key), users, Hold::Many]).await?;
        let now = micros(tx.now);
        let deleted = sqlx::query(
            "UPDATE users SET status = $1, updated_at = $2, template = NULL, model_digest = NULL, photo = NULL
             WHERE partner = $3 AND environment = $4 AND user_id = $5 AND status <> 'deleted'",
        )
        .bind(text(&UserStatus::Deleted))
        .bind(now)
        .bind(partner)
        .bind(environment)
        .bind(user)
        .execute(&mut *tx)
        .await?
        .rows_affected()
            == 1;
        // A link may be all that there is of somebody who has not come yet.
        let links = sqlx::query(
            "DELETE FROM smile_links WHERE partner = $1 AND environment = $2 AND user_id = $3",
        )
        .bind(partner)
        .bind(environment)
        .bind(user)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        // Those too that were erased because they were old: the photo on file may be among their packages.
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {} FROM jobs WHERE partner = $1 AND environment = $2 AND user_id = $3
             AND (erased IS NULL OR erased <> 'user_deleted' OR blob IS NOT NULL){FOR_UPDATE}",
            erased_columns!()
        )))
        .bind(partner)
        .bind(environment)
        .bind(user)
        .fetch_all(&mut *tx)
        .await?;
        // Why somebody was cleared may have been written after the deletion.
        let records = sqlx::query(
            "UPDATE fraud_records SET told_by = NULL, notes = NULL, code = NULL
             WHERE partner = $1 AND environment = $2 AND user_id = $3
             AND (told_by IS NOT NULL OR notes IS NOT NULL OR code IS NOT NULL)",
        )
        .bind(partner)
        .bind(environment)
        .bind(user)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if !deleted && rows.is_empty() && links == 0 && records == 0 {
            return Ok(false);
        }
        let mut gone = Gone::default();
        for row in &rows {
            self.erase_job(&mut tx, now, row, Erasure::UserDeleted, &mut gone)
                .await?;
            gone.blobs.extend(blob(row)?);
        }
        for erased in [
            "UPDATE jobs SET blob = NULL WHERE partner = $1 AND environment = $2 AND user_id = $3 AND blob IS NOT NULL",
            "DELETE FROM user_templates WHERE partner = $1 AND environment = $2 AND user_id = $3",
            "DELETE FROM accepted_images WHERE partner = $1 AND environment = $2 AND user_id = $3",
            "DELETE FROM failed_attempts WHERE partner = $1 AND environment = $2 AND user_id = $3",
            "DELETE FROM challenges WHERE partner = $1 AND environment = $2 AND user_id = $3",
            "DELETE FROM registrants WHERE partner = $1 AND environment = $2 AND user_id = $3",
        ] {
            sqlx::query(erased)
                .bind(partner)
                .bind(environment)
                .bind(user)
                .execute(&mut *tx)
                .await?;
        }
        let entry = AuditEntry {
            actor: by.clone(),
            action: AuditAction::UserDeleted,
            subject: format!("user {partner}/{environment}/{user}"),
            details: serde_json::json!({
                "jobs": gone.jobs, "callbacks_withdrawn": gone.callbacks, "reviews_withdrawn": gone.reviews, "links": links,
                "fraud_records": records,
            }),
        };
        self.append_audit(&mut tx, &entry).await?;
        tx.commit().await?;
        // Should this be cut short, the search for orphans finds them: nothing refers to them any more.
        for blob in gone.blobs {
            self.blobs.delete(&blob).await?;
        }
        if !dialect::truncate_log(self).await? {
            tracing::warn!(
                "what was erased stays in the database's log until nobody reads it: a running server clears it within minutes"
            );
        }
        Ok(true)
    }

    /// Gives the transaction back where what the job came to counts. Where its user was deleted, the job ends without anything of
    /// it, and `None` comes.
    pub(super) async fn unless_withheld(
        &self,
        mut tx: Tx,
        claim: &Claim,
    ) -> Result<Option<Tx>, StoreError> {
        let now = micros(tx.now);
        let Some(blob) = self.end_withheld(&mut tx, now, claim).await? else {
            return Ok(Some(tx));
        };
        tx.commit().await?;
        if let Some(blob) = blob {
            self.blobs.discard(&blob).await;
        }
        Ok(None)
    }

    /// Ends a claimed job whose user was deleted, without anything of what it came to. `None`: its outcome counts.
    async fn end_withheld(
        &self,
        tx: &mut DbConnection,
        now: i64,
        claim: &Claim,
    ) -> Result<Option<Option<BlobId>>, StoreError> {
        let Some(found) = as_it_is(tx, claim).await? else {
            return Ok(None);
        };
        if !is_withheld(found.mark, found.user.status, &claim.job) {
            return Ok(None);
        }
        self.withhold(tx, now, &claim.job).await?;
        Ok(Some(found.blob))
    }

    /// Ends a job without anything of what it came to.
    pub(super) async fn withhold(
        &self,
        tx: &mut DbConnection,
        now: i64,
        job: &Job,
    ) -> Result<(), StoreError> {
        let (code, sealed) =
            self.seal_erased(&JobNames::of(job), None, Origin::End, Erasure::UserDeleted)?;
        sqlx::query(
            "UPDATE jobs SET state = 'done', request = $6, request_code = NULL, package_code = NULL, blob = NULL,
                             result = $1, result_code = $2, success = FALSE, callback_url = NULL, carried = NULL,
                             erased = $3, updated_at = $4, lease = NULL, lease_until = NULL
             WHERE smile_job_id = $5",
        )
        .bind(sealed)
        .bind(code)
        .bind(text(&Erasure::UserDeleted))
        .bind(now)
        .bind(job.smile_job_id.as_str())
        .bind(NOTHING)
        .execute(tx)
        .await?;
        Ok(())
    }

    /// Erases the contents of jobs that are too old, in one transaction.
    pub(super) async fn expire_contents(&self, jobs: &[i64]) -> Result<u64, StoreError> {
        let mut tx = self.begin(&[Hold::Many]).await?;
        let now = micros(tx.now);
        let mut gone = Gone::default();
        for seq in jobs {
            let row = sqlx::query(AssertSqlSafe(format!(
                "SELECT {} FROM jobs WHERE seq = $1 AND state = 'done' AND erased IS NULL{FOR_UPDATE}",
                erased_columns!()
            )))
            .bind(*seq)
            .fetch_optional(&mut *tx)
            .await?;
            if let Some(row) = row {
                self.erase_job(&mut tx, now, &row, Erasure::Expired, &mut gone)
                    .await?;
            }
        }
        tx.commit().await?;
        Ok(gone.jobs)
    }
}
