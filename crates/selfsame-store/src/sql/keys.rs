//! Keys on record: listing, rotating and retiring them.
//!
//! No value may ever be committed under a key that is being retired. Where other nodes write meanwhile, three things see to it:
//! a new key writes only once every node has heard of it (`writes_from`); before older keys' values are encrypted anew, these
//! keys are closed in a transaction that waits for all that write; and from then on no transaction begins for a node that would
//! still write with one of them (`dialect::begin`).

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures::TryStreamExt as _;
use jiff::Timestamp;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use serde_json::json;
use sqlx::{AssertSqlSafe, Row as _};
use zeroize::Zeroizing;

use super::dialect::{self, DbConnection, FOR_UPDATE};
use super::record::micros;
use super::sealed_columns::{COLUMNS, Column, Key};
use super::tx::{Hold, Tx};
use super::{SqlStore, audit};
use crate::error::StoreError;
use crate::keyring::{DataKey, KEY_BYTES, Keyring, MasterKey, key_number, random};
use crate::keys::{KeyUse, Progress, Reencrypted, purpose_place, scope};

/// Values that are encrypted anew in one transaction.
const BATCH: i64 = 200;
/// How often it is looked whether others still have the store open, while a new key waits for them.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Packages whose key numbers are read at one time.
const LOOKS_AT_ONCE: usize = 16;

