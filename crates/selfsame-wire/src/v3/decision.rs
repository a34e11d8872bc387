//! What v3 says a job came to.

use serde::{Deserialize, Serialize};

/// Where a job stands, or what it came to. It is the decision itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "V3JobStatus")
)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// It has not ended.
    Processing,
    /// It passed.
    Clear,
    /// It did not pass.
    Block,
    /// Somebody should look.
    Attention,
    /// It could not be decided.
    Error,
    /// There is no such job.
    NotFound,
}

macro_rules! decision_reasons {
    ($($(#[$doc:meta])* $name:ident, $status:ident;)*) => {
        /// Why a job was not clear.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            schemars(rename = "V3DecisionReason")
        )]
        #[serde(rename_all = "snake_case")]
        pub enum DecisionReason { $($(#[$doc])* $name,)* }

        impl DecisionReason {
            /// Every reason that this server gives.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The status that it goes with.
            #[must_use]
            pub const fn status(self) -> JobStatus {
                match self { $(Self::$name => JobStatus::$status,)* }
            }
        }
    };
}

decision_reasons! {
    /// The person is enrolled under another name, or several things speak against it.
    HighRisk, Block;
    /// The user was reported for fraud.
    AccountLockedFraud, Block;
    /// The faces differ.
    FaceVerificationFailed, Block;
    /// No live person was before the camera.
    SpoofDetected, Block;
    /// The document does not hold.
    DocumentCheckFailed, Block;
    /// Such documents are not known.
    UnsupportedDocument, Block;
    /// The authority knows no such number.
    IdentifierNotFound, Block;
    /// The person is too young.
    AgeRequirementNotMet, Block;
    /// The record is of somebody of another name.
    NameMismatch, Block;
    /// The document has run out.
    DocumentExpired, Attention;
    /// The document is a copy.
    DocumentCopyDetected, Attention;
    /// It is not clear enough to pass without a person who looks.
    MediumRisk, Attention;
    /// An image cannot be used.
    ImageUnavailableOrInvalid, Error;
    /// The server failed.
    InternalError, Error;
    /// The authority does not answer.
    ServiceUnavailable, Error;
    /// It is not told what kind of document it is.
    DocumentUnclassifiable, Error;
    /// The number does not fit its type.
    InvalidIdNumber, Error;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_reasons_are_written_as_the_wire_has_them() {
        let status = serde_json::json!(JobStatus::NotFound);
        let reason = serde_json::json!(DecisionReason::ImageUnavailableOrInvalid);
        assert_eq!(
            (status, reason),
            ("not_found".into(), "image_unavailable_or_invalid".into())
        );
        for reason in DecisionReason::ALL {
            use JobStatus::{Attention, Block, Error};
            assert!(matches!(reason.status(), Block | Attention | Error));
        }
    }
}
