//! The person's consent, as every submission carries it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, WireError};

/// How far a caller's clock may be ahead.
const AHEAD: Duration = Duration::from_secs(60);
/// The longest address, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// A consent that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Always true: a submission without consent is refused.
    pub granted: bool,
    /// When it was given, as the caller wrote it.
    pub granted_at: String,
    /// The language in which the person was told what for: two capitals.
    pub notice_language: String,
    /// Where the person could read it.
    pub notice_privacy_policy_url: String,
}

impl Consent {
    /// Reads the part `consent`.
    ///
    /// # Errors
    /// 2204, or 2213 where a field is missing, naming the field.
    pub fn parse(json: &str, now: Timestamp) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Given {
            granted: Option<serde_json::Value>,
            granted_at: Option<String>,
            notice_language: Option<String>,
            notice_privacy_policy_url: Option<String>,
        }
        let given: Given = serde_json::from_str(json)
            .map_err(|error| WireError::new(ErrorCode::InvalidJson, format!("consent: {error}")))?;
        let text = |name: &str, value: Option<String>| {
            value
                .filter(|text| !text.is_empty())
                .ok_or_else(|| WireError::missing(&format!("consent.{name}")))
        };
        let wrong = |name: &str, wanted: &str| {
            Err(WireError::wrong_type(&format!("consent.{name}"), wanted))
        };
        match given.granted {
            None => return Err(WireError::missing("consent.granted")),
            Some(serde_json::Value::Bool(true)) => {}
            Some(_) => return wrong("granted", "true: nothing is done without consent"),
        }
        let granted_at = text("granted_at", given.granted_at)?;
        let Ok(at) = granted_at.parse::<Timestamp>() else {
            return wrong("granted_at", "a time as RFC 3339 writes it, with its zone");
        };
        if at.duration_since(now) > jiff::SignedDuration::try_from(AHEAD).unwrap_or_default() {
            return wrong("granted_at", "a time that has come");
        }
        let notice_language = text("notice_language", given.notice_language)?;
        if !matches!(notice_language.as_bytes(), [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase())
        {
            return wrong("notice_language", "two capital letters");
        }
        let url = text("notice_privacy_policy_url", given.notice_privacy_policy_url)?;
        if !is_https(&url) {
            return wrong("notice_privacy_policy_url", "an https address");
        }
        Ok(Self {
            granted: true,
            granted_at,
            notice_language,
            notice_privacy_policy_url: url,
        })
    }
}

/// Whether a text is an absolute https address, of a length that is kept.
fn is_https(text: &str) -> bool {
    let host = text.strip_prefix("https://").map(|rest| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        &rest[..end]
    });
    host.is_some_and(|host| !host.is_empty())
        && text.len() <= MAX_URL_BYTES
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-01-02T03:04:05Z";

    fn parse(json: &str) -> Result<Consent, String> {
        Consent::parse(json, NOW.parse().unwrap()).map_err(|e| e.message)
    }

    fn with(field: &str, value: &str) -> String {
        let mut consent = serde_json::json!({
            "granted": true, "granted_at": "2026-01-02T03:04:05.000Z", "notice_language": "EN",
            "notice_privacy_policy_url": "https://example.com/p",
        });
        consent[field] = serde_json::from_str(value).unwrap();
        consent.to_string()
    }

    #[test]
    fn a_consent_is_taken_as_it_was_given() {
        let consent = parse(&with("granted", "true")).unwrap();
        assert_eq!(consent.granted_at, "2026-01-02T03:04:05.000Z");
        assert!(parse(&with("granted_at", "\"2026-01-02T03:05:05Z\"")).is_ok());
        assert!(parse(&with("granted_at", "\"2020-01-02T03:05:05+01:00\"")).is_ok());
    }

    #[test]
    fn each_field_that_is_wrong_is_named() {
        for (field, value) in [
            ("granted", "false"),
            ("granted", "\"true\""),
            ("granted", "null"),
            ("granted_at", "\"2026-01-02T03:05:06Z\""),
            ("granted_at", "\"yesterday\""),
            ("granted_at", "\"\""),
            ("notice_language", "\"en\""),
            ("notice_language", "\"ENG\""),
            ("notice_privacy_policy_url", "\"http://example.com\""),
            ("notice_privacy_policy_url", "\"https:///p\""),
            ("notice_privacy_policy_url", "\"https://a b\""),
        ] {
            let error = parse(&with(field, value)).unwrap_err();
            assert!(error.contains(&format!("consent.{field}")), "{error}");
        }
        for json in ["", "[]", "{", "7"] {
            assert!(parse(json).unwrap_err().starts_with("consent: "), "{json}");
        }
    }
}
