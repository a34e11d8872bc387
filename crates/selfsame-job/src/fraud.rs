//! What is said of a user's honesty, the lock that follows, and who lifts it.
//!
//! A report of fraud locks the user: from then on no job that judges this user's face passes until an operator clears it, whichever
//! API it comes by; look-ups go on. Only an operator lifts the lock: who reports holds a token, and whoever holds a token could say
//! that nothing was wrong.

use std::fmt;

use jiff::Timestamp;
use selfsame_wire::v3::fraud::{Claim, FraudReason, are_notes};
use serde::Serialize;

use crate::user::UserStatus;

/// How many reports of a kind are taken of one user, until an operator lifts its lock. Those of the other kind do not count: else
/// reports that it is none would keep out one that it is.
pub const MOST_REPORTS: u64 = 50;

/// What is on record of a user when a report of it comes.
#[derive(Debug, Clone, Copy)]
pub struct BeforeReport {
    /// How the user stands; `None`: nobody of that name was ever enrolled.
    pub status: Option<UserStatus>,
    /// The same report came since the lock was last lifted.
    pub repeats: bool,
    /// How many reports of the kind came since then.
    pub alike: u64,
}

/// What becomes of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// There is no such user, or it was deleted.
    NoUser,
    /// It is on record already, with what followed of it.
    Repeated,
    /// So many are on record that it is left out. Where it is one of fraud, the user is locked by those.
    TooMany,
    /// It goes on record; one of fraud locks the user.
    Recorded,
}

impl BeforeReport {
    /// What becomes of a report that comes now.
    #[must_use]
    pub const fn receive(&self) -> Received {
        match self.status {
            None | Some(UserStatus::Deleted) => Received::NoUser,
            Some(UserStatus::Active | UserStatus::Disabled) => {
                if self.repeats {
                    Received::Repeated
                } else if self.alike >= MOST_REPORTS {
                    Received::TooMany
                } else {
                    Received::Recorded
                }
            }
        }
    }
}

/// By which token a report comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportToken {
    /// One of the partner's that fixes nothing.
    Partners,
    /// One that is bound to the user of whom it is said: the user may hold it.
    Users,
}

impl ReportToken {
    /// Whether this may be said by it. That the user is no fraud is not for the user to say, in whatever name.
    #[must_use]
    pub const fn may_say(self, claim: Claim) -> bool {
        match self {
            Self::Partners => true,
            Self::Users => locks(claim),
        }
    }
}

/// Whether what is said locks the user.
#[must_use]
pub const fn locks(claim: Claim) -> bool {
    matches!(claim, Claim::Fraud(_))
}

/// Why an operator lifts a lock. `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Clearing(String);

/// The text says nothing, or too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "say why the user is cleared, in 1 to 500 characters without control characters but line ends and tabs"
)]
pub struct NoClearing;

impl Clearing {
    /// Reads one.
    ///
    /// # Errors
    /// For a text that says nothing, or too much.
    pub fn new(text: &str) -> Result<Self, NoClearing> {
        let text = text.trim();
        if text.is_empty() || !are_notes(text) {
            return Err(NoClearing);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Clearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clearing(…)")
    }
}

/// What an entry of a user's record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Said {
    /// It is a fraud.
    Fraud {
        /// Why.
        reason: FraudReason,
    },
    /// It is none. Nothing follows.
    NoFraud,
    /// An operator lifted the lock.
    Cleared,
}

impl From<Claim> for Said {
    fn from(claim: Claim) -> Self {
        match claim {
            Claim::Fraud(reason) => Self::Fraud { reason },
            Claim::NoFraud => Self::NoFraud,
        }
    }
}

/// One entry of what is on record of a user's honesty. `Debug` tells nothing personal.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct FraudRecord {
    /// Its place among the user's, from 1.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub said: Said,
    /// Who: the address that the caller wrote into a report, which nobody has looked into, or the operator. `None` where it was erased.
    pub by: Option<String>,
    /// What else was said, unless it was erased.
    pub notes: Option<String>,
}

impl fmt::Debug for FraudRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FraudRecord({}, {:?}, …)", self.sequence, self.said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_taken_of_users_that_are_there_and_not_without_end() {
        use UserStatus::{Active, Deleted, Disabled};
        let receive = |status, repeats, alike| {
            BeforeReport {
                status,
                repeats,
                alike,
            }
            .receive()
        };
        for gone in [None, Some(Deleted)] {
            for repeats in [false, true] {
                assert_eq!(receive(gone, repeats, MOST_REPORTS), Received::NoUser);
            }
        }
        for there in [Some(Active), Some(Disabled)] {
            assert_eq!(receive(there, false, MOST_REPORTS - 1), Received::Recorded);
            assert_eq!(receive(there, false, MOST_REPORTS), Received::TooMany);
            assert_eq!(receive(there, true, MOST_REPORTS), Received::Repeated);
        }
        assert!(locks(Claim::Fraud(FraudReason::Other)) && !locks(Claim::NoFraud));
    }

    #[test]
    fn by_a_users_own_token_nobody_is_exonerated() {
        let fraud = Claim::Fraud(FraudReason::Other);
        for (token, claim, may) in [
            (ReportToken::Partners, fraud, true),
            (ReportToken::Partners, Claim::NoFraud, true),
            (ReportToken::Users, fraud, true),
            (ReportToken::Users, Claim::NoFraud, false),
        ] {
            assert_eq!(token.may_say(claim), may, "{token:?} {claim:?}");
        }
    }

    #[test]
    fn a_clearing_says_why() {
        assert_eq!(Clearing::new(" mistaken\n").unwrap().as_str(), "mistaken");
        for nothing in ["", " \n", "\u{7}", &"x".repeat(501)] {
            assert_eq!(Clearing::new(nothing), Err(NoClearing));
        }
    }

    #[test]
    fn an_entry_reads_as_one_object_and_shows_nobody_in_logs() {
        let entry = FraudRecord {
            sequence: 1,
            at: Timestamp::UNIX_EPOCH,
            said: Claim::Fraud(FraudReason::MuleAccount).into(),
            by: Some("PLANTED".to_owned()),
            notes: None,
        };
        assert_eq!(
            serde_json::json!(entry),
            serde_json::json!({
                "sequence": 1, "at": "1970-01-01T00:00:00Z", "said": "fraud", "reason": "MULE_ACCOUNT",
                "by": "PLANTED", "notes": null,
            })
        );
        assert!(!format!("{entry:?}").contains("PLANTED"));
    }
}
