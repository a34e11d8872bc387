//! What is known of one ID type.

use selfsame_job::identity::{IdentityQuery, canonical_number};
use selfsame_wire::id_info::{Country, IdInfo, IdNumber, IdType};

use super::{Pattern, Product};

/// Why a question is not asked. The texts hold nothing of the number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is no such ID type in that country.
    #[error("there is no such ID type in that country")]
    UnknownType,
    /// The number cannot be one of that type; the text says what one looks like.
    #[error("{0}")]
    Malformed(String),
    /// The type needs this field too.
    #[error("{0} is required for this ID type")]
    Missing(&'static str),
}

/// What is known of one ID type: a row of the table.
#[derive(Debug, Clone)]
pub struct IdTypeRule {
    /// Whose authority.
    pub country: Country,
    /// Which of its records.
    pub id_type: IdType,
    /// What a person calls it, in English.
    pub label: String,
    /// What its numbers look like.
    pub pattern: Pattern,
    /// What must come beside the number, by the wire's names.
    pub required: Vec<&'static str>,
    /// The number that the sandbox knows.
    pub test_number: Option<String>,
    /// What it is good for.
    pub products: Vec<Product>,
    /// Whether its authority keeps a photograph.
    pub has_photo: bool,
    /// Whether a person's consent must come with a request.
    pub consent: bool,
    /// The fields that a form of biometric KYC shows besides; they are not insisted on.
    pub listed_for_biometric_kyc: Vec<&'static str>,
}

impl IdTypeRule {
    pub(super) fn check(&self, query: &IdentityQuery) -> Result<(), Unfit> {
        if !self.pattern.fits(query.id_number.reveal()) {
            return Err(Unfit::Malformed(format!(
                "a number of {} ({}) matches {}",
                self.id_type,
                self.country,
                self.pattern.as_str()
            )));
        }
        let missing = self
            .required
            .iter()
            .find(|name| !is_given(&query.given, name));
        missing.map_or(Ok(()), |name| Err(Unfit::Missing(name)))
    }

    /// Which of the sandbox's test numbers it is, 0 to 4: the type's own, with that last digit. However it is written (small letters,
    /// spaces, hyphens), it is the same number.
    #[must_use]
    pub fn test_digit(&self, number: &IdNumber) -> Option<u8> {
        let known = IdNumber::new(self.test_number.as_deref()?)?;
        let (known, given) = (canonical_number(&known), canonical_number(number));
        let (known_before, _, known_after) = around_last_digit(known.reveal())?;
        let (before, digit, after) = around_last_digit(given.reveal())?;
        (before == known_before && after == known_after && digit <= 4).then_some(digit)
    }

    /// Whether it is one of the sandbox's test numbers, which no person has.
    #[must_use]
    pub fn is_test_number(&self, number: &IdNumber) -> bool {
        self.test_digit(number).is_some()
    }

    /// The test number with another last digit.
    #[must_use]
    pub fn test_number_ending_in(&self, digit: u8) -> Option<String> {
        let (before, _, after) = around_last_digit(self.test_number.as_deref()?)?;
        (digit <= 9).then(|| format!("{before}{digit}{after}"))
    }
}

/// A date of birth may come in its three parts.
fn is_given(given: &IdInfo, name: &str) -> bool {
    given.text(name).is_some()
        || name == "dob"
            && ["day", "month", "year"]
                .into_iter()
                .all(|part| given.text(part).is_some())
}

/// Some numbers end in a letter: their last digit is before it.
fn around_last_digit(number: &str) -> Option<(&str, u8, &str)> {
    let at = number.rfind(|c: char| c.is_ascii_digit())?;
    let digit = number.as_bytes().get(at)?.checked_sub(b'0')?;
    Some((number.get(..at)?, digit, number.get(at + 1..)?))
}
