//! Migrations: the shapes that a database had, one after another, as `sqlx::migrate` keeps account of them.
//!
//! The files are in `migrations/`, a folder for each database. They are listed here rather than by `sqlx::migrate!`, whose macro
//! would bring the drivers into the build a second time. What was released is never changed: its checksum is on record.

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

use crate::error::StoreError;

/// A migration's number, name and statements.
pub(crate) type Listed = (i64, &'static str, &'static str);

/// The migrations of a database. It is held already when they are run: they lock nothing.
pub(crate) fn migrator(listed: &[Listed]) -> Migrator {
    let migrations = listed.iter().map(|(number, name, sql)| {
        let sql = AssertSqlSafe((*sql).to_owned()).into_sql_str();
        Migration::new(*number, (*name).into(), MigrationType::Simple, sql, false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.set_locking(false);
    migrator
}

/// Runs what is missing, within the transaction of this connection.
pub(crate) async fn run<C: Migrate>(
    migrator: &Migrator,
    connection: &mut C,
) -> Result<(), StoreError> {
    migrator
        .run_direct(None, connection, false)
        .await
        .map_err(explained)
}

/// Puts on record that everything up to a number was done.
pub(crate) async fn mark<C: Migrate>(
    migrator: &Migrator,
    connection: &mut C,
    until: i64,
) -> Result<(), StoreError> {
    migrator
        .run_direct(Some(until), connection, true)
        .await
        .map_err(explained)
}

fn explained(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMissing(number) => StoreError::Corrupt(
            "database",
            format!(
                "it is of version {number}, which this build does not know: use the newer build"
            ),
        ),
        other => StoreError::Corrupt("database", other.to_string()),
    }
}
