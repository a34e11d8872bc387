//! Which server a command asks, and as whom.

use std::path::{Path, PathBuf};

use selfsame_client::{Client, Connection};
use selfsame_wire::id::PartnerId;

/// A server, and as whom it is asked.
#[derive(clap::Args)]
pub(crate) struct Access {
    /// The server's base URL.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: url::Url,
    /// The partner's id.
    #[arg(long)]
    partner: PartnerId,
    /// A file with the API key [default: the variable `SELFSAME_API_KEY`].
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Production rather than the sandbox.
    #[arg(long)]
    pub(crate) production: bool,
}

impl Access {
    pub(crate) fn client(&self) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
        let api_key = match &self.api_key_file {
            Some(path) => String::from_utf8(read(path)?)?.trim().to_owned(),
            None => std::env::var("SELFSAME_API_KEY")
                .map_err(|_| "no API key: set SELFSAME_API_KEY or give --api-key-file")?,
        };
        Ok(Client::new(Connection {
            server: self.server.clone(),
            partner: self.partner.clone(),
            api_key,
        })?)
    }
}

/// A file's bytes.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}
