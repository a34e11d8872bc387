//! Moves a data directory to PostgreSQL and to another place for packages.
//!
//! Rows go table by table, in the order of their keys, some hundred in each transaction, which also notes how far it came: so a
//! move may be stopped at any moment and begun again. Ciphertexts are copied as they are; only the data keys are wrapped anew, with
//! the target's master key. At the end both sides are read once more and compared. The source is only read, while nobody else has it.

mod page;
mod source;
mod target;

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use serde_json::json;

use self::page::{Page, Table, Values};
use self::source::Source;
use self::target::Target;
use crate::audit::AuditCheck;
use crate::blobs::{BlobId, Blobs};
use crate::error::StoreError;
use crate::postgres::{self, PostgresStore};
use crate::sqlite;
use crate::store::Audit as _;

/// Packages that are copied or compared at one time.
const PACKAGES_AT_ONCE: usize = 8;

/// Every table whose rows move, each behind those that it refers to, with its key. Counts of nodes and the last probe are of no
/// use elsewhere; data keys are wrapped anew.
const TABLES: [(&str, &[&str]); 26] = [
    ("purpose_keys", &["purpose"]),
    ("partners", &["id"]),
    ("users", &["partner", "environment", "user_id"]),
    (
        "user_templates",
        &["partner", "environment", "user_id", "model_digest", "photo"],
    ),
    ("user_changes", &["sequence"]),
    ("failed_attempts", &["partner", "environment", "user_id"]),
    ("jobs", &["seq"]),
    ("step_results", &["id"]),
    ("reviews", &["smile_job_id"]),
    (
        "registrants",
        &["partner", "environment", "code", "user_id"],
    ),
    ("accepted_images", &["id"]),
    ("challenges", &["id"]),
    ("claim_counters", &["queue"]),
    ("claim_turns", &["queue", "environment", "partner"]),
    ("delivery_lanes", &["id"]),
    ("deliveries", &["id"]),
    ("delivery_attempts", &["id"]),
    ("admin_tokens", &["name"]),
    ("audit", &["seq"]),
    ("audit_head", &["one"]),
    ("in_force", &["one"]),
    ("register_entries", &["id"]),
    ("token_keys", &["id"]),
    ("consent_sessions", &["code"]),
    ("smile_links", &["id"]),
    ("fraud_records", &["id"]),
];

/// How far a move has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Copying or comparing.
    pub doing: &'static str,
    /// Rows done.
    pub done: u64,
    /// Rows there are.
    pub total: u64,
}

/// What a move came to. Rows and packages were compared, byte by byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Moved {
    /// Rows that are on both sides.
    pub rows: u64,
    /// Packages that are on both sides.
    pub packages: u64,
    /// Packages that rows name and that the source does not have.
    pub missing_packages: u64,
    /// The audit's chain holds, read by the new store.
    pub audit_intact: bool,
}

fn failed(why: impl Into<String>) -> StoreError {
    StoreError::Moving(why.into())
}

