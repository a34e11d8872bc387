//! The steps that a job is done in.
//!
//! A step is durable at its end, and done again from its beginning where its worker dies: it must come to the same twice. What it
//! found is carried to the next. The last one ends the job.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::identity::Lookup;
use crate::job::JobType;

/// One step of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Ask an authority about the identity that the job names.
    LookUp,
    /// Measure the package's capture, judge it by what is on file and by what the authority said, and end the job with that.
    Judge,
}

/// What the steps of a job found so far. It is personal, and kept encrypted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Carried {
    /// What the authority said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<Lookup>,
    /// When an authority was asked first, where none has answered yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asking_since: Option<Timestamp>,
    /// How often the job waited for an authority.
    #[serde(skip_serializing_if = "is_zero")]
    pub waits: u32,
}

const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Carried {
    /// The bytes that are kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match serde_json::to_vec(self) {
            Ok(bytes) => bytes,
            Err(_) => unreachable!("texts, numbers and JSON print as JSON"),
        }
    }
}

/// Where a job stands: at which step, with what.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The step to do next.
    pub step: Step,
    /// What those before it found.
    pub carried: Carried,
}

impl Standing {
    /// At the beginning.
    #[must_use]
    pub fn first(job_type: JobType) -> Self {
        Self {
            step: job_type.product().first_step(),
            carried: Carried::default(),
        }
    }
}
