//! Reports of fraud on record, and the lock that follows.

use async_trait::async_trait;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::fraud::{
    BeforeReport, Clearing, FraudRecord, Received, ReportToken, Said, locks,
};
use selfsame_job::user::{UserKey, UserStatus};
use selfsame_wire::v3::fraud::{Claim, FraudReport};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Row as _};

use super::SqlStore;
use super::dialect::{DbConnection, DbRow, SKIP_LOCKED};
use super::record::{micros, parse, status, timestamp, user_key};
use super::tx::{Hold, Tx};
use super::unreadable::readable;
use crate::error::StoreError;
use crate::store::FraudReports;

/// What codes of reports are for.
const REPORT: &[u8] = b"fraud report";

/// How the record writes what is said.
const FRAUD: &str = "fraud";
const NO_FRAUD: &str = "no_fraud";
const CLEARED: &str = "cleared";

const fn word(said: Said) -> &'static str {
    match said {
        Said::Fraud { .. } => FRAUD,
        Said::NoFraud => NO_FRAUD,
        Said::Cleared => CLEARED,
    }
}

fn place_of(key: &UserKey, sequence: i64, column: &str) -> String {
    // Lengths keep one user's place from reading like another's.
    let (p, u) = (key.partner.as_str(), key.user.as_str());
    format!(
        "fraud_records/{column}/{}/{}:{p}/{}:{u}/{sequence}",
        key.environment,
        p.len(),
        u.len()
    )
}

/// What a row's column is encrypted for.
pub(super) fn place(row: &DbRow, column: &str) -> Result<String, StoreError> {
    Ok(place_of(&user_key(row)?, row.try_get("sequence")?, column))
}

/// Something that goes on a user's record.
struct Entry<'e> {
    said: Said,
    by: &'e str,
    notes: Option<&'e str>,
    code: Option<Vec<u8>>,
}

/// What a user's record says when something is added to it.
struct Before {
    /// The latest entry's place.
    latest: i64,
    /// The latest clearing's, or 0.
    cleared: i64,
}

async fn before(tx: &mut DbConnection, key: &UserKey) -> Result<Before, StoreError> {
    let (latest, cleared): (i64, i64) = sqlx::query_as(
        "SELECT COALESCE(MAX(sequence), 0), COALESCE(MAX(CASE WHEN said = 'cleared' THEN sequence END), 0)
         FROM fraud_records WHERE partner = $1 AND environment = $2 AND user_id = $3",
    )
    .bind(key.partner.as_str())
    .bind(key.environment.as_str())
    .bind(key.user.as_str())
    .fetch_one(tx)
    .await?;
    Ok(Before { latest, cleared })
}

/// How a user stands, where it is or was enrolled: its status, and whether it is locked.
async fn standing(
    tx: &mut DbConnection,
    key: &UserKey,
) -> Result<Option<(UserStatus, bool)>, StoreError> {
    let row = sqlx::query(
        "SELECT status, fraud_locked FROM users WHERE partner = $1 AND environment = $2 AND user_id = $3",
    )
    .bind(key.partner.as_str())
    .bind(key.environment.as_str())
    .bind(key.user.as_str())
    .fetch_optional(tx)
    .await?;
    row.map(|row| Ok((status(&row)?, row.try_get("fraud_locked")?)))
        .transpose()
}

async fn set_lock(
    tx: &mut DbConnection,
    key: &UserKey,
    locked: bool,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE users SET fraud_locked = $1, updated_at = $2
         WHERE partner = $3 AND environment = $4 AND user_id = $5",
    )
    .bind(locked)
    .bind(now)
    .bind(key.partner.as_str())
    .bind(key.environment.as_str())
    .bind(key.user.as_str())
    .execute(tx)
    .await?;
    Ok(())
}

