//! What stays of a job when what it tells of a person is erased: its names, its code, its times.

use selfsame_wire::id::{JobId, SmileJobId, UserId};
use selfsame_wire::partner_params::PartnerParams;
use selfsame_wire::result::ResultCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::job::{Api, Job, JobRequest, JobType};
use crate::outcome::JobOutcome;
use crate::user::{UserStanding, UserStatus};

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
    fn ended_by(&self, why: Erasure) -> ResultCode {
        match why {
            Erasure::UserDeleted => match self.job_type.face() {
                Some(face) => face.codes().fail,
                None => ResultCode::SystemError,
            },
            Erasure::Expired | Erasure::Unreadable => ResultCode::SystemError,
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
        JobRequest::new(Api::V1, partner_params)
    }

    /// The result of a job whose contents are gone, and its code: the earlier result's, where there was one that can be read.
    /// As bytes to keep, like a worker's result. No further result follows it.
    #[must_use]
    pub fn erased_result(&self, earlier: Option<&[u8]>, why: Erasure) -> (ResultCode, Vec<u8>) {
        let erased = match earlier.and_then(|bytes| JobOutcome::read(bytes).ok()) {
            Some(earlier) => earlier.erased(why),
            None => JobOutcome::nothing(self.ended_by(why), why),
        };
        (erased.code, erased.to_bytes())
    }
}

/// Whether what a job came to is withheld, because its user was deleted while it waited or ran: `mark` is what the deletion left
/// on the job, `user` the user's status at the job's end. A job that may begin for a deleted user, and came after the deletion,
/// is a new beginning; whether its user is locked does not matter here, for such a job ends by its own rules.
#[must_use]
pub fn is_withheld(mark: Option<Erasure>, user: Option<UserStatus>, job: &Job) -> bool {
    let begins_anew = || {
        job.job_type.face().is_none_or(|face| {
            let user = user.map(UserStanding::unlocked);
            face.may_begin(user, job.request.allow_new_enroll).is_ok()
        })
    };
    mark.is_some() || (user == Some(UserStatus::Deleted) && !begins_anew())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{CheckState, Checked};

    fn names(job_type: JobType) -> JobNames {
        JobNames {
            smile_job_id: SmileJobId::new("s").unwrap(),
            job_id: JobId::new("j").unwrap(),
            user: UserId::new("u").unwrap(),
            job_type,
        }
    }

    #[test]
    fn only_code_and_checks_stay() {
        let earlier = json!({
            "JSONVersion": "1.0.0", "SmileJobID": "s", "PartnerParams": {"user_id": "u", "name": "PLANTED"},
            "ResultCode": "0822", "ResultText": "PLANTED", "IsFinalResult": "false", "ConfidenceValue": "PLANTED",
            "Actions": {"Liveness_Check": "Passed", "Made_Up": "PLANTED", "Also": {"PLANTED": 1}},
            "id_info": {"name": "PLANTED"}, "geo_info": {"at": "PLANTED"}, "evidence": {"selfie": "PLANTED", "engine": {"name": "E"}},
            "Later_Field": "PLANTED",
        });
        let earlier = earlier.to_string().into_bytes();
        let now = JobOutcome::read(&earlier).unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&now).contains("PLANTED"));
        for earlier in [earlier, now] {
            let (code, bytes) =
                names(JobType::Authentication).erased_result(Some(&earlier), Erasure::UserDeleted);
            assert_eq!(code, ResultCode::AuthenticateProvisional);
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("PLANTED"), "{text}");
            let outcome = JobOutcome::read(text.as_bytes()).unwrap();
            assert_eq!(outcome.code, code);
            assert!(outcome.is_final, "nothing follows it");
            let of = |checked| outcome.checks.of(checked);
            assert_eq!(of(Checked::PresentationAttack), Some(CheckState::Passed));
            assert_eq!(of(Checked::SampleQuality), Some(CheckState::NotPerformed));
            assert_eq!(outcome.erased, Some(Erasure::UserDeleted));
            let engine: Value = outcome.evidence.get("engine").unwrap();
            assert_eq!(engine["name"], "E");
        }
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
