//! A job's status and its result: typed accessors, JSON, text.

use std::fmt;

use serde_json::Value;

/// What stood against a capture where a challenge is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeFailure {
    /// The policy wants a challenge, and the job named none.
    Missing,
    /// The frames do not show the turns.
    NotFollowed,
}

impl ChallengeFailure {
    /// `missing` or `not_followed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotFollowed => "not_followed",
        }
    }
}

/// What a job came to. Verified: only a result with the right signature becomes one.
#[derive(Debug, Clone, PartialEq)]
pub struct JobResult(Value);

impl JobResult {
    pub(crate) const fn new(json: Value) -> Self {
        Self(json)
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.0[field].as_str()
    }

    /// The result code, four digits.
    #[must_use]
    pub fn result_code(&self) -> Option<&str> {
        self.text("ResultCode")
    }

    /// What the code means.
    #[must_use]
    pub fn result_text(&self) -> Option<&str> {
        self.text("ResultText")
    }

    /// What kind of result it is, e.g. `SmartSelfie Authentication` or `ID Verification`.
    #[must_use]
    pub fn result_type(&self) -> Option<&str> {
        self.text("ResultType")
    }

    /// The server's name of the job.
    #[must_use]
    pub fn smile_job_id(&self) -> Option<&str> {
        self.text("SmileJobID")
    }

    /// 0 to 100; 50 is the match threshold. Absent without a comparison.
    #[must_use]
    pub fn confidence_value(&self) -> Option<f64> {
        self.text("ConfidenceValue")?.parse().ok()
    }

    /// Whether no further result follows.
    #[must_use]
    pub fn is_final_result(&self) -> bool {
        self.text("IsFinalResult") == Some("true")
    }

    /// Whether no person decided.
    #[must_use]
    pub fn is_machine_result(&self) -> bool {
        self.text("IsMachineResult") == Some("true")
    }

    /// What came of an action, e.g. `Selfie_To_Registered_Selfie_Compare`.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&str> {
        self.0["Actions"][name].as_str()
    }

    /// The partner parameters as the server echoes them.
    #[must_use]
    pub fn partner_params(&self) -> Option<&Value> {
        self.0.get("PartnerParams")
    }

    /// The partner's name of the job.
    #[must_use]
    pub fn job_id(&self) -> Option<&str> {
        self.partner_params()?["job_id"].as_str()
    }

    /// The partner's name of the user.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.partner_params()?["user_id"].as_str()
    }

    /// Scores, thresholds, models and reasons.
    #[must_use]
    pub fn evidence(&self) -> Option<&Value> {
        self.0.get("evidence")
    }

    /// What stood against the capture of a challenge, where that is among the reasons.
    #[must_use]
    pub fn challenge_failure(&self) -> Option<ChallengeFailure> {
        let reasons = self.evidence()?["reasons"].as_array()?;
        if reasons.iter().any(|r| r == "challenge_not_followed") {
            return Some(ChallengeFailure::NotFollowed);
        }
        let missing = reasons.iter().any(|r| r == "challenge_missing");
        missing.then_some(ChallengeFailure::Missing)
    }

    /// The whole result as JSON.
    #[must_use]
    pub const fn to_json(&self) -> &Value {
        &self.0
    }
}

/// The whole result as JSON text.
impl fmt::Display for JobResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a job stands, and its result once it has ended. Verified: only an answer with the right signature becomes one.
#[derive(Debug, Clone, PartialEq)]
pub struct JobStatus {
    json: Value,
    result: Option<JobResult>,
}

impl JobStatus {
    pub(crate) fn new(json: Value) -> Self {
        // Before the job has ended the result is a text.
        let result = Some(&json["result"])
            .filter(|result| result.is_object())
            .map(|result| JobResult::new(result.clone()));
        Self { json, result }
    }

    /// Whether the job has ended. `false` after a polling timeout: the rest comes to the callback.
    #[must_use]
    pub fn job_complete(&self) -> bool {
        self.json["job_complete"] == true
    }

    /// Whether the job has ended well: enrolled, or authenticated.
    #[must_use]
    pub fn job_success(&self) -> bool {
        self.json["job_success"] == true
    }

