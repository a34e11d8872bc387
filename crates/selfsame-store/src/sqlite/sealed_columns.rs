//! Which columns are encrypted, and what each of their values is encrypted for.

use selfsame_wire::id::{Environment, PartnerId, SmileJobId};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::keys::purpose_place;
use super::record::{id, job_place, result_place, user_key, user_place};
use super::{audit, images, partners, reviews, templates};
use crate::error::StoreError;

/// A column whose values are encrypted.
pub(super) struct Column {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    /// The columns that [`Column::place`] reads.
    pub(super) named_by: &'static str,
    /// What a row's value is encrypted for.
    pub(super) place: fn(&SqliteRow) -> Result<String, StoreError>,
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

/// Every encrypted column. A test holds the schema to it.
pub(super) const COLUMNS: [Column; 13] = [
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
        table: "user_templates",
        column: "template",
        named_by: "partner, environment, user_id, model_digest, photo",
        place: |row| {
            let (model, photo): (String, String) =
                (row.try_get("model_digest")?, row.try_get("photo")?);
            Ok(templates::further_place(&user_key(row)?, &model, &photo))
        },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::{Options, SqliteStore};

    /// Bytes that are on record and not encrypted, each for its reason: keys wrapped by the master key; digests and codes.
    const PLAIN: [(&str, &str); 10] = [
        ("data_keys", "wrapped"),
        ("jobs", "grant_hash"),
        ("jobs", "request_code"),
        ("jobs", "package_code"),
        ("jobs", "callback_endpoint"),
        ("delivery_lanes", "endpoint"),
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
