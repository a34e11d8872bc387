//! The write-ahead log, in which erased bytes must not linger.

use sqlx::SqliteConnection;

use super::sql::SqlStore;
use crate::error::StoreError;

/// How long clearing the log waits for readers, in milliseconds: the writer waits with it.
const LOG_WAIT: u32 = 200;
/// How long a writer waits for another process, in milliseconds.
pub(super) const WRITER_WAIT: u32 = 10_000;

async fn wait_at_most(
    connection: &mut SqliteConnection,
    milliseconds: u32,
) -> Result<(), sqlx::Error> {
    let pragma = format!("PRAGMA busy_timeout = {milliseconds}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(pragma))
        .execute(connection)
        .await?;
    Ok(())
}

/// Empties the write-ahead log into the database, so that what was erased does not linger in it. `false`: somebody reads an
/// older state just now; try again later.
pub(super) async fn truncate_log(store: &SqlStore) -> Result<bool, StoreError> {
    let mut connection = store.write.acquire().await?;
    wait_at_most(&mut connection, LOG_WAIT).await?;
    let busy = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut *connection)
        .await;
    wait_at_most(&mut connection, WRITER_WAIT).await?;
    match busy {
        Ok(busy) => Ok(busy == 0),
        // Another process writes.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("5") => Ok(false),
        Err(error) => Err(error.into()),
    }
}
