//! What nodes tell each other. One server has a data directory; the rest is here so that both back ends pass the same tests.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use selfsame_wire::id::SmileJobId;
use sqlx::{AssertSqlSafe, Row as _};

use super::SqlStore;
use super::dialect::{self, LISTED};
use super::record::{id, micros};
use crate::error::StoreError;
use crate::nodes::{Counted, NodeCount, NodeId, Nodes};

/// What was put before this moment is older than `age`.
fn before(now: Timestamp, age: Duration) -> i64 {
    micros(now.checked_sub(age).unwrap_or(Timestamp::MIN))
}

fn json<T: serde::Serialize>(values: &[T]) -> Result<String, StoreError> {
    serde_json::to_string(values).map_err(|e| StoreError::Corrupt("list", e.to_string()))
}

#[async_trait]
impl Nodes for SqlStore {
    fn is_shared(&self) -> bool {
        dialect::IS_SHARED
    }

    async fn ended(&self, jobs: &[SmileJobId]) -> Result<Vec<SmileJobId>, StoreError> {
        let names: Vec<&str> = jobs.iter().map(SmileJobId::as_str).collect();
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT smile_job_id FROM jobs WHERE state = 'done' AND smile_job_id IN ({LISTED})"
        )))
        .bind(json(&names)?)
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                id(
                    SmileJobId::new(row.try_get::<String, _>(0)?),
                    "smile job id",
                )
            })
            .collect()
    }

    fn hears(&self) -> bool {
        dialect::hears(self)
    }

    async fn rung(&self) {
        dialect::rung(self).await;
    }

    async fn take_from_gone(&self) -> Result<u64, StoreError> {
        let gone = dialect::gone(self).await?;
        if gone.is_empty() {
            return Ok(0);
        }
        self.take_back_from(&gone).await
    }

    async fn share_counts(
        &self,
        node: NodeId,
        counted: Counted,
        counts: &[NodeCount],
        within: Duration,
    ) -> Result<Vec<u64>, StoreError> {
        let mut others = Vec::with_capacity(counts.len());
        let mut tx = self.begin(&[]).await?;
        for NodeCount { key, count } in counts {
            sqlx::query(
                "INSERT INTO node_counts (counted, key, node, count, put_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (counted, key, node) DO UPDATE SET count = $4, put_at = $5",
            )
            .bind(counted.as_str())
            .bind(key)
            .bind(node.0.to_string())
            .bind(i64::try_from(*count).unwrap_or(i64::MAX))
            .bind(micros(tx.now))
            .execute(&mut *tx)
            .await?;
            let sum: i64 = sqlx::query_scalar(
                "SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM node_counts
                 WHERE counted = $1 AND key = $2 AND node <> $3 AND put_at >= $4",
            )
            .bind(counted.as_str())
            .bind(key)
            .bind(node.0.to_string())
            .bind(before(tx.now, within))
            .fetch_one(&mut *tx)
            .await?;
            others.push(u64::try_from(sum).unwrap_or(0));
        }
        tx.commit().await?;
        Ok(others)
    }

    async fn forget_counts(&self, older_than: Duration) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM node_counts WHERE put_at < $1")
            .bind(before(self.now().await?, older_than))
            .execute(&self.write)
            .await?;
        Ok(done.rows_affected())
    }
}
