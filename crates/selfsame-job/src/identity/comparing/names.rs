//! Compares names as people write them.

use selfsame_wire::id_info::IdInfo;

use super::letters::words;
use crate::identity::{FieldMatch, IdentityRecord};

/// The shortest part that a slip may be overlooked in, in letters: with fewer, one letter makes another name (Ada, Ama, Abla).
const MIN_SLIP: usize = 5;
/// How many slips are overlooked: a letter more, less or other, or two that changed places.
const MAX_SLIPS: usize = 1;
/// Of how many words a part may be made, when it is written as one word elsewhere (Abdul Rahman, Abdulrahman).
const MAX_WORDS_OF_PART: usize = 4;
/// The most parts of a name that are compared one by one.
const MAX_PARTS: usize = 24;

/// What stands before a name and is none. Words that are names too (Alhaji, Chief, Prince) are not among them.
const TITLES: [&str; 11] = [
    "mr", "mrs", "ms", "miss", "dr", "prof", "engr", "mme", "mlle", "monsieur", "madame",
];

/// A name's parts in order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    parts: Vec<String>,
    /// How many of them are given names; absent where all stand in one field.
    given: Option<usize>,
}

/// What fields say of a name.
enum Said {
    Nothing,
    /// Something that is longer than any name.
    TooMuch,
    Name(Name),
}

impl Said {
    fn in_fields(given: [Option<&str>; 2], family: Option<&str>) -> Self {
        let mut parts = Vec::new();
        for text in given.into_iter().flatten() {
            match words(text) {
                Some(words) => parts.extend(words),
                None => return Self::TooMuch,
            }
        }
        let given = parts.len();
        match family.map(words) {
            None => {}
            Some(Some(words)) => parts.extend(words),
            Some(None) => return Self::TooMuch,
        }
        Self::of(parts, Some(given))
    }

    /// `Joe Leo`, or `LEO, Joe`.
    fn in_one(text: &str) -> Self {
        let parts = match text.split_once(',') {
            Some((family, given)) if !given.contains(',') => {
                let both = words(given).zip(words(family));
                both.map(|(given, family)| [given, family].concat())
            }
            _ => words(text),
        };
        parts.map_or(Self::TooMuch, |parts| Self::of(parts, None))
    }

    fn of(parts: Vec<String>, given: Option<usize>) -> Self {
        if parts.is_empty() {
            Self::Nothing
        } else {
            Self::Name(Name { parts, given })
        }
    }

    /// A record's fields, unless it keeps the name in one only.
    fn by(record: &IdentityRecord) -> Self {
        let (first, middle, last) = (&record.first_name, &record.middle_name, &record.last_name);
        match &record.full_name {
            Some(whole) if first.is_none() || last.is_none() => Self::in_one(whole),
            _ => Self::in_fields([first.as_deref(), middle.as_deref()], last.as_deref()),
        }
    }
}

impl Name {
    fn family(&self) -> Option<&[String]> {
        self.given
            .and_then(|given| self.parts.get(given..))
            .filter(|family| !family.is_empty())
    }

    fn without_titles(&self) -> Self {
        let is_title = |part: &&String| TITLES.contains(&part.as_str());
        let titles = self.parts.iter().take_while(is_title).count();
        // A name that is nothing else stays.
        let titles = titles.min(self.given.unwrap_or(self.parts.len()).saturating_sub(1));
        Self {
            parts: self.parts.get(titles..).unwrap_or_default().to_vec(),
            given: self.given.map(|given| given - titles),
        }
    }

    /// With those words joined, within their field, that `other` writes as one.
    fn joined_as(&self, other: &Self) -> Self {
        let (given, family) = self.parts.split_at(self.given.unwrap_or(self.parts.len()));
        let given = joined(given, &other.parts);
        Self {
            given: self.given.map(|_| given.len()),
            parts: [given, joined(family, &other.parts)].concat(),
        }
    }
}

fn joined(words: &[String], wanted: &[String]) -> Vec<String> {
    let mut parts = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let run = (2..=MAX_WORDS_OF_PART).rev().find_map(|length| {
            let one = words.get(at..at + length)?.concat();
            wanted.contains(&one).then_some((length, one))
        });
        let (length, part) = run.unwrap_or_else(|| (1, words[at].clone()));
        parts.push(part);
        at += length;
    }
    parts
}

pub(super) fn compare(given: &IdInfo, record: &IdentityRecord) -> FieldMatch {
    let (first, middle) = (given.first_name.as_deref(), given.middle_name.as_deref());
    let said = Said::in_fields([first, middle], given.last_name.as_deref());
    match (said, Said::by(record)) {
        (Said::Nothing, _) => FieldMatch::NotProvided,
        (_, Said::Nothing | Said::TooMuch) => FieldMatch::NotDone,
        (Said::TooMuch, _) => FieldMatch::NoMatch,
        (Said::Name(given), Said::Name(known)) => best(&given, &known),
    }
}

