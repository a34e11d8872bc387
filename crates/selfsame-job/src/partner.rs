//! Partners: the organisations that integrate the service.

use jiff::Timestamp;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::ApiKey;

use crate::callback_url::CallbackUrls;

/// An organisation, with one key per environment.
#[derive(Debug, Clone)]
pub struct Partner {
    /// Its identifier on the wire.
    pub id: PartnerId,
    /// What people call it.
    pub name: String,
    /// Whether production requests are served (2220 otherwise).
    pub production_enabled: bool,
    /// Whether the bodies that it submits by v3 must be signed (401 otherwise).
    pub signs_bodies: bool,
    /// Where results of jobs go whose request names no callback URL.
    pub callback_urls: CallbackUrls,
    /// Signs sandbox requests and results.
    pub sandbox_key: ApiKey,
    /// Signs production requests and results.
    pub production_key: ApiKey,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Partner {
    /// The key that signs in this environment.
    #[must_use]
    pub const fn key(&self, environment: Environment) -> &ApiKey {
        match environment {
            Environment::Sandbox => &self.sandbox_key,
            Environment::Production => &self.production_key,
        }
    }
}
