//! A node put together: it binds, starts what its roles ask for, serves, and stops in order.

use std::net::SocketAddr;
use std::sync::Arc;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use selfsame_face::analyser::Analyser;
use selfsame_face::embed::Embedders;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_store::error::StoreError;
use selfsame_store::store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::background;
use crate::callback::deliver::Deliverer;
use crate::callback::effort::{Effort, Efforts};
use crate::config::Config;
use crate::listen::{self, Certificate, CertificateError, Files, Listeners};
use crate::node::{NodeName, NodeRole};
use crate::origin::{self, Origin};
use crate::receipts::UnaskedLinks;
use crate::router::{operations_router, router};

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Nothing to listen on.
    #[error("neither an HTTP nor an HTTPS address is set")]
    NoAddress,
    /// Strict mode without all that detects presentation attacks.
    #[error(
        "--strict-liveness needs every presentation-attack detection model, and of them {0} is not loaded; fetch it with \
         `selfsame models fetch`, or serve without --strict-liveness"
    )]
    NoLiveness(String),
    /// Workers without models.
    #[error("a node with the role workers needs the models, which were not loaded")]
    NoEngine,
    /// The policy cannot be put on the audit's record.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address cannot be bound.
    #[error("cannot listen on {0}: {1}")]
    Bind(SocketAddr, std::io::Error),
    /// Certificate or key cannot be used.
    #[error("TLS: {0}")]
    Tls(#[from] CertificateError),
    /// The client for callbacks cannot be set up.
    #[error("callbacks: {0}")]
    Callbacks(#[from] reqwest::Error),
}

/// What looks at pictures.
#[derive(Debug, Clone)]
pub enum Engine {
    /// The loaded models.
    Loaded(Analyser),
    /// Nothing: for a node without workers. It still must know which models' templates compare.
    Elsewhere(Box<Embedders>),
}

impl From<Analyser> for Engine {
    fn from(analyser: Analyser) -> Self {
        Self::Loaded(analyser)
    }
}

impl Engine {
    const fn analyser(&self) -> Option<&Analyser> {
        match self {
            Self::Loaded(analyser) => Some(analyser),
            Self::Elsewhere(_) => None,
        }
    }
}

/// Where the server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// Plain HTTP.
    pub http: Option<SocketAddr>,
    /// HTTPS.
    pub https: Option<SocketAddr>,
    /// What operators ask, where it has an address of its own.
    pub operations: Option<SocketAddr>,
}

