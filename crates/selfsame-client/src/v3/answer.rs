//! What the server answers.

use std::fmt;

use selfsame_wire::id::{JobId, UserId};
use selfsame_wire::v3::decision;
use serde_json::{Map, Value};

use crate::v3::error::Error;

/// The server has taken a submission on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// The server's name of the job.
    pub job: JobId,
    /// The user: as named, or as the token or the server named it.
    pub user: UserId,
    /// When, as RFC 3339 writes it.
    pub created_at: Option<String>,
}

/// The server will send a result again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed {
    /// The server's text.
    pub message: String,
}

/// The server has taken a report of fraud.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reported {
    /// The server's text.
    pub message: String,
}

impl Accepted {
    pub(crate) fn read(answer: &Map<String, Value>) -> Result<Self, Error> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        // The service once wrote it with a capital.
        let is_taken = text("status").is_some_and(|said| said.eq_ignore_ascii_case("accepted"));
        let job = text("job_id").and_then(|name| JobId::new(name).ok());
        let user = text("user_id").and_then(|name| UserId::new(name).ok());
        match (is_taken, job, user) {
            (true, Some(job), Some(user)) => Ok(Self {
                job,
                user,
                created_at: text("created_at").map(str::to_owned),
            }),
            _ => Err(Error::Answer(
                "it does not say that the job was taken".to_owned(),
            )),
        }
    }
}

pub(crate) fn message(answer: &Map<String, Value>) -> String {
    let text = answer.get("message").and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// Where a job stands, or what it came to. The reasons and the person's data come to the callback only.
#[derive(Debug, Clone, PartialEq)]
pub struct JobStatus(Value);

impl JobStatus {
    pub(crate) const fn new(json: Value) -> Self {
        Self(json)
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.0[field].as_str().filter(|text| !text.is_empty())
    }

    /// `processing`, `not_found`, or the decision.
    #[must_use]
    pub fn status(&self) -> &str {
        self.text("status").unwrap_or_default()
    }

    /// The same, where this client knows it.
    #[must_use]
    pub fn decision(&self) -> Option<decision::JobStatus> {
        serde_json::from_value(self.0["status"].clone()).ok()
    }

    /// Whether the status is a decision.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !matches!(self.status(), "" | "processing" | "not_found")
    }

    /// Whether the person passed.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.status() == "clear"
    }

    /// The server's name of the job.
    #[must_use]
    pub fn job_id(&self) -> Option<&str> {
        self.text("job_id")
    }

    /// The user.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.text("user_id")
    }

    /// What the server says of it, for people.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.text("message")
    }

    /// When the job came, as RFC 3339 writes it.
    #[must_use]
    pub fn created_at(&self) -> Option<&str> {
        self.text("created_at")
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
