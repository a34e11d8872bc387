//! A number in the one form that all ways of writing it have in common.

use selfsame_wire::id_info::IdNumber;

/// The number in capitals, without spaces and hyphens: people write `abc-123` and `ABC 123` for the same. A number of nothing else stays
/// as it is.
#[must_use]
pub fn canonical_number(number: &IdNumber) -> IdNumber {
    let text: String = (number.reveal().chars())
        .filter(|c| !c.is_whitespace() && *c != '-')
        .flat_map(char::to_uppercase)
        .collect();
    IdNumber::new(&text).unwrap_or_else(|| number.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ways_of_writing_a_number_come_to_one() {
        let canonical = |text: &str| canonical_number(&IdNumber::new(text).unwrap());
        for text in ["abc-123 4", "ABC1234", " A b-C 1 2-3-4 "] {
            assert_eq!(canonical(text).reveal(), "ABC1234");
        }
        assert_ne!(canonical("ABC1235"), canonical("ABC1234"));
        assert_eq!(canonical("--").reveal(), "--");
    }

    proptest! {
        #[test]
        fn it_is_canonical_once_it_is(text in "\\PC{1,128}") {
            if let Some(number) = IdNumber::new(&text) {
                let once = canonical_number(&number);
                prop_assert_eq!(&canonical_number(&once), &once);
            }
        }
    }
}
