//! The signature over a request's body: HMAC-SHA256 by the partner's API key over the timestamp's text and the body as it is sent.
//!
//! As the public clients write it, in hexadecimal digits; base64 is understood too (docs/decisions/0123-signed-bodies.md).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::signature::ApiKey;

/// The code of a body that passes, piece by piece.
pub struct BodyCode(Hmac<Sha256>);

impl std::fmt::Debug for BodyCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BodyCode(…)")
    }
}

impl BodyCode {
    /// Before any of the body.
    #[must_use]
    pub fn begin(key: &ApiKey, timestamp: &str) -> Self {
        let mut mac = match Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        };
        mac.update(timestamp.as_bytes());
        Self(mac)
    }

    /// The next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// Whether the signature is the one of what passed, compared in constant time.
    #[must_use]
    pub fn is(self, signature: &BodySignature) -> bool {
        self.0.verify_slice(&signature.0).is_ok()
    }

    /// The signature of what passed, as clients send it.
    #[must_use]
    pub fn sign(self) -> String {
        let tag = self.0.finalize().into_bytes();
        tag.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A signature as a request gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodySignature([u8; 32]);

impl BodySignature {
    /// Reads 64 hexadecimal digits, or base64 of 32 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = if text.len() == 64 {
            let nibble = |digit: &u8| char::from(*digit).to_digit(16);
            let pairs = text.as_bytes().chunks_exact(2);
            pairs
                .map(|pair| match pair {
                    [high, low] => {
                        let byte = (nibble(high)? << 4) | nibble(low)?;
                        u8::try_from(byte).ok()
                    }
                    _ => None,
                })
                .collect::<Option<Vec<u8>>>()?
        } else {
            STANDARD.decode(text).ok()?
        };
        bytes.try_into().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT: &str = "2026-01-02T03:04:05.678Z";

    fn code(key: &str, timestamp: &str, pieces: &[&[u8]]) -> BodyCode {
        let mut code = BodyCode::begin(&ApiKey::new(key), timestamp);
        for piece in pieces {
            code.update(piece);
        }
        code
    }

    #[test]
    fn a_signature_is_what_openssl_says() {
        // printf '2026-01-02T03:04:05.678Zthe body' | openssl dgst -sha256 -hmac key
        let hex = "82924fb5e5f4e988ef562b35c79760514b95173e21556b535ba1e165e3b671bb";
        assert_eq!(code("key", AT, &[b"the body"]).sign(), hex);
        let base64 = "gpJPteX06YjvVis1x5dgUUuVFz4hVWtTW6HhZeO2cbs=";
        for text in [hex, &hex.to_uppercase(), base64] {
            let signature = BodySignature::parse(text).unwrap();
            assert!(code("key", AT, &[b"the ", b"body"]).is(&signature));
            assert!(!code("key", AT, &[b"the bodx"]).is(&signature));
            assert!(!code("kez", AT, &[b"the body"]).is(&signature));
            assert!(!code("key", "2026-01-02T03:04:05.679Z", &[b"the body"]).is(&signature));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = BodySignature::parse(&text);
        }

        #[test]
        fn it_is_the_same_however_the_body_is_cut(body: Vec<u8>, at: prop::sample::Index) {
            let (one, other) = body.split_at(at.index(body.len() + 1));
            let signature = BodySignature::parse(&code("k", AT, &[&body]).sign()).unwrap();
            prop_assert!(code("k", AT, &[one, other]).is(&signature));
        }
    }
}
