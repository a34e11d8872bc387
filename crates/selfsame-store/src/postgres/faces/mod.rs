//! Templates in the clear, in the database, for 1:N search by pgvector: for who has more than a node holds in memory
//! (docs/decisions/0142-pgvector-built-in.md).
//!
//! Whoever reads the database reads them; a secret turn for each tenant ([`rotation`]) makes them useless against another tenant's, and
//! is no encryption. They go in the transaction in which the template on record goes, by a trigger; they come by following the order
//! of users' changes, before each search.

mod opening;
mod rotation;
mod tenants;

use std::collections::BTreeMap;
use std::fmt;

use hmac::Mac as _;
use selfsame_face::template::{ComparisonScore, Template, TemplateModel};
use selfsame_job::user::UserKey;
use selfsame_wire::id::UserId;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row as _};
use zeroize::Zeroizing;

pub(crate) use self::opening::are_there;
use self::tenants::Tenants;
use crate::error::StoreError;

/// Rows' numbers have eleven bits: each differs by 2^-11 of itself at most. So does each of the probe's.
const HALVES: f32 = 2.1 / 2048.0;
/// What sums in single precision add, for each number.
const ROUNDING: f32 = 1.5e-7;
/// For a search: compiling the statement would take longer than running it, a plan for any probe would read the probe's text for each
/// row, and no job waits for a search longer than for its lease.
const SEARCHING: &str = "SELECT set_config('jit', 'off', TRUE), set_config('plan_cache_mode', 'force_custom_plan', TRUE),
    set_config('statement_timeout', '60s', TRUE)";
/// What a node is told that was started before the tables were filled anew.
const OTHERS: &str = "its tables were filled anew, or its key was changed, since this node was started: start the node again";

/// A user's templates by a model, as of a change.
#[derive(Debug)]
pub struct FaceChange<'u> {
    /// Whose.
    pub user: &'u UserKey,
    /// The change's place in the order of users' changes.
    pub sequence: u64,
    /// All of them, in the user's own order; none where the user is to be found no more.
    pub templates: Vec<Template>,
}

/// A user whose templates are near to a probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// Who.
    pub user: UserId,
    /// The highest score, give or take [`Faces::tolerance`].
    pub score: f32,
}

/// The templates that a database searches.
pub struct Faces {
    write: PgPool,
    read: PgPool,
    filling: Filling,
    /// The schema that pgvector is in, quoted.
    vector: String,
    tenants: Tenants,
}

/// Which filling of the tables this is, and by which key its rows are turned: what was made anew, by whomever, is another. A node that
/// knows another neither writes nor finds, for its tenants' numbers and turns mean something else there.
struct Filling {
    code: Vec<u8>,
}

impl Filling {
    fn by(key: &[u8; 32], salt: &[u8]) -> Self {
        let mut code = rotation::code(key);
        // No tenant's name begins so: eight bytes of each tell how long it is.
        code.update(b"which filling this is");
        code.update(salt);
        Self {
            code: code.finalize().into_bytes().to_vec(),
        }
    }
}

impl fmt::Debug for Faces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faces(redacted)")
    }
}

fn failed(why: impl Into<String>) -> StoreError {
    StoreError::Faces(why.into())
}

/// Numbers as pgvector reads them.
fn text(values: &[f32]) -> Zeroizing<String> {
    use std::fmt::Write as _;
    // Made as large as it gets, so that no copy is left behind.
    let mut text = Zeroizing::new(String::with_capacity(2 + 16 * values.len()));
    text.push('[');
    for (n, value) in values.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        // A string takes what is written.
        let _ = write!(text, "{comma}{value:.7e}");
    }
    text.push(']');
    text
}

