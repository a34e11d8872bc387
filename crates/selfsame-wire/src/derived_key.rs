//! Keys for one purpose each, derived from a secret that serves several.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A key for one purpose, wiped when dropped: what it makes is nothing of another kind, whatever stands in it.
pub(crate) struct DerivedKey(Zeroizing<[u8; 32]>);

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

impl DerivedKey {
    /// `purpose` differs from the purposes of all else that the secret is used for.
    pub(crate) fn derive(secret: &[u8], purpose: &str) -> Self {
        let mut mac = keyed(secret);
        mac.update(purpose.as_bytes());
        Self(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    /// A code by this key, before any text.
    pub(crate) fn code(&self) -> Hmac<Sha256> {
        keyed(self.0.as_slice())
    }

    /// The key itself, for a cipher.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
