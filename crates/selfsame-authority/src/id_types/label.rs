//! What people call things, in the languages there are.

use selfsame_wire::locale::Locale;
use serde::Deserialize;
use serde::de::{self, Deserializer};

/// The longest name, in bytes.
const MAX_BYTES: usize = 100;

/// A name that a person reads: 1 to 100 bytes without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label(String);

impl Label {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if (1..=MAX_BYTES).contains(&text.len()) && !text.chars().any(char::is_control) {
            Ok(Self(text))
        } else {
            Err(de::Error::custom(format!(
                "must be 1 to {MAX_BYTES} bytes without control characters"
            )))
        }
    }
}

/// The same name in other languages than English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Translations {
    fr: Option<Label>,
    ar: Option<Label>,
}

impl Translations {
    pub(super) fn of(&self, locale: Locale) -> Option<&str> {
        let label = match locale {
            Locale::En => None,
            Locale::Fr => self.fr.as_ref(),
            Locale::Ar => self.ar.as_ref(),
        };
        label.map(Label::as_str)
    }
}

/// A country's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountryName {
    en: Label,
    fr: Option<Label>,
    ar: Option<Label>,
}

impl CountryName {
    pub(super) fn of(&self, locale: Locale) -> &str {
        let label = match locale {
            Locale::En => None,
            Locale::Fr => self.fr.as_ref(),
            Locale::Ar => self.ar.as_ref(),
        };
        label.unwrap_or(&self.en).as_str()
    }
}
