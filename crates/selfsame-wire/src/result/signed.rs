//! Signing a result, and checking one that was received.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::id::PartnerId;
use crate::signature::{self, ApiKey, TimestampWindow, WindowError};

/// A result with a fresh timestamp and its signature.
#[derive(Debug, Clone)]
pub struct SignedResult(String);

type Object = IndexMap<String, Box<RawValue>>;

/// Why a result cannot be signed or trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignedResultError {
    /// Not a JSON object.
    #[error("the result is not a JSON object: {0}")]
    NotAnObject(String),
    /// `timestamp` or `signature` is missing.
    #[error("the result carries no {0}")]
    Missing(&'static str),
    /// The signature is another's, or the timestamp was changed.
    #[error(
        "the result's signature is not right: it does not come from a server that holds this API key"
    )]
    WrongSignature,
    /// The signature is right but not fresh.
    #[error(transparent)]
    Window(#[from] WindowError),
}

fn object(bytes: &[u8]) -> Result<Object, SignedResultError> {
    serde_json::from_slice(bytes).map_err(|e| SignedResultError::NotAnObject(e.to_string()))
}

fn raw_text(text: &str) -> Box<RawValue> {
    match serde_json::value::to_raw_value(text) {
        Ok(raw) => raw,
        Err(_) => unreachable!("text is always JSON"),
    }
}

impl SignedResult {
    /// Adds `timestamp` and `signature` to a stored result; every other value keeps its bytes.
    ///
    /// # Errors
    /// When the bytes are no JSON object.
    pub fn sign(
        result: &[u8],
        key: &ApiKey,
        partner: &PartnerId,
        now: Timestamp,
    ) -> Result<Self, SignedResultError> {
        let mut object = object(result)?;
        let signed = signature::sign_answer(key, partner, now);
        object.insert("timestamp".to_owned(), raw_text(&signed.timestamp));
        object.insert("signature".to_owned(), raw_text(&signed.signature));
        serde_json::to_string(&object)
            .map(Self)
            .map_err(|e| SignedResultError::NotAnObject(e.to_string()))
    }

    /// Checks a result that was received: signature first, then freshness.
    ///
    /// # Errors
    /// [`SignedResultError`] says why it is not to be trusted.
    pub fn verify(
        bytes: &[u8],
        key: &ApiKey,
        partner: &PartnerId,
        window: &TimestampWindow,
        now: Timestamp,
    ) -> Result<Self, SignedResultError> {
        let object = object(bytes)?;
        let text = |name: &'static str| -> Result<String, SignedResultError> {
            let raw = object.get(name).ok_or(SignedResultError::Missing(name))?;
            serde_json::from_str(raw.get()).map_err(|_| SignedResultError::Missing(name))
        };
        let timestamp = text("timestamp")?;
        if !signature::verify_answer(key, partner, &timestamp, &text("signature")?) {
            return Err(SignedResultError::WrongSignature);
        }
        window.check(&timestamp, now)?;
        serde_json::to_string(&object)
            .map(Self)
            .map_err(|e| SignedResultError::NotAnObject(e.to_string()))
    }

    /// The JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// The JSON text as a body.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    /// The JSON text as a value to embed.
    #[must_use]
    pub fn into_raw(self) -> Box<RawValue> {
        match RawValue::from_string(self.0) {
            Ok(raw) => raw,
            Err(_) => unreachable!("it was printed as JSON"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_result_keeps_every_byte_of_its_values_and_verifies() {
        let (key, partner) = (ApiKey::new("k"), PartnerId::new("p").unwrap());
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let stored = br#"{"PartnerParams":{ "a" : 1.0e2,"b":"\u00e9"},"timestamp":"old"}"#;
        let signed = SignedResult::sign(stored, &key, &partner, now).unwrap();
        assert!(signed.as_json().starts_with(
            r#"{"PartnerParams":{ "a" : 1.0e2,"b":"\u00e9"},"timestamp":"2026-01-31T12:00:00.000000001Z","signature":""#
        ));
        let window = TimestampWindow::default();
        let verify = |bytes: &[u8], key: &ApiKey, now| {
            SignedResult::verify(bytes, key, &partner, &window, now).map(drop)
        };
        let bytes = signed.clone().into_bytes();
        assert_eq!(verify(&bytes, &key, now), Ok(()));
        assert_eq!(
            verify(&bytes, &ApiKey::new("other"), now),
            Err(SignedResultError::WrongSignature)
        );
        let later = now + jiff::SignedDuration::from_hours(2);
        assert_eq!(
            verify(&bytes, &key, later),
            Err(SignedResultError::Window(WindowError::Stale))
        );
        assert_eq!(
            verify(b"{}", &key, now),
            Err(SignedResultError::Missing("timestamp"))
        );
        let forged = signed.as_json().replace("12:00:00.000", "12:00:01.000");
        assert_eq!(
            verify(forged.as_bytes(), &key, now),
            Err(SignedResultError::WrongSignature)
        );
    }
}
