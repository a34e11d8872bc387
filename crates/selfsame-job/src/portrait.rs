//! The photograph of an identity, which a selfie is compared with: an authority's, or that on an ID card.

use serde::{Deserialize, Serialize};

use crate::outcome::Checked;
use crate::served::Enrolled;
use crate::verdict::Comparison;

/// Where the photograph comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortraitSource {
    /// The authority's record.
    Authority,
    /// The ID card in the package.
    Card,
}

impl PortraitSource {
    /// The check that compares with it.
    #[must_use]
    pub const fn checked(self) -> Checked {
        match self {
            Self::Authority => Checked::AuthorityComparison,
            Self::Card => Checked::CardComparison,
        }
    }
}

/// What there is to compare with.
#[derive(Debug, Clone, Copy)]
pub struct Portrait<'e> {
    /// Where it comes from.
    pub source: PortraitSource,
    /// What it shows.
    pub shows: Shows<'e>,
}

/// What a photograph of an identity shows.
#[derive(Debug, Clone, Copy)]
pub enum Shows<'e> {
    /// There is no photograph.
    Nothing,
    /// No one face that can be compared with.
    NoUsableFace,
    /// One face.
    Face(Enrolled<'e>),
}

/// What came of a comparison with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PortraitOutcome {
    /// There was no photograph.
    Absent,
    /// It shows no face that can be compared with.
    Unusable,
    /// The faces were compared.
    Compared(Comparison),
}
