//! The wire's signature: `base64(HMAC-SHA256(api_key, timestamp + partner_id + "sid_request"))`.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use jiff::civil::DateTime;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::id::PartnerId;

/// A partner's secret: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// Takes a key as text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The key itself: for signing and for encrypted storage only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(redacted)")
    }
}

fn mac(key: &ApiKey, partner: &PartnerId, timestamp: &str) -> Hmac<Sha256> {
    let mut mac = match Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    };
    mac.update(timestamp.as_bytes());
    mac.update(partner.as_str().as_bytes());
    mac.update(b"sid_request");
    mac
}

/// Signs a timestamp of the caller's own, as a client signs a request.
#[must_use]
pub fn sign(key: &ApiKey, partner: &PartnerId, timestamp: &str) -> String {
    STANDARD.encode(mac(key, partner, timestamp).finalize().into_bytes())
}

/// A timestamp and the signature over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What was signed.
    pub timestamp: String,
    /// Base64.
    pub signature: String,
}

/// Signs the moment as a credential: what a request carries.
#[must_use]
pub fn sign_request(key: &ApiKey, partner: &PartnerId, now: Timestamp) -> Signed {
    let timestamp = format_timestamp(now);
    Signed {
        signature: sign(key, partner, &timestamp),
        timestamp,
    }
}

/// Signs the moment as a credential that an app is given: good for what an app does. See [`is_for_an_app`].
#[must_use]
pub fn sign_for_an_app(key: &ApiKey, partner: &PartnerId, now: Timestamp) -> Signed {
    marked(key, partner, now, Mark::App)
}

/// Signs the moment as part of an answer or a callback. Whoever receives it can check it, and [`verify_request`] refuses it.
#[must_use]
pub fn sign_answer(key: &ApiKey, partner: &PartnerId, now: Timestamp) -> Signed {
    marked(key, partner, now, Mark::Answer)
}

/// What the server's own timestamps tell: nanoseconds past a millisecond. Clients' clocks tell less, or anything; see
/// docs/decisions/0037-answers-are-no-credentials.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Answer = 1,
    App = 2,
}

fn marked(key: &ApiKey, partner: &PartnerId, now: Timestamp, mark: Mark) -> Signed {
    let until_milliseconds = now.strftime("%Y-%m-%dT%H:%M:%S.%3f");
    let timestamp = format!("{until_milliseconds}{:06}Z", mark as i32);
    Signed {
        signature: sign(key, partner, &timestamp),
        timestamp,
    }
}

/// Whether a timestamp carries a mark, however it is spelt.
fn has(timestamp: &str, mark: Mark) -> bool {
    parse_timestamp(timestamp)
        .is_ok_and(|at| at.subsec_nanosecond().rem_euclid(1_000_000) == mark as i32)
}

/// Whether a timestamp is one that an app was given to sign its requests with: it is no proof that the caller holds the API key.
#[must_use]
pub fn is_for_an_app(timestamp: &str) -> bool {
    has(timestamp, Mark::App)
}

/// Whether an answer's signature is right, compared in constant time. For whoever receives answers: the age is for
/// [`TimestampWindow::check`]. For what comes in as a request there is [`verify_request`].
#[must_use]
pub fn verify_answer(key: &ApiKey, partner: &PartnerId, timestamp: &str, signature: &str) -> bool {
    STANDARD
        .decode(signature)
        .is_ok_and(|given| mac(key, partner, timestamp).verify_slice(&given).is_ok())
}

/// Why a request's signature is no credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestSignatureError {
    /// Another key, partner or timestamp.
    #[error("the signature does not match: check the partner id, the API key and its environment")]
    Wrong,
    /// The server made it, as part of an answer.
    #[error(
        "this signature is of an answer or a callback, and authorises nothing; sign each request anew, with a timestamp of your own"
    )]
    OfAnAnswer,
    /// Right, but not fresh.
    #[error(transparent)]
    Window(#[from] WindowError),
}

/// Checks a request's signature: whose it is (in constant time), that it was made for a request, and its age.
///
/// # Errors
/// [`RequestSignatureError`] says why it authorises nothing.
pub fn verify_request(
    key: &ApiKey,
    partner: &PartnerId,
    timestamp: &str,
    signature: &str,
    window: &TimestampWindow,
    now: Timestamp,
) -> Result<(), RequestSignatureError> {
    verify_request_of_any_age(key, partner, timestamp, signature)?;
    Ok(window.check(timestamp, now)?)
}

