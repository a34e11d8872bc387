//! What a job came to, in the domain's own words: it is kept so, and each API renders it in its shape when it is asked.

mod checks;
mod decided;
mod earlier;
mod evidence;
mod finding;
mod identified;
mod suspects;

use selfsame_face::template::ComparisonScore;
use selfsame_wire::result::ResultCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

pub use checks::{CheckState, Checked, Checks};
pub use decided::{Circumstances, locked_out, of_decision, of_forced_code};
pub use earlier::EarlierResult;
pub use evidence::Evidence;
pub use finding::Finding;
pub use identified::{Identified, of_lookup, of_staged_lookup};
pub use suspects::of_suspects;

use crate::erasure::Erasure;
use crate::reason::Reason;

/// What a job, or a person who decided about it, came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobOutcome {
    /// First, so that whoever reads it knows what follows.
    #[serde(rename = "outcome")]
    version: Version,
    /// The code.
    pub code: ResultCode,
    /// No further result follows.
    pub is_final: bool,
    /// What there is to say beside the code's own text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Remark>,
    /// What came of each check.
    pub checks: Checks,
    /// The comparison, where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Compared>,
    /// What spoke against it and counted.
    pub reasons: Vec<Reason>,
    /// All that led to it.
    pub evidence: Evidence,
    /// The identity that it is about, and what was said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identified>,
    /// As the package gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_info: Option<Box<RawValue>>,
    /// As the package gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo_info: Option<Box<RawValue>>,
    /// What the code does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// The sandbox forced the code.
    #[serde(default)]
    pub forced: bool,
    /// Why all but names, code and checks are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Erasure>,
}

/// What is said beside the code's own text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// Why it came so.
    Because(String),
    /// The sandbox forced it.
    Forced,
    /// All that was said, in the words of an earlier build.
    Whole(String),
}

/// How alike the faces were.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Cosine, −1 to 1.
    pub score: ComparisonScore,
    /// 0 to 100, 50 at the threshold, as it was reckoned then.
    pub confidence: f64,
}

/// The shape that [`JobOutcome`] is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Version;

impl Version {
    const NUMBER: u32 = 1;
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(Self::NUMBER)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            Self::NUMBER => Ok(Self),
            other => Err(serde::de::Error::custom(format!(
                "it is of version {other}, and this build knows {}: use the newer build",
                Self::NUMBER
            ))),
        }
    }
}

/// What is on record is no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the result on record cannot be read: {0}")]
pub struct UnreadableOutcome(String);

impl UnreadableOutcome {
    fn because(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }

    pub(crate) fn never_reviewed() -> Self {
        Self("such a job judges no face, and is never reviewed".to_owned())
    }
}

/// By which a result on record says what it is.
#[derive(Deserialize)]
struct Written {
    outcome: Option<u32>,
}

/// A result on record, as it is written there.
#[derive(Debug, Clone)]
pub enum Recorded<'b> {
    /// An outcome.
    Outcome(Box<JobOutcome>),
    /// v1's JSON: builds before outcomes wrote that.
    Earlier(EarlierResult<'b>),
}

impl<'b> Recorded<'b> {
    /// Reads a result on record.
    ///
    /// # Errors
    /// [`UnreadableOutcome`] where it is neither.
    pub fn read(bytes: &'b [u8]) -> Result<Self, UnreadableOutcome> {
        let written: Written = serde_json::from_slice(bytes).map_err(UnreadableOutcome::because)?;
        match written.outcome {
            Some(_) => serde_json::from_slice(bytes)
                .map(Self::Outcome)
                .map_err(UnreadableOutcome::because),
            None => Ok(Self::Earlier(EarlierResult::new(bytes))),
        }
    }
}

impl JobOutcome {
    /// What is on record, whichever build wrote it.
    ///
    /// # Errors
    /// [`UnreadableOutcome`] where it is no result.
    pub fn read(bytes: &[u8]) -> Result<Self, UnreadableOutcome> {
        match Recorded::read(bytes)? {
            Recorded::Outcome(outcome) => Ok(*outcome),
            Recorded::Earlier(earlier) => earlier.outcome(),
        }
    }

    /// Whether what is on record is an outcome that only a newer build can read.
    #[must_use]
    pub fn is_of_newer_build(bytes: &[u8]) -> bool {
        let written = serde_json::from_slice::<Written>(bytes);
        written.is_ok_and(|written| written.outcome > Some(Version::NUMBER))
    }

    /// The bytes that are kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match serde_json::to_vec(self) {
            Ok(bytes) => bytes,
            Err(_) => unreachable!("texts, numbers and JSON print as JSON"),
        }
    }

    /// What people are told.
    #[must_use]
    pub fn text(&self) -> String {
        let text = self.code.text();
        match &self.remark {
            None => text.to_owned(),
            Some(Remark::Because(why)) => format!("{text}: {why}"),
            Some(Remark::Forced) => format!("{text} (forced by the sandbox request)"),
            Some(Remark::Whole(whole)) => whole.clone(),
        }
    }

    /// What stays when what it tells of a person is erased: code, checks, what judged. No further result follows it.
    #[must_use]
    pub fn erased(self, why: Erasure) -> Self {
        Self {
            is_final: true,
            remark: Some(Remark::Because(why.explain().to_owned())),
            comparison: None,
            reasons: Vec::new(),
            evidence: self.evidence.erased(why, self.forced),
            identity: None,
            id_info: None,
            geo_info: None,
            finding: None,
            erased: Some(why),
            ..self
        }
    }

    /// Of a job that came to nothing else, because what it would have come to is erased.
    #[must_use]
    pub fn nothing(code: ResultCode, why: Erasure) -> Self {
        Self {
            version: Version,
            code,
            is_final: true,
            remark: None,
            checks: Checks::nothing_performed(),
            comparison: None,
            reasons: Vec::new(),
            evidence: Evidence::default(),
            identity: None,
            id_info: None,
            geo_info: None,
            finding: None,
            forced: false,
            erased: None,
        }
        .erased(why)
    }
}

#[cfg(test)]
mod tests;
