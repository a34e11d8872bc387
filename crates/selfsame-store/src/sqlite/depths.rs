//! How full the queues are, and whether the store can be written to: both cheap, however much is on record.

use jiff::Timestamp;
use selfsame_job::job::JobState;
use selfsame_job::user::UserKey;
use sqlx::{Row as _, SqliteConnection};

use super::SqliteStore;
use super::record::{micros, parse};
use crate::error::StoreError;
use crate::store::Depths;

/// The bytes that the requests of one partner's awaited uploads may take, in one environment.
const MAX_UPLOAD_BYTES: u64 = 16 * 1024 * 1024;

fn count(number: Option<i64>) -> u64 {
    u64::try_from(number.unwrap_or(0)).unwrap_or(0)
}

impl SqliteStore {
    /// Whether so many packages of the partner are awaited that no further one may be.
    pub(super) async fn too_many_uploads(
        &self,
        connection: &mut SqliteConnection,
        user: &UserKey,
    ) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT jobs, bytes FROM open_jobs WHERE partner = ? AND environment = ? AND state = 'awaiting_upload'",
        )
        .bind(user.partner.as_str())
        .bind(user.environment.as_str())
        .fetch_optional(connection)
        .await?;
        let Some(row) = row else { return Ok(false) };
        Ok(count(row.try_get("jobs")?) >= self.max_uploads
            || count(row.try_get("bytes")?) >= MAX_UPLOAD_BYTES)
    }

    pub(super) async fn read_depths(&self) -> Result<Depths, StoreError> {
        let mut depths = Depths::default();
        for row in sqlx::query("SELECT state, SUM(jobs) FROM open_jobs GROUP BY state")
            .fetch_all(&self.read)
            .await?
        {
            let jobs = count(row.try_get(1)?);
            match parse(row.try_get(0)?, "job state")? {
                JobState::AwaitingUpload => depths.awaiting_upload = jobs,
                JobState::Queued => depths.queued = jobs,
                JobState::Running => depths.running = jobs,
                JobState::Done => {}
            }
        }
        for row in sqlx::query("SELECT what, items FROM waiting")
            .fetch_all(&self.read)
            .await?
        {
            let items = count(row.try_get(1)?);
            match row.try_get::<&str, _>(0)? {
                "callbacks" => depths.callbacks_pending = items,
                "reviews" => depths.reviews_pending = items,
                _ => {}
            }
        }
        Ok(depths)
    }

    /// Writes a row, on disk: an empty transaction would succeed on a full one.
    pub(super) async fn write_probe(&self) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO last_probe (one, at) VALUES (1, ?1) ON CONFLICT DO UPDATE SET at = ?1",
        )
        .bind(micros(Timestamp::now()))
        .execute(&self.write)
        .await?;
        Ok(())
    }
}
