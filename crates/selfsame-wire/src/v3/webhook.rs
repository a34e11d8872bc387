//! The webhook: what a job came to, in all its details. It goes to the partner's server, and to nobody else.
//!
//! The body carries no signature. The headers do, over a timestamp and the partner, as in v1's results.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::id::UserId;
use crate::id_info::{Country, IdNumber, IdType};
use crate::job_status::ImageLinks;
use crate::partner_params::PartnerParams;
use crate::v3::decision::{DecisionReason, JobStatus};
use crate::v3::product::Product;
use crate::v3::user_details::UserDetails;

/// Header: when it was signed.
pub const RESPONSE_TIMESTAMP: &str = "response-timestamp";
/// Header: the signature over timestamp and partner.
pub const RESPONSE_SIGNATURE: &str = "response-signature";
/// Header: the job.
pub const JOB_ID: &str = "job-id";
/// Header: the user.
pub const USER_ID: &str = "user-id";
/// Header: the API's version.
pub const API_VERSION: &str = "api-version";

/// What a job came to. Members that do not apply are null, unless they say otherwise.
#[derive(Debug, Clone, Serialize)]
pub struct Webhook {
    /// The decision.
    pub status: JobStatus,
    /// The same for people.
    pub message: String,
    /// Why it is not clear.
    pub reason: Option<DecisionReason>,
    /// What the job was.
    pub product: Option<Product>,
    /// When it was submitted.
    pub created_at: String,
    /// When it came to this.
    pub completed_at: String,
    /// What was sent along, with the job's own `job_id` and `user_id` in it.
    pub partner_params: PartnerParams,
    /// Where the receipt of a look-up is.
    pub kyc_receipt: Option<String>,
    /// Short-lived links to its images; an empty object where there are none.
    pub image_links: ImageLinks,
    /// The record of the identity.
    pub id_fields: Option<IdFields>,
    /// What the person said of itself.
    pub user_provided_info: Option<UserDetails>,
    /// Who else may be the same person.
    pub antifraud: Option<Antifraud>,
    /// Always null: no signals of devices are reckoned with.
    pub device_signals: (),
    /// The person's consent, as it was given.
    pub consent: Option<Box<RawValue>>,
}

/// The record of an identity. What the authority does not keep is null.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct IdFields {
    /// Whose authority was asked.
    pub country: Country,
    /// For which kind of ID.
    pub id_type: IdType,
    /// Its number.
    pub id_number: IdNumber,
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// The whole name.
    pub full_name: Option<String>,
    /// `YYYY-MM-DD`.
    pub date_of_birth: Option<String>,
    /// `M` or `F`.
    pub gender: Option<String>,
    /// When the document was issued.
    pub issuance_date: Option<String>,
    /// When it ends.
    pub expiration_date: Option<String>,
    /// Where the person lives.
    pub address: Option<String>,
}

impl std::fmt::Debug for IdFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdFields")
            .field("country", &self.country)
            .field("id_type", &self.id_type)
            .finish_non_exhaustive()
    }
}

/// What speaks for fraud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Antifraud {
    /// Always null: nobody here reckons a risk in numbers, and none is made up.
    pub fraud_risk: (),
    /// What the search for the same person found.
    pub smile_secure: SmileSecure,
    /// In one word.
    pub summary: Summary,
}

impl Antifraud {
    /// The partner's users were searched, and these may be the same person.
    #[must_use]
    pub fn searched(suspect_users: Vec<SuspectUser>) -> Self {
        let fraud_detected = !suspect_users.is_empty();
        Self {
            fraud_risk: (),
            smile_secure: SmileSecure {
                status: if fraud_detected {
                    JobStatus::Attention
                } else {
                    JobStatus::Clear
                },
                suspect_users,
            },
            summary: Summary { fraud_detected },
        }
    }
}

/// What the search for the same person found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SmileSecure {
    /// Clear where nobody was found, else attention.
    pub status: JobStatus,
    /// Who was found.
    pub suspect_users: Vec<SuspectUser>,
}

