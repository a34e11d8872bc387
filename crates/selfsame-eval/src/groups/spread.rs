//! How far apart groups are in one rate.

use serde::Serialize;

use super::Measured;
use crate::all_pairs::resample::Drawn;
use crate::all_pairs::{Resampled, Times};

/// One group's rate may be so many times another's.
pub const MOST_APART: f64 = 2.0;

/// How far apart the groups are in one rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// Which rate.
    pub rate: &'static str,
    /// The group with the highest.
    pub highest: String,
    /// That rate.
    pub highest_rate: Resampled,
    /// The group with the lowest.
    pub lowest: String,
    /// That rate.
    pub lowest_rate: Resampled,
    /// How many times the lowest the highest is. Of many groups two are picked here, so that the interval is too narrow.
    #[serde(flatten)]
    pub apart: Times,
    /// What every two groups say.
    pub finding: Finding,
}

/// Whether one group's rate is beyond [`MOST_APART`] times another's: what the intervals say, not the counts alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It is not: of every two groups the interval's upper end is no more.
    Within,
    /// The intervals allow both: too few people or errors to tell.
    Undecided,
    /// It is: of two groups the interval's lower end is more.
    Beyond,
}

/// How far apart groups are, in each rate that two of them have. Groups without a comparison of the kind say nothing.
pub(super) fn spreads(groups: &[Measured]) -> Vec<Spread> {
    let mut names: Vec<&'static str> = Vec::new();
    for (name, _) in groups.iter().flat_map(|group| &group.drawn) {
        if !names.contains(name) {
            names.push(*name);
        }
    }
    let each = names.into_iter().filter_map(|name| {
        let known: Vec<(&str, &Drawn)> = groups
            .iter()
            .filter_map(|one| {
                let (_, drawn) = one.drawn.iter().find(|(of, _)| *of == name)?;
                (drawn.rate.trials > 0).then_some((one.group.group.as_str(), drawn))
            })
            .collect();
        let by_rate =
            |a: &&(&str, &Drawn), b: &&(&str, &Drawn)| a.1.rate.rate.total_cmp(&b.1.rate.rate);
        let (highest, high) = *known.iter().max_by(by_rate)?;
        let (lowest, low) = *known.iter().min_by(by_rate)?;
        (known.len() > 1).then(|| Spread {
            rate: name,
            highest: highest.to_owned(),
            highest_rate: high.rate,
            lowest: lowest.to_owned(),
            lowest_rate: low.rate,
            apart: high.times(low),
            finding: finding(&known),
        })
    });
    each.collect()
}

/// Of every two groups: the two that are furthest apart by their rates need not be those that are so beyond doubt.
fn finding(known: &[(&str, &Drawn)]) -> Finding {
    let mut found = Finding::Within;
    for (at, (_, a)) in known.iter().enumerate() {
        for (_, (_, b)) in known.iter().enumerate().filter(|(other, _)| *other != at) {
            let apart = a.times(b);
            if apart.times_low > MOST_APART {
                return Finding::Beyond;
            }
            if apart.times_high.is_none_or(|high| high > MOST_APART) {
                found = Finding::Undecided;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::all_pairs::resample::{Counted, Resampling};

    /// What two groups of so many people say, each person with two comparisons, of whom so many lose one.
    fn said(a: (usize, usize), b: (usize, usize)) -> Finding {
        let people = a.1 + b.1;
        let own = |first: usize, (losing, of): (usize, usize)| {
            let each = (0..people).map(|person| {
                let inside = (first..first + of).contains(&person);
                let loses = (first..first + losing).contains(&person);
                (u64::from(loses), 2 * u64::from(inside))
            });
            Counted::Within(each.collect())
        };
        let drawn = Resampling::new(vec![2; people]).drawn(&[own(0, a), own(a.1, b)], 1);
        finding(&[("a", &drawn[0]), ("b", &drawn[1])])
    }

    #[test]
    fn what_is_said_of_twice_is_what_the_intervals_say() {
        assert_eq!(said((500, 1000), (450, 1000)), Finding::Within);
        // Three times as counted, of too few.
        assert_eq!(said((3, 40), (1, 40)), Finding::Undecided);
        // Within twice as counted, but 21 and 14 may be beyond.
        assert_eq!(said((21, 1000), (14, 1000)), Finding::Undecided);
        assert_eq!(said((300, 1000), (30, 1000)), Finding::Beyond);
        assert_eq!(said((30, 1000), (300, 1000)), Finding::Beyond);
        // Nobody loses anything, in either: that is no proof.
        assert_eq!(said((0, 50), (0, 50)), Finding::Undecided);
    }
}
