//! `selfsame admin`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use selfsame_job::operator::OperatorRole;
use selfsame_server::operate::{NewToken, Operator, hash_of_token};

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
        /// What it allows: observer (lists and states, no images), reviewer (sees and decides reviews), operator (all that the
        /// command line does to partners, users and callbacks).
        #[arg(long, default_value = "reviewer")]
        role: OperatorRole,
        /// How long it lives, such as 12h or 30d [default: for ever].
        #[arg(long, value_name = "TIME", value_parser = life)]
        expires_in: Option<Duration>,
    },
    /// List the tokens' names, roles and ends.
    List,
    /// Withdraw a token. It is dead at once.
    Remove {
        /// Whose.
        #[arg(long)]
        name: String,
    },
}

/// A number with a unit: seconds, minutes, hours or days.
fn life(text: &str) -> Result<Duration, String> {
    let wrong = || "a number with s, m, h or d behind it, such as 30d".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(seconds).ok_or_else(wrong)?;
    Ok(Duration::from_secs(seconds))
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
    Ok(hash_of_token(token))
}

impl AdminCommand {
    pub(crate) async fn run(&self, json: bool) -> Outcome {
        let store = self.data.open().await?;
        let operator = Operator::new(&*store, actor());
        let Action::Token(action) = &self.action;
        match action {
            TokenAction::Add {
                name,
                role,
                expires_in,
            } => {
                let new = NewToken {
                    name,
                    role: *role,
                    expires_in: *expires_in,
                };
                let (token, record) = operator.add_token(&new).await?;
                if json {
                    output::json(&serde_json::json!({
                        "name": name, "token": token, "role": role, "expires_at": record.terms.expires_at,
                    }))?;
                } else {
                    output::line(&token);
                }
            }
            TokenAction::List => {
                for token in operator.tokens().await? {
                    let (role, ends) = (token.terms.role(), token.terms.expires_at);
                    if json {
                        output::json(&serde_json::json!({
                            "name": token.name, "created_at": token.created_at, "role": role, "expires_at": ends,
                        }))?;
                    } else {
                        let ends = ends.map_or_else(|| "never".to_owned(), |at| at.to_string());
                        output::line(&format!(
                            "{:20} {role:8} made {}, ends {ends}",
                            token.name, token.created_at
                        ));
                    }
                }
            }
            TokenAction::Remove { name } => operator.remove_token(name).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_number_with_a_unit() {
        let seconds = |text| life(text).map(|d| d.as_secs());
        for (text, expected) in [("1s", 1), ("2m", 120), ("12h", 43_200), ("30d", 2_592_000)] {
            assert_eq!(seconds(text), Ok(expected));
        }
        for text in [
            "",
            "d",
            "30",
            "-1d",
            "1.5h",
            "1 d",
            "1D",
            "1é",
            "99999999999999999999d",
        ] {
            assert!(life(text).is_err(), "{text:?}");
        }
        assert!(life(&format!("{}d", u64::MAX)).is_err(), "too long to tell");
    }
}
