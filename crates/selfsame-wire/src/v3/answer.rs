//! What v3 answers to a submission.

use serde::{Deserialize, Serialize};

use crate::id::{JobId, UserId};

/// A job was accepted (202). What it comes to is told by webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Always `accepted`.
    pub status: String,
    /// The same for people.
    pub message: String,
    /// The job.
    pub job_id: JobId,
    /// The user that it is about.
    pub user_id: UserId,
    /// When it was accepted, as RFC 3339 writes it.
    pub created_at: String,
}

impl Accepted {
    /// Of a job that is on record.
    #[must_use]
    pub fn new(job_id: JobId, user_id: UserId, created_at: String) -> Self {
        Self {
            status: "accepted".to_owned(),
            message: "The job was accepted; its result goes to the callback URL".to_owned(),
            job_id,
            user_id,
            created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_the_wires() {
        let (job, user) = (
            JobId::new("job_01").unwrap(),
            UserId::new("user_01").unwrap(),
        );
        let accepted = Accepted::new(job, user, "2026-01-02T03:04:05.678Z".to_owned());
        insta::assert_json_snapshot!(accepted, @r#"
        {
          "status": "accepted",
          "message": "The job was accepted; its result goes to the callback URL",
          "job_id": "job_01",
          "user_id": "user_01",
          "created_at": "2026-01-02T03:04:05.678Z"
        }
        "#);
    }
}
