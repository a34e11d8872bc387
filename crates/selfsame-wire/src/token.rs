//! `/v1/token`: a web token is asked for.

use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::id::{IdError, JobId, PartnerId, UserId};

/// The request.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Whose token.
    pub partner_id: PartnerId,
    /// As the caller wrote it.
    pub timestamp: String,
    /// Base64.
    pub signature: String,
    /// The user that the token is good for.
    pub user_id: UserId,
    /// The job that the token is good for.
    pub job_id: JobId,
    /// The product, as the caller names it.
    pub product: String,
}

impl TokenRequest {
    /// Reads a request's body.
    ///
    /// # Errors
    /// 2203, 2204 or 2213, naming the field.
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let fields = Fields::parse(body)?;
        let wrong = |e: IdError| WireError::new(ErrorCode::WrongType, e.to_string());
        Ok(Self {
            partner_id: PartnerId::new(fields.required_scalar("partner_id")?).map_err(wrong)?,
            timestamp: fields.required_scalar("timestamp")?,
            signature: fields.required_text("signature")?,
            user_id: UserId::new(fields.required_text("user_id")?).map_err(wrong)?,
            job_id: JobId::new(fields.required_text("job_id")?).map_err(wrong)?,
            product: fields.required_text("product")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_required() {
        let whole = serde_json::json!({"partner_id": "p", "timestamp": "t", "signature": "s", "user_id": "u",
                                       "job_id": "j", "product": "authentication"});
        assert!(TokenRequest::parse(whole.to_string().as_bytes()).is_ok());
        for name in [
            "partner_id",
            "timestamp",
            "signature",
            "user_id",
            "job_id",
            "product",
        ] {
            let mut part = whole.clone();
            part[name] = serde_json::Value::Null;
            let error = TokenRequest::parse(part.to_string().as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), format!("2213: {name} is required"));
        }
    }
}
