//! Blobs as files in one folder. What is written is whole and on disk, or not there.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};

use super::folder::Folder;
use super::{BlobId, Blobs, Kept, MAX_BYTES, OWNER, Version};
use crate::error::{StoreError, io};

/// What a file is called while it is written.
const PART: &str = "part";

/// Blobs in a folder.
#[derive(Debug, Clone)]
pub struct FileBlobs {
    dir: PathBuf,
    folder: Folder,
    place: String,
    /// Others could use it too.
    shared: bool,
}

impl FileBlobs {
    /// Uses a folder, which is made where there is none.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(dir: PathBuf) -> Result<Self, StoreError> {
        std::fs::create_dir_all(&dir).map_err(io(&dir))?;
        let place = dir.display().to_string();
        Ok(Self {
            folder: Folder::new(dir.clone()),
            dir,
            place,
            shared: true,
        })
    }

    /// Uses the folder `blobs` of a data directory, which is nobody else's and needs no mark of its owner.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn of_data_directory(dir: &Path) -> Result<Self, StoreError> {
        let mut blobs = Self::open(dir.join("blobs"))?;
        blobs.shared = false;
        Ok(blobs)
    }

    fn path(&self, id: &BlobId) -> PathBuf {
        self.dir.join(id.as_str())
    }

    /// The files of the folder that were last written longer ago than `min_age`.
    async fn files(&self, min_age: Duration) -> Result<Vec<PathBuf>, StoreError> {
        let dir = self.dir.clone();
        blocking(move || {
            let everything = min_age.is_zero();
            let before = if everything {
                SystemTime::UNIX_EPOCH
            } else {
                let now = clock(&dir)?;
                now.checked_sub(min_age).unwrap_or(SystemTime::UNIX_EPOCH)
            };
            let mut found = Vec::new();
            for entry in std::fs::read_dir(&dir).map_err(io(&dir))? {
                let entry = entry.map_err(io(&dir))?;
                // It may have gone meanwhile.
                let written = entry.metadata().and_then(|m| m.modified());
                if everything || written.is_ok_and(|at| at < before) {
                    found.push(entry.path());
                }
            }
            Ok(found)
        })
        .await
    }
}

#[async_trait]
impl Blobs for FileBlobs {
    fn place(&self) -> &str {
        &self.place
    }

    async fn put(&self, id: &BlobId, sealed: Bytes) -> Result<bool, StoreError> {
        let (path, folder) = (self.path(id), self.folder.clone());
        blocking(move || create(&path, &folder, &sealed)).await
    }

    async fn get(&self, id: &BlobId) -> Result<Option<Kept>, StoreError> {
        let path = self.path(id);
        blocking(move || {
            let sealed = read(&path, MAX_BYTES + 1)?;
            if sealed.as_ref().is_some_and(|s| s.len() > MAX_BYTES) {
                return Err(StoreError::Corrupt("blob", "it is too large".to_owned()));
            }
            let version = Version::default();
            Ok(sealed.map(|sealed| Kept { sealed, version }))
        })
        .await
    }

