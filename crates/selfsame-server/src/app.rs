//! What every request handler has at hand.

use std::num::NonZeroUsize;
use std::sync::Arc;

use jiff::Timestamp;
use selfsame_authority::Authorities;
use selfsame_face::embed::Embedder;
use selfsame_face::models::ModelIdentity;
use selfsame_face::template::{ModelThresholds, TemplateModel};
use selfsame_job::partner::Partner;
use selfsame_job::served::{Enrolled, Served};
use selfsame_job::user::{User, UserKey};
use selfsame_store::error::StoreError;
use selfsame_store::nodes::NodeId;
use selfsame_store::store::Store;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::{self, RequestSignatureError};
use tokio::sync::{Notify, Semaphore};

use crate::budget::BodyBudget;
use crate::callback::target::TargetRules;
use crate::client_address::Proxies;
use crate::completion::Completions;
use crate::config::Config;
use crate::gallery::Gallery;
use crate::health::Health;
use crate::image_links::Images;
use crate::limits::failed_authentications::FailedAuthentications;
use crate::limits::links::LinkRates;
use crate::limits::rate::PartnerRates;
use crate::node::NodeRole;
use crate::refusal::Refusal;
use crate::route::v1::package::Uploads;
use crate::server::Engine;
use crate::supervise::TasksHealth;
use crate::token_keys::TokenKeyCache;
use crate::worker::Lookout;

/// Shared by all handlers and workers.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    /// This start of this node, as others know it.
    pub(crate) node_id: NodeId,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gallery: Gallery,
    /// Who is asked about identities.
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) engine: EngineIdentity,
    /// One for each analysis that may go on at a time.
    pub(crate) cores: Arc<Semaphore>,
    pub(crate) bodies: BodyBudget,
    pub(crate) uploads: Uploads,
    /// Single images out of packages.
    pub(crate) images: Images,
    pub(crate) proxies: Proxies,
    pub(crate) rates: PartnerRates,
    pub(crate) link_rates: LinkRates,
    pub(crate) failed_authentications: Arc<FailedAuthentications>,
    pub(crate) completions: Completions,
    pub(crate) health: Arc<Health>,
    /// Whose turn it is to look into the queue when nothing rings.
    pub(crate) lookout: Lookout,
    /// Rung when a job was queued.
    pub(crate) job_queued: Arc<Notify>,
    /// Rung when a callback was queued.
    pub(crate) callback_queued: Arc<Notify>,
    /// How the background tasks are.
    pub(crate) tasks: TasksHealth,
    /// The keys of v3 tokens.
    pub(crate) token_keys: TokenKeyCache,
}

/// Which engine and models produce the evidence; recorded with each result.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct EngineIdentity {
    pub(crate) engine: String,
    pub(crate) models: Vec<ModelIdentity>,
    /// The models whose templates are compared.
    #[serde(skip)]
    pub(crate) served: Served,
    /// The embedders, the one that makes the templates first.
    #[serde(skip)]
    pub(crate) embedders: Vec<Embedder>,
    /// All models that detect presentation attacks are loaded.
    #[serde(skip)]
    pub(crate) detects_presentation_attacks: bool,
    /// Those that are not.
    #[serde(skip)]
    pub(crate) missing_attack_models: Vec<&'static str>,
}

impl EngineIdentity {
    fn new(engine: &Engine) -> Self {
        let (name, models, embedders, missing): (_, _, Vec<Embedder>, _) = match engine {
            Engine::Loaded(analyser) => (
                analyser.engine_name(),
                analyser.models().to_vec(),
                analyser.embedders().cloned().collect(),
                Some(analyser.missing_attack_models()),
            ),
            Engine::Elsewhere(embedders) => (
                "none",
                Vec::new(),
                embedders.iter().cloned().collect(),
                None,
            ),
        };
        let mut served = embedders.iter().flat_map(Embedder::models).cloned();
        let primary = served.next();
        let also = served.collect();
        Self {
            engine: name.to_owned(),
            models,
            served: match primary {
                Some(primary) => Served::with(primary, also),
                // There always is a primary embedder.
                None => Served::only(Embedder::built_in().model().clone()),
            },
            embedders,
            detects_presentation_attacks: missing.as_ref().is_some_and(Vec::is_empty),
            missing_attack_models: missing.unwrap_or_default(),
        }
    }

    /// The thresholds of a model that is served besides; the primary one's are the policy's.
    pub(crate) fn thresholds(&self, model: &TemplateModel) -> Option<ModelThresholds> {
        let mut also = self.embedders.iter().skip(1);
        also.find(|e| e.model() == model)?.thresholds().copied()
    }

    /// Templates on file, judged by the thresholds of their model.
    pub(crate) fn judged<'u>(&self, enrolled: Enrolled<'u>) -> Enrolled<'u> {
        enrolled.judged_by(self.thresholds(enrolled.model()))
    }

    /// Brings templates that a model made before it was calibrated to what it makes now, so that they compare.
    pub(crate) fn calibrated(&self, mut user: User) -> User {
        let references = user.reference.iter_mut().chain(&mut user.further);
        for reference in references {
            let mut embedders = self.embedders.iter();
            if let Some(template) = embedders.find_map(|e| e.calibrate(&reference.template)) {
                reference.template = template;
            }
        }
        user
    }
}

