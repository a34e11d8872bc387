//! v2: one synchronous call.

use serde::Serialize;

use crate::error::{ErrorCode, WireError};
use crate::id::{JobId, PartnerId, UserId};
use crate::job_type::JobType;
use crate::partner_params::PartnerParams;
use crate::result::ResultCode;
use crate::sandbox_result;

/// Names the partner.
pub const PARTNER_ID: &str = "smileid-partner-id";
/// The signed timestamp.
pub const TIMESTAMP: &str = "smileid-timestamp";
/// Its signature.
pub const SIGNATURE: &str = "smileid-request-signature";
/// The client's name.
pub const SOURCE_SDK: &str = "smileid-source-sdk";
/// The client's version.
pub const SOURCE_SDK_VERSION: &str = "smileid-source-sdk-version";

/// A result code as a form carries it: the mobile SDKs hold it as a number, so that 821 stands for 0821.
#[must_use]
pub fn sandbox_code(text: &str) -> String {
    format!("{text:0>4}")
}

/// What a call's form says of itself, before the server has made the names that are absent.
#[derive(Debug)]
pub struct Named {
    /// As the form has them; an empty object where it has none.
    pub partner_params: PartnerParams,
    /// The partner's name of the user: the form's, else the one in `partner_params`.
    pub user_id: Option<UserId>,
    /// The partner's name of the job, in `partner_params`.
    pub job_id: Option<JobId>,
    /// What the sandbox is asked for: the form's, else the one in `partner_params`.
    pub sandbox_result: Option<String>,
}

impl Named {
    /// Reads the parts `user_id`, `partner_params` and `sandbox_result` of a call's form.
    ///
    /// # Errors
    /// 2203 when `partner_params` is not JSON; 2204 when it is no object, when a name is not an identifier, or when the
    /// form and `partner_params` name two users: the answer and the callback could be taken for another user's.
    pub fn read(
        job_type: JobType,
        user_id: Option<&str>,
        partner_params: Option<&str>,
        sandbox_result: Option<&str>,
    ) -> Result<Self, WireError> {
        let partner_params = match partner_params {
            Some(text) => PartnerParams::parse(text)?,
            None => PartnerParams::default(),
        };
        let form_user = user_id
            .map(UserId::new)
            .transpose()
            .map_err(|e| WireError::new(ErrorCode::WrongType, e.to_string()))?;
        let user_id = match (form_user, partner_params.user_id_if_given()?) {
            (Some(form), Some(other)) if form != other => {
                return Err(WireError::new(
                    ErrorCode::WrongType,
                    "partner_params.user_id names another user than user_id; send one of them, or the same in both",
                ));
            }
            (form, inner) => form.or(inner),
        };
        let sandbox_result = match sandbox_result {
            Some(code) => Some(sandbox_code(code)),
            None => partner_params
                .sandbox_result()?
                .map(|asked| sandbox_result::code(&asked, job_type)),
        };
        Ok(Self {
            job_id: partner_params.job_id_if_given()?,
            partner_params,
            user_id,
            sandbox_result,
        })
    }
}

/// Which call it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SmartSelfieJobType {
    /// `smart-selfie-enroll`.
    SmartSelfieEnrollment,
    /// `smart-selfie-authentication`.
    SmartSelfieAuthentication,
}

/// What it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Passed.
    Approved,
    /// Not decided yet.
    Pending,
    /// Not passed.
    Rejected,
}

impl Status {
    /// The status of a result.
    #[must_use]
    pub const fn of(code: ResultCode) -> Self {
        if code.is_success() {
            Self::Approved
        } else if code.is_final() {
            Self::Rejected
        } else {
            Self::Pending
        }
    }
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct SmartSelfieResponse {
    /// The result code.
    pub code: String,
    /// When the job was made, ISO 8601.
    pub created_at: String,
    /// The server's name of the job.
    pub job_id: JobId,
    /// Which call it was.
    pub job_type: SmartSelfieJobType,
    /// The result's text.
    pub message: String,
    /// Whose job.
    pub partner_id: PartnerId,
    /// Echoed, with `job_id` and `user_id` where they were absent.
    pub partner_params: PartnerParams,
    /// What it came to.
    pub status: Status,
    /// When the job last changed, ISO 8601.
    pub updated_at: String,
    /// Whom it concerns.
    pub user_id: UserId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_gets_back_the_zero_that_a_number_lost() {
        assert_eq!(sandbox_code("821"), "0821");
        assert_eq!(sandbox_code("0821"), "0821");
        assert_eq!(sandbox_code("1"), "0001");
        assert_eq!(sandbox_code("1220"), "1220");
    }

    fn read(user_id: Option<&str>, params: Option<&str>) -> Result<Named, WireError> {
        Named::read(JobType::SmartSelfieAuthentication, user_id, params, None)
    }

    #[test]
    fn the_names_come_from_the_form_and_from_partner_params() {
        let named = read(Some("u"), Some("\u{feff}{ \"job_id\": 7, \"note\": 1.50 }")).unwrap();
        assert_eq!(named.user_id.unwrap().as_str(), "u");
        assert_eq!(named.job_id.unwrap().as_str(), "7");
        let inner = read(None, Some(r#"{"user_id":"u"}"#)).unwrap();
        assert_eq!(inner.user_id.unwrap().as_str(), "u");
        let both = read(Some("u"), Some(r#"{"user_id":"u","job_id":""}"#)).unwrap();
        assert!(both.user_id.is_some() && both.job_id.is_none());
        let bare = read(None, None).unwrap();
        assert!(bare.user_id.is_none() && bare.job_id.is_none());
        assert_eq!(bare.partner_params.as_json(), "{}");
    }

    #[test]
    fn what_could_be_taken_for_another_users_is_refused() {
        let refused = |user, params| read(user, Some(params)).unwrap_err().to_string();
        assert!(
            refused(Some("u"), r#"{"user_id":"other"}"#)
                .starts_with("2204: partner_params.user_id names another")
        );
        assert!(refused(Some("u"), r#"{"user_id":"u","user_id":"other"}"#).starts_with("2203"));
        assert!(refused(Some("u"), r#"{"user_id":["u"]}"#).starts_with("2204"));
        assert!(refused(Some("u"), r#"{"job_id":{}}"#).starts_with("2204"));
        assert!(refused(Some("u"), "[]").starts_with("2204"));
        assert!(refused(Some("u"), "{").starts_with("2203"));
        assert!(refused(Some("a\nb"), "{}").starts_with("2204"));
    }

    #[test]
    fn the_sandbox_is_asked_in_the_form_by_a_code_and_in_partner_params_as_v1_has_it() {
        let asked = |form, params| {
            Named::read(JobType::SmartSelfieRegistration, None, Some(params), form)
                .unwrap()
                .sandbox_result
        };
        assert_eq!(asked(Some("1"), "{}").unwrap(), "0001");
        assert_eq!(
            asked(Some("822"), r#"{"sandbox_result":"1"}"#).unwrap(),
            "0822"
        );
        assert_eq!(asked(None, r#"{"sandbox_result":"1"}"#).unwrap(), "0841");
        assert_eq!(asked(None, "{}"), None);
    }

    #[test]
    fn every_result_has_one_status() {
        assert_eq!(Status::of(ResultCode::EnrolPass), Status::Approved);
        assert_eq!(
            Status::of(ResultCode::AuthenticateProvisional),
            Status::Pending
        );
        assert_eq!(Status::of(ResultCode::AuthenticateFail), Status::Rejected);
    }
}
