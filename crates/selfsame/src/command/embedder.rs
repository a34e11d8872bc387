//! Which embedder makes the templates.

use std::path::{Path, PathBuf};

use selfsame_face::embed::{Embedder, Embedders};
use selfsame_job::policy::Policies;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What `--also-embedder` calls the built-in one.
const BUILT_IN: &str = "built-in";

/// The embedder, for commands that analyse.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct EmbedderChoice {
    /// The manifest of an embedder to make templates with (docs/embedders.md) [default: the built-in one].
    #[arg(long, value_name = "FILE")]
    embedder: Option<PathBuf>,
}

impl EmbedderChoice {
    pub(crate) fn read(&self) -> Result<Embedder, Failure> {
        match &self.embedder {
            None => Ok(Embedder::built_in()),
            Some(path) => Ok(Embedder::read(path)?),
        }
    }

    /// That one alone.
    pub(crate) fn alone(&self) -> Result<Embedders, Failure> {
        Ok(Embedders {
            primary: self.read()?,
            also: Vec::new(),
        })
    }
}

/// The embedders of a server.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct EmbedderChoices {
    #[command(flatten)]
    primary: EmbedderChoice,
    /// The manifest of an embedder to serve besides, or `built-in`: users whom it enrolled are still compared by its templates.
    /// May be given more than once; each costs its time for every selfie.
    #[arg(long, value_name = "FILE")]
    also_embedder: Vec<String>,
}

impl EmbedderChoices {
    pub(crate) fn read(&self) -> Result<Embedders, Failure> {
        let mut embedders = self.primary.alone()?;
        for name in &self.also_embedder {
            let also = match name.as_str() {
                BUILT_IN => Embedder::built_in(),
                path => Embedder::read(Path::new(path))?,
            };
            if also.thresholds().is_none() {
                return Err(format!(
                    "{name}: its manifest has no [thresholds]: the policy's are for the embedder that makes new templates, and \
                     nothing would say where this one's scores divide"
                )
                .into());
            }
            embedders.also.push(also);
        }
        Ok(embedders)
    }
}

/// What jobs are judged by: the policy file's fields, else the embedder's thresholds, else what is built in.
pub(crate) fn policies(path: Option<&Path>, embedder: &Embedder) -> Result<Policies, Failure> {
    let own = embedder.thresholds();
    let name = &embedder.identity().name;
    match path {
        Some(path) if embedder.is_built_in() => Ok(super::policy::read(path)?),
        Some(path) => {
            let shown = path.display();
            let text = std::fs::read_to_string(path).map_err(|e| format!("{shown}: {e}"))?;
            Policies::parse_for(&text, own)
                .map_err(|e| format!("{shown}, with the embedder {name}: {e}").into())
        }
        None if embedder.is_built_in() => Ok(Policies::default()),
        None => Policies::built_in_for(own)
            .map_err(|e| format!("without a policy file, with the embedder {name}: {e}").into()),
    }
}
