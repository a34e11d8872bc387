//! A number of which only the end is shown.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What stands for all that is not shown. As long for a short number as for a long one.
const MASK: &str = "••••";
/// Most characters that are shown.
const MOST_SHOWN: usize = 4;
/// Fewest that are not, however short the number.
const LEAST_HIDDEN: usize = 4;

/// A number of an identity, masked but for its last four characters; of a short one, four at least are masked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MaskedNumber(String);

/// A text that is no masked number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a masked number is four dots, and four letters or digits at most")]
pub struct NotMasked;

impl MaskedNumber {
    /// Masks a number. Only letters and digits are ever shown.
    #[must_use]
    pub fn of(number: &str) -> Self {
        let all: Vec<char> = number.chars().filter(|c| c.is_alphanumeric()).collect();
        let shown = MOST_SHOWN.min(all.len().saturating_sub(LEAST_HIDDEN));
        let end: String = all.iter().skip(all.len() - shown).collect();
        Self(format!("{MASK}{end}"))
    }

    /// As it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MaskedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for MaskedNumber {
    type Error = NotMasked;

    fn try_from(text: String) -> Result<Self, NotMasked> {
        let end = text.strip_prefix(MASK).ok_or(NotMasked)?;
        if end.chars().count() > MOST_SHOWN || !end.chars().all(char::is_alphanumeric) {
            return Err(NotMasked);
        }
        Ok(Self(text))
    }
}

impl From<MaskedNumber> for String {
    fn from(number: MaskedNumber) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_end_is_shown() {
        for (number, shown) in [
            ("12345678901", "••••8901"),
            ("A-123/456 78", "••••5678"),
            ("ABC-123", "••••23"),
            ("123456", "••••56"),
            ("12", "••••"),
            ("", "••••"),
            ("<b>12345</b>6789", "••••6789"),
        ] {
            assert_eq!(MaskedNumber::of(number).as_str(), shown, "{number}");
        }
    }

    #[test]
    fn a_whole_number_is_not_taken_for_a_masked_one() {
        for text in ["12345678901", "••••56789", "••••<b>", "•••1234"] {
            assert_eq!(MaskedNumber::try_from(text.to_owned()), Err(NotMasked));
        }
        let number = MaskedNumber::of("12345678901");
        assert_eq!(MaskedNumber::try_from(number.to_string()), Ok(number));
    }
}
