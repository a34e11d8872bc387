//! What a number looks like.

use regex_lite::{Regex, RegexBuilder};
use serde::Deserialize;
use serde::de::{self, Deserializer};

/// The longest pattern, in bytes.
const MAX_BYTES: usize = 256;
/// The most memory that a pattern may take once it is read, in bytes: an operator's `{1000}` within `{1000}` ends here.
const MAX_COMPILED_BYTES: usize = 64 * 1024;
/// How deep a pattern's brackets may go.
const MAX_DEPTH: u32 = 16;

/// A regular expression that a whole number matches. Clients get its text, and read it by the rules of JavaScript: `\d` means the ten
/// ASCII digits here as there, and what the two read differently is refused.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("is longer than {MAX_BYTES} bytes"));
        }
        let inner = text
            .strip_prefix('^')
            .and_then(|rest| rest.strip_suffix('$'))
            .filter(|inner| !ends_in_backslash(inner))
            .ok_or("must begin with ^ and end with $: it describes the whole number")?;
        if inner.replace("(?:", "(").contains("(?") {
            return Err(
                "must not hold (? but as (?: …): clients would read it otherwise".to_owned(),
            );
        }
        let build = |text: &str| {
            RegexBuilder::new(text)
                .size_limit(MAX_COMPILED_BYTES)
                .nest_limit(MAX_DEPTH)
                .build()
                .map_err(|error| format!("is no regular expression that can be used: {error}"))
        };
        // On its own: a)(b would be one only within the brackets below.
        build(inner)?;
        // ^a|b$ without brackets is fitted by all that begins with a.
        let regex = build(&format!("^(?:{inner})$"))?;
        Ok(Self {
            text: text.to_owned(),
            regex,
        })
    }

    /// Whether all of `number` fits.
    #[must_use]
    pub fn fits(&self, number: &str) -> bool {
        self.regex.is_match(number)
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Whether the `$` behind it is an escaped one.
fn ends_in_backslash(text: &str) -> bool {
    text.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_describes_the_whole_number() {
        let pattern = Pattern::new(r"^a|\d{2}$").unwrap();
        for (number, fits) in [
            ("a", true),
            ("12", true),
            ("ab", false),
            ("x12", false),
            ("12\n", false),
            ("١٢", false),
        ] {
            assert_eq!(pattern.fits(number), fits, "{number:?}");
        }
        assert_eq!(pattern.as_str(), r"^a|\d{2}$");
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_its_reason() {
        let long = format!("^{}$", "a".repeat(MAX_BYTES));
        let deep = format!("^{}a{}$", "(".repeat(40), ")".repeat(40));
        for (text, reason) in [
            ("[0-9]+", "must begin with ^"),
            ("^[0-9]+", "must begin with ^"),
            (r"^a\$", "must begin with ^"),
            ("^$$", "Ok"),
            ("^(?i)a$", "(?:"),
            ("^(?P<n>a)$", "(?:"),
            ("^(?:a)$", "Ok"),
            ("^[$", "is no regular expression"),
            ("^a)(b$", "is no regular expression"),
            (r"^\p{Greek}$", "is no regular expression"),
            ("^((a{1000}){1000}){1000}$", "is no regular expression"),
            (&deep, "is no regular expression"),
            (&long, "is longer"),
        ] {
            match Pattern::new(text) {
                Ok(_) => assert_eq!(reason, "Ok", "{text}"),
                Err(error) => assert!(error.contains(reason), "{text}: {error}"),
            }
        }
    }

    #[test]
    fn a_pattern_that_other_engines_hang_on_is_read_in_step_with_the_number() {
        let pattern = Pattern::new("^(a+)+b$").unwrap();
        assert!(!pattern.fits(&"a".repeat(128)));
    }
}
