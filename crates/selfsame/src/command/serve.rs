//! `selfsame serve`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use selfsame_face::analyser::{Analyser, Closely, Settings};
use selfsame_face::inference::{EngineChoice, Loading};
use selfsame_face::models::ModelStore;
use selfsame_server::config::{Config, Https};
use selfsame_server::node::{NodeName, NodeRole, NodeRoles};
use selfsame_server::{Engine, Server};

use super::authorities;
use super::callback_rules::CallbackRules;
use super::data::{Data, GalleryChoice, MostWaiting};
use super::demo_page;
use super::embedder::{self, EmbedderChoices};
use super::link_pages;
use crate::logging;
use crate::output::{self, Outcome};
use crate::traces::Traces;

/// Serve the API. Prints one line of JSON with its addresses once it is ready; logs to standard error.
#[derive(clap::Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    data: Data,
    /// What this node is called, in the log, in metrics and in /ready [default: the host's name].
    #[arg(long, env = "SELFSAME_NODE", value_name = "NAME")]
    node: Option<NodeName>,
    /// What this node does, of api, workers, callbacks and housekeeping, divided by commas; the rest it leaves to other nodes of
    /// the same store. Only workers need the models.
    #[arg(long, default_value_t, value_name = "ROLES")]
    roles: NodeRoles,
    /// Where to serve HTTP; port 0 takes a free one. A node without the role api serves /health, /ready and /metrics there.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where to serve HTTPS.
    #[arg(
        long,
        requires = "tls_cert",
        requires = "tls_key",
        value_name = "ADDRESS"
    )]
    tls_listen: Option<SocketAddr>,
    /// Certificate chain, PEM.
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Private key, PEM.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// The base of the URLs handed out [default: made from each request's Host].
    #[arg(long, value_name = "URL")]
    public_url: Option<url::Url>,
    #[command(flatten)]
    callbacks: CallbackRules,
    /// Where new faces are looked for among those on file: memory, or pgvector, in the PostgreSQL of --store (docs/scale.md). pgvector needs
    /// --gallery-keeps-templates-unencrypted.
    #[arg(
        long,
        env = "SELFSAME_GALLERY",
        default_value = "memory",
        value_name = "ENGINE"
    )]
    gallery: GalleryChoice,
    /// Yes, templates may stand in the database in the clear: whoever reads it, its log, a replica or a backup has biometric data.
    #[arg(long, env = "SELFSAME_GALLERY_KEEPS_TEMPLATES_UNENCRYPTED")]
    gallery_keeps_templates_unencrypted: bool,
    /// Captures that are analysed at a time [default: one for each core].
    #[arg(long)]
    workers: Option<NonZeroUsize>,
    /// auto, rten or openvino.
    #[arg(long, default_value = "auto")]
    engine: EngineChoice,
    #[command(flatten)]
    embedders: EmbedderChoices,
    /// Look closely at two frames of a capture, drawn for each, and at the others only where these leave a doubt: half the time, and
    /// a single frame of another person may go unseen (docs/decisions/0138-few-frames-first.md).
    #[arg(long)]
    few_frames_first: bool,
    /// The policy file [default: what is built in; `selfsame policy default` prints it].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Prepare each model when a job first needs it rather than all at the start: the server is ready sooner, and that job waits
    /// seconds. Digests are checked at the start either way.
    #[arg(long, env = "SELFSAME_LOAD_WHEN_NEEDED")]
    load_when_needed: bool,
    /// Refuse to start without all models that detect presentation attacks, and require liveness frames of every job.
    #[arg(long)]
    strict_liveness: bool,
    /// A file with a token for the operator API, beside those that `selfsame admin token add` made.
    #[arg(long, value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
    /// Requests per second of one partner.
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// Requests from one address that may fail to authenticate each minute; 0 sets no limit.
    #[arg(long, default_value_t = 60)]
    failed_auth_rate: u32,
    /// A proxy whose X-Forwarded-For, -Host and -Proto are believed, an address or a network; may be given more than once.
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    trusted_proxy: Vec<IpNet>,
    /// Jobs that may be queued at one time. One partner may take at most three quarters of what the others leave free, in the
    /// sandbox half.
    #[arg(long, default_value_t = 1000)]
    max_queued: u64,
    /// Jobs of one partner, in one environment, whose packages may be awaited at one time.
    #[arg(long, default_value_t = 5000)]
    max_uploads: u64,
    /// For how many days requests, results and reviews' notes of ended jobs are kept; names, codes and times stay.
    #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    keep_results: u32,
    /// For how many days packages of ended jobs are kept; those that hold a user's photo on file stay.
    #[arg(long, default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    keep_packages: u32,
    /// Where to serve /health, /ready and /metrics, by plain HTTP, and then nowhere else [default: with the API].
    #[arg(long, value_name = "ADDRESS")]
    operations_listen: Option<SocketAddr>,
    /// Memory that all request bodies may take together, in MiB.
    #[arg(long, default_value_t = 96, value_name = "MIB")]
    bodies_mib: u32,
    /// Connections that may be open at one time; fewer where the limit on open files is lower.
    #[arg(long, default_value_t = 4096)]
    max_connections: usize,
    /// Connections from one address (IPv6: one /64) that is no trusted proxy's; 0 sets no limit.
    #[arg(long, default_value_t = 512)]
    max_connections_per_address: usize,
    /// How long a request's head may take to arrive, in seconds; a TLS handshake counts as part of the first.
    #[arg(long, default_value_t = 15, value_name = "SECONDS")]
    head_timeout: u64,
    /// How long a connection may stay open between requests, in seconds.
    #[arg(long, default_value_t = 75, value_name = "SECONDS")]
    idle_timeout: u64,
    /// How long a request's body may take to arrive, in seconds; one that stops for 10 seconds is given up before.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    body_timeout: u64,
    /// Memory that all images in analysis may take together, in MiB. What does not fit waits; an image that never fits is refused.
    #[arg(long, default_value_t = 512, value_name = "MIB", value_parser = clap::value_parser!(u32).range(32..))]
    images_mib: u32,
    /// How long the analysis of one job's images may take, in seconds; then the job ends, and its images count as unusable.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    analysis_timeout: u64,
    /// How old a signed timestamp may be, in seconds.
    #[arg(long, default_value_t = 3600)]
    signature_max_age: u64,
    /// How long an upload URL lives, in seconds.
    #[arg(long, default_value_t = 900)]
    upload_ttl: u64,
    /// How long a v3 token lives, in seconds; a day at most.
    #[arg(long, default_value_t = 900, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    token_ttl: u64,
    /// Which authorities answer questions about identities, for whom (docs/authorities.md). Without it the sandbox's answers in the
    /// sandbox, and nobody in production.
    #[arg(long, env = "SELFSAME_AUTHORITIES", value_name = "FILE")]
    authorities: Option<PathBuf>,
    /// For how many minutes a job waits for an authority that is down, before it ends as that.
    #[arg(long, default_value_t = 1440, value_name = "MINUTES")]
    authority_patience: u32,
    /// Serve the demo page at /demo/ from this folder (web/dist, see web/README.md). Anybody who reaches the server may then
    /// use the sandbox of the partner `demo`, which is made where it is missing.
    #[arg(long, value_name = "FOLDER")]
    demo_page: Option<PathBuf>,
    /// Serve the pages behind links (/v3/smile_links) from this folder (web/dist, see web/README.md). Without it no links are made.
    #[arg(long, env = "SELFSAME_LINK_PAGES", value_name = "FOLDER")]
    link_pages: Option<PathBuf>,
    /// Show on a link's page the logo that its partner names. The logo's host then learns the address of everybody who opens the link.
    #[arg(long, requires = "link_pages")]
    link_logos: bool,
    /// Log as JSON.
    #[arg(long)]
    log_json: bool,
    /// Send traces by OTLP over HTTP to this URL of a collector, e.g. http://127.0.0.1:4318/v1/traces [default: none are made].
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", value_name = "URL")]
    traces: Option<url::Url>,
}

