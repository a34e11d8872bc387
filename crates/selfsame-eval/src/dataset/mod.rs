//! What is evaluated: photographs, labelled pairs of them, and presentations.

pub mod folds;
pub mod pairs;
pub mod people;
pub mod presentation;

use std::path::{Path, PathBuf};

use crate::error::{EvalError, file, input};

/// An image file is read up to this size: the analyser's own limit, so that none is read in vain.
const MOST_BYTES: u64 = 20 * 1024 * 1024;

/// Folders are followed this deep.
pub(crate) const DEEPEST: usize = 8;

/// The photographs in a folder and below it, by path.
///
/// # Errors
/// When a folder cannot be read or holds none.
pub fn photographs(folder: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let mut found = Vec::new();
    gather(folder, DEEPEST, &mut found)?;
    if found.is_empty() {
        return Err(input(folder, "holds no .jpg, .jpeg or .png file"));
    }
    found.sort();
    Ok(found)
}

fn gather(folder: &Path, deeper: usize, found: &mut Vec<PathBuf>) -> Result<(), EvalError> {
    for path in entries(folder)? {
        if path.is_dir() {
            if deeper > 0 {
                gather(&path, deeper - 1, found)?;
            }
        } else if is_image(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// The entries of a folder by name, without hidden ones.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let mut paths = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|e| e.map(|e| e.path()))
                .collect::<Result<Vec<_>, _>>()
        })
        .map_err(file(folder))?;
    paths.retain(|path| !name(path).starts_with('.'));
    paths.sort();
    Ok(paths)
}

pub(crate) fn is_image(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["jpg", "jpeg", "png"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// The last part of a path, for people.
pub(crate) fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// A path below a folder, for people: without the folder.
pub(crate) fn name_below(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder)
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned()
}

/// Reads an image file, unless it is larger than any image that is accepted.
///
/// # Errors
/// When it cannot be read or is too large.
pub fn read_image(path: &Path) -> Result<Vec<u8>, EvalError> {
    let size = std::fs::metadata(path).map_err(file(path))?.len();
    if size > MOST_BYTES {
        return Err(input(
            path,
            format!("is {size} bytes long; at most {MOST_BYTES} are accepted"),
        ));
    }
    std::fs::read(path).map_err(file(path))
}
