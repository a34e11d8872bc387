//! Which columns are encrypted, and what each of their values is encrypted for.

use std::fmt;

use selfsame_wire::id::{Environment, PartnerId};
use sqlx::Row as _;

use super::dialect::{Db, DbRow};
use super::record::{Origin, id, job_place, result_place, smile_job_id, user_key, user_place};
use super::{
    audit, deliveries, fraud, images, links, partners, registers, reviews, templates, token_keys,
};
use crate::error::StoreError;
use crate::keys::purpose_place;

/// A column whose values are encrypted.
pub(in super::super) struct Column {
    pub(in super::super) table: &'static str,
    pub(in super::super) column: &'static str,
    /// The columns that [`Column::place`] reads; by those of them that are the table's key, rows are found.
    pub(super) named_by: &'static str,
    /// How the key's columns are kept.
    kind: Kind,
    /// What a row's value is encrypted for.
    pub(super) place: fn(&DbRow) -> Result<String, StoreError>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Texts: all that [`Column::named_by`] lists.
    Texts,
    /// One number: this column.
    Number(&'static str),
}

/// A row's key.
#[derive(Debug, Clone)]
pub(super) enum Key {
    Texts(Vec<String>),
    Number(i64),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Texts(texts) => f.write_str(&texts.join("/")),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

type Query<'q> = sqlx::query::Query<'q, Db, <Db as sqlx::Database>::Arguments>;

impl Key {
    pub(super) fn bind<'q>(&self, query: Query<'q>) -> Query<'q> {
        match self {
            Self::Texts(texts) => texts
                .iter()
                .fold(query, |query, text| query.bind(text.clone())),
            Self::Number(number) => query.bind(*number),
        }
    }
}

