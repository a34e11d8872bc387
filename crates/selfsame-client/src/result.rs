//! A job's status: typed accessors, JSON, text.

use std::fmt;

use serde_json::Value;

/// What the server says of a job. Verified: only an answer with the right signature becomes one.
#[derive(Debug, Clone, PartialEq)]
pub struct JobStatus(Value);

impl JobStatus {
    pub(crate) const fn new(json: Value) -> Self {
        Self(json)
    }

    /// Whether the job has ended. `false` after a polling timeout: the rest comes to the callback.
    #[must_use]
    pub fn job_complete(&self) -> bool {
        self.0["job_complete"] == true
    }

    /// Whether the job has ended well: enrolled, or authenticated.
    #[must_use]
    pub fn job_success(&self) -> bool {
        self.0["job_success"] == true
    }

    fn result_text_of(&self, field: &str) -> Option<&str> {
        self.0["result"][field].as_str()
    }

    /// The result code, four digits.
    #[must_use]
    pub fn result_code(&self) -> Option<&str> {
        self.result_text_of("ResultCode")
    }

    /// What the code means.
    #[must_use]
    pub fn result_text(&self) -> Option<&str> {
        self.result_text_of("ResultText")
    }

    /// The server's name of the job.
    #[must_use]
    pub fn smile_job_id(&self) -> Option<&str> {
        self.result_text_of("SmileJobID")
    }

    /// 0 to 100; 50 is the match threshold.
    #[must_use]
    pub fn confidence_value(&self) -> Option<f64> {
        self.result_text_of("ConfidenceValue")?.parse().ok()
    }

    /// Whether no further result follows.
    #[must_use]
    pub fn is_final_result(&self) -> bool {
        self.result_text_of("IsFinalResult") == Some("true")
    }

    /// What came of an action, e.g. `Selfie_To_Registered_Selfie_Compare`.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&str> {
        self.0["result"]["Actions"][name].as_str()
    }

    /// The partner parameters as the server echoes them.
    #[must_use]
    pub fn partner_params(&self) -> Option<&Value> {
        self.0["result"].get("PartnerParams")
    }

    /// Scores, thresholds, models and reasons.
    #[must_use]
    pub fn evidence(&self) -> Option<&Value> {
        self.0["result"].get("evidence")
    }

    /// The whole answer as JSON.
    #[must_use]
    pub const fn to_json(&self) -> &Value {
        &self.0
    }
}

/// The whole answer as JSON text.
impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accessor_reads_its_field() {
        let status = JobStatus::new(serde_json::json!({
            "job_complete": true, "job_success": true,
            "result": {"ResultCode": "0820", "ResultText": "yes", "SmileJobID": "s", "ConfidenceValue": "71.50",
                       "IsFinalResult": "true", "Actions": {"Selfie_Check": "Passed"}, "PartnerParams": {"a": 1}},
        }));
        assert!(status.job_complete() && status.job_success() && status.is_final_result());
        assert_eq!(status.result_code(), Some("0820"));
        assert_eq!(status.result_text(), Some("yes"));
        assert_eq!(status.smile_job_id(), Some("s"));
        assert_eq!(status.confidence_value(), Some(71.5));
        assert_eq!(status.action("Selfie_Check"), Some("Passed"));
        assert_eq!(status.action("Other"), None);
        assert_eq!(status.partner_params(), Some(&serde_json::json!({"a": 1})));
        assert_eq!(
            serde_json::from_str::<Value>(&status.to_string()).unwrap(),
            *status.to_json()
        );
    }

    #[test]
    fn a_result_that_is_text_has_no_fields() {
        let status = JobStatus::new(
            serde_json::json!({"job_complete": false, "result": "No zip uploaded yet"}),
        );
        assert!(!status.job_complete());
        assert_eq!(status.result_code(), None);
        assert_eq!(status.evidence(), None);
    }
}
