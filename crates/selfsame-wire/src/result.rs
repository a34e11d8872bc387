//! Results: codes, actions, and the signed JSON object that carries them.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::id::{PartnerId, SmileJobId};
use crate::partner_params::PartnerParams;
use crate::signature::{self, ApiKey, TimestampWindow, WindowError};

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

/// What came of one action of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionValue {
    /// It was done and the person passed.
    Passed,
    /// It was done.
    Completed,
    /// A person approved.
    Approved,
    /// It was verified.
    Verified,
    /// It may change on review.
    #[serde(rename = "Provisionally Approved")]
    ProvisionallyApproved,
    /// Data was returned.
    Returned,
    /// No data was returned.
    #[serde(rename = "Not Returned")]
    NotReturned,
    /// It was done and the person did not pass.
    Failed,
    /// A person rejected.
    Rejected,
    /// A person looks at it.
    #[serde(rename = "Under Review")]
    UnderReview,
    /// It was tried without an outcome.
    #[serde(rename = "Unable To Determine")]
    UnableToDetermine,
    /// It is no part of this job, or this server does not perform it.
    #[serde(rename = "Not Applicable")]
    NotApplicable,
    /// It was not verified.
    #[serde(rename = "Not Verified")]
    NotVerified,
    /// It is part of this job but was not reached.
    #[serde(rename = "Not Done")]
    NotDone,
    /// The issuer does not answer.
    #[serde(rename = "Issuer Unavailable")]
    IssuerUnavailable,
    /// The issuer has no photo.
    #[serde(rename = "ID Authority Photo Not Available")]
    IdAuthorityPhotoNotAvailable,
    /// A person will look at it.
    #[serde(rename = "Sent to Human Review")]
    SentToHumanReview,
}

/// The actions of a job of type 2 or 4; every other action of the wire is [`ActionValue::NotApplicable`] in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actions {
    /// Whether a live person was before the camera.
    pub liveness_check: ActionValue,
    /// Whether the selfie shows one face, well enough.
    pub selfie_check: ActionValue,
    /// Whether a selfie came.
    pub selfie_provided: ActionValue,
    /// Whether the selfie was put on file.
    pub register_selfie: ActionValue,
    /// How the comparison with the selfie on file went.
    pub selfie_to_registered_selfie_compare: ActionValue,
    /// What a person says of the comparison.
    pub human_review_compare: ActionValue,
    /// What a person says of the liveness evidence.
    pub human_review_liveness_check: ActionValue,
    /// What a person says of the selfie.
    pub human_review_selfie_check: ActionValue,
}

impl Serialize for Actions {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use ActionValue::NotApplicable;
        serializer.collect_map([
            ("Liveness_Check", self.liveness_check),
            ("Selfie_Check", self.selfie_check),
            ("Selfie_Provided", self.selfie_provided),
            ("Register_Selfie", self.register_selfie),
            (
                "Selfie_To_Registered_Selfie_Compare",
                self.selfie_to_registered_selfie_compare,
            ),
            ("Selfie_To_ID_Authority_Compare", NotApplicable),
            ("Selfie_To_ID_Card_Compare", NotApplicable),
            ("Verify_ID_Number", NotApplicable),
            ("Verify_Document", NotApplicable),
            ("Document_Check", NotApplicable),
            ("Return_Personal_Info", NotApplicable),
            ("Update_Registered_Selfie_On_File", NotApplicable),
            ("Human_Review_Compare", self.human_review_compare),
            (
                "Human_Review_Liveness_Check",
                self.human_review_liveness_check,
            ),
            ("Human_Review_Selfie_Check", self.human_review_selfie_check),
            ("Human_Review_Document_Check", NotApplicable),
            ("Human_Review_Update_Selfie", NotApplicable),
        ])
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
    /// As the package gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_info: Option<Box<RawValue>>,
    /// As the package gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo_info: Option<Box<RawValue>>,
    /// Scores, thresholds, models, reasons: a JSON object.
    pub evidence: Box<RawValue>,
}

/// A result with a fresh timestamp and its signature.
#[derive(Debug, Clone)]
pub struct SignedResult(String);

type Object = IndexMap<String, Box<RawValue>>;

/// Why a result cannot be signed or trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignedResultError {
    /// Not a JSON object.
    #[error("the result is not a JSON object: {0}")]
    NotAnObject(String),
    /// `timestamp` or `signature` is missing.
    #[error("the result carries no {0}")]
    Missing(&'static str),
    /// The signature is another's, or the timestamp was changed.
    #[error(
        "the result's signature is not right: it does not come from a server that holds this API key"
    )]
    WrongSignature,
    /// The signature is right but not fresh.
    #[error(transparent)]
    Window(#[from] WindowError),
}

