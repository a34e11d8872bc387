//! The language that a capture client shows its texts in: `?locale=en-GB`.

use serde::{Deserialize, Serialize};

/// A language that the lists' texts exist in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English, which stands in where nothing else is known.
    #[default]
    En,
    /// French.
    Fr,
    /// Arabic.
    Ar,
}

impl Locale {
    /// What `?locale=` asks for: the language before the region counts, and a language that is not there is English.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let language = text.trim().split(['-', '_']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("fr") {
            Self::Fr
        } else if language.eq_ignore_ascii_case("ar") {
            Self::Ar
        } else {
            Self::En
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_counts_and_the_region_does_not() {
        for (text, locale) in [
            ("en-GB", Locale::En),
            ("fr-FR", Locale::Fr),
            ("FR_ci", Locale::Fr),
            (" ar-EG", Locale::Ar),
            ("sw", Locale::En),
            ("", Locale::En),
            ("french", Locale::En),
        ] {
            assert_eq!(Locale::of(text), locale, "{text}");
        }
    }
}