/// A server that listens; it serves once it is [`run`](Server::run).
pub struct Server {
    app: Arc<App>,
    engine: Engine,
    deliverer: Deliverer,
    http: Option<TcpListener>,
    https: Option<(TcpListener, Arc<Certificate>)>,
    operations: Option<TcpListener>,
    addresses: Addresses,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Binds the addresses and puts everything together.
    ///
    /// # Errors
    /// [`ServeError`] says what is wrong with the set-up.
    pub async fn bind(
        mut config: Config,
        store: Arc<dyn Store>,
        engine: impl Into<Engine>,
    ) -> Result<Self, ServeError> {
        let engine = engine.into();
        let missing = engine.analyser().map(Analyser::missing_attack_models);
        if config.roles.has(NodeRole::Workers) && missing.is_none() {
            return Err(ServeError::NoEngine);
        }
        if config.strict_liveness {
            if let Some(missing) = missing.as_ref().filter(|missing| !missing.is_empty()) {
                return Err(ServeError::NoLiveness(missing.join(", ")));
            }
            config.policies = config.policies.strict();
        }
        let http = config.http.map(listen::bind).transpose()?;
        let https = match &config.https {
            Some(tls) => {
                let certificate = Certificate::load(Files {
                    certificate: tls.certificate.clone(),
                    key: tls.key.clone(),
                })?;
                Some((listen::bind(tls.listen)?, Arc::new(certificate)))
            }
            None => None,
        };
        let operations = config.operations.map(listen::bind).transpose()?;
        let addresses = Addresses {
            http: http.as_ref().and_then(|l| l.local_addr().ok()),
            https: https.as_ref().and_then(|(l, _)| l.local_addr().ok()),
            operations: operations.as_ref().and_then(|l| l.local_addr().ok()),
        };
        if addresses.http.is_none() && addresses.https.is_none() {
            return Err(ServeError::NoAddress);
        }
        announce(&config, missing.as_deref(), &*store).await?;
        let app = App::assemble(config, store, &engine).await?;
        let deliverer = deliverer(&app)?;
        Ok(Self {
            app: Arc::new(app),
            engine,
            deliverer,
            http,
            https,
            operations,
            addresses,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Serves until `stop` resolves; then takes no more requests, finishes what is running and returns.
    ///
    /// # Errors
    /// When a listener fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let app = &self.app;
        let metrics = recorder(&app.config.node);
        let (stopping, stopped) = watch::channel(false);
        let workers = self
            .engine
            .analyser()
            .filter(|_| app.config.roles.has(NodeRole::Workers));
        let mut background =
            background::start(app, workers, self.deliverer, metrics.clone(), stopped);
        let mut listeners = Listeners::new(app.config.connections, app.proxies.clone());
        // A node that leaves the API to others is still asked how it is.
        let operations = operations_router(Arc::clone(app), metrics.clone());
        let public = if app.config.roles.has(NodeRole::Api) {
            router(Arc::clone(app), metrics)
        } else {
            operations.clone()
        };
        if let Some(listener) = self.http {
            listeners.serve(listener, None, public.clone());
        }
        if let Some((listener, certificate)) = self.https {
            listeners.serve(listener, Some(certificate), public);
        }
        if let Some(listener) = self.operations {
            listeners.serve_operations(listener, operations);
        }
        stop.await;
        tracing::info!("stopping: no more requests; what is running is finished");
        let outcome = listeners.end().await;
        // Requests that wait for a job have had their answer: only now may the workers go.
        let _ = stopping.send(true);
        while background.join_next().await.is_some() {}
        outcome
    }
}

/// What delivers the results of this store's jobs.
fn deliverer(app: &App) -> Result<Deliverer, reqwest::Error> {
    let config = &app.config;
    let efforts = Efforts {
        callbacks: Effort {
            backoff: config.backoff,
            timeout: config.callback_timeout,
        },
        webhooks: config.webhooks,
    };
    let deliverer = Deliverer::new(Arc::clone(&app.store), config.callback_rules(), efforts)?;
    // No request says here by which address the server is reached.
    Ok(match Origin::public(config) {
        Some(origin) => {
            let receipts = UnaskedLinks::new(config);
            deliverer.linking(app.images.clone(), origin, receipts)
        }
        None => deliverer,
    })
}

/// Puts the policy in force on record, and says at the start what a reader of the log must know.
async fn announce(
    config: &Config,
    missing: Option<&[&str]>,
    store: &dyn Store,
) -> Result<(), StoreError> {
    let lacking = config.roles.lacking();
    if !lacking.is_empty() && !store.is_shared() {
        tracing::warn!(
            roles = %config.roles,
            "no other node can serve this store beside this one: what its roles leave out is not done by anybody"
        );
    }
    if !config.judges() {
        return Ok(());
    }
    let policies = &config.policies;
    let head = match store
        .record_audit(&AuditEntry {
            actor: Actor::server(),
            action: AuditAction::PolicyInForce,
            subject: format!("policy {} {}", policies.name(), policies.version()),
            details: serde_json::json!({
                "sha256": policies.sha256(), "strict": config.strict_liveness,
                "detects_presentation_attacks": missing.map(<[_]>::is_empty), "version": env!("CARGO_PKG_VERSION"),
                "node": config.node.as_str(), "roles": config.roles,
            }),
        })
        .await
    {
        Ok(head) => head.to_string(),
        // Whoever can break the audit must not be able to stop authentication with it.
        Err(error @ StoreError::AuditBroken(_)) => {
            tracing::error!(%error, "THE AUDIT IS BROKEN: jobs go on, what operators do is refused until it is mended");
            "none: the audit is broken".to_owned()
        }
        Err(error) => return Err(error),
    };
    // Whoever keeps the log elsewhere keeps an anchor of the audit with it.
    tracing::info!(
        policy = policies.name(), version = policies.version(), sha256 = policies.sha256(), audit_head = %head,
        "policy in force"
    );
    if config.roles.has(NodeRole::Api)
        && let Some(why) = origin::wants_public_url(config)
    {
        tracing::warn!(
            "{why}, and --public-url is not given: upload URLs are made from each request's Host header, which clients \
             choose; give --public-url, the base URL that clients reach the server by"
        );
    }
    if let Some(missing) = missing.filter(|missing| !missing.is_empty()) {
        tracing::warn!(
            missing = missing.join(", "),
            "presentation attacks are not fully detected, for models are missing (`selfsame models fetch` brings them): where \
             the policy weighs what they measure, Liveness_Check never says Passed, a selfie alone is not looked at, and of a \
             selfie with frames what they would have measured counts neither way"
        );
    }
    Ok(())
}

/// The bounds of what is told in seconds: requests take milliseconds, jobs tenths of a second, and a queue that is full minutes.
/// Bounds rather than percentiles, since those of several nodes cannot be added up.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0,
];

/// The process's metrics, each with the node's name; set up once, however many servers a process runs.
fn recorder(node: &NodeName) -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().set_buckets(&SECONDS);
            let recorder = recorder
                .unwrap_or_else(|_| PrometheusBuilder::new())
                .add_global_label("node", node.as_str())
                .build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is set; /metrics stays empty");
            }
            handle
        })
        .clone()
}
