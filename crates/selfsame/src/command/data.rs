//! The store that a command works on, beside running servers or without one. Here, and nowhere else, it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use selfsame_job::audit::Actor;
use selfsame_server::gallery::GalleryEngine;
use selfsame_store::blobs::{BlobPlace, Blobs};
use selfsame_store::keyring::MasterKey;
use selfsame_store::master_key::source::KeySource;
use selfsame_store::postgres::{self, PostgresStore};
use selfsame_store::sqlite::{self, SqliteStore};
use selfsame_store::store::Store;
use selfsame_wire::id::{Environment, PartnerId};

use super::store_url::StoreUrl;

/// The variable that may say where the store is, password included.
const STORE: &str = "SELFSAME_STORE";
/// The variable that may hold the database's password.
const PASSWORD: &str = "SELFSAME_STORE_PASSWORD";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Where the data is. Global, so that it may stand before or after what is to be done.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct Data {
    /// The data directory.
    #[arg(
        long,
        global = true,
        env = "SELFSAME_DATA",
        default_value = "selfsame-data",
        value_name = "DIR"
    )]
    pub(crate) data: PathBuf,
    /// Where records are kept: sqlite:DIR or postgres://USER@HOST/DATABASE [default: the data directory].
    #[arg(
        long,
        global = true,
        env = STORE,
        hide_env_values = true,
        value_name = "URL"
    )]
    // Read as a URL later: a refusal here would repeat what was given, and there may be a password in it.
    store: Option<String>,
    /// A file with the password of the database [default: the variable SELFSAME_STORE_PASSWORD, where the URL has none].
    #[arg(
        long,
        global = true,
        env = "SELFSAME_STORE_PASSWORD_FILE",
        value_name = "FILE"
    )]
    store_password_file: Option<PathBuf>,
    /// Where packages are kept: a folder, or a bucket as s3://BUCKET/PREFIX, gs://… or az://… (docs/storage.md) [default: the folder
    /// blobs in the data directory]. Nodes of a database server need one that all of them reach.
    #[arg(long, global = true, env = "SELFSAME_BLOBS", value_name = "PLACE")]
    blobs: Option<String>,
    /// A file with the master key (64 hexadecimal digits) [default: master.key in the data directory].
    #[arg(
        long,
        global = true,
        env = "SELFSAME_MASTER_KEY_FILE",
        value_name = "FILE"
    )]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Where the master key comes from, instead of a file: env:NAME (a variable), command:PROGRAM ARGUMENT … (what it prints; no
    /// shell), vault:MOUNT/KEY (Vault's transit engine wraps the data keys; VAULT_ADDR and VAULT_TOKEN_FILE or VAULT_TOKEN say
    /// where and who), or file:PATH. Never the key itself.
    #[arg(
        long,
        global = true,
        env = "SELFSAME_MASTER_KEY",
        hide_env_values = true,
        value_name = "SOURCE",
        conflicts_with = "master_key_file"
    )]
    // Read as a source later: a refusal here would repeat what was given, and somebody will give the key itself.
    pub(crate) master_key: Option<String>,
}

/// How a store is opened.
pub(crate) enum Opening {
    Directory(sqlite::Options),
    Database(postgres::Options),
}

impl Opening {
    /// The place for packages that was given.
    fn blobs(&self) -> Option<&Arc<dyn Blobs>> {
        match self {
            Self::Directory(options) => options.blobs.as_ref(),
            Self::Database(options) => Some(&options.blobs),
        }
    }
}

/// Where a server searches for faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum GalleryChoice {
    /// In its own memory.
    Memory,
    /// In PostgreSQL, by pgvector.
    Pgvector,
}

/// How much may wait in a store, for a server that opens it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MostWaiting {
    pub(crate) queued: u64,
    pub(crate) uploads: u64,
}

impl Data {
    /// The same with another store.
    pub(crate) fn at(&self, store: &str) -> Self {
        Self {
            store: Some(store.to_owned()),
            ..self.clone()
        }
    }

    /// How the store is opened.
    pub(crate) async fn options(&self) -> Result<Opening, Failure> {
        match self.place()? {
            StoreUrl::Directory(dir) => {
                let mut options = sqlite::Options::new(dir);
                options.master_key = self.master_key().await?;
                options.blobs = self.blobs()?;
                Ok(Opening::Directory(options))
            }
            StoreUrl::Postgres(url) => {
                // What each machine would have by itself would be another on each.
                let master_key = self.master_key().await?.ok_or(
                    "a database server's nodes and commands need the same master key: give --master-key-file or --master-key",
                )?;
                let blobs = self.blobs()?.ok_or(
                    "a database server's nodes and commands need a place for packages that all of them reach: give --blobs",
                )?;
                let url = self.with_password(&url)?;
                Ok(Opening::Database(postgres::Options::new(
                    url, master_key, blobs,
                )))
            }
        }
    }

