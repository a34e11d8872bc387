//! Partners on record, and their keys.

use crate::error::StoreError;
use async_trait::async_trait;
use selfsame_job::audit::Actor;
use selfsame_job::callback_url::CallbackUrl;
use selfsame_job::partner::Partner;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::ApiKey;

/// Partners on record.
#[async_trait]
pub trait Partners: Send + Sync {
    /// Records a partner. `Ok(false)`: the id is taken.
    async fn create_partner(&self, partner: &Partner, by: &Actor) -> Result<bool, StoreError>;
    /// One partner.
    async fn partner(&self, id: &PartnerId) -> Result<Option<Partner>, StoreError>;
    /// All partners, by id.
    async fn partners(&self) -> Result<Vec<Partner>, StoreError>;
    /// Lets production in or out. `Ok(false)`: no such partner.
    async fn set_production_enabled(
        &self,
        id: &PartnerId,
        enabled: bool,
        by: &Actor,
    ) -> Result<bool, StoreError>;
    /// Demands signatures over what the partner submits by v3, or no longer. `Ok(false)`: no such partner.
    async fn set_signs_bodies(
        &self,
        id: &PartnerId,
        signs: bool,
        by: &Actor,
    ) -> Result<bool, StoreError>;
    /// Says where results go of jobs in these environments whose request names no callback URL; `None`: nowhere. Jobs that are on
    /// record already stay as they are. `Ok(false)`: no such partner.
    async fn set_callback_url(
        &self,
        id: &PartnerId,
        environments: &[Environment],
        url: Option<&CallbackUrl>,
        by: &Actor,
    ) -> Result<bool, StoreError>;
    /// Replaces a key. `Ok(false)`: no such partner.
    async fn replace_key(
        &self,
        id: &PartnerId,
        environment: Environment,
        key: &ApiKey,
        by: &Actor,
    ) -> Result<bool, StoreError>;
}
