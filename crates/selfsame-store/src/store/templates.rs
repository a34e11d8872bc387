//! Further templates of users.

use crate::error::StoreError;
use async_trait::async_trait;
use selfsame_face::template::TemplateModel;
use selfsame_job::audit::Actor;
use selfsame_job::user::{Reference, UserKey};

/// Templates by other models than the one that a user was enrolled with.
#[async_trait]
pub trait Templates: Send + Sync {
    /// Adds a template by another model of the photo that is on file. `Ok(false)`: that photo is not on file any more.
    async fn add_template(&self, key: &UserKey, reference: &Reference) -> Result<bool, StoreError>;
    /// Where a user has a template by this model of the photo on file: makes it the one on file, and erases those of other
    /// models. `Ok(false)`: there was nothing to erase.
    async fn keep_only(&self, key: &UserKey, model: &TemplateModel) -> Result<bool, StoreError>;
    /// Puts on the audit's record that so many users' other templates were erased by [`Templates::keep_only`].
    async fn templates_forgotten(
        &self,
        model: &TemplateModel,
        users: u64,
        by: &Actor,
    ) -> Result<(), StoreError>;
}
