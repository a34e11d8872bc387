//! Photographs that a table names: files of one folder.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use selfsame_job::identity::Photo;
use selfsame_store::store::MAX_PHOTO_BYTES;

use super::Why;

/// A folder of photographs.
#[derive(Debug, Clone)]
pub struct PhotoFolder(PathBuf);

impl PhotoFolder {
    /// This one.
    ///
    /// # Errors
    /// Where there is no such folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self(path.to_owned()))
    }

    /// The photograph of this name: a file of the folder itself, and not a link to somewhere else.
    pub(super) fn read(&self, name: &str) -> Result<Photo, Why> {
        let mut parts = Path::new(name).components();
        let plain = matches!(
            (parts.next(), parts.next()),
            (Some(Component::Normal(part)), None) if part == name
        );
        if !plain || name.contains('\\') {
            return Err(Why::PhotoName);
        }
        let failed = |error: io::Error| Why::PhotoFile(error.kind());
        let path = self.0.join(name);
        let found = fs::symlink_metadata(&path).map_err(failed)?;
        if !found.is_file() {
            return Err(Why::PhotoName);
        }
        let most = MAX_PHOTO_BYTES as u64;
        if found.len() > most {
            return Err(Why::PhotoSize);
        }
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(failed)?;
        // It may have grown.
        file.take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        picture(Photo(bytes.into()))
    }
}

/// The beginnings of the formats that can be compared with a selfie.
const PICTURES: [&[u8]; 4] = [
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"\0\0\0\x0cjP  \r\n\x87\n",
    b"\xff\x4f\xff\x51",
];

/// The photograph, where it is within the limits and looks like one. It is decoded when somebody is compared with it.
pub(super) fn picture(photo: Photo) -> Result<Photo, Why> {
    if photo.0.is_empty() || photo.0.len() > MAX_PHOTO_BYTES {
        return Err(Why::PhotoSize);
    }
    if !PICTURES.iter().any(|begin| photo.0.starts_with(begin)) {
        return Err(Why::NoPicture);
    }
    Ok(photo)
}
