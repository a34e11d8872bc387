//! A JSON Web Token (RFC 7519) of one kind: HS256, under one header, which is compared and never read.
//!
//! A library would read the algorithm from the token and then be told which ones to believe. Here no other can be said.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::TokenError;
use crate::id::{Environment, PartnerId};
use crate::signature::ApiKey;

/// `{"alg":"HS256","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Signs the web tokens of a partner in one environment, and nothing else: it is derived from the API key for that, so that no
/// token is a request's signature, an app's auth token or a sealed link, whatever stands in it.
pub(super) struct SigningKey(Zeroizing<Vec<u8>>);

impl SigningKey {
    pub(super) fn derive(key: &ApiKey, partner: &PartnerId, environment: Environment) -> Self {
        let mut mac = keyed(key.expose().as_bytes());
        mac.update(format!("selfsame web token key\n{environment}\n{partner}").as_bytes());
        Self(Zeroizing::new(mac.finalize().into_bytes().to_vec()))
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

/// Header, payload, tag: the payload as ASCII, because pages read it with `atob`, which knows no UTF-8.
pub(super) fn encode(key: &SigningKey, payload: &str) -> String {
    let mut token = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(in_ascii(payload)));
    let mut mac = keyed(&key.0);
    mac.update(token.as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    token.push('.');
    token.push_str(&tag);
    token
}

/// JSON of the same meaning without white space between its tokens, and with every character beyond ASCII as an escape: outside of
/// strings JSON has none.
pub(super) fn in_ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for character in json.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            ' ' | '\n' | '\r' | '\t' if !in_string => continue,
            _ => {}
        }
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// A token taken apart, not yet to be believed.
pub(super) struct Parts<'t> {
    signed: &'t str,
    tag: Vec<u8>,
    /// JSON, if it is a token.
    pub(super) payload: Vec<u8>,
}

impl<'t> Parts<'t> {
    /// Exactly three parts in the one encoding, the first of them the one header.
    pub(super) fn of(token: &'t str) -> Result<Self, TokenError> {
        let (signed, tag) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        if header != HEADER {
            return Err(TokenError::Malformed);
        }
        let decode = |text: &str| {
            URL_SAFE_NO_PAD
                .decode(text)
                .map_err(|_| TokenError::Malformed)
        };
        Ok(Self {
            signed,
            tag: decode(tag)?,
            payload: decode(payload)?,
        })
    }

    /// Whether the key made it, in constant time.
    pub(super) fn is_signed_by(&self, key: &SigningKey) -> bool {
        let mut mac = keyed(&key.0);
        mac.update(self.signed.as_bytes());
        mac.verify_slice(&self.tag).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_what_it_is_said_to_be() {
        let header = URL_SAFE_NO_PAD.decode(HEADER).unwrap();
        assert_eq!(header, br#"{"alg":"HS256","typ":"JWT"}"#);
    }

    #[test]
    fn the_payload_is_ascii_and_means_the_same() {
        let json = "{ \"é\" :\n[1,\t\"鍵 𝔸 \\u00e9 \\\" \\\\\" ] }";
        let ascii = in_ascii(json);
        assert!(ascii.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        assert_eq!(in_ascii(&ascii), ascii);
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&ascii), value(json));
    }
}