#[async_trait]
impl FraudReports for SqlStore {
    async fn report_fraud(
        &self,
        user: &UserKey,
        report: &FraudReport,
        by: &Actor,
        token: ReportToken,
    ) -> Result<Received, StoreError> {
        let code = self.report_code(user, report);
        let mut tx = self.begin_for(user).await?;
        let now = micros(tx.now);
        let standing = standing(&mut tx, user).await?;
        let before = before(&mut tx, user).await?;
        let said = Said::from(report.claim());
        let (alike, same): (i64, i64) = sqlx::query_as(
            "SELECT COUNT(*), COUNT(CASE WHEN code = $6 THEN 1 END) FROM fraud_records
             WHERE partner = $1 AND environment = $2 AND user_id = $3 AND sequence > $4 AND said = $5",
        )
        .bind(user.partner.as_str())
        .bind(user.environment.as_str())
        .bind(user.user.as_str())
        .bind(before.cleared)
        .bind(word(said))
        .bind(&code)
        .fetch_one(&mut *tx)
        .await?;
        let received = BeforeReport {
            status: standing.map(|(status, _)| status),
            repeats: same > 0,
            alike: alike.unsigned_abs(),
        }
        .receive();
        if received != Received::Recorded {
            return Ok(received);
        }
        let entry = Entry {
            said,
            by: report.reported_by(),
            notes: report.notes(),
            code: Some(code),
        };
        let sequence = before.latest + 1;
        self.add_fraud_record(&mut tx, user, sequence, &entry)
            .await?;
        let locked = standing.is_some_and(|(_, locked)| locked);
        if locks(report.claim()) && !locked {
            set_lock(&mut tx, user, true, now).await?;
        }
        let is_fraud = matches!(report.claim(), Claim::Fraud(_));
        let by_users_token = token == ReportToken::Users;
        let details =
            json!({"record": sequence, "is_fraud": is_fraud, "by_users_token": by_users_token});
        self.audit_fraud(&mut tx, by, AuditAction::UserReported, user, details)
            .await?;
        tx.commit().await?;
        Ok(received)
    }

    async fn fraud_records(&self, user: &UserKey) -> Result<Vec<FraudRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM fraud_records WHERE partner = $1 AND environment = $2 AND user_id = $3 ORDER BY sequence",
        )
        .bind(user.partner.as_str())
        .bind(user.environment.as_str())
        .bind(user.user.as_str())
        .fetch_all(&self.read)
        .await?;
        readable(&rows, "fraud record", |row| self.read_fraud_record(row))
    }

    async fn clear_fraud(
        &self,
        user: &UserKey,
        why: &Clearing,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_for(user).await?;
        let now = micros(tx.now);
        if !matches!(standing(&mut tx, user).await?, Some((_, true))) {
            return Ok(false);
        }
        set_lock(&mut tx, user, false, now).await?;
        let sequence = before(&mut tx, user).await?.latest + 1;
        let entry = Entry {
            said: Said::Cleared,
            by: by.as_str(),
            notes: Some(why.as_str()),
            code: None,
        };
        self.add_fraud_record(&mut tx, user, sequence, &entry)
            .await?;
        // Why may name people: it stays encrypted, and its digest binds it.
        let digest = hex::encode(Sha256::digest(why.as_str().as_bytes()));
        let details = json!({"record": sequence, "why_sha256": digest});
        self.audit_fraud(&mut tx, by, AuditAction::UserCleared, user, details)
            .await?;
        tx.commit().await?;
        Ok(true)
    }
}

impl SqlStore {
    async fn begin_for(&self, user: &UserKey) -> Result<Tx, StoreError> {
        let users = Hold::Users(&user.partner, user.environment);
        self.begin(&[Hold::User(user), users]).await
    }

