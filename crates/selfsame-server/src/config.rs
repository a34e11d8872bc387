//! How a server is set up. Every limit has a default that suits a small machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use selfsame_authority::Authorities;
use selfsame_job::policy::Policies;
use selfsame_wire::id::PartnerId;
use selfsame_wire::signature::TimestampWindow;

use crate::callback::backoff::Backoff;
use crate::callback::effort::Effort;
use crate::callback::target::{Reach, Schemes, TargetRules};
use crate::gallery::GalleryEngine;
use crate::node::{NodeName, NodeRole, NodeRoles};
use crate::pace::Pace;

/// A server's set-up.
#[derive(Debug, Clone)]
pub struct Config {
    /// What this node is called.
    pub node: NodeName,
    /// What it does; the rest it leaves to other nodes of the same store.
    pub roles: NodeRoles,
    /// Where plain HTTP is served.
    pub http: Option<SocketAddr>,
    /// Where HTTPS is served.
    pub https: Option<Https>,
    /// The base of the URLs that the server hands out (upload, images, receipts), e.g. `https://selfie.example`. Where it is absent
    /// they are made from the request's `Host`.
    pub public_url: Option<url::Url>,
    /// Proxies whose `X-Forwarded-For`, `-Host` and `-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How many captures are analysed at a time; each holds one core while it is.
    pub workers: usize,
    /// Refuse to serve without presentation-attack detection, and require movement of every job.
    pub strict_liveness: bool,
    /// What jobs are judged by.
    pub policies: Policies,
    /// SHA-256 of a token for the operator API, beside those on record.
    pub admin_token: Option<[u8; 32]>,
    /// Limits on what callers may send.
    pub limits: Limits,
    /// Limits on connections.
    pub connections: ConnectionLimits,
    /// Which addresses callbacks may reach.
    pub callback_reach: Reach,
    /// By which schemes callbacks may go.
    pub callback_schemes: Schemes,
    /// How callbacks are tried, of v1's and v2's jobs.
    pub backoff: Backoff,
    /// How long one try of such a callback may take, from looking up the name to the answer's head.
    pub callback_timeout: Duration,
    /// How webhooks are tried, of v3's jobs.
    pub webhooks: Effort,
    /// Packages of ended jobs that are nobody's photo on file are erased after this.
    pub keep_packages: Duration,
    /// What ended jobs hold (requests, results, reviews' notes) is erased after this; names, codes and times stay.
    pub keep_results: Duration,
    /// Where `/health`, `/ready` and `/metrics` are served, by plain HTTP, and then nowhere else; with the API where this is
    /// absent.
    pub operations: Option<SocketAddr>,
    /// Who is asked about identities.
    pub authorities: Arc<Authorities>,
    /// How long a job waits for an authority that is down before it ends as that.
    pub authority_patience: Duration,
    /// Where templates are searched.
    pub gallery: GalleryEngine,
    /// The demo page; not served by default.
    pub demo: Option<Demo>,
    /// The pages behind links; not served by default.
    pub links: Option<LinkPages>,
}

/// The pages behind links (`/v3/smile_links`), for whoever has a link.
#[derive(Debug, Clone)]
pub struct LinkPages {
    /// The built pages: `web/dist`.
    pub folder: PathBuf,
    /// The detector's model, which the pages' engine loads.
    pub detector: Vec<u8>,
    /// Whether a page shows its partner's logo: its host learns who opens the link.
    pub logos: bool,
}

impl LinkPages {
    /// What the pages are made of; nothing else of the folder is served.
    pub const FILES: [&str; 4] = [
        "selfsame-link.js",
        "selfsame-link.css",
        "selfsame-engine.js",
        "engine.wasm",
    ];
}

/// The demo page, which anybody who reaches the server may use: a partner's sandbox without a key.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The built page: `web/dist`.
    pub pages: PathBuf,
    /// The detector's model, which the page's engine loads.
    pub detector: Vec<u8>,
    /// Whose sandbox it uses.
    pub partner: PartnerId,
}

/// TLS by PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Https {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Certificate chain.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

/// The longest that a v3 token may live, whatever is set up: as long at least, the key that made it is kept.
pub const LONGEST_TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);

