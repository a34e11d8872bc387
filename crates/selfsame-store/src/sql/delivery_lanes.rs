//! Which callbacks are taken next.
//!
//! A lane is what one partner's environment sends to one endpoint. Environments take turns, and within one its lanes do. A lane
//! whose endpoint does not answer has one delivery under way and few such lanes go at a time; its backlog waits, and goes as
//! usual once the endpoint answers.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use selfsame_wire::id::Environment;
use sha2::Sha256;
use sqlx::{AssertSqlSafe, Row as _};
use url::Url;

use super::SqlStore;
use super::dialect::{DbConnection, FAILING, FOR_UPDATE};
use super::turns::{self, Queue};
use crate::error::StoreError;
use crate::store::DeliveryLimits;

/// What a partner has in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Sender {
    environment: &'static str,
    partner: String,
}

/// Deliveries under way.
#[derive(Debug, Default, Clone, Copy)]
struct UnderWay {
    all: u32,
    failing: u32,
}

/// Everything that is under way.
#[derive(Debug, Default)]
struct InHand {
    all: u32,
    by_sender: HashMap<Sender, UnderWay>,
    by_lane: HashMap<i64, u32>,
}

/// A lane with something to take, or with something under way.
#[derive(Debug, Clone, Copy)]
struct Lane {
    id: i64,
    failing: bool,
}

fn environment(text: &str) -> Result<&'static str, StoreError> {
    Environment::ALL
        .iter()
        .map(|e| e.as_str())
        .find(|known| *known == text)
        .ok_or_else(|| StoreError::Corrupt("environment", text.to_owned()))
}

impl InHand {
    async fn read(tx: &mut DbConnection) -> Result<Self, StoreError> {
        let rows = sqlx::query(
            "SELECT l.id, l.environment, l.partner, l.failures > 0 AS failing, count(*) AS held
             FROM deliveries d JOIN delivery_lanes l ON l.id = d.lane WHERE d.lease IS NOT NULL GROUP BY l.id",
        )
        .fetch_all(tx)
        .await?;
        let mut in_hand = Self::default();
        for row in rows {
            let sender = Sender {
                environment: environment(row.try_get("environment")?)?,
                partner: row.try_get("partner")?,
            };
            let lane = Lane {
                id: row.try_get("id")?,
                failing: row.try_get("failing")?,
            };
            let held = u32::try_from(row.try_get::<i64, _>("held")?).unwrap_or(u32::MAX);
            in_hand.add(&sender, lane, held);
        }
        Ok(in_hand)
    }

    fn add(&mut self, sender: &Sender, lane: Lane, held: u32) {
        self.all += held;
        let under_way = self.by_sender.entry(sender.clone()).or_default();
        under_way.all += held;
        under_way.failing += if lane.failing { held } else { 0 };
        *self.by_lane.entry(lane.id).or_default() += held;
    }

    fn of(&self, sender: &Sender) -> UnderWay {
        self.by_sender.get(sender).copied().unwrap_or_default()
    }

    /// Whether one more of this sender's may go.
    fn has_room(&self, sender: &Sender, limits: &DeliveryLimits) -> bool {
        let free = limits.slots.saturating_sub(self.all);
        self.of(sender).all < limits.per_environment.min(free)
    }

    fn lane_has_room(&self, lane: Lane, limits: &DeliveryLimits) -> bool {
        let most = if lane.failing { 1 } else { limits.per_endpoint };
        self.by_lane.get(&lane.id).copied().unwrap_or(0) < most
    }
}