    /// The results of every attempt at this job, newest first, where they were asked for. A job of type 1 gives several: the
    /// lookup, the comparison of the faces, and a person's review where there was one.
    #[must_use]
    pub fn results(&self) -> Vec<JobResult> {
        let history = self.json["history"].as_array();
        history
            .into_iter()
            .flatten()
            .filter(|result| result.is_object())
            .map(|result| JobResult::new(result.clone()))
            .collect()
    }

    /// Where a page is to be had that says what was asked and what matched. The link ends soon.
    #[must_use]
    pub fn kyc_receipt(&self) -> Option<&str> {
        let beside = self.json["kyc_receipt"].as_str();
        self.result()
            .and_then(JobResult::kyc_receipt)
            .or(beside.filter(|link| !link.is_empty()))
    }

    /// What the job came to, once it has ended.
    #[must_use]
    pub const fn result(&self) -> Option<&JobResult> {
        self.result.as_ref()
    }

    /// The result code, four digits.
    #[must_use]
    pub fn result_code(&self) -> Option<&str> {
        self.result()?.result_code()
    }

    /// What the code means.
    #[must_use]
    pub fn result_text(&self) -> Option<&str> {
        self.result()?.result_text()
    }

    /// The server's name of the job.
    #[must_use]
    pub fn smile_job_id(&self) -> Option<&str> {
        self.result()?.smile_job_id()
    }

    /// 0 to 100; 50 is the match threshold. Absent without a comparison.
    #[must_use]
    pub fn confidence_value(&self) -> Option<f64> {
        self.result()?.confidence_value()
    }

    /// What came of an action, e.g. `Selfie_To_Registered_Selfie_Compare`.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&str> {
        self.result()?.action(name)
    }

    /// Scores, thresholds, models and reasons.
    #[must_use]
    pub fn evidence(&self) -> Option<&Value> {
        self.result()?.evidence()
    }

    /// What stood against the capture of a challenge, where that is among the reasons.
    #[must_use]
    pub fn challenge_failure(&self) -> Option<ChallengeFailure> {
        self.result()?.challenge_failure()
    }

    /// The whole answer as JSON.
    #[must_use]
    pub const fn to_json(&self) -> &Value {
        &self.json
    }
}

/// The whole answer as JSON text.
impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.json.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accessor_reads_its_field() {
        let status = JobStatus::new(serde_json::json!({
            "job_complete": true, "job_success": true,
            "result": {"ResultCode": "0820", "ResultText": "yes", "ResultType": "t", "SmileJobID": "s",
                       "ConfidenceValue": "71.50", "IsFinalResult": "true", "IsMachineResult": "true",
                       "Actions": {"Selfie_Check": "Passed"}, "PartnerParams": {"job_id": "j", "user_id": "u"}},
        }));
        assert!(status.job_complete() && status.job_success());
        assert_eq!(status.result_code(), Some("0820"));
        assert_eq!(status.result_text(), Some("yes"));
        assert_eq!(status.smile_job_id(), Some("s"));
        assert_eq!(status.confidence_value(), Some(71.5));
        assert_eq!(status.action("Selfie_Check"), Some("Passed"));
        assert_eq!(status.action("Other"), None);
        let result = status.result().unwrap();
        assert!(result.is_final_result() && result.is_machine_result());
        assert_eq!(result.result_type(), Some("t"));
        assert_eq!((result.job_id(), result.user_id()), (Some("j"), Some("u")));
        assert_eq!(result.to_json(), &status.to_json()["result"]);
        let text = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        assert_eq!(text(status.to_string()), *status.to_json());
        assert_eq!(text(result.to_string()), *result.to_json());
    }

    #[test]
    fn a_result_that_is_text_has_no_fields() {
        let status = JobStatus::new(
            serde_json::json!({"job_complete": false, "result": "No zip uploaded yet"}),
        );
        assert!(!status.job_complete());
        assert_eq!(status.result(), None);
        assert_eq!(status.result_code(), None);
        assert_eq!(status.evidence(), None);
    }
}
