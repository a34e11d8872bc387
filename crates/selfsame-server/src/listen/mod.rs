//! Starts everything, serves, and stops in order.

mod accept;
mod activity;
mod certificate;
mod connection;
mod descriptors;
mod registry;
mod socket;

pub(crate) use activity::Activity;
pub use certificate::CertificateError;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use selfsame_face::analyser::Analyser;
use selfsame_face::embed::Embedder;
use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::served::Served;
use selfsame_store::error::StoreError;
use selfsame_store::store::Store;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

use self::certificate::{Certificate, Files};
use self::connection::Serving;
use self::registry::Connections;

use crate::app::{App, EngineIdentity};
use crate::budget::BodyBudget;
use crate::callback::deliver::Deliverer;
use crate::client_address::Proxies;
use crate::completion::Completions;
use crate::config::Config;
use crate::failed_authentications::FailedAuthentications;
use crate::gallery::Gallery;
use crate::health::{self, Health};
use crate::housekeeping;
use crate::image_links;
use crate::origin;
use crate::rate::PartnerRates;
use crate::route::v1::package::Uploads;
use crate::router::{operations_router, router};
use crate::supervise::{Role, Supervisor, TasksHealth};
use crate::worker;

/// How long open connections may go on after the stop.
const GRACE: Duration = Duration::from_secs(10);
/// Connections that wait to be accepted.
const BACKLOG: u32 = 4096;

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
    analyser: Analyser,
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
        analyser: Analyser,
    ) -> Result<Self, ServeError> {
        let missing = analyser.missing_attack_models();
        if config.strict_liveness {
            if !missing.is_empty() {
                return Err(ServeError::NoLiveness(missing.join(", ")));
            }
            config.policies = config.policies.strict();
        }
        let http = config.http.map(bind).transpose()?;
        let https = match &config.https {
            Some(tls) => {
                let certificate = Certificate::load(Files {
                    certificate: tls.certificate.clone(),
                    key: tls.key.clone(),
                })?;
                Some((bind(tls.listen)?, Arc::new(certificate)))
            }
            None => None,
        };
        let operations = config.operations.map(bind).transpose()?;
        let addresses = Addresses {
            http: http.as_ref().and_then(|l| l.local_addr().ok()),
            https: https.as_ref().and_then(|(l, _)| l.local_addr().ok()),
            operations: operations.as_ref().and_then(|l| l.local_addr().ok()),
        };
        if addresses.http.is_none() && addresses.https.is_none() {
            return Err(ServeError::NoAddress);
        }
        let deliverer = Deliverer::new(
            Arc::clone(&store),
            config.callback_rules(),
            config.backoff,
            config.callback_timeout,
        )?;
        announce(&config, &missing, &*store).await?;
        let limits = config.limits;
        let embedders: Vec<Embedder> = analyser.embedders().cloned().collect();
        let also = embedders.iter().flat_map(Embedder::models).skip(1).cloned();
        let served = Served::with(analyser.template_model().clone(), also.collect());
        let gallery = Gallery::new(
            Arc::clone(&store),
            &served,
            NonZeroUsize::new(config.workers).unwrap_or(NonZeroUsize::MIN),
        )
        .calibrated_by(embedders.clone());
        gallery.follow().await?;
        let health = Arc::new(Health::default());
        health.look(&*store).await;
        // Commands that decide beside the server go by it.
        store.set_in_force(config.policies.text(), &served).await?;
        let app = App {
            engine: EngineIdentity {
                engine: analyser.engine_name().to_owned(),
                models: analyser.models().to_vec(),
                served,
                embedders,
                detects_presentation_attacks: missing.is_empty(),
                missing_attack_models: missing,
            },
            store,
            gallery,
            cores: Arc::new(Semaphore::new(config.workers.max(1))),
            bodies: BodyBudget::new(limits.bodies_bytes, limits.json_bytes, limits.package_bytes),
            uploads: Uploads::default(),
            package_readers: Arc::new(Semaphore::new(image_links::READERS)),
            proxies: Proxies::new(config.trusted_proxies.clone()),
            rates: PartnerRates::new(limits.requests_per_second, limits.burst),
            failed_authentications: FailedAuthentications::new(
                limits.failed_authentications_per_minute,
            ),
            completions: Completions::default(),
            health,
            job_queued: Arc::new(Notify::new()),
            callback_queued: Arc::new(Notify::new()),
            tasks: TasksHealth::default(),
            config,
        };
        Ok(Self {
            app: Arc::new(app),
            analyser,
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
        let (stopping, stopped) = watch::channel(false);
        let mut background = JoinSet::new();
        let supervisor = Supervisor::new(self.app.tasks.clone(), stopped);
        for _ in 0..self.app.config.workers.max(1) * worker::JOBS_PER_CORE {
            let (app, analyser) = (Arc::clone(&self.app), self.analyser.clone());
            supervisor.keep(
                &mut background,
                worker::NAME,
                Role::Essential,
                move |stop| worker::run(Arc::clone(&app), analyser.clone(), stop),
            );
        }
        let (deliverer, wake) = (self.deliverer, Arc::clone(&self.app.callback_queued));
        supervisor.keep(&mut background, "callbacks", Role::Essential, move |stop| {
            deliverer.clone().run(Arc::clone(&wake), stop)
        });
        let app = Arc::clone(&self.app);
        supervisor.keep(
            &mut background,
            "housekeeping",
            Role::Auxiliary,
            move |stop| housekeeping::run(Arc::clone(&app), stop),
        );
        let app = Arc::clone(&self.app);
        supervisor.keep(&mut background, "health", Role::Auxiliary, move |stop| {
            health::watch(Arc::clone(&app), recorder(), stop)
        });
        let router = router(Arc::clone(&self.app), recorder());
        let mut limits = self.app.config.connections;
        limits.most = descriptors::connections(limits.most, descriptors::raise());
        let connections = Connections::new(limits, self.app.proxies.clone());
        let (ending, ended) = watch::channel(false);
        let mut listeners = JoinSet::new();
        // Connections of their own: whoever fills the public address does not keep the operators out.
        let asked = Connections::new(limits, self.app.proxies.clone());
        for each in [&connections, &asked] {
            listeners.spawn(Arc::clone(each).watch(ended.clone()));
        }
        let mut listen = |listener,
                          certificate: Option<Arc<Certificate>>,
                          router: Router,
                          connections: &Arc<Connections>| {
            if let Some(certificate) = &certificate {
                listeners.spawn(Arc::clone(certificate).follow(ended.clone()));
            }
            let serving = Serving {
                router,
                certificate,
                limits,
                stop: ended.clone(),
            };
            listeners.spawn(serving.accept(listener, Arc::clone(connections)));
        };
        if let Some(listener) = self.http {
            listen(listener, None, router.clone(), &connections);
        }
        if let Some((listener, certificate)) = self.https {
            listen(listener, Some(certificate), router, &connections);
        }
        if let Some(listener) = self.operations {
            let router = operations_router(Arc::clone(&self.app), recorder());
            listen(listener, None, router, &asked);
        }
        stop.await;
        tracing::info!("stopping: no more requests; what is running is finished");
        let _ = ending.send(true);
        let mut outcome = Ok(());
        while let Some(ended) = listeners.join_next().await {
            outcome = outcome.and(ended.map_err(std::io::Error::other));
        }
        let all_ended = connections.all_ended();
        if tokio::time::timeout(GRACE, all_ended).await.is_err() {
            connections.close_all();
        }
        asked.close_all();
        // Requests that wait for a job have had their answer: only now may the workers go.
        let _ = stopping.send(true);
        while background.join_next().await.is_some() {}
        outcome
    }
}

/// Puts the policy in force on record, and says at the start what a reader of the log must know.
async fn announce(config: &Config, missing: &[&str], store: &dyn Store) -> Result<(), StoreError> {
    let policies = &config.policies;
    let head = match store
        .record_audit(&AuditEntry {
            actor: Actor::server(),
            action: AuditAction::PolicyInForce,
            subject: format!("policy {} {}", policies.name(), policies.version()),
            details: serde_json::json!({
                "sha256": policies.sha256(), "strict": config.strict_liveness,
                "detects_presentation_attacks": missing.is_empty(), "version": env!("CARGO_PKG_VERSION"),
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
    if let Some(why) = origin::wants_public_url(config) {
        tracing::warn!(
            "{why}, and --public-url is not given: upload URLs are made from each request's Host header, which clients \
             choose; give --public-url, the base URL that clients reach the server by"
        );
    }
    if !missing.is_empty() {
        tracing::warn!(
            missing = missing.join(", "),
            "presentation attacks are not fully detected, for models are missing (`selfsame models fetch` brings them): where \
             the policy weighs what they measure, Liveness_Check never says Passed, a selfie alone is not looked at, and of a \
             selfie with frames what they would have measured counts neither way"
        );
    }
    Ok(())
}

/// Listens on an address.
fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listen = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }?;
        // As after a crash, when connections of the process before are still being wound up.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|e| ServeError::Bind(address, e))
}

/// The process's metrics; set up once, however many servers a process runs.
fn recorder() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is set; /metrics stays empty");
            }
            handle
        })
        .clone()
}
