//! The folder that a data set is prepared in.

use std::path::{Path, PathBuf};

use super::{DataSet, MANIFEST, Prepared};
use crate::error::{EvalError, file, input};

/// A folder that this module may write to.
pub(super) struct Place(PathBuf);

impl Place {
    /// Makes the folder, or finds an earlier run's.
    pub(super) fn make(set: DataSet, from: &Path, out: &Path) -> Result<Self, EvalError> {
        let source = std::fs::canonicalize(from).map_err(file(from))?;
        // The folder need not be there yet; the nearest one above it that is tells where it will lie.
        let above = out.ancestors().find_map(|above| {
            std::fs::canonicalize(if above.as_os_str().is_empty() {
                Path::new(".")
            } else {
                above
            })
            .ok()
        });
        if above.is_some_and(|above| above.starts_with(&source)) {
            return Err(input(
                out,
                format!(
                    "lies within {}: name a folder outside of it",
                    from.display()
                ),
            ));
        }
        std::fs::create_dir_all(out).map_err(file(out))?;
        let manifest = out.join(MANIFEST);
        if manifest.is_file() {
            let text = std::fs::read(&manifest).map_err(file(&manifest))?;
            let earlier: Prepared = serde_json::from_slice(&text)
                .map_err(|e| input(&manifest, format!("is no manifest of a prepared set: {e}")))?;
            if earlier.data_set != set {
                return Err(input(
                    out,
                    format!(
                        "holds {}: name another folder for {}",
                        earlier.data_set.name(),
                        set.name()
                    ),
                ));
            }
        } else {
            let mut entries = std::fs::read_dir(out).map_err(file(out))?;
            if entries.next().is_some() {
                return Err(input(
                    out,
                    "is neither empty nor made by selfsame eval prepare: name a new folder",
                ));
            }
        }
        let place = Self(out.to_owned());
        // A run that is killed is found again as well.
        place.note(&Prepared {
            data_set: set,
            terms: set.terms().to_owned(),
            parts: Vec::new(),
            notes: vec!["a run began and did not end".to_owned()],
        })?;
        Ok(place)
    }

    /// Puts a source's file at a relative path: linked where the file system links, else copied.
    pub(super) fn put(&self, source: &Path, to: &str) -> Result<(), EvalError> {
        let to = self.within(to)?;
        let wanted = std::fs::metadata(source).map_err(file(source))?;
        // What an earlier run put there is kept where it is the same length and no older.
        if let Ok(there) = std::fs::metadata(&to) {
            let no_older = match (there.modified(), wanted.modified()) {
                (Ok(there), Ok(wanted)) => there >= wanted,
                _ => false,
            };
            if there.len() == wanted.len() && no_older {
                return Ok(());
            }
            std::fs::remove_file(&to).map_err(file(&to))?;
        }
        if std::fs::hard_link(source, &to).is_err() {
            std::fs::copy(source, &to).map_err(file(&to))?;
        }
        Ok(())
    }

    /// Writes a file at a relative path.
    pub(super) fn write(&self, to: &str, bytes: impl AsRef<[u8]>) -> Result<(), EvalError> {
        let to = self.within(to)?;
        // An earlier run may have linked a source's own file here: it is never written through.
        match std::fs::remove_file(&to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(file(&to)(error));
            }
            _ => {}
        }
        std::fs::write(&to, bytes).map_err(file(&to))
    }

    /// Says what lies here.
    pub(super) fn note(&self, prepared: &Prepared) -> Result<(), EvalError> {
        let text =
            serde_json::to_string_pretty(prepared).map_err(|e| EvalError::Report(e.to_string()))?;
        self.write(MANIFEST, text + "\n")
    }

    fn within(&self, to: &str) -> Result<PathBuf, EvalError> {
        let to = self.0.join(to);
        let folder = to.parent().unwrap_or(&self.0);
        std::fs::create_dir_all(folder).map_err(file(folder))?;
        Ok(to)
    }
}

/// The first of several relative paths that is there.
pub(super) fn first_of(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    names
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.exists())
}
