//! Ed25519 keys, and how they are named.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Before a public key that is written as text.
const PREFIX: &str = "ed25519:";
const PUBLIC_KEY_BYTES: usize = 32;

/// Why a key cannot be used. Never tells any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No Ed25519 key in PKCS#8.
    #[error("the key is no Ed25519 key in PKCS#8, version 2")]
    NotPkcs8,
    /// No public key as text.
    #[error(
        "the public key is none: it is written `ed25519:` and 43 characters of URL-safe base64"
    )]
    NotPublic,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers for a key")]
    NoRandomness,
}

/// Signs receipts.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.fingerprint())
    }
}

impl SigningKey {
    /// A new key in PKCS#8, for [`SigningKey::from_pkcs8`]. Keep it as you keep the master key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let made = made.map_err(|_| KeyError::NoRandomness)?;
        Ok(Zeroizing::new(made.as_ref().to_vec()))
    }

    /// The key of a seed of 32 random bytes, which whoever keeps it keeps as the master key.
    ///
    /// # Errors
    /// Never, for a seed of that length.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::NotPkcs8)?;
        let public = pair.public_key().as_ref().try_into();
        let public = VerifyingKey(public.map_err(|_| KeyError::NotPkcs8)?);
        Ok(Self { pair, public })
    }

    /// A key as [`SigningKey::generate`] makes it.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(bytes).map_err(|_| KeyError::NotPkcs8)?;
        let public = pair.public_key().as_ref().try_into();
        let public = VerifyingKey(public.map_err(|_| KeyError::NotPkcs8)?);
        Ok(Self { pair, public })
    }

    /// What its signatures are verified by.
    #[must_use]
    pub const fn public(&self) -> &VerifyingKey {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

/// Verifies receipts. Written as text `ed25519:` and base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifyingKey([u8; PUBLIC_KEY_BYTES]);

impl VerifyingKey {
    /// The key's name: its JWK thumbprint (RFC 7638), 43 characters.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let x = BASE64.encode(self.0);
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        BASE64.encode(Sha256::digest(members))
    }

    /// The key as a JWK, for programs that know JOSE.
    #[must_use]
    pub fn to_jwk(&self) -> String {
        serde_json::json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": BASE64.encode(self.0),
            "kid": self.fingerprint(),
            "alg": "EdDSA",
            "use": "sig",
        })
        .to_string()
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(message, signature)
            .is_ok()
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", BASE64.encode(self.0))
    }
}

impl FromStr for VerifyingKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let coded = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(KeyError::NotPublic)?;
        let bytes = BASE64.decode(coded).map_err(|_| KeyError::NotPublic)?;
        Ok(Self(bytes.try_into().map_err(|_| KeyError::NotPublic)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_is_read_as_it_is_written() {
        let key = SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
        let text = key.public().to_string();
        assert_eq!(text.parse(), Ok(*key.public()));
        for wrong in [
            "",
            "ed25519:",
            "ed25519:AAAA",
            &text[8..],
            &format!("{text}A"),
        ] {
            assert_eq!(wrong.parse::<VerifyingKey>(), Err(KeyError::NotPublic));
        }
        assert!(key.public().to_jwk().contains(&text[8..]));
        assert!(!format!("{key:?}").contains(&text[8..]));
    }

    #[test]
    fn the_thumbprint_is_the_standards() {
        // RFC 8037, appendix A.3.
        let key: VerifyingKey = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
            .parse()
            .unwrap();
        let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        assert_eq!(key.fingerprint(), thumbprint);
    }

    #[test]
    fn a_seed_is_always_the_same_key() {
        // RFC 8032, test 1.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let seed: [u8; 32] =
            std::array::from_fn(|at| u8::from_str_radix(&seed[2 * at..2 * at + 2], 16).unwrap());
        let key = SigningKey::from_seed(&seed).unwrap();
        assert_eq!(
            key.public().to_string(),
            "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let whole = SigningKey::generate().unwrap();
        for wrong in [&b""[..], b"key", &whole[..whole.len() - 1]] {
            assert_eq!(
                SigningKey::from_pkcs8(wrong).unwrap_err(),
                KeyError::NotPkcs8
            );
        }
    }
}
