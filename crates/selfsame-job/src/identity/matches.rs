//! How what a person says of itself compares with a record.

use selfsame_wire::result::ResultCode;
use serde::{Deserialize, Serialize};

/// How one field compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldMatch {
    /// The same.
    Exact,
    /// Nearly the same, or a part of it.
    Partial,
    /// The same parts in another order: names, or day and month.
    Transposed,
    /// Another.
    NoMatch,
    /// The request does not say it.
    NotProvided,
    /// The record does not hold it, or nothing was looked up.
    NotDone,
}

/// How the fields compare that basic KYC compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldMatches {
    /// First, middle and last name.
    pub names: FieldMatch,
    /// Date of birth.
    pub dob: FieldMatch,
    /// Gender.
    pub gender: FieldMatch,
    /// Telephone number.
    pub phone_number: FieldMatch,
}

impl FieldMatches {
    /// Of a record that was not found, or not asked for.
    pub const NOT_DONE: Self = Self {
        names: FieldMatch::NotDone,
        dob: FieldMatch::NotDone,
        gender: FieldMatch::NotDone,
        phone_number: FieldMatch::NotDone,
    };

    /// The code of all together: exact where all that was compared is the same, none where nothing is, else partial.
    #[must_use]
    pub fn code(&self) -> ResultCode {
        let compared: Vec<FieldMatch> = [self.names, self.dob, self.gender, self.phone_number]
            .into_iter()
            .filter(|m| !matches!(m, FieldMatch::NotProvided | FieldMatch::NotDone))
            .collect();
        if compared.iter().all(|m| *m == FieldMatch::NoMatch) {
            ResultCode::FieldsDiffer
        } else if compared.iter().all(|m| *m == FieldMatch::Exact) {
            ResultCode::FieldsMatch
        } else {
            ResultCode::FieldsMatchPartly
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_goes_by_what_was_compared() {
        use FieldMatch::{Exact, NoMatch, NotDone, NotProvided, Partial, Transposed};
        let code = |names, dob, gender, phone_number| {
            FieldMatches {
                names,
                dob,
                gender,
                phone_number,
            }
            .code()
            .code()
        };
        assert_eq!(code(Exact, NotProvided, NotDone, Exact), "1020");
        assert_eq!(code(Exact, NoMatch, NotDone, Exact), "1021");
        assert_eq!(code(Transposed, NotProvided, NotProvided, NotDone), "1021");
        assert_eq!(code(Partial, Exact, Exact, Exact), "1021");
        assert_eq!(code(NoMatch, NoMatch, NotProvided, NotDone), "1022");
        // Nothing spoke for the person.
        assert_eq!(code(NotProvided, NotDone, NotDone, NotDone), "1022");
    }
}
