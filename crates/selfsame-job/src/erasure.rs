//! What stays of a job when what it tells of a person is erased: its names, its code, its times.

use selfsame_wire::id::{JobId, SmileJobId, UserId};
use selfsame_wire::partner_params::PartnerParams;
use selfsame_wire::result::{ActionValue, Actions, ResultCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::job::{Api, Job, JobRequest, JobType};
use crate::user::UserStatus;

/// The actions of a job that had no result.
const NOTHING_DONE: Actions = Actions {
    liveness_check: ActionValue::NotDone,
    selfie_check: ActionValue::NotDone,
    selfie_provided: ActionValue::NotDone,
    register_selfie: ActionValue::NotDone,
    selfie_to_registered_selfie_compare: ActionValue::NotDone,
    human_review_compare: ActionValue::NotDone,
    human_review_liveness_check: ActionValue::NotDone,
    human_review_selfie_check: ActionValue::NotDone,
};

/// Why a job's contents are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Erasure {
    /// Its user was deleted.
    UserDeleted,
    /// It is older than results are kept.
    Expired,
    /// What was on record of it cannot be decrypted.
    Unreadable,
}

impl Erasure {
    /// What a reader of the result is told.
    #[must_use]
    pub const fn explain(self) -> &'static str {
        match self {
            Self::UserDeleted => "the user was deleted, and what else this result held was erased",
            Self::Expired => {
                "what else this result held was erased: it is older than results are kept"
            }
            Self::Unreadable => "what the server had on record of it cannot be read",
        }
    }
}

/// The names of a job, which stay.
#[derive(Debug, Clone)]
pub struct JobNames {
    /// The server's name for it.
    pub smile_job_id: SmileJobId,
    /// The partner's name for it.
    pub job_id: JobId,
    /// The partner's name of the user.
    pub user: UserId,
    /// What it was for.
    pub job_type: JobType,
}

impl JobNames {
    /// The names of a job.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        Self {
            smile_job_id: job.smile_job_id.clone(),
            job_id: job.job_id.clone(),
            user: job.user_id().clone(),
            job_type: job.job_type,
        }
    }

    /// What the partner sent along, less all but the names.
    fn params(&self) -> Value {
        json!({"job_id": self.job_id.as_str(), "user_id": self.user.as_str()})
    }

    /// The code of a job that ended because of the erasure.
    const fn ended_by(&self, why: Erasure) -> ResultCode {
        match (why, self.job_type) {
            (Erasure::UserDeleted, JobType::Enrolment) => ResultCode::EnrolFail,
            (Erasure::UserDeleted, JobType::Authentication) => ResultCode::AuthenticateFail,
            (Erasure::Expired | Erasure::Unreadable, _) => ResultCode::SystemError,
        }
    }

    /// The request of a job whose contents are gone.
    #[must_use]
    pub fn erased_request(&self) -> JobRequest {
        let raw = match RawValue::from_string(self.params().to_string()) {
            Ok(raw) => raw,
            Err(_) => unreachable!("a JSON value prints as JSON"),
        };
        let partner_params = match PartnerParams::new(raw) {
            Ok(params) => params,
            Err(_) => unreachable!("an object of two texts is what partner_params may be"),
        };
        JobRequest {
            api: Api::V1,
            partner_params,
            callback_url: None,
            allow_new_enroll: false,
            use_enrolled_image: false,
            sandbox_result: None,
            source_sdk: None,
            source_sdk_version: None,
            challenge: None,
        }
    }

    /// The result of a job whose contents are gone, and its code: the earlier result's, where there was one that can be read.
    /// JSON object bytes, as a worker's result. No further result follows it.
    #[must_use]
    pub fn erased_result(&self, earlier: Option<&[u8]>, why: Erasure) -> (ResultCode, Vec<u8>) {
        let earlier: Map<String, Value> = earlier
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .unwrap_or_default();
        let code = earlier
            .get("ResultCode")
            .and_then(Value::as_str)
            .and_then(ResultCode::from_code)
            .unwrap_or_else(|| self.ended_by(why));
        // Each action says what was done, in one of a few words.
        let mut actions = json!(NOTHING_DONE);
        if let (Some(actions), Some(Value::Object(told))) =
            (actions.as_object_mut(), earlier.get("Actions"))
        {
            for (name, action) in actions {
                if let Some(value) = told
                    .get(name)
                    .filter(|v| ActionValue::deserialize(*v).is_ok())
                {
                    *action = value.clone();
                }
            }
        }
        // What judged, not what was seen.
        let judged_by = |name: &str| earlier.get("evidence").and_then(|e| e.get(name)).cloned();
        let evidence = json!({
            "version": 2, "erased": why, "forced": judged_by("forced").unwrap_or(json!(false)),
            "engine": judged_by("engine").unwrap_or(json!({})), "policy": judged_by("policy"),
            "comparison": null, "reasons": [],
        });
        let flag = |yes| if yes { "true" } else { "false" };
        let result = json!({
            "JSONVersion": "1.0.0",
            "SmileJobID": self.smile_job_id,
            "PartnerParams": self.params(),
            "ResultType": match self.job_type {
                JobType::Enrolment => "SmartSelfie Registration",
                JobType::Authentication => "SmartSelfie Authentication",
            },
            "ResultText": format!("{}: {}", code.text(), why.explain()),
            "ResultCode": code.code(),
            "IsFinalResult": flag(true),
            "IsMachineResult": flag(code.is_machine()),
            "Actions": actions,
            "Source": "Selfsame",
            "evidence": evidence,
        });
        (code, result.to_string().into_bytes())
    }
}

