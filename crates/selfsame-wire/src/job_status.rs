//! `/v1/job_status`: how a job stands.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::WireError;
use crate::fields::Fields;
use crate::id::{JobId, PartnerId, UserId};
use crate::upload::Auth;

/// What the result says before a package arrived.
pub const NO_ZIP: &str = "No zip uploaded yet";

/// The question.
#[derive(Debug, Clone)]
pub struct JobStatusRequest {
    /// Whose job.
    pub partner_id: PartnerId,
    /// The proof of that.
    pub auth: Auth,
    /// Whom it concerns.
    pub user_id: UserId,
    /// Which job.
    pub job_id: JobId,
    /// Links to the images are wanted.
    pub image_links: bool,
    /// Results of earlier attempts are wanted.
    pub history: bool,
}

impl JobStatusRequest {
    /// Reads a request's body.
    ///
    /// # Errors
    /// 2203, 2204, 2205 or 2213, naming the field.
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let fields = Fields::parse(body)?;
        let wrong = |e: crate::id::IdError| {
            WireError::new(crate::error::ErrorCode::WrongType, e.to_string())
        };
        Ok(Self {
            partner_id: PartnerId::new(fields.required_identifier("partner_id")?).map_err(wrong)?,
            auth: Auth::read(&fields)?,
            user_id: UserId::new(fields.required_identifier("user_id")?).map_err(wrong)?,
            job_id: JobId::new(fields.required_identifier("job_id")?).map_err(wrong)?,
            image_links: fields.flag("image_links")?,
            history: fields.flag("history")?,
        })
    }
}

/// Short-lived links to a job's images.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImageLinks {
    /// The selfie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selfie_image: Option<String>,
    /// The ID card's front.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_card_image: Option<String>,
    /// The ID card's back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_card_back: Option<String>,
    /// The frames around the selfie.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub liveness_images: Vec<String>,
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct JobStatusResponse {
    /// When it was signed.
    pub timestamp: String,
    /// The server's signature.
    pub signature: String,
    /// Whether the job has ended.
    pub job_complete: bool,
    /// Whether it ended well.
    pub job_success: bool,
    /// Always `2302`.
    pub code: &'static str,
    /// The result, [`NO_ZIP`], or null while the job is processed.
    pub result: Box<RawValue>,
    /// Every result of this job id, newest first, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<Box<RawValue>>>,
    /// Links, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_links: Option<ImageLinks>,
    /// Where the receipt of a job that looked an identity up is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kyc_receipt: Option<String>,
    /// Where the receipt of a job that looked a business up is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kyb_receipt: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_public_clients_send() {
        let request = JobStatusRequest::parse(
            br#"{"timestamp":"t","signature":"s","partner_id":"2343","job_id":"j","user_id":"u","image_links":true,"history":null}"#,
        )
        .unwrap();
        assert!(request.image_links && !request.history);
        // The public JavaScript client's types allow numbers for names, and a mark may stand before the JSON.
        let numbers = JobStatusRequest::parse(
            b"\xef\xbb\xbf{\"timestamp\":1,\"signature\":\"s\",\"partner_id\":2343,\"job_id\":7,\"user_id\":8,\"history\":\"True\"}",
        )
        .unwrap();
        assert_eq!(
            (numbers.job_id.as_str(), numbers.user_id.as_str()),
            ("7", "8")
        );
        assert!(numbers.history);
        let missing = JobStatusRequest::parse(
            br#"{"timestamp":"t","signature":"s","partner_id":"2343","job_id":"j"}"#,
        );
        assert_eq!(
            missing.unwrap_err().to_string(),
            "2213: user_id is required"
        );
    }
}
