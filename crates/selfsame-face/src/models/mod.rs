//! Models are data: a manifest says what each is, whence it comes and what its digest must be.

mod compiled;
mod fetch;
mod manifest;
mod silent_face;
mod tflite;
mod torch;
mod translate;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::fold;

pub use compiled::CompiledModels;
pub use fetch::{FetchError, Progress};
pub use manifest::{
    Artefact, Model, OPENVINO, OPENVINO_READER, Origin, PHOTOGRAPHS, Package, PackageForm,
    Repository,
};

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
    /// The manifest has no OpenVINO for this machine.
    #[error("no OpenVINO is known for this platform; use the engine `rten`")]
    NoSuchPlatform,
    /// The published file cannot be prepared.
    #[error("the model {0} cannot be prepared: {1}")]
    Unpreparable(&'static str, String),
}

/// The folder that holds what was fetched.
#[derive(Debug, Clone)]
pub struct ModelStore {
    dir: PathBuf,
    compiled: CompiledModels,
    /// Where compiled models are kept, once it was asked.
    kept: OnceLock<Option<PathBuf>>,
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
    /// The package and version, or the repository and commit, that carry it.
    pub origin: String,
    /// SHA-256 of the published file.
    pub sha256: &'static str,
    /// Where it is kept.
    pub path: PathBuf,
    /// `present`, `missing` or `wrong digest`.
    pub status: &'static str,
}

impl ModelStore {
    /// The folder given, else `models` in `$SELFSAME_HOME`, else in `~/.cache/selfsame`.
    #[must_use]
    pub fn locate(dir: Option<&Path>) -> Self {
        if let Some(dir) = dir {
            return Self::at(dir.to_owned());
        }
        let home = || std::env::var_os("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
        let base = std::env::var_os("SELFSAME_HOME")
            .map_or_else(|| home().join(".cache").join("selfsame"), PathBuf::from);
        Self::at(base.join("models"))
    }

    fn at(dir: PathBuf) -> Self {
        Self {
            dir,
            compiled: CompiledModels::Nowhere,
            kept: OnceLock::new(),
        }
    }

    /// The same, where the fast engine keeps models as it compiled them and finds them at the next start. Whoever can write into
    /// the folder decides what the models say.
    #[must_use]
    pub fn keeping_compiled(self, compiled: CompiledModels) -> Self {
        Self {
            compiled,
            kept: OnceLock::new(),
            ..self
        }
    }

    /// Where compiled models are kept; nowhere without the library that reads them: OpenVINO would delete each copy and write it
    /// again, under the eyes of processes that start at the same time.
    pub(crate) fn compiled(&self) -> Option<&Path> {
        let kept = || {
            if self.compiled == CompiledModels::Nowhere {
                return None;
            }
            for library in OPENVINO_READER {
                if let Err(error) = self.check(library) {
                    tracing::warn!(%error, "compiled models are not kept");
                    return None;
                }
            }
            self.compiled.folder(&self.dir)
        };
        self.kept.get_or_init(kept).as_deref()
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
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
        let published = self.read(model.artefact())?;
        Ok(LoadedModel {
            identity: model.identity(),
            onnx: model.prepare(&published)?,
        })
    }

    /// Checks OpenVINO's libraries and gives the path of the one to open; the others are beside it.
    ///
    /// # Errors
    /// When one is missing or changed, or the manifest has none for this platform.
    pub fn openvino(&self) -> Result<PathBuf, ModelError> {
        let entry = OPENVINO.first().ok_or(ModelError::NoSuchPlatform)?;
        for library in OPENVINO {
            self.check(library)?;
        }
        Ok(self.path(entry))
    }

    /// Checks an artefact's digest without holding the file in memory.
    ///
    /// # Errors
    /// When it is missing or changed.
    pub fn check(&self, artefact: &Artefact) -> Result<(), ModelError> {
        let path = self.path(artefact);
        let digest = std::fs::File::open(&path).and_then(|mut file| {
            let mut hasher = Sha256::new();
            let mut buffer = vec![0; 256 * 1024];
            loop {
                match file.read(&mut buffer)? {
                    0 => return Ok(hex::encode(hasher.finalize())),
                    n => hasher.update(&buffer[..n]),
                }
            }
        });
        let found = digest.map_err(|error| self.unreadable(artefact, error))?;
        self.compare(artefact, found)
    }

    fn unreadable(&self, artefact: &Artefact, error: std::io::Error) -> ModelError {
        match error.kind() {
            std::io::ErrorKind::NotFound => ModelError::Missing {
                name: artefact.name,
                dir: self.dir.clone(),
            },
            _ => ModelError::Unreadable {
                path: self.path(artefact),
                error,
            },
        }
    }

    fn compare(&self, artefact: &Artefact, found: String) -> Result<(), ModelError> {
        if found == artefact.sha256 {
            Ok(())
        } else {
            Err(ModelError::WrongDigest {
                path: self.path(artefact),
                found,
                wanted: artefact.sha256.to_owned(),
            })
        }
    }

    /// Reads an artefact and checks its digest.
    ///
    /// # Errors
    /// When it is missing or changed.
    pub fn read(&self, artefact: &Artefact) -> Result<Vec<u8>, ModelError> {
        let bytes =
            std::fs::read(self.path(artefact)).map_err(|error| self.unreadable(artefact, error))?;
        self.compare(artefact, digest(&bytes))?;
        Ok(bytes)
    }

    /// How everything in the manifest stands, digests checked.
    #[must_use]
    pub fn status(&self) -> Vec<ArtefactStatus> {
        Artefact::all()
            .map(|artefact| ArtefactStatus {
                name: artefact.name,
                purpose: artefact.purpose,
                licence: artefact.licence,
                origin: artefact.origin.to_string(),
                sha256: artefact.sha256,
                path: self.path(artefact),
                status: match self.check(artefact) {
                    Ok(()) => "present",
                    Err(ModelError::WrongDigest { .. }) => "wrong digest",
                    Err(_) => "missing",
                },
            })
            .collect()
    }
}

impl Model {
    /// As a result records it.
    #[must_use]
    pub fn identity(self) -> ModelIdentity {
        let artefact = self.artefact();
        ModelIdentity {
            name: artefact.name.to_owned(),
            version: artefact.version.to_owned(),
            sha256: artefact.sha256.to_owned(),
        }
    }

    /// The published file as an ONNX file that the engines take.
    pub(crate) fn prepare(self, published: &[u8]) -> Result<Vec<u8>, ModelError> {
        let onnx = match self {
            Self::FaceMesh | Self::Blendshapes => translate::to_onnx(published),
            Self::YuNet | Self::SFace | Self::MiniFas => fold::prepare(published),
            Self::SilentFaceNear | Self::SilentFaceFar => silent_face::to_onnx(published),
        };
        onnx.map_err(|e| ModelError::Unpreparable(self.artefact().name, e))
    }
}

/// The translators, for the fuzzer: a model's digest is checked before they see it, so that nothing else calls them on
/// strangers' bytes.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub fn translate(published: &[u8]) -> [Result<Vec<u8>, String>; 3] {
    [
        translate::to_onnx(published),
        fold::prepare(published),
        silent_face::to_onnx(published),
    ]
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
