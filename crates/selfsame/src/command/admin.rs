//! `selfsame admin`.

use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use selfsame_job::audit::Actor;
use selfsame_store::store::{AdminToken, AdminTokens as _};
use sha2::{Digest as _, Sha256};

use super::data::{Data, actor};
use crate::output::{self, Outcome};

/// Fewer characters would be a password, which this is not.
const MIN_TOKEN: usize = 32;

/// Make and withdraw tokens for the operator API.
#[derive(clap::Args)]
pub(crate) struct AdminCommand {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Tokens.
    #[command(subcommand)]
    Token(TokenAction),
}

#[derive(clap::Subcommand)]
enum TokenAction {
    /// Make a token; it is shown this once. One of the same name is replaced. It works at once.
    Add {
        /// Whose; the audit records it with each decision.
        #[arg(long)]
        name: String,
    },
    /// List the tokens' names.
    List,
    /// Withdraw a token. It is dead at once.
    Remove {
        /// Whose.
        #[arg(long)]
        name: String,
    },
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The hash of the token in a file.
pub(crate) fn read_token(path: &Path) -> Result<[u8; 32], String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let token = text.trim();
    if token.len() < MIN_TOKEN || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(format!(
            "{}: a token must be {MIN_TOKEN} printable ASCII characters or more, without spaces; \
             `selfsame admin token add` makes one",
            path.display()
        ));
    }
    Ok(hash(token))
}

impl AdminCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let store = self.data.open().await?;
        let Action::Token(action) = &self.action;
        match action {
            TokenAction::Add { name } => {
                // The audit will name it.
                Actor::new(format!("admin:{name}"))?;
                let token = selfsame_server::secret()?;
                let record = AdminToken {
                    name: name.clone(),
                    hash: hash(&token),
                    created_at: Timestamp::now(),
                };
                store.put_admin_token(&record, &actor()).await?;
                if json {
                    output::json(&serde_json::json!({"name": name, "token": token}))?;
                } else {
                    output::line(&token);
                }
            }
            TokenAction::List => {
                for token in store.admin_tokens().await? {
                    if json {
                        output::json(
                            &serde_json::json!({"name": token.name, "created_at": token.created_at}),
                        )?;
                    } else {
                        output::line(&format!("{:20} {}", token.name, token.created_at));
                    }
                }
            }
            TokenAction::Remove { name } => {
                if !store.remove_admin_token(name, &actor()).await? {
                    return Err(format!("there is no token of the name {name}").into());
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
