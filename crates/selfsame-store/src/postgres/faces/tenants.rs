//! Tenants: a partner's users in one environment, as one model sees them. Each has a partition and a turn of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hmac::Mac as _;
use selfsame_face::template::{Template, TemplateModel};
use selfsame_job::user::UserKey;
use selfsame_wire::id::{Environment, PartnerId};
use sqlx::{AssertSqlSafe, PgPool};
use zeroize::Zeroizing;

use super::rotation::{self, Rotation};
use crate::error::StoreError;

/// Tenants whose turns are kept in memory: 64 KiB each at 128 numbers, a mebibyte at 1024. Making one again takes milliseconds.
const KEPT: usize = 256;

/// Whose templates, by which model, and how many numbers they have: others do not compare.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name {
    partner: PartnerId,
    environment: Environment,
    model: TemplateModel,
    length: usize,
}

impl Name {
    fn of(user: &UserKey, template: &Template) -> Self {
        Self {
            partner: user.partner.clone(),
            environment: user.environment,
            model: template.model().clone(),
            length: template.values().len(),
        }
    }

    fn length(&self) -> i32 {
        i32::try_from(self.length).unwrap_or(i32::MAX)
    }
}

/// A partition, and what its rows are turned by.
pub(super) struct Tenant {
    number: i32,
    pub(super) rotation: Rotation,
}

impl Tenant {
    /// The table with its rows.
    pub(super) fn partition(&self) -> String {
        partition(self.number)
    }

    pub(super) const fn number(&self) -> i32 {
        self.number
    }
}

/// The table with a tenant's rows.
pub(super) fn partition(number: i32) -> String {
    format!("faces_{number}")
}

/// The tenants that there are, and the key that tells each its turn.
pub(super) struct Tenants {
    key: Zeroizing<[u8; 32]>,
    kept: Mutex<HashMap<Name, Arc<Tenant>>>,
}

impl Tenants {
    pub(super) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self {
            key,
            kept: Mutex::default(),
        }
    }

    fn known(&self, name: &Name) -> Option<Arc<Tenant>> {
        // A panic elsewhere leaves whole entries.
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(name).cloned()
    }

    fn keep(&self, name: Name, tenant: &Arc<Tenant>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(name, Arc::clone(tenant));
    }

    /// The tenant that this user's templates belong to, where it has a partition.
    pub(super) async fn find(
        &self,
        pool: &PgPool,
        user: &UserKey,
        template: &Template,
    ) -> Result<Option<Arc<Tenant>>, StoreError> {
        let name = Name::of(user, template);
        if let Some(tenant) = self.known(&name) {
            return Ok(Some(tenant));
        }
        let number: Option<i32> = sqlx::query_scalar(
            "SELECT tenant FROM face_tenants WHERE partner = $1 AND environment = $2 AND model = $3 AND length = $4",
        )
        .bind(name.partner.as_str())
        .bind(name.environment.as_str())
        .bind(name.model.as_str())
        .bind(name.length())
        .fetch_optional(pool)
        .await?;
        let Some(number) = number else {
            return Ok(None);
        };
        let rotation = Rotation::new(&self.seed(&name), name.length);
        let tenant = Arc::new(Tenant { number, rotation });
        self.keep(name, &tenant);
        Ok(Some(tenant))
    }

    /// The same, made where there is none.
    pub(super) async fn find_or_make(
        &self,
        pool: &PgPool,
        user: &UserKey,
        template: &Template,
    ) -> Result<Arc<Tenant>, StoreError> {
        if let Some(tenant) = self.find(pool, user, template).await? {
            return Ok(tenant);
        }
        let name = Name::of(user, template);
        let mut tx = pool.begin().await?;
        let number: Option<i32> = sqlx::query_scalar(
            "INSERT INTO face_tenants (partner, environment, model, length) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING RETURNING tenant",
        )
        .bind(name.partner.as_str())
        .bind(name.environment.as_str())
        .bind(name.model.as_str())
        .bind(name.length())
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(number) = number {
            // Attached, not made as a partition: that would wait for all who search, and keep them waiting.
            let own = partition(number);
            let made = format!(
                "CREATE TABLE {own} (LIKE faces INCLUDING ALL);
                 ALTER TABLE faces ATTACH PARTITION {own} FOR VALUES IN ({number})"
            );
            sqlx::raw_sql(AssertSqlSafe(made)).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        let found = self.find(pool, user, template).await?;
        found.ok_or_else(|| {
            StoreError::Corrupt("faces", "a tenant that was made is gone".to_owned())
        })
    }

    /// What a tenant's templates are turned by.
    fn seed(&self, name: &Name) -> Zeroizing<[u8; 32]> {
        let mut code = rotation::code(&self.key);
        let length = name.length.to_string();
        let parts = [
            name.partner.as_str(),
            name.environment.as_str(),
            name.model.as_str(),
            &length,
        ];
        for part in parts {
            // Lengths keep the end of one from reading as the start of the next.
            code.update(&(part.len() as u64).to_le_bytes());
            code.update(part.as_bytes());
        }
        Zeroizing::new(code.finalize().into_bytes().into())
    }
}
