//! A JSON Web Token (RFC 7519) of one kind: HS256, under one header, which is compared and never read.
//!
//! A library would read the algorithm from the token and then be told which ones to believe. Here no other can be said.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;

use crate::derived_key::DerivedKey;

/// `{"alg":"HS256","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// The text is no token of this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAToken;

/// Header, payload, tag: the payload as ASCII, because pages read it with `atob`, which knows no UTF-8.
pub(crate) fn encode(key: &DerivedKey, payload: &str) -> String {
    let mut token = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(in_ascii(payload)));
    let mut mac = key.code();
    mac.update(token.as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    token.push('.');
    token.push_str(&tag);
    token
}

/// JSON of the same meaning without white space between its tokens, and with every character beyond ASCII as an escape: outside of
/// strings JSON has none.
pub(crate) fn in_ascii(json: &str) -> String {
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
pub(crate) struct Parts<'t> {
    signed: &'t str,
    tag: Vec<u8>,
    /// JSON, if it is a token.
    pub(crate) payload: Vec<u8>,
}

impl<'t> Parts<'t> {
    /// Exactly three parts in the one encoding, the first of them the one header.
    pub(crate) fn of(token: &'t str) -> Result<Self, NotAToken> {
        let (signed, tag) = token.rsplit_once('.').ok_or(NotAToken)?;
        let (header, payload) = signed.split_once('.').ok_or(NotAToken)?;
        if header != HEADER {
            return Err(NotAToken);
        }
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAToken);
        Ok(Self {
            signed,
            tag: decode(tag)?,
            payload: decode(payload)?,
        })
    }

    /// Whether the key made it, in constant time.
    pub(crate) fn is_signed_by(&self, key: &DerivedKey) -> bool {
        let mut mac = key.code();
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
