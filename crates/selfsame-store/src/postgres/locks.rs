//! Advisory locks: what transactions hold, as numbers.

use std::collections::BTreeMap;

use selfsame_wire::id::Environment;
use sha2::{Digest as _, Sha256};

use super::sql::tx::Hold;

/// Held while a database is made ready.
pub(super) const SETUP: i64 = 0x7365_6c66_7365_7475;
/// The end of the audit's chain.
pub(super) const AUDIT: i64 = 0x7365_6c66_6175_6469;

/// Locks in the order in which they are taken. It is one order for all, so no two transactions wait for each other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Locks {
    pub(super) keys: Vec<i64>,
    /// Whether each is held beside others that share it.
    pub(super) shared: Vec<bool>,
}

/// A number for a name. Two names with one number would wait for each other without need, and no more.
fn number(kind: &str, names: &[&[u8]]) -> i64 {
    let mut digest = Sha256::new();
    digest.update(kind);
    for name in names {
        // Lengths keep the end of one from reading as the start of the next.
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(name);
    }
    digest
        .finalize()
        .first_chunk::<8>()
        .map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

/// A hold's number, and whether it is shared.
fn lock(hold: &Hold<'_>) -> (i64, bool) {
    let environment = |e: Environment| e.as_str().as_bytes();
    match hold {
        Hold::Job(partner, e, job) => {
            let names = [
                partner.as_str().as_bytes(),
                environment(*e),
                job.as_str().as_bytes(),
            ];
            (number("job", &names), false)
        }
        Hold::Code(code) => (number("code", &[code]), false),
        Hold::User(key) => {
            let (partner, user) = (
                key.partner.as_str().as_bytes(),
                key.user.as_str().as_bytes(),
            );
            (
                number("user", &[partner, environment(key.environment), user]),
                false,
            )
        }
        Hold::Users(partner, e) => (
            number("users", &[partner.as_str().as_bytes(), environment(*e)]),
            true,
        ),
        Hold::AllUsers(partner, e) => (
            number("users", &[partner.as_str().as_bytes(), environment(*e)]),
            false,
        ),
        Hold::Turns => (number("turns", &[]), false),
        Hold::Many => (number("many", &[]), false),
        Hold::Keys => (number("keys", &[]), false),
    }
}

/// The locks of what a transaction holds. Whatever writes shares the data keys with all others that do.
pub(super) fn of(holds: &[Hold<'_>]) -> Locks {
    let mut locks = BTreeMap::from([(number("keys", &[]), true)]);
    for (key, shared) in holds.iter().map(lock) {
        // Where something is asked for both ways, it is held alone.
        let both = locks.entry(key).or_insert(shared);
        *both = *both && shared;
    }
    Locks {
        keys: locks.keys().copied().collect(),
        shared: locks.values().copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use selfsame_wire::id::{JobId, PartnerId};

    use super::*;

    #[test]
    fn locks_are_taken_in_one_order_each_once_and_the_stronger_way() {
        let (p, q) = (PartnerId::new("p").unwrap(), PartnerId::new("q").unwrap());
        let sandbox = Environment::Sandbox;
        let one = [
            Hold::Users(&p, sandbox),
            Hold::Code(b"x"),
            Hold::AllUsers(&p, sandbox),
        ];
        let other = [
            Hold::AllUsers(&p, sandbox),
            Hold::Code(b"x"),
            Hold::Code(b"x"),
        ];
        assert_eq!(of(&one), of(&other));
        let locks = of(&one);
        assert_eq!(locks.keys.len(), 3);
        assert!(locks.keys.is_sorted());
        assert_eq!(
            locks.shared.iter().filter(|shared| **shared).count(),
            1,
            "the keys"
        );
        assert_eq!(of(&[Hold::Keys]).shared, [false]);
        // What is not the same has another number.
        let job = JobId::new("q").unwrap();
        let different = [
            Hold::Users(&p, sandbox),
            Hold::Users(&q, sandbox),
            Hold::Users(&p, Environment::Production),
            Hold::Job(&p, sandbox, &job),
            Hold::Code(b"p"),
            Hold::Turns,
            Hold::Many,
        ];
        assert_eq!(of(&different).keys.len(), different.len() + 1);
    }
}
