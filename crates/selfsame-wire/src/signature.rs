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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn partner() -> PartnerId {
        PartnerId::new("2343").unwrap()
    }

    #[test]
    fn agrees_with_the_public_python_client() {
        // smile_id_core.Signature("2343", "key-1").generate_signature("2026-01-31T12:00:00.000+00:00")
        let signature = sign(
            &ApiKey::new("key-1"),
            &partner(),
            "2026-01-31T12:00:00.000+00:00",
        );
        assert_eq!(signature, "l15TVv02FjV4GUmO1i9JQD9etPW9BpB2bQ/gyEkBuQE=");
    }

    #[test]
    fn the_window_has_two_ends() {
        let window = TimestampWindow::default();
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        assert_eq!(
            window.check("2026-01-31T11:30:00.123456+00:00", now),
            Ok(())
        );
        assert_eq!(window.check("2026-01-31T12:04:00.000Z", now), Ok(()));
        assert_eq!(window.check("1769860800", now), Ok(()));
        assert_eq!(window.check("1769860800000", now), Ok(()));
        assert_eq!(
            window.check("2026-01-31T10:59:00Z", now),
            Err(WindowError::Stale)
        );
        assert_eq!(
            window.check("2026-01-31T12:06:00Z", now),
            Err(WindowError::Future)
        );
        assert_eq!(window.check("yesterday", now), Err(WindowError::Unreadable));
        assert_eq!(
            window.check("9223372036854775807", now),
            Err(WindowError::Unreadable)
        );
    }

    #[test]
    fn every_public_client_is_read() {
        // What each writes at this moment; docs/decisions/0058 names the sources.
        let now: Timestamp = "2026-11-26T07:07:57Z".parse().unwrap();
        for text in [
            "2026-11-26T07:07:57.123456+00:00",
            "2026-11-26T07:07:57.123Z",
            "2026-11-26 07:07:57 +0000",
            "2026-11-26 10:07:57 +0300",
            "2026-11-25 23:37:57 -0730",
            "2026-11-26 07:07:57 UTC",
            "2026-11-26T07:07:57+00:00",
            "2026-11-26T08:07:57+01:00",
            "2026-11-26T07:07:57+0000",
            "2026-11-26T07:07:57.123456789Z",
            "2026-11-26T07:07:57Z",
            "2026-11-26T08:07:57.123+01:00",
            "1795676877",
            "1795676877123",
            "2026-11-26 07:07:57.123+00:00",
            "2026-11-26T07:07:57.123+0000",
            "2026-11-26T07:07:57Z[UTC]",
        ] {
            let read = parse_timestamp(text).unwrap();
            assert_eq!(read.as_second(), now.as_second(), "{text}");
        }
    }

    #[test]
    fn a_local_time_is_refused_and_says_why() {
        for text in [
            "2026-11-26T07:07:57.123456",
            "2026-11-26T07:07:57",
            "2026-11-26 07:07:57",
            "2026-11-26T07:07",
        ] {
            assert_eq!(parse_timestamp(text), Err(WindowError::NoOffset), "{text}");
        }
        for text in [
            "",
            " ",
            "2026-11-26",
            "2026-11-26 +0000",
            "07:07:57 +0000",
            "2026-11-26T07:07: 57Z",
            "2026-11-26 07:07:57  +0000",
            "2026-11-26 07:07:57 EST",
            "2026-11-26 07:07:57 + 0000",
            "2026-11-26 07:07:57 +9999",
            "26/11/2026 07:07:57 +0000",
            "1795676877.5",
            "1795676877 +0000",
        ] {
            assert_eq!(
                parse_timestamp(text),
                Err(WindowError::Unreadable),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_was_signed_as_an_answer_authorises_nothing_however_it_is_spelt() {
        let (key, window) = (ApiKey::new("k"), TimestampWindow::default());
        let now: Timestamp = "2026-01-31T12:00:00.678912345Z".parse().unwrap();
        let given = |timestamp: &str| {
            let signature = sign(&key, &partner(), timestamp);
            verify_request(&key, &partner(), timestamp, &signature, &window, now)
        };
        let answer = sign_answer(&key, &partner(), now);
        assert_eq!(answer.timestamp, "2026-01-31T12:00:00.678000001Z");
        assert!(verify_answer(
            &key,
            &partner(),
            &answer.timestamp,
            &answer.signature
        ));
        assert_eq!(window.check(&answer.timestamp, now), Ok(()));
        // The server signs the first of these only; the others would be new spellings of it.
        for timestamp in [
            &*answer.timestamp,
            "2026-01-31T12:00:00.678000001z",
            "2026-01-31 12:00:00.678000001Z",
            "2026-01-31T12:00:00,678000001+00:00",
            "2026-01-31T12:00:00.000000001-00:00",
            "2026-01-31T14:00:00.678000001+02:00",
            "2026-01-31T12:00:00.678000001Z[UTC]",
        ] {
            assert_eq!(
                given(timestamp),
                Err(RequestSignatureError::OfAnAnswer),
                "{timestamp}"
            );
        }
        let app = sign_for_an_app(&key, &partner(), now);
        assert_eq!(app.timestamp, "2026-01-31T12:00:00.678000002Z");
        assert!(is_for_an_app(&app.timestamp) && !is_for_an_app(&answer.timestamp));
        assert_eq!(given(&app.timestamp), Ok(()));
        // What clients write: milliseconds, microseconds, a finer clock, no fraction, Unix time.
        for timestamp in [
            &*sign_request(&key, &partner(), now).timestamp,
            "2026-01-31T12:00:00.678123+00:00",
            "2026-01-31T12:00:00.000001Z",
            "2026-01-31T12:00:00.678123001Z",
            "2026-01-31T12:00:00Z",
            "2026-01-31T12:00:00-00:00",
            "1769860800",
            "1769860800001",
        ] {
            assert_eq!(given(timestamp), Ok(()), "{timestamp}");
            assert!(!is_for_an_app(timestamp), "{timestamp}");
        }
    }

    #[test]
    fn a_request_is_refused_for_its_first_fault() {
        let (key, window) = (ApiKey::new("k"), TimestampWindow::default());
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let verify = |key: &ApiKey, signed: &Signed, now| {
            verify_request(
                key,
                &partner(),
                &signed.timestamp,
                &signed.signature,
                &window,
                now,
            )
        };
        let signed = sign_request(&key, &partner(), now);
        assert_eq!(verify(&key, &signed, now), Ok(()));
        let later = now + jiff::SignedDuration::from_hours(2);
        assert_eq!(verify(&key, &signed, later), Err(WindowError::Stale.into()));
        let other = ApiKey::new("other");
        assert_eq!(
            verify(&other, &signed, later),
            Err(RequestSignatureError::Wrong)
        );
        // Who does not hold the key is not told what the timestamp is.
        let answer = sign_answer(&key, &partner(), now);
        assert_eq!(
            verify(&other, &answer, now),
            Err(RequestSignatureError::Wrong)
        );
        assert_eq!(
            verify(&key, &answer, later),
            Err(RequestSignatureError::OfAnAnswer)
        );
    }

    proptest! {
        #[test]
        fn no_answer_is_ever_a_credential(seconds in 0i64..253_402_300_000, nanoseconds in 0i32..1_000_000_000) {
            let (key, now) = (ApiKey::new("k"), Timestamp::new(seconds, nanoseconds).unwrap());
            let answer = sign_answer(&key, &partner(), now);
            prop_assert_eq!(
                verify_request_of_any_age(&key, &partner(), &answer.timestamp, &answer.signature),
                Err(RequestSignatureError::OfAnAnswer)
            );
            let request = sign_request(&key, &partner(), now);
            prop_assert_eq!(
                verify_request_of_any_age(&key, &partner(), &request.timestamp, &request.signature),
                Ok(())
            );
        }

        #[test]
        fn only_the_same_key_partner_and_timestamp_verify(key in ".{1,40}", other in ".{1,40}", timestamp in ".{0,40}") {
            let signature = sign(&ApiKey::new(key.clone()), &partner(), &timestamp);
            prop_assert!(verify_answer(&ApiKey::new(key.clone()), &partner(), &timestamp, &signature));
            let late = format!("{timestamp}0");
            prop_assert!(!verify_answer(&ApiKey::new(key.clone()), &partner(), &late, &signature));
            prop_assume!(key != other);
            prop_assert!(!verify_answer(&ApiKey::new(other), &partner(), &timestamp, &signature));
        }

        #[test]
        fn no_signature_text_breaks_it(signature in ".{0,80}", timestamp in ".{0,40}") {
            let _ = verify_request_of_any_age(&ApiKey::new("k"), &partner(), &timestamp, &signature);
            let _ = TimestampWindow::default().check(&timestamp, Timestamp::now());
        }
    }
}
