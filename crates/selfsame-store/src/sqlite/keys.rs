//! Keys on record: listing, rotating and retiring them.
//!
//! Everybody who opens a data directory holds a shared lock; who changes its keys needs it alone. So no server and no
//! command ever writes with a key that was retired behind its back.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::time::Duration;

use futures::TryStreamExt as _;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use serde_json::json;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use zeroize::Zeroizing;

use super::sealed_columns::{COLUMNS, Column};
use super::{Options, SqliteStore, audit, create_private};
use crate::error::{StoreError, io};
use crate::keyring::{DataKey, KEY_BYTES, Keyring, MasterKey, key_number, random};

/// Values that are encrypted anew in one transaction.
const BATCH: i64 = 200;
/// Packages whose key numbers are read at one time.
const LOOKS_AT_ONCE: usize = 16;

pub(super) fn purpose_place(purpose: &str) -> String {
    format!("purpose_keys/sealed/{purpose}")
}

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

/// What encrypting anew came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Reencrypted {
    /// Values and packages that were encrypted anew.
    #[serde(rename = "encrypted_anew")]
    pub done: u64,
    /// Values and packages that cannot be decrypted and were left; the log names each.
    pub unreadable: u64,
}

/// Values of one column, done in one transaction.
struct Batch {
    /// The last row looked at.
    last: i64,
    done: u64,
    unreadable: u64,
}

