//! Encrypted files with random names. What is written is whole and on disk, or not there.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::error::{StoreError, io};
use crate::keyring::{self, Keyring};

/// Names a blob; never anything that a client chose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BlobId(String);

impl BlobId {
    pub(crate) fn new() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// A name on record.
    pub(crate) fn from_record(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Not the half-written remains of one.
    pub(crate) fn is_whole(&self) -> bool {
        !self.0.ends_with(".part")
    }
}

/// Blobs in a folder.
#[derive(Debug, Clone)]
pub(crate) struct FileBlobs {
    dir: PathBuf,
}

impl FileBlobs {
    pub(crate) fn open(dir: PathBuf) -> Result<Self, StoreError> {
        std::fs::create_dir_all(&dir).map_err(io(&dir))?;
        Ok(Self { dir })
    }

    fn path(&self, id: &BlobId) -> PathBuf {
        self.dir.join(&id.0)
    }

    /// Writes a blob: file and folder are on disk when this returns.
    pub(crate) async fn put(
        &self,
        id: &BlobId,
        plain: Bytes,
        keys: &Keyring,
    ) -> Result<(), StoreError> {
        let (path, dir, keys, place) = (self.path(id), self.dir.clone(), keys.clone(), place(id));
        blocking(move || write(&path, &dir, &keys.seal(&plain, &place)?)).await
    }

    /// The number of the key that encrypted a blob; `None` when there is no such blob.
    pub(crate) async fn key_number(&self, id: &BlobId) -> Result<Option<u32>, StoreError> {
        let path = self.path(id);
        blocking(move || {
            let mut head = [0; 4];
            match std::fs::File::open(&path).and_then(|mut f| f.read_exact(&mut head)) {
                Ok(()) => Ok(keyring::key_number(&head)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(io(&path)(error)),
            }
        })
        .await
    }

    /// Encrypts a blob anew, with the key that writes now. Until that is on disk the old ciphertext stays.
    pub(crate) async fn reseal(&self, id: &BlobId, keys: &Keyring) -> Result<(), StoreError> {
        let (path, dir, keys, place) = (self.path(id), self.dir.clone(), keys.clone(), place(id));
        blocking(move || {
            let sealed = std::fs::read(&path).map_err(io(&path))?;
            let plain = Zeroizing::new(keys.open(&sealed, &place, "package")?);
            write(&path, &dir, &keys.seal(&plain, &place)?)
        })
        .await
    }

    /// Reads a blob; `None` when there is none.
    pub(crate) async fn get(
        &self,
        id: &BlobId,
        keys: &Keyring,
    ) -> Result<Option<Bytes>, StoreError> {
        let (path, keys, place) = (self.path(id), keys.clone(), place(id));
        blocking(move || match std::fs::read(&path) {
            Ok(sealed) => Ok(Some(keys.open(&sealed, &place, "package")?.into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(&path)(error)),
        })
        .await
    }

    /// Removes a blob; none there is as good as removed.
    pub(crate) async fn delete(&self, id: &BlobId) -> Result<(), StoreError> {
        let path = self.path(id);
        blocking(move || remove(&path)).await
    }

    /// Every blob, and every half-written one, that was last written before `older_than`.
    pub(crate) async fn list(
        &self,
        older_than: std::time::SystemTime,
    ) -> Result<Vec<BlobId>, StoreError> {
        let dir = self.dir.clone();
        blocking(move || {
            let mut ids = Vec::new();
            for entry in std::fs::read_dir(&dir).map_err(io(&dir))? {
                let entry = entry.map_err(io(&dir))?;
                let written = entry.metadata().and_then(|m| m.modified());
                if written.is_ok_and(|at| at < older_than) {
                    ids.push(BlobId(entry.file_name().to_string_lossy().into_owned()));
                }
            }
            Ok(ids)
        })
        .await
    }
}

/// What a blob is encrypted for.
fn place(id: &BlobId) -> String {
    format!("blob/{}", id.0)
}

fn write(path: &Path, dir: &Path, sealed: &[u8]) -> Result<(), StoreError> {
    let part = path.with_extension("part");
    let mut file = std::fs::File::create(&part).map_err(io(&part))?;
    file.write_all(sealed)
        .and_then(|()| file.sync_all())
        .map_err(io(&part))?;
    std::fs::rename(&part, path).map_err(io(path))?;
    std::fs::File::open(dir)
        .and_then(|d| d.sync_all())
        .map_err(io(dir))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(path)(error)),
        _ => Ok(()),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Corrupt("blob", error.to_string())),
    }
}
