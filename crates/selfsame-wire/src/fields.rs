//! Reads a request's values: a JSON object field by field, so that each fault names its field, and the ways in which
//! clients write booleans and numbers.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::error::{ErrorCode, WireError};
use crate::json;

/// A boolean as clients write it in text: `true`, `1`, `yes` or `on`, and `false`, `0`, `no`, `off` or nothing, in any case.
/// `None` for anything else.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    let text = text.trim();
    let is_one_of = |names: &[&str]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    if is_one_of(&["true", "1", "yes", "on"]) {
        Some(true)
    } else if is_one_of(&["false", "0", "no", "off", ""]) {
        Some(false)
    } else {
        None
    }
}

/// A whole number as clients write it: `4`, and `4.0` where a language knows floating-point numbers only. `None` for
/// negative numbers, fractions, and numbers that a double does not hold exactly.
#[must_use]
pub fn whole_number(text: &str) -> Option<u64> {
    /// 2⁵³: up to here a double holds every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0 && number < EXACT)
            .then(|| format!("{number:.0}").parse().ok())
            .flatten()
    })
}

/// The bytes without the byte-order mark that some editors and languages put before UTF-8.
#[must_use]
pub fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The most that an object or a list may take that is kept as it came, in bytes.
const MAX_KEPT_BYTES: usize = 64 * 1024;

/// The fields of a JSON object, unread. The last of two fields of one name counts.
#[derive(Debug)]
pub(crate) struct Fields<'j> {
    members: HashMap<String, &'j RawValue>,
    /// Stands before the names in errors.
    prefix: String,
}

impl<'j> Fields<'j> {
    /// Splits an object; a byte-order mark before it is passed over.
    pub(crate) fn parse(bytes: &'j [u8]) -> Result<Self, WireError> {
        let invalid = |detail: &str| {
            WireError::new(
                ErrorCode::InvalidJson,
                format!("the body is not a JSON object: {detail}"),
            )
        };
        let text = std::str::from_utf8(without_byte_order_mark(bytes))
            .map_err(|_| invalid("it is not UTF-8"))?;
        json::check(text).map_err(|e| invalid(&e))?;
        let members = serde_json::from_str(text).map_err(|e| invalid(&e.to_string()))?;
        Ok(Self {
            members,
            prefix: String::new(),
        })
    }

    /// The same fields, named in errors as parts of something: `partner_params.`.
    pub(crate) fn within(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn missing(&self, name: &str) -> WireError {
        WireError::missing(&format!("{}{name}", self.prefix))
    }

    fn wrong_type(&self, name: &str, wanted: &str) -> WireError {
        WireError::wrong_type(&format!("{}{name}", self.prefix), wanted)
    }

    /// A field that is there and not null.
    pub(crate) fn raw(&self, name: &str) -> Option<&'j RawValue> {
        self.members
            .get(name)
            .copied()
            .filter(|v| v.get() != "null")
    }

    /// Text; empty text counts as absent.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, WireError> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        let text: String =
            serde_json::from_str(raw.get()).map_err(|_| self.wrong_type(name, "a string"))?;
        Ok(Some(text).filter(|t| !t.is_empty()))
    }

    /// Text that must be there.
    pub(crate) fn required_text(&self, name: &str) -> Result<String, WireError> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    /// A number or text, as text: some clients send numbers where others send strings.
    pub(crate) fn scalar(&self, name: &str) -> Result<Option<String>, WireError> {
        match self.raw(name) {
            Some(raw) if is_number(raw) => Ok(Some(raw.get().to_owned())),
            _ => self.text(name),
        }
    }

    /// A number or text that must be there, as text.
    pub(crate) fn required_scalar(&self, name: &str) -> Result<String, WireError> {
        self.scalar(name)?.ok_or_else(|| self.missing(name))
    }

    /// An identifier: text, or a whole number, which some clients take for one (7 and 7.0 name the same as "7").
    pub(crate) fn identifier(&self, name: &str) -> Result<Option<String>, WireError> {
        let Some(raw) = self.raw(name).filter(|raw| is_number(raw)) else {
            return self.text(name);
        };
        let digits = raw.get();
        if digits.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Some(digits.to_owned()));
        }
        whole_number(digits)
            .map(|number| Some(number.to_string()))
            .ok_or_else(|| self.wrong_type(name, "a string"))
    }

    /// An identifier that must be there.
    pub(crate) fn required_identifier(&self, name: &str) -> Result<String, WireError> {
        self.identifier(name)?.ok_or_else(|| self.missing(name))
    }

    /// A whole number, as a number or as the text of one; empty text counts as absent.
    pub(crate) fn whole_number(&self, name: &str) -> Result<Option<u64>, WireError> {
        let wrong = || self.wrong_type(name, "a number");
        let Some(text) = self.scalar(name).map_err(|_| wrong())? else {
            return Ok(None);
        };
        whole_number(&text).map(Some).ok_or_else(wrong)
    }

    /// A whole number that must be there.
    pub(crate) fn required_whole_number(&self, name: &str) -> Result<u64, WireError> {
        self.whole_number(name)?.ok_or_else(|| self.missing(name))
    }

    /// A flag, as a boolean, or as text or a number that [`boolean`] reads; absent or empty is false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, WireError> {
        let wrong = || self.wrong_type(name, "true or false");
        match self.raw(name).map(RawValue::get) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => match self.scalar(name).map_err(|_| wrong())? {
                None => Ok(false),
                Some(text) => boolean(&text).ok_or_else(wrong),
            },
        }
    }

    /// An object that is kept as it came.
    pub(crate) fn kept_object(&self, name: &str) -> Result<Option<Box<RawValue>>, WireError> {
        self.kept(name, '{', "an object")
    }

    /// A list that is kept as it came.
    pub(crate) fn kept_list(&self, name: &str) -> Result<Option<Box<RawValue>>, WireError> {
        self.kept(name, '[', "a list")
    }

    fn kept(
        &self,
        name: &str,
        opens: char,
        wanted: &str,
    ) -> Result<Option<Box<RawValue>>, WireError> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        if !raw.get().starts_with(opens) {
            return Err(self.wrong_type(name, wanted));
        }
        if raw.get().len() > MAX_KEPT_BYTES {
            return Err(
                self.wrong_type(name, &format!("{wanted} of at most {MAX_KEPT_BYTES} bytes"))
            );
        }
        Ok(Some(raw.to_owned()))
    }
}

