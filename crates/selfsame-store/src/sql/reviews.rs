//! Reviews on record: opened by a job's outcome, decided once.

use async_trait::async_trait;
use selfsame_job::audit::{AuditAction, AuditEntry};
use selfsame_job::job::Job;
use selfsame_job::review::Ruling;
use selfsame_job::user::{Reference, UserState};
use selfsame_wire::id::{Environment, PartnerId, SmileJobId};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::{DbConnection, DbRow};
use super::record::{self, Origin, id, micros, parse, result_place, text, timestamp};
use super::registrants;
use super::tx::Hold;
use super::unreadable::readable;
use crate::error::StoreError;
use crate::review::{FinalResult, NewReview, Review, ReviewFilter, ReviewOutcome, Ruled};
use crate::store::Reviews;

/// The columns that [`SqlStore::read_review`] reads, of `jobs j` and `reviews r`.
const COLUMNS: &str = "SELECT j.smile_job_id, j.partner, j.environment, j.user_id, j.job_id, j.kind, j.state, j.request,
     j.erased, j.created_at, j.updated_at, r.state AS review_state, r.decision, r.reviewer, r.note, r.result_code AS final_code,
     r.opened_at, r.decided_at, r.judged_status, r.judged_photo FROM reviews r JOIN jobs j ON j.smile_job_id = r.smile_job_id ";

pub(super) fn template_place(job: &SmileJobId) -> String {
    format!("reviews/template/{job}")
}

pub(super) fn note_place(job: &SmileJobId) -> String {
    format!("reviews/note/{job}")
}

#[async_trait]
impl Reviews for SqlStore {
    async fn pending_template(&self, job: &SmileJobId) -> Result<Option<Reference>, StoreError> {
        let mut connection = self.read.acquire().await?;
        self.waiting_template(&mut connection, job).await
    }

