//! Keys on record: listing, rotating and retiring them.
//!
//! Everybody who opens a data directory holds a shared lock; who changes its keys needs it alone. So no server and no
//! command ever writes with a key that was retired behind its back.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;

use selfsame_wire::id::{Environment, PartnerId, SmileJobId};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, SqlitePool};
use zeroize::Zeroizing;

use super::record::{id, job_place, result_place, user_key, user_place};
use super::{Options, SqliteStore, audit, create_private, images, partners, reviews};
use crate::error::{StoreError, io};
use crate::keyring::{DataKey, KEY_BYTES, Keyring, MasterKey, key_number, random};

/// Values that are encrypted anew in one transaction.
const BATCH: i64 = 200;

/// A column whose values are encrypted.
struct Column {
    table: &'static str,
    column: &'static str,
    /// The columns that [`Column::place`] reads.
    named_by: &'static str,
    /// What a row's value is encrypted for.
    place: fn(&SqliteRow) -> Result<String, StoreError>,
}

fn partner(row: &SqliteRow) -> Result<PartnerId, StoreError> {
    id(PartnerId::new(row.try_get::<String, _>("id")?), "partner")
}

fn smile_job(row: &SqliteRow) -> Result<SmileJobId, StoreError> {
    id(
        SmileJobId::new(row.try_get::<String, _>("smile_job_id")?),
        "smile job id",
    )
}

fn job(row: &SqliteRow, column: &str) -> Result<String, StoreError> {
    Ok(job_place(&smile_job(row)?, column))
}

fn purpose_place(purpose: &str) -> String {
    format!("purpose_keys/sealed/{purpose}")
}

/// Every encrypted column. A test holds the schema to it.
const COLUMNS: [Column; 12] = [
    Column {
        table: "partners",
        column: "sandbox_key",
        named_by: "id",
        place: |row| Ok(partners::place(&partner(row)?, Environment::Sandbox)),
    },
    Column {
        table: "partners",
        column: "production_key",
        named_by: "id",
        place: |row| Ok(partners::place(&partner(row)?, Environment::Production)),
    },
    Column {
        table: "users",
        column: "template",
        named_by: "partner, environment, user_id",
        place: |row| Ok(user_place(&user_key(row)?)),
    },
    Column {
        table: "jobs",
        column: "request",
        named_by: "smile_job_id",
        place: |row| job(row, "request"),
    },
    Column {
        table: "jobs",
        column: "result",
        named_by: "smile_job_id",
        place: |row| job(row, "result"),
    },
    Column {
        table: "jobs",
        column: "callback_url",
        named_by: "smile_job_id",
        place: |row| job(row, "callback_url"),
    },
    Column {
        table: "reviews",
        column: "template",
        named_by: "smile_job_id",
        place: |row| Ok(reviews::template_place(&smile_job(row)?)),
    },
    Column {
        table: "reviews",
        column: "note",
        named_by: "smile_job_id",
        place: |row| Ok(reviews::note_place(&smile_job(row)?)),
    },
    Column {
        table: "reviews",
        column: "result",
        named_by: "smile_job_id",
        place: |row| Ok(result_place(&smile_job(row)?, true)),
    },
    Column {
        table: "accepted_images",
        column: "perceptual",
        named_by: "smile_job_id, image",
        place: |row| Ok(images::hash_place(&smile_job(row)?, row.try_get("image")?)),
    },
    Column {
        table: "audit_head",
        column: "sealed",
        named_by: "one",
        place: |_| Ok(audit::HEAD.to_owned()),
    },
    Column {
        table: "purpose_keys",
        column: "sealed",
        named_by: "purpose",
        place: |row| Ok(purpose_place(row.try_get("purpose")?)),
    },
];

/// A data key and what it encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct KeyUse {
    /// Its number; later keys have higher ones.
    pub number: u32,
    /// It encrypts what is written now.
    pub current: bool,
    /// Values in the database that it encrypts.
    pub values: u64,
    /// Packages that it encrypts.
    pub packages: u64,
}

/// How far encrypting anew has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Values and packages done in this run.
    pub done: u64,
    /// Values and packages that older keys encrypted when it began.
    pub total: u64,
}

/// The keys of a data directory, while nobody else has it open.
#[derive(Debug)]
pub struct Keys {
    store: SqliteStore,
    master: MasterKey,
}

fn lock_file(options: &Options) -> Result<File, StoreError> {
    create_private(&options.dir)?;
    let path = options.dir.join("keys.lock");
    File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(io(&path))
}

pub(super) fn lock_shared(options: &Options) -> Result<File, StoreError> {
    let file = lock_file(options)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(file),
        Err(_) => Err(StoreError::InUse(options.dir.clone())),
    }
}

