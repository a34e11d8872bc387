//! Compiled models that are kept for the next start.
//!
//! Each has a folder of its own, which is there whole or not at all: processes that start at the same time never read what
//! another is still writing. Its name has a digest of the model, and a file in it the copy's own: a disk that lost some of it would
//! otherwise have the engine read what nobody wrote.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// Holds the digest of all else in its folder.
const SEAL: &str = "sha256";

/// Where one compiled model is, or will be.
pub(super) struct Kept {
    place: PathBuf,
    unfinished: Option<TempDir>,
}

impl Kept {
    /// The place of a model that is compiled so, in `dir`.
    pub(super) fn of(dir: &Path, onnx: &[u8], compiled: &str) -> std::io::Result<Self> {
        let mut hasher = Sha256::new();
        hasher.update((compiled.len() as u64).to_le_bytes());
        hasher.update(compiled);
        hasher.update(onnx);
        let place = dir.join(hex::encode(hasher.finalize()));
        if place.is_dir() {
            if sealed(&place)? {
                return Ok(Self {
                    place,
                    unfinished: None,
                });
            }
            tracing::warn!(place = %place.display(), "a compiled model is not as it was left, and is made again");
            set_aside(dir, &place)?;
        }
        std::fs::create_dir_all(dir)?;
        let unfinished = tempfile::Builder::new()
            .prefix(".unfinished-")
            .tempdir_in(dir)?;
        Ok(Self {
            place,
            unfinished: Some(unfinished),
        })
    }

    /// The folder that the engine is to read and write.
    pub(super) fn dir(&self) -> &Path {
        self.unfinished.as_ref().map_or(&self.place, TempDir::path)
    }

    /// To be called when the model is compiled. Where another process was quicker, its folder stays.
    pub(super) fn finish(self) -> std::io::Result<()> {
        let Some(unfinished) = self.unfinished else {
            return Ok(());
        };
        let seal = digest(unfinished.path())?;
        std::fs::write(unfinished.path().join(SEAL), seal)?;
        match std::fs::rename(unfinished.path(), &self.place) {
            Ok(()) => {
                // It is another folder now.
                let _ = unfinished.keep();
                Ok(())
            }
            Err(_) if self.place.is_dir() => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The digest of a folder's files and their names, but for the seal.
fn digest(folder: &Path) -> std::io::Result<String> {
    let mut files = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|name| name != SEAL);
    files.sort();
    let mut all = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    for name in files {
        let mut file = File::open(folder.join(&name))?;
        let name = name.as_encoded_bytes();
        for length in [name.len() as u64, file.metadata()?.len()] {
            all.update(length.to_le_bytes());
        }
        all.update(name);
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                n => all.update(&buffer[..n]),
            }
        }
    }
    Ok(hex::encode(all.finalize()))
}

/// Whether a folder's files are as they were sealed.
fn sealed(folder: &Path) -> std::io::Result<bool> {
    match std::fs::read_to_string(folder.join(SEAL)) {
        Ok(seal) => Ok(seal == digest(folder)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes a folder away at once, and then removes it: another process may do the same.
fn set_aside(dir: &Path, place: &Path) -> std::io::Result<()> {
    let away = tempfile::Builder::new()
        .prefix(".unfinished-")
        .tempdir_in(dir)?;
    match std::fs::rename(place, away.path().join("away")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_there_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let dir = &dir.path().join("compiled");
        let (one, two) = (
            Kept::of(dir, b"model", "f32").unwrap(),
            Kept::of(dir, b"model", "f32").unwrap(),
        );
        std::fs::write(one.dir().join("blob"), b"1").unwrap();
        std::fs::write(two.dir().join("blob"), b"2").unwrap();
        assert_ne!(one.dir(), two.dir());
        let given_up = Kept::of(dir, b"model", "f32").unwrap();
        drop(given_up);
        one.finish().unwrap();
        two.finish().unwrap();
        let kept = Kept::of(dir, b"model", "f32").unwrap();
        assert_eq!(std::fs::read(kept.dir().join("blob")).unwrap(), b"1");
        kept.finish().unwrap();
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), 1);
        let other = Kept::of(dir, b"model", "bf16").unwrap();
        assert!(!other.dir().join("blob").exists());
    }

    #[test]
    fn a_copy_that_is_not_as_it_was_left_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let kept = || Kept::of(dir, b"model", "f32").unwrap();
        let made = kept();
        std::fs::write(made.dir().join("blob"), b"compiled").unwrap();
        made.finish().unwrap();
        let place = kept().dir().to_owned();
        let spoilt: [fn(&Path); 4] = [
            |place| std::fs::write(place.join("blob"), b"compiler").unwrap(),
            |place| std::fs::write(place.join("blob"), b"comp").unwrap(),
            |place| std::fs::write(place.join("another"), b"").unwrap(),
            |place| std::fs::remove_file(place.join(SEAL)).unwrap(),
        ];
        for spoil in spoilt {
            assert_eq!(kept().dir(), place);
            spoil(&place);
            let again = kept();
            assert_ne!(again.dir(), place);
            std::fs::write(again.dir().join("blob"), b"compiled").unwrap();
            again.finish().unwrap();
        }
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), 1);
    }
}
