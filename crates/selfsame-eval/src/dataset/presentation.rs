//! Presentations: single images, and sequences of a selfie and its frames, bona fide and attacks.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use selfsame_face::analyser::Analyser;
use sha2::{Digest as _, Sha256};

use super::{entries, is_image, name, name_below, photographs, read_image};
use crate::error::{EvalError, input};
use crate::generate::{self, Species, Subject};
use crate::staged::{self, Treated};

/// One presentation to a capture subsystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presentation {
    /// Its name in the report.
    pub name: String,
    /// Species of its attack instrument; absent for a bona fide presentation.
    pub species: Option<String>,
    /// Whether the generator made it.
    pub synthetic: bool,
    /// Where its images are from.
    pub origin: Origin,
}

/// Where a presentation's images are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From files.
    Files {
        /// The selfie, or the only image.
        selfie: PathBuf,
        /// The frames in their order.
        frames: Vec<PathBuf>,
    },
    /// Made of a photograph when it is needed, and never written.
    Made {
        /// The photograph.
        photograph: PathBuf,
        /// What is made.
        species: Species,
        /// The generator's seed.
        seed: u64,
    },
    /// Photographs that are treated when they are needed: the selfie, then the frames in their order. Never empty.
    Staged(Vec<Treated>),
}

/// A presentation's images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// The selfie, or the only image.
    pub selfie: Vec<u8>,
    /// The frames in their order.
    pub frames: Vec<Vec<u8>>,
}

impl Presentation {
    /// Who is in it, as far as its name tells: of a bona fide presentation what stands before the first `/`; of an attack what
    /// stands after its species' folder, up to a hyphen.
    #[must_use]
    pub fn person(&self) -> &str {
        let mut parts = self.name.split(['/', '\\']);
        let first = parts.next().unwrap_or_default();
        match &self.species {
            None => first,
            Some(species) => {
                let after = if first == species { parts.next() } else { None };
                after.unwrap_or(first).split('-').next().unwrap_or_default()
            }
        }
    }

    /// Whether it is a selfie with frames.
    #[must_use]
    pub fn is_sequence(&self) -> bool {
        match &self.origin {
            Origin::Files { frames, .. } => !frames.is_empty(),
            Origin::Made { species, .. } => species.is_sequence(),
            Origin::Staged(parts) => parts.len() > 1,
        }
    }

    /// A digest of what decides its images.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn digest(&self) -> Result<[u8; 32], EvalError> {
        let mut all = Sha256::new();
        match &self.origin {
            Origin::Files { selfie, frames } => {
                for path in std::iter::once(selfie).chain(frames) {
                    all.update(Sha256::digest(read_image(path)?));
                }
            }
            Origin::Made {
                photograph,
                species,
                seed,
            } => {
                all.update(Sha256::digest(read_image(photograph)?));
                all.update(generate::VERSION.to_le_bytes());
                all.update(seed.to_le_bytes());
                all.update(species.name());
            }
            Origin::Staged(parts) => {
                all.update(staged::VERSION.to_le_bytes());
                for part in parts {
                    all.update(Sha256::digest(read_image(&part.photograph)?));
                    // A debug form names every field: whatever is added to a treatment is part of the digest.
                    all.update(format!("{:?}", part.treatment));
                }
            }
        }
        Ok(all.finalize().into())
    }

    /// Its images; `Err` inside says why none can be made of the photograph.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn images(&self, analyser: &Analyser) -> Result<Result<Images, String>, EvalError> {
        match &self.origin {
            Origin::Files { selfie, frames } => {
                let frames = frames
                    .iter()
                    .map(|path| read_image(path))
                    .collect::<Result<_, _>>()?;
                Ok(Ok(Images {
                    selfie: read_image(selfie)?,
                    frames,
                }))
            }
            Origin::Made {
                photograph,
                species,
                seed,
            } => {
                let found = Subject::find(analyser, &read_image(photograph)?);
                Ok(found.map_err(|e| e.to_string()).map(|subject| {
                    let capture = species.make(&subject, *seed);
                    Images {
                        selfie: capture.selfie,
                        frames: capture.frames,
                    }
                }))
            }
            Origin::Staged(parts) => {
                let mut images = Vec::with_capacity(parts.len());
                for part in parts {
                    match part.treatment.of(&read_image(&part.photograph)?) {
                        Ok(image) => images.push(image),
                        Err(reason) => return Ok(Err(reason)),
                    }
                }
                if images.is_empty() {
                    return Ok(Err("it holds no image".to_owned()));
                }
                let selfie = images.remove(0);
                Ok(Ok(Images {
                    selfie,
                    frames: images,
                }))
            }
        }
    }
}

/// The bona fide presentations in a folder: each image is one, and each folder with a `selfie.jpg` (or .png) is one with
/// its `frame…` files as frames. Other folders are looked into.
///
/// # Errors
/// When a folder cannot be read or holds none.
pub fn bona_fide(folder: &Path) -> Result<Vec<Presentation>, EvalError> {
    let mut found = Vec::new();
    gather(
        folder,
        folder,
        None,
        is_synthetic(folder),
        super::DEEPEST,
        &mut found,
    )?;
    if found.is_empty() {
        return Err(input(folder, "holds no image"));
    }
    Ok(found)
}

