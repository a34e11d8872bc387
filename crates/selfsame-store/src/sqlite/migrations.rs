//! The shape of a SQLite database, and how an older one is brought up to it.

use sqlx::AssertSqlSafe;

use super::sql::Found;
use super::sql::tx::Tx;
use crate::error::StoreError;
use crate::migrations::{self, Listed};

/// What each version added to the one before. The last file's number is SQLite's `user_version` too, so that a build from before
/// migrations were kept on record tells that a database is too new for it.
const MIGRATIONS: &[Listed] = &[
    (
        1,
        "records",
        include_str!("../../migrations/sqlite/0001_records.sql"),
    ),
    (
        2,
        "policy and review",
        include_str!("../../migrations/sqlite/0002_policy_and_review.sql"),
    ),
    (
        4,
        "limits and repeats",
        include_str!("../../migrations/sqlite/0004_limits_and_repeats.sql"),
    ),
    (
        5,
        "deletion and retention",
        include_str!("../../migrations/sqlite/0005_deletion_and_retention.sql"),
    ),
    (
        6,
        "fair turns",
        include_str!("../../migrations/sqlite/0006_fair_turns.sql"),
    ),
    (
        7,
        "further templates",
        include_str!("../../migrations/sqlite/0007_further_templates.sql"),
    ),
    (
        8,
        "challenges",
        include_str!("../../migrations/sqlite/0008_challenges.sql"),
    ),
    (
        9,
        "operators and nodes",
        include_str!("../../migrations/sqlite/0009_operators_and_nodes.sql"),
    ),
    (
        10,
        "keys between nodes",
        include_str!("../../migrations/sqlite/0010_keys_between_nodes.sql"),
    ),
    (
        11,
        "steps",
        include_str!("../../migrations/sqlite/0011_steps.sql"),
    ),
    (
        12,
        "registers",
        include_str!("../../migrations/sqlite/0012_registers.sql"),
    ),
    (
        13,
        "tokens",
        include_str!("../../migrations/sqlite/0013_tokens.sql"),
    ),
    (
        14,
        "fraud",
        include_str!("../../migrations/sqlite/0014_fraud.sql"),
    ),
    (
        15,
        "smile links",
        include_str!("../../migrations/sqlite/0015_smile_links.sql"),
    ),
    (
        16,
        "consent sessions",
        include_str!("../../migrations/sqlite/0016_consent_sessions.sql"),
    ),
    (
        17,
        "replays",
        include_str!("../../migrations/sqlite/0017_replays.sql"),
    ),
    (
        18,
        "partner callbacks",
        include_str!("../../migrations/sqlite/0018_partner_callbacks.sql"),
    ),
];

/// From this version on a database has an audit.
const AUDITED: i64 = 2;

/// Brings the database to the current shape. The version that it had is 0 where it was new, and where it is from before
/// versions were kept.
pub(super) async fn migrate(tx: &mut Tx) -> Result<Found, StoreError> {
    let migrator = migrations::migrator(MIGRATIONS);
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut **tx)
        .await?;
    let kept: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations')",
    )
    .fetch_one(&mut **tx)
    .await?;
    let current = MIGRATIONS.last().map_or(0, |(number, ..)| *number);
    if version > current {
        return Err(StoreError::Corrupt(
            "database",
            format!(
                "it is of version {version}, and this build knows {current}: use the newer build"
            ),
        ));
    }
    if !kept && version > 0 {
        // It was brought to this version by a build that kept no record.
        migrations::mark(&migrator, &mut **tx, version).await?;
    }
    migrations::run(&migrator, &mut **tx).await?;
    if version != current {
        sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA user_version = {current}")))
            .execute(&mut **tx)
            .await?;
    }
    Ok(Found {
        version,
        audited: version >= AUDITED,
    })
}
