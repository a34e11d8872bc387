//! Models are data: a manifest says what each is, whence it comes and what its digest must be.

mod fetch;
mod fold;
mod manifest;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use fetch::{FetchError, Progress};
pub use manifest::{Artefact, Model, PHOTOGRAPHS};

/// A model as a result records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIdentity {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 (hex) of the published file.
    pub sha256: String,
}

/// A model in memory.
#[derive(Debug, Clone)]
pub struct LoadedModel {
    /// Which it is.
    pub identity: ModelIdentity,
    /// The prepared ONNX file.
    pub onnx: Vec<u8>,
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It was not fetched.
    #[error("the model {name} is not in {}; run `selfsame models fetch`", dir.display())]
    Missing {
        /// The model.
        name: &'static str,
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file is not the one that the manifest names.
    #[error("{} has the digest {found}, not {wanted}: remove it and run `selfsame models fetch`", path.display())]
    WrongDigest {
        /// The file.
        path: PathBuf,
        /// Its digest.
        found: String,
        /// The manifest's.
        wanted: String,
    },
    /// The published file cannot be prepared.
    #[error("the model {0} cannot be prepared: {1}")]
    Unpreparable(&'static str, String),
}

/// The folder that holds what was fetched.
#[derive(Debug, Clone)]
pub struct ModelStore {
    dir: PathBuf,
}

/// How one artefact of the manifest stands.
#[derive(Debug, Clone, Serialize)]
pub struct ArtefactStatus {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// The licence of the weights or photographs.
    pub licence: &'static str,
    /// The package and version that carry it.
    pub package: String,
    /// SHA-256 of the published file.
    pub sha256: &'static str,
    /// Where it is kept.
    pub path: PathBuf,
    /// `present`, `missing` or `wrong digest`.
    pub status: &'static str,
}

impl ModelStore {
    /// The folder given, else `$SELFSAME_HOME`, else `~/.cache/selfsame`.
    #[must_use]
    pub fn locate(dir: Option<&Path>) -> Self {
        let dir = dir
            .map(Path::to_owned)
            .or_else(|| std::env::var_os("SELFSAME_HOME").map(PathBuf::from));
        let home = || std::env::var_os("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
        Self {
            dir: dir.unwrap_or_else(|| home().join(".cache").join("selfsame")),
        }
    }

    /// Where an artefact is kept.
    #[must_use]
    pub fn path(&self, artefact: &Artefact) -> PathBuf {
        self.dir.join(artefact.file_name)
    }

    /// Loads a model, verified against the manifest and prepared for the engines.
    ///
    /// # Errors
    /// When it is missing, changed or cannot be prepared.
    pub fn load(&self, model: Model) -> Result<LoadedModel, ModelError> {
        let artefact = model.artefact();
        let published = self.read(artefact)?;
        let onnx =
            fold::prepare(&published).map_err(|e| ModelError::Unpreparable(artefact.name, e))?;
        let identity = ModelIdentity {
            name: artefact.name.to_owned(),
            version: artefact.version.to_owned(),
            sha256: artefact.sha256.to_owned(),
        };
        Ok(LoadedModel { identity, onnx })
    }

    /// Reads an artefact and checks its digest.
    ///
    /// # Errors
    /// When it is missing or changed.
    pub fn read(&self, artefact: &Artefact) -> Result<Vec<u8>, ModelError> {
        let path = self.path(artefact);
        let bytes = std::fs::read(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ModelError::Missing {
                name: artefact.name,
                dir: self.dir.clone(),
            },
            _ => ModelError::Unreadable {
                path: path.clone(),
                error,
            },
        })?;
        let found = digest(&bytes);
        if found == artefact.sha256 {
            Ok(bytes)
        } else {
            Err(ModelError::WrongDigest {
                path,
                found,
                wanted: artefact.sha256.to_owned(),
            })
        }
    }

    /// How everything in the manifest stands, digests checked.
    #[must_use]
    pub fn status(&self) -> Vec<ArtefactStatus> {
        Artefact::all()
            .map(|artefact| ArtefactStatus {
                name: artefact.name,
                purpose: artefact.purpose,
                licence: artefact.licence,
                package: format!("{} {}", artefact.package, artefact.package_version),
                sha256: artefact.sha256,
                path: self.path(artefact),
                status: match self.read(artefact) {
                    Ok(_) => "present",
                    Err(ModelError::WrongDigest { .. }) => "wrong digest",
                    Err(_) => "missing",
                },
            })
            .collect()
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_missing_or_changed_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let store = ModelStore::locate(Some(dir.path()));
        assert!(matches!(
            store.load(Model::YuNet),
            Err(ModelError::Missing { .. })
        ));
        std::fs::write(store.path(Model::YuNet.artefact()), b"another model").unwrap();
        assert!(matches!(
            store.load(Model::YuNet),
            Err(ModelError::WrongDigest { .. })
        ));
        assert_eq!(store.status()[0].status, "wrong digest");
    }
}