impl Serve {
    pub(crate) async fn run(&self, models: &ModelStore) -> Outcome {
        let node = self.node.clone().unwrap_or_else(NodeName::of_host);
        let sent_to = self.traces.as_ref();
        let traces = sent_to.map(|url| Traces::to(url, &node)).transpose()?;
        logging::start(self.log_json, &node, traces.as_ref());
        if self.gallery == GalleryChoice::Pgvector && !self.gallery_keeps_templates_unencrypted {
            return Err(
                "--gallery pgvector keeps templates in the database in the clear, which is biometric data for whoever reads it, its \
                 log, a replica or a backup (docs/scale.md); where that is wanted, say so with --gallery-keeps-templates-unencrypted"
                    .into(),
            );
        }
        let mut config = Config {
            node,
            roles: self.roles.clone(),
            http: Some(self.listen),
            public_url: self.public_url.clone(),
            strict_liveness: self.strict_liveness,
            trusted_proxies: self.trusted_proxy.clone(),
            ..Config::default()
        };
        if let (Some(listen), Some(certificate), Some(key)) =
            (self.tls_listen, &self.tls_cert, &self.tls_key)
        {
            config.https = Some(Https {
                listen,
                certificate: certificate.clone(),
                key: key.clone(),
            });
        }
        if let Some(workers) = self.workers {
            config.workers = workers.get();
        }
        let rules = self.callbacks.rules();
        config.callback_reach = rules.reach;
        config.callback_schemes = rules.schemes;
        config.limits.requests_per_second = self.rate;
        config.limits.burst = self.rate.saturating_mul(2);
        config.limits.failed_authentications_per_minute = self.failed_auth_rate;
        config.limits.bodies_bytes = (self.bodies_mib as usize).saturating_mul(1024 * 1024);
        config.limits.analysis_timeout = Duration::from_secs(self.analysis_timeout);
        config.connections.most = self.max_connections;
        config.connections.most_per_address = self.max_connections_per_address;
        config.connections.head_timeout = Duration::from_secs(self.head_timeout);
        config.connections.idle_timeout = Duration::from_secs(self.idle_timeout);
        config.limits.body_pace.total = Duration::from_secs(self.body_timeout);
        config.limits.window.past = Duration::from_secs(self.signature_max_age);
        config.limits.upload_ttl = Duration::from_secs(self.upload_ttl);
        config.limits.token_ttl = Duration::from_secs(self.token_ttl);
        let days = |days: u32| Duration::from_secs(u64::from(days) * 24 * 3600);
        config.keep_results = days(self.keep_results);
        config.keep_packages = days(self.keep_packages);
        config.operations = self.operations_listen;
        let embedders = self.embedders.read()?;
        config.policies = embedder::policies(self.policy.as_deref(), &embedders.primary)?;
        if let Some(path) = &self.admin_token_file {
            config.admin_token = Some(super::admin::read_token(path)?);
        }
        let parallel = NonZeroUsize::new(config.workers).unwrap_or(NonZeroUsize::MIN);
        let settings = Settings {
            engine: self.engine,
            parallel,
            memory: u64::from(self.images_mib) * 1024 * 1024,
            loading: if self.load_when_needed {
                Loading::WhenNeeded
            } else {
                Loading::AtStart
            },
            closely: if self.few_frames_first {
                Closely::FEW
            } else {
                Closely::ALL
            },
            ..Settings::default()
        };
        for embedder in embedders.iter() {
            let (identity, model) = (embedder.identity(), embedder.model());
            tracing::info!(name = identity.name, version = identity.version, licence = embedder.licence(), %model, "embedder");
        }
        let engine = if self.roles.has(NodeRole::Workers) {
            let analyser = Analyser::load_with(models, &settings, &embedders)?;
            tracing::info!(
                engine = analyser.engine_name(),
                workers = config.workers,
                when_needed = self.load_when_needed,
                "models verified"
            );
            Engine::Loaded(analyser)
        } else {
            Engine::Elsewhere(Box::new(embedders))
        };
        let most = MostWaiting {
            queued: self.max_queued,
            uploads: self.max_uploads,
        };
        let (store, gallery) = self.data.open_to_serve(most, self.gallery).await?;
        config.gallery = gallery;
        config.authority_patience = Duration::from_secs(u64::from(self.authority_patience) * 60);
        config.authorities = Arc::new(authorities::load(
            self.authorities.as_deref(),
            &store,
            models,
        )?);
        if let Some(pages) = &self.demo_page {
            config.demo = Some(demo_page::prepare(pages, models, store.as_ref()).await?);
        }
        config.links = match &self.link_pages {
            Some(folder) => Some(link_pages::prepare(folder, self.link_logos, models)?),
            None => None,
        };
        let server = Server::bind(config, store, engine).await?;
        let addresses = server.addresses();
        output::json(&serde_json::json!({
            "http": addresses.http.map(|a| format!("http://{a}")),
            "https": addresses.https.map(|a| format!("https://{a}")),
            "operations": addresses.operations.map(|a| format!("http://{a}")),
        }))?;
        let served = server.run(stop_signal()).await;
        if let Some(traces) = traces {
            traces.finish().await;
        }
        served?;
        Ok(ExitCode::SUCCESS)
    }
}

/// An address is a network of one.
fn network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "not an address or a network such as 10.0.0.0/8".to_owned())
}

/// Resolves on an interrupt or, as service managers send it, on SIGTERM.
async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a signal to wait for, the process is stopped from outside.
    if interrupt.await.is_err() {
        std::future::pending::<()>().await;
    }
}
