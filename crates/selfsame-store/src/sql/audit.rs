//! The audit's chain on record.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry, AuditRecord};
use sqlx::Row as _;

use super::SqlStore;
use super::dialect::{self, DbConnection, DbRow};
use super::record::{micros, text, timestamp};
use super::tx::Tx;
use crate::audit::chain::{AuditKey, Row, Segment, Verifier, ends_at};
use crate::audit::{AuditCheck, AuditHead};
use crate::error::StoreError;
use crate::keyring::Keyring;
use crate::store::Audit;

pub(super) const HEAD: &str = "audit/head";
/// Records that are read at one time.
const PAGE: u32 = 1000;

fn read_row(row: &DbRow) -> Result<Row, sqlx::Error> {
    Ok(Row {
        sequence: row.try_get("seq")?,
        at: row.try_get("at")?,
        actor: row.try_get("actor")?,
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        details: row.try_get("details")?,
        previous: row.try_get("previous")?,
        code: row.try_get("code")?,
    })
}

fn read(row: &DbRow) -> Result<AuditRecord, StoreError> {
    let row = read_row(row)?;
    Ok(AuditRecord {
        sequence: u64::try_from(row.sequence).unwrap_or(0),
        at: timestamp(row.at)?,
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        details: row.details,
        previous: hex::encode(row.previous),
        code: hex::encode(row.code),
    })
}

/// Where a record goes, and what it follows.
struct Place {
    sequence: i64,
    previous: [u8; 32],
}

/// What records are written with.
pub(super) struct Writer<'k> {
    pub(super) keys: Arc<Keyring>,
    pub(super) key: &'k AuditKey,
}

impl Writer<'_> {
    async fn kept_head(&self, tx: &mut DbConnection) -> Result<Option<AuditHead>, StoreError> {
        let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT sealed FROM audit_head")
            .fetch_optional(tx)
            .await?;
        Ok(sealed
            .and_then(|sealed| self.keys.open(&sealed, HEAD, "audit head").ok())
            .and_then(|plain| String::from_utf8(plain).ok())
            .and_then(|text| text.parse().ok()))
    }

    /// The chain's end, where it is what the head says: only there may a record follow. Whoever cut records off, or added some,
    /// would else be covered by the next ordinary action.
    async fn end(&self, tx: &mut DbConnection) -> Result<AuditHead, StoreError> {
        let last = sqlx::query("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")
            .fetch_optional(&mut *tx)
            .await?;
        let kept = self.kept_head(tx).await?;
        let broken = |why: String| StoreError::AuditBroken(why);
        let Some(row) = last else {
            return Err(broken(match kept {
                Some(kept) => format!(
                    "it holds no record, but its head names record {}",
                    kept.sequence
                ),
                None => "it holds neither a record nor a head".to_owned(),
            }));
        };
        let row = read_row(&row)?;
        let end = row.head().ok_or_else(|| {
            broken("its last record is not one that this server writes".to_owned())
        })?;
        ends_at(kept.as_ref(), &end).map_err(broken)?;
        if !self.key.fits(&row) {
            return Err(broken(format!(
                "its last record, {}, was changed, or was not written by this server",
                end.sequence
            )));
        }
        Ok(end)
    }

    async fn write(
        &self,
        tx: &mut DbConnection,
        now: Timestamp,
        place: Place,
        entry: &AuditEntry,
    ) -> Result<AuditHead, StoreError> {
        let mut row = Row {
            sequence: place.sequence,
            at: micros(now),
            actor: entry.actor.as_str().to_owned(),
            action: text(&entry.action),
            subject: entry.subject.clone(),
            details: entry.details.to_string(),
            previous: place.previous.to_vec(),
            code: Vec::new(),
        };
        row.code = self.key.code(&row).to_vec();
        let head = row.head().ok_or_else(|| {
            StoreError::Corrupt("audit", "there is no place for another record".to_owned())
        })?;
        sqlx::query(
            "INSERT INTO audit (seq, at, actor, action, subject, details, previous, code) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(row.sequence)
        .bind(row.at)
        .bind(&row.actor)
        .bind(&row.action)
        .bind(&row.subject)
        .bind(&row.details)
        .bind(&row.previous)
        .bind(&row.code)
        .execute(&mut *tx)
        .await?;
        let sealed = self.keys.seal(head.to_string().as_bytes(), HEAD)?;
        sqlx::query("INSERT INTO audit_head (one, sealed) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET sealed = $1")
            .bind(sealed)
            .execute(tx)
            .await?;
        Ok(head)
    }

    /// The first record, so that a chain is never empty. Only for a database that never had an audit: in the transaction that
    /// brings it up to having one.
    pub(super) async fn begin(
        &self,
        tx: &mut DbConnection,
        now: Timestamp,
        version: i64,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            actor: Actor::server(),
            action: AuditAction::AuditBegun,
            subject: "audit".to_owned(),
            // A database that had another version was not new.
            details: serde_json::json!({"database_version": version}),
        };
        let first = Place {
            sequence: 1,
            previous: [0; 32],
        };
        self.write(tx, now, first, &entry).await.map(drop)
    }

    /// Adds a record as part of the action that it tells of: its last statement, for others wait at the end of the chain.
    pub(super) async fn append(
        &self,
        tx: &mut DbConnection,
        now: Timestamp,
        entry: &AuditEntry,
    ) -> Result<AuditHead, StoreError> {
        dialect::hold_audit(&mut *tx).await?;
        let end = self.end(tx).await?;
        let place = Place {
            sequence: after(i64::try_from(end.sequence).unwrap_or(i64::MAX))?,
            previous: end.code,
        };
        self.write(tx, now, place, entry).await
    }
}