impl Keys {
    /// Opens a data directory to change its keys.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while a server or a command has it open; [`StoreError::MasterKey`] when the master key is
    /// another than the one the data keys are wrapped with.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        let lock = lock_file(options)?;
        lock.try_lock()
            .map_err(|_| StoreError::InUse(options.dir.clone()))?;
        Ok(Self {
            store: SqliteStore::open_with(options, None, lock).await?,
            master: options.master_key()?,
        })
    }

    /// Makes a new data key, which encrypts what is written from now on; gives its number. Older data keeps its key until
    /// [`Keys::reencrypt`].
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn rotate(&mut self) -> Result<u32, StoreError> {
        let mut tx = self.store.write.begin_with("BEGIN IMMEDIATE").await?;
        let number: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) + 1 FROM data_keys")
            .fetch_one(&mut *tx)
            .await?;
        insert(&mut tx, &self.master, number).await?;
        tx.commit().await?;
        self.store.keys = load(&self.store.write, &self.master).await?;
        Ok(self.store.keys.current())
    }

    /// Wraps every data key with a new master key, which every later opening needs. The data itself is not touched. All
    /// keys are wrapped anew, or none: `new` must be on disk before.
    ///
    /// # Errors
    /// When the database cannot be written; nothing is changed then.
    pub async fn rewrap(&mut self, new: &MasterKey) -> Result<(), StoreError> {
        let mut tx = self.store.write.begin_with("BEGIN IMMEDIATE").await?;
        for row in sqlx::query("SELECT number, wrapped FROM data_keys")
            .fetch_all(&mut *tx)
            .await?
        {
            let number: i64 = row.try_get(0)?;
            let key = self.master.unwrap(&scope(number), row.try_get(1)?)?;
            sqlx::query("UPDATE data_keys SET wrapped = ? WHERE number = ?")
                .bind(new.wrap(&scope(number), &key)?)
                .bind(number)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        self.master = new.clone();
        Ok(())
    }

    /// Encrypts anew, with the current key, what older data keys encrypted; then erases the older keys. May be stopped at
    /// any moment and begun again: what is done stays done. Gives how many values and packages it did.
    ///
    /// # Errors
    /// When something cannot be decrypted or written; the older keys stay then.
    pub async fn reencrypt(
        &mut self,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<u64, StoreError> {
        let older = |k: &&KeyUse| !k.current;
        let total = self
            .store
            .data_keys()
            .await?
            .iter()
            .filter(older)
            .map(|k| k.values + k.packages)
            .sum();
        let mut done = 0;
        progress(Progress { done, total });
        for column in &COLUMNS {
            loop {
                let more = self.reencrypt_batch(column).await?;
                if more == 0 {
                    break;
                }
                done += more;
                progress(Progress { done, total });
            }
        }
        for blob in self.store.blobs.list(std::time::SystemTime::now()).await? {
            let number = self.store.blobs.key_number(&blob).await?;
            if blob.is_whole() && number.is_some_and(|n| n != self.store.keys.current()) {
                self.store.blobs.reseal(&blob, &self.store.keys).await?;
                done += 1;
                progress(Progress { done, total });
            }
        }
        self.retire().await?;
        Ok(done)
    }

    async fn reencrypt_batch(&self, column: &Column) -> Result<u64, StoreError> {
        let Column {
            table,
            column,
            named_by,
            place,
        } = column;
        let keys = &self.store.keys;
        let mut tx = self.store.write.begin_with("BEGIN IMMEDIATE").await?;
        // What is left is found by its key number: no place to resume from needs to be kept.
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT rowid AS row, {column} AS sealed, {named_by} FROM {table}
             WHERE {column} IS NOT NULL AND substr({column}, 1, 4) <> ? LIMIT ?"
        )))
        .bind(keys.current().to_le_bytes().to_vec())
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        for row in &rows {
            let place = place(row)?;
            let plain = Zeroizing::new(keys.open(row.try_get("sealed")?, &place, column)?);
            sqlx::query(AssertSqlSafe(format!(
                "UPDATE {table} SET {column} = ? WHERE rowid = ?"
            )))
            .bind(keys.seal(&plain, &place)?)
            .bind(row.try_get::<i64, _>("row")?)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(rows.len() as u64)
    }

    /// Erases the data keys that encrypt nothing and are not current.
    async fn retire(&mut self) -> Result<(), StoreError> {
        for key in self.store.data_keys().await? {
            if !key.current && key.values == 0 && key.packages == 0 {
                sqlx::query("DELETE FROM data_keys WHERE number = ?")
                    .bind(i64::from(key.number))
                    .execute(&self.store.write)
                    .await?;
            }
        }
        // Old ciphertexts, and the wrapped keys, must not stay behind in the log.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&self.store.write)
            .await?;
        self.store.keys = load(&self.store.write, &self.master).await?;
        Ok(())
    }
}

