//! The database's shape, and how an older one is brought up to it.

use sqlx::SqlitePool;

use crate::error::StoreError;

/// Counted by SQLite's `user_version`; databases from before it was kept say 0.
const CURRENT: i64 = 2;

/// Brings the database to the current shape. `true`: it was new, or from before there was an audit.
pub(super) async fn bring_up_to_date(pool: &SqlitePool) -> Result<bool, StoreError> {
    sqlx::raw_sql(include_str!("schema.sql"))
        .execute(pool)
        .await?;
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *tx)
        .await?;
    if version > CURRENT {
        return Err(StoreError::Corrupt(
            "database",
            format!(
                "it is of version {version}, and this build knows {CURRENT}: use the newer build"
            ),
        ));
    }
    if version == CURRENT {
        return Ok(false);
    }
    sqlx::raw_sql(include_str!("schema_2.sql"))
        .execute(&mut *tx)
        .await?;
    sqlx::raw_sql("PRAGMA user_version = 2")
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}