/// Puts a lease on the deliveries whose turn it is.
pub(super) async fn lease_next(
    tx: &mut DbConnection,
    now: i64,
    lease: &str,
    until: i64,
    limits: &DeliveryLimits,
) -> Result<(), StoreError> {
    let mut in_hand = InHand::read(tx).await?;
    let mut line = line(tx, now).await?;
    line.sort_by_key(|(sender, last)| (in_hand.of(sender).all, *last));
    let mut line: Vec<Sender> = line.into_iter().map(|(sender, _)| sender).collect();
    // In rounds: nobody gets a second one before everybody had a first.
    while !line.is_empty() {
        let mut still = Vec::with_capacity(line.len());
        for sender in line {
            if !in_hand.has_room(&sender, limits) {
                continue;
            }
            let Some(lane) = next_lane(tx, &sender, now, &in_hand, limits).await? else {
                continue;
            };
            take_from(tx, lane, now, lease, until).await?;
            let turn = turns::count(tx, Queue::Callbacks).await?;
            turns::taken(
                tx,
                Queue::Callbacks,
                sender.environment,
                &sender.partner,
                turn,
            )
            .await?;
            in_hand.add(&sender, lane, 1);
            still.push(sender);
        }
        line = still;
    }
    Ok(())
}

/// Everybody with a lane that may be ready, with the number of the last turn.
async fn line(tx: &mut DbConnection, now: i64) -> Result<Vec<(Sender, i64)>, StoreError> {
    let waiting = format!(
        "WITH RECURSIVE waiting (partner) AS (
             SELECT min(partner) FROM delivery_lanes WHERE ready_at IS NOT NULL AND environment = $1
             UNION ALL
             SELECT (SELECT min(partner) FROM delivery_lanes
                     WHERE ready_at IS NOT NULL AND environment = $1 AND partner > w.partner)
             FROM waiting w WHERE w.partner IS NOT NULL)
         SELECT w.partner, coalesce(t.last, 0) AS last FROM waiting w
         LEFT JOIN claim_turns t ON t.queue = 'callbacks' AND t.environment = $1 AND t.partner = w.partner
         WHERE w.partner IS NOT NULL AND (
             EXISTS (SELECT 1 FROM delivery_lanes WHERE environment = $1 AND partner = w.partner AND {FAILING} = FALSE
                     AND ready_at <= $2)
             OR EXISTS (SELECT 1 FROM delivery_lanes WHERE environment = $1 AND partner = w.partner AND {FAILING} = TRUE
                        AND ready_at <= $2))"
    );
    let mut line = Vec::new();
    for environment in Environment::ALL {
        let rows = sqlx::query(AssertSqlSafe(waiting.clone()))
            .bind(environment.as_str())
            .bind(now)
            .fetch_all(&mut *tx)
            .await?;
        for row in rows {
            let sender = Sender {
                environment: environment.as_str(),
                partner: row.try_get("partner")?,
            };
            line.push((sender, row.try_get("last")?));
        }
    }
    Ok(line)
}

pub(in super::super) fn ready_lanes() -> String {
    format!(
        "SELECT id FROM delivery_lanes
         WHERE environment = $1 AND partner = $2 AND {FAILING} = $3 AND ready_at <= $4 ORDER BY ready_at LIMIT $5"
    )
}

/// The sender's lane that waited longest. Those that fail have their share of its places, and no more.
async fn next_lane(
    tx: &mut DbConnection,
    sender: &Sender,
    now: i64,
    in_hand: &InHand,
    limits: &DeliveryLimits,
) -> Result<Option<Lane>, StoreError> {
    let failing = in_hand.of(sender).failing;
    let order: &[bool] = if failing == 0 {
        &[true, false]
    } else if failing < limits.failing_per_environment {
        &[false, true]
    } else {
        &[false]
    };
    for failing in order {
        let rows = sqlx::query(AssertSqlSafe(ready_lanes()))
            .bind(sender.environment)
            .bind(&sender.partner)
            .bind(*failing)
            .bind(now)
            // A lane without room has something in hand: there are no more of those than this.
            .bind(i64::from(in_hand.all) + 1)
            .fetch_all(&mut *tx)
            .await?;
        for row in rows {
            let lane = Lane {
                id: row.try_get("id")?,
                failing: *failing,
            };
            if in_hand.lane_has_room(lane, limits) {
                return Ok(Some(lane));
            }
        }
    }
    Ok(None)
}

