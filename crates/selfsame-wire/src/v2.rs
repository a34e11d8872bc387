//! v2: one synchronous call.

use serde::Serialize;

use crate::id::{JobId, PartnerId, UserId};
use crate::partner_params::PartnerParams;
use crate::result::ResultCode;

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
    /// Echoed.
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
