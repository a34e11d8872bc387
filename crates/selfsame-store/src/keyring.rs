//! Envelope encryption: a master key wraps data keys, data keys encrypt everything else.
//!
//! XChaCha20-Poly1305 throughout: its nonces of 24 bytes may be drawn at random without ever repeating. What a ciphertext
//! belongs to is authenticated with it, so that none can stand in another's place.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::StoreError;

pub use crate::master_key::MasterKey;

pub(crate) const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::NoRandomness)?;
    Ok(bytes)
}

/// A key that encrypts records.
#[derive(Clone)]
pub(crate) struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

impl DataKey {
    pub(crate) fn generate() -> Result<Self, StoreError> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    pub(crate) const fn from_bytes(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

pub(crate) fn seal(
    key: &[u8; KEY_BYTES],
    plain: &[u8],
    belongs_to: &str,
) -> Result<Vec<u8>, StoreError> {
    let nonce: [u8; NONCE_BYTES] = random()?;
    let cipher = XChaCha20Poly1305::new(key.into());
    let sealed = cipher
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: plain,
                aad: belongs_to.as_bytes(),
            },
        )
        .map_err(|_| StoreError::Corrupt("value", "it is too large to encrypt".to_owned()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

pub(crate) fn open(key: &[u8; KEY_BYTES], sealed: &[u8], belongs_to: &str) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher
        .decrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: sealed,
                aad: belongs_to.as_bytes(),
            },
        )
        .ok()
}

/// The number of the data key that encrypted a value.
pub(crate) fn key_number(sealed: &[u8]) -> Option<u32> {
    sealed.first_chunk::<4>().copied().map(u32::from_le_bytes)
}

/// The data keys at hand: old ones to read with, the newest to write with.
#[derive(Clone)]
pub(crate) struct Keyring {
    keys: HashMap<u32, DataKey>,
    current: u32,
    /// The key that will write, and from when on, in microseconds since 1970.
    next: Option<(u32, i64)>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({} keys, redacted)", self.keys.len())
    }
}

impl Keyring {
    /// Keys by number, the one that writes, and the one that will. `None` without one to write with.
    pub(crate) fn new(
        keys: HashMap<u32, DataKey>,
        current: u32,
        next: Option<(u32, i64)>,
    ) -> Option<Self> {
        keys.contains_key(&current).then_some(Self {
            keys,
            current,
            next,
        })
    }

    /// The same keys, where another one writes from now on.
    pub(crate) fn turned(&self, now: i64) -> Option<Self> {
        let (number, _) = self.next.filter(|(_, from)| *from <= now)?;
        Some(Self {
            current: number,
            next: None,
            ..self.clone()
        })
    }

    /// The newest key's number.
    pub(crate) fn newest(&self) -> u32 {
        self.next.map_or(self.current, |(number, _)| number)
    }

    /// The number of the key that writes.
    pub(crate) const fn current(&self) -> u32 {
        self.current
    }

    /// The numbers of all keys.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.keys.keys().copied()
    }

    /// Encrypts, marked with the key's number. `belongs_to` names table, column and row.
    pub(crate) fn seal(&self, plain: &[u8], belongs_to: &str) -> Result<Vec<u8>, StoreError> {
        let key = self
            .keys
            .get(&self.current)
            .ok_or(StoreError::Sealed("value"))?;
        let sealed = seal(&key.0, plain, belongs_to)?;
        Ok([&self.current.to_le_bytes(), sealed.as_slice()].concat())
    }

    /// Decrypts what [`Keyring::seal`] encrypted for the same place.
    pub(crate) fn open(
        &self,
        sealed: &[u8],
        belongs_to: &str,
        what: &'static str,
    ) -> Result<Vec<u8>, StoreError> {
        let failed = StoreError::Sealed(what);
        let Some((number, sealed)) = sealed.split_first_chunk::<4>() else {
            return Err(failed);
        };
        let key = self
            .keys
            .get(&u32::from_le_bytes(*number))
            .ok_or(StoreError::Sealed(what))?;
        open(&key.0, sealed, belongs_to).ok_or(failed)
    }
}

/// The keyring of a store that is open, replaced when its keys change.
#[derive(Debug)]
pub(crate) struct SharedKeyring(RwLock<Arc<Keyring>>);

impl SharedKeyring {
    pub(crate) const fn new(ring: Arc<Keyring>) -> Self {
        Self(RwLock::new(ring))
    }

    /// The keys as they are now.
    pub(crate) fn get(&self) -> Arc<Keyring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace(&self, ring: Keyring) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// [`Keyring::seal`] with the keys as they are now.
    pub(crate) fn seal(&self, plain: &[u8], belongs_to: &str) -> Result<Vec<u8>, StoreError> {
        self.get().seal(plain, belongs_to)
    }

    /// [`Keyring::open`] with the keys as they are now.
    pub(crate) fn open(
        &self,
        sealed: &[u8],
        belongs_to: &str,
        what: &'static str,
    ) -> Result<Vec<u8>, StoreError> {
        self.get().open(sealed, belongs_to, what)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn ring() -> Keyring {
        Keyring::new(HashMap::from([(1, DataKey::generate().unwrap())]), 1, None).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let ring = ring();
        let sealed = ring.seal(b"a face", "users/template/1").unwrap();
        assert_eq!(
            ring.open(&sealed, "users/template/1", "x").unwrap(),
            b"a face"
        );
        assert!(ring.open(&sealed, "users/template/2", "x").is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(
                ring.open(&changed, "users/template/1", "x").is_err(),
                "byte {at}"
            );
        }
        assert!(
            super::tests::ring()
                .open(&sealed, "users/template/1", "x")
                .is_err()
        );
    }

    #[test]
    fn a_new_key_writes_and_the_old_one_still_reads() {
        let old = DataKey::generate().unwrap();
        let before = Keyring::new(HashMap::from([(1, old.clone())]), 1, None).unwrap();
        let sealed = before.seal(b"x", "p").unwrap();
        let after = Keyring::new(
            HashMap::from([(1, old), (2, DataKey::generate().unwrap())]),
            1,
            Some((2, 5)),
        )
        .unwrap();
        assert!(after.turned(4).is_none());
        let after = after.turned(5).unwrap();
        assert_eq!(after.open(&sealed, "p", "x").unwrap(), b"x");
        let newer = after.seal(b"y", "p").unwrap();
        assert!(before.open(&newer, "p", "x").is_err());
    }

    #[tokio::test]
    async fn another_master_key_is_told_apart() {
        let (a, b) = (
            MasterKey::generate().unwrap(),
            MasterKey::generate().unwrap(),
        );
        let wrapped = a.wrap("1", &DataKey::generate().unwrap()).await.unwrap();
        assert!(a.unwrap("1", &wrapped).await.is_ok());
        assert!(matches!(
            b.unwrap("1", &wrapped).await,
            Err(StoreError::MasterKey(_))
        ));
        assert!(MasterKey::from_hex("abc").is_err());
    }
}
