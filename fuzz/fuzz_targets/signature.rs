//! Timestamps and signatures: no text breaks them, no text but the right one verifies.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use selfsame_wire::id::PartnerId;
use selfsame_wire::signature::{
    ApiKey, RequestSignatureError, TimestampWindow, format_timestamp, parse_timestamp, sign,
    sign_answer, verify_answer, verify_request_of_any_age,
};

#[derive(Debug, arbitrary::Arbitrary)]
struct Signed<'a> {
    key: &'a str,
    partner: &'a str,
    now: i64,
    timestamp: &'a str,
    signature: &'a str,
}

fuzz_target!(|input: Signed<'_>| {
    // To the year 9999: clocks say nothing else, and four digits hold nothing else.
    let now = Timestamp::from_second(input.now.rem_euclid(253_402_300_800))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let window = TimestampWindow::default();
    let _ = window.check(input.timestamp, now);
    if let Ok(at) = parse_timestamp(input.timestamp)
        && at >= Timestamp::UNIX_EPOCH
    {
        // What the server writes, it reads back, to the millisecond; it never writes a year before its own.
        let again = parse_timestamp(&format_timestamp(at));
        assert!(again.is_ok_and(|again| again.as_millisecond().abs_diff(at.as_millisecond()) <= 1));
    }
    assert_eq!(window.check(&format_timestamp(now), now), Ok(()));
    let Ok(partner) = PartnerId::new(input.partner) else {
        return;
    };
    let key = ApiKey::new(input.key);
    let right = sign(&key, &partner, input.timestamp);
    assert!(verify_answer(&key, &partner, input.timestamp, &right));
    assert_eq!(
        verify_answer(&key, &partner, input.timestamp, input.signature),
        input.signature == right
    );
    // What the server signs as an answer is no credential, and nothing but the right signature ever is one.
    let answer = sign_answer(&key, &partner, now);
    let as_request = |timestamp: &str, signature: &str| {
        verify_request_of_any_age(&key, &partner, timestamp, signature)
    };
    assert_eq!(
        as_request(&answer.timestamp, &answer.signature),
        Err(RequestSignatureError::OfAnAnswer)
    );
    if as_request(input.timestamp, input.signature).is_ok() {
        assert_eq!(input.signature, right);
    }
});
