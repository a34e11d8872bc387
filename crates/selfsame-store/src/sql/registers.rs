//! Registers on record: people by the codes of their numbers.

use std::ops::RangeInclusive;

use async_trait::async_trait;
use bytes::Bytes;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::identity::{IdentityRecord, Photo};
use selfsame_wire::id_info::{Country, IdType};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::{self, DbRow};
use super::record::{at_most, micros, timestamp};
use super::tx::{Hold, Tx};
use crate::error::StoreError;
use crate::store::{
    EntryKey, EntryListed, Imported, RegisterEntry, RegisterName, RegisterSummary, Registers,
};

/// Entries that one transaction erases.
const BATCH: i64 = 200;

/// The digest of some texts, each with its length before it: the end of one does not read as the start of the next.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

fn place_of(register: &str, code: &[u8], column: &str) -> String {
    format!("register_entries/{column}/{register}/{}", hex::encode(code))
}

/// What a row's column is encrypted for.
pub(super) fn place(row: &DbRow, column: &str) -> Result<String, StoreError> {
    let (register, code): (String, Vec<u8>) = (row.try_get("register")?, row.try_get("code")?);
    Ok(place_of(&register, &code, column))
}

fn corrupt(why: impl ToString) -> StoreError {
    StoreError::Corrupt("register entry", why.to_string())
}

fn name(row: &DbRow) -> Result<RegisterName, StoreError> {
    RegisterName::new(row.try_get::<String, _>("register")?).map_err(corrupt)
}

fn listed(row: &DbRow) -> Result<EntryListed, StoreError> {
    let (country, id_type): (String, String) = (row.try_get("country")?, row.try_get("id_type")?);
    Ok(EntryListed {
        sequence: row.try_get::<i64, _>("id")?.unsigned_abs(),
        country: Country::try_from(country).map_err(corrupt)?,
        id_type: IdType::try_from(id_type).map_err(corrupt)?,
        has_photo: row.try_get("has_photo")?,
        imported_at: timestamp(row.try_get("imported_at")?)?,
    })
}

#[async_trait]
impl Registers for SqlStore {
    async fn put_register_entries(
        &self,
        register: &RegisterName,
        entries: &[RegisterEntry],
        by: &Actor,
    ) -> Result<Imported, StoreError> {
        let mut tx = self
            .begin(&[Hold::Code(&self.register_code(register))])
            .await?;
        let mut imported = Imported::default();
        for entry in entries {
            self.put(&mut tx, register, entry, &mut imported).await?;
        }
        if imported.new + imported.replaced > 0 {
            let details = json!({
                "new": imported.new, "replaced": imported.replaced, "unchanged": imported.unchanged,
            });
            self.audit_register(
                &mut tx,
                by,
                AuditAction::RegisterImported,
                register,
                details,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(imported)
    }

    async fn register_entry(
        &self,
        register: &RegisterName,
        key: &EntryKey,
    ) -> Result<Option<IdentityRecord>, StoreError> {
        let code = self.entry_code(register, key);
        let row = sqlx::query(
            "SELECT record, photo FROM register_entries
             WHERE register = $1 AND country = $2 AND id_type = $3 AND code = $4",
        )
        .bind(register.as_str())
        .bind(key.country().as_str())
        .bind(key.id_type().as_str())
        .bind(&code)
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let open = |sealed: &[u8], column| {
            let place = place_of(register.as_str(), &code, column);
            self.keys.open(sealed, &place, "register entry")
        };
        let plain = open(row.try_get("record")?, "record")?;
        let mut record: IdentityRecord = serde_json::from_slice(&plain).map_err(|error| {
            // What serde says may repeat what it read.
            corrupt(format!("at byte {} of its JSON", error.column()))
        })?;
        let photo: Option<Vec<u8>> = row.try_get("photo")?;
        record.photo = photo
            .map(|sealed| open(&sealed, "photo"))
            .transpose()?
            .map(|plain| Photo(Bytes::from(plain)));
        Ok(Some(record))
    }

    async fn registers(&self) -> Result<Vec<RegisterSummary>, StoreError> {
        let rows = sqlx::query(
            "SELECT register, COUNT(*) AS entries, COUNT(photo) AS photos, MAX(imported_at) AS imported_at
             FROM register_entries GROUP BY register ORDER BY register",
        )
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(RegisterSummary {
                    register: name(row)?,
                    entries: row.try_get::<i64, _>("entries")?.unsigned_abs(),
                    photos: row.try_get::<i64, _>("photos")?.unsigned_abs(),
                    imported_at: timestamp(row.try_get("imported_at")?)?,
                })
            })
            .collect()
    }

