//! Making a database ready to keep templates in the clear.

use sqlx::{AssertSqlSafe, PgConnection};

use super::super::PostgresStore;
use super::super::dialect;
use super::super::sql::keys::purpose_key;
use super::super::sql::tx::Tx;
use super::tenants::Tenants;
use super::{Faces, Filling, failed};
use crate::error::StoreError;
use crate::keyring::random;

const SETUP: &str = include_str!("setup.sql");

/// In the schema that the store is in, whatever others the connection looks into as well.
const THERE: &str =
    "SELECT to_regclass(quote_ident(current_schema()) || '.faces_filling') IS NOT NULL";

/// Whether the order of changes does not reach up to where it was followed: the records were restored from before.
const AHEAD: &str = "SELECT EXISTS (SELECT FROM faces_followed
    WHERE sequence > (SELECT coalesce(max(c.sequence), 0) FROM user_changes c))";

impl PostgresStore {
    /// Makes the database ready to keep templates in the clear, and searches them there. Call it only where the operator chose that.
    ///
    /// Rows are put in anew where the secret that they are turned by was lost, or where the records were restored from elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Faces`] where the database has no pgvector, or too old a one; else when it fails.
    pub async fn faces(&self) -> Result<Faces, StoreError> {
        let mut tx = dialect::begin_setup(&self.write).await?;
        let vector = extension(&mut tx).await?;
        let made = are_there(&mut tx).await?;
        if !made {
            let setup = SETUP.replace("$vector", &vector);
            sqlx::raw_sql(AssertSqlSafe(setup))
                .execute(&mut *tx)
                .await?;
        }
        let key = purpose_key(&mut tx, &self.keys.get(), "faces in the clear").await?;
        let filling = match current_filling(&mut tx, &key).await? {
            Some(filling) => filling,
            None => {
                if made {
                    tracing::warn!(
                        "the templates in the database are put there anew: the records, or the key that they were turned by, are not those of before"
                    );
                }
                begin_anew(&mut tx, &key).await?
            }
        };
        tx.commit().await?;
        Ok(Faces {
            write: self.write.clone(),
            read: self.read.clone(),
            filling,
            vector,
            tenants: Tenants::new(key),
        })
    }

    /// Whether the database keeps templates in the clear, chosen now or at some time before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_faces(&self) -> Result<bool, StoreError> {
        are_there(&mut *self.read.acquire().await?).await
    }
}

/// Whether the tables are there.
pub(crate) async fn are_there(connection: &mut PgConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(THERE).fetch_one(connection).await?)
}

/// Names what the tables are filled with, where that fits the key and the records.
async fn current_filling(tx: &mut Tx, key: &[u8; 32]) -> Result<Option<Filling>, StoreError> {
    let found: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as("SELECT salt, code FROM faces_filling")
        .fetch_optional(&mut **tx)
        .await?;
    let Some((salt, code)) = found else {
        return Ok(None);
    };
    let is_ahead: bool = sqlx::query_scalar(AHEAD).fetch_one(&mut **tx).await?;
    let filling = Filling::by(key, &salt);
    Ok((filling.code == code && !is_ahead).then_some(filling))
}

/// Removes all rows. Nodes of before neither write nor find any more.
async fn begin_anew(tx: &mut Tx, key: &[u8; 32]) -> Result<Filling, StoreError> {
    // Waits for those who are putting rows in.
    sqlx::query("DELETE FROM faces_filling")
        .execute(&mut **tx)
        .await?;
    sqlx::raw_sql("DELETE FROM faces_followed; TRUNCATE faces")
        .execute(&mut **tx)
        .await?;
    let salt: [u8; 16] = random()?;
    let filling = Filling::by(key, &salt);
    sqlx::query("INSERT INTO faces_filling (salt, code) VALUES ($1, $2)")
        .bind(salt.as_slice())
        .bind(&filling.code)
        .execute(&mut **tx)
        .await?;
    Ok(filling)
}

/// The schema of pgvector, which is installed where it can be.
async fn extension(connection: &mut PgConnection) -> Result<String, StoreError> {
    let available: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !available {
        return Err(failed(
            "the database server has no pgvector: install the extension `vector` (0.7 or later) there, or search in memory (--gallery memory)",
        ));
    }
    let place = "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'";
    let found: Option<String> = sqlx::query_scalar(place)
        .fetch_optional(&mut *connection)
        .await?;
    let vector = match found {
        Some(vector) => vector,
        None => {
            sqlx::query("CREATE EXTENSION vector SCHEMA public")
                .execute(&mut *connection)
                .await
                .map_err(|error| {
                    failed(format!(
                        "pgvector cannot be installed ({error}): let the database's owner run CREATE EXTENSION vector"
                    ))
                })?;
            "public".to_owned()
        }
    };
    let halves: bool = sqlx::query_scalar("SELECT to_regtype($1 || '.halfvec') IS NOT NULL")
        .bind(&vector)
        .fetch_one(&mut *connection)
        .await?;
    if !halves {
        return Err(failed(
            "pgvector is older than 0.7: let the database's owner run ALTER EXTENSION vector UPDATE",
        ));
    }
    Ok(vector)
}
