//! Compares telephone numbers.

use selfsame_wire::id_info::Country;

use super::calling_codes::calling_code;
use crate::identity::FieldMatch;

/// How many of a number's last digits are compared where its country cannot be told.
const LAST_DIGITS: usize = 9;
/// The shortest number behind a country's code: what is shorter begins with those digits by chance.
const MIN_NATIONAL: usize = 8;

struct Number {
    /// All of them, without the 00 or + that leads abroad.
    digits: String,
    /// Whether it names its country itself.
    says_country: bool,
    /// With the country's code, where the country is known.
    worldwide: Option<String>,
}

impl Number {
    /// `None`: no telephone number, or one with hidden digits.
    fn read(text: &str, country: Option<Country>) -> Option<Self> {
        let text = text.trim();
        if text.len() > 64 {
            return None;
        }
        let mut digits = String::new();
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '\u{660}'..='\u{669}' => digits.push(digit(c, 0x660)?),
                '\u{6f0}'..='\u{6f9}' => digits.push(digit(c, 0x6f0)?),
                '+' if digits.is_empty() => {}
                '(' | ')' | '-' | '.' | '/' | '+' => {}
                c if c.is_whitespace() => {}
                _ => return None,
            }
        }
        let abroad = digits.strip_prefix("00").map(str::to_owned);
        let says_country = text.starts_with('+') || abroad.is_some();
        let digits = abroad.unwrap_or(digits);
        if !(7..=15).contains(&digits.len()) {
            return None;
        }
        let worldwide = worldwide(&digits, says_country, country.and_then(calling_code));
        Some(Self {
            digits,
            says_country,
            worldwide,
        })
    }

    fn last_digits(&self) -> Option<&str> {
        self.digits
            .get(self.digits.len().checked_sub(LAST_DIGITS)?..)
    }
}

fn digit(c: char, zero: u32) -> Option<char> {
    char::from_digit((c as u32).checked_sub(zero)?, 10)
}

/// The country's code, then the number without the 0 that leads out of a town. Côte d'Ivoire's and Benin's numbers keep that 0 even
/// behind the code: it is dropped on both sides, and so makes no difference.
fn worldwide(digits: &str, says_country: bool, code: Option<&str>) -> Option<String> {
    let Some(code) = code else {
        return says_country.then(|| digits.to_owned());
    };
    let national = match digits.strip_prefix(code) {
        Some(rest) if says_country || rest.len() >= MIN_NATIONAL => rest,
        // Another country's.
        _ if says_country => return Some(digits.to_owned()),
        _ => digits,
    };
    Some(format!(
        "{code}{}",
        national.strip_prefix('0').unwrap_or(national)
    ))
}

pub(super) fn compare(
    given: Option<&str>,
    known: Option<&str>,
    country: Option<Country>,
) -> FieldMatch {
    let Some(given) = given else {
        return FieldMatch::NotProvided;
    };
    let Some(known) = known.and_then(|known| Number::read(known, country)) else {
        return FieldMatch::NotDone;
    };
    let Some(given) = Number::read(given, country) else {
        return FieldMatch::NoMatch;
    };
    let same = match (&given.worldwide, &known.worldwide) {
        (Some(given), Some(known)) => given == known,
        _ => given.digits == known.digits,
    };
    let ends_alike = given.last_digits().is_some() && given.last_digits() == known.last_digits();
    if same {
        FieldMatch::Exact
    } else if ends_alike && !(given.says_country && known.says_country) {
        FieldMatch::Partial
    } else {
        FieldMatch::NoMatch
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compared(given: &str, known: &str, country: &str) -> FieldMatch {
        compare(Some(given), Some(known), Country::new(country))
    }

    #[test]
    fn a_number_is_the_same_in_each_form() {
        use FieldMatch::{Exact, NoMatch, NotDone, Partial};
        for (given, known, country, expected) in [
            ("08031234567", "+2348031234567", "NG", Exact),
            ("8031234567", "2348031234567", "NG", Exact),
            ("+234 (0) 803-123.4567", "002348031234567", "NG", Exact),
            ("0701020304", "+225 0701020304", "CI", Exact),
            ("٠٨٠٣١٢٣٤٥٦٧", "08031234567", "NG", Exact),
            ("271234567", "0271234567", "ZA", Exact),
            ("+441632960961", "01632960961", "GB", Exact),
            // No country is said, and the record's number does not tell.
            ("08031234567", "+2348031234567", "", Partial),
            ("08031234567", "08031234567", "", Exact),
            // Another country's number of the same last digits.
            ("+233803123456", "+234803123456", "", NoMatch),
            ("0803123456", "+233803123456", "NG", Partial),
            ("08031234567", "08031234568", "NG", NoMatch),
            ("12345", "08031234567", "NG", NoMatch),
            ("call me", "08031234567", "NG", NoMatch),
            ("08031234567", "0803*****67", "NG", NotDone),
            ("08031234567", "", "NG", NotDone),
        ] {
            assert_eq!(
                compared(given, known, country),
                expected,
                "{given} {known} {country}"
            );
        }
        assert_eq!(compare(None, Some("1"), None), FieldMatch::NotProvided);
        assert_eq!(compare(Some("1"), None, None), FieldMatch::NotDone);
    }

    proptest! {
        #[test]
        fn no_text_panics(given in "\\PC*", known in "\\PC*", country in "[A-Z]{2}") {
            compared(&given, &known, &country);
        }

        #[test]
        fn both_orders_are_alike(given in "(\\+|00|0)?[0-9]{5,14}", known in "(\\+|00|0)?[0-9]{5,14}", country in "NG|CI|XX|") {
            let (there, back) = (compared(&given, &known, &country), compared(&known, &given, &country));
            let readable = |m| !matches!(m, FieldMatch::NotDone);
            if readable(there) && readable(back) {
                prop_assert_eq!(there, back);
            }
            let own = compared(&given, &given, &country);
            prop_assert!(matches!(own, FieldMatch::Exact | FieldMatch::NotDone));
        }
    }
}
