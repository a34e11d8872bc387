//! The PostgreSQL database that data moves into.

use sqlx::postgres::{PgArguments, PgPool, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::page::{Column, Kind, Mark, Page, Part, Table, Values, read_page};
use super::source::Source;
use super::{TABLES, failed};
use crate::error::StoreError;
use crate::keys::scope;
use crate::postgres::{self, Options};

/// Held from the beginning to the end, so that two moves do not mix: "moving", read as a number.
const ALONE: i64 = 0x6d6f_7669_6e67;

pub(super) struct Target {
    pool: PgPool,
    /// Has the lock.
    _alone: sqlx::pool::PoolConnection<Postgres>,
}

impl Target {
    /// Brings the database to its shape, and sees that it is empty, or holds what an earlier call of the same move brought.
    pub(super) async fn begin(options: &Options, source: &Source) -> Result<Self, StoreError> {
        let pool = postgres::moving_pool(options).await?;
        let mut alone = pool.acquire().await?;
        let held: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(ALONE)
            .fetch_one(&mut *alone)
            .await?;
        if !held {
            return Err(failed("another move into this database is under way"));
        }
        let mut tx = postgres::begin_shaped(&pool).await?;
        if postgres::is_moving(&mut tx).await? {
            let owner: String = sqlx::query_scalar("SELECT mark FROM moving WHERE name = 'from'")
                .fetch_one(&mut *tx)
                .await?;
            if owner != source.owner {
                return Err(failed(
                    "into this database another data directory is being moved: finish that, or empty the database",
                ));
            }
            same_keys(&mut tx, options, source).await?;
        } else {
            for name in TABLES.iter().map(|(name, _)| *name).chain(["data_keys"]) {
                let statement = format!("SELECT EXISTS (SELECT 1 FROM \"{name}\")");
                let some: bool = sqlx::query_scalar(AssertSqlSafe(statement))
                    .fetch_one(&mut *tx)
                    .await?;
                if some {
                    return Err(failed(format!(
                        "the database has data of its own (in {name}): name an empty one"
                    )));
                }
            }
            // Their place in the order of changes is that of other records.
            if postgres::faces::are_there(&mut tx).await? {
                return Err(failed(
                    "the database was searched for faces before (in faces): name an empty one",
                ));
            }
            sqlx::raw_sql("CREATE TABLE moving (name TEXT PRIMARY KEY, mark TEXT NOT NULL, rows BIGINT NOT NULL)")
                .execute(&mut *tx)
                .await?;
            sqlx::query("INSERT INTO moving (name, mark, rows) VALUES ('from', $1, 0)")
                .bind(&source.owner)
                .execute(&mut *tx)
                .await?;
            for (number, key) in &source.keys {
                let wrapped = options.master_key.wrap(&scope(*number), key).await?;
                sqlx::query("INSERT INTO data_keys (number, wrapped) VALUES ($1, $2)")
                    .bind(number)
                    .bind(wrapped)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        tx.commit().await?;
        Ok(Self {
            pool,
            _alone: alone,
        })
    }

    /// A table's columns, but those that the database makes of others.
    pub(super) async fn table(
        &self,
        name: &'static str,
        key: &'static [&'static str],
    ) -> Result<Table, StoreError> {
        let found: Vec<(String, String)> = sqlx::query_as(
            "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position",
        )
        .bind(name)
        .fetch_all(&self.pool)
        .await?;
        let columns: Result<Vec<Column>, StoreError> = found
            .into_iter()
            .map(|(column, kind)| {
                let kind = match kind.as_str() {
                    "bigint" => Kind::Number,
                    "boolean" => Kind::Flag,
                    "text" => Kind::Text,
                    "bytea" => Kind::Bytes,
                    other => {
                        return Err(failed(format!("{name}.{column} is of the kind {other}")));
                    }
                };
                Ok(Column { name: column, kind })
            })
            .collect();
        Ok(Table {
            name,
            key,
            columns: columns?,
        })
    }

    /// How far a table was copied: the last row's key, and how many rows.
    pub(super) async fn mark(&self, table: &Table) -> Result<(Option<Mark>, u64), StoreError> {
        let found: Option<(String, i64)> =
            sqlx::query_as("SELECT mark, rows FROM moving WHERE name = $1")
                .bind(table.name)
                .fetch_optional(&self.pool)
                .await?;
        let Some((mark, rows)) = found else {
            return Ok((None, 0));
        };
        let mark = serde_json::from_str(&mark)
            .map_err(|e| StoreError::Corrupt("mark of a move", e.to_string()))?;
        Ok((Some(mark), rows.unsigned_abs()))
    }

    /// Writes rows, and how far that is, at once.
    pub(super) async fn write(&mut self, table: &Table, page: &Page) -> Result<(), StoreError> {
        let mark = serde_json::to_string(&page.last(table))
            .map_err(|e| StoreError::Corrupt("mark of a move", e.to_string()))?;
        let types = table.columns.iter().map(|column| match column.kind {
            Kind::Number => "BIGINT[]",
            Kind::Flag => "BOOLEAN[]",
            Kind::Text => "TEXT[]",
            Kind::Bytes => "BYTEA[]",
        });
        let places: Vec<String> = types
            .enumerate()
            .map(|(n, kind)| format!("CAST(${} AS {kind})", n + 1))
            .collect();
        let insert = format!(
            "INSERT INTO \"{}\" ({}) OVERRIDING SYSTEM VALUE SELECT * FROM UNNEST({})",
            table.name,
            table.column_names(),
            places.join(", ")
        );
        let triggers = |what: &str| format!("ALTER TABLE \"{}\" {what} TRIGGER USER", table.name);
        let mut tx = self.pool.begin().await?;
        // What triggers keep is copied as it is.
        sqlx::raw_sql(AssertSqlSafe(triggers("DISABLE")))
            .execute(&mut *tx)
            .await?;
        let mut query = sqlx::query(AssertSqlSafe(insert));
        for values in &page.columns {
            query = bind(query, values.clone());
        }
        query.execute(&mut *tx).await?;
        sqlx::raw_sql(AssertSqlSafe(triggers("ENABLE")))
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO moving AS m (name, mark, rows) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET mark = EXCLUDED.mark, rows = m.rows + EXCLUDED.rows",
        )
        .bind(table.name)
        .bind(mark)
        .bind(i64::try_from(page.len()).unwrap_or(i64::MAX))
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn page(
        &self,
        table: &Table,
        after: Option<&Mark>,
    ) -> Result<Page, StoreError> {
        Ok(read_page!(&self.pool, table, after))
    }

    /// Numbers go on where the source stopped: none is given twice.
    pub(super) async fn set_sequences(&mut self, source: &Source) -> Result<(), StoreError> {
        for (table, last) in source.sequences().await? {
            let sequence = match table.as_str() {
                "user_changes" => Some("user_change_numbers".to_owned()),
                table => match TABLES.iter().find(|(name, _)| *name == table) {
                    Some((name, [column])) => {
                        sqlx::query_scalar("SELECT pg_get_serial_sequence($1, $2)")
                            .bind(*name)
                            .bind(*column)
                            .fetch_one(&self.pool)
                            .await?
                    }
                    _ => None,
                },
            };
            let Some(sequence) = sequence else {
                return Err(failed(format!("there is no sequence for {table}")));
            };
            sqlx::query("SELECT setval(CAST($1 AS regclass), $2)")
                .bind(sequence)
                .bind(last)
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }

    /// From here on the database may be opened.
    pub(super) async fn end(self) -> Result<(), StoreError> {
        sqlx::raw_sql("DROP TABLE moving")
            .execute(&self.pool)
            .await?;
        self._alone.detach();
        self.pool.close().await;
        Ok(())
    }
}

/// The data keys that are there are the source's, and this master key opens them.
async fn same_keys(
    connection: &mut PgConnection,
    options: &Options,
    source: &Source,
) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT number, wrapped FROM data_keys")
        .fetch_all(connection)
        .await?;
    let mut same = rows.len() == source.keys.len();
    for row in rows {
        let number: i64 = row.try_get(0)?;
        let key = options
            .master_key
            .unwrap(&scope(number), row.try_get(1)?)
            .await?;
        same &= source
            .keys
            .get(&number)
            .is_some_and(|k| k.bytes() == key.bytes());
    }
    if same {
        return Ok(());
    }
    Err(failed(
        "the source's data keys were changed since the move began: empty the target and begin anew",
    ))
}

type PgQuery<'q> = Query<'q, Postgres, PgArguments>;

fn bind(query: PgQuery<'_>, values: Values) -> PgQuery<'_> {
    match values {
        Values::Number(all) => query.bind(all),
        Values::Flag(all) => query.bind(all),
        Values::Text(all) => query.bind(all),
        Values::Bytes(all) => query.bind(all),
    }
}
