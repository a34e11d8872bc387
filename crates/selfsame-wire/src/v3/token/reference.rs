//! What a token fixes of a person, as references that only the server opens.
//!
//! XChaCha20-Poly1305 over the text; the token's key, partner, environment and number and the field's name are bound to it, so that a
//! reference opens nowhere but in its own token and field.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::derived_key::DerivedKey;

/// Texts are filled up to a multiple of so many bytes: a reference does not tell how long a name is.
const BLOCK: usize = 32;
const NONCE_BYTES: usize = 24;

/// A field that stands in a token as a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    IdNumber,
    GivenNames,
    LastName,
    Email,
    PhoneNumber,
    CallbackUrl,
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::IdNumber => "id_number",
            Self::GivenNames => "given_names",
            Self::LastName => "last_name",
            Self::Email => "email",
            Self::PhoneNumber => "phone_number",
            Self::CallbackUrl => "callback_url",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::CallbackUrl => "callback_",
            _ => "pii_",
        }
    }
}

/// The reference opens nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpensNothing;

/// Makes and opens the references of one token.
pub(super) struct References<'k> {
    pub(super) key: &'k DerivedKey,
    /// What tells the token from every other one.
    pub(super) token: String,
}

impl References<'_> {
    fn belongs_to(&self, field: Field) -> String {
        format!(
            "selfsame v3 token reference\n{}\n{}",
            self.token,
            field.name()
        )
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.bytes().into())
    }

    /// `text` has no control characters. No two calls have one nonce.
    pub(super) fn seal(&self, field: Field, nonce: [u8; NONCE_BYTES], text: &str) -> String {
        let mut plain = Zeroizing::new(text.as_bytes().to_vec());
        let filled = (text.len().max(1)).next_multiple_of(BLOCK);
        plain.resize(filled, 0);
        let aad = self.belongs_to(field);
        let payload = Payload {
            msg: &plain,
            aad: aad.as_bytes(),
        };
        let sealed = match self.cipher().encrypt(&XNonce::from(nonce), payload) {
            Ok(sealed) => sealed,
            Err(_) => unreachable!("the cipher takes texts up to 256 GiB"),
        };
        let whole = [nonce.as_slice(), &sealed].concat();
        format!("{}{}", field.prefix(), URL_SAFE_NO_PAD.encode(whole))
    }

    pub(super) fn open(&self, field: Field, reference: &str) -> Result<String, OpensNothing> {
        let encoded = reference.strip_prefix(field.prefix()).ok_or(OpensNothing)?;
        let whole = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| OpensNothing)?;
        let (nonce, sealed) = whole
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(OpensNothing)?;
        let aad = self.belongs_to(field);
        let payload = Payload {
            msg: sealed,
            aad: aad.as_bytes(),
        };
        let plain = self
            .cipher()
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| OpensNothing)?;
        let text = String::from_utf8(plain).map_err(|_| OpensNothing)?;
        Ok(text.trim_end_matches('\0').to_owned())
    }
}