    async fn register_entries(
        &self,
        register: &RegisterName,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EntryListed>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, country, id_type, photo IS NOT NULL AS has_photo, imported_at FROM register_entries
             WHERE register = $1 AND id > $2 ORDER BY id LIMIT $3",
        )
        .bind(register.as_str())
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(at_most(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(listed).collect()
    }

    async fn remove_register_entry(
        &self,
        register: &RegisterName,
        key: &EntryKey,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self
            .begin(&[Hold::Code(&self.register_code(register))])
            .await?;
        let done = sqlx::query(
            "DELETE FROM register_entries WHERE register = $1 AND country = $2 AND id_type = $3 AND code = $4",
        )
        .bind(register.as_str())
        .bind(key.country().as_str())
        .bind(key.id_type().as_str())
        .bind(self.entry_code(register, key))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        let details = json!({"country": key.country(), "id_type": key.id_type()});
        self.audit_register(
            &mut tx,
            by,
            AuditAction::RegisterEntryRemoved,
            register,
            details,
        )
        .await?;
        tx.commit().await?;
        dialect::truncate_log(self).await?;
        Ok(true)
    }

    async fn remove_register(
        &self,
        register: &RegisterName,
        by: &Actor,
    ) -> Result<u64, StoreError> {
        let hold = self.register_code(register);
        let mut removed = 0;
        loop {
            let mut tx = self.begin(&[Hold::Code(&hold)]).await?;
            let ids = self.first_entries(&mut tx, register).await?;
            let Some(ids) = ids else { break };
            if removed == 0 {
                // Put on record with the first of them: whatever happens later, it is told who began.
                let entries: i64 =
                    sqlx::query_scalar("SELECT COUNT(*) FROM register_entries WHERE register = $1")
                        .bind(register.as_str())
                        .fetch_one(&mut *tx)
                        .await?;
                let details = json!({"entries": entries});
                self.audit_register(&mut tx, by, AuditAction::RegisterRemoved, register, details)
                    .await?;
            }
            let done = sqlx::query(
                "DELETE FROM register_entries WHERE register = $1 AND id BETWEEN $2 AND $3",
            )
            .bind(register.as_str())
            .bind(ids.start())
            .bind(ids.end())
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            removed += done.rows_affected();
        }
        if removed > 0 {
            dialect::truncate_log(self).await?;
        }
        Ok(removed)
    }
}

impl SqlStore {
    /// What a transaction holds that changes a register: two imports of the same numbers would wait for each other's rows.
    fn register_code(&self, register: &RegisterName) -> Vec<u8> {
        self.code(b"register", &digest(&[register.as_str().as_bytes()]))
    }

    /// What stands for a number in a register. The same number has another code in another register.
    fn entry_code(&self, register: &RegisterName, key: &EntryKey) -> Vec<u8> {
        let country = key.country();
        let parts = [
            register.as_str(),
            country.as_str(),
            key.id_type().as_str(),
            key.number(),
        ];
        self.code(b"register entry", &digest(&parts.map(str::as_bytes)))
    }

    /// Puts one entry where it is new or says something else than the one of its number.
    async fn put(
        &self,
        tx: &mut Tx,
        register: &RegisterName,
        entry: &RegisterEntry,
        imported: &mut Imported,
    ) -> Result<(), StoreError> {
        let key = entry.key();
        let code = self.entry_code(register, key);
        let photo = entry.record().photo.as_ref().map(|photo| &photo.0);
        let said = [
            code.as_slice(),
            entry.json(),
            photo.map_or(&[][..], Bytes::as_ref),
        ];
        let content = self.code(b"register content", &digest(&said));
        let there: Option<Vec<u8>> = sqlx::query_scalar(
            "SELECT content FROM register_entries
             WHERE register = $1 AND country = $2 AND id_type = $3 AND code = $4",
        )
        .bind(register.as_str())
        .bind(key.country().as_str())
        .bind(key.id_type().as_str())
        .bind(&code)
        .fetch_optional(&mut **tx)
        .await?;
        match there {
            Some(there) if there == content => {
                imported.unchanged += 1;
                return Ok(());
            }
            Some(_) => imported.replaced += 1,
            None => imported.new += 1,
        }
        let seal = |plain: &[u8], column| {
            let place = place_of(register.as_str(), &code, column);
            self.keys.seal(plain, &place)
        };
        let (record, photo) = (
            seal(entry.json(), "record")?,
            photo.map(|photo| seal(photo, "photo")).transpose()?,
        );
        sqlx::query(
            "INSERT INTO register_entries (register, country, id_type, code, content, imported_at, record, photo)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (register, country, id_type, code)
             DO UPDATE SET content = $5, imported_at = $6, record = $7, photo = $8",
        )
        .bind(register.as_str())
        .bind(key.country().as_str())
        .bind(key.id_type().as_str())
        .bind(&code)
        .bind(content)
        .bind(micros(tx.now))
        .bind(record)
        .bind(photo)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// From where to where the first entries of a register stand.
    async fn first_entries(
        &self,
        tx: &mut Tx,
        register: &RegisterName,
    ) -> Result<Option<RangeInclusive<i64>>, StoreError> {
        let ids: (Option<i64>, Option<i64>) = sqlx::query_as(
            "SELECT MIN(id), MAX(id) FROM
                 (SELECT id FROM register_entries WHERE register = $1 ORDER BY id LIMIT $2) AS first",
        )
        .bind(register.as_str())
        .bind(BATCH)
        .fetch_one(&mut **tx)
        .await?;
        Ok(match ids {
            (Some(first), Some(last)) => Some(first..=last),
            _ => None,
        })
    }

    /// Puts a change of a register on the audit's record.
    async fn audit_register(
        &self,
        tx: &mut Tx,
        by: &Actor,
        action: AuditAction,
        register: &RegisterName,
        details: serde_json::Value,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            actor: by.clone(),
            action,
            subject: format!("register {register}"),
            details,
        };
        self.append_audit(tx, &entry).await.map(drop)
    }
}
