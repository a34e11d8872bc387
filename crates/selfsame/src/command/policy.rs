//! `selfsame policy`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use selfsame_job::policy::Policies;

use super::embedder::{self, EmbedderChoice};
use crate::output::{self, Outcome};

/// Show and check policies.
#[derive(clap::Args)]
pub(crate) struct PolicyCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Print what is built in, as a file to start from.
    Default,
    /// Print all that a policy file (or what is built in) comes to, field by field, for each environment and job type.
    /// Its SHA-256 stands in every result.
    Show {
        /// The policy file.
        file: Option<PathBuf>,
        #[command(flatten)]
        embedder: EmbedderChoice,
    },
    /// Check a policy file.
    Check {
        /// The policy file.
        file: PathBuf,
        #[command(flatten)]
        embedder: EmbedderChoice,
    },
}

/// Reads a policy file.
pub(crate) fn read(path: &Path) -> Result<Policies, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Policies::parse(&text).map_err(|e| format!("{}: {e}", path.display()))
}

impl PolicyCommand {
    pub(crate) fn run(&self, json: bool) -> Outcome {
        match &self.action {
            Action::Default => output::line(Policies::built_in_file()?.trim_end()),
            Action::Show { file, embedder } => {
                let policies = embedder::policies(file.as_deref(), &embedder.read()?)?;
                // Byte for byte what is hashed.
                output::text(policies.text());
            }
            Action::Check { file, embedder } => {
                let policies = embedder::policies(Some(file), &embedder.read()?)?;
                if json {
                    output::json(&serde_json::json!({
                        "name": policies.name(), "version": policies.version(), "sha256": policies.sha256(),
                    }))?;
                } else {
                    output::line(&format!(
                        "good: {} {}, SHA-256 of all that is in force {}",
                        policies.name(),
                        policies.version(),
                        policies.sha256()
                    ));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