    async fn head(&self, id: &BlobId, bytes: usize) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(id);
        blocking(move || read(&path, bytes)).await
    }

    async fn replace(&self, id: &BlobId, _: &Version, sealed: Bytes) -> Result<bool, StoreError> {
        let (path, folder) = (self.path(id), self.folder.clone());
        blocking(move || {
            if !path.try_exists().map_err(io(&path))? {
                return Ok(false);
            }
            // A name of its own: what an earlier attempt left must not be in the way.
            let part = path.with_extension(format!("{}.{PART}", uuid::Uuid::new_v4().simple()));
            write(&part, &sealed)?;
            publish(&part, &path, &folder)?;
            Ok(true)
        })
        .await
    }

    async fn delete(&self, id: &BlobId) -> Result<(), StoreError> {
        let path = self.path(id);
        blocking(move || remove(&path)).await
    }

    fn list(&self, min_age: Duration) -> BoxStream<'_, Result<BlobId, StoreError>> {
        stream::once(self.files(min_age))
            .map_ok(|files| {
                let names = files.into_iter().filter_map(|path| {
                    let name = path.file_name().and_then(OsStr::to_str);
                    name.and_then(BlobId::parse)
                });
                stream::iter(names.map(Ok))
            })
            .try_flatten()
            .boxed()
    }

    async fn tidy(&self, min_age: Duration) -> Result<u64, StoreError> {
        let files = self.files(min_age).await?;
        blocking(move || {
            let mut removed = 0;
            for path in files {
                if path.extension() == Some(OsStr::new(PART)) {
                    remove(&path)?;
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
    }

    async fn claim(&self, owner: &str) -> Result<(), StoreError> {
        if !self.shared {
            return Ok(());
        }
        let (path, folder) = (self.dir.join(OWNER), self.folder.clone());
        let (owner, place) = (Bytes::copy_from_slice(owner.as_bytes()), self.place.clone());
        blocking(move || match mark(&path, &folder, &owner)? {
            true => Ok(()),
            false => Err(StoreError::OthersBlobs(place)),
        })
        .await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        let dir = self.dir.clone();
        blocking(move || clock(&dir).map(|_| ())).await
    }
}

/// What time it is for the folder's file system, which may be another machine's.
fn clock(dir: &Path) -> Result<SystemTime, StoreError> {
    let mark = dir.join(format!("clock-{}.{PART}", uuid::Uuid::new_v4().simple()));
    let now = write(&mark, b"x").and_then(|()| {
        std::fs::metadata(&mark)
            .and_then(|m| m.modified())
            .map_err(io(&mark))
    });
    remove(&mark)?;
    now
}

/// Writes a file that is not there yet. Whoever makes the unfinished file is the only writer until it has its name.
fn create(path: &Path, folder: &Folder, sealed: &[u8]) -> Result<bool, StoreError> {
    let part = path.with_extension(PART);
    let file = match File::create_new(&part) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(io(&part)(error)),
    };
    let written = fill(file, &part, path, folder, sealed);
    if !matches!(written, Ok(true)) {
        // What the caller must know is why it failed.
        let _ = std::fs::remove_file(&part);
    }
    if matches!(written, Ok(false)) {
        let there = read(path, MAX_BYTES + 1)?;
        return Ok(there.is_some_and(|there| there == sealed));
    }
    written
}

/// Writes the unfinished file and gives it its name. `false`: the name is taken.
fn fill(
    mut file: File,
    part: &Path,
    path: &Path,
    folder: &Folder,
    sealed: &[u8],
) -> Result<bool, StoreError> {
    if path.try_exists().map_err(io(path))? {
        return Ok(false);
    }
    file.write_all(sealed)
        .and_then(|()| file.sync_all())
        .map_err(io(part))?;
    publish(part, path, folder)?;
    Ok(true)
}

/// Writes a file that is not there yet, whoever else writes it at the same time. `false`: one with other bytes is there.
fn mark(path: &Path, folder: &Folder, bytes: &[u8]) -> Result<bool, StoreError> {
    let there = || -> Result<Option<bool>, StoreError> {
        Ok(read(path, bytes.len() + 1)?.map(|there| there == bytes))
    };
    if let Some(same) = there()? {
        return Ok(same);
    }
    // A name of its own: a process that writes its mark at this moment, or died over it, is not in the way.
    let part = path.with_extension(format!("{}.{PART}", uuid::Uuid::new_v4().simple()));
    write(&part, bytes)?;
    let linked = std::fs::hard_link(&part, path);
    remove(&part)?;
    match linked {
        Ok(()) => {
            folder.keep_names()?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(there()? == Some(true)),
        // Not every file system has links.
        Err(_) => create(path, folder, bytes),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    File::create_new(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(io(path))
}

/// Gives a file that is on disk its name, and puts the name on disk.
fn publish(part: &Path, path: &Path, folder: &Folder) -> Result<(), StoreError> {
    std::fs::rename(part, path).map_err(io(path))?;
    folder.keep_names()
}

/// At most so many bytes of a file; `None` when there is none.
fn read(path: &Path, most: usize) -> Result<Option<Bytes>, StoreError> {
    let read = File::open(path).and_then(|file| {
        // Its length is known: room for that, and for finding that there is no more, spares a dozen small readings.
        let length = file.metadata()?.len().min(most as u64);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
        file.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    match read {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io(path)(error)),
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io(path)(error)),
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