fn is_number(raw: &RawValue) -> bool {
    raw.get()
        .starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_read_as_clients_write_them() {
        for text in ["true", "True", "TRUE", "1", "yes", "Yes", "on", " true\n"] {
            assert_eq!(boolean(text), Some(true), "{text:?}");
        }
        for text in ["false", "False", "0", "no", "NO", "off", "", " "] {
            assert_eq!(boolean(text), Some(false), "{text:?}");
        }
        for text in [
            "2",
            "-1",
            "1.0",
            "t",
            "y",
            "null",
            "None",
            "truth",
            "tru e",
            "ｔｒｕｅ",
        ] {
            assert_eq!(boolean(text), None, "{text:?}");
        }
    }

    #[test]
    fn whole_numbers_may_be_written_as_floating_point() {
        for (text, number) in [
            ("4", 4),
            ("4.0", 4),
            (" 4 ", 4),
            ("4.000", 4),
            ("4e0", 4),
            ("0", 0),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(whole_number(text), Some(number), "{text:?}");
        }
        for text in [
            "", "-4", "-0.0", "+4", "4.5", "0x4", "four", "inf", "nan", "4,0", "1e300", "1e16",
            "4 4", "４",
        ] {
            assert_eq!(whole_number(text), None, "{text:?}");
        }
    }

    #[test]
    fn flags_and_identifiers_are_lenient_but_strict_about_nonsense() {
        let json = br#"{"a":true,"b":"Yes","c":1,"d":"","e":null,"f":0,"g":"off","x":[],"y":2,"z":"maybe",
            "text":"7","number":7,"float":7.0,"large":123456789012345678901234567890,"half":7.5,"minus":-7,"list":["7"]}"#;
        let fields = Fields::parse(json).unwrap().within("p.");
        for (name, value) in [
            ("a", true),
            ("b", true),
            ("c", true),
            ("d", false),
            ("e", false),
            ("f", false),
            ("g", false),
            ("absent", false),
        ] {
            assert_eq!(fields.flag(name), Ok(value), "{name}");
        }
        for name in ["x", "y", "z"] {
            let error = fields.flag(name).unwrap_err().to_string();
            assert_eq!(error, format!("2204: p.{name} must be true or false"));
        }
        for name in ["text", "number", "float"] {
            assert_eq!(fields.required_identifier(name).unwrap(), "7", "{name}");
        }
        let large = fields.required_identifier("large").unwrap();
        assert_eq!(large, "123456789012345678901234567890");
        for name in ["half", "minus", "list"] {
            assert!(fields.identifier(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_once() {
        let fields = Fields::parse(b"\xef\xbb\xbf{\"a\":1}").unwrap();
        assert_eq!(fields.whole_number("a"), Ok(Some(1)));
        assert!(Fields::parse(b"\xef\xbb\xbf\xef\xbb\xbf{}").is_err());
        assert!(Fields::parse(b"\xff\xfe{\0}\0").is_err());
    }

    #[test]
    fn what_is_kept_keeps_its_bytes_within_a_limit() {
        let fields = Fields::parse(br#"{"o":{ "a" : 1.0e2},"l":[ ],"n":null}"#).unwrap();
        let kept = |raw: Option<Box<RawValue>>| raw.unwrap().get().to_owned();
        assert_eq!(kept(fields.kept_object("o").unwrap()), r#"{ "a" : 1.0e2}"#);
        assert_eq!(kept(fields.kept_list("l").unwrap()), "[ ]");
        assert!(fields.kept_object("n").unwrap().is_none());
        assert!(fields.kept_object("l").is_err() && fields.kept_list("o").is_err());
        let long = format!(r#"{{"o":{{"a":"{}"}}}}"#, "x".repeat(MAX_KEPT_BYTES));
        let fields = Fields::parse(long.as_bytes()).unwrap();
        assert!(
            fields
                .kept_object("o")
                .unwrap_err()
                .message
                .contains("65536")
        );
    }

    proptest::proptest! {
        #[test]
        fn every_number_that_a_double_holds_is_read_either_way(number in 0u64..1 << 53) {
            proptest::prop_assert_eq!(whole_number(&number.to_string()), Some(number));
            proptest::prop_assert_eq!(whole_number(&format!("{number}.0")), Some(number));
        }
    }
}
