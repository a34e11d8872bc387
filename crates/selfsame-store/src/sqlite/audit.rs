//! The audit's chain on record.

use jiff::Timestamp;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry, AuditRecord};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::SqliteStore;
use super::record::{micros, text, timestamp};
use crate::audit::{AuditCheck, AuditHead, Verifier};
use crate::error::StoreError;

pub(super) const HEAD: &str = "audit/head";
/// Records that are read at one time.
const PAGE: u32 = 1000;

fn place(sequence: i64) -> u64 {
    u64::try_from(sequence).unwrap_or(0)
}

fn read(row: &SqliteRow) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        sequence: place(row.try_get("seq")?),
        at: timestamp(row.try_get("at")?)?,
        actor: row.try_get("actor")?,
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        details: row.try_get("details")?,
        previous: hex::encode(row.try_get::<Vec<u8>, _>("previous")?),
        code: hex::encode(row.try_get::<Vec<u8>, _>("code")?),
    })
}

impl SqliteStore {
    /// The first record, so that a chain is never empty.
    pub(super) async fn begin_audit(&self) -> Result<(), StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let begun: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM audit)")
            .fetch_one(&mut *tx)
            .await?;
        if !begun {
            let entry = AuditEntry {
                actor: Actor::server(),
                action: AuditAction::AuditBegun,
                subject: "audit".to_owned(),
                details: serde_json::json!({}),
            };
            self.append_audit(&mut tx, &entry).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Adds a record as part of the action that it tells of.
    pub(super) async fn append_audit(
        &self,
        tx: &mut SqliteConnection,
        entry: &AuditEntry,
    ) -> Result<AuditHead, StoreError> {
        let last = sqlx::query("SELECT seq, code FROM audit ORDER BY seq DESC LIMIT 1")
            .fetch_optional(&mut *tx)
            .await?;
        let (last, previous) = match last {
            None => (0, [0; 32]),
            Some(row) => {
                let code: Vec<u8> = row.try_get("code")?;
                let code: [u8; 32] = code.try_into().map_err(|_| {
                    StoreError::Corrupt("audit", "a record's code has the wrong length".to_owned())
                })?;
                (row.try_get::<i64, _>("seq")?, code)
            }
        };
        // The time as it will be read back.
        let at = timestamp(micros(Timestamp::now()))?;
        let record = AuditRecord {
            sequence: place(last + 1),
            at,
            actor: entry.actor.as_str().to_owned(),
            action: text(&entry.action),
            subject: entry.subject.clone(),
            details: entry.details.to_string(),
            previous: String::new(),
            code: String::new(),
        };
        let code = self.audit_key.code(&record, &previous);
        sqlx::query(
            "INSERT INTO audit (seq, at, actor, action, subject, details, previous, code) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(last + 1)
        .bind(micros(at))
        .bind(&record.actor)
        .bind(&record.action)
        .bind(&record.subject)
        .bind(&record.details)
        .bind(previous.as_slice())
        .bind(code.as_slice())
        .execute(&mut *tx)
        .await?;
        let head = AuditHead {
            sequence: record.sequence,
            code,
        };
        let sealed = self.keys.seal(head.to_string().as_bytes(), HEAD)?;
        sqlx::query("INSERT INTO audit_head (one, sealed) VALUES (1, ?1) ON CONFLICT DO UPDATE SET sealed = ?1")
            .bind(sealed)
            .execute(tx)
            .await?;
        Ok(head)
    }

    pub(super) async fn insert_audit(&self, entry: &AuditEntry) -> Result<AuditHead, StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let head = self.append_audit(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(head)
    }

    pub(super) async fn select_audit(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let rows = sqlx::query("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?")
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(read).collect()
    }

    pub(super) async fn follow_audit(
        &self,
        anchor: Option<&AuditHead>,
    ) -> Result<AuditCheck, StoreError> {
        // One transaction, so that a record that is added meanwhile does not look like a break.
        let mut tx = self.read.begin().await?;
        let mut verifier = Verifier::new(&self.audit_key, anchor);
        let mut after = i64::MIN;
        loop {
            let rows = sqlx::query("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?")
                .bind(after)
                .bind(i64::from(PAGE))
                .fetch_all(&mut *tx)
                .await?;
            let Some(last) = rows.last() else { break };
            after = last.try_get("seq")?;
            for row in &rows {
                let record = match read(row) {
                    Ok(record) => record,
                    Err(error) => return Ok(AuditCheck::Broken(error.to_string())),
                };
                if let Err(why) = verifier.follow(&record) {
                    return Ok(AuditCheck::Broken(why));
                }
            }
        }
        let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT sealed FROM audit_head")
            .fetch_optional(&mut *tx)
            .await?;
        let kept = sealed
            .and_then(|sealed| self.keys.open(&sealed, HEAD, "audit head").ok())
            .and_then(|plain| String::from_utf8(plain).ok())
            .and_then(|text| text.parse().ok());
        Ok(verifier.end(kept.as_ref()))
    }
}
