//! A master key that this process holds itself.

use std::io::Write as _;
use std::path::Path;

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::{WrapKeys, another, failed};
use crate::error::{StoreError, io};
use crate::keyring::{KEY_BYTES, open, random, seal};

/// No file with a key is longer.
const MAX_FILE: u64 = 1024;

pub(super) struct LocalKey(Zeroizing<[u8; KEY_BYTES]>);

impl std::fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LocalKey(redacted)")
    }
}

impl LocalKey {
    pub(super) fn generate() -> Result<Self, StoreError> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    pub(super) fn from_hex(text: &str) -> Result<Self, StoreError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        hex::decode_to_slice(text.trim(), key.as_mut_slice())
            .map_err(|_| failed("it must be 64 hexadecimal digits"))?;
        Ok(Self(key))
    }

    pub(super) fn read(path: &Path) -> Result<Self, StoreError> {
        use std::io::Read as _;
        let mut text = Zeroizing::new(String::new());
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
            .map_err(io(path))?;
        Self::from_hex(&text).map_err(|_| {
            failed(format!(
                "{} must hold 64 hexadecimal digits",
                path.display()
            ))
        })
    }

    pub(super) fn read_or_create(path: &Path) -> Result<Self, StoreError> {
        if path.try_exists().map_err(io(path))? {
            return Self::read(path);
        }
        let key = Self::generate()?;
        let text = Zeroizing::new(hex::encode(key.0.as_slice()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())
                    .and_then(|()| file.sync_all())
                    .map_err(io(path))?;
                Ok(key)
            }
            // Another process was quicker: its key counts.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Self::read(path),
            Err(error) => Err(io(path)(error)),
        }
    }
}

#[async_trait]
impl WrapKeys for LocalKey {
    async fn wrap(&self, scope: &str, key: &[u8; KEY_BYTES]) -> Result<Vec<u8>, StoreError> {
        seal(&self.0, key, scope)
    }

    async fn unwrap(
        &self,
        scope: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, StoreError> {
        let bytes = Zeroizing::new(open(&self.0, wrapped, scope).ok_or_else(another)?);
        let key = bytes
            .as_slice()
            .try_into()
            .map_err(|_| StoreError::Corrupt("data key", "it has the wrong length".to_owned()))?;
        Ok(Zeroizing::new(key))
    }
}