fn sequence(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Faces {
    /// How far a score of templates of so many numbers may be from the true one: both are kept in eleven bits.
    #[must_use]
    pub fn tolerance(length: usize) -> f32 {
        HALVES + ROUNDING * length as f32
    }

    /// How far the order of users' changes was followed for a model, by whatever node.
    ///
    /// # Errors
    /// When the database fails, or its tables were filled anew since this was opened.
    pub async fn followed(&self, model: &TemplateModel) -> Result<u64, StoreError> {
        let (same, followed): (bool, Option<i64>) = sqlx::query_as(
            "SELECT EXISTS (SELECT FROM faces_filling WHERE code = $1),
                 (SELECT sequence FROM faces_followed WHERE model = $2)",
        )
        .bind(&self.filling.code)
        .bind(model.as_str())
        .fetch_one(&self.read)
        .await?;
        if !same {
            return Err(failed(OTHERS));
        }
        Ok(followed.map_or(0, |followed| u64::try_from(followed).unwrap_or(0)))
    }

    /// Takes up all changes after one place in the order up to another. `false`: another node was quicker, and nothing was done.
    ///
    /// # Errors
    /// When the database fails, or its tables were filled anew since this was opened; nothing was changed then.
    pub async fn take(
        &self,
        model: &TemplateModel,
        after: u64,
        changes: &[FaceChange<'_>],
        reached: u64,
    ) -> Result<bool, StoreError> {
        // Before anything is held: making one takes a transaction of its own.
        let mut tenants = Vec::with_capacity(changes.len());
        for change in changes {
            tenants.push(match change.templates.first() {
                Some(template) => {
                    let tenants = &self.tenants;
                    let tenant = tenants.find_or_make(&self.write, change.user, template);
                    Some(tenant.await?)
                }
                None => None,
            });
        }
        let mut tx = self.write.begin().await?;
        // Held, so that no rows are put in while all are removed.
        let same = sqlx::query("SELECT FROM faces_filling WHERE code = $1 FOR SHARE")
            .bind(&self.filling.code)
            .fetch_optional(&mut *tx)
            .await?;
        if same.is_none() {
            return Err(failed(OTHERS));
        }
        if !move_on(&mut tx, model, after, reached).await? {
            return Ok(false);
        }
        let current = hold_unchanged(&mut tx, changes).await?;
        remove(&mut tx, model, changes).await?;
        let (mut numbers, mut users, mut places, mut templates) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (change, tenant) in changes.iter().zip(&tenants) {
            let Some(tenant) = tenant else { continue };
            // Who changed again since comes again.
            if !current.contains(&sequence(change.sequence)) {
                continue;
            }
            for (place, template) in change.templates.iter().enumerate() {
                numbers.push(tenant.number());
                users.push(change.user.user.as_str());
                places.push(i32::try_from(place).unwrap_or(i32::MAX));
                templates.push(text(&tenant.rotation.turn(template.values())));
            }
        }
        let templates: Vec<&str> = templates.iter().map(|text| text.as_str()).collect();
        sqlx::query(AssertSqlSafe(format!(
            "INSERT INTO faces (tenant, user_id, place, template)
             SELECT tenant, user_id, place, CAST(template AS {}.halfvec)
             FROM unnest($1::int[], $2::text[], $3::int[], $4::text[]) AS r (tenant, user_id, place, template)",
            self.vector
        )))
        .bind(&numbers)
        .bind(&users)
        .bind(&places)
        .bind(&templates)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Other users of the same partner and environment whose templates score about `at_least` or more, best first.
    ///
    /// Whoever truly scores more than `at_least` and [`Faces::tolerance`] is among them, unless `most` better ones are.
    ///
    /// # Errors
    /// When the database fails or takes longer than a minute, or its tables were filled anew since this was opened.
    pub async fn nearest(
        &self,
        user: &UserKey,
        probe: &Template,
        at_least: ComparisonScore,
        most: usize,
    ) -> Result<Vec<Near>, StoreError> {
        let tenant = self.tenants.find(&self.read, user, probe).await?;
        let Some(tenant) = tenant else {
            return Ok(Vec::new());
        };
        let mut tx = self.read.begin().await?;
        sqlx::query(SEARCHING).execute(&mut *tx).await?;
        let probe = text(&tenant.rotation.turn(probe.values()));
        let distance = format!(
            "template OPERATOR({0}.<#>) CAST($1 AS {0}.halfvec)",
            self.vector
        );
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT user_id, max(-({distance})) AS score FROM {}
             WHERE user_id <> $2 AND {distance} <= $3
             GROUP BY user_id ORDER BY score DESC, user_id LIMIT $4",
            tenant.partition()
        )))
        .bind(probe.as_str())
        .bind(user.user.as_str())
        .bind(f64::from(-at_least.value()))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await?;
        // Looked at behind the search: had all rows been removed before it, this tells.
        let same: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM faces_filling WHERE code = $1)")
                .bind(&self.filling.code)
                .fetch_one(&mut *tx)
                .await?;
        if !same {
            return Err(failed(OTHERS));
        }
        rows.iter()
            .map(|row| {
                let user: String = row.try_get("user_id")?;
                let user =
                    UserId::new(user).map_err(|e| StoreError::Corrupt("user id", e.to_string()))?;
                let score: f64 = row.try_get("score")?;
                let score = score as f32;
                Ok(Near { user, score })
            })
            .collect()
    }
}