/// The nearest of the ways to read both.
fn best(given: &Name, known: &Name) -> FieldMatch {
    let (plain_given, plain_known) = (given.without_titles(), known.without_titles());
    let ways = [(given, known), (&plain_given, &plain_known)];
    let matches: Vec<FieldMatch> = ways
        .into_iter()
        .flat_map(|(given, known)| {
            [
                of(given, known),
                of(&given.joined_as(known), &known.joined_as(given)),
            ]
        })
        .collect();
    [
        FieldMatch::Exact,
        FieldMatch::Transposed,
        FieldMatch::Partial,
    ]
    .into_iter()
    .find(|near| matches.contains(near))
    .unwrap_or(FieldMatch::NoMatch)
}

fn of(a: &Name, b: &Name) -> FieldMatch {
    let in_both = a.given.is_some() && b.given.is_some();
    if a.parts == b.parts && (a.given == b.given || !in_both) {
        return FieldMatch::Exact;
    }
    let sorted = |name: &Name| {
        let mut parts = name.parts.clone();
        parts.sort_unstable();
        parts
    };
    if sorted(a) == sorted(b) {
        FieldMatch::Transposed
    } else if a.parts.len().max(b.parts.len()) <= MAX_PARTS
        && (is_within(&a.parts, &b.parts) || ends_agree(a, b))
    {
        FieldMatch::Partial
    } else {
        FieldMatch::NoMatch
    }
}

/// Whether each part of the shorter name is in the longer one: the same, nearly, or as an initial; one of them more than an initial.
fn is_within(a: &[String], b: &[String]) -> bool {
    let mut left: Vec<&String> = b.iter().collect();
    let mut same = Vec::new();
    let mut others: Vec<&String> = Vec::new();
    for part in a {
        match left.iter().position(|other| *other == part) {
            Some(at) => same.push(left.swap_remove(at)),
            None => others.push(part),
        }
    }
    let is_whole = |part: &&String| part.chars().nth(1).is_some() || !part.is_ascii();
    let nearly = others
        .iter()
        .any(|part| left.iter().any(|other| is_slip(part, other)));
    let found = same.len() + most_pairs(&others, &left);
    found == a.len().min(b.len()) && (nearly || same.iter().any(is_whole))
}

/// How many pairs of like parts there are at most, each part in one of them. Taking the first that fits would find more or fewer,
/// depending on the order.
fn most_pairs(a: &[&String], b: &[&String]) -> usize {
    let mut partner: Vec<Option<usize>> = vec![None; b.len()];
    let mut pairs = 0;
    for at in 0..a.len() {
        let mut tried = vec![false; b.len()];
        pairs += usize::from(pair(at, a, b, &mut partner, &mut tried));
    }
    pairs
}

fn pair(
    at: usize,
    a: &[&String],
    b: &[&String],
    partner: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for other in 0..b.len() {
        if tried[other] || !(is_slip(a[at], b[other]) || is_initial(a[at], b[other])) {
            continue;
        }
        tried[other] = true;
        let free = match partner[other] {
            None => true,
            Some(taken) => pair(taken, a, b, partner, tried),
        };
        if free {
            partner[other] = Some(at);
            return true;
        }
    }
    false
}

/// Whether the first given name and all of the family name agree: only what stands between may differ.
fn ends_agree(a: &Name, b: &Name) -> bool {
    let family = match (a.family(), b.family()) {
        (Some(a), Some(b)) => Some((a, b)),
        (Some(family), None) => end_of(b, family.len()).map(|end| (family, end)),
        (None, Some(family)) => end_of(a, family.len()).map(|end| (end, family)),
        (None, None) => None,
    };
    let like = |a: &String, b: &String| a == b || is_slip(a, b);
    let first = |name: &Name| {
        name.given
            .is_none_or(|given| given > 0)
            .then(|| name.parts.first().cloned())
            .flatten()
    };
    let (Some((family_a, family_b)), Some(first_a), Some(first_b)) = (family, first(a), first(b))
    else {
        return false;
    };
    like(&first_a, &first_b)
        && family_a.len() == family_b.len()
        && family_a.iter().zip(family_b).all(|(a, b)| like(a, b))
}

/// The last parts of a name that stands in one field, but never all of it.
fn end_of(name: &Name, length: usize) -> Option<&[String]> {
    let from = name
        .parts
        .len()
        .checked_sub(length)
        .filter(|from| *from > 0)?;
    (name.given.is_none())
        .then(|| name.parts.get(from..))
        .flatten()
}

/// Two spellings that one slip tells apart. The first letter must be the same: slips are rare there, and other names are not (Hassan, Kassan).
fn is_slip(a: &str, b: &str) -> bool {
    let (length_a, length_b) = (a.chars().count(), b.chars().count());
    a != b
        && length_a.min(length_b) >= MIN_SLIP
        && length_a.abs_diff(length_b) <= MAX_SLIPS
        && a.chars().next() == b.chars().next()
        && strsim::osa_distance(a, b) <= MAX_SLIPS
}

/// Whether one is the other's first letter.
fn is_initial(a: &str, b: &str) -> bool {
    let is_of = |short: &str, long: &str| {
        short.chars().count() == 1 && long.len() > short.len() && long.starts_with(short)
    };
    is_of(a, b) || is_of(b, a)
}

#[cfg(test)]
mod tests;