/// As [`verify_request`], whatever the age: for what is checked long after it was sent.
///
/// # Errors
/// [`RequestSignatureError`], never `Window`.
pub fn verify_request_of_any_age(
    key: &ApiKey,
    partner: &PartnerId,
    timestamp: &str,
    signature: &str,
) -> Result<(), RequestSignatureError> {
    if !verify_answer(key, partner, timestamp, signature) {
        Err(RequestSignatureError::Wrong)
    } else if has(timestamp, Mark::Answer) {
        Err(RequestSignatureError::OfAnAnswer)
    } else {
        Ok(())
    }
}

/// A timestamp as clients write it, and the server where it signs nothing: ISO 8601, UTC, milliseconds.
#[must_use]
pub fn format_timestamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Reads a timestamp as clients write it (docs/decisions/0058): ISO 8601 with an offset, Ruby's `2026-01-31 12:00:00 +0000`,
/// Unix seconds or milliseconds.
///
/// # Errors
/// [`WindowError::NoOffset`] for a local time, which may mean any of many moments; [`WindowError::Unreadable`] when it is
/// none of these.
pub fn parse_timestamp(text: &str) -> Result<Timestamp, WindowError> {
    if let Ok(number) = text.parse::<i64>() {
        // Seconds reach this number in the year 5138; milliseconds passed it in 1973.
        let parsed = if number.abs() < 100_000_000_000 {
            Timestamp::from_second(number)
        } else {
            Timestamp::from_millisecond(number)
        };
        return parsed.map_err(|_| WindowError::Unreadable);
    }
    let parsed = match apart(text) {
        Some((local, offset)) => format!("{local}{offset}").parse(),
        None => text.parse(),
    };
    parsed.map_err(|_| {
        if text.contains(':') && text.parse::<DateTime>().is_ok() {
            WindowError::NoOffset
        } else {
            WindowError::Unreadable
        }
    })
}

/// Local time and offset of Ruby's `Time#to_s`, which sets a space between them and writes UTC by name in `Time#utc`.
fn apart(text: &str) -> Option<(&str, &str)> {
    match text.rsplit_once(' ')? {
        (local, "UTC" | "GMT" | "Z") => Some((local, "Z")),
        (local, offset) => offset.starts_with(['+', '-']).then_some((local, offset)),
    }
}

/// How far a signed timestamp may lie from the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampWindow {
    /// How old it may be.
    pub past: Duration,
    /// How far ahead it may be.
    pub future: Duration,
}

impl Default for TimestampWindow {
    /// An hour back, because the public Python client signs once and keeps polling with that; five minutes ahead.
    fn default() -> Self {
        Self {
            past: Duration::from_secs(3600),
            future: Duration::from_secs(300),
        }
    }
}

/// Why a timestamp is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Not a timestamp.
    #[error(
        "the timestamp cannot be read; send ISO 8601 with an offset, e.g. 2026-01-31T12:00:00.000Z"
    )]
    Unreadable,
    /// A local time: it does not say which moment it means.
    #[error(
        "the timestamp has no offset from UTC, so that it does not say which moment it means; send e.g. 2026-01-31T12:00:00.000Z"
    )]
    NoOffset,
    /// Too old.
    #[error("the timestamp is too old; sign each request anew and check the clock")]
    Stale,
    /// Too far ahead.
    #[error("the timestamp lies in the future; check the clock")]
    Future,
}

impl TimestampWindow {
    /// Checks a timestamp against the clock.
    ///
    /// # Errors
    /// [`WindowError`] says why it is refused.
    pub fn check(&self, timestamp: &str, now: Timestamp) -> Result<(), WindowError> {
        let age = now.duration_since(parse_timestamp(timestamp)?);
        let signed = |d: Duration| i64::try_from(d.as_secs()).unwrap_or(i64::MAX);
        if age.as_secs() > signed(self.past) {
            Err(WindowError::Stale)
        } else if age.as_secs() < -signed(self.future) {
            Err(WindowError::Future)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
