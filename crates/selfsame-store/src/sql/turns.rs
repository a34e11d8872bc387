//! Whose turn it is: partners' environments take turns at a queue, however much each has put into it.
//!
//! Nothing here walks a queue: the partners that wait are found by jumping through an index from one to the next.

use selfsame_wire::id::Environment;
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::{DbConnection, DbRow};
use crate::error::StoreError;

/// Queues whose turns are counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Queue {
    Jobs,
    Callbacks,
}

impl Queue {
    const fn name(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Callbacks => "callbacks",
        }
    }
}

/// One claim in so many goes to whoever the preference would pass over: to the sandbox before production, to a partner's
/// oldest job before those that a caller waits for.
const PASSED_OVER_EVERY: i64 = 4;
/// Jobs that wait for something outside take no place in the queue; a partner's environment may have so many times as many of
/// them.
const WAITING: u64 = 10;

/// Counts a claim from a queue; gives how many there have been.
pub(super) async fn count(tx: &mut DbConnection, queue: Queue) -> Result<i64, StoreError> {
    let claims = sqlx::query_scalar(
        "INSERT INTO claim_counters (queue, claims) VALUES ($1, 1)
         ON CONFLICT (queue) DO UPDATE SET claims = claim_counters.claims + 1 RETURNING claims",
    )
    .bind(queue.name())
    .fetch_one(tx)
    .await?;
    Ok(claims)
}

/// Puts a partner's environment at the end of the line; gives how many turns it has had.
pub(super) async fn taken(
    tx: &mut DbConnection,
    queue: Queue,
    environment: &str,
    partner: &str,
    now: i64,
) -> Result<i64, StoreError> {
    let claims = sqlx::query_scalar(
        "INSERT INTO claim_turns (queue, environment, partner, last, claims) VALUES ($1, $2, $3, $4, 1)
         ON CONFLICT (queue, environment, partner) DO UPDATE SET last = $4, claims = claim_turns.claims + 1
         RETURNING claims",
    )
    .bind(queue.name())
    .bind(environment)
    .bind(partner)
    .bind(now)
    .fetch_one(tx)
    .await?;
    Ok(claims)
}

/// Whose turn it is, and its oldest jobs. The index has the queued jobs in this order: each step of `waiting` jumps to the next
/// partner. The condition outside keeps the last look from being taken for every partner that waits.
pub(in super::super) const LONGEST_WAITING: &str = "WITH RECURSIVE environments (environment) AS (VALUES ('production'), ('sandbox')),
     waiting (environment, partner) AS (
         SELECT e.environment, (SELECT min(partner) FROM jobs WHERE state = 'queued' AND environment = e.environment)
         FROM environments e
         UNION ALL
         SELECT w.environment,
                (SELECT min(partner) FROM jobs WHERE state = 'queued' AND environment = w.environment AND partner > w.partner)
         FROM waiting w WHERE w.partner IS NOT NULL),
     longest (environment, partner, turns) AS (
         SELECT w.environment, w.partner, coalesce(t.claims, 0) FROM waiting w
         LEFT JOIN claim_turns t ON t.queue = 'jobs' AND t.environment = w.environment AND t.partner = w.partner
         WHERE w.partner IS NOT NULL
         ORDER BY CASE WHEN w.environment = $1 THEN 0 ELSE 1 END, coalesce(t.last, 0), w.partner LIMIT 1)
     SELECT l.environment, l.partner, l.turns,
            (SELECT min(seq) FROM jobs WHERE state = 'queued' AND environment = l.environment AND partner = l.partner
                AND synchronous = TRUE) AS synchronous,
            (SELECT min(seq) FROM jobs WHERE state = 'queued' AND environment = l.environment AND partner = l.partner
                AND synchronous = FALSE) AS other
     FROM longest l WHERE l.partner IS NOT NULL";

/// The queued job to take, by its `seq`; its turn is counted.
pub(super) async fn next_job(tx: &mut DbConnection) -> Result<Option<i64>, StoreError> {
    let claims = count(tx, Queue::Jobs).await?;
    let first = match claims % PASSED_OVER_EVERY {
        0 => Environment::Sandbox,
        _ => Environment::Production,
    };
    let row = sqlx::query(LONGEST_WAITING)
        .bind(first.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (environment, partner): (String, String) =
        (row.try_get("environment")?, row.try_get("partner")?);
    let prefers_synchronous = (row.try_get::<i64, _>("turns")? + 1) % PASSED_OVER_EVERY != 0;
    let (synchronous, other): (Option<i64>, Option<i64>) =
        (row.try_get("synchronous")?, row.try_get("other")?);
    // The oldest; the oldest that a caller waits for, where that is preferred and there is one.
    let next = match (synchronous, other) {
        (Some(synchronous), Some(other)) if !prefers_synchronous => Some(synchronous.min(other)),
        (Some(synchronous), _) => Some(synchronous),
        (None, other) => other,
    };
    let next =
        next.ok_or_else(|| StoreError::Corrupt("queue", "a job left it meanwhile".to_owned()))?;
    taken(tx, Queue::Jobs, &environment, &partner, claims).await?;
    Ok(Some(next))
}

/// What fills the queue: jobs of all, and of one partner's environment (`$1`, `$2`), those that wait apart. Of `open_jobs`.
macro_rules! load_columns {
    () => {
        "CAST(coalesce(sum(jobs) FILTER (WHERE state <> 'waiting'), 0) AS BIGINT) AS all_jobs,
         CAST(coalesce(sum(jobs) FILTER (WHERE state = 'queued' AND environment = $1 AND partner = $2), 0) AS BIGINT) AS own,
         CAST(coalesce(sum(jobs) FILTER (WHERE state = 'waiting' AND environment = $1 AND partner = $2), 0) AS BIGINT) AS waiting"
    };
}
pub(super) use load_columns;

impl SqlStore {
    pub(super) async fn some_job_is_queued(&self) -> Result<bool, StoreError> {
        let some = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'queued')")
            .fetch_one(&self.read)
            .await?;
        Ok(some)
    }

    /// Whether the queue has no place for a further job of this partner's environment.
    ///
    /// All may fill it together, but nobody alone: production may hold three jobs for each place that is still free, the sandbox
    /// one. So a partner that floods the queue leaves a quarter of it, and of the rest always some is left for whoever comes next.
    pub(super) async fn queue_is_full(
        &self,
        tx: &mut DbConnection,
        environment: &str,
        partner: &str,
    ) -> Result<bool, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            load_columns!(),
            " FROM open_jobs WHERE state IN ('queued', 'running', 'waiting')"
        ))
        .bind(environment)
        .bind(partner)
        .fetch_one(tx)
        .await?;
        self.is_full(&row, environment)
    }

    /// The same, of a row with these `load_columns`.
    pub(super) fn is_full(&self, row: &DbRow, environment: &str) -> Result<bool, StoreError> {
        let number = |name| -> Result<u64, StoreError> {
            Ok(u64::try_from(row.try_get::<i64, _>(name)?).unwrap_or(0))
        };
        let weight = if environment == Environment::Production.as_str() {
            3
        } else {
            1
        };
        let free = self.max_queued.saturating_sub(number("all_jobs")?);
        let waiting = self.max_queued.saturating_mul(WAITING);
        Ok(number("own")? >= free.saturating_mul(weight) || number("waiting")? >= waiting)
    }
}
