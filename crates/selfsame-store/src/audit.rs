//! The audit: an append-only chain of records, each bound to the one before it by a key that is not in the database.
//!
//! Whoever has the database without the master key cannot change, remove, insert or reorder records unnoticed. The end of
//! the chain is kept encrypted beside it, so that records cannot be cut off its end either; only a whole older copy of the
//! database would still look right. Against that, a head that was kept elsewhere ([`AuditHead`]) helps.
//!
//! A chain that is broken is not extended. After an incident an operator begins a new segment behind the break: its first
//! record names the break and holds a digest of all that stood before it, so that the break stays on record.

pub(crate) mod chain;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;

/// The end of a chain at some time: `SEQUENCE:CODE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// The last record's place.
    pub sequence: u64,
    /// Its code.
    pub code: [u8; 32],
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, hex::encode(self.code))
    }
}

/// The text is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an audit head is SEQUENCE:CODE, as `selfsame audit head` prints it")]
pub struct NotAHead;

impl FromStr for AuditHead {
    type Err = NotAHead;
    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let (sequence, code) = text.trim().split_once(':').ok_or(NotAHead)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(code, &mut bytes).map_err(|_| NotAHead)?;
        Ok(Self {
            sequence: sequence.parse().map_err(|_| NotAHead)?,
            code: bytes,
        })
    }
}

/// A break that an operator put on record, and what follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditBreak {
    /// The place of the record that begins the segment behind the break.
    pub segment: u64,
    /// When the segment was begun.
    pub at: Timestamp,
    /// Who began it.
    pub by: String,
    /// What was broken.
    pub why: String,
}

/// What verifying the chain came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditCheck {
    /// Every record stands where it was written, as it was written.
    Intact(AuditHead),
    /// The same since the last of these breaks, and what stood before each is as it was when the break was put on record.
    Resumed {
        /// The chain's end.
        head: AuditHead,
        /// Oldest first; never empty.
        breaks: Vec<AuditBreak>,
    },
    /// It is broken; the text says where and how.
    Broken(String),
}
