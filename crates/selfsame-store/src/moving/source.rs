//! A data directory that is moved away: only read, while nobody else has it.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _};
use zeroize::Zeroizing;

use super::failed;
use super::page::{Mark, Page, Part, Table, Values, read_page};
use crate::blobs::{self, Blobs, FileBlobs};
use crate::error::StoreError;
use crate::keyring::{DataKey, KEY_BYTES, Keyring};
use crate::keys::{purpose_place, scope};
use crate::sqlite::{self, Options};

pub(super) struct Source {
    pool: SqlitePool,
    pub(super) blobs: Arc<dyn Blobs>,
    pub(super) keys: BTreeMap<i64, DataKey>,
    /// The mark of this installation on its place for blobs.
    pub(super) owner: String,
    _alone: File,
}

impl Source {
    pub(super) async fn open(options: &Options) -> Result<Self, StoreError> {
        let file = options.dir.join("selfsame.db");
        if !file.is_file() {
            return Err(failed(format!(
                "{} is no data directory: there is no selfsame.db in it",
                options.dir.display()
            )));
        }
        // A new one would open nothing, and stand in the way of the right one.
        if options.master_key.is_none() && !options.dir.join("master.key").is_file() {
            return Err(failed(format!(
                "there is no master.key in {}: name the source's master key",
                options.dir.display()
            )));
        }
        let alone = sqlite::keys::lock_alone(options)?;
        let connect = SqliteConnectOptions::new().filename(file).read_only(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(connect)
            .await?;
        let master = options.master_key()?;
        let mut keys = BTreeMap::new();
        for row in sqlx::query("SELECT number, wrapped FROM data_keys")
            .fetch_all(&pool)
            .await?
        {
            let number: i64 = row.try_get(0)?;
            let key = master.unwrap(&scope(number), row.try_get(1)?).await?;
            keys.insert(number, key);
        }
        let sealed: Vec<u8> =
            sqlx::query_scalar("SELECT sealed FROM purpose_keys WHERE purpose = 'audit'")
                .fetch_one(&pool)
                .await?;
        let audit_key = opened(&keys, &sealed)?;
        let owner = blobs::owner(&audit_key);
        let blobs: Arc<dyn Blobs> = match &options.blobs {
            Some(blobs) => Arc::clone(blobs),
            None => Arc::new(FileBlobs::of_data_directory(&options.dir)?),
        };
        Ok(Self {
            pool,
            blobs,
            keys,
            owner,
            _alone: alone,
        })
    }

    /// Sees whether the table has just these columns here.
    pub(super) async fn has(&self, table: &Table) -> Result<(), StoreError> {
        let mut here: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)")
            .bind(table.name)
            .fetch_all(&self.pool)
            .await?;
        let mut there: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        here.sort_unstable();
        there.sort_unstable();
        if here == there {
            return Ok(());
        }
        Err(failed(format!(
            "the table {} is of another version: first open the data directory with this build (`selfsame partner list`)",
            table.name
        )))
    }

    pub(super) async fn rows(&self, table: &Table) -> Result<u64, StoreError> {
        let statement = format!("SELECT COUNT(*) FROM \"{}\"", table.name);
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(statement))
            .fetch_one(&self.pool)
            .await?;
        Ok(rows.unsigned_abs())
    }

    pub(super) async fn page(
        &self,
        table: &Table,
        after: Option<&Mark>,
    ) -> Result<Page, StoreError> {
        Ok(read_page!(&self.pool, table, after))
    }

    /// The last number that each table gave.
    pub(super) async fn sequences(&self) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(
            sqlx::query_as("SELECT name, seq FROM sqlite_sequence WHERE seq > 0")
                .fetch_all(&self.pool)
                .await?,
        )
    }
}

/// A key for a purpose, opened with whichever data key sealed it.
fn opened(
    keys: &BTreeMap<i64, DataKey>,
    sealed: &[u8],
) -> Result<Zeroizing<[u8; KEY_BYTES]>, StoreError> {
    let keys: std::collections::HashMap<u32, DataKey> = keys
        .iter()
        .filter_map(|(number, key)| Some((u32::try_from(*number).ok()?, key.clone())))
        .collect();
    let newest = keys.keys().copied().max().unwrap_or_default();
    let ring = Keyring::new(keys, newest, None)
        .ok_or_else(|| StoreError::Corrupt("data key", "there is none".to_owned()))?;
    let plain = Zeroizing::new(ring.open(sealed, &purpose_place("audit"), "key")?);
    let key = plain
        .as_slice()
        .try_into()
        .map_err(|_| StoreError::Corrupt("key", "it has the wrong length".to_owned()))?;
    Ok(Zeroizing::new(key))
}