    /// Opens the store beside whoever else has it open: for administration.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        Ok(match self.options().await? {
            Opening::Directory(options) => Arc::new(SqliteStore::open(&options).await?),
            Opening::Database(options) => Arc::new(PostgresStore::connect(&options).await?),
        })
    }

    /// Opens the store for a server: a data directory as its only one, a database beside other nodes. And what it searches for faces.
    pub(crate) async fn open_to_serve(
        &self,
        most: MostWaiting,
        gallery: GalleryChoice,
    ) -> Result<(Arc<dyn Store>, GalleryEngine), Failure> {
        let opening = self.options().await?;
        if let Some(blobs) = opening.blobs() {
            blobs.probe().await?;
        }
        Ok(match opening {
            Opening::Directory(mut options) => {
                (options.max_queued, options.max_uploads) = (most.queued, most.uploads);
                if gallery == GalleryChoice::Pgvector {
                    return Err("--gallery pgvector searches in PostgreSQL: give --store postgres://USER@HOST/DATABASE, or search in memory".into());
                }
                let store = SqliteStore::open_exclusive(&options).await?;
                (Arc::new(store), GalleryEngine::Memory)
            }
            Opening::Database(mut options) => {
                (options.max_queued, options.max_uploads) = (most.queued, most.uploads);
                let store = PostgresStore::connect(&options).await?;
                let engine = match gallery {
                    GalleryChoice::Pgvector => {
                        GalleryEngine::Database(Arc::new(store.faces().await?))
                    }
                    GalleryChoice::Memory => {
                        if store.has_faces().await? {
                            tracing::warn!(
                                "templates stand in the clear in the database, from when it was searched by pgvector; if no node is to search there \
                                 any more, remove them (docs/scale.md)"
                            );
                        }
                        GalleryEngine::Memory
                    }
                };
                (Arc::new(store), engine)
            }
        })
    }

    /// The master key, where one is given.
    async fn master_key(&self) -> Result<Option<MasterKey>, Failure> {
        let source = match (&self.master_key, &self.master_key_file) {
            (Some(source), _) => key_source("--master-key", source)?,
            (None, Some(file)) => KeySource::File(file.clone()),
            (None, None) => return Ok(None),
        };
        Ok(Some(source.open().await?))
    }

    /// Where packages are kept, where that is given.
    fn blobs(&self) -> Result<Option<Arc<dyn Blobs>>, Failure> {
        let Some(place) = &self.blobs else {
            return Ok(None);
        };
        let place: BlobPlace = place.parse().map_err(|why| format!("--blobs: {why}"))?;
        Ok(Some(place.open()?))
    }

    /// Where the store is.
    fn place(&self) -> Result<StoreUrl, Failure> {
        let Some(text) = &self.store else {
            return Ok(StoreUrl::Directory(self.data.clone()));
        };
        let url: StoreUrl = text.parse().map_err(|why| format!("--store: {why}"))?;
        let from_variable = std::env::var(STORE).is_ok_and(|value| value == *text);
        if url.has_password() && !from_variable {
            return Err(format!(
                "--store: everybody on this machine sees a password on a command line; give it by --store-password-file or the \
                 variable {PASSWORD}"
            )
            .into());
        }
        Ok(url)
    }

    /// The URL with the password that a file or a variable holds.
    fn with_password(&self, url: &url::Url) -> Result<url::Url, Failure> {
        let password = match &self.store_password_file {
            Some(path) => Some(
                std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?,
            ),
            None => std::env::var(PASSWORD).ok(),
        };
        let mut url = url.clone();
        if let Some(password) = password {
            url.set_password(Some(password.trim_end_matches(['\r', '\n'])))
                .map_err(|()| "--store names no host that a password could be for")?;
        }
        Ok(url)
    }
}

/// A source of a master key, as an option names it.
pub(crate) fn key_source(option: &str, text: &str) -> Result<KeySource, String> {
    text.parse().map_err(|why| format!("{option}: {why}"))
}

/// Who works on the store: the user of the operating system, as the environment tells. For the audit's record, not
/// for access: whoever reads the master key may do all.
pub(crate) fn actor() -> Actor {
    let name = ["USER", "LOGNAME"]
        .iter()
        .find_map(|variable| std::env::var(variable).ok().filter(|n| !n.is_empty()))
        .unwrap_or_else(|| "unknown".to_owned());
    Actor::new(format!("cli:{name}"))
        .or_else(|_| Actor::new("cli:unknown"))
        .unwrap_or_else(|_| Actor::server())
}

/// One partner in one environment.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct Whose {
    /// The partner's id; required.
    // What may stand in several places cannot be required of one: `partner` asks for it.
    #[arg(long, global = true, value_name = "ID")]
    partner: Option<PartnerId>,
    /// sandbox or production.
    #[arg(long, global = true, default_value = "sandbox")]
    pub(crate) environment: Environment,
}

impl Whose {
    pub(crate) fn partner(&self) -> Result<&PartnerId, &'static str> {
        self.partner
            .as_ref()
            .ok_or("--partner is required: it says whose users these are")
    }
}
