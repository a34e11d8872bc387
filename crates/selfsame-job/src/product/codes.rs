//! The codes that the jobs of a product end with.

use selfsame_wire::result::ResultCode;

use crate::review::ReviewDecision;
use crate::verdict::Verdict;

/// A product's own codes; those of every product are added by [`Codes::of`].
#[derive(Debug)]
pub struct Codes {
    /// It passed.
    pub pass: ResultCode,
    /// A person decides.
    pub provisional: ResultCode,
    /// It did not pass.
    pub fail: ResultCode,
    /// No face was seen.
    pub no_face: ResultCode,
    /// No live person was seen, or the images were used before.
    pub possible_spoof: ResultCode,
    /// The picture does not serve to decide by.
    pub poor_quality: ResultCode,
    /// A person approved.
    pub approved: ResultCode,
    /// A person saw another face.
    pub rejected: ResultCode,
    /// A person saw no live face.
    pub spoof: ResultCode,
    /// A person could tell nothing.
    pub unusable: ResultCode,
}

impl Codes {
    /// The code of a verdict.
    #[must_use]
    pub const fn of(&self, verdict: &Verdict) -> ResultCode {
        match verdict {
            Verdict::Pass => self.pass,
            Verdict::Provisional => self.provisional,
            Verdict::PossibleSpoof => self.possible_spoof,
            Verdict::NoFace => self.no_face,
            Verdict::SeveralFaces | Verdict::PoorQuality => self.poor_quality,
            Verdict::UnusableImage(_) | Verdict::NoPortrait => ResultCode::Unusable,
            Verdict::CorruptPackage(_) => ResultCode::CorruptZip,
            Verdict::NoMatch
            | Verdict::Duplicate
            | Verdict::AlreadyEnrolled
            | Verdict::LockedOut(_)
            | Verdict::ReferenceGone(_) => self.fail,
            Verdict::SystemError => ResultCode::SystemError,
        }
    }

    /// The code of a person's decision.
    #[must_use]
    pub const fn decided(&self, decision: ReviewDecision) -> ResultCode {
        match decision {
            ReviewDecision::Approve => self.approved,
            ReviewDecision::Reject => self.rejected,
            ReviewDecision::Spoof => self.spoof,
            ReviewDecision::Unusable => self.unusable,
        }
    }
}
