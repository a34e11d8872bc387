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
