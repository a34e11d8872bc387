//! Results: codes, actions, what is told of a person, and the signed JSON object that carries them.

mod action;
mod antifraud;
mod business;
mod personal;
mod signed;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::id::SmileJobId;
use crate::partner_params::PartnerParams;

pub use action::{Action, ActionValue, Actions, Listed};
pub use antifraud::{Antifraud, SuspectReason, SuspectUser};
pub use business::{BusinessInfo, CompanyInformation};
pub use personal::{AskedIdentity, EarlierRegistrants, NOT_AVAILABLE, PersonalInfo};
pub use signed::{SignedResult, SignedResultError};

macro_rules! result_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// What a job came to, as the wire numbers it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ResultCode { $($(#[$doc])* $name,)* }

        impl ResultCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Four digits.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The text that goes with it.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

result_codes! {
    /// 0001
    Unusable = "0001", "Data invalid: the image could not be used";
    /// 0810
    KycPass = "0810", "ID information and selfie agree";
    /// 0811
    KycFail = "0811", "ID information and selfie do not agree";
    /// 0812: the family of 0822.
    KycProvisional = "0812", "Provisional: the comparison awaits a review";
    /// 0813: the family's possible spoof.
    KycSpoof = "0813", "Possible spoof";
    /// 0820
    AuthenticatePass = "0820", "Authenticated: the same person";
    /// 0821
    AuthenticateFail = "0821", "Not authenticated: the images did not match";
    /// 0822
    AuthenticateProvisional = "0822", "Provisional: the comparison awaits a review";
    /// 0840
    EnrolPass = "0840", "Enrolled";
    /// 0841
    EnrolFail = "0841", "Not enrolled";
    /// 0842: no public list names one for an enrolment that awaits review; it stands to 0840 as 0822 stands to 0820.
    EnrolProvisional = "0842", "Provisional: the enrolment awaits a review";
    /// 0903
    CorruptZip = "0903", "The zip file could not be read";
    /// 0907
    PossibleSpoof = "0907", "Possible spoof";
    /// 0911
    KycNoFace = "0911", "No face found";
    /// 0912
    FaceNotMatching = "0912", "Face not matching";
    /// 0921
    AuthenticateNoFace = "0921", "No face found";
    /// 0922
    AuthenticatePoorQuality = "0922", "Selfie quality too poor";
    /// 0941
    EnrolNoFace = "0941", "No face found";
    /// 0942
    EnrolPoorQuality = "0942", "Selfie quality too poor";
    /// 1012
    IdValid = "1012", "ID number validated";
    /// 1013
    IdNotFound = "1013", "The authority knows no such ID number";
    /// 1014
    IdMalformed = "1014", "The ID number does not fit its type";
    /// 1015
    IdAuthorityUnavailable = "1015", "The ID authority is unavailable";
    /// 1016
    IdTypeNotEnabled = "1016", "The ID type is not enabled for this partner";
    /// 1020
    FieldsMatch = "1020", "Exact match";
    /// 1021
    FieldsMatchPartly = "1021", "Partial match";
    /// 1022
    FieldsDiffer = "1022", "No match";
    /// 1023: basic KYC's own code for a number that is not found.
    FieldsNotFound = "1023", "The authority knows no such ID number";
    /// 1210
    ReviewEnrolPass = "1210", "Enrolled after review";
    /// 1211
    ReviewEnrolFail = "1211", "Not enrolled after review";
    /// 1212
    ReviewEnrolSpoof = "1212", "Possible spoof after review";
    /// 1213
    ReviewEnrolUnusable = "1213", "Image unusable after review";
    /// 1220
    ReviewAuthenticatePass = "1220", "Authenticated after review";
    /// 1221
    ReviewAuthenticateFail = "1221", "Not authenticated after review";
    /// 1222
    ReviewAuthenticateSpoof = "1222", "Possible spoof after review";
    /// 1223
    ReviewAuthenticateUnusable = "1223", "Image unusable after review";
    /// 5210: of the search for users who may be the same person.
    NoSuspects = "5210", "No suspect users found";
    /// 5211
    SuspectsFound = "5211", "Suspect users found";
    /// 5212
    SuspectsUnknown = "5212", "The search for suspect users failed";
    /// 2401
    SystemError = "2401", "The job could not be processed";
}

