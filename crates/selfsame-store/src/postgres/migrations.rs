//! The shape of a PostgreSQL database, and how an older one is brought up to it.

use super::sql::Found;
use super::sql::tx::Tx;
use crate::error::StoreError;
use crate::migrations::{self, Listed};

/// The oldest server whose statements these are.
const OLDEST_SERVER: i32 = 140_000;

const MIGRATIONS: &[Listed] = &[
    (
        1,
        "records",
        include_str!("../../migrations/postgres/0001_records.sql"),
    ),
    (
        2,
        "steps",
        include_str!("../../migrations/postgres/0002_steps.sql"),
    ),
    (
        3,
        "registers",
        include_str!("../../migrations/postgres/0003_registers.sql"),
    ),
    (
        4,
        "tokens",
        include_str!("../../migrations/postgres/0004_tokens.sql"),
    ),
    (
        5,
        "fraud",
        include_str!("../../migrations/postgres/0005_fraud.sql"),
    ),
    (
        6,
        "smile links",
        include_str!("../../migrations/postgres/0006_smile_links.sql"),
    ),
    (
        7,
        "consent sessions",
        include_str!("../../migrations/postgres/0007_consent_sessions.sql"),
    ),
    (
        8,
        "replays",
        include_str!("../../migrations/postgres/0008_replays.sql"),
    ),
    (
        9,
        "partner callbacks",
        include_str!("../../migrations/postgres/0009_partner_callbacks.sql"),
    ),
];

/// Brings the database to the current shape. Nodes that start at once wait for each other here.
pub(super) async fn migrate(tx: &mut Tx) -> Result<Found, StoreError> {
    let (server, encoding): (i32, String) = sqlx::query_as(
        "SELECT CAST(current_setting('server_version_num') AS INTEGER), current_setting('server_encoding')",
    )
    .fetch_one(&mut **tx)
    .await?;
    if server < OLDEST_SERVER || encoding != "UTF8" {
        return Err(StoreError::Corrupt(
            "database",
            format!(
                "it is kept by PostgreSQL {} as {encoding}: 14 or later and UTF8 are needed",
                server / 10_000
            ),
        ));
    }
    let kept: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut **tx)
        .await?;
    let version: i64 = if kept {
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
            .fetch_one(&mut **tx)
            .await?
    } else {
        0
    };
    migrations::run(&migrations::migrator(MIGRATIONS), &mut **tx).await?;
    Ok(Found {
        version,
        audited: version > 0,
    })
}