/// In one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Something was found.
    pub fraud_detected: bool,
}

/// A user who may be the same person as the job's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuspectUser {
    /// Who.
    pub user_id: UserId,
    /// Why.
    pub reasons: Vec<SuspectReason>,
}

/// Why a user is suspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuspectReason {
    /// The faces are alike.
    SameFace,
    /// The number of the identity is the same.
    SameIdNumber,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspect(user: &str, reasons: &[SuspectReason]) -> SuspectUser {
        SuspectUser {
            user_id: UserId::new(user).unwrap(),
            reasons: reasons.to_vec(),
        }
    }

    fn empty() -> Webhook {
        Webhook {
            status: JobStatus::Error,
            message: "The job could not be processed".to_owned(),
            reason: Some(DecisionReason::InternalError),
            product: Some(Product::SmartSelfieAuthentication),
            created_at: "2026-01-02T03:04:05.000Z".to_owned(),
            completed_at: "2026-01-02T03:04:11.000Z".to_owned(),
            partner_params: PartnerParams::parse("{}").unwrap(),
            kyc_receipt: None,
            image_links: ImageLinks::default(),
            id_fields: None,
            user_provided_info: None,
            antifraud: None,
            device_signals: (),
            consent: None,
        }
    }

    /// As it is sent: what the snapshot's own writer would make of raw JSON is something else.
    fn sent(webhook: &Webhook) -> String {
        serde_json::to_string_pretty(webhook).unwrap()
    }

    #[test]
    fn what_does_not_apply_is_null() {
        insta::assert_snapshot!(sent(&empty()));
    }

    #[test]
    fn a_webhook_with_all_that_it_can_tell() {
        let record = IdFields {
            country: Country::new("NG").unwrap(),
            id_type: IdType::new("NIN").unwrap(),
            id_number: IdNumber::new("00000000000").unwrap(),
            first_name: Some("Joe".to_owned()),
            last_name: Some("Leo".to_owned()),
            full_name: Some("Joe Leo".to_owned()),
            date_of_birth: Some("2000-09-20".to_owned()),
            gender: Some("M".to_owned()),
            issuance_date: None,
            expiration_date: None,
            address: None,
        };
        assert!(!format!("{record:?}").contains("000"));
        let consent = r#"{"granted":true,"granted_at":"2026-01-02T03:04:05.000Z","notice_language":"EN","notice_privacy_policy_url":"https://example.com/p"}"#;
        let details = r#"{"given_names":"Joe","last_name":"Leo","email":"joe@example.com"}"#;
        let webhook = Webhook {
            status: JobStatus::Clear,
            message: "ID information and selfie agree".to_owned(),
            reason: None,
            product: Some(Product::BiometricKyc),
            partner_params: PartnerParams::parse(r#"{"order":"7"}"#).unwrap(),
            kyc_receipt: Some("https://example.com/receipt/1".to_owned()),
            image_links: ImageLinks {
                selfie_image: Some("https://example.com/s.jpg".to_owned()),
                ..ImageLinks::default()
            },
            id_fields: Some(record),
            user_provided_info: Some(UserDetails::parse(details).unwrap()),
            antifraud: Some(Antifraud::searched(vec![suspect(
                "u9",
                &[SuspectReason::SameFace, SuspectReason::SameIdNumber],
            )])),
            consent: Some(RawValue::from_string(consent.to_owned()).unwrap()),
            ..empty()
        };
        insta::assert_snapshot!(sent(&webhook));
    }

    #[test]
    fn nobody_found_is_clear() {
        let none = serde_json::to_value(Antifraud::searched(Vec::new())).unwrap();
        assert_eq!(
            none,
            serde_json::json!({
                "fraud_risk": null, "smile_secure": {"status": "clear", "suspect_users": []},
                "summary": {"fraud_detected": false},
            })
        );
    }
}
