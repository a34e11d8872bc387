//! The data directory that administration works on, beside a running server or without one.

use std::path::PathBuf;

use selfsame_job::audit::Actor;
use selfsame_store::keyring::MasterKey;
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
}

impl Data {
    pub(crate) fn options(&self) -> Result<Options, Box<dyn std::error::Error + Send + Sync>> {
        let mut options = Options::new(&self.data);
        if let Some(path) = &self.master_key_file {
            let text =
                std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
            options.master_key = Some(MasterKey::from_hex(&text)?);
        }
        Ok(options)
    }

    pub(crate) async fn open(
        &self,
    ) -> Result<SqliteStore, Box<dyn std::error::Error + Send + Sync>> {
        Ok(SqliteStore::open(&self.options()?).await?)
    }
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
