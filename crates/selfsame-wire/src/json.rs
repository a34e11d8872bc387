//! Which JSON is accepted: only what every reader of its echo can read.
//!
//! Much of a request is kept as text and echoed byte for byte. RFC 8259's grammar allows numbers that no double holds, and
//! escapes that are no character; a parser that builds values from the echo fails on either.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// How deep a text may nest.
const MAX_DEPTH: usize = 64;

/// Checks a JSON text without keeping any of it.
///
/// # Errors
/// Says what is wrong with it.
pub(crate) fn check(text: &str) -> Result<(), String> {
    if depth(text) > MAX_DEPTH {
        return Err(format!("it nests deeper than {MAX_DEPTH} levels"));
    }
    serde_json::from_str(text)
        .map(|Readable| ())
        .map_err(|e| e.to_string())
}

/// How deep a JSON text nests, counted without recursion and without memory.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Any value, read as a value and dropped.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(Self)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(Self)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(Self)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(Self)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(Self)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(Self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(Self)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<Self, Self>()?.is_some() {}
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        assert_eq!(depth("5"), 0);
        assert_eq!(depth(r#"{"a":[1,{"b":"[[[\"[{"}],"c":[]}"#), 3);
    }

    #[test]
    fn what_a_reader_could_not_read_is_refused() {
        for text in [
            r#"{"a":[1.5e300,-0,18446744073709551616,"\ud83d\ude00",null,true]}"#,
            r#"{"a":1,"a":2}"#,
        ] {
            assert_eq!(check(text), Ok(()));
        }
        for text in [
            r#"{"a":9592315E592}"#,
            r#"{"a":{"b":[-1e999]}}"#,
            r#"{"a":"\ud83d"}"#,
            r#"{"\udc00":1}"#,
            r#"{"a":1} x"#,
            &format!("{}{}", "[".repeat(65), "]".repeat(65)),
        ] {
            assert!(check(text).is_err(), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err() || depth(text) > 64);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_accepted_is_what_a_value_can_be_made_of(text in "[\\[\\]{}:,\"\\\\ud8e0-9+.-]{0,24}") {
            proptest::prop_assert_eq!(check(&text).is_ok(), serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
    }
}
