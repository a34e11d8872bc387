//! Where models are kept as the fast engine compiled them, so that the next start need not compile them again.
//!
//! No digest that anybody published tells what such a copy says. So a folder is chosen without being asked for only where nobody
//! but this user can write (docs/decisions/0144-starting-from-copies.md).

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// Whether compiled models are kept, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CompiledModels {
    /// They are not.
    #[default]
    Nowhere,
    /// Beside the models, where nobody but this user can write there; else nowhere.
    Beside,
    /// In a folder that the operator answers for.
    In(PathBuf),
}

impl FromStr for CompiledModels {
    type Err = Infallible;

    /// `off`, `beside`, or a folder.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "off" => Self::Nowhere,
            "beside" => Self::Beside,
            folder => Self::In(folder.into()),
        })
    }
}

/// Why nothing is kept beside the models.
#[derive(Debug, thiserror::Error)]
enum NotKept {
    #[error("{}: {error}", path.display())]
    Io {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{} can be written by others than this user", .0.display())]
    OpenToOthers(PathBuf),
    #[error("the processor's features are not known")]
    UnknownProcessor,
}

impl CompiledModels {
    /// The folder, made where it is ours to make.
    pub(super) fn folder(&self, models: &Path) -> Option<PathBuf> {
        match self {
            Self::Nowhere => None,
            Self::In(folder) => Some(folder.clone()),
            Self::Beside => beside(models)
                .inspect_err(|reason| tracing::info!(%reason, "compiled models are not kept"))
                .ok(),
        }
    }
}

/// A folder for each kind of processor: a home that moves to another machine brings no code for the one before.
fn beside(models: &Path) -> Result<PathBuf, NotKept> {
    let features = processor().ok_or(NotKept::UnknownProcessor)?;
    let all = models.join("compiled");
    let own = all.join(&features[..16]);
    ours(models, &all)?;
    make(&own)?;
    ours(&all, &own)?;
    Ok(own)
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> NotKept + '_ {
    move |error| NotKept::Io {
        path: path.to_owned(),
        error,
    }
}

/// What the system says of the first core: its make, model and instructions, as a digest.
fn processor() -> Option<String> {
    let told = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let first = told.split("\n\n").next()?;
    let mut known = Sha256::new();
    let mut any = false;
    for line in first.lines() {
        let (name, _) = line.split_once(':')?;
        // Of x86-64, and of arm64.
        if ["vendor_id", "model name", "flags", "Features", "CPU part"].contains(&name.trim()) {
            known.update(line);
            any = true;
        }
    }
    any.then(|| hex::encode(known.finalize()))
}

/// Makes a folder that nobody else may even look into.
fn make(folder: &Path) -> Result<(), NotKept> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        done => done.map_err(io(folder)),
    }
}

/// Makes `inner` in `outer`, and sees that only this user can write in either.
#[cfg(unix)]
fn ours(outer: &Path, inner: &Path) -> Result<(), NotKept> {
    use std::os::unix::fs::MetadataExt as _;

    make(inner)?;
    // A file that was just made belongs to whoever we are.
    let probe = tempfile::tempfile_in(inner).map_err(io(inner))?;
    let me = probe.metadata().map_err(io(inner))?.uid();
    let alone = |folder: &Path, forbidden: u32, owners: &[u32]| {
        // Not what a link points to: somebody may have put it there.
        let found = std::fs::symlink_metadata(folder).map_err(io(folder))?;
        if found.is_dir() && found.mode() & forbidden == 0 && owners.contains(&found.uid()) {
            Ok(())
        } else {
            Err(NotKept::OpenToOthers(folder.to_owned()))
        }
    };
    let root = 0;
    alone(outer, 0o022, &[me, root])?;
    alone(inner, 0o077, &[me])
}

#[cfg(not(unix))]
fn ours(_: &Path, inner: &Path) -> Result<(), NotKept> {
    // Who may write where is not known.
    Err(NotKept::OpenToOthers(inner.to_owned()))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn open_to(folder: &Path, mode: u32) {
        std::fs::set_permissions(folder, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn copies_are_kept_beside_the_models_where_nobody_else_can_write() {
        let models = tempfile::tempdir().unwrap();
        let models = models.path();
        let beside = || CompiledModels::Beside.folder(models);
        open_to(models, 0o755);
        let kept = beside().unwrap();
        assert_eq!(beside(), Some(kept.clone()));
        let mode = std::fs::metadata(&kept).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        for folder in [&kept, &models.join("compiled")] {
            open_to(folder, 0o770);
            assert_eq!(beside(), None, "{}", folder.display());
            open_to(folder, 0o700);
        }
        open_to(models, 0o775);
        assert_eq!(beside(), None);
        open_to(models, 0o755);
        assert_eq!(beside(), Some(kept));
    }

    #[test]
    fn a_link_in_their_place_is_not_followed() {
        let (models, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        open_to(models.path(), 0o755);
        open_to(elsewhere.path(), 0o700);
        std::os::unix::fs::symlink(elsewhere.path(), models.path().join("compiled")).unwrap();
        assert_eq!(CompiledModels::Beside.folder(models.path()), None);
    }

    #[test]
    fn an_operator_may_name_a_folder_or_turn_it_off() {
        let here = Path::new("/nowhere");
        let folder = |text: &str| text.parse::<CompiledModels>().unwrap().folder(here);
        assert_eq!(folder("off"), None);
        assert_eq!(folder("/var/cache/x"), Some("/var/cache/x".into()));
        assert_eq!(folder("./off"), Some("./off".into()));
        assert_eq!(folder("beside"), None);
    }
}
