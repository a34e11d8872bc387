//! Compares what a person says of itself with a record, field by field (`docs/decisions/0115-names-and-dates.md`).

mod calling_codes;
mod dates;
mod gender;
mod letters;
mod names;
mod phones;

use selfsame_wire::id_info::{Country, IdInfo};

use super::{FieldMatch, FieldMatches, IdentityRecord};

impl FieldMatches {
    /// Compares. What is not given is not provided; what the record lacks, or holds in a form that cannot be read, is not done; what is
    /// given in a form that cannot be read matches nothing.
    #[must_use]
    pub fn compare(given: &IdInfo, record: &IdentityRecord) -> Self {
        Self {
            names: names::compare(given, record),
            dob: dates::compare(given, record.date_of_birth.as_deref()),
            gender: gender::compare(given.gender.as_deref(), record.gender.as_deref()),
            phone_number: phone_number(given.phone_number.as_deref(), record, given.country),
        }
    }
}

impl FieldMatch {
    /// Compares a name of which both parts must be said. A part without a letter says nothing: the other one alone is no name.
    #[must_use]
    pub fn of_name(given_names: &str, last_name: &str, record: &IdentityRecord) -> Self {
        let says_nothing = |text: &str| letters::words(text).is_some_and(|words| words.is_empty());
        if says_nothing(given_names) || says_nothing(last_name) {
            return Self::NotProvided;
        }
        let given = IdInfo {
            first_name: Some(given_names.to_owned()),
            last_name: Some(last_name.to_owned()),
            ..IdInfo::default()
        };
        names::compare(&given, record)
    }
}

/// A record may hold two numbers: whichever is nearer counts.
fn phone_number(
    given: Option<&str>,
    record: &IdentityRecord,
    country: Option<Country>,
) -> FieldMatch {
    let known = [
        record.phone_number.as_deref(),
        record.phone_number_2.as_deref(),
    ];
    let matches = known.map(|known| phones::compare(given, known, country));
    for best in [FieldMatch::Exact, FieldMatch::Partial, FieldMatch::NoMatch] {
        if matches.contains(&best) {
            return best;
        }
    }
    matches[0]
}

#[cfg(test)]
mod tests;