/// A partner that proved to hold a key, and the environment that the key opens.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) partner: Partner,
    pub(crate) environment: Environment,
}

impl Caller {
    /// Where results go of requests that name no callback URL, where the partner has such a place.
    ///
    /// # Errors
    /// 2204 where callbacks may not go there any more: better told at once than found out by results that never come.
    pub(crate) fn default_callback(&self, rules: TargetRules) -> Result<Option<&str>, Refusal> {
        let Some(url) = self.partner.callback_urls.of(self.environment) else {
            return Ok(None);
        };
        rules.check_url(url, self.environment).map_err(|error| {
            Refusal::new(
                ErrorCode::WrongType,
                format!(
                    "the request names no callback_url, and the partner's own, which `selfsame partner callback` set, may not be called: \
                     {error}"
                ),
            )
        })?;
        Ok(Some(url.as_str()))
    }
}

/// The environment that the request's path names; without one, the key that verifies tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope(pub(crate) Option<Environment>);

impl Scope {
    /// The environments that a key may open.
    pub(crate) const fn environments(self) -> &'static [Environment] {
        match self.0 {
            Some(Environment::Sandbox) => &[Environment::Sandbox],
            Some(Environment::Production) => &[Environment::Production],
            None => &Environment::ALL,
        }
    }

    /// What stands before the version in the path.
    pub(crate) const fn prefix(self) -> &'static str {
        match self.0 {
            Some(Environment::Sandbox) => "/sandbox",
            Some(Environment::Production) => "/production",
            None => "",
        }
    }
}

impl App {
    /// Puts it together; where workers will search the gallery, it is filled.
    pub(crate) async fn assemble(
        config: Config,
        store: Arc<dyn Store>,
        engine: &Engine,
    ) -> Result<Self, StoreError> {
        let engine = EngineIdentity::new(engine);
        let limits = config.limits;
        let gallery = Gallery::new(
            Arc::clone(&store),
            &engine.served,
            NonZeroUsize::new(config.workers).unwrap_or(NonZeroUsize::MIN),
        )
        .calibrated_by(engine.embedders.clone())
        .searched_by(config.gallery.clone());
        if config.roles.has(NodeRole::Workers) {
            gallery.follow().await?;
        }
        let health = Arc::new(Health::default());
        health.look(&*store).await;
        if config.judges() {
            // Commands that decide beside the server go by it.
            store
                .set_in_force(config.policies.text(), &engine.served)
                .await?;
        }
        let shared = store.is_shared();
        let bodies = BodyBudget::new(limits.bodies_bytes, limits.json_bytes, limits.package_bytes);
        let images = Images::new(Arc::clone(&store), bodies.clone(), limits.image_link_ttl);
        Ok(Self {
            node_id: NodeId(uuid::Uuid::new_v4()),
            engine,
            store,
            gallery,
            authorities: Arc::clone(&config.authorities),
            cores: Arc::new(Semaphore::new(config.workers.max(1))),
            bodies,
            uploads: Uploads::default(),
            images,
            proxies: Proxies::new(config.trusted_proxies.clone()),
            rates: PartnerRates::new(limits.requests_per_second, limits.burst, shared),
            link_rates: LinkRates::default(),
            failed_authentications: Arc::new(FailedAuthentications::new(
                limits.failed_authentications_per_minute,
                shared,
            )),
            completions: Completions::default(),
            health,
            lookout: Lookout::default(),
            job_queued: Arc::new(Notify::new()),
            callback_queued: Arc::new(Notify::new()),
            tasks: TasksHealth::default(),
            token_keys: TokenKeyCache::default(),
            config,
        })
    }

    /// The gallery, on a node that keeps it filled.
    pub(crate) fn followed_gallery(&self) -> Option<&Gallery> {
        let follows = self.config.roles.has(NodeRole::Workers);
        follows.then_some(&self.gallery)
    }

    /// A user as jobs are judged by it: its templates compare with what the embedders make now.
    pub(crate) async fn user(&self, key: &UserKey) -> Result<Option<User>, StoreError> {
        let user = self.store.user(key).await?;
        Ok(user.map(|user| self.engine.calibrated(user)))
    }

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
        let record = record.ok_or_else(unauthorised)?;
        let (window, now) = (&self.config.limits.window, Timestamp::now());
        let verify =
            |e| signature::verify_request(record.key(e), partner, timestamp, given, window, now);
        let (environment, verified) = scope
            .environments()
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

#[cfg(test)]
mod tests {
    use selfsame_job::policy::Policy;

    use super::*;

    /// Both say where the built-in model's scores divide: the policy where it is the primary one, the manifest where it is served
    /// beside another.
    #[test]
    fn the_built_in_embedder_has_the_thresholds_of_the_built_in_policy() {
        let built_in = Embedder::built_in();
        let thresholds = built_in.thresholds().unwrap();
        let policy = Policy::default();
        assert_eq!(thresholds.same, policy.comparison.match_threshold);
        assert_eq!(thresholds.review, policy.comparison.review_threshold);
        assert_eq!(thresholds.duplicate, policy.duplicates.threshold);
        assert_eq!(thresholds.check(), Ok(()));
    }
}
