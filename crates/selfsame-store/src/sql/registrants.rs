//! Who was enrolled under which number of which identity.

use selfsame_job::identity::IdentityQuery;
use selfsame_job::user::UserKey;
use selfsame_wire::id::UserId;
use sha2::{Digest as _, Sha256};

use super::SqlStore;
use super::dialect::DbConnection;
use super::record::id;
use crate::error::StoreError;

/// What codes of numbers are for.
const NUMBER: &[u8] = b"id number";
/// How many users of one number are told.
const MOST: i64 = 100;

impl SqlStore {
    /// The code of a number, which tells nobody the number.
    pub(super) fn id_code(&self, query: &IdentityQuery) -> Vec<u8> {
        let name = format!(
            "{}/{}/{}",
            query.country,
            query.id_type,
            query.canonical_number().reveal()
        );
        self.code(NUMBER, &Sha256::digest(name).into())
    }

    /// Other users of the partner's who were enrolled under this number.
    pub(super) async fn earlier_registrants(
        &self,
        user: &UserKey,
        query: &IdentityQuery,
    ) -> Result<Vec<UserId>, StoreError> {
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT user_id FROM registrants WHERE partner = $1 AND environment = $2 AND code = $3 AND user_id <> $4
             ORDER BY user_id LIMIT $5",
        )
        .bind(user.partner.as_str())
        .bind(user.environment.as_str())
        .bind(self.id_code(query))
        .bind(user.user.as_str())
        .bind(MOST)
        .fetch_all(&self.read)
        .await?;
        names
            .into_iter()
            .map(|name| id(UserId::new(name), "user id"))
            .collect()
    }
}

/// Puts on record that the user is enrolled under a number.
pub(super) async fn add(
    tx: &mut DbConnection,
    user: &UserKey,
    code: &[u8],
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO registrants (partner, environment, code, user_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(user.partner.as_str())
    .bind(user.environment.as_str())
    .bind(code)
    .bind(user.user.as_str())
    .execute(tx)
    .await?;
    Ok(())
}
