//! `/v1/upload`: a job is prepared.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::challenge::{self, ChallengeId};
use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::id::{JobId, PartnerId, SmileJobId, UserId};
use crate::id_info::IdInfo;
use crate::job_type::JobType;
use crate::partner_params::PartnerParams;
use crate::sandbox_result;
use crate::v3::smile_link::AtLink;

/// How a request proves whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// By the API key's signature.
    Signature {
        /// As the caller wrote it.
        timestamp: String,
        /// Base64.
        signature: String,
    },
    /// By a web token.
    Token(String),
}

impl Auth {
    pub(crate) fn read(fields: &Fields<'_>) -> Result<Self, WireError> {
        if let Some(token) = fields.text("token")? {
            return Ok(Self::Token(token));
        }
        if fields.raw("signature").is_none() && fields.raw("sec_key").is_some() {
            return Err(WireError::new(
                ErrorCode::Unauthorised,
                "sec_key is retired; send signature and timestamp (HMAC-SHA256) instead",
            ));
        }
        Ok(Self::Signature {
            timestamp: fields.required_scalar("timestamp")?,
            signature: fields.required_text("signature")?,
        })
    }
}

/// The request that prepares a job.
#[derive(Debug, Clone)]
pub struct UploadRequest {
    /// Whose job (`smile_client_id`).
    pub partner_id: PartnerId,
    /// The proof of that.
    pub auth: Auth,
    /// Echoed whole.
    pub partner_params: PartnerParams,
    /// From the partner parameters.
    pub job_id: JobId,
    /// From the partner parameters.
    pub user_id: UserId,
    /// From the partner parameters.
    pub job_type: JobType,
    /// Where the result goes.
    pub callback_url: Option<String>,
    /// Compare with the photo on file.
    pub use_enrolled_image: bool,
    /// `allow_new_enroll` or `allow_re_enroll`.
    pub allow_new_enroll: bool,
    /// The job id may have been used before.
    pub retry: bool,
    /// In the body or in the partner parameters; a result or error code, as [`sandbox_result::code`] makes it.
    pub sandbox_result: Option<String>,
    /// The challenge whose turns the capture shows (`challenge_id`).
    pub challenge_id: Option<ChallengeId>,
    /// Of a job that looks an identity up: what the client repeats here of the package's `id_info`, flat or as an object. Other
    /// jobs' clients may write anything there.
    pub id_info: Option<IdInfo>,
    /// Of a job that looks an identity up: the person's consent, byte for byte. The package may say it, too.
    pub consent: Option<Box<RawValue>>,
    /// The link where the job is begun. Only a web token says so.
    pub link: Option<AtLink>,
    /// The client's name.
    pub source_sdk: Option<String>,
    /// The client's version.
    pub source_sdk_version: Option<String>,
}

/// Whether jobs of this type ask for an identity that their package holds.
const fn looks_up(job_type: JobType) -> bool {
    matches!(job_type, JobType::BiometricKyc | JobType::CompareUserInfo)
}

/// The identity that an upload repeats, where one is looked up.
fn repeated(fields: &Fields<'_>, job_type: JobType) -> Result<Option<IdInfo>, WireError> {
    if !looks_up(job_type) {
        return Ok(None);
    }
    let info = match fields.raw("id_info") {
        Some(raw) => IdInfo::of_raw(raw)?,
        None => IdInfo::read(fields, "")?,
    };
    Ok(Some(info).filter(|info| *info != IdInfo::default()))
}