impl Column {
    fn names(&self) -> Vec<&'static str> {
        match self.kind {
            Kind::Texts => self.named_by.split(", ").collect(),
            Kind::Number(name) => vec![name],
        }
    }

    /// The order of rows.
    pub(super) fn order(&self) -> String {
        self.names().join(", ")
    }

    fn places(&self, from: usize) -> String {
        let places = (from..).take(self.names().len());
        places
            .map(|n| format!("${n}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Rows behind the one whose key is bound from this place on.
    pub(super) fn behind(&self, from: usize) -> String {
        format!("AND ({}) > ({})", self.order(), self.places(from))
    }

    /// The row whose key is bound from this place on.
    pub(super) fn at(&self, from: usize) -> String {
        format!("({}) = ({})", self.order(), self.places(from))
    }

    pub(super) fn key(&self, row: &DbRow) -> Result<Key, StoreError> {
        Ok(match self.kind {
            Kind::Number(name) => Key::Number(row.try_get(name)?),
            Kind::Texts => {
                let texts: Result<Vec<String>, _> = self
                    .names()
                    .into_iter()
                    .map(|name| row.try_get(name))
                    .collect();
                Key::Texts(texts?)
            }
        })
    }
}

fn partner(row: &DbRow) -> Result<PartnerId, StoreError> {
    id(PartnerId::new(row.try_get::<String, _>("id")?), "partner")
}

fn job(row: &DbRow, column: &str) -> Result<String, StoreError> {
    Ok(job_place(&smile_job_id(row)?, column))
}

/// Every encrypted column. A test holds the schema to it.
pub(in super::super) const COLUMNS: [Column; 24] = [
    Column {
        table: "partners",
        column: "sandbox_key",
        named_by: "id",
        kind: Kind::Texts,
        place: |row| Ok(partners::place(&partner(row)?, Environment::Sandbox)),
    },
    Column {
        table: "partners",
        column: "production_key",
        named_by: "id",
        kind: Kind::Texts,
        place: |row| Ok(partners::place(&partner(row)?, Environment::Production)),
    },
    Column {
        table: "partners",
        column: "sandbox_callback",
        named_by: "id",
        kind: Kind::Texts,
        place: |row| {
            let partner = partner(row)?;
            Ok(partners::callback_place(&partner, Environment::Sandbox))
        },
    },
    Column {
        table: "partners",
        column: "production_callback",
        named_by: "id",
        kind: Kind::Texts,
        place: |row| {
            let partner = partner(row)?;
            Ok(partners::callback_place(&partner, Environment::Production))
        },
    },
    Column {
        table: "users",
        column: "template",
        named_by: "partner, environment, user_id",
        kind: Kind::Texts,
        place: |row| Ok(user_place(&user_key(row)?)),
    },
    Column {
        table: "user_templates",
        column: "template",
        named_by: "partner, environment, user_id, model_digest, photo",
        kind: Kind::Texts,
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
        kind: Kind::Texts,
        place: |row| job(row, "request"),
    },
    Column {
        table: "jobs",
        column: "result",
        named_by: "smile_job_id",
        kind: Kind::Texts,
        place: |row| job(row, "result"),
    },
    Column {
        table: "jobs",
        column: "callback_url",
        named_by: "smile_job_id",
        kind: Kind::Texts,
        place: |row| job(row, "callback_url"),
    },
    Column {
        table: "jobs",
        column: "carried",
        named_by: "smile_job_id",
        kind: Kind::Texts,
        place: |row| job(row, "carried"),
    },
    Column {
        table: "step_results",
        column: "result",
        named_by: "id, smile_job_id, sequence",
        kind: Kind::Number("id"),
        place: |row| {
            Ok(result_place(
                &smile_job_id(row)?,
                Origin::Step(row.try_get("sequence")?),
            ))
        },
    },
    Column {
        table: "deliveries",
        column: "url",
        named_by: "id, smile_job_id",
        kind: Kind::Number("id"),
        place: |row| Ok(deliveries::url_place(&smile_job_id(row)?)),
    },
    Column {
        table: "reviews",
        column: "template",
        named_by: "smile_job_id",
        kind: Kind::Texts,
        place: |row| Ok(reviews::template_place(&smile_job_id(row)?)),
    },
    Column {
        table: "reviews",
        column: "note",
        named_by: "smile_job_id",
        kind: Kind::Texts,
        place: |row| Ok(reviews::note_place(&smile_job_id(row)?)),
    },
    Column {
        table: "reviews",
        column: "result",
        named_by: "smile_job_id",
        kind: Kind::Texts,
        place: |row| Ok(result_place(&smile_job_id(row)?, Origin::Review)),
    },
    Column {
        table: "accepted_images",
        column: "perceptual",
        named_by: "id, smile_job_id, image",
        kind: Kind::Number("id"),
        place: |row| {
            Ok(images::hash_place(
                &smile_job_id(row)?,
                row.try_get("image")?,
            ))
        },
    },
    Column {
        table: "audit_head",
        column: "sealed",
        named_by: "one",
        kind: Kind::Number("one"),
        place: |_| Ok(audit::HEAD.to_owned()),
    },
    Column {
        table: "purpose_keys",
        column: "sealed",
        named_by: "purpose",
        kind: Kind::Texts,
        place: |row| Ok(purpose_place(row.try_get("purpose")?)),
    },
    Column {
        table: "register_entries",
        column: "record",
        named_by: "id, register, code",
        kind: Kind::Number("id"),
        place: |row| registers::place(row, "record"),
    },
    Column {
        table: "register_entries",
        column: "photo",
        named_by: "id, register, code",
        kind: Kind::Number("id"),
        place: |row| registers::place(row, "photo"),
    },
    Column {
        table: "token_keys",
        column: "secret",
        named_by: "id",
        kind: Kind::Texts,
        place: token_keys::place,
    },
    Column {
        table: "smile_links",
        column: "terms",
        named_by: "id, code",
        kind: Kind::Number("id"),
        place: links::place,
    },
    Column {
        table: "fraud_records",
        column: "told_by",
        named_by: "id, partner, environment, user_id, sequence",
        kind: Kind::Number("id"),
        place: |row| fraud::place(row, "told_by"),
    },
    Column {
        table: "fraud_records",
        column: "notes",
        named_by: "id, partner, environment, user_id, sequence",
        kind: Kind::Number("id"),
        place: |row| fraud::place(row, "notes"),
    },
];