    /// By what a repeat of a report is told.
    fn report_code(&self, user: &UserKey, report: &FraudReport) -> Vec<u8> {
        let reason = match report.claim() {
            Claim::Fraud(reason) => Some(reason.name()),
            Claim::NoFraud => None,
        };
        // As JSON, the end of one text does not read as the start of the next.
        let said = json!([
            user.partner,
            user.environment,
            user.user,
            reason,
            report.reported_by(),
            report.notes()
        ]);
        self.code(REPORT, &Sha256::digest(said.to_string()).into())
    }

    async fn add_fraud_record(
        &self,
        tx: &mut Tx,
        user: &UserKey,
        sequence: i64,
        entry: &Entry<'_>,
    ) -> Result<(), StoreError> {
        let seal = |text: &str, column| {
            let place = place_of(user, sequence, column);
            self.keys.seal(text.as_bytes(), &place)
        };
        let reason = match entry.said {
            Said::Fraud { reason } => Some(reason.name()),
            Said::NoFraud | Said::Cleared => None,
        };
        let notes = entry.notes.map(|notes| seal(notes, "notes")).transpose()?;
        sqlx::query(
            "INSERT INTO fraud_records (partner, environment, user_id, sequence, said, reason, at, code, told_by, notes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(user.partner.as_str())
        .bind(user.environment.as_str())
        .bind(user.user.as_str())
        .bind(sequence)
        .bind(word(entry.said))
        .bind(reason)
        .bind(micros(tx.now))
        .bind(&entry.code)
        .bind(seal(entry.by, "told_by")?)
        .bind(notes)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    fn read_fraud_record(&self, row: &DbRow) -> Result<FraudRecord, StoreError> {
        const WHAT: &str = "fraud record";
        let open = |column: &'static str| -> Result<Option<String>, StoreError> {
            let sealed: Option<Vec<u8>> = row.try_get(column)?;
            let Some(sealed) = sealed else {
                return Ok(None);
            };
            let plain = self.keys.open(&sealed, &place(row, column)?, WHAT)?;
            // What the error would say is a part of the text.
            let text = String::from_utf8(plain)
                .map_err(|_| StoreError::Corrupt(WHAT, "it is no text".to_owned()))?;
            Ok(Some(text))
        };
        let said: String = row.try_get("said")?;
        let said = match said.as_str() {
            FRAUD => Said::Fraud {
                reason: parse(row.try_get("reason")?, "reason of fraud")?,
            },
            NO_FRAUD => Said::NoFraud,
            CLEARED => Said::Cleared,
            _ => {
                return Err(StoreError::Corrupt(
                    WHAT,
                    "it says nothing known".to_owned(),
                ));
            }
        };
        Ok(FraudRecord {
            sequence: row.try_get::<i64, _>("sequence")?.unsigned_abs(),
            at: timestamp(row.try_get("at")?)?,
            said,
            by: open("told_by")?,
            notes: open("notes")?,
        })
    }

    async fn audit_fraud(
        &self,
        tx: &mut Tx,
        by: &Actor,
        action: AuditAction,
        user: &UserKey,
        details: serde_json::Value,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            actor: by.clone(),
            action,
            subject: format!("user {}/{}/{}", user.partner, user.environment, user.user),
            details,
        };
        self.append_audit(tx, &entry).await.map(drop)
    }

    /// Erases who said what in entries from before; that something was said stays, and so does a lock.
    pub(super) async fn sweep_fraud_records(
        &self,
        before: i64,
        batch: usize,
    ) -> Result<u64, StoreError> {
        let mut erased = 0;
        loop {
            let done = sqlx::query(AssertSqlSafe(format!(
                "UPDATE fraud_records SET told_by = NULL, notes = NULL, code = NULL WHERE id IN (
                     SELECT id FROM fraud_records WHERE told_by IS NOT NULL AND at < $1 LIMIT $2{SKIP_LOCKED})"
            )))
            .bind(before)
            .bind(batch as i64)
            .execute(&self.write)
            .await?;
            erased += done.rows_affected();
            if done.rows_affected() < batch as u64 {
                return Ok(erased);
            }
        }
    }
}