/// Whether what a job came to is withheld, because its user was deleted while it waited or ran: `mark` is what the deletion left
/// on the job, `user` the user's status at the job's end. A registration that may bring a deleted user back, and came after the
/// deletion, is a new beginning.
#[must_use]
pub fn is_withheld(mark: Option<Erasure>, user: Option<UserStatus>, job: &Job) -> bool {
    let begins_anew = job.job_type == JobType::Enrolment && job.request.allow_new_enroll;
    mark.is_some() || (user == Some(UserStatus::Deleted) && !begins_anew)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(job_type: JobType) -> JobNames {
        JobNames {
            smile_job_id: SmileJobId::new("s").unwrap(),
            job_id: JobId::new("j").unwrap(),
            user: UserId::new("u").unwrap(),
            job_type,
        }
    }

    #[test]
    fn only_names_code_and_actions_stay() {
        let earlier = json!({
            "JSONVersion": "1.0.0", "SmileJobID": "s", "PartnerParams": {"user_id": "u", "name": "PLANTED"},
            "ResultCode": "0822", "ResultText": "PLANTED", "IsFinalResult": "false", "ConfidenceValue": "PLANTED",
            "Actions": {"Liveness_Check": "Passed", "Made_Up": "PLANTED", "Also": {"PLANTED": 1}},
            "id_info": {"name": "PLANTED"}, "geo_info": {"at": "PLANTED"}, "evidence": {"selfie": "PLANTED", "engine": {"name": "E"}},
            "Later_Field": "PLANTED",
        });
        let (code, bytes) = names(JobType::Authentication)
            .erased_result(Some(earlier.to_string().as_bytes()), Erasure::UserDeleted);
        assert_eq!(code, ResultCode::AuthenticateProvisional);
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("PLANTED"), "{text}");
        let result: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(result["ResultCode"], "0822");
        assert_eq!(result["IsFinalResult"], "true", "nothing follows it");
        assert_eq!(result["Actions"]["Liveness_Check"], "Passed");
        assert_eq!(result["Actions"]["Selfie_Check"], "Not Done");
        assert_eq!(result["Actions"].as_object().unwrap().len(), 17);
        assert_eq!(result["evidence"]["engine"]["name"], "E");
        assert_eq!(result["evidence"]["erased"], "user_deleted");
        assert_eq!(
            result["PartnerParams"],
            json!({"job_id": "j", "user_id": "u"})
        );
    }

    #[test]
    fn a_job_that_had_no_result_says_why_it_has_none() {
        let code = |job_type, why| names(job_type).erased_result(None, why).0.code();
        assert_eq!(code(JobType::Enrolment, Erasure::UserDeleted), "0841");
        assert_eq!(code(JobType::Authentication, Erasure::UserDeleted), "0821");
        assert_eq!(code(JobType::Enrolment, Erasure::Unreadable), "2401");
        let rubbish = names(JobType::Enrolment).erased_result(Some(b"{"), Erasure::Expired);
        assert_eq!(rubbish.0.code(), "2401");
    }
}
