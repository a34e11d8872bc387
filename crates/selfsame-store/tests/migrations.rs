//! SQLite databases that earlier builds made go on, and those of later builds are refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is wrong by failing"
)]

use jiff::Timestamp;
use selfsame_job::audit::Actor;
use selfsame_job::callback_url::CallbackUrls;
use selfsame_job::partner::Partner;
use selfsame_store::audit::AuditCheck;
use selfsame_store::error::StoreError;
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_store::store::*;
use selfsame_wire::id::PartnerId;
use selfsame_wire::signature::ApiKey;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};

const CURRENT: i64 = 18;

/// What takes a database back to an earlier version, as far as that build's tables went, and to no record of migrations.
const BACK: [(i64, &str); 11] = [
    (
        17,
        "DELETE FROM _sqlx_migrations WHERE version > 17;
         ALTER TABLE partners DROP COLUMN sandbox_callback; ALTER TABLE partners DROP COLUMN production_callback;",
    ),
    (
        16,
        "DELETE FROM _sqlx_migrations WHERE version > 16; DROP TRIGGER deliveries_inserted;
         ALTER TABLE deliveries DROP COLUMN url; ALTER TABLE deliveries DROP COLUMN endpoint;
         CREATE TRIGGER deliveries_inserted AFTER INSERT ON deliveries BEGIN SELECT 1; END;",
    ),
    (
        15,
        "DELETE FROM _sqlx_migrations WHERE version > 15; DROP TABLE consent_sessions;",
    ),
    (
        14,
        "DELETE FROM _sqlx_migrations WHERE version > 14; DROP TABLE smile_links;",
    ),
    (
        13,
        "DELETE FROM _sqlx_migrations WHERE version > 13; DROP TABLE fraud_records; ALTER TABLE users DROP COLUMN fraud_locked;",
    ),
    (
        12,
        "DELETE FROM _sqlx_migrations WHERE version > 12;
         DROP TABLE token_keys; ALTER TABLE partners DROP COLUMN signs_bodies;",
    ),
    (
        11,
        "DROP TABLE _sqlx_migrations; DROP TABLE register_entries;",
    ),
    (
        10,
        "DROP TABLE step_results; DROP TABLE registrants; DROP INDEX jobs_waiting; DROP VIEW results;
         ALTER TABLE jobs DROP COLUMN step; ALTER TABLE jobs DROP COLUMN carried; ALTER TABLE jobs DROP COLUMN run_after;
         ALTER TABLE deliveries DROP COLUMN of_step; ALTER TABLE reviews DROP COLUMN id_code;
         CREATE VIEW results AS SELECT seq FROM jobs;",
    ),
    (
        9,
        "ALTER TABLE data_keys DROP COLUMN writes_from;
         ALTER TABLE data_keys DROP COLUMN closed;",
    ),
    (
        8,
        "DROP TABLE node_counts; ALTER TABLE admin_tokens DROP COLUMN role;
         ALTER TABLE admin_tokens DROP COLUMN expires_at;",
    ),
    (7, "DROP TABLE challenges;"),
];

async fn connect(dir: &tempfile::TempDir) -> SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new()
        .filename(dir.path().join("selfsame.db"))
        .create_if_missing(true)
        .connect()
        .await
        .unwrap()
}

async fn execute(dir: &tempfile::TempDir, statements: String) {
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(&mut connect(dir).await)
        .await
        .unwrap();
}

async fn number(dir: &tempfile::TempDir, query: &'static str) -> i64 {
    sqlx::query_scalar(query)
        .fetch_one(&mut connect(dir).await)
        .await
        .unwrap()
}

fn partner() -> Partner {
    Partner {
        id: PartnerId::new("p").unwrap(),
        name: "P".to_owned(),
        production_enabled: false,
        signs_bodies: false,
        callback_urls: CallbackUrls::default(),
        sandbox_key: ApiKey::new("sandbox-key"),
        production_key: ApiKey::new("production-key"),
        created_at: Timestamp::now(),
    }
}

#[tokio::test]
async fn a_database_of_an_earlier_build_is_brought_up_with_what_it_holds() {
    for down_to in 0..BACK.len() {
        let dir = tempfile::tempdir().unwrap();
        let options = Options::new(dir.path());
        let store = SqliteStore::open(&options).await.unwrap();
        assert!(
            store
                .create_partner(&partner(), &Actor::server())
                .await
                .unwrap()
        );
        drop(store);
        let statements: String = BACK[..=down_to].iter().map(|(_, back)| *back).collect();
        let version = BACK[down_to].0;
        execute(
            &dir,
            format!("{statements} PRAGMA user_version = {version}"),
        )
        .await;
        // Twice: what is done is done.
        for _ in 0..2 {
            let store = SqliteStore::open_exclusive(&options).await.unwrap();
            let found = store.partner(&partner().id).await.unwrap().unwrap();
            assert_eq!(found.sandbox_key, partner().sandbox_key);
            assert_eq!(found.callback_urls, partner().callback_urls);
            let check = store.verify_audit(None).await.unwrap();
            assert!(
                matches!(check, AuditCheck::Intact(head) if head.sequence == 2),
                "{version}"
            );
            assert_eq!(store.data_keys().await.unwrap().len(), 1);
            drop(store);
            assert_eq!(number(&dir, "PRAGMA user_version").await, CURRENT);
            let applied = "SELECT COUNT(*) FROM _sqlx_migrations WHERE success";
            assert_eq!(number(&dir, applied).await, 17);
        }
    }
}

/// Databases of version 1 say 0 where they are from before versions were kept, and have no audit.
#[tokio::test]
async fn a_database_from_before_versions_gets_all_that_came_later() {
    for version in [0, 1] {
        let dir = tempfile::tempdir().unwrap();
        let records = include_str!("../migrations/sqlite/0001_records.sql");
        let user =
            "INSERT INTO users (partner, environment, user_id, status, enrolled_at, updated_at)
                    VALUES ('p', 'sandbox', 'ada', 'disabled', 1, 1)";
        execute(
            &dir,
            format!("{records}; {user}; PRAGMA user_version = {version}"),
        )
        .await;
        let store = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
        let changes = store.users_changed(0, 10).await.unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].user.key.user.as_str(), "ada");
        let audit = store.audit(0, 10).await.unwrap();
        assert_eq!(audit.len(), 1);
        assert_eq!(
            audit[0].details,
            format!("{{\"database_version\":{version}}}")
        );
    }
}

#[tokio::test]
async fn a_database_of_a_later_build_is_refused() {
    for later in [
        "PRAGMA user_version = 1000",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (1000, 'later', TRUE, x'00', 0)",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let options = Options::new(dir.path());
        drop(SqliteStore::open(&options).await.unwrap());
        execute(&dir, later.to_owned()).await;
        let opened = SqliteStore::open(&options).await.map(drop);
        let Err(StoreError::Corrupt("database", why)) = opened else {
            panic!("{later}: {opened:?}")
        };
        assert!(why.contains("newer build"), "{why}");
    }
}