impl SqliteStore {
    /// The data keys by number, and what each encrypts.
    ///
    /// # Errors
    /// When the database or the packages cannot be read.
    pub async fn data_keys(&self) -> Result<Vec<KeyUse>, StoreError> {
        let unused = |number| KeyUse {
            number,
            current: number == self.keys.current(),
            values: 0,
            packages: 0,
        };
        let mut uses: BTreeMap<u32, KeyUse> = BTreeMap::new();
        for number in self.keys.numbers() {
            uses.insert(number, unused(number));
        }
        for Column { table, column, .. } in &COLUMNS {
            let rows = sqlx::query(AssertSqlSafe(format!(
                "SELECT substr({column}, 1, 4), COUNT(*) FROM {table} WHERE {column} IS NOT NULL GROUP BY 1"
            )))
            .fetch_all(&self.read)
            .await?;
            for row in rows {
                let number = key_number(row.try_get(0)?).unwrap_or(0);
                uses.entry(number).or_insert_with(|| unused(number)).values +=
                    u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or(0);
            }
        }
        for blob in self.blobs.list(std::time::SystemTime::now()).await? {
            if let (true, Some(number)) = (blob.is_whole(), self.blobs.key_number(&blob).await?) {
                uses.entry(number)
                    .or_insert_with(|| unused(number))
                    .packages += 1;
            }
        }
        Ok(uses.into_values().collect())
    }
}

fn scope(number: i64) -> String {
    format!("data key {number}")
}

async fn insert(
    tx: &mut SqliteConnection,
    master: &MasterKey,
    number: i64,
) -> Result<DataKey, StoreError> {
    let key = DataKey::generate()?;
    sqlx::query("INSERT INTO data_keys (number, wrapped) VALUES (?, ?)")
        .bind(number)
        .bind(master.wrap(&scope(number), &key)?)
        .execute(tx)
        .await?;
    Ok(key)
}

/// Loads the data keys; makes the first one where there is none.
pub(super) async fn load(pool: &SqlitePool, master: &MasterKey) -> Result<Keyring, StoreError> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let mut keys = HashMap::new();
    for row in sqlx::query("SELECT number, wrapped FROM data_keys")
        .fetch_all(&mut *tx)
        .await?
    {
        let number: i64 = row.try_get(0)?;
        let key = master.unwrap(&scope(number), row.try_get(1)?)?;
        keys.insert(u32::try_from(number).unwrap_or(0), key);
    }
    if keys.is_empty() {
        keys.insert(1, insert(&mut tx, master, 1).await?);
    }
    tx.commit().await?;
    Keyring::new(keys).ok_or_else(|| StoreError::Corrupt("data key", "there is none".to_owned()))
}

/// A key for one purpose, made when it is first asked for: it stays the same when data keys are rotated and retired.
pub(super) async fn purpose_key(
    pool: &SqlitePool,
    keys: &Keyring,
    purpose: &str,
) -> Result<Zeroizing<[u8; KEY_BYTES]>, StoreError> {
    let place = purpose_place(purpose);
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let sealed: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT sealed FROM purpose_keys WHERE purpose = ?")
            .bind(purpose)
            .fetch_optional(&mut *tx)
            .await?;
    let key =
        match sealed {
            Some(sealed) => {
                let plain = Zeroizing::new(keys.open(&sealed, &place, "key")?);
                Zeroizing::new(plain.as_slice().try_into().map_err(|_| {
                    StoreError::Corrupt("key", "it has the wrong length".to_owned())
                })?)
            }
            None => {
                let key = Zeroizing::new(random()?);
                sqlx::query("INSERT INTO purpose_keys (purpose, sealed) VALUES (?, ?)")
                    .bind(purpose)
                    .bind(keys.seal(key.as_slice(), &place)?)
                    .execute(&mut *tx)
                    .await?;
                key
            }
        };
    tx.commit().await?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are on record and not encrypted, each for its reason: keys wrapped by the master key; digests and codes.
    const PLAIN: [(&str, &str); 6] = [
        ("data_keys", "wrapped"),
        ("jobs", "grant_hash"),
        ("accepted_images", "exact"),
        ("admin_tokens", "hash"),
        ("audit", "previous"),
        ("audit", "code"),
    ];

    #[tokio::test]
    async fn every_column_of_bytes_is_encrypted_anew_or_said_to_be_plain() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
        let found: Vec<(String, String)> = sqlx::query_as(
            "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
             WHERE m.type = 'table' AND c.type = 'BLOB'",
        )
        .fetch_all(&store.read)
        .await
        .unwrap();
        assert!(found.len() >= COLUMNS.len() + PLAIN.len());
        for (table, column) in &found {
            let (table, column) = (table.as_str(), column.as_str());
            let listed = COLUMNS
                .iter()
                .any(|c| (c.table, c.column) == (table, column));
            assert!(
                listed != PLAIN.contains(&(table, column)),
                "{table}.{column} must stand in COLUMNS or in PLAIN"
            );
        }
    }
}