impl UploadRequest {
    /// Reads a request's body. Unknown fields are left alone.
    ///
    /// # Errors
    /// 2203, 2204, 2205, 2212 or 2213, naming the field.
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let fields = Fields::parse(body)?;
        let partner_id = PartnerId::new(fields.required_identifier("smile_client_id")?)
            .map_err(|e| WireError::new(ErrorCode::WrongType, format!("smile_client_id: {e}")))?;
        let auth = Auth::read(&fields)?;
        let raw = fields
            .raw("partner_params")
            .ok_or_else(|| WireError::missing("partner_params"))?;
        let partner_params = PartnerParams::new(raw.to_owned())?;
        let job_type = partner_params.job_type()?;
        let sandbox_result = match fields.scalar("sandbox_result")? {
            Some(asked) => Some(asked),
            None => partner_params.sandbox_result()?,
        }
        .map(|asked| sandbox_result::code(&asked, job_type));
        Ok(Self {
            partner_id,
            auth,
            job_id: partner_params.job_id()?,
            user_id: partner_params.user_id()?,
            job_type,
            partner_params,
            callback_url: fields.text("callback_url")?,
            use_enrolled_image: fields.flag("use_enrolled_image")?,
            allow_new_enroll: fields.flag("allow_new_enroll")? || fields.flag("allow_re_enroll")?,
            retry: fields.flag("retry")?,
            sandbox_result,
            challenge_id: challenge::read_id(fields.text("challenge_id")?)?,
            id_info: repeated(&fields, job_type)?,
            consent: if looks_up(job_type) {
                fields.kept_object("consent_information")?
            } else {
                None
            },
            link: None,
            source_sdk: fields.text("source_sdk")?,
            source_sdk_version: fields.text("source_sdk_version")?,
        })
    }
}

/// The answer: where the package goes.
#[derive(Debug, Clone, Serialize)]
pub struct UploadResponse {
    upload_url: String,
    ref_id: String,
    smile_job_id: String,
    camera_config: String,
    code: &'static str,
}

impl UploadResponse {
    /// For a job that was prepared.
    #[must_use]
    pub fn new(upload_url: String, job: &SmileJobId) -> Self {
        Self {
            upload_url,
            ref_id: job.to_string(),
            smile_job_id: job.to_string(),
            camera_config: "null".to_owned(),
            code: "2202",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
        let mut body = serde_json::json!({
            "file_name": "selfie.zip", "smile_client_id": "2343", "model_parameters": {}, "callback_url": "",
            "partner_params": {"job_id": "j", "user_id": "u", "job_type": 4, "extra": [1]},
            "use_enrolled_image": false, "source_sdk": "Python", "source_sdk_version": "3.0.1",
            "timestamp": "2026-01-31T12:00:00+00:00", "signature": "c2ln",
        });
        change(&mut body);
        body.to_string().into_bytes()
    }

    fn code(change: impl FnOnce(&mut serde_json::Value)) -> &'static str {
        UploadRequest::parse(&body(change)).map_or_else(|e| e.code.code(), |_| "ok")
    }

    #[test]
    fn reads_what_the_python_client_sends() {
        let request = UploadRequest::parse(&body(|_| {})).unwrap();
        assert_eq!(request.callback_url, None);
        assert_eq!(request.job_type, JobType::SmartSelfieRegistration);
        assert!(request.partner_params.as_json().contains("\"extra\":[1]"));
        assert!(!request.allow_new_enroll && !request.retry);
    }

    #[test]
    fn what_other_languages_write_is_read_alike() {
        let request = UploadRequest::parse(&body(|b| {
            b["retry"] = "True".into();
            b["allow_new_enroll"] = 1.into();
            b["use_enrolled_image"] = "yes".into();
            b["partner_params"]["job_type"] = serde_json::json!(4.0);
        }))
        .unwrap();
        assert!(request.retry && request.allow_new_enroll && request.use_enrolled_image);
        assert_eq!(request.job_type, JobType::SmartSelfieRegistration);
        assert!(
            request
                .partner_params
                .as_json()
                .contains("\"job_type\":4.0")
        );
        let marked = [b"\xef\xbb\xbf", body(|_| {}).as_slice()].concat();
        assert!(UploadRequest::parse(&marked).is_ok());
    }

    #[test]
    fn the_sandbox_is_told_in_few_words_or_by_a_code() {
        let asked = |value: serde_json::Value, job_type: u8| {
            let request = UploadRequest::parse(&body(|b| {
                b["partner_params"]["sandbox_result"] = value;
                b["partner_params"]["job_type"] = job_type.into();
            }));
            request.unwrap().sandbox_result.unwrap()
        };
        assert_eq!(asked("0".into(), 4), "0840");
        assert_eq!(asked(0.into(), 2), "0820");
        assert_eq!(asked("1".into(), 2), "0821");
        assert_eq!(asked(2.into(), 4), "0842");
        assert_eq!(asked(821.into(), 2), "0821");
        assert_eq!(asked("0921".into(), 2), "0921");
        assert_eq!(code(|b| b["sandbox_result"] = true.into()), "2204");
    }

