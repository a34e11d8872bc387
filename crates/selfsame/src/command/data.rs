//! The data directory that administration works on, beside a running server or without one.

use std::path::PathBuf;

use selfsame_job::audit::Actor;
use selfsame_store::master_key::source::KeySource;
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::ApiKey;

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

impl Data {
    pub(crate) async fn options(
        &self,
    ) -> Result<Options, Box<dyn std::error::Error + Send + Sync>> {
        let mut options = Options::new(&self.data);
        let source = match (&self.master_key, &self.master_key_file) {
            (Some(source), _) => Some(key_source("--master-key", source)?),
            (None, Some(file)) => Some(KeySource::File(file.clone())),
            (None, None) => None,
        };
        if let Some(source) = source {
            options.master_key = Some(source.open().await?);
        }
        Ok(options)
    }

    pub(crate) async fn open(
        &self,
    ) -> Result<SqliteStore, Box<dyn std::error::Error + Send + Sync>> {
        Ok(SqliteStore::open(&self.options().await?).await?)
    }
}

/// A source of a master key, as an option names it.
pub(crate) fn key_source(option: &str, text: &str) -> Result<KeySource, String> {
    text.parse().map_err(|why| format!("{option}: {why}"))
}

/// Who works on the data directory: the user of the operating system, as the environment tells. For the audit's record, not
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

/// A new API key.
pub(crate) fn new_key() -> Result<ApiKey, selfsame_server::NoRandomness> {
    selfsame_server::secret().map(ApiKey::new)
}
