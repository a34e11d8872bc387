//! `partner_params`: what the partner sends along, echoed byte for byte.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::{ErrorCode, WireError};
use crate::id::{JobId, UserId};
use crate::job_type::JobType;
use crate::json;

/// A JSON object kept as its text: any keys, in the order and spelling in which they came.
#[derive(Clone)]
pub struct PartnerParams(Box<RawValue>);

#[derive(Deserialize)]
struct Known {
    #[serde(default)]
    job_id: Option<serde_json::Value>,
    #[serde(default)]
    user_id: Option<serde_json::Value>,
    #[serde(default)]
    job_type: Option<serde_json::Value>,
    #[serde(default)]
    sandbox_result: Option<serde_json::Value>,
}

impl PartnerParams {
    /// Takes a JSON object.
    ///
    /// # Errors
    /// 2204 when it is no object; 2203 when it nests too deep, or holds what a reader of the echo could not read.
    pub fn new(raw: Box<RawValue>) -> Result<Self, WireError> {
        if !raw.get().trim_start().starts_with('{') {
            return Err(WireError::wrong_type("partner_params", "an object"));
        }
        json::check(raw.get())
            .map_err(|e| WireError::new(ErrorCode::InvalidJson, format!("partner_params: {e}")))?;
        Ok(Self(raw))
    }

    /// Builds an object of the three known keys, each as text: the iOS SDK reads no other values.
    #[must_use]
    pub fn build(job_id: &JobId, user_id: &UserId, job_type: JobType) -> Self {
        let object = serde_json::json!({
            "job_id": job_id.as_str(), "user_id": user_id.as_str(), "job_type": job_type.number().to_string(),
        });
        match RawValue::from_string(object.to_string()) {
            Ok(raw) => Self(raw),
            Err(_) => unreachable!("a JSON value prints as JSON"),
        }
    }

    /// The text as it came.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    fn known(&self) -> Result<Known, WireError> {
        serde_json::from_str(self.0.get())
            .map_err(|_| WireError::new(ErrorCode::InvalidJson, "partner_params is not valid JSON"))
    }

    /// The partner's name of the job.
    ///
    /// # Errors
    /// 2213 when it is missing, 2204 when it is not an identifier.
    pub fn job_id(&self) -> Result<JobId, WireError> {
        let text = required_text(self.known()?.job_id, "partner_params.job_id")?;
        JobId::new(text)
            .map_err(|e| WireError::new(ErrorCode::WrongType, format!("partner_params.{e}")))
    }

    /// The partner's name of the user.
    ///
    /// # Errors
    /// 2213 when it is missing, 2204 when it is not an identifier.
    pub fn user_id(&self) -> Result<UserId, WireError> {
        let text = required_text(self.known()?.user_id, "partner_params.user_id")?;
        UserId::new(text)
            .map_err(|e| WireError::new(ErrorCode::WrongType, format!("partner_params.{e}")))
    }

    /// The job type, a number or the text of one.
    ///
    /// # Errors
    /// 2213 when it is missing, 2204 when it is no number, 2212 when there is no such type.
    pub fn job_type(&self) -> Result<JobType, WireError> {
        const NAME: &str = "partner_params.job_type";
        let number = match self.known()?.job_type {
            None | Some(serde_json::Value::Null) => return Err(WireError::missing(NAME)),
            Some(serde_json::Value::Number(n)) => n.as_u64(),
            Some(serde_json::Value::String(s)) => s.trim().parse().ok(),
            Some(_) => None,
        }
        .ok_or_else(|| WireError::wrong_type(NAME, "a number"))?;
        JobType::from_number(number).ok_or_else(|| {
            WireError::new(
                ErrorCode::InvalidJobType,
                format!("{NAME} {number} is not a job type"),
            )
        })
    }

    /// The result that a sandbox request forces.
    ///
    /// # Errors
    /// 2204 when it is not text.
    pub fn sandbox_result(&self) -> Result<Option<String>, WireError> {
        match self.known()?.sandbox_result {
            None | Some(serde_json::Value::Null) => Ok(None),
            Some(serde_json::Value::String(s)) => Ok(Some(s)),
            Some(_) => Err(WireError::wrong_type(
                "partner_params.sandbox_result",
                "a string",
            )),
        }
    }
}

fn required_text(
    value: Option<serde_json::Value>,
    name: &'static str,
) -> Result<String, WireError> {
    match value {
        None | Some(serde_json::Value::Null) => Err(WireError::missing(name)),
        Some(serde_json::Value::String(s)) if s.is_empty() => Err(WireError::missing(name)),
        Some(serde_json::Value::String(s)) => Ok(s),
        Some(_) => Err(WireError::wrong_type(name, "a string")),
    }
}

impl fmt::Debug for PartnerParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Partners put personal data here: it stays out of logs.
        write!(f, "PartnerParams({} bytes)", self.0.get().len())
    }
}

impl PartialEq for PartnerParams {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Serialize for PartnerParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PartnerParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Box::<RawValue>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(json: &str) -> PartnerParams {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_byte_comes_back() {
        let json = r#"{ "job_id" :"j","user_id":"u", "job_type":4,"n":1.50e3, "é":"\u00e9","z":{"b":1,"a":[ ]}}"#;
        assert_eq!(serde_json::to_string(&params(json)).unwrap(), json);
        assert_eq!(
            params(json).job_type().unwrap(),
            JobType::SmartSelfieRegistration
        );
    }

    #[test]
    fn each_fault_has_its_code() {
        let code = |json: &str| {
            let p = params(json);
            p.job_id()
                .err()
                .or(p.user_id().err())
                .or(p.job_type().err())
                .map(|e| e.code.code())
        };
        assert_eq!(code(r#"{"job_id":"j","user_id":"u","job_type":"2"}"#), None);
        assert_eq!(code(r#"{"user_id":"u","job_type":2}"#), Some("2213"));
        assert_eq!(
            code(r#"{"job_id":"","user_id":"u","job_type":2}"#),
            Some("2213")
        );
        assert_eq!(
            code(r#"{"job_id":7,"user_id":"u","job_type":2}"#),
            Some("2204")
        );
        assert_eq!(
            code(r#"{"job_id":"j","user_id":"u\n","job_type":2}"#),
            Some("2204")
        );
        assert_eq!(
            code(r#"{"job_id":"j","user_id":"u","job_type":"two"}"#),
            Some("2204")
        );
        assert_eq!(
            code(r#"{"job_id":"j","user_id":"u","job_type":99}"#),
            Some("2212")
        );
        assert!(serde_json::from_str::<PartnerParams>("[1]").is_err());
        assert!(serde_json::from_str::<PartnerParams>(r#"{"x":1e999}"#).is_err());
    }
}