    /// smile-identity-core 3.2.1 spreads its `id_info` over the body.
    #[test]
    fn the_javascript_client_repeats_the_identity_flat() {
        let with_identity = |job_type: u8, country: &str| {
            UploadRequest::parse(&body(|b| {
                b["partner_params"]["job_type"] = job_type.into();
                b["source_sdk"] = "javascript".into();
                b["country"] = country.into();
                b["id_type"] = "NIN".into();
                b["id_number"] = "00000000000".into();
                b["entered"] = "true".into();
            }))
        };
        let info = with_identity(1, "NG").unwrap().id_info.unwrap();
        assert_eq!(info.entered, Some(true));
        assert_eq!(info.id_number.unwrap().reveal(), "00000000000");
        let refused = with_identity(1, "Nigeria").unwrap_err();
        assert!(refused.message.starts_with("country must be"), "{refused}");
        // Of a selfie alone nothing of it is read.
        assert_eq!(with_identity(4, "Nigeria").unwrap().id_info, None);
        let nested = UploadRequest::parse(&body(|b| {
            b["partner_params"]["job_type"] = 1.into();
            b["id_info"] = serde_json::json!({"country": "KE"});
        }));
        let country = nested.unwrap().id_info.unwrap().country.unwrap();
        assert_eq!(country.as_str(), "KE");
    }

    #[test]
    fn consent_is_kept_where_an_identity_is_looked_up() {
        let with = |job_type: u8, consent: serde_json::Value| {
            UploadRequest::parse(&body(|b| {
                b["partner_params"]["job_type"] = job_type.into();
                b["consent_information"] = consent;
            }))
        };
        let given = serde_json::json!({"consented": {"personal_details": true}});
        let kept = with(1, given.clone()).unwrap().consent.unwrap();
        assert_eq!(kept.get(), given.to_string());
        assert_eq!(with(1, "yes".into()).unwrap_err().code.code(), "2204");
        assert!(with(1, serde_json::Value::Null).unwrap().consent.is_none());
        // Of a selfie alone nothing of it is read.
        assert!(with(4, "yes".into()).unwrap().consent.is_none());
    }

    #[test]
    fn each_fault_has_its_code() {
        assert_eq!(code(|_| {}), "ok");
        assert_eq!(code(|b| b["retry"] = "true".into()), "ok");
        assert_eq!(code(|b| b["retry"] = 1.into()), "ok");
        assert_eq!(code(|b| b["retry"] = 2.into()), "2204");
        assert_eq!(code(|b| b["smile_client_id"] = 2343.into()), "ok");
        assert_eq!(
            code(|b| b["smile_client_id"] = serde_json::Value::Null),
            "2213"
        );
        assert_eq!(code(|b| b["signature"] = serde_json::Value::Null), "2213");
        assert_eq!(code(|b| b["partner_params"] = "x".into()), "2204");
        assert_eq!(code(|b| b["retry"] = "perhaps".into()), "2204");
        assert_eq!(code(|b| b["callback_url"] = 5.into()), "2204");
        assert_eq!(code(|b| b["challenge_id"] = "".into()), "ok");
        assert_eq!(code(|b| b["challenge_id"] = "chl_1".into()), "2204");
        assert_eq!(
            code(|b| {
                b["signature"] = serde_json::Value::Null;
                b["sec_key"] = "x".into();
            }),
            "2205"
        );
        assert_eq!(UploadRequest::parse(b"{").unwrap_err().code.code(), "2203");
        assert_eq!(UploadRequest::parse(b"[]").unwrap_err().code.code(), "2203");
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(
            UploadRequest::parse(deep.as_bytes())
                .unwrap_err()
                .code
                .code(),
            "2203"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            let _ = UploadRequest::parse(&bytes);
        }
    }
}