/// Notes how far the order of changes was followed. `false`: another node noted another place meanwhile.
async fn move_on(
    tx: &mut PgConnection,
    model: &TemplateModel,
    after: u64,
    reached: u64,
) -> Result<bool, StoreError> {
    sqlx::query(
        "INSERT INTO faces_followed (model, sequence) VALUES ($1, 0) ON CONFLICT DO NOTHING",
    )
    .bind(model.as_str())
    .execute(&mut *tx)
    .await?;
    let moved =
        sqlx::query("UPDATE faces_followed SET sequence = $1 WHERE model = $2 AND sequence = $3")
            .bind(sequence(reached))
            .bind(model.as_str())
            .bind(sequence(after))
            .execute(&mut *tx)
            .await?;
    Ok(moved.rows_affected() == 1)
}

/// Removes these users' rows by a model, from their own partitions alone: a statement over all would lock each partner's.
async fn remove(
    tx: &mut PgConnection,
    model: &TemplateModel,
    changes: &[FaceChange<'_>],
) -> Result<(), StoreError> {
    let (partners, environments, users) = names(changes);
    let rows: Vec<(i32, String)> = sqlx::query_as(
        "SELECT t.tenant, g.user_id FROM face_tenants t
         JOIN unnest($1::text[], $2::text[], $3::text[]) AS g (partner, environment, user_id) USING (partner, environment)
         WHERE t.model = $4",
    )
    .bind(&partners)
    .bind(&environments)
    .bind(&users)
    .bind(model.as_str())
    .fetch_all(&mut *tx)
    .await?;
    let mut of: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for (tenant, user) in rows {
        of.entry(tenant).or_default().push(user);
    }
    for (tenant, users) in of {
        let partition = tenants::partition(tenant);
        sqlx::query(AssertSqlSafe(format!(
            "DELETE FROM {partition} WHERE user_id = ANY($1)"
        )))
        .bind(&users)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Partners, environments and users of changes.
fn names<'u>(changes: &[FaceChange<'u>]) -> (Vec<&'u str>, Vec<&'u str>, Vec<&'u str>) {
    let of = |part: fn(&'u UserKey) -> &'u str| changes.iter().map(|c| part(c.user)).collect();
    (
        of(|user| user.partner.as_str()),
        of(|user| user.environment.as_str()),
        of(|user| user.user.as_str()),
    )
}

/// Holds users as they are to the transaction's end, so that no template is put where its user is being erased; gives the places in
/// the order of changes of those who did not change since.
async fn hold_unchanged(
    tx: &mut PgConnection,
    changes: &[FaceChange<'_>],
) -> Result<Vec<i64>, StoreError> {
    let (partners, environments, users) = names(changes);
    sqlx::query(
        "SELECT FROM users u JOIN unnest($1::text[], $2::text[], $3::text[]) AS g (partner, environment, user_id)
             USING (partner, environment, user_id)
         ORDER BY partner, environment, user_id FOR SHARE OF u",
    )
    .bind(&partners)
    .bind(&environments)
    .bind(&users)
    .execute(&mut *tx)
    .await?;
    // A statement of its own: it sees what was committed while the one before waited.
    let sequences: Vec<i64> = changes.iter().map(|c| sequence(c.sequence)).collect();
    Ok(
        sqlx::query_scalar("SELECT sequence FROM user_changes WHERE sequence = ANY($1)")
            .bind(&sequences)
            .fetch_all(&mut *tx)
            .await?,
    )
}
