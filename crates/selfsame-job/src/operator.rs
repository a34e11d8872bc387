//! What the holder of an operator's token may do.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a token allows. Each role may do all that those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperatorRole {
    /// Sees lists and states; no images, no evidence of a person, and changes nothing.
    Observer,
    /// Sees what reviews are about, images included, and decides them.
    Reviewer,
    /// Does all that the command line does to partners, users, callbacks and tokens.
    Operator,
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is observer, reviewer or operator")]
pub struct NotARole;

impl OperatorRole {
    /// Every role, the one that allows least first.
    pub const ALL: [Self; 3] = [Self::Observer, Self::Reviewer, Self::Operator];

    /// What a token allows that was made before tokens had a role: what it could do then.
    pub const OF_OLD_TOKENS: Self = Self::Reviewer;

    /// Whether it is enough where `demanded` is demanded.
    #[must_use]
    pub fn allows(self, demanded: Self) -> bool {
        self >= demanded
    }

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observer => "observer",
            Self::Reviewer => "reviewer",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for OperatorRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for OperatorRole {
    type Err = NotARole;
    fn from_str(text: &str) -> Result<Self, NotARole> {
        let mut all = Self::ALL.into_iter();
        all.find(|role| role.as_str() == text).ok_or(NotARole)
    }
}

/// What a token on record is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenTerms {
    /// Absent on tokens from before there were roles.
    pub role: Option<OperatorRole>,
    /// From then on it is dead; absent where it never is.
    pub expires_at: Option<Timestamp>,
}

impl TokenTerms {
    /// The role in force.
    #[must_use]
    pub fn role(&self) -> OperatorRole {
        self.role.unwrap_or(OperatorRole::OF_OLD_TOKENS)
    }

    /// Whether it is dead.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_allows_what_those_before_it_allow_and_no_more() {
        for (at, role) in OperatorRole::ALL.into_iter().enumerate() {
            for (place, demanded) in OperatorRole::ALL.into_iter().enumerate() {
                assert_eq!(role.allows(demanded), at >= place, "{role} for {demanded}");
            }
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        for text in ["", "Operator", "admin", "observer "] {
            assert_eq!(text.parse::<OperatorRole>(), Err(NotARole));
        }
    }

    #[test]
    fn a_token_is_dead_from_its_expiry_on_and_an_old_one_decides_reviews() {
        let now = Timestamp::UNIX_EPOCH;
        let second = jiff::SignedDuration::from_secs(1);
        let terms = |expires_at| TokenTerms {
            role: None,
            expires_at,
        };
        assert!(terms(Some(now)).is_expired(now));
        assert!(!terms(Some(now + second)).is_expired(now));
        assert!(!terms(None).is_expired(Timestamp::MAX));
        assert_eq!(terms(None).role(), OperatorRole::Reviewer);
    }
}
