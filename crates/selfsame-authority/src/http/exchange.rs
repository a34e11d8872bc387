//! One request and its answer, within limits.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;

use super::address::Address;
use super::settings::Settings;
use crate::authority::AskError;
use crate::config::{ConfigError, Place};
use crate::service::{self, MAX_PEM, unreached};

/// The most values that an answer may hold: each takes many times its bytes in memory.
const MAX_VALUES: usize = 100_000;

/// What an answer holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Empty,
    Json(Value),
    /// Something else; what it says it is.
    Other(String),
    /// More than is read.
    TooLong,
}

/// The client that questions go by.
///
/// # Errors
/// When a certificate or key cannot be used.
pub(super) fn client(
    settings: &Settings,
    address: &Address,
    timeout: Duration,
    place: &Place,
) -> Result<reqwest::Client, ConfigError> {
    let mut client =
        service::builder(&[address.example()], settings.ca.as_deref(), timeout, place)?;
    match (&settings.client_certificate, &settings.client_key) {
        (None, None) => {}
        (Some(certificate), Some(key)) => {
            let mut pem = zeroize::Zeroizing::new(place.read_file("client_key", key, MAX_PEM)?);
            let certificate_pem = place.read_file("client_certificate", certificate, MAX_PEM)?;
            pem.push(b'\n');
            pem.extend_from_slice(&certificate_pem);
            let identity = reqwest::Identity::from_pem(&pem).map_err(|_| {
                let problem = format!(
                    "and client_key name {} and {}, which hold no certificate and private key in PEM",
                    certificate.display(),
                    key.display()
                );
                place.wrong("client_certificate", problem)
            })?;
            client = client.identity(identity);
        }
        (Some(_), None) => {
            return Err(place.wrong("client_key", "is missing: client_certificate needs its key"));
        }
        (None, Some(_)) => {
            return Err(place.wrong(
                "client_certificate",
                "is missing: client_key needs its certificate",
            ));
        }
    }
    service::built(client, place)
}

/// Sends, and reads the answer to its end or to the limit.
///
/// # Errors
/// [`AskError::Unreachable`] where no whole answer comes.
pub(super) async fn exchange(
    request: RequestBuilder,
    most: usize,
) -> Result<(StatusCode, Content), AskError> {
    let mut answer = request.send().await.map_err(|error| unreached(&error))?;
    let status = answer.status();
    if answer
        .content_length()
        .is_some_and(|length| length > most as u64)
    {
        return Ok((status, Content::TooLong));
    }
    let kind = kind(&answer);
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unreached(&error))? {
        if bytes.len() + chunk.len() > most {
            return Ok((status, Content::TooLong));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((status, content(&bytes, kind)))
}

fn content(bytes: &[u8], kind: String) -> Content {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Content::Empty;
    }
    // Commas within texts count too: it is a limit, not a count.
    let values = bytes
        .iter()
        .filter(|b| matches!(b, b',' | b'[' | b'{'))
        .count();
    if values > MAX_VALUES {
        return Content::TooLong;
    }
    match serde_json::from_slice(bytes) {
        Ok(value) => Content::Json(value),
        Err(_) => Content::Other(kind),
    }
}

/// What the answer says it is, as far as that can be shown.
fn kind(answer: &Response) -> String {
    let text = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    let text = text
        .and_then(|t| t.split(';').next())
        .unwrap_or_default()
        .trim();
    let shown = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '/' | '+' | '.' | '-');
    let text: String = text.chars().filter(shown).take(60).collect();
    if text.is_empty() {
        "something without a type".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(bytes: &[u8]) -> Content {
        content(bytes, "text/html".to_owned())
    }

    #[test]
    fn answers_are_json_or_nothing() {
        assert_eq!(read(b" {\"a\": 1}\n"), Content::Json(json!({"a": 1})));
        assert_eq!(read(b" \r\n"), Content::Empty);
        assert_eq!(read(b""), Content::Empty);
        for text in [&b"<html>"[..], b"{\"a\": 1} x", b"\xff\xfe", b"{", b"\0"] {
            assert_eq!(read(text), Content::Other("text/html".to_owned()));
        }
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        assert_eq!(
            read(deep.as_bytes()),
            Content::Other("text/html".to_owned())
        );
        let many = format!("[{}1]", "1,".repeat(MAX_VALUES));
        assert_eq!(read(many.as_bytes()), Content::TooLong);
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
