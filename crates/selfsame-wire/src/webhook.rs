//! The code over a callback's body, by the Standard Webhooks convention.
//!
//! The wire's own signature covers a timestamp and the partner. These three headers cover every byte of the body as well:
//! `webhook-signature: v1,BASE64(HMAC-SHA256(secret, webhook-id "." webhook-timestamp "." body))`. The secret is made from the
//! API key for this purpose alone, so that the code proves nothing anywhere else.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::signature::{ApiKey, TimestampWindow, WindowError};

/// Names a message: the same at each try, another for each result and each replay.
pub const ID: &str = "webhook-id";
/// When the message was signed, in Unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The codes, separated by spaces, each with its version before it.
pub const SIGNATURE: &str = "webhook-signature";

/// What the secret is derived for.
const PURPOSE: &[u8] = b"selfsame webhook secret";
/// The only version that is made and read here.
const VERSION: &str = "v1,";
/// The most codes that are compared; more than two are of no use (an old key and a new one).
const MOST_CODES: usize = 8;

/// How old, and how far ahead, a code may be: five minutes each way, as the convention has it. It is made afresh at each try.
pub const WINDOW: TimestampWindow = TimestampWindow {
    past: std::time::Duration::from_secs(300),
    future: std::time::Duration::from_secs(300),
};

/// The key of the code: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<[u8; 32]>);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(redacted)")
    }
}

/// The three headers of a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookHeaders {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
}

/// Why a body is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// A header is missing.
    #[error("the callback carries no {0} header")]
    Missing(&'static str),
    /// The id holds a dot, which would let a body's beginning pass for a part of it.
    #[error("the {ID} header is not an id")]
    Id,
    /// No code is right.
    #[error(
        "the callback's {SIGNATURE} is not right: its body was changed, or it does not come from a server that holds this \
         API key"
    )]
    WrongSignature,
    /// The code is right but not fresh.
    #[error(transparent)]
    Window(#[from] WindowError),
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

impl WebhookSecret {
    /// The secret that goes with an API key: `HMAC-SHA256(api_key, "selfsame webhook secret")`.
    #[must_use]
    pub fn derive(key: &ApiKey) -> Self {
        let mut mac = keyed(key.expose().as_bytes());
        mac.update(PURPOSE);
        Self(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    /// The secret as any Standard Webhooks library takes it: `whsec_` and base64.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("whsec_{}", STANDARD.encode(self.0.as_slice())))
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = keyed(self.0.as_slice());
        mac.update(id.as_bytes());
        mac.update(b".");
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
    }

    /// Makes the headers of a message.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> WebhookHeaders {
        let timestamp = at.as_second().to_string();
        let code = self.mac(id, &timestamp, body).finalize().into_bytes();
        WebhookHeaders {
            id: id.to_owned(),
            signature: format!("{VERSION}{}", STANDARD.encode(code)),
            timestamp,
        }
    }

    /// Checks the body of a message that was received: the code first, in constant time, then freshness.
    ///
    /// # Errors
    /// [`WebhookError`] says why it is not to be trusted.
    pub fn verify(
        &self,
        headers: &WebhookHeaders,
        body: &[u8],
        window: &TimestampWindow,
        now: Timestamp,
    ) -> Result<(), WebhookError> {
        let WebhookHeaders {
            id,
            timestamp,
            signature,
        } = headers;
        if id.is_empty() || id.contains('.') {
            return Err(WebhookError::Id);
        }
        // Digits alone: whatever else reads as a time is none of the convention's.
        if timestamp.is_empty() || !timestamp.bytes().all(|b| b.is_ascii_digit()) {
            return Err(WindowError::Unreadable.into());
        }
        let right = signature
            .split(' ')
            .filter_map(|code| STANDARD.decode(code.strip_prefix(VERSION)?).ok())
            .take(MOST_CODES)
            .any(|code| self.mac(id, timestamp, body).verify_slice(&code).is_ok());
        if !right {
            return Err(WebhookError::WrongSignature);
        }
        Ok(window.check(timestamp, now)?)
    }
}

#[cfg(test)]
mod tests {
    use crate::signature::{RequestSignatureError, verify_request};

    use super::*;

    #[test]
    fn a_changed_byte_or_header_is_refused() {
        let secret = WebhookSecret::derive(&ApiKey::new("k"));
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let body = br#"{"ResultCode":"0820"}"#;
        let good = secret.sign("job-1", now, body);
        let check =
            |headers: &WebhookHeaders, body: &[u8], now| secret.verify(headers, body, &WINDOW, now);
        assert_eq!(check(&good, body, now), Ok(()));
        let wrong = Err(WebhookError::WrongSignature);
        assert_eq!(check(&good, br#"{"ResultCode":"0821"}"#, now), wrong);
        assert_eq!(check(&good, b"", now), wrong);
        for changed in [
            WebhookHeaders {
                id: "job-2".to_owned(),
                ..good.clone()
            },
            WebhookHeaders {
                timestamp: "1769860801".to_owned(),
                ..good.clone()
            },
            WebhookHeaders {
                signature: String::new(),
                ..good.clone()
            },
            WebhookHeaders {
                signature: good.signature.replace("v1,", "v1a,"),
                ..good.clone()
            },
        ] {
            assert_eq!(check(&changed, body, now), wrong, "{changed:?}");
        }
        let rotated = WebhookHeaders {
            signature: format!("v1,AAAA v1a,x {}", good.signature),
            ..good.clone()
        };
        assert_eq!(check(&rotated, body, now), Ok(()));
        let minutes = |n: i64| now + jiff::SignedDuration::from_mins(n);
        assert_eq!(
            check(&good, body, minutes(6)),
            Err(WindowError::Stale.into())
        );
        assert_eq!(
            check(&good, body, minutes(-6)),
            Err(WindowError::Future.into())
        );
        let other = WebhookSecret::derive(&ApiKey::new("other"));
        assert_eq!(other.verify(&good, body, &WINDOW, now), wrong);
    }

    #[test]
    fn nothing_of_the_body_passes_for_a_header() {
        let secret = WebhookSecret::derive(&ApiKey::new("k"));
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let good = secret.sign("a", now, b"1769860800.rest");
        let moved = WebhookHeaders {
            id: format!("a.{}", good.timestamp),
            timestamp: "1769860800".to_owned(),
            signature: good.signature,
        };
        assert_eq!(
            secret.verify(&moved, b"rest", &WINDOW, now),
            Err(WebhookError::Id)
        );
    }

    #[test]
    fn the_code_is_no_credential() {
        let key = ApiKey::new("k");
        let secret = WebhookSecret::derive(&key);
        assert_ne!(secret.0.as_slice(), key.expose().as_bytes());
        let partner = "p".parse().unwrap();
        let now = Timestamp::now();
        let headers = secret.sign("id", now, b"{}");
        let code = headers.signature.trim_start_matches("v1,");
        let window = TimestampWindow::default();
        assert_eq!(
            verify_request(&key, &partner, &headers.timestamp, code, &window, now),
            Err(RequestSignatureError::Wrong)
        );
    }
}
