//! What an interrupted run had measured, so that the next one goes on from there.
//!
//! Templates are biometric data: nothing is kept unless the caller names a folder, and what is kept is encrypted under a key
//! that lies in a file beside it, readable by its owner only. Removing the key file makes the rest worthless.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use selfsame_face::analyser::Analyser;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::error::{EvalError, file};

const NONCE_BYTES: usize = 24;

/// Raised when what is kept changes its shape or meaning.
const VERSION: &str = "selfsame-eval cache 1";

/// Measurements that were made before. Without a folder it keeps nothing.
pub struct Cache(Option<Folder>);

struct Folder {
    path: PathBuf,
    cipher: XChaCha20Poly1305,
    /// A digest of the engine and models: another model finds nothing.
    scope: [u8; 32],
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.0.as_ref().map(|folder| &folder.path);
        f.debug_tuple("Cache").field(&path).finish()
    }
}

impl Cache {
    /// A cache that keeps nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Opens or makes the folder for an analyser's measurements. Those of other engines and models may lie in it too.
    ///
    /// # Errors
    /// When the folder or its key cannot be read or made.
    pub fn open(path: &Path, analyser: &Analyser) -> Result<Self, EvalError> {
        let mut scope = Sha256::new();
        scope.update(VERSION);
        scope.update(analyser.engine_name());
        for model in analyser.models() {
            scope.update(&model.name);
            scope.update(&model.sha256);
        }
        // A calibration makes other templates of the same file.
        scope.update(analyser.template_model().as_str());
        Self::scoped(path, scope.finalize().into())
    }

    fn scoped(path: &Path, scope: [u8; 32]) -> Result<Self, EvalError> {
        std::fs::create_dir_all(path).map_err(file(path))?;
        let key = key(&path.join("key"))?;
        Ok(Self(Some(Folder {
            path: path.to_owned(),
            cipher: XChaCha20Poly1305::new((&*key).into()),
            scope,
        })))
    }

    /// What was kept for a digest under a purpose; nothing where there is none, or it is damaged.
    pub(crate) fn get<T: DeserializeOwned>(&self, purpose: &str, digest: &[u8; 32]) -> Option<T> {
        let folder = self.0.as_ref()?;
        let id = folder.id(purpose, digest);
        let sealed = std::fs::read(folder.place(&id)).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        let payload = Payload {
            msg: sealed,
            aad: id.as_bytes(),
        };
        let nonce = XNonce::try_from(nonce).ok()?;
        let plain = Zeroizing::new(folder.cipher.decrypt(&nonce, payload).ok()?);
        serde_json::from_slice(&plain).ok()
    }

    /// Keeps a measurement.
    pub(crate) fn put<T: Serialize>(
        &self,
        purpose: &str,
        digest: &[u8; 32],
        value: &T,
    ) -> Result<(), EvalError> {
        let Some(folder) = self.0.as_ref() else {
            return Ok(());
        };
        let id = folder.id(purpose, digest);
        let place = folder.place(&id);
        let wrong = |problem| EvalError::Cache {
            path: place.clone(),
            problem,
        };
        let plain =
            serde_json::to_vec(value).map_err(|_| wrong("a measurement has no JSON form"))?;
        let plain = Zeroizing::new(plain);
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| wrong("the system gives no randomness"))?;
        let payload = Payload {
            msg: &plain,
            aad: id.as_bytes(),
        };
        let sealed = folder
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| wrong("a measurement cannot be encrypted"))?;
        // Moved into place whole: a run that is killed leaves no half of one.
        let mut whole =
            tempfile::NamedTempFile::new_in(&folder.path).map_err(file(&folder.path))?;
        whole
            .write_all(&nonce)
            .and_then(|()| whole.write_all(&sealed))
            .map_err(file(&place))?;
        whole.persist(&place).map_err(|e| file(&place)(e.error))?;
        Ok(())
    }
}

impl Folder {
    fn id(&self, purpose: &str, digest: &[u8; 32]) -> String {
        let mut id = Sha256::new();
        id.update(self.scope);
        id.update(purpose);
        id.update(digest);
        hex::encode(id.finalize())
    }

    fn place(&self, id: &str) -> PathBuf {
        self.path.join(id)
    }
}

/// The key in a file, or a new one.
fn key(path: &Path) -> Result<Zeroizing<[u8; 32]>, EvalError> {
    let wrong = |problem| EvalError::Cache {
        path: path.to_owned(),
        problem,
    };
    let mut key = Zeroizing::new([0; 32]);
    match std::fs::read(path) {
        Ok(bytes) => {
            let bytes = Zeroizing::new(bytes);
            hex::decode_to_slice(bytes.trim_ascii(), key.as_mut_slice())
                .map_err(|_| wrong("is not a key of 64 hexadecimal digits"))?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            getrandom::fill(key.as_mut_slice())
                .map_err(|_| wrong("the system gives no randomness"))?;
            let text = Zeroizing::new(hex::encode(key.as_slice()));
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options
                .open(path)
                .and_then(|mut new| new.write_all(text.as_bytes()))
                .map_err(file(path))?;
        }
        Err(error) => return Err(file(path)(error)),
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_for_the_same_models_only() {
        let folder = tempfile::tempdir().unwrap();
        let open = |scope| Cache::scoped(folder.path(), [scope; 32]).unwrap();
        open(1).put("score", &[7; 32], &vec![0.25f32, 0.5]).unwrap();
        assert_eq!(
            open(1).get::<Vec<f32>>("score", &[7; 32]),
            Some(vec![0.25, 0.5])
        );
        assert_eq!(open(2).get::<Vec<f32>>("score", &[7; 32]), None);
        assert_eq!(open(1).get::<Vec<f32>>("other", &[7; 32]), None);
        assert_eq!(open(1).get::<Vec<f32>>("score", &[8; 32]), None);
        assert_eq!(Cache::none().get::<Vec<f32>>("score", &[7; 32]), None);
    }

    #[test]
    fn nothing_is_readable_without_the_key_and_damage_is_no_measurement() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::scoped(folder.path(), [1; 32]).unwrap();
        cache.put("text", &[1; 32], &"a secret face").unwrap();
        let entries = || {
            std::fs::read_dir(folder.path())
                .unwrap()
                .map(|e| e.unwrap().path())
        };
        for path in entries() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(6).any(|w| w == b"secret"),
                "{}",
                path.display()
            );
        }
        let entry = entries().find(|path| !path.ends_with("key")).unwrap();
        let mut bytes = std::fs::read(&entry).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&entry, bytes).unwrap();
        assert_eq!(cache.get::<String>("text", &[1; 32]), None);
        std::fs::write(folder.path().join("key"), "no key").unwrap();
        assert!(Cache::scoped(folder.path(), [1; 32]).is_err());
    }
}