/// Moves everything. What an earlier call of the same move did is not done again.
///
/// # Errors
/// [`StoreError::InUse`] while anybody has the source open; [`StoreError::Moving`] where the target has other data, or what arrived is
/// not what left.
pub async fn run(
    from: &sqlite::Options,
    to: &postgres::Options,
    by: &Actor,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Moved, StoreError> {
    let source = Source::open(from).await?;
    to.blobs.probe().await?;
    to.blobs.claim(&source.owner).await?;
    let mut target = Target::begin(to, &source).await?;
    let mut tables = Vec::new();
    for (name, key) in TABLES {
        let table = target.table(name, key).await?;
        source.has(&table).await?;
        tables.push(table);
    }
    let mut total = 0;
    for table in &tables {
        total += source.rows(table).await?;
    }
    let mut done = 0;
    for table in &tables {
        let (mut mark, rows) = target.mark(table).await?;
        done += rows;
        loop {
            progress(Progress {
                doing: "copying",
                done,
                total,
            });
            let page = source.page(table, mark.as_ref()).await?;
            if page.is_empty() {
                break;
            }
            // Packages before the rows that name them.
            copy(&page.blobs(table), &source.blobs, &to.blobs).await?;
            target.write(table, &page).await?;
            done += page.len();
            mark = page.last(table);
        }
    }
    target.set_sequences(&source).await?;
    let mut moved = compare(&tables, &source, &mut target, &to.blobs, total, progress).await?;
    target.end().await?;
    // With the new keys, by the new store.
    let store = PostgresStore::connect(to).await?;
    let audit = store.verify_audit(None).await?;
    moved.audit_intact = !matches!(audit, AuditCheck::Broken(_));
    if moved.audit_intact {
        store.record_audit(&entry(by, &moved)).await?;
    }
    Ok(moved)
}

/// What the new store has on record of the move. How many rows there were says no more of anybody than the store itself.
fn entry(by: &Actor, moved: &Moved) -> AuditEntry {
    AuditEntry {
        actor: by.clone(),
        action: AuditAction::StoreMoved,
        subject: "store".to_owned(),
        details: json!({
            "rows": moved.rows, "packages": moved.packages, "missing_packages": moved.missing_packages,
        }),
    }
}

/// Copies packages, those that are there.
async fn copy(
    ids: &[BlobId],
    from: &Arc<dyn Blobs>,
    to: &Arc<dyn Blobs>,
) -> Result<(), StoreError> {
    stream::iter(ids)
        .map(|id| async move {
            let Some(kept) = from.get(id).await? else {
                tracing::warn!(
                    blob = id.as_str(),
                    "a row names a package that the source has not"
                );
                return Ok(());
            };
            if to.put(id, kept.sealed).await? {
                Ok(())
            } else {
                Err(failed(format!(
                    "{} holds another package {}: name an empty place",
                    to.place(),
                    id.as_str()
                )))
            }
        })
        .buffer_unordered(PACKAGES_AT_ONCE)
        .try_collect()
        .await
}

/// Reads both sides and compares them.
async fn compare(
    tables: &[Table],
    source: &Source,
    target: &mut Target,
    blobs: &Arc<dyn Blobs>,
    total: u64,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Moved, StoreError> {
    let mut moved = Moved {
        rows: 0,
        packages: 0,
        missing_packages: 0,
        audit_intact: false,
    };
    for table in tables {
        let mut mark = None;
        loop {
            progress(Progress {
                doing: "comparing",
                done: moved.rows,
                total,
            });
            let there = source.page(table, mark.as_ref()).await?;
            let arrived = target.page(table, mark.as_ref()).await?;
            if there.digest() != arrived.digest() {
                return Err(failed(format!(
                    "the rows of {} differ: the source was changed since the move began. Empty the target and begin anew",
                    table.name
                )));
            }
            if there.is_empty() {
                break;
            }
            let ids = there.blobs(table);
            let mut equal = stream::iter(&ids)
                .map(|id| async move {
                    let (was, is) = (source.blobs.get(id).await?, blobs.get(id).await?);
                    match (was, is) {
                        (Some(was), Some(is)) if was.sealed == is.sealed => Ok(true),
                        // Lost before it was copied, or after: there is nothing to compare it with.
                        (None, _) => Ok(false),
                        _ => Err(failed(format!("the package {} differs", id.as_str()))),
                    }
                })
                .buffer_unordered(PACKAGES_AT_ONCE);
            while let Some(equal) = equal.try_next().await? {
                if equal {
                    moved.packages += 1;
                } else {
                    moved.missing_packages += 1;
                }
            }
            drop(equal);
            moved.rows += there.len();
            mark = there.last(table);
        }
    }
    Ok(moved)
}

impl Page {
    /// The packages that the rows of jobs name.
    fn blobs(&self, table: &Table) -> Vec<BlobId> {
        let names = match (table.name, self.column(table, "blob")) {
            ("jobs", Some(Values::Text(names))) => names,
            _ => return Vec::new(),
        };
        // What is no name leads to no package.
        let ids = names.iter().flatten().filter_map(|n| BlobId::parse(n));
        ids.collect()
    }
}