fn entry(by: &Actor, action: AuditAction, details: serde_json::Value) -> AuditEntry {
    AuditEntry {
        actor: by.clone(),
        action,
        subject: "keys".to_owned(),
        details,
    }
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
    /// When the database cannot be written, or the audit is broken; nothing is changed then.
    pub async fn rotate(&mut self, by: &Actor) -> Result<u32, StoreError> {
        let mut tx = self.store.write.begin_with("BEGIN IMMEDIATE").await?;
        let number: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) + 1 FROM data_keys")
            .fetch_one(&mut *tx)
            .await?;
        insert(&mut tx, &self.master, number).await?;
        let keys = load(&mut tx, &self.master).await?;
        let details = json!({"data_key": number});
        // Written with the new key: it is the first thing that needs it.
        let writer = audit::Writer {
            keys: &keys,
            key: &self.store.audit_key,
        };
        writer
            .append(&mut tx, &entry(by, AuditAction::DataKeyRotated, details))
            .await?;
        tx.commit().await?;
        self.store.keys = keys;
        Ok(self.store.keys.current())
    }

    /// Wraps every data key with a new master key, which every later opening needs. The data itself is not touched. All
    /// keys are wrapped anew, or none: `new` must be on disk before.
    ///
    /// # Errors
    /// When the database cannot be written, or the audit is broken; nothing is changed then.
    pub async fn rewrap(&mut self, new: &MasterKey, by: &Actor) -> Result<(), StoreError> {
        let mut tx = self.store.write.begin_with("BEGIN IMMEDIATE").await?;
        for row in sqlx::query("SELECT number, wrapped FROM data_keys")
            .fetch_all(&mut *tx)
            .await?
        {
            let number: i64 = row.try_get(0)?;
            let key = self.master.unwrap(&scope(number), row.try_get(1)?).await?;
            sqlx::query("UPDATE data_keys SET wrapped = ? WHERE number = ?")
                .bind(new.wrap(&scope(number), &key).await?)
                .bind(number)
                .execute(&mut *tx)
                .await?;
        }
        let entry = entry(by, AuditAction::MasterKeyReplaced, json!({}));
        self.store.append_audit(&mut tx, &entry).await?;
        tx.commit().await?;
        self.master = new.clone();
        Ok(())
    }

    /// Encrypts anew, with the current key, what older data keys encrypted; then erases the older keys. May be stopped at
    /// any moment and begun again: what is done stays done. What cannot be decrypted is left as it is, and the older keys
    /// stay then.
    ///
    /// # Errors
    /// When something cannot be written, or the audit is broken; the older keys stay then.
    pub async fn reencrypt(
        &mut self,
        by: &Actor,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Reencrypted, StoreError> {
        // At the end it would be found out too late.
        self.store.audit_end().await?;
        let older = |k: &&KeyUse| !k.current;
        let total = self
            .store
            .data_keys()
            .await?
            .iter()
            .filter(older)
            .map(|k| k.values + k.packages)
            .sum();
        let (mut done, mut unreadable) = (0, 0);
        progress(Progress { done, total });
        for column in &COLUMNS {
            let mut after = i64::MIN;
            while let Some(batch) = self.reencrypt_batch(column, after).await? {
                after = batch.last;
                done += batch.done;
                unreadable += batch.unreadable;
                progress(Progress { done, total });
            }
        }
        let mut blobs = self.store.blobs.list(Duration::ZERO);
        while let Some(blob) = blobs.try_next().await? {
            let number = self.store.blobs.key_number(&blob).await?;
            if number.is_some_and(|n| n != self.store.keys.current()) {
                match self.store.blobs.reseal(&blob, &self.store.keys).await {
                    Ok(()) => done += 1,
                    Err(error) if error.is_unreadable() => {
                        tracing::error!(blob = blob.as_str(), %error, "a package is left as it is");
                        unreadable += 1;
                    }
                    Err(error) => return Err(error),
                }
                progress(Progress { done, total });
            }
        }
        drop(blobs);
        self.retire(by, done, unreadable).await?;
        Ok(Reencrypted { done, unreadable })
    }

    async fn reencrypt_batch(
        &self,
        column: &Column,
        after: i64,
    ) -> Result<Option<Batch>, StoreError> {
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
             WHERE length({column}) > 0 AND substr({column}, 1, 4) <> ? AND rowid > ? ORDER BY rowid LIMIT ?"
        )))
        .bind(keys.current().to_le_bytes().to_vec())
        .bind(after)
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        let mut batch = Batch {
            last: last.try_get("row")?,
            done: 0,
            unreadable: 0,
        };
        for row in &rows {
            let opened = place(row).and_then(|place| {
                let plain = keys.open(row.try_get("sealed")?, &place, column)?;
                Ok((place, Zeroizing::new(plain)))
            });
            let (place, plain) = match opened {
                Ok(opened) => opened,
                Err(error) if error.is_unreadable() => {
                    let row: i64 = row.try_get("row")?;
                    tracing::error!(table, column, row, %error, "a value is left as it is");
                    batch.unreadable += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            batch.done += 1;
            sqlx::query(AssertSqlSafe(format!(
                "UPDATE {table} SET {column} = ? WHERE rowid = ?"
            )))
            .bind(keys.seal(&plain, &place)?)
            .bind(row.try_get::<i64, _>("row")?)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(Some(batch))
    }

    /// Erases the data keys that encrypt nothing and are not current, and puts what was done on record with it. Packages are
    /// files, each on disk before this.
    async fn retire(&mut self, by: &Actor, done: u64, unreadable: u64) -> Result<(), StoreError> {
        let retired: Vec<u32> = self
            .store
            .data_keys()
            .await?
            .iter()
            .filter(|key| !key.current && key.values == 0 && key.packages == 0)
            .map(|key| key.number)
            .collect();
        let mut tx = self.store.write.begin_with("BEGIN IMMEDIATE").await?;
        for number in &retired {
            sqlx::query("DELETE FROM data_keys WHERE number = ?")
                .bind(i64::from(*number))
                .execute(&mut *tx)
                .await?;
        }
        let details =
            json!({"encrypted_anew": done, "unreadable": unreadable, "retired_keys": retired});
        let entry = entry(by, AuditAction::DataReencrypted, details);
        self.store.append_audit(&mut tx, &entry).await?;
        let keys = load(&mut tx, &self.master).await?;
        tx.commit().await?;
        self.store.keys = keys;
        // Old ciphertexts, and the wrapped keys, must not stay behind in the log.
        self.store.truncate_log().await?;
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
                "SELECT substr({column}, 1, 4), COUNT(*) FROM {table} WHERE length({column}) > 0 GROUP BY 1"
            )))
            .fetch_all(&self.read)
            .await?;
            for row in rows {
                let number = key_number(row.try_get(0)?).unwrap_or(0);
                uses.entry(number).or_insert_with(|| unused(number)).values +=
                    u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or(0);
            }
        }
        let mut numbers = self
            .blobs
            .list(Duration::ZERO)
            .map_ok(move |blob| async move { self.blobs.key_number(&blob).await })
            .try_buffer_unordered(LOOKS_AT_ONCE);
        while let Some(number) = numbers.try_next().await? {
            if let Some(number) = number {
                uses.entry(number)
                    .or_insert_with(|| unused(number))
                    .packages += 1;
            }
        }
        drop(numbers);
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
        .bind(master.wrap(&scope(number), &key).await?)
        .execute(tx)
        .await?;
    Ok(key)
}

/// Loads the data keys; makes the first one where there is none.
pub(super) async fn load(
    tx: &mut SqliteConnection,
    master: &MasterKey,
) -> Result<Keyring, StoreError> {
    let mut keys = HashMap::new();
    for row in sqlx::query("SELECT number, wrapped FROM data_keys")
        .fetch_all(&mut *tx)
        .await?
    {
        let number: i64 = row.try_get(0)?;
        let key = master.unwrap(&scope(number), row.try_get(1)?).await?;
        keys.insert(u32::try_from(number).unwrap_or(0), key);
    }
    if keys.is_empty() {
        keys.insert(1, insert(tx, master, 1).await?);
    }
    Keyring::new(keys).ok_or_else(|| StoreError::Corrupt("data key", "there is none".to_owned()))
}

/// A key for one purpose, made when it is first asked for: it stays the same when data keys are rotated and retired.
pub(super) async fn purpose_key(
    tx: &mut SqliteConnection,
    keys: &Keyring,
    purpose: &str,
) -> Result<Zeroizing<[u8; KEY_BYTES]>, StoreError> {
    let place = purpose_place(purpose);
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
    Ok(key)
}
