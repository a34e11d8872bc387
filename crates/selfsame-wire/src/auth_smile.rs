//! `/v1/auth_smile`: a mobile SDK exchanges its auth token for a signature.

use serde::Serialize;

use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::id::{IdError, JobId, PartnerId, UserId};
use crate::id_info::{Country, IdType};
use crate::job_type::JobType;

/// The question.
#[derive(Debug, Clone)]
pub struct AuthSmileRequest {
    /// Whose app.
    pub partner_id: PartnerId,
    /// The app's token.
    pub auth_token: String,
    /// Production rather than the sandbox.
    pub production: bool,
    /// What the job will be; absent before a v2 call.
    pub job_type: Option<JobType>,
    /// The app's name of the job; absent where the server is to make one.
    pub job_id: Option<JobId>,
    /// The app's name of the user; absent where the server is to make one.
    pub user_id: Option<UserId>,
    /// The photo on file is to be replaced.
    pub update_enrolled_image: bool,
    /// A signature is wanted; it is unless the app says no.
    pub signature: bool,
    /// Consent for an ID type is asked about: both country and ID type were named.
    pub about_id_type: bool,
    /// Which one, where it can be read; what cannot be is none that anybody may use.
    pub id_type: Option<(Country, IdType)>,
}

impl AuthSmileRequest {
    /// Reads a request's body. Unknown fields, and `enrollment`, which `job_type` says again, are left alone.
    ///
    /// # Errors
    /// 2203, 2204, 2212 or 2213, naming the field.
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let fields = Fields::parse(body)?;
        let wrong = |e: IdError| WireError::new(ErrorCode::WrongType, e.to_string());
        let (country, id_type) = (fields.text("country")?, fields.text("id_type")?);
        let job_type = fields
            .whole_number("job_type")?
            .map(|number| JobType::named("job_type", number))
            .transpose()?;
        Ok(Self {
            partner_id: PartnerId::new(fields.required_identifier("partner_id")?).map_err(wrong)?,
            auth_token: fields.required_text("auth_token")?,
            production: fields.flag("production")?,
            job_type,
            job_id: fields
                .identifier("job_id")?
                .map(JobId::new)
                .transpose()
                .map_err(wrong)?,
            user_id: fields
                .identifier("user_id")?
                .map(UserId::new)
                .transpose()
                .map_err(wrong)?,
            update_enrolled_image: fields.flag("update_enrolled_image")?,
            signature: fields.raw("signature").is_none() || fields.flag("signature")?,
            about_id_type: country.is_some() && id_type.is_some(),
            id_type: country
                .and_then(|text| Country::new(&text))
                .zip(id_type.and_then(|text| IdType::new(&text))),
        })
    }
}

/// The names that the app's next requests are to carry.
#[derive(Debug, Clone, Serialize)]
pub struct NamedJob {
    /// The app's, or one that the server made.
    pub job_id: JobId,
    /// The app's, or one that the server made.
    pub user_id: UserId,
    /// As it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_type: Option<u8>,
}

/// What is known of an ID type.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ConsentInfo {
    /// Whether jobs with it are performed.
    pub can_access: bool,
    /// Whether the person must consent to it.
    pub consent_required: bool,
}

/// The answer. Its timestamp and signature go into the app's next requests as they are.
#[derive(Debug, Clone, Serialize)]
pub struct AuthSmileResponse {
    /// Always true: refusals have a body of their own.
    pub success: bool,
    /// Made with the API key; empty where none was wanted.
    pub signature: String,
    /// What was signed, ISO 8601.
    pub timestamp: String,
    /// The job's names.
    pub partner_params: NamedJob,
    /// Where a country and an ID type were named. `policy` is left out on purpose: with it an app computes a code that only the
    /// vendor can check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_info: Option<ConsentInfo>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(change: impl FnOnce(&mut serde_json::Value)) -> Result<AuthSmileRequest, WireError> {
        let mut body = serde_json::json!({
            "job_type": 4, "enrollment": true, "job_id": "j", "user_id": "u", "signature": true, "production": false,
            "partner_id": "2343", "auth_token": "t",
        });
        change(&mut body);
        AuthSmileRequest::parse(body.to_string().as_bytes())
    }

    #[test]
    fn reads_what_the_mobile_sdks_send() {
        let request = parse(|_| {}).unwrap();
        assert_eq!(request.job_type, Some(JobType::SmartSelfieRegistration));
        assert!(request.signature && !request.production && request.id_type.is_none());
        // Before a v2 call the Android SDK leaves the absent out; iOS writes the job type as text in old versions.
        let bare = parse(|b| {
            for name in ["job_type", "job_id", "user_id", "signature"] {
                b.as_object_mut().unwrap().remove(name);
            }
        })
        .unwrap();
        assert!(bare.job_type.is_none() && bare.job_id.is_none() && bare.signature);
        let text = parse(|b| b["job_type"] = "2".into()).unwrap();
        assert_eq!(text.job_type, Some(JobType::SmartSelfieAuthentication));
        let float = parse(|b| b["job_type"] = 2.0.into()).unwrap();
        assert_eq!(float.job_type, Some(JobType::SmartSelfieAuthentication));
        for yes in ["True".into(), "yes".into(), 1.into(), "1".into()] {
            assert!(parse(|b| b["production"] = yes).unwrap().production);
        }
        let id = parse(|b| {
            b["country"] = "ZA".into();
            b["id_type"] = "PASSPORT".into();
        });
        let id = id.unwrap();
        assert!(id.about_id_type);
        let (country, id_type) = id.id_type.unwrap();
        assert_eq!((country.as_str(), id_type.as_str()), ("ZA", "PASSPORT"));
        let unreadable = parse(|b| {
            b["country"] = "South Africa".into();
            b["id_type"] = "PASSPORT".into();
        })
        .unwrap();
        assert!(unreadable.about_id_type && unreadable.id_type.is_none());
        let replaces = parse(|b| b["update_enrolled_image"] = true.into());
        assert!(replaces.unwrap().update_enrolled_image);
    }

    #[test]
    fn each_fault_has_its_code() {
        let code = |field: &str, value: serde_json::Value| {
            parse(|b| b[field] = value).map_or_else(|e| e.code.code(), |_| "ok")
        };
        assert_eq!(code("auth_token", serde_json::Value::Null), "2213");
        assert_eq!(code("partner_id", serde_json::Value::Null), "2213");
        assert_eq!(code("job_type", 99.into()), "2212");
        assert_eq!(code("job_type", "two".into()), "2204");
        assert_eq!(code("production", 2.into()), "2204");
        assert_eq!(code("production", "perhaps".into()), "2204");
        assert_eq!(code("user_id", "a\nb".into()), "2204");
        assert_eq!(code("partner_id", 2343.into()), "ok");
    }
}