/// Takes a lane's delivery that is due longest, and puts the lane at the end of its sender's line.
async fn take_from(
    tx: &mut DbConnection,
    lane: Lane,
    now: i64,
    lease: &str,
    until: i64,
) -> Result<(), StoreError> {
    // The lane first: the trigger on deliveries reads its `not_before`.
    sqlx::query(
        "UPDATE delivery_lanes SET not_before = CASE WHEN not_before < $1 THEN $1 ELSE not_before END WHERE id = $2",
    )
        .bind(now)
        .bind(lane.id)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE deliveries SET lease = $1, lease_until = $2 WHERE id = (
             SELECT id FROM deliveries WHERE lane = $3 AND state = 'pending' AND lease IS NULL AND next_attempt_at <= $4
             ORDER BY next_attempt_at LIMIT 1)",
    )
    .bind(lease)
    .bind(until)
    .bind(lane.id)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Holds the lanes of a job's deliveries, before these are changed.
pub(super) async fn hold_of(tx: &mut DbConnection, job: &str) -> Result<(), StoreError> {
    sqlx::query(AssertSqlSafe(format!(
        "SELECT id FROM delivery_lanes WHERE id IN (SELECT lane FROM deliveries WHERE smile_job_id = $1)
         ORDER BY id{FOR_UPDATE}"
    )))
    .bind(job)
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts back what is leased: where the lease ended, or all.
pub(super) async fn take_back(
    tx: &mut DbConnection,
    now: i64,
    all: bool,
) -> Result<(), StoreError> {
    const LEASED: &str = "lease IS NOT NULL AND ($1 OR lease_until < $2)";
    let hold = format!(
        "SELECT id FROM delivery_lanes WHERE id IN (SELECT lane FROM deliveries WHERE {LEASED}) ORDER BY id{FOR_UPDATE}"
    );
    let put_back = format!("UPDATE deliveries SET lease = NULL, lease_until = NULL WHERE {LEASED}");
    for statement in [hold, put_back] {
        sqlx::query(AssertSqlSafe(statement))
            .bind(all)
            .bind(now)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Puts back what these leases, given as a pattern, hold.
pub(super) async fn take_back_leases(
    tx: &mut DbConnection,
    leases: &str,
) -> Result<(), StoreError> {
    const LEASED: &str = "lease IS NOT NULL AND lease LIKE $1";
    let hold = format!(
        "SELECT id FROM delivery_lanes WHERE id IN (SELECT lane FROM deliveries WHERE {LEASED}) ORDER BY id{FOR_UPDATE}"
    );
    let put_back = format!("UPDATE deliveries SET lease = NULL, lease_until = NULL WHERE {LEASED}");
    for statement in [hold, put_back] {
        sqlx::query(AssertSqlSafe(statement))
            .bind(leases)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Removes lanes that have nothing to deliver.
pub(super) async fn remove_idle(tx: &mut DbConnection) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM delivery_lanes WHERE ready_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.lane = delivery_lanes.id AND d.lease IS NOT NULL)",
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Host and port; the whole text where it is no URL.
fn endpoint(url: &str) -> String {
    let parsed = Url::parse(url).ok();
    let named = parsed.as_ref().and_then(|u| {
        let host = u.host_str()?.trim_end_matches('.').to_ascii_lowercase();
        Some(format!("{host}:{}", u.port_or_known_default()?))
    });
    named.unwrap_or_else(|| url.to_owned())
}

impl SqlStore {
    /// What a callback's endpoint is known by: a code, because partners' URLs are not to be read from the database.
    pub(super) fn endpoint_code(&self, url: &str) -> Vec<u8> {
        let mut mac = match Hmac::<Sha256>::new_from_slice(self.endpoint_key.as_slice()) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        };
        mac.update(endpoint(url).as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_host_and_port() {
        for (url, expected) in [
            ("https://Example.com/a?b", "example.com:443"),
            ("https://example.com.:443/c", "example.com:443"),
            ("http://example.com/", "example.com:80"),
            ("http://[::1]:8080/x", "[::1]:8080"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(endpoint(url), expected, "{url}");
        }
    }
}
