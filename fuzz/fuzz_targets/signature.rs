//! Timestamps and signatures: no text breaks them, no text but the right one verifies.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use selfsame_wire::id::PartnerId;
use selfsame_wire::signature::{
    ApiKey, TimestampWindow, format_timestamp, parse_timestamp, sign, verify,
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
    assert!(verify(&key, &partner, input.timestamp, &right));
    assert_eq!(
        verify(&key, &partner, input.timestamp, input.signature),
        input.signature == right
    );
});
