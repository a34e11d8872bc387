//! How an authority answered of late: by ID type, for each minute of the last hour, and the last question. It knows no person and
//! no partner.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use selfsame_wire::id_info::{Country, IdType};

/// How many minutes are kept.
const MINUTES: usize = 60;

/// How an authority answered of late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Availability {
    /// The last question; `None` where this process has asked none.
    pub last: Option<LastQuestion>,
    /// How many questions of the last hour were answered.
    pub answered: u32,
    /// How many were asked.
    pub asked: u32,
}

/// The last question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastQuestion {
    /// When it had its answer, or was given up.
    pub at: Timestamp,
    /// Whether it was answered, be it with "there is nobody".
    pub answered: bool,
    /// How often it was asked.
    pub tries: u32,
}

/// In memory, so that each node tells what it has seen itself since it started.
///
/// Bounded: questions of other types than the table's do not reach an authority, and each type has an hour of minutes.
#[derive(Debug, Default)]
pub(super) struct History {
    of_types: Mutex<BTreeMap<(Country, IdType), Record>>,
}

#[derive(Debug, Default)]
struct Record {
    /// Those in which something was asked, the oldest first.
    minutes: VecDeque<Minute>,
    last: Option<LastQuestion>,
}

#[derive(Debug)]
struct Minute {
    /// Minutes since 1970.
    at: i64,
    answered: u32,
    asked: u32,
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

impl History {
    /// Nothing can panic while the lock is held.
    fn of_types(&self) -> MutexGuard<'_, BTreeMap<(Country, IdType), Record>> {
        self.of_types.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what came of a question.
    pub(super) fn note(&self, country: Country, id_type: &IdType, question: LastQuestion) {
        let mut of_types = self.of_types();
        let record = of_types.entry((country, id_type.clone())).or_default();
        record.last = Some(question);
        let this_minute = minute(question.at);
        // A clock that is set back far would count for minutes that have yet to come, however long that takes.
        let ahead = |newest: &Minute| newest.at > this_minute.saturating_add(1);
        if record.minutes.back().is_some_and(ahead) {
            record.minutes.clear();
        }
        // One that is set back a little counts for the minute that it had reached.
        let newest = record.minutes.back().map_or(i64::MIN, |newest| newest.at);
        let at = this_minute.max(newest);
        if newest != at {
            record.minutes.push_back(Minute {
                at,
                answered: 0,
                asked: 0,
            });
        }
        if let Some(now) = record.minutes.back_mut() {
            now.answered = now.answered.saturating_add(u32::from(question.answered));
            now.asked = now.asked.saturating_add(1);
        }
        while record.minutes.len() > MINUTES {
            record.minutes.pop_front();
        }
    }

    /// What is known of an ID type now.
    pub(super) fn of(&self, country: Country, id_type: &IdType, now: Timestamp) -> Availability {
        let of_types = self.of_types();
        let Some(record) = of_types.get(&(country, id_type.clone())) else {
            return Availability::default();
        };
        let oldest = minute(now).saturating_sub(MINUTES as i64);
        let hour = record.minutes.iter().filter(|m| m.at > oldest);
        let (answered, asked) = hour.fold((0_u32, 0_u32), |(answered, asked), minute| {
            (
                answered.saturating_add(minute.answered),
                asked.saturating_add(minute.asked),
            )
        });
        Availability {
            last: record.last,
            answered,
            asked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_323_040 + seconds).unwrap()
    }

    fn nin() -> (Country, IdType) {
        (Country::new("NG").unwrap(), IdType::new("NIN").unwrap())
    }

    fn note(history: &History, seconds: i64, answered: bool, tries: u32) {
        let (country, id_type) = nin();
        let question = LastQuestion {
            at: at(seconds),
            answered,
            tries,
        };
        history.note(country, &id_type, question);
    }

    fn of(history: &History, seconds: i64) -> Availability {
        let (country, id_type) = nin();
        history.of(country, &id_type, at(seconds))
    }

    #[test]
    fn an_hour_is_counted_and_the_last_question_stays() {
        let history = History::default();
        assert_eq!(of(&history, 0), Availability::default());
        note(&history, 0, true, 1);
        note(&history, 30, true, 2);
        note(&history, 90, false, 3);
        let told = of(&history, 100);
        assert_eq!((told.answered, told.asked), (2, 3));
        let last = told.last.unwrap();
        assert_eq!((last.at, last.answered, last.tries), (at(90), false, 3));
        // The first minute's are an hour old, then the second's.
        let told = of(&history, 60 * 60);
        assert_eq!((told.answered, told.asked), (0, 1));
        let told = of(&history, 61 * 60);
        assert_eq!((told.answered, told.asked), (0, 0));
        assert_eq!(told.last, Some(last));
    }

    #[test]
    fn types_are_apart() {
        let history = History::default();
        note(&history, 0, true, 1);
        let other = IdType::new("BVN").unwrap();
        assert_eq!(
            history.of(nin().0, &other, at(0)),
            Availability::default(),
            "nobody asked"
        );
    }

    #[test]
    fn it_does_not_grow_beyond_an_hour() {
        let history = History::default();
        for minute in 0..500 {
            note(&history, minute * 60, true, 1);
        }
        assert_eq!(history.of_types()[&nin()].minutes.len(), MINUTES);
        assert_eq!(of(&history, 499 * 60).asked, 60);
    }

    #[test]
    fn a_clock_that_is_set_back_a_little_loses_nothing() {
        let history = History::default();
        note(&history, 60, true, 1);
        note(&history, 0, false, 1);
        let told = of(&history, 60);
        assert_eq!((told.answered, told.asked), (1, 2));
        assert_eq!(told.last.map(|last| last.at), Some(at(0)));
    }

    #[test]
    fn a_clock_that_is_set_back_far_begins_anew() {
        let history = History::default();
        for minute in 1000..1010 {
            note(&history, minute * 60, false, 1);
        }
        note(&history, 0, true, 1);
        let told = of(&history, 0);
        assert_eq!((told.answered, told.asked), (1, 1));
        // What was asked then does not count once its time comes.
        let told = of(&history, 1010 * 60);
        assert_eq!((told.answered, told.asked), (0, 0));
    }
}
