//! Rows that cannot be decrypted, or do not read as what they were written as. Only what needs such a row fails: lists leave it
//! out, its job ends, its callback is set aside. Each time the log names it, and nothing of what it holds.

use std::time::Duration;

use selfsame_job::erasure::Erasure;
use selfsame_job::job::Job;
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::DbRow;
use super::queue::ends;
use super::record::{self, Origin, micros, result_place, text};
use crate::error::StoreError;

/// What a row is known by in the log, of the columns that name rows.
fn name(row: &DbRow) -> String {
    ["smile_job_id", "user_id", "id", "name"]
        .iter()
        .find_map(|column| row.try_get::<String, _>(*column).ok())
        .unwrap_or_default()
}

/// Reads rows for a list, and leaves out those that cannot be read.
pub(super) fn readable<'r, T>(
    rows: impl IntoIterator<Item = &'r DbRow>,
    what: &'static str,
    read: impl Fn(&DbRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut list = Vec::new();
    for row in rows {
        match read(row) {
            Ok(item) => list.push(item),
            Err(error) if error.is_unreadable() => {
                tracing::error!(what, name = name(row), %error, "left out of a list");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(list)
}

/// How long a job that only a newer build knows waits before any node may claim it again: an old node takes it up again and again
/// until a new one has it.
const LEFT_TO_NEWER: Duration = Duration::from_secs(5);

impl SqlStore {
    /// The job of a row that was just claimed. `None` where only a newer build knows its kind or its API, and it was put back for a
    /// node of that build; or where it cannot be read, and was ended as that: nobody could ever do it.
    pub(super) async fn readable_job(&self, row: &DbRow) -> Result<Option<Job>, StoreError> {
        let error = match record::job(row, &self.keys.get()) {
            Err(StoreError::OfNewerBuild(_)) => {
                self.leave_to_newer(row).await?;
                return Ok(None);
            }
            Err(error) if error.is_unreadable() => error,
            read => return read.map(Some),
        };
        let job: String = row.try_get("smile_job_id")?;
        tracing::error!(smile_job_id = job, %error, "the job cannot be read; it ends as a system error");
        // Where even the names cannot be read, there is nobody to tell a result.
        let result = match record::names(row) {
            Ok((names, _)) => {
                let (code, result) = names.erased_result(None, Erasure::Unreadable);
                let place = result_place(&names.smile_job_id, Origin::End);
                Some((code.code(), self.keys.seal(&result, &place)?))
            }
            Err(_) => None,
        };
        let mut tx = self.begin(&[]).await?;
        sqlx::query(
            "UPDATE jobs SET state = 'done', result = $1, result_code = $2, success = FALSE, erased = $3, updated_at = $4,
                             carried = NULL, lease = NULL, lease_until = NULL WHERE smile_job_id = $5",
        )
        .bind(result.as_ref().map(|(_, sealed)| sealed.as_slice()))
        .bind(result.as_ref().map_or("2401", |(code, _)| code))
        .bind(text(&Erasure::Unreadable))
        .bind(micros(tx.now))
        .bind(job)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(None)
    }

    /// Puts a job back that was just claimed. It waits a moment, so that this node takes others meanwhile.
    async fn leave_to_newer(&self, row: &DbRow) -> Result<(), StoreError> {
        let (job, lease): (String, String) = (row.try_get("smile_job_id")?, row.try_get("lease")?);
        tracing::warn!(
            smile_job_id = job,
            "the job is of a kind, or came by an API, that a newer build knows; it is left to nodes of that"
        );
        let mut tx = self.begin(&[]).await?;
        sqlx::query(
            "UPDATE jobs SET state = 'waiting', run_after = $1, attempts = attempts - 1, lease = NULL, lease_until = NULL
             WHERE smile_job_id = $2 AND lease = $3 AND state = 'running'",
        )
        .bind(ends(tx.now, LEFT_TO_NEWER))
        .bind(job)
        .bind(lease)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}
