//! Compares dates of birth.

use selfsame_wire::id_info::IdInfo;

use super::letters::words;
use crate::identity::FieldMatch;

/// Names of months, English and French, as [`words`] leaves them.
const MONTHS: [[&str; 2]; 12] = [
    ["january", "janvier"],
    ["february", "fevrier"],
    ["march", "mars"],
    ["april", "avril"],
    ["may", "mai"],
    ["june", "juin"],
    ["july", "juillet"],
    ["august", "aout"],
    ["september", "septembre"],
    ["october", "octobre"],
    ["november", "novembre"],
    ["december", "decembre"],
];

/// A date, or what is known of it. Where a month is above 12, it is a day that stands in a month's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Date {
    year: u16,
    month: Option<u8>,
    day: Option<u8>,
}

impl Date {
    /// `2000-09-20` with or without a time, `20000920`, `20/09/2000`, `20-Sep-2000`, `Sep 20, 2000`, `2000-09`, `2000`. Of two numbers before
    /// the year the first is the day, unless the second cannot be a month.
    fn read(text: &str) -> Option<Self> {
        let words = words(without_time(text))?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match *words.as_slice() {
            [all] if all.len() == 8 => Self::of(all.get(..4)?, all.get(4..6)?, all.get(6..)?),
            [y] => Some(Self {
                year: year(y)?,
                month: None,
                day: None,
            }),
            [y, m] | [m, y] if y.len() == 4 && year(y).is_some() => Some(Self {
                year: year(y)?,
                month: Some(month(m)?),
                day: None,
            }),
            [y, m, d] if year(y).is_some() => Self::of(y, m, d),
            [a, b, y] => {
                let month_first = month(b).is_none() && month(a).is_some();
                if month_first {
                    Self::of(y, a, b)
                } else {
                    Self::of(y, b, a)
                }
            }
            _ => None,
        }
    }

    fn of(y: &str, m: &str, d: &str) -> Option<Self> {
        let (m, d) = (month(m).or_else(|| day(m))?, day(d)?);
        (m <= 12 || d <= 12).then_some(Self {
            year: year(y)?,
            month: Some(m),
            day: Some(d),
        })
    }

    /// What a request says, in one or in parts; `Some(None)`: something that is no date.
    #[allow(clippy::option_option)]
    fn given(given: &IdInfo) -> Option<Option<Self>> {
        if let Some(text) = &given.dob {
            return Some(Self::read(text));
        }
        let parts = [&given.year, &given.month, &given.day].map(Option::as_deref);
        match parts {
            [None, None, None] => None,
            [Some(y), None, None] => Some(Self::read(y)),
            [Some(y), Some(m), None] => Some(Self::read(&format!("{y}-{m}"))),
            [Some(y), Some(m), Some(d)] => Some(Self::of(y.trim(), &words(m)?.concat(), d.trim())),
            _ => Some(None),
        }
    }

    fn compare(self, other: Self) -> FieldMatch {
        if self == other {
            return FieldMatch::Exact;
        }
        let same_year = self.year == other.year;
        let ((Some(m), Some(d)), (Some(other_m), Some(other_d))) =
            ((self.month, self.day), (other.month, other.day))
        else {
            // One of them is incomplete: what both know must agree.
            let same_month =
                self.month.is_none() || other.month.is_none() || self.month == other.month;
            return if same_year && same_month {
                FieldMatch::Partial
            } else {
                FieldMatch::NoMatch
            };
        };
        if same_year && m == other_d && d == other_m {
            FieldMatch::Transposed
        } else if [same_year, m == other_m, d == other_d]
            .iter()
            .filter(|same| **same)
            .count()
            == 2
        {
            FieldMatch::Partial
        } else {
            FieldMatch::NoMatch
        }
    }
}

