//! Links and tokens that come back: only what was sealed opens, and only as it was sealed.
#![no_main]

// The server keeps this to itself; the fuzzer looks at the same file.
#[path = "../../crates/selfsame-server/src/sealed_link.rs"]
mod sealed_link;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use selfsame_wire::signature::ApiKey;

#[derive(Debug, arbitrary::Arbitrary)]
struct Link<'a> {
    key: &'a str,
    value: &'a str,
    given: &'a str,
    /// Characters changed in a link that was sealed rightly.
    changes: Vec<(u16, u8)>,
}

fuzz_target!(|link: Link<'_>| {
    let (key, now) = (ApiKey::new(link.key), Timestamp::UNIX_EPOCH);
    let Ok(later) = Timestamp::from_second(60) else {
        return;
    };
    let _ = sealed_link::peek::<serde_json::Value>(link.given);
    let Some(sealed) = sealed_link::seal(&key, "image", &link.value, later) else {
        return;
    };
    let open = |text: &str| sealed_link::open::<String>(&key, "image", text, now);
    assert_eq!(open(&sealed).as_deref(), Some(link.value));
    if link.given != sealed {
        assert_eq!(open(link.given), None);
    }
    let mut changed = sealed.clone().into_bytes();
    for (at, value) in &link.changes {
        let length = changed.len();
        changed[usize::from(*at) % length] = *value;
    }
    if let Ok(changed) = String::from_utf8(changed)
        && changed != sealed
    {
        assert_eq!(open(&changed), None);
    }
});
