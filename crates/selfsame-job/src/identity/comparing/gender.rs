//! Compares genders.

use super::letters::words;
use crate::identity::FieldMatch;

#[derive(PartialEq, Eq)]
enum Gender {
    Female,
    Male,
    Other,
}

/// Letters and words, English and French.
fn read(text: &str) -> Option<Gender> {
    match words(text)?.join(" ").as_str() {
        "f" | "female" | "woman" | "girl" | "feminin" | "feminine" | "femme" | "fille" => {
            Some(Gender::Female)
        }
        "m" | "h" | "male" | "man" | "boy" | "masculin" | "masculine" | "homme" | "garcon" => {
            Some(Gender::Male)
        }
        "x" | "o" | "other" | "autre" => Some(Gender::Other),
        _ => None,
    }
}

pub(super) fn compare(given: Option<&str>, known: Option<&str>) -> FieldMatch {
    let Some(given) = given else {
        return FieldMatch::NotProvided;
    };
    let Some(known) = known.and_then(read) else {
        return FieldMatch::NotDone;
    };
    match read(given) {
        Some(given) if given == known => FieldMatch::Exact,
        Some(_) | None => FieldMatch::NoMatch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_words_mean_the_same() {
        for (given, known, expected) in [
            (Some("M"), Some("male"), FieldMatch::Exact),
            (Some("Féminin"), Some("F"), FieldMatch::Exact),
            (Some("homme"), Some("M"), FieldMatch::Exact),
            (Some("f"), Some("M"), FieldMatch::NoMatch),
            (Some("7"), Some("M"), FieldMatch::NoMatch),
            (Some("M"), Some("7"), FieldMatch::NotDone),
            (Some("M"), None, FieldMatch::NotDone),
            (None, Some("M"), FieldMatch::NotProvided),
        ] {
            assert_eq!(compare(given, known), expected, "{given:?} {known:?}");
        }
    }
}
