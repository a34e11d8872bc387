//! The database's shape, and how an older one is brought up to it.

use sqlx::SqliteConnection;

use crate::error::StoreError;

/// What each version added to the one before, oldest first. A version is SQLite's `user_version`; version 1 is `schema.sql`, and
/// databases from before it was kept say 0.
const MIGRATIONS: &[(i64, &str)] = &[
    (2, include_str!("schema_2.sql")),
    (4, include_str!("schema_4.sql")),
    (5, include_str!("schema_5.sql")),
    (6, include_str!("schema_6.sql")),
    (7, include_str!("schema_7.sql")),
    (8, include_str!("schema_8.sql")),
    (9, include_str!("schema_9.sql")),
];

/// From this version on a database has an audit.
pub(super) const AUDITED: i64 = 2;

/// Brings the database to the current shape; gives the version that it had.
pub(super) async fn bring_up_to_date(tx: &mut SqliteConnection) -> Result<i64, StoreError> {
    let current = MIGRATIONS.last().map_or(1, |(version, _)| *version);
    sqlx::raw_sql(include_str!("schema.sql"))
        .execute(&mut *tx)
        .await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *tx)
        .await?;
    if version > current {
        return Err(StoreError::Corrupt(
            "database",
            format!(
                "it is of version {version}, and this build knows {current}: use the newer build"
            ),
        ));
    }
    for (number, sql) in MIGRATIONS.iter().filter(|(number, _)| *number > version) {
        sqlx::raw_sql(*sql).execute(&mut *tx).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "PRAGMA user_version = {number}"
        )))
        .execute(&mut *tx)
        .await?;
    }
    Ok(version)
}
