//! How SQLite goes about what is asked often, and what its tables hold.

use sqlx::Row as _;

use super::sql::delivery_lanes::ready_lanes;
use super::sql::sealed_columns::COLUMNS;
use super::sql::turns::LONGEST_WAITING;
use super::{Options, SqliteStore};

async fn plan(store: &SqliteStore, query: &str) -> Vec<String> {
    sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
        .fetch_all(&store.read)
        .await
        .unwrap()
        .iter()
        .map(|row| row.get::<String, _>("detail"))
        .collect()
}

/// A claim must not walk the queue: it would be slow just when there is much to do.
#[tokio::test]
async fn a_claim_of_jobs_only_seeks_in_indexes() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
    let plan = plan(&store, LONGEST_WAITING).await;
    let jobs: Vec<_> = plan.iter().filter(|step| step.contains("jobs")).collect();
    assert_eq!(jobs.len(), 4, "{plan:?}");
    assert!(
        jobs.iter()
            .all(|step| step.starts_with("SEARCH") && step.contains("jobs_queued")),
        "{plan:?}"
    );
}

/// A claim must not walk the deliveries, nor all lanes of a partner that has thousands.
#[tokio::test]
async fn a_claim_of_callbacks_only_seeks_in_indexes() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
    let ready = ready_lanes();
    for (query, index) in [
        (ready.as_str(), "delivery_lanes_ready"),
        (
            "SELECT min(partner) FROM delivery_lanes WHERE ready_at IS NOT NULL AND environment = ? AND partner > ?",
            "delivery_lanes_ready",
        ),
        (
            "SELECT id FROM deliveries WHERE lane = ? AND state = 'pending' AND lease IS NULL AND next_attempt_at <= ?
             ORDER BY next_attempt_at LIMIT 1",
            "deliveries_waiting",
        ),
        (
            "SELECT EXISTS (SELECT 1 FROM delivery_lanes WHERE ready_at <= ?)",
            "delivery_lanes_soonest",
        ),
        ("SELECT count(*) FROM deliveries WHERE lease IS NOT NULL GROUP BY lane", "deliveries_leased_by_lane"),
    ] {
        let plan = plan(&store, query).await;
        assert!(
            plan.iter().all(|step| step.contains(index) || step.starts_with("SCAN CONSTANT") || step.starts_with("SCALAR")),
            "{query}: {plan:?}"
        );
    }
}

/// Bytes that are on record and not encrypted, each for its reason: keys wrapped by the master key; digests and codes.
const PLAIN: [(&str, &str); 19] = [
    ("_sqlx_migrations", "checksum"),
    ("data_keys", "wrapped"),
    ("jobs", "grant_hash"),
    ("jobs", "request_code"),
    ("jobs", "package_code"),
    ("jobs", "callback_endpoint"),
    ("delivery_lanes", "endpoint"),
    ("deliveries", "endpoint"),
    ("accepted_images", "exact"),
    ("registrants", "code"),
    ("reviews", "id_code"),
    ("admin_tokens", "hash"),
    ("audit", "previous"),
    ("audit", "code"),
    ("register_entries", "code"),
    ("register_entries", "content"),
    ("consent_sessions", "code"),
    ("smile_links", "code"),
    ("fraud_records", "code"),
];

#[tokio::test]
async fn every_column_of_bytes_is_encrypted_anew_or_said_to_be_plain() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
    let found: Vec<(String, String)> = sqlx::query_as(
        "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
         WHERE m.type = 'table' AND c.type = 'BLOB'",
    )
    .fetch_all(&store.read)
    .await
    .unwrap();
    assert!(found.len() >= COLUMNS.len() + PLAIN.len());
    for (table, column) in &found {
        let (table, column) = (table.as_str(), column.as_str());
        let listed = COLUMNS
            .iter()
            .any(|c| (c.table, c.column) == (table, column));
        assert!(
            listed != PLAIN.contains(&(table, column)),
            "{table}.{column} must stand in COLUMNS or in PLAIN"
        );
    }
}