/// Values of one column, done in one transaction.
struct Batch {
    /// The last row looked at.
    last: Key,
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

/// The keys of a store, to be changed.
#[derive(Debug)]
pub struct Keys {
    pub(in super::super) store: SqlStore,
    pub(in super::super) master: MasterKey,
}

impl Keys {
    /// Makes a new data key, which encrypts what is written from now on, or, where other nodes must hear of it first, from in half a
    /// minute on; gives its number. Older data keeps its key until [`Keys::reencrypt`].
    ///
    /// # Errors
    /// When the database cannot be written, or the audit is broken; nothing is changed then.
    pub async fn rotate(&mut self, by: &Actor) -> Result<u32, StoreError> {
        let mut tx = self.store.begin(&[Hold::Keys]).await?;
        let number: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) + 1 FROM data_keys")
            .fetch_one(&mut *tx)
            .await?;
        let heard = dialect::keys_are_heard_of_within(&mut tx).await?;
        let from = micros(tx.now.checked_add(heard).unwrap_or(tx.now));
        insert(&mut tx, &self.master, number, from).await?;
        let now = tx.now;
        let keys = load(&mut tx, &self.master, now).await?;
        let details = json!({"data_key": number});
        // Written with the new key, where it writes already: it is the first thing that needs it.
        let writer = audit::Writer {
            keys: std::sync::Arc::new(keys.clone()),
            key: &self.store.audit_key,
        };
        writer
            .append(
                &mut tx,
                now,
                &entry(by, AuditAction::DataKeyRotated, details),
            )
            .await?;
        tx.commit().await?;
        self.store.keys.replace(keys);
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Wraps every data key with a new master key, which every later opening needs. The data itself is not touched. All
    /// keys are wrapped anew, or none: `new` must be on disk before. Nodes that have the store open go on, and need the new
    /// master key before the next data key is made.
    ///
    /// # Errors
    /// When the database cannot be written, or the audit is broken; nothing is changed then.
    pub async fn rewrap(&mut self, new: &MasterKey, by: &Actor) -> Result<(), StoreError> {
        let mut tx = self.store.begin(&[Hold::Keys]).await?;
        for row in sqlx::query("SELECT number, wrapped FROM data_keys")
            .fetch_all(&mut *tx)
            .await?
        {
            let number: i64 = row.try_get(0)?;
            let key = self.master.unwrap(&scope(number), row.try_get(1)?).await?;
            sqlx::query("UPDATE data_keys SET wrapped = $1 WHERE number = $2")
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

    /// Encrypts anew, with the newest key, what older data keys encrypted; then erases the older keys. May be stopped at
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
        use crate::store::Audit as _;
        // At the end it would be found out too late.
        self.store.check_audit_end().await?;
        self.close_older().await?;
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
            let mut after = None;
            while let Some(batch) = self.reencrypt_batch(column, after.as_ref()).await? {
                after = Some(batch.last);
                done += batch.done;
                unreadable += batch.unreadable;
                progress(Progress { done, total });
            }
        }
        let keys = self.store.keys.get();
        let mut blobs = self.store.blobs.list(Duration::ZERO);
        while let Some(blob) = blobs.try_next().await? {
            let number = self.store.blobs.key_number(&blob).await?;
            if number.is_some_and(|n| n != keys.current()) {
                match self.store.blobs.reseal(&blob, &keys).await {
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

    /// Waits until the newest key writes, and sees to it that from now on nothing is written with another.
    async fn close_older(&self) -> Result<(), StoreError> {
        loop {
            let now = self.store.now().await?;
            let from: i64 =
                sqlx::query_scalar("SELECT COALESCE(MAX(writes_from), 0) FROM data_keys")
                    .fetch_one(&self.store.read)
                    .await?;
            let left = from.saturating_sub(micros(now));
            // Whoever was to hear of it may have gone meanwhile.
            let alone = dialect::keys_are_heard_of_within(&mut *self.store.write.acquire().await?)
                .await?
                .is_zero();
            if left <= 0 || alone {
                break;
            }
            let left = Duration::from_micros(left.unsigned_abs());
            tokio::time::sleep((left + Duration::from_millis(1)).min(LOOK_AGAIN)).await;
        }
        let mut tx = self.store.begin(&[Hold::Keys]).await?;
        sqlx::query("UPDATE data_keys SET writes_from = $1 WHERE writes_from > $1")
            .bind(micros(tx.now))
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "UPDATE data_keys SET closed = TRUE WHERE number < (SELECT MAX(number) FROM data_keys)",
        )
        .execute(&mut *tx)
        .await?;
        let now = tx.now;
        let keys = load(&mut tx, &self.master, now).await?;
        tx.commit().await?;
        self.store.keys.replace(keys);
        Ok(())
    }

    async fn reencrypt_batch(
        &self,
        column: &Column,
        after: Option<&Key>,
    ) -> Result<Option<Batch>, StoreError> {
        let Column {
            table,
            column: name,
            ..
        } = column;
        let keys = self.store.keys.get();
        let mut tx = self.store.begin(&[]).await?;
        // What is left is found by its key number: no place to resume from needs to be kept.
        let statement = format!(
            "SELECT {name} AS sealed, {} FROM {table}
             WHERE length({name}) > 0 AND substr({name}, 1, 4) <> $1 {} ORDER BY {} LIMIT {BATCH}{FOR_UPDATE}",
            column.named_by,
            after.map(|_| column.behind(2)).unwrap_or_default(),
            column.order(),
        );
        let mut query =
            sqlx::query(AssertSqlSafe(statement)).bind(keys.current().to_le_bytes().to_vec());
        if let Some(after) = after {
            query = after.bind(query);
        }
        let rows = query.fetch_all(&mut *tx).await?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        let mut batch = Batch {
            last: column.key(last)?,
            done: 0,
            unreadable: 0,
        };
        let update = format!("UPDATE {table} SET {name} = $1 WHERE {}", column.at(2));
        for row in &rows {
            let key = column.key(row)?;
            let opened = (column.place)(row).and_then(|place| {
                let plain = keys.open(row.try_get("sealed")?, &place, name)?;
                Ok((place, Zeroizing::new(plain)))
            });
            let (place, plain) = match opened {
                Ok(opened) => opened,
                Err(error) if error.is_unreadable() => {
                    tracing::error!(table, column = name, row = %key, %error, "a value is left as it is");
                    batch.unreadable += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            batch.done += 1;
            let query = sqlx::query(AssertSqlSafe(update.clone())).bind(keys.seal(&plain, &place)?);
            key.bind(query).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Some(batch))
    }

    /// Erases the data keys that encrypt nothing and are not current, and puts what was done on record with it. Packages are
    /// kept elsewhere, each written for good before this.
    async fn retire(&mut self, by: &Actor, done: u64, unreadable: u64) -> Result<(), StoreError> {
        let retired: Vec<u32> = self
            .store
            .data_keys()
            .await?
            .iter()
            .filter(|key| !key.current && key.values == 0 && key.packages == 0)
            .map(|key| key.number)
            .collect();
        let mut tx = self.store.begin(&[Hold::Keys]).await?;
        for number in &retired {
            sqlx::query("DELETE FROM data_keys WHERE number = $1 AND closed")
                .bind(i64::from(*number))
                .execute(&mut *tx)
                .await?;
        }
        let details =
            json!({"encrypted_anew": done, "unreadable": unreadable, "retired_keys": retired});
        let entry = entry(by, AuditAction::DataReencrypted, details);
        self.store.append_audit(&mut tx, &entry).await?;
        let now = tx.now;
        let keys = load(&mut tx, &self.master, now).await?;
        tx.commit().await?;
        self.store.keys.replace(keys);
        // Old ciphertexts, and the wrapped keys, must not stay behind in the log.
        dialect::truncate_log(&self.store).await?;
        Ok(())
    }
}

impl SqlStore {
    /// The data keys by number, and what each encrypts.
    ///
    /// # Errors
    /// When the database or the packages cannot be read.
    pub async fn data_keys(&self) -> Result<Vec<KeyUse>, StoreError> {
        let keys = self.keys.get();
        let unused = |number| KeyUse {
            number,
            current: number == keys.current(),
            values: 0,
            packages: 0,
        };
        let mut uses: BTreeMap<u32, KeyUse> = BTreeMap::new();
        for number in keys.numbers() {
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

async fn insert(
    tx: &mut DbConnection,
    master: &MasterKey,
    number: i64,
    writes_from: i64,
) -> Result<DataKey, StoreError> {
    let key = DataKey::generate()?;
    sqlx::query("INSERT INTO data_keys (number, wrapped, writes_from) VALUES ($1, $2, $3)")
        .bind(number)
        .bind(master.wrap(&scope(number), &key).await?)
        .bind(writes_from)
        .execute(tx)
        .await?;
    Ok(key)
}

/// Loads the data keys; the newest whose time has come writes.
pub(in super::super) async fn load(
    connection: &mut DbConnection,
    master: &MasterKey,
    now: Timestamp,
) -> Result<Keyring, StoreError> {
    let mut keys = HashMap::new();
    let (mut current, mut next) = (0, None);
    for row in sqlx::query("SELECT number, wrapped, writes_from FROM data_keys ORDER BY number")
        .fetch_all(connection)
        .await?
    {
        let number: i64 = row.try_get(0)?;
        let key = master.unwrap(&scope(number), row.try_get(1)?).await?;
        let from: i64 = row.try_get(2)?;
        let number = u32::try_from(number).unwrap_or(0);
        if from <= micros(now) || keys.is_empty() {
            current = number;
        } else {
            next = Some((number, from));
        }
        keys.insert(number, key);
    }
    Keyring::new(keys, current, next)
        .ok_or_else(|| StoreError::Corrupt("data key", "there is none".to_owned()))
}

/// The same, of a store that may be new: makes the first one where there is none.
pub(super) async fn load_or_make(tx: &mut Tx, master: &MasterKey) -> Result<Keyring, StoreError> {
    let now = tx.now;
    let some: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM data_keys)")
        .fetch_one(&mut **tx)
        .await?;
    if !some {
        insert(&mut *tx, master, 1, 0).await?;
    }
    load(&mut *tx, master, now).await
}

/// A key for one purpose, made when it is first asked for: it stays the same when data keys are rotated and retired.
pub(in super::super) async fn purpose_key(
    tx: &mut DbConnection,
    keys: &Keyring,
    purpose: &str,
) -> Result<Zeroizing<[u8; KEY_BYTES]>, StoreError> {
    let place = purpose_place(purpose);
    let sealed: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT sealed FROM purpose_keys WHERE purpose = $1")
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
                sqlx::query("INSERT INTO purpose_keys (purpose, sealed) VALUES ($1, $2)")
                    .bind(purpose)
                    .bind(keys.seal(key.as_slice(), &place)?)
                    .execute(&mut *tx)
                    .await?;
                key
            }
        };
    Ok(key)
}
