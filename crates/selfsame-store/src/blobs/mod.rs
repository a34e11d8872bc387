//! Packages: bytes too large for the database, in files or in object storage, behind one trait: [`Blobs`].
//!
//! A back end sees ciphertext only; [`sealed::SealedBlobs`] encrypts above it. What keeps rows and blobs in step, whatever dies:
//!
//! 1. **A blob is written before the row that names it**, under a random name of its own. A writer that dies in between leaves
//!    a blob without a row: an orphan.
//! 2. **A row lets go of its blob before the blob is deleted**, in a transaction that is committed. Where deleting fails, an
//!    orphan is left. So a row never names a blob that is not there.
//! 3. **The sweep removes orphans** that are older than [`ORPHAN_AGE`] by the back end's own clock. Whoever writes a blob must
//!    commit its row within [`WRITE_WITHIN`], which is half of that, or give up: else a writer that was held up (a stopped
//!    machine, a database that did not answer) could name a blob that the sweep just removed.
//! 4. **Where it is unknown whether a row was committed** (the connection broke during the commit), the blob stays: the sweep
//!    finds out.

mod bucket_errors;
mod files;
mod folder;
mod objects;
pub(crate) mod sealed;

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::error::StoreError;
use crate::keyring::KEY_BYTES;

pub use self::files::FileBlobs;
pub use self::objects::ObjectBlobs;

/// A blob that no row names is removed once it is older than this.
pub const ORPHAN_AGE: Duration = Duration::from_secs(20 * 60);
/// From the beginning of writing a blob to the commit of the row that names it no more time than this may pass.
pub const WRITE_WITHIN: Duration = Duration::from_secs(10 * 60);
const _: () = assert!(WRITE_WITHIN.as_secs() * 2 <= ORPHAN_AGE.as_secs());
/// The most that a blob may hold, encrypted.
pub const MAX_BYTES: usize = 128 * 1024 * 1024;
/// What the file or object is called that says whose blobs these are.
const OWNER: &str = "owner";

/// Names a blob: 32 hexadecimal digits, drawn at random; never anything that a client chose.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(String);

impl BlobId {
    /// A name that no other blob has.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// A name that was drawn before; `None` where the text is none. So nothing in a folder or a bucket that is not ours is
    /// ever taken for ours, and no record leads out of it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 32 && text.as_bytes().iter().all(digit)).then(|| Self(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name on record.
    pub(crate) fn from_record(text: &str) -> Result<Self, StoreError> {
        Self::parse(text).ok_or_else(|| StoreError::Corrupt("blob", "it has no name".to_owned()))
    }
}

/// What tells one writing of a blob from the next, where the back end can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    tag: Option<String>,
    number: Option<String>,
}

/// A blob as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its bytes, encrypted.
    pub sealed: Bytes,
    /// For [`Blobs::replace`].
    pub version: Version,
}

/// Where blobs are kept. Every method may fail with what the back end said; nothing is half done then.
#[async_trait]
pub trait Blobs: std::fmt::Debug + Send + Sync {
    /// Where this is, for people: a folder or a URL, without secrets.
    fn place(&self) -> &str;

    /// Writes a blob whose name is new; it is kept for good when this returns. `false`: there is another blob of this name, and
    /// it stays as it is. The same bytes may be put again.
    async fn put(&self, id: &BlobId, sealed: Bytes) -> Result<bool, StoreError>;

    /// Reads a blob; `None` when there is none.
    async fn get(&self, id: &BlobId) -> Result<Option<Kept>, StoreError>;

    /// Reads the first bytes of a blob, fewer where it is shorter; `None` when there is none.
    async fn head(&self, id: &BlobId, bytes: usize) -> Result<Option<Bytes>, StoreError>;

    /// Writes other bytes in the place of those that were read with `was`. `false`: the blob is gone, or was written since, and
    /// nothing was changed.
    async fn replace(&self, id: &BlobId, was: &Version, sealed: Bytes) -> Result<bool, StoreError>;

    /// Removes a blob; none there is as good as removed.
    async fn delete(&self, id: &BlobId) -> Result<(), StoreError>;

    /// Every blob that was last written longer ago than `min_age`, by the back end's clock and not by this machine's; with zero
    /// every blob. What is in the place and is no blob is passed over.
    fn list(&self, min_age: Duration) -> BoxStream<'_, Result<BlobId, StoreError>>;

