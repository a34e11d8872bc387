//! How a job stands, and the answer to a replay.

use serde::Serialize;

use crate::id::{JobId, UserId};
use crate::v3::decision::JobStatus;

/// Header: the API's version.
pub const API_VERSION: &str = "api_version";
/// Header: the job.
pub const JOB_ID: &str = "job_id";
/// Header: the user.
pub const USER_ID: &str = "user_id";
/// What the version's headers say.
pub const VERSION: &str = "v3";
/// Whose job it is, where there is none.
pub const UNKNOWN_USER: &str = "unknown";

/// How a job stands: the decision alone. No reason, and nothing of the person: whoever may ask may be a telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusAnswer {
    /// Where it stands, or the decision.
    pub status: JobStatus,
    /// Which job.
    pub job_id: JobId,
    /// Whose.
    pub user_id: String,
    /// The same for people.
    pub message: &'static str,
    /// When it was submitted; absent where there is no such job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

impl StatusAnswer {
    /// Of a job that there is not.
    #[must_use]
    pub fn not_found(job_id: JobId) -> Self {
        Self {
            status: JobStatus::NotFound,
            job_id,
            user_id: UNKNOWN_USER.to_owned(),
            message: message(JobStatus::NotFound),
            created_at: None,
        }
    }

    /// Of a job.
    #[must_use]
    pub fn of(status: JobStatus, job_id: JobId, user_id: &UserId, created_at: String) -> Self {
        Self {
            status,
            job_id,
            user_id: user_id.to_string(),
            message: message(status),
            created_at: Some(created_at),
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self.status {
            JobStatus::Processing => 202,
            JobStatus::NotFound => 404,
            JobStatus::Clear | JobStatus::Block | JobStatus::Attention | JobStatus::Error => 200,
        }
    }
}

const fn message(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Processing => "Job is being processed",
        JobStatus::NotFound => "Job not found",
        JobStatus::Clear | JobStatus::Block | JobStatus::Attention | JobStatus::Error => {
            "Job completed"
        }
    }
}

/// A webhook will be sent once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplayAnswer {
    /// Always `accepted`.
    pub status: &'static str,
    /// Of which job.
    pub job_id: JobId,
    /// Whose.
    pub user_id: UserId,
    /// The same for people.
    pub message: &'static str,
}

impl ReplayAnswer {
    /// Of a job whose webhook is sent now.
    #[must_use]
    pub const fn of(job_id: JobId, user_id: UserId) -> Self {
        Self {
            status: "accepted",
            job_id,
            user_id,
            message: "The webhook will be sent once more",
        }
    }

    /// Of a job whose webhook waits for its next try, which may be hours away: nothing was added.
    #[must_use]
    pub const fn waiting(job_id: JobId, user_id: UserId) -> Self {
        Self {
            status: "accepted",
            job_id,
            user_id,
            message: "The same webhook waits to be sent already: it is sent when its next try is due",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_as_the_public_clients_read_them() {
        let name = || JobId::new("job_01jd8qk3fxe1x8p2v5w7y9z0ab").unwrap();
        let user = UserId::new("ada").unwrap();
        let at = || "2026-01-02T03:04:05.678Z".to_owned();
        let clear = StatusAnswer::of(JobStatus::Clear, name(), &user, at());
        assert_eq!(clear.http_status(), 200);
        assert_eq!(
            json!(clear),
            json!({
                "status": "clear", "job_id": name(), "user_id": "ada", "message": "Job completed", "created_at": at(),
            })
        );
        let runs = StatusAnswer::of(JobStatus::Processing, name(), &user, at());
        assert_eq!(
            (runs.http_status(), &json!(runs)["status"]),
            (202, &json!("processing"))
        );
        // A 404 without a status would break whoever polls.
        let none = StatusAnswer::not_found(name());
        assert_eq!(none.http_status(), 404);
        assert_eq!(
            json!(none),
            json!({"status": "not_found", "job_id": name(), "user_id": "unknown", "message": "Job not found"})
        );
        let waits = json!(ReplayAnswer::waiting(name(), user.clone()));
        assert_eq!(waits["status"], "accepted");
        assert!(waits["message"].as_str().unwrap().contains("waits"));
        let replay = json!(ReplayAnswer::of(name(), user));
        assert_eq!(
            (&replay["status"], &replay["user_id"]),
            (&json!("accepted"), &json!("ada"))
        );
    }
}
