//! Encryption of blobs, above whatever keeps them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use super::{BlobId, Blobs, MAX_BYTES, WRITE_WITHIN};
use crate::error::StoreError;
use crate::keyring::{self, Keyring};

/// Blobs whose contents are encrypted before they are kept.
#[derive(Debug, Clone)]
pub(crate) struct SealedBlobs {
    kept: Arc<dyn Blobs>,
}

/// A blob that no row names yet.
#[derive(Debug)]
pub(crate) struct Written {
    id: BlobId,
    began: Timestamp,
}

impl Written {
    /// The blob, to be discarded where no row came to name it.
    pub(crate) const fn id(&self) -> &BlobId {
        &self.id
    }

    /// The blob, to be named by a row in the transaction that is open now. Ask within that transaction, so that a machine that
    /// stood still before it is found out, and see that no transaction lasts as long as [`WRITE_WITHIN`].
    ///
    /// # Errors
    /// [`StoreError::TooLate`] when the blob may be gone already.
    pub(crate) fn in_time(&self, now: Timestamp) -> Result<&BlobId, StoreError> {
        let most = SignedDuration::try_from(WRITE_WITHIN).unwrap_or(SignedDuration::ZERO);
        // Either way: a clock that was set back says nothing about the time that passed.
        if now.duration_since(self.began).abs() > most {
            return Err(StoreError::TooLate);
        }
        Ok(&self.id)
    }
}

impl SealedBlobs {
    pub(crate) const fn new(kept: Arc<dyn Blobs>) -> Self {
        Self { kept }
    }

    /// Encrypts and writes a new blob. `began` is what time it is now, by the clock that [`Written::in_time`] will be asked
    /// with: the database's where there are several machines.
    pub(crate) async fn put(
        &self,
        plain: Bytes,
        keys: &Keyring,
        began: Timestamp,
    ) -> Result<Written, StoreError> {
        let id = BlobId::random();
        let (keys, belongs_to) = (keys.clone(), place(&id));
        let sealed = computed(plain.len(), move || keys.seal(&plain, &belongs_to)).await?;
        if sealed.len() > MAX_BYTES {
            return Err(StoreError::Corrupt("package", "it is too large".to_owned()));
        }
        if self.kept.put(&id, sealed.into()).await? {
            return Ok(Written { id, began });
        }
        let taken = format!("{} has a blob {} already", self.kept.place(), id.as_str());
        Err(StoreError::Corrupt("blob", taken))
    }

    /// Reads and decrypts a blob; `None` when there is none.
    pub(crate) async fn get(
        &self,
        id: &BlobId,
        keys: &Keyring,
    ) -> Result<Option<Bytes>, StoreError> {
        let Some(kept) = self.kept.get(id).await? else {
            return Ok(None);
        };
        let (keys, belongs_to) = (keys.clone(), place(id));
        let bytes = kept.sealed.len();
        let plain = computed(bytes, move || {
            keys.open(&kept.sealed, &belongs_to, "package")
        })
        .await?;
        Ok(Some(plain.into()))
    }

    /// The number of the key that encrypted a blob; `None` when there is no such blob, or it holds none.
    pub(crate) async fn key_number(&self, id: &BlobId) -> Result<Option<u32>, StoreError> {
        let head = self.kept.head(id, 4).await?;
        Ok(head.and_then(|head| keyring::key_number(&head)))
    }

    /// Encrypts a blob anew, with the key that writes now. Until that is kept the old ciphertext stays. A blob that goes
    /// meanwhile stays gone.
    pub(crate) async fn reseal(&self, id: &BlobId, keys: &Keyring) -> Result<(), StoreError> {
        let Some(kept) = self.kept.get(id).await? else {
            return Ok(());
        };
        let (keys, belongs_to) = (keys.clone(), place(id));
        let bytes = kept.sealed.len();
        let sealed = computed(bytes, move || {
            let plain = Zeroizing::new(keys.open(&kept.sealed, &belongs_to, "package")?);
            keys.seal(&plain, &belongs_to)
        })
        .await?;
        self.kept.replace(id, &kept.version, sealed.into()).await?;
        Ok(())
    }

    /// Removes a blob that no row names any more.
    pub(crate) async fn delete(&self, id: &BlobId) -> Result<(), StoreError> {
        self.kept.delete(id).await
    }

    /// Removes a blob that no row came to name. Should that fail, it is an orphan, and no concern of the caller's.
    pub(crate) async fn discard(&self, id: &BlobId) {
        if let Err(error) = self.kept.delete(id).await {
            tracing::warn!(blob = id.as_str(), %error, "a package that is not needed stays until the sweep");
        }
    }

    /// Every blob older than `min_age`, by the clock of what keeps them.
    pub(crate) fn list(&self, min_age: Duration) -> BoxStream<'_, Result<BlobId, StoreError>> {
        self.kept.list(min_age)
    }

    /// Removes what broken-off writing left.
    pub(crate) async fn tidy(&self, min_age: Duration) -> Result<u64, StoreError> {
        self.kept.tidy(min_age).await
    }
}

/// What a blob is encrypted for.
fn place(id: &BlobId) -> String {
    format!("blob/{}", id.as_str())
}

/// Ciphers and digests of so many bytes take a tenth of a millisecond: no more than it costs to have another thread do it.
const AT_ONCE: usize = 128 * 1024;

/// Ciphers and digests of many megabytes must not hold up what else this thread does.
pub(crate) async fn computed<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    if bytes <= AT_ONCE {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Corrupt("package", error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::FileBlobs;
    use crate::keyring::tests::ring;

    #[tokio::test]
    async fn a_blob_opens_under_its_own_name_only_and_is_named_in_time_only() {
        let dir = tempfile::tempdir().unwrap();
        let files = Arc::new(FileBlobs::open(dir.path().to_owned()).unwrap());
        let (blobs, keys) = (SealedBlobs::new(files.clone()), ring());
        let began = Timestamp::now();
        let plain = Bytes::from_static(b"a package");
        let written = blobs.put(plain.clone(), &keys, began).await.unwrap();
        let id = written.id();
        assert_eq!(blobs.get(id, &keys).await.unwrap(), Some(plain));
        assert_eq!(blobs.key_number(id).await.unwrap(), Some(1));
        // Put in another's place it does not open.
        let kept = files.get(id).await.unwrap().unwrap();
        assert!(!kept.sealed.windows(9).any(|w| w == b"a package"));
        let other = BlobId::random();
        assert!(files.put(&other, kept.sealed).await.unwrap());
        let moved = blobs.get(&other, &keys).await;
        assert!(matches!(moved, Err(StoreError::Sealed(_))));

        let minutes = SignedDuration::from_mins;
        assert!(written.in_time(began + minutes(9)).is_ok());
        for away in [11, -11] {
            let late = written.in_time(began + minutes(away));
            assert!(matches!(late, Err(StoreError::TooLate)), "{away}");
        }
    }
}