    /// Removes what broken-off writing left, older than `min_age`; says how much that was.
    async fn tidy(&self, min_age: Duration) -> Result<u64, StoreError>;

    /// Marks the place as that of one installation, or checks that it is: two in one place would each sweep away the other's
    /// blobs as orphans.
    ///
    /// # Errors
    /// [`StoreError::OthersBlobs`] when it is another's.
    async fn claim(&self, owner: &str) -> Result<(), StoreError>;

    /// Finds out whether blobs can be written here, and whether what is there is safe from being written over.
    async fn probe(&self) -> Result<(), StoreError>;
}

/// A place for blobs as an operator names it: a folder (a path, or `file:///…`), or a bucket (`s3://`, `gs://`, `az://`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobPlace {
    /// A folder.
    Folder(PathBuf),
    /// A bucket, and a prefix in it.
    Bucket(Url),
}

impl FromStr for BlobPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((scheme, _)) = text.split_once("://") else {
            return match text {
                "" => Err("it is empty".to_owned()),
                path => Ok(Self::Folder(path.into())),
            };
        };
        let url = Url::parse(text).map_err(|e| e.to_string())?;
        match scheme {
            "file" => match url.to_file_path() {
                Ok(path) => Ok(Self::Folder(path)),
                Err(()) => Err("a folder is named as file:///folder".to_owned()),
            },
            "s3" | "gs" | "az" => {
                let has_more = url.query().is_some() || url.fragment().is_some();
                if has_more || !url.username().is_empty() || url.password().is_some() {
                    return Err(
                        "name the bucket and a prefix only: credentials come from the environment"
                            .to_owned(),
                    );
                }
                match url.host_str() {
                    Some(host) if !host.is_empty() => Ok(Self::Bucket(url)),
                    _ => Err(format!("a bucket is named as {scheme}://bucket/prefix")),
                }
            }
            other => Err(format!(
                "there is no kind of storage {other}: name a folder, or a bucket as s3://, gs:// or az://"
            )),
        }
    }
}

impl BlobPlace {
    /// Opens it. What a bucket needs to know more comes from the environment, as for other programs: `AWS_ENDPOINT_URL`,
    /// `AWS_ACCESS_KEY_ID` and so on.
    ///
    /// # Errors
    /// When a folder cannot be made, or the environment does not fit together.
    pub fn open(&self) -> Result<Arc<dyn Blobs>, StoreError> {
        match self {
            Self::Folder(dir) => Ok(Arc::new(FileBlobs::open(dir.clone())?)),
            Self::Bucket(url) => Ok(Arc::new(ObjectBlobs::open(url, variables())?)),
        }
    }
}

/// What marks a place for blobs as an installation's: it follows from a key that no other has, and tells nothing of
/// it.
pub(crate) fn owner(key: &[u8; KEY_BYTES]) -> String {
    let mut digest = Sha256::new();
    digest.update("whose blobs these are");
    digest.update(key);
    hex::encode(digest.finalize())
}

/// The environment's variables, as far as they are text.
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_bucket_and_carries_no_secret() {
        let folder = |path: &str| Ok(BlobPlace::Folder(path.into()));
        assert_eq!("data/blobs".parse(), folder("data/blobs"));
        assert_eq!("file:///data/blobs".parse(), folder("/data/blobs"));
        for bucket in ["s3://b", "s3://b/p/q", "gs://b", "az://c/p"] {
            let url = Url::parse(bucket).unwrap();
            assert_eq!(bucket.parse(), Ok(BlobPlace::Bucket(url)));
        }
        for wrong in [
            "",
            "s3://",
            "ftp://h/p",
            "s3://key:secret@b/",
            "az://c?sig=x",
            "http://h/b",
        ] {
            let refused = wrong.parse::<BlobPlace>().unwrap_err();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn only_names_that_were_drawn_are_names() {
        let id = BlobId::random();
        assert_eq!(BlobId::parse(id.as_str()), Some(id.clone()));
        let long = format!("{}0", id.as_str());
        let upper = "A".repeat(32);
        let away = format!("../{}", "0".repeat(29));
        for other in ["", "master.key", &long, &upper, &away, &id.as_str()[1..]] {
            assert_eq!(BlobId::parse(other), None, "{other}");
            assert!(BlobId::from_record(other).is_err(), "{other}");
        }
    }
}