/// The attack presentations in a folder that holds one folder for each species, such as `print-office`; within those, as
/// for [`bona_fide`]. What stands before a species' first hyphen is its attack type.
///
/// # Errors
/// When a folder cannot be read, holds none, or holds images outside a species' folder.
pub fn attacks(folder: &Path) -> Result<Vec<Presentation>, EvalError> {
    let synthetic = is_synthetic(folder);
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            let species = name(&path);
            gather(
                &path,
                folder,
                Some(&species),
                synthetic,
                super::DEEPEST,
                &mut found,
            )?;
        } else if is_image(&path) {
            return Err(input(
                &path,
                "an attack belongs in a folder that names its species, such as attack/print-office",
            ));
        }
    }
    if found.is_empty() {
        return Err(input(folder, "holds no image"));
    }
    Ok(found)
}

/// Presentations of each species of each photograph in a folder, or of `most` of them, evenly chosen; made when they are
/// needed.
///
/// # Errors
/// When the folder cannot be read or holds no photograph.
pub fn made_of(
    folder: &Path,
    species: &[Species],
    seed: u64,
    most: Option<NonZeroUsize>,
) -> Result<Vec<Presentation>, EvalError> {
    let mut photographs = photographs(folder)?;
    let all = photographs.len();
    if let Some(most) = most.map(NonZeroUsize::get).filter(|most| *most < all) {
        photographs = (0..most)
            .map(|n| photographs[n * all / most].clone())
            .collect();
    }
    let each = species.iter().flat_map(|species| {
        photographs.iter().map(move |photograph| Presentation {
            name: format!("{species} of {}", name_below(folder, photograph)),
            species: species.is_attack().then(|| species.name().to_owned()),
            synthetic: true,
            origin: Origin::Made {
                photograph: photograph.clone(),
                species: *species,
                seed,
            },
        })
    });
    Ok(each.collect())
}

/// Whether the generator made the folder, or one of the two above it.
fn is_synthetic(folder: &Path) -> bool {
    folder
        .ancestors()
        .take(3)
        .any(|above| above.join(generate::MANIFEST).is_file())
}

fn gather(
    folder: &Path,
    root: &Path,
    species: Option<&str>,
    synthetic: bool,
    deeper: usize,
    found: &mut Vec<Presentation>,
) -> Result<(), EvalError> {
    let synthetic = synthetic || folder.join(generate::MANIFEST).is_file();
    let paths = entries(folder)?;
    let mut add = |at: &Path, selfie: PathBuf, frames| {
        found.push(Presentation {
            name: name_below(root, at),
            species: species.map(str::to_owned),
            synthetic,
            origin: Origin::Files { selfie, frames },
        });
    };
    let images = || paths.iter().filter(|path| path.is_file() && is_image(path));
    let starts = |path: &Path, with: &str| name(path).to_ascii_lowercase().starts_with(with);
    if let Some(selfie) = images().find(|path| starts(path, "selfie.")) {
        let mut frames: Vec<PathBuf> = images()
            .filter(|path| starts(path, "frame"))
            .cloned()
            .collect();
        frames.sort_by_key(|path| (number_in(&name(path)), path.clone()));
        add(folder, selfie.clone(), frames);
        return Ok(());
    }
    for path in images() {
        add(path, path.clone(), Vec::new());
    }
    if deeper > 0 {
        for below in paths.iter().filter(|path| path.is_dir()) {
            gather(below, root, species, synthetic, deeper - 1, found)?;
        }
    }
    Ok(())
}

/// The first number in a name, so that frame-10 comes after frame-9.
fn number_in(name: &str) -> u64 {
    let digits = name
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, file: &str) {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"x").unwrap();
    }

    #[test]
    fn images_and_sequences_are_told_apart_and_frames_are_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "a.jpg",
            "s/selfie.jpg",
            "s/frame-10.jpg",
            "s/frame-9.jpg",
            "s/note.txt",
            "deep/er/b.png",
        ] {
            write(folder.path(), file);
        }
        let found = bona_fide(folder.path()).unwrap();
        let names: Vec<&str> = found.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["a.jpg", "deep/er/b.png", "s"]);
        assert!(found[2].is_sequence() && !found[0].is_sequence());
        let Origin::Files { frames, .. } = &found[2].origin else {
            panic!("files")
        };
        assert!(frames[0].ends_with("frame-9.jpg") && frames[1].ends_with("frame-10.jpg"));
        assert!(found.iter().all(|p| p.species.is_none() && !p.synthetic));
    }

    #[test]
    fn an_attack_has_a_species_and_a_made_folder_says_so() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "attack/print-office/a.jpg");
        write(folder.path(), "synthetic.json");
        let found = attacks(&folder.path().join("attack")).unwrap();
        assert_eq!(found[0].species.as_deref(), Some("print-office"));
        assert_eq!(found[0].person(), "a.jpg");
        write(folder.path(), "attack/print-office/client7-dim/selfie.jpg");
        let found = attacks(&folder.path().join("attack")).unwrap();
        assert_eq!(found[1].person(), "client7");
        assert!(found[0].synthetic);
        write(folder.path(), "attack/stray.jpg");
        assert!(
            attacks(&folder.path().join("attack"))
                .unwrap_err()
                .to_string()
                .contains("species")
        );
    }

    #[test]
    fn a_digest_follows_the_bytes_the_species_and_the_seed() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.jpg");
        let made = |seed| {
            made_of(
                folder.path(),
                &[Species::PrintPhoto, Species::CropClose],
                seed,
                None,
            )
            .unwrap()
        };
        let digests: std::collections::HashSet<_> = [made(1), made(2)]
            .concat()
            .iter()
            .map(|p| p.digest().unwrap())
            .collect();
        assert_eq!(digests.len(), 4);
        let before = bona_fide(folder.path()).unwrap()[0].digest().unwrap();
        std::fs::write(folder.path().join("a.jpg"), b"y").unwrap();
        assert_ne!(
            bona_fide(folder.path()).unwrap()[0].digest().unwrap(),
            before
        );
    }
}