    async fn review(&self, job: &SmileJobId) -> Result<Option<Review>, StoreError> {
        let query = format!("{COLUMNS} WHERE r.smile_job_id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(job.as_str())
            .fetch_optional(&self.read)
            .await?;
        row.map(|r| self.read_review(&r)).transpose()
    }

    async fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<Review>, StoreError> {
        let query = format!(
            "{COLUMNS} WHERE r.state = $1 AND ($2 IS NULL OR j.partner = $2) AND ($3 IS NULL OR j.environment = $3)
             ORDER BY r.opened_at, j.seq LIMIT $4"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(if filter.decided { "decided" } else { "pending" })
            .bind(filter.partner.as_ref().map(PartnerId::as_str))
            .bind(filter.environment.map(Environment::as_str))
            .bind(record::at_most(filter.limit))
            .fetch_all(&self.read)
            .await?;
        readable(&rows, "review", |r| self.read_review(r))
    }

    async fn decide_review(
        &self,
        job: &SmileJobId,
        ruling: &Ruling,
        result: &FinalResult,
    ) -> Result<Ruled, StoreError> {
        let note = match &ruling.note {
            Some(note) => Some(self.keys.seal(note.as_bytes(), &note_place(job))?),
            None => None,
        };
        let sealed = self
            .keys
            .seal(&result.result, &result_place(job, Origin::Review))?;
        let Some(user) = self.user_of(job).await? else {
            return Ok(Ruled::NotPending);
        };
        let (partner, environment) = (&user.partner, user.environment);
        let users = match result.searched {
            Some(_) => Hold::AllUsers(partner, environment),
            None => Hold::Users(partner, environment),
        };
        let mut tx = self.begin(&[Hold::User(&user), users]).await?;
        let now = tx.now;
        let query = format!("{COLUMNS} WHERE r.smile_job_id = $1 AND r.state = 'pending'");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(job.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else {
            return Ok(Ruled::NotPending);
        };
        let record = record::job(&row, &self.keys.get())?;
        if result.success
            && !self
                .take_effect(&mut tx, &record, result, micros(now))
                .await?
        {
            return Ok(Ruled::Changed);
        }
        if let Some(attempt) = &result.attempt {
            self.tally(&mut tx, &record.user, attempt, now).await?;
        }
        sqlx::query(
            "UPDATE reviews SET state = 'decided', template = NULL, model_digest = NULL, decision = $1, reviewer = $2,
                                note = $3, result = $4, result_code = $5, success = $6, decided_at = $7
             WHERE smile_job_id = $8",
        )
        .bind(text(&ruling.decision))
        .bind(ruling.reviewer.as_str())
        .bind(note)
        .bind(sealed)
        .bind(&result.result_code)
        .bind(result.success)
        .bind(micros(ruling.at))
        .bind(job.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO deliveries (smile_job_id, state, next_attempt_at, after_review)
             SELECT smile_job_id, 'pending', $1, TRUE FROM jobs WHERE smile_job_id = $2 AND callback_url IS NOT NULL",
        )
        .bind(micros(now))
        .bind(job.as_str())
        .execute(&mut *tx)
        .await?;
        let entry = AuditEntry {
            actor: ruling.reviewer.clone(),
            action: AuditAction::ReviewDecided,
            subject: format!("job {job}"),
            // The note may name people: it stays encrypted, and its digest binds it.
            details: serde_json::json!({
                "decision": ruling.decision, "result_code": result.result_code,
                "note_sha256": ruling.note.as_ref().map(|n| hex::encode(Sha256::digest(n.as_bytes()))),
            }),
        };
        self.append_audit(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(Ruled::Committed)
    }
}

impl SqlStore {
    pub(super) async fn open_review(
        &self,
        tx: &mut DbConnection,
        job: &SmileJobId,
        review: &NewReview,
        judged: &UserState,
        id_code: Option<&[u8]>,
        now: i64,
    ) -> Result<(), StoreError> {
        let template = match &review.enrol {
            Some(reference) => Some(self.seal_template(&reference.template, &template_place(job))?),
            None => None,
        };
        sqlx::query(
            "INSERT INTO reviews (smile_job_id, state, template, model_digest, judged_status, judged_photo, id_code, opened_at)
             VALUES ($1, 'pending', $2, $3, $4, $5, $6, $7)",
        )
        .bind(job.as_str())
        .bind(template)
        .bind(review.enrol.as_ref().map(|r| r.template.model().as_str()))
        .bind(judged.status.as_ref().map(text))
        .bind(judged.photo.as_ref().map(SmileJobId::as_str))
        .bind(id_code)
        .bind(now)
        .execute(tx)
        .await?;
        Ok(())
    }

    fn read_review(&self, row: &DbRow) -> Result<Review, StoreError> {
        let job = record::job(row, &self.keys.get())?;
        let outcome = if row.try_get::<String, _>("review_state")? == "decided" {
            let note: Option<Vec<u8>> = row.try_get("note")?;
            let note = match note {
                Some(sealed) => {
                    let plain =
                        self.keys
                            .open(&sealed, &note_place(&job.smile_job_id), "review note")?;
                    Some(id(String::from_utf8(plain), "review note")?)
                }
                None => None,
            };
            Some(ReviewOutcome {
                decision: parse(row.try_get("decision")?, "review decision")?,
                result_code: row.try_get("final_code")?,
                reviewer: row.try_get("reviewer")?,
                note,
                at: timestamp(row.try_get("decided_at")?)?,
            })
        } else {
            None
        };
        let (status, photo): (Option<String>, Option<String>) =
            (row.try_get("judged_status")?, row.try_get("judged_photo")?);
        let judged = UserState {
            status: status.map(|s| parse(s, "user status")).transpose()?,
            // No job of a locked user is left to a person.
            fraud_locked: false,
            photo: photo
                .map(|p| id(SmileJobId::new(p), "smile job id"))
                .transpose()?,
        };
        Ok(Review {
            job,
            judged,
            opened_at: timestamp(row.try_get("opened_at")?)?,
            outcome,
        })
    }

    /// Does what an approval brings. `false`: what it was checked by is not so any more.
    async fn take_effect(
        &self,
        tx: &mut DbConnection,
        job: &Job,
        result: &FinalResult,
        now: i64,
    ) -> Result<bool, StoreError> {
        if self.user_state(tx, &job.user).await? != result.judged {
            return Ok(false);
        }
        if let Some(searched) = result.searched
            && self.others_changed(tx, &job.user, searched).await?
        {
            return Ok(false);
        }
        if job.job_type.enrols() {
            let Some(reference) = self.waiting_template(tx, &job.smile_job_id).await? else {
                return Ok(false);
            };
            // A person decided, whatever the comparison said: earlier faces go.
            self.put_on_file(tx, job, &reference, &[], now).await?;
        }
        // Also of who was enrolled before: the number was found to be his.
        let code: Option<Option<Vec<u8>>> =
            sqlx::query_scalar("SELECT id_code FROM reviews WHERE smile_job_id = $1")
                .bind(job.smile_job_id.as_str())
                .fetch_optional(&mut *tx)
                .await?;
        if let Some(code) = code.flatten() {
            registrants::add(tx, &job.user, &code).await?;
        }
        Ok(true)
    }

    pub(super) async fn waiting_template(
        &self,
        tx: &mut DbConnection,
        job: &SmileJobId,
    ) -> Result<Option<Reference>, StoreError> {
        let row = sqlx::query("SELECT template, model_digest FROM reviews WHERE smile_job_id = $1")
            .bind(job.as_str())
            .fetch_optional(tx)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let columns: (Option<Vec<u8>>, Option<String>) =
            (row.try_get("template")?, row.try_get("model_digest")?);
        let (Some(sealed), Some(model_digest)) = columns else {
            return Ok(None);
        };
        Ok(Some(Reference {
            template: self.open_template(&sealed, &template_place(job), &model_digest)?,
            photo: job.clone(),
        }))
    }
}
