//! `/v1/token`: a web token is asked for.

use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::id::{Environment, IdError, JobId, PartnerId, UserId};
use crate::partner_params::PartnerParams;
use crate::product::Product;
use crate::web_token::Grant;

/// The most that further partner parameters may take, in bytes.
const MAX_PARAMS_BYTES: usize = 2048;

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
    /// What the job is for.
    pub product: Product,
    /// Where the result goes.
    pub callback_url: Option<String>,
    /// Partner parameters that the page is not to change.
    pub partner_params: Option<PartnerParams>,
    /// `allow_new_enroll` or `allow_re_enroll`: a user who is enrolled may enrol again.
    pub allow_new_enroll: bool,
    /// The job may be tried again after an attempt that has ended.
    pub retry: bool,
    /// Sandbox only: the result code to force; in the body or in the partner parameters.
    pub sandbox_result: Option<String>,
    /// A challenge is to be drawn with the token; the capture must show its turns.
    pub challenge: bool,
}

impl TokenRequest {
    /// Reads a request's body. Unknown fields are left alone.
    ///
    /// # Errors
    /// 2203, 2204 or 2213, naming the field.
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let fields = Fields::parse(body)?;
        let wrong = |e: IdError| WireError::new(ErrorCode::WrongType, e.to_string());
        let request = Self {
            partner_id: PartnerId::new(fields.required_scalar("partner_id")?).map_err(wrong)?,
            timestamp: fields.required_scalar("timestamp")?,
            signature: fields.required_text("signature")?,
            user_id: UserId::new(fields.required_text("user_id")?).map_err(wrong)?,
            job_id: JobId::new(fields.required_text("job_id")?).map_err(wrong)?,
            product: fields.required_text("product")?.parse()?,
            callback_url: fields.text("callback_url")?,
            partner_params: fields
                .raw("partner_params")
                .map(|raw| PartnerParams::new(raw.to_owned()))
                .transpose()?,
            allow_new_enroll: fields.flag("allow_new_enroll")? || fields.flag("allow_re_enroll")?,
            retry: fields.flag("retry")?,
            sandbox_result: fields.text("sandbox_result")?,
            challenge: fields.flag("challenge")?,
        };
        request.with_params_checked()
    }

    /// Partner parameters may repeat what the request says, and force a result; they may not say otherwise.
    fn with_params_checked(mut self) -> Result<Self, WireError> {
        let Some(params) = &self.partner_params else {
            return Ok(self);
        };
        if params.as_json().len() > MAX_PARAMS_BYTES {
            return Err(WireError::wrong_type(
                "partner_params",
                &format!("at most {MAX_PARAMS_BYTES} bytes long, to fit into a token"),
            ));
        }
        let otherwise = |field: &str| {
            WireError::new(
                ErrorCode::WrongType,
                format!("partner_params.{field} is not what the request itself says"),
            )
        };
        // Absent ones are no fault here.
        let present = |e: &WireError| e.code != ErrorCode::Missing;
        match params.user_id() {
            Ok(user) if user != self.user_id => return Err(otherwise("user_id")),
            Err(e) if present(&e) => return Err(e),
            _ => {}
        }
        match params.job_id() {
            Ok(job) if job != self.job_id => return Err(otherwise("job_id")),
            Err(e) if present(&e) => return Err(e),
            _ => {}
        }
        match params.job_type() {
            Ok(job_type) if Some(job_type) != self.product.job_type() => {
                return Err(otherwise("job_type"));
            }
            Err(e) if present(&e) => return Err(e),
            _ => {}
        }
        match (params.sandbox_result()?, &self.sandbox_result) {
            (Some(inside), Some(beside)) if inside != *beside => {
                return Err(otherwise("sandbox_result"));
            }
            (Some(inside), None) => self.sandbox_result = Some(inside),
            _ => {}
        }
        Ok(self)
    }

    /// What the token is to allow, in the environment whose key signed the request.
    #[must_use]
    pub fn grant(self, environment: Environment) -> Grant {
        let mut grant = Grant::new(
            self.partner_id,
            environment,
            self.product,
            self.user_id,
            self.job_id,
            self.partner_params.as_ref(),
        );
        grant.callback_url = self.callback_url;
        grant.allow_new_enroll = self.allow_new_enroll;
        grant.retry = self.retry;
        grant.sandbox_result = self.sandbox_result;
        grant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut body = serde_json::json!({
            "partner_id": "p", "timestamp": "t", "signature": "s", "user_id": "u", "job_id": "j", "product": "authentication",
        });
        change(&mut body);
        TokenRequest::parse(body.to_string().as_bytes())
            .map_or_else(|e| e.to_string(), |_| "ok".to_owned())
    }

    #[test]
    fn each_field_is_required() {
        assert_eq!(code(|_| {}), "ok");
        for name in [
            "partner_id",
            "timestamp",
            "signature",
            "user_id",
            "job_id",
            "product",
        ] {
            assert_eq!(
                code(|b| b[name] = serde_json::Value::Null),
                format!("2213: {name} is required")
            );
        }
    }

    #[test]
    fn what_is_bound_is_read_strictly() {
        let params = |params: serde_json::Value| code(|b| b["partner_params"] = params);
        assert_eq!(params(serde_json::json!({"order": [7]})), "ok");
        assert_eq!(
            params(
                serde_json::json!({"user_id": "u", "job_id": "j", "job_type": "2", "sandbox_result": "0821"})
            ),
            "ok"
        );
        for (field, value) in [
            ("user_id", serde_json::json!("v")),
            ("job_id", serde_json::json!("k")),
            ("job_type", serde_json::json!(4)),
        ] {
            assert_eq!(
                params(serde_json::json!({field: value})),
                format!("2204: partner_params.{field} is not what the request itself says")
            );
        }
        assert!(params(serde_json::json!({"user_id": 7})).starts_with("2204"));
        assert!(params(serde_json::json!([1])).starts_with("2204"));
        assert!(params(serde_json::json!({"x": "y".repeat(2048)})).starts_with("2204"));
        assert!(code(|b| b["product"] = "x".into()).starts_with("2204: product must be one of"));
        assert!(code(|b| b["allow_new_enroll"] = "perhaps".into()).starts_with("2204"));
        assert!(code(|b| b["callback_url"] = 5.into()).starts_with("2204"));
        assert!(code(|b| b["challenge"] = "perhaps".into()).starts_with("2204"));
        let otherwise = code(|b| {
            b["sandbox_result"] = "0820".into();
            b["partner_params"] = serde_json::json!({"sandbox_result": "0821"});
        });
        assert!(
            otherwise.contains("partner_params.sandbox_result"),
            "{otherwise}"
        );
    }
}
