//! What an outcome says that its code does not.

use serde::{Deserialize, Serialize};

/// Why a job did not pass, where no code and no measured reason tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Too much speaks against the person.
    HighRisk,
    /// The person is too young.
    UnderAge,
    /// The user was reported for fraud.
    ReportedForFraud,
}
