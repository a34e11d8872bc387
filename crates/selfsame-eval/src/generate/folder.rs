//! Presentations written to a folder, as `selfsame eval pad` reads them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use selfsame_face::analyser::Analyser;
use selfsame_face::models::ModelIdentity;
use serde::Serialize;

use super::{Species, Subject};
use crate::dataset::{name_below, photographs, read_image};
use crate::error::{EvalError, file, input};
use crate::progress::{Progress, on_each};

/// The file that says what the folder holds.
pub(crate) const MANIFEST: &str = "synthetic.json";

/// Raised when the same seed makes other bytes than before.
pub(crate) const VERSION: u32 = 1;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Presentations made now.
    pub made: usize,
    /// Presentations that an earlier run had made.
    pub kept: usize,
    /// Photographs of which none could be made.
    pub skipped: Vec<Skipped>,
}

/// A photograph that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The photograph.
    pub photograph: String,
    /// Why.
    pub reason: String,
}

#[derive(Serialize)]
struct Manifest<'a> {
    label: &'static str,
    version: u32,
    seed: u64,
    size: (u32, u32),
    detector: &'a [ModelIdentity],
}

/// Makes each species of each photograph: `attack/<species>/<photograph>.jpg`, or a folder with `selfie.jpg` and
/// `frame-1.jpg` … for a sequence; the live sequence is below `bona_fide` instead. What is there already is kept, so that
/// an interrupted run goes on.
///
/// # Errors
/// When a file cannot be read or written, or the folder holds what another seed or version made.
pub fn into_folder(
    analyser: &Analyser,
    from: &Path,
    to: &Path,
    species: &[Species],
    seed: u64,
    progress: &dyn Progress,
) -> Result<Written, EvalError> {
    let manifest = Manifest {
        label: "SYNTHETIC: made from photographs by selfsame eval generate. Not attacks that anyone made.",
        version: VERSION,
        seed,
        size: super::SIZE,
        detector: analyser.models(),
    };
    claim(to, &manifest)?;
    let named = names(from, photographs(from)?);
    let outcomes = on_each("making presentations", &named, progress, |(path, name)| {
        make_all(analyser, path, name, to, species, seed)
    })?;
    let mut written = Written {
        made: 0,
        kept: 0,
        skipped: Vec::new(),
    };
    for (outcome, (_, name)) in outcomes.into_iter().zip(&named) {
        match outcome {
            Ok((made, kept)) => {
                written.made += made;
                written.kept += kept;
            }
            Err(reason) => written.skipped.push(Skipped {
                photograph: name.clone(),
                reason,
            }),
        }
    }
    Ok(written)
}

/// Writes the manifest, or checks that the one that is there says the same.
fn claim(to: &Path, manifest: &Manifest<'_>) -> Result<(), EvalError> {
    let path = to.join(MANIFEST);
    let text =
        serde_json::to_string_pretty(manifest).map_err(|e| EvalError::Report(e.to_string()))?;
    match std::fs::read_to_string(&path) {
        Ok(there) if there == text => Ok(()),
        Ok(_) => Err(input(
            &path,
            "the folder holds what another seed, version or detector made; name another folder",
        )),
        Err(_) => std::fs::create_dir_all(to)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(file(&path)),
    }
}

/// A name for each photograph that is one path component and its own.
fn names(folder: &Path, paths: Vec<PathBuf>) -> Vec<(PathBuf, String)> {
    let mut taken = HashSet::new();
    paths
        .into_iter()
        .map(|path| {
            let flat = name_below(folder, &path.with_extension("")).replace(['/', '\\'], "_");
            let mut name = flat.clone();
            let mut next = 2;
            while !taken.insert(name.clone()) {
                name = format!("{flat}-{next}");
                next += 1;
            }
            (path, name)
        })
        .collect()
}

type Counts = (usize, usize);

fn make_all(
    analyser: &Analyser,
    photograph: &Path,
    name: &str,
    to: &Path,
    species: &[Species],
    seed: u64,
) -> Result<Result<Counts, String>, EvalError> {
    let place = |species: Species| {
        let kind = if species.is_attack() {
            "attack"
        } else {
            "bona_fide"
        };
        let folder = to.join(kind).join(species.name());
        if species.is_sequence() {
            folder.join(name)
        } else {
            folder.join(format!("{name}.jpg"))
        }
    };
    let missing: Vec<Species> = species
        .iter()
        .copied()
        .filter(|s| !place(*s).exists())
        .collect();
    let kept = species.len() - missing.len();
    if missing.is_empty() {
        return Ok(Ok((0, kept)));
    }
    let subject = match Subject::find(analyser, &read_image(photograph)?) {
        Ok(subject) => subject,
        Err(error) => return Ok(Err(error.to_string())),
    };
    for species in &missing {
        let capture = species.make(&subject, seed);
        let path = place(*species);
        // Written beside its place and moved there whole: what has the right name is complete.
        let half = path.with_file_name(format!(".{name}.part"));
        let parent = path.parent().unwrap_or(to);
        std::fs::create_dir_all(parent).map_err(file(parent))?;
        if species.is_sequence() {
            // A half that an interrupted run left behind is of no use.
            let _ = std::fs::remove_dir_all(&half);
            std::fs::create_dir(&half).map_err(file(&half))?;
            let frames = (1..)
                .zip(&capture.frames)
                .map(|(n, frame)| (format!("frame-{n}.jpg"), frame));
            for (file_name, bytes) in
                std::iter::once(("selfie.jpg".to_owned(), &capture.selfie)).chain(frames)
            {
                let at = half.join(file_name);
                std::fs::write(&at, bytes).map_err(file(&at))?;
            }
        } else {
            std::fs::write(&half, &capture.selfie).map_err(file(&half))?;
        }
        std::fs::rename(&half, &path).map_err(file(&path))?;
    }
    Ok(Ok((missing.len(), kept)))
}
