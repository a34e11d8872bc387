//! Compiled models that are kept for the next start.
//!
//! Each has a folder of its own, which is there whole or not at all: processes that start at the same time never read what
//! another is still writing.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

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
            return Ok(Self {
                place,
                unfinished: None,
            });
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
}
