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