fn object(bytes: &[u8]) -> Result<Object, SignedResultError> {
    serde_json::from_slice(bytes).map_err(|e| SignedResultError::NotAnObject(e.to_string()))
}

fn raw_text(text: &str) -> Box<RawValue> {
    match serde_json::value::to_raw_value(text) {
        Ok(raw) => raw,
        Err(_) => unreachable!("text is always JSON"),
    }
}

impl SignedResult {
    /// Adds `timestamp` and `signature` to a stored result; every other value keeps its bytes.
    ///
    /// # Errors
    /// When the bytes are no JSON object.
    pub fn sign(
        result: &[u8],
        key: &ApiKey,
        partner: &PartnerId,
        now: Timestamp,
    ) -> Result<Self, SignedResultError> {
        let mut object = object(result)?;
        let signed = signature::sign_answer(key, partner, now);
        object.insert("timestamp".to_owned(), raw_text(&signed.timestamp));
        object.insert("signature".to_owned(), raw_text(&signed.signature));
        serde_json::to_string(&object)
            .map(Self)
            .map_err(|e| SignedResultError::NotAnObject(e.to_string()))
    }

    /// Checks a result that was received: signature first, then freshness.
    ///
    /// # Errors
    /// [`SignedResultError`] says why it is not to be trusted.
    pub fn verify(
        bytes: &[u8],
        key: &ApiKey,
        partner: &PartnerId,
        window: &TimestampWindow,
        now: Timestamp,
    ) -> Result<Self, SignedResultError> {
        let object = object(bytes)?;
        let text = |name: &'static str| -> Result<String, SignedResultError> {
            let raw = object.get(name).ok_or(SignedResultError::Missing(name))?;
            serde_json::from_str(raw.get()).map_err(|_| SignedResultError::Missing(name))
        };
        let timestamp = text("timestamp")?;
        if !signature::verify_answer(key, partner, &timestamp, &text("signature")?) {
            return Err(SignedResultError::WrongSignature);
        }
        window.check(&timestamp, now)?;
        serde_json::to_string(&object)
            .map(Self)
            .map_err(|e| SignedResultError::NotAnObject(e.to_string()))
    }

    /// The JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// The JSON text as a body.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    /// The JSON text as a value to embed.
    #[must_use]
    pub fn into_raw(self) -> Box<RawValue> {
        match RawValue::from_string(self.0) {
            Ok(raw) => raw,
            Err(_) => unreachable!("it was printed as JSON"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back_and_are_distinct() {
        for code in ResultCode::ALL {
            assert_eq!(ResultCode::from_code(code.code()), Some(*code));
        }
        assert!(
            ResultCode::ReviewEnrolPass.is_success() && !ResultCode::ReviewEnrolPass.is_machine()
        );
        assert!(!ResultCode::AuthenticateProvisional.is_final());
        assert!(!ResultCode::EnrolProvisional.is_final());
    }

    #[test]
    fn a_signed_result_keeps_every_byte_of_its_values_and_verifies() {
        let (key, partner) = (ApiKey::new("k"), PartnerId::new("p").unwrap());
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let stored = br#"{"PartnerParams":{ "a" : 1.0e2,"b":"\u00e9"},"timestamp":"old"}"#;
        let signed = SignedResult::sign(stored, &key, &partner, now).unwrap();
        assert!(signed.as_json().starts_with(
            r#"{"PartnerParams":{ "a" : 1.0e2,"b":"\u00e9"},"timestamp":"2026-01-31T12:00:00.000000001Z","signature":""#
        ));
        let window = TimestampWindow::default();
        let verify = |bytes: &[u8], key: &ApiKey, now| {
            SignedResult::verify(bytes, key, &partner, &window, now).map(drop)
        };
        let bytes = signed.clone().into_bytes();
        assert_eq!(verify(&bytes, &key, now), Ok(()));
        assert_eq!(
            verify(&bytes, &ApiKey::new("other"), now),
            Err(SignedResultError::WrongSignature)
        );
        let later = now + jiff::SignedDuration::from_hours(2);
        assert_eq!(
            verify(&bytes, &key, later),
            Err(SignedResultError::Window(WindowError::Stale))
        );
        assert_eq!(
            verify(b"{}", &key, now),
            Err(SignedResultError::Missing("timestamp"))
        );
        let forged = signed.as_json().replace("12:00:00.000", "12:00:01.000");
        assert_eq!(
            verify(forged.as_bytes(), &key, now),
            Err(SignedResultError::WrongSignature)
        );
    }
}
