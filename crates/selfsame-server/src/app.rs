//! What every request handler has at hand.

use std::sync::Arc;

use jiff::Timestamp;
use selfsame_face::models::ModelIdentity;
use selfsame_job::partner::Partner;
use selfsame_store::store::Store;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::{self, RequestSignatureError};
use tokio::sync::{Notify, Semaphore};

use crate::budget::BodyBudget;
use crate::client_address::Proxies;
use crate::completion::Completions;
use crate::config::Config;
use crate::failed_authentications::FailedAuthentications;
use crate::gallery::Gallery;
use crate::health::Health;
use crate::rate::PartnerRates;
use crate::refusal::Refusal;
use crate::route::v1::package::Uploads;
use crate::supervise::TasksHealth;

/// Shared by all handlers and workers.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gallery: Gallery,
    pub(crate) engine: EngineIdentity,
    /// One for each analysis that may go on at a time.
    pub(crate) cores: Arc<Semaphore>,
    pub(crate) bodies: BodyBudget,
    pub(crate) uploads: Uploads,
    /// Packages that are opened for the sake of an image link.
    pub(crate) package_readers: Arc<Semaphore>,
    pub(crate) proxies: Proxies,
    pub(crate) rates: PartnerRates,
    pub(crate) failed_authentications: FailedAuthentications,
    pub(crate) completions: Completions,
    pub(crate) health: Arc<Health>,
    /// Rung when a job was queued.
    pub(crate) job_queued: Arc<Notify>,
    /// Rung when a callback was queued.
    pub(crate) callback_queued: Arc<Notify>,
    /// How the background tasks are.
    pub(crate) tasks: TasksHealth,
}

/// Which engine and models produce the evidence; recorded with each result.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct EngineIdentity {
    pub(crate) engine: String,
    pub(crate) models: Vec<ModelIdentity>,
    /// Digest of the model that makes templates.
    #[serde(skip)]
    pub(crate) template_model: String,
    #[serde(skip)]
    pub(crate) detects_presentation_attacks: bool,
}

/// A partner that proved to hold a key, and the environment that the key opens.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) partner: Partner,
    pub(crate) environment: Environment,
}

/// The environment that the request's path names; without one, the key that verifies tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope(pub(crate) Option<Environment>);

impl App {
    /// Finds the caller by its signature.
    pub(crate) async fn authorise(
        &self,
        scope: Scope,
        partner: &PartnerId,
        timestamp: &str,
        given: &str,
    ) -> Result<Caller, Refusal> {
        let record = self.store.partner(partner).await?;
        // One text for an unknown partner and a wrong signature: neither tells which partners exist.
        let refuse =
            |why: RequestSignatureError| Refusal::new(ErrorCode::Unauthorised, why.to_string());
        let unauthorised = || refuse(RequestSignatureError::Wrong);
        let candidates: &[Environment] = match scope.0 {
            Some(Environment::Sandbox) => &[Environment::Sandbox],
            Some(Environment::Production) => &[Environment::Production],
            None => &Environment::ALL,
        };
        let record = record.ok_or_else(unauthorised)?;
        let (window, now) = (&self.config.limits.window, Timestamp::now());
        let verify =
            |e| signature::verify_request(record.key(e), partner, timestamp, given, window, now);
        let (environment, verified) = candidates
            .iter()
            .map(|e| (*e, verify(*e)))
            .find(|(_, verified)| *verified != Err(RequestSignatureError::Wrong))
            .ok_or_else(unauthorised)?;
        verified.map_err(refuse)?;
        self.admit(record, environment)
    }

    /// Lets an authenticated partner in, unless it asks too often or production is closed to it.
    pub(crate) fn admit(
        &self,
        partner: Partner,
        environment: Environment,
    ) -> Result<Caller, Refusal> {
        self.rates
            .check(&partner.id, environment)
            .map_err(Refusal::too_often)?;
        if environment == Environment::Production && !partner.production_enabled {
            return Err(Refusal::new(
                ErrorCode::ProductionNotEnabled,
                "production is not enabled for this partner; the operator enables it with `selfsame partner production`",
            ));
        }
        Ok(Caller {
            partner,
            environment,
        })
    }
}
