//! How full the queues are, and whether the store can be written to: both cheap, however much is on record.

use async_trait::async_trait;
use selfsame_job::job::JobState;
use selfsame_job::user::UserKey;
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::DbConnection;
use super::record::{micros, parse};
use crate::error::StoreError;
use crate::store::{Depths, Health};

/// The bytes that the requests of one partner's awaited uploads may take, in one environment.
const MAX_UPLOAD_BYTES: u64 = 16 * 1024 * 1024;

fn count(number: Option<i64>) -> u64 {
    u64::try_from(number.unwrap_or(0)).unwrap_or(0)
}

#[async_trait]
impl Health for SqlStore {
    async fn depths(&self) -> Result<Depths, StoreError> {
        let mut depths = Depths::default();
        for row in
            sqlx::query("SELECT state, CAST(SUM(jobs) AS BIGINT) FROM open_jobs GROUP BY state")
                .fetch_all(&self.read)
                .await?
        {
            let jobs = count(row.try_get(1)?);
            match parse(row.try_get(0)?, "job state")? {
                JobState::AwaitingUpload => depths.awaiting_upload = jobs,
                JobState::Queued => depths.queued = jobs,
                JobState::Running => depths.running = jobs,
                JobState::Waiting => depths.waiting = jobs,
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

    async fn probe(&self) -> Result<(), StoreError> {
        // A transaction, with which a node hears of new keys: this one comes, whatever the node does.
        let mut tx = match self.begin(&[]).await {
            // Now it has heard.
            Err(StoreError::KeysChanged) => self.begin(&[]).await?,
            begun => begun?,
        };
        sqlx::query(
            "INSERT INTO last_probe (one, at) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET at = $1",
        )
        .bind(micros(tx.now))
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}

impl SqlStore {
    /// Whether so many packages of the partner are awaited that no further one may be.
    pub(super) async fn too_many_uploads(
        &self,
        connection: &mut DbConnection,
        user: &UserKey,
    ) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT jobs, bytes FROM open_jobs WHERE partner = $1 AND environment = $2 AND state = 'awaiting_upload'",
        )
        .bind(user.partner.as_str())
        .bind(user.environment.as_str())
        .fetch_optional(connection)
        .await?;
        let Some(row) = row else { return Ok(false) };
        Ok(count(row.try_get("jobs")?) >= self.max_uploads
            || count(row.try_get("bytes")?) >= MAX_UPLOAD_BYTES)
    }
}