impl ResultCode {
    /// The code of four digits, if it is known.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.code() == code)
    }

    /// Whether it says that the person is enrolled or authenticated.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(
            self,
            Self::KycPass
                | Self::IdValid
                | Self::FieldsMatch
                | Self::FieldsMatchPartly
                | Self::AuthenticatePass
                | Self::EnrolPass
                | Self::ReviewEnrolPass
                | Self::ReviewAuthenticatePass
        )
    }

    /// Whether a further result follows.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(
            self,
            Self::AuthenticateProvisional | Self::EnrolProvisional | Self::KycProvisional
        )
    }

    /// Whether a machine decided (the 12xx codes are people's).
    #[must_use]
    pub const fn is_machine(self) -> bool {
        !matches!(self.code().as_bytes(), [b'1', b'2', ..])
    }
}

impl Serialize for ResultCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for ResultCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code)
            .ok_or_else(|| serde::de::Error::custom(format!("{code:?} is no result code")))
    }
}

/// A result before it is signed.
#[derive(Debug, Clone, Serialize)]
pub struct JobResult {
    /// Version of this shape.
    #[serde(rename = "JSONVersion")]
    pub json_version: &'static str,
    /// The server's name of the job.
    #[serde(rename = "SmileJobID")]
    pub smile_job_id: SmileJobId,
    /// Echoed.
    #[serde(rename = "PartnerParams")]
    pub partner_params: PartnerParams,
    /// What kind of job it was.
    #[serde(rename = "ResultType")]
    pub result_type: &'static str,
    /// The text.
    #[serde(rename = "ResultText")]
    pub result_text: String,
    /// The code.
    #[serde(rename = "ResultCode")]
    pub result_code: &'static str,
    /// `"true"` unless a further result follows.
    #[serde(rename = "IsFinalResult")]
    pub is_final_result: &'static str,
    /// `"true"` unless a person decided.
    #[serde(rename = "IsMachineResult")]
    pub is_machine_result: &'static str,
    /// 0 to 100 as text, two decimals; absent without a comparison.
    #[serde(rename = "ConfidenceValue", skip_serializing_if = "Option::is_none")]
    pub confidence_value: Option<String>,
    /// What was done.
    #[serde(rename = "Actions")]
    pub actions: Actions,
    /// By what.
    #[serde(rename = "Source")]
    pub source: &'static str,
    /// Of products that look identities up.
    #[serde(flatten)]
    pub identity: IdentityPart,
    /// As the package gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_info: Option<Box<RawValue>>,
    /// As the package gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo_info: Option<Box<RawValue>>,
    /// Scores, thresholds, models, reasons: a JSON object.
    pub evidence: Box<RawValue>,
}

/// What the results of products that look identities up have beside the others'. All of it is absent where it does not belong, so
/// that a result of type 2 or 4 is what it always was.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IdentityPart {
    /// Which identity was asked about.
    #[serde(flatten)]
    pub asked: Option<AskedIdentity>,
    /// The person's record.
    #[serde(flatten)]
    pub personal: Option<PersonalInfo>,
    /// Who was enrolled with the same number before.
    #[serde(flatten)]
    pub earlier_registrants: Option<EarlierRegistrants>,
    /// Who may be the same person.
    #[serde(rename = "Antifraud", skip_serializing_if = "Option::is_none")]
    pub antifraud: Option<Antifraud>,
    /// Where the job's receipt is.
    #[serde(rename = "KYCReceipt", skip_serializing_if = "Option::is_none")]
    pub kyc_receipt: Option<String>,
    /// The business's record.
    #[serde(flatten)]
    pub business: Option<BusinessInfo>,
}

#[cfg(test)]
mod tests;
