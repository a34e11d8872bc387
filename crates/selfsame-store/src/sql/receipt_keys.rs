//! What receipts are signed with, among the keys for one purpose each.

use async_trait::async_trait;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use serde_json::json;
use sqlx::Row as _;
use zeroize::Zeroizing;

use super::SqlStore;
use super::dialect::DbRow;
use super::tx::Hold;
use crate::error::StoreError;
use crate::keyring::random;
use crate::keys::purpose_place;
use crate::store::{ReceiptKey, ReceiptKeys};

/// Before the number of a key, in the name of its purpose.
const PURPOSE: &str = "receipts/";
const ALL: &str = "SELECT purpose, sealed FROM purpose_keys WHERE purpose LIKE 'receipts/%'";

fn corrupt(why: impl ToString) -> StoreError {
    StoreError::Corrupt("receipt key", why.to_string())
}

fn number(row: &DbRow) -> Result<u32, StoreError> {
    let purpose: String = row.try_get("purpose")?;
    let number = purpose.strip_prefix(PURPOSE).unwrap_or_default();
    number.parse().map_err(|_| corrupt("it has no number"))
}

#[async_trait]
impl ReceiptKeys for SqlStore {
    async fn receipt_keys(&self) -> Result<Vec<ReceiptKey>, StoreError> {
        let mut rows = sqlx::query(ALL).fetch_all(&self.read).await?;
        if rows.is_empty() {
            let mut tx = self.begin(&[Hold::Keys]).await?;
            // Another node may have been first.
            rows = sqlx::query(ALL).fetch_all(&mut *tx).await?;
            if rows.is_empty() {
                self.add_receipt_key(&mut tx, 1).await?;
                rows = sqlx::query(ALL).fetch_all(&mut *tx).await?;
                tx.commit().await?;
            }
        }
        let opened = |row: &DbRow| {
            let purpose: String = row.try_get("purpose")?;
            let sealed: Vec<u8> = row.try_get("sealed")?;
            let place = purpose_place(&purpose);
            let plain = Zeroizing::new(self.keys.open(&sealed, &place, "receipt key")?);
            let seed = plain.as_slice().try_into();
            Ok(ReceiptKey {
                number: number(row)?,
                seed: Zeroizing::new(seed.map_err(|_| corrupt("it has the wrong length"))?),
            })
        };
        let mut keys = rows
            .iter()
            .map(opened)
            .collect::<Result<Vec<_>, StoreError>>()?;
        keys.sort_by_key(|key| std::cmp::Reverse(key.number));
        Ok(keys)
    }

    async fn rotate_receipt_key(&self, forget: bool, by: &Actor) -> Result<u32, StoreError> {
        let mut tx = self.begin(&[Hold::Keys]).await?;
        let rows = sqlx::query(ALL).fetch_all(&mut *tx).await?;
        let mut newest = 0;
        for row in &rows {
            newest = newest.max(number(row)?);
        }
        let next = newest.saturating_add(1);
        self.add_receipt_key(&mut tx, next).await?;
        if forget {
            sqlx::query(
                "DELETE FROM purpose_keys WHERE purpose LIKE 'receipts/%' AND purpose <> $1",
            )
            .bind(format!("{PURPOSE}{next}"))
            .execute(&mut *tx)
            .await?;
        }
        let entry = AuditEntry {
            actor: by.clone(),
            action: AuditAction::ReceiptKeyRotated,
            subject: format!("receipt key {next}"),
            details: json!({"forgotten": if forget { rows.len() } else { 0 }}),
        };
        self.append_audit(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(next)
    }
}

impl SqlStore {
    async fn add_receipt_key(&self, tx: &mut super::tx::Tx, number: u32) -> Result<(), StoreError> {
        let purpose = format!("{PURPOSE}{number}");
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(random()?);
        let sealed = self.keys.seal(seed.as_slice(), &purpose_place(&purpose))?;
        sqlx::query("INSERT INTO purpose_keys (purpose, sealed) VALUES ($1, $2)")
            .bind(purpose)
            .bind(sealed)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}
