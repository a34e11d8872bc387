//! What an authority answered.

use jiff::Timestamp;
use selfsame_wire::result::ResultCode;
use serde::{Deserialize, Serialize};

use super::{BusinessRecord, FieldMatches, IdentityRecord};

/// What an authority says to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// There is such a person.
    Found(Box<IdentityRecord>),
    /// There is such a business.
    Business(Box<BusinessRecord>),
    /// There is such a person; the authority compares what it is given, and tells no more.
    Compared(FieldMatches),
    /// There is nobody of that number.
    NotFound,
    /// The number does not fit its type; the text says how.
    Malformed(String),
    /// The authority cannot be reached, or makes no sense.
    Unavailable,
    /// The partner may not ask for that.
    NotEnabled,
}

impl Answer {
    /// Whether there is such a person or business.
    #[must_use]
    pub const fn is_found(&self) -> bool {
        matches!(self, Self::Found(_) | Self::Business(_) | Self::Compared(_))
    }

    /// The code of a look-up.
    #[must_use]
    pub const fn code(&self) -> ResultCode {
        match self {
            Self::Found(_) | Self::Business(_) | Self::Compared(_) => ResultCode::IdValid,
            Self::NotFound => ResultCode::IdNotFound,
            Self::Malformed(_) => ResultCode::IdMalformed,
            Self::Unavailable => ResultCode::IdAuthorityUnavailable,
            Self::NotEnabled => ResultCode::IdTypeNotEnabled,
        }
    }

    /// The record of a person, where one was told.
    #[must_use]
    pub const fn record(&self) -> Option<&IdentityRecord> {
        match self {
            Self::Found(record) => Some(record),
            _ => None,
        }
    }
}

/// A look-up that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lookup {
    /// What was said.
    pub answer: Answer,
    /// By whom: the authority's name in the operator's configuration.
    pub authority: String,
    /// When.
    pub at: Timestamp,
}