/// The date of `2000-09-20T00:00:00.000Z` and `2000-09-20 00:00`.
fn without_time(text: &str) -> &str {
    let text = text.trim();
    let Some(colon) = text.find(':') else {
        return text;
    };
    let before = text.get(..colon).unwrap_or_default();
    let end = before.rfind(|c: char| matches!(c, 'T' | 't') || c.is_whitespace());
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

fn number(text: &str) -> Option<u16> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn year(text: &str) -> Option<u16> {
    number(text).filter(|year| text.len() == 4 && *year > 0)
}

fn day(text: &str) -> Option<u8> {
    let bare = ["st", "nd", "rd", "th", "er"]
        .iter()
        .find_map(|ending| text.strip_suffix(ending));
    let day = u8::try_from(number(bare.unwrap_or(text))?).ok()?;
    (1..=31).contains(&day).then_some(day)
}

/// A number, or a name that three or more letters of tell apart.
fn month(text: &str) -> Option<u8> {
    if let Some(number) = number(text) {
        return u8::try_from(number).ok().filter(|m| (1..=12).contains(m));
    }
    if text.len() < 3 {
        return None;
    }
    // French June and July begin alike.
    let mut fitting = (1..).zip(&MONTHS).filter(|(_, names)| {
        names
            .iter()
            .any(|name| name.starts_with(text) || *text == format!("{name}s"))
    });
    let (month, _) = fitting.next()?;
    fitting.next().is_none().then_some(month)
}

pub(super) fn compare(given: &IdInfo, known: Option<&str>) -> FieldMatch {
    let Some(given) = Date::given(given) else {
        return FieldMatch::NotProvided;
    };
    let Some(known) = known.and_then(Date::read) else {
        return FieldMatch::NotDone;
    };
    given.map_or(FieldMatch::NoMatch, |given| given.compare(known))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compared(given: &str, known: &str) -> FieldMatch {
        let given = IdInfo {
            dob: Some(given.to_owned()),
            ..IdInfo::default()
        };
        compare(&given, Some(known))
    }

    #[test]
    fn dates_are_the_same_however_they_are_written() {
        for text in [
            "2000-09-20",
            "2000-9-20",
            "2000/09/20",
            "20000920",
            "20/09/2000",
            "20.9.2000",
            "20-09-2000",
            "09/20/2000",
            "20-Sep-2000",
            "20 SEPT 2000",
            "20 septembre 2000",
            "Sep 20th, 2000",
            "2000-09-20T00:00:00.000Z",
            "2000-09-20 00:00:00",
        ] {
            assert_eq!(compared(text, "2000-09-20"), FieldMatch::Exact, "{text}");
            assert_eq!(compared("2000-09-20", text), FieldMatch::Exact, "{text}");
        }
        assert_eq!(compared("1er août 2000", "2000-08-01"), FieldMatch::Exact);
    }

    #[test]
    fn nearly_the_same_date_is_told_apart_from_another() {
        use FieldMatch::{Exact, NoMatch, NotDone, Partial, Transposed};
        for (given, known, expected) in [
            ("2000-02-03", "2000-03-02", Transposed),
            ("2000-20-09", "2000-09-20", Transposed),
            ("2000-02-02", "2000-02-02", Exact),
            ("2001-02-03", "2000-03-02", NoMatch),
            ("2000-09-21", "2000-09-20", Partial),
            ("2001-09-20", "2000-09-20", Partial),
            ("2000-10-20", "2000-09-20", Partial),
            ("2000-10-21", "2000-09-20", NoMatch),
            ("2000-09-20", "2000", Partial),
            ("2000-09", "2000-09-20", Partial),
            ("2000-10", "2000-09-20", NoMatch),
            ("2001", "2000-09-20", NoMatch),
            ("20/09/00", "2000-09-20", NoMatch),
            ("20 jui 2000", "2000-06-20", NoMatch),
            ("yesterday", "2000-09-20", NoMatch),
            ("2000-09-20", "0000-00-00", NotDone),
            ("0000-00-00", "0000-00-00", NotDone),
            ("2000-09-20", "", NotDone),
        ] {
            assert_eq!(compared(given, known), expected, "{given} {known}");
        }
    }

    #[test]
    fn a_date_may_come_in_parts() {
        let parts = |year: &str, month: &str, day: &str| {
            let text = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
            let given = IdInfo {
                year: text(year),
                month: text(month),
                day: text(day),
                ..IdInfo::default()
            };
            compare(&given, Some("2000-09-20"))
        };
        assert_eq!(parts("2000", "9", "20"), FieldMatch::Exact);
        assert_eq!(parts("2000", "Sep", "20"), FieldMatch::Exact);
        assert_eq!(parts("2000", "9", ""), FieldMatch::Partial);
        assert_eq!(parts("2000", "", ""), FieldMatch::Partial);
        assert_eq!(parts("", "9", "20"), FieldMatch::NoMatch);
        assert_eq!(parts("2000", "13", "45"), FieldMatch::NoMatch);
        assert_eq!(parts("", "", ""), FieldMatch::NotProvided);
    }

    proptest! {
        #[test]
        fn no_text_panics(given in "\\PC*", known in "\\PC*") {
            compared(&given, &known);
        }

        #[test]
        fn both_orders_are_alike(
            a in (1900u16..2100, 1u8..13, 1u8..32).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}")),
            b in (1999u16..2001, 1u8..4, 1u8..4).prop_map(|(y, m, d)| format!("{d}/{m}/{y}")),
        ) {
            prop_assert_eq!(compared(&a, &b), compared(&b, &a));
            prop_assert_eq!(compared(&a, &a), FieldMatch::Exact);
        }
    }
}