/// Limits on what callers may send.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a JSON body.
    pub json_bytes: usize,
    /// Bytes of a package or of a multipart body.
    pub package_bytes: usize,
    /// Bytes that all bodies in memory may take together.
    pub bodies_bytes: usize,
    /// How slowly a body may arrive.
    pub body_pace: Pace,
    /// How old and how far ahead a signed timestamp may be.
    pub window: TimestampWindow,
    /// How long an upload URL lives.
    pub upload_ttl: Duration,
    /// How long an image link lives.
    pub image_link_ttl: Duration,
    /// How long a link to a receipt lives.
    pub receipt_link_ttl: Duration,
    /// How long a web token lives.
    pub web_token_ttl: Duration,
    /// How long a v3 token lives; no longer than [`LONGEST_TOKEN_TTL`].
    pub token_ttl: Duration,
    /// Requests per second of one partner, and the burst above it.
    pub requests_per_second: u32,
    /// Requests that may come at once before the rate counts.
    pub burst: u32,
    /// Requests from one address that may fail to authenticate, each minute and at once; 0 sets no limit.
    pub failed_authentications_per_minute: u32,
    /// How long a synchronous (v2) call waits for its job.
    pub synchronous_wait: Duration,
    /// How long the analysis of one job's images may take. Waiting for a core or for memory does not count.
    pub analysis_timeout: Duration,
    /// How often a job is tried before it ends as a system error. Many: a server that is killed often must not end jobs that
    /// did no harm; few enough that one that kills the server stops doing so.
    pub job_attempts: u32,
}

/// Limits on connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Connections that may be open; fewer where the process may not open that many files.
    pub most: usize,
    /// Connections from one address, or one IPv6 /64; 0 sets no limit. Trusted proxies have none.
    pub most_per_address: usize,
    /// How long the first request's head may take from the connection's beginning, TLS handshake included, and each further
    /// head from its first byte.
    pub head_timeout: Duration,
    /// How long a connection may stay open between requests. An HTTP/2 head that never ends counts as this too.
    pub idle_timeout: Duration,
    /// How slowly an answer may be taken.
    pub answer_pace: Pace,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            most: 4096,
            most_per_address: 512,
            head_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(75),
            answer_pace: Pace {
                total: Duration::from_secs(600),
                silence: Duration::from_secs(20),
                grace: Duration::from_secs(30),
                bytes_per_second: 4096,
            },
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            json_bytes: 256 * 1024,
            package_bytes: 20 * 1024 * 1024,
            bodies_bytes: 96 * 1024 * 1024,
            body_pace: Pace {
                total: Duration::from_secs(60),
                silence: Duration::from_secs(10),
                grace: Duration::from_secs(15),
                bytes_per_second: 4096,
            },
            window: TimestampWindow::default(),
            upload_ttl: Duration::from_secs(15 * 60),
            image_link_ttl: Duration::from_secs(10 * 60),
            receipt_link_ttl: Duration::from_secs(60 * 60),
            web_token_ttl: Duration::from_secs(15 * 60),
            token_ttl: Duration::from_secs(15 * 60),
            requests_per_second: 100,
            burst: 200,
            failed_authentications_per_minute: 60,
            synchronous_wait: Duration::from_secs(50),
            analysis_timeout: Duration::from_secs(30),
            job_attempts: 10,
        }
    }
}

impl Config {
    /// Whether anything is judged here by the policy: when jobs are taken in, ended or reviewed.
    pub(crate) fn judges(&self) -> bool {
        self.roles.has(NodeRole::Api) || self.roles.has(NodeRole::Workers)
    }

    /// Where callbacks may go, and how.
    #[must_use]
    pub const fn callback_rules(&self) -> TargetRules {
        TargetRules {
            reach: self.callback_reach,
            schemes: self.callback_schemes,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            node: NodeName::of_host(),
            roles: NodeRoles::default(),
            http: Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
            https: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            strict_liveness: false,
            policies: Policies::default(),
            admin_token: None,
            limits: Limits::default(),
            connections: ConnectionLimits::default(),
            callback_reach: Reach::Public,
            callback_schemes: Schemes::default(),
            backoff: Backoff::default(),
            callback_timeout: Duration::from_secs(10),
            webhooks: Effort::WEBHOOKS,
            keep_packages: Duration::from_secs(30 * 24 * 3600),
            keep_results: Duration::from_secs(90 * 24 * 3600),
            operations: None,
            authorities: Arc::new(Authorities::sandbox_only()),
            authority_patience: Duration::from_secs(24 * 3600),
            gallery: GalleryEngine::default(),
            demo: None,
            links: None,
        }
    }
}
