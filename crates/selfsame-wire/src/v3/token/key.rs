//! The server's keys for v3 tokens.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::derived_key::DerivedKey;
use crate::id::{Environment, PartnerId};
use crate::signature::ApiKey;

/// The bytes of a key.
pub const KEY_BYTES: usize = 32;
/// The characters of a key's name: base64 of 16 bytes.
const NAME_CHARACTERS: usize = 22;

/// What a key is called, in tokens and on record: 22 characters of URL-safe base64.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenKeyId(String);

/// The text names no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token key's name is 22 characters of URL-safe base64")]
pub struct NotATokenKeyId;

impl TokenKeyId {
    /// The name that these random bytes are.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TokenKeyId {
    type Error = NotATokenKeyId;
    fn try_from(text: String) -> Result<Self, NotATokenKeyId> {
        let good = text.len() == NAME_CHARACTERS
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        good.then_some(Self(text)).ok_or(NotATokenKeyId)
    }
}

impl From<TokenKeyId> for String {
    fn from(id: TokenKeyId) -> Self {
        id.0
    }
}

impl fmt::Display for TokenKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key of the server's: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKey {
    id: TokenKeyId,
    secret: Zeroizing<[u8; KEY_BYTES]>,
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({}, redacted)", self.id)
    }
}

impl TokenKey {
    /// A key of this name.
    #[must_use]
    pub const fn new(id: TokenKeyId, secret: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self { id, secret }
    }

    /// What it is called.
    #[must_use]
    pub const fn id(&self) -> &TokenKeyId {
        &self.id
    }

    /// The key itself: for encrypted storage only.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.secret
    }

    /// What the tokens of one partner in one environment are made with. The partner's API key is in it, so that another one ends the
    /// tokens that were made for the one before.
    pub(super) fn for_partner(
        &self,
        partner: &PartnerId,
        environment: Environment,
        api_key: &ApiKey,
    ) -> PartnerKeys {
        let derive = |what| {
            // A partner's id has no line breaks; the API key stands last.
            let purpose = Zeroizing::new(format!(
                "selfsame v3 token {what}\n{environment}\n{partner}\n{}",
                api_key.expose()
            ));
            DerivedKey::derive(self.secret.as_slice(), &purpose)
        };
        PartnerKeys {
            signs: derive("signature"),
            seals: derive("references"),
        }
    }
}

/// See [`TokenKey::for_partner`].
pub(super) struct PartnerKeys {
    pub(super) signs: DerivedKey,
    pub(super) seals: DerivedKey,
}