fn after(sequence: i64) -> Result<i64, StoreError> {
    sequence.checked_add(1).ok_or_else(|| {
        StoreError::Corrupt("audit", "there is no place for another record".to_owned())
    })
}

/// Follows every record; gives the verifier at the end.
async fn follow_all<'k>(
    tx: &mut DbConnection,
    mut verifier: Verifier<'k>,
) -> Result<Verifier<'k>, StoreError> {
    // Places that no record should have are looked at too.
    let mut after = i64::MIN;
    loop {
        let rows = sqlx::query("SELECT * FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind(after)
            .bind(i64::from(PAGE))
            .fetch_all(&mut *tx)
            .await?;
        let Some(last) = rows.last() else {
            return Ok(verifier);
        };
        after = last.try_get("seq")?;
        for row in &rows {
            verifier.follow(&read_row(row)?);
        }
    }
}

#[async_trait]
impl Audit for SqlStore {
    async fn record_audit(&self, entry: &AuditEntry) -> Result<AuditHead, StoreError> {
        let mut tx = self.begin(&[]).await?;
        let head = self.append_audit(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(head)
    }

    async fn check_audit_end(&self) -> Result<(), StoreError> {
        let mut tx = dialect::begin_snapshot(&self.read).await?;
        self.audit_writer().end(&mut tx).await.map(drop)
    }

    async fn resume_audit(&self, by: &Actor) -> Result<Option<AuditHead>, StoreError> {
        let mut tx = self.begin(&[]).await?;
        dialect::hold_audit(&mut tx).await?;
        let (writer, now) = (self.audit_writer(), tx.now);
        let verifier = follow_all(&mut tx, Verifier::new(&self.audit_key, None)).await?;
        let kept = writer.kept_head(&mut tx).await?;
        let (stood, (records, last)) = (verifier.stood(), verifier.reached());
        let AuditCheck::Broken(broken) = verifier.end(kept.as_ref()) else {
            return Ok(None);
        };
        // Behind what was removed too, so that no place is given twice.
        let named = kept.map_or(0, |kept| i64::try_from(kept.sequence).unwrap_or(i64::MAX));
        let place = Place {
            sequence: after(last.max(named).max(0))?,
            previous: [0; 32],
        };
        let segment = Segment {
            broken,
            stood,
            records,
        };
        let entry = AuditEntry {
            actor: by.clone(),
            action: AuditAction::AuditSegmentBegun,
            subject: "audit".to_owned(),
            details: serde_json::to_value(segment)
                .map_err(|e| StoreError::Corrupt("audit", e.to_string()))?,
        };
        let head = writer.write(&mut tx, now, place, &entry).await?;
        tx.commit().await?;
        Ok(Some(head))
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        let rows = sqlx::query("SELECT * FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(read).collect()
    }

    async fn verify_audit(&self, anchor: Option<&AuditHead>) -> Result<AuditCheck, StoreError> {
        // One transaction, so that a record that is added meanwhile does not look like a break.
        let mut tx = dialect::begin_snapshot(&self.read).await?;
        let verifier = follow_all(&mut tx, Verifier::new(&self.audit_key, anchor)).await?;
        let kept = self.audit_writer().kept_head(&mut tx).await?;
        Ok(verifier.end(kept.as_ref()))
    }
}

impl SqlStore {
    fn audit_writer(&self) -> Writer<'_> {
        Writer {
            keys: self.keys.get(),
            key: &self.audit_key,
        }
    }

    /// Adds a record as part of the action that it tells of.
    pub(super) async fn append_audit(
        &self,
        tx: &mut Tx,
        entry: &AuditEntry,
    ) -> Result<AuditHead, StoreError> {
        let now = tx.now;
        self.audit_writer().append(tx, now, entry).await
    }
}
