//! What a person decides of a provisional job, and the result that follows.

use indexmap::IndexMap;
use jiff::Timestamp;
use selfsame_wire::result::{ActionValue, ResultCode};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::audit::Actor;
use crate::job::JobType;

/// The longest note that a reviewer may leave, in bytes.
pub const MAX_NOTE_BYTES: usize = 4096;

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewDecision {
    /// A live person, and the right one.
    Approve,
    /// Another person.
    Reject,
    /// No live person.
    Spoof,
    /// Nothing can be told from the images.
    Unusable,
}

/// The text is no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the decision must be approve, reject, spoof or unusable")]
pub struct UnknownDecision;

impl std::str::FromStr for ReviewDecision {
    type Err = UnknownDecision;
    fn from_str(text: &str) -> Result<Self, UnknownDecision> {
        match text {
            "approve" => Ok(Self::Approve),
            "reject" => Ok(Self::Reject),
            "spoof" => Ok(Self::Spoof),
            "unusable" => Ok(Self::Unusable),
            _ => Err(UnknownDecision),
        }
    }
}

impl ReviewDecision {
    /// The result code that follows.
    #[must_use]
    pub const fn code(self, job_type: JobType) -> ResultCode {
        match (self, job_type) {
            (Self::Approve, JobType::Enrolment) => ResultCode::ReviewEnrolPass,
            (Self::Reject, JobType::Enrolment) => ResultCode::ReviewEnrolFail,
            (Self::Spoof, JobType::Enrolment) => ResultCode::ReviewEnrolSpoof,
            (Self::Unusable, JobType::Enrolment) => ResultCode::ReviewEnrolUnusable,
            (Self::Approve, JobType::Authentication) => ResultCode::ReviewAuthenticatePass,
            (Self::Reject, JobType::Authentication) => ResultCode::ReviewAuthenticateFail,
            (Self::Spoof, JobType::Authentication) => ResultCode::ReviewAuthenticateSpoof,
            (Self::Unusable, JobType::Authentication) => ResultCode::ReviewAuthenticateUnusable,
        }
    }
}

/// A decision with who took it, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// What was decided.
    pub decision: ReviewDecision,
    /// Who decided.
    pub reviewer: Actor,
    /// Why; for the operator's own record, never for the partner. At most [`MAX_NOTE_BYTES`].
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A stored result that cannot be decided about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the provisional result on record cannot be read: {0}")]
pub struct UnreadableResult(String);

/// The result that follows a ruling, made from the provisional one: every value that the decision does not touch keeps its
/// bytes.
///
/// `hindrance` says why an approval cannot take effect (the user was enrolled, disabled or deleted while the job waited); it
/// then counts as a rejection.
///
/// # Errors
/// [`UnreadableResult`] when the provisional result is none.
pub fn final_result(
    provisional: &[u8],
    job_type: JobType,
    ruling: &Ruling,
    hindrance: Option<&str>,
) -> Result<(ResultCode, Vec<u8>), UnreadableResult> {
    let unreadable = |e: serde_json::Error| UnreadableResult(e.to_string());
    let mut result: IndexMap<String, Box<RawValue>> =
        serde_json::from_slice(provisional).map_err(unreadable)?;
    let decision = match hindrance {
        Some(_) => ReviewDecision::Reject,
        None => ruling.decision,
    };
    let code = decision.code(job_type);
    let text = match hindrance {
        Some(why) => format!("{}: {why}", code.text()),
        None => code.text().to_owned(),
    };
    let part = |name: &str| result.get(name).map_or("{}", |raw| raw.get());
    let mut actions: IndexMap<String, ActionValue> =
        serde_json::from_str(part("Actions")).map_err(unreadable)?;
    decide_actions(&mut actions, decision, job_type);
    let mut evidence: serde_json::Map<String, Value> =
        serde_json::from_str(part("evidence")).map_err(unreadable)?;
    evidence.insert(
        "review".to_owned(),
        json!({"decision": ruling.decision, "at": ruling.at, "hindrance": hindrance}),
    );
    for (name, value) in [
        ("ResultText", to_raw_value(&text)),
        ("ResultCode", to_raw_value(code.code())),
        ("IsFinalResult", to_raw_value("true")),
        ("IsMachineResult", to_raw_value("false")),
        ("Actions", to_raw_value(&actions)),
        ("evidence", to_raw_value(&evidence)),
    ] {
        result.insert(name.to_owned(), value.map_err(unreadable)?);
    }
    let bytes = serde_json::to_vec(&result).map_err(unreadable)?;
    Ok((code, bytes))
}

fn decide_actions(
    actions: &mut IndexMap<String, ActionValue>,
    decision: ReviewDecision,
    job_type: JobType,
) {
    let approved = decision == ReviewDecision::Approve;
    let ruled = if approved {
        ActionValue::Approved
    } else {
        ActionValue::Rejected
    };
    for value in actions.values_mut() {
        match value {
            // Of what a person was asked, a person has spoken.
            ActionValue::SentToHumanReview
            | ActionValue::UnderReview
            | ActionValue::ProvisionallyApproved => *value = ruled,
            _ => {}
        }
    }
    let mut set = |name: &str, value| {
        actions.insert(name.to_owned(), value);
    };
    match decision {
        ReviewDecision::Approve => {}
        ReviewDecision::Reject => set("Human_Review_Compare", ActionValue::Rejected),
        ReviewDecision::Spoof => {
            set("Liveness_Check", ActionValue::Failed);
            set("Human_Review_Liveness_Check", ActionValue::Rejected);
        }
        ReviewDecision::Unusable => {
            set("Selfie_Check", ActionValue::Failed);
            set("Human_Review_Selfie_Check", ActionValue::Rejected);
        }
    }
    match job_type {
        JobType::Enrolment => set("Register_Selfie", ruled),
        JobType::Authentication if decision == ReviewDecision::Reject => {
            set("Selfie_To_Registered_Selfie_Compare", ActionValue::Rejected);
        }
        JobType::Authentication => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVISIONAL: &[u8] = br#"{"PartnerParams":{ "n" : 1.0e2 },"ResultCode":"0822","ResultText":"t","IsFinalResult":"false","IsMachineResult":"true","Actions":{"Liveness_Check":"Under Review","Selfie_Check":"Passed","Register_Selfie":"Not Applicable","Selfie_To_Registered_Selfie_Compare":"Completed","Human_Review_Compare":"Not Applicable","Human_Review_Liveness_Check":"Sent to Human Review"},"evidence":{"version":2}}"#;

    fn ruling(decision: ReviewDecision) -> Ruling {
        Ruling {
            decision,
            reviewer: Actor::new("cli:ada").unwrap(),
            note: Some("PLANTED".to_owned()),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn decided(decision: ReviewDecision, hindrance: Option<&str>) -> (String, Value, String) {
        let (code, bytes) = final_result(
            PROVISIONAL,
            JobType::Authentication,
            &ruling(decision),
            hindrance,
        )
        .unwrap();
        let text = String::from_utf8(bytes).unwrap();
        (
            code.code().to_owned(),
            serde_json::from_str(&text).unwrap(),
            text,
        )
    }

    #[test]
    fn an_approval_speaks_of_what_was_asked_and_keeps_the_rest() {
        let (code, result, text) = decided(ReviewDecision::Approve, None);
        assert_eq!(code, "1220");
        assert!(
            text.starts_with(r#"{"PartnerParams":{ "n" : 1.0e2 },"#),
            "{text}"
        );
        assert_eq!(result["IsFinalResult"], "true");
        assert_eq!(result["IsMachineResult"], "false");
        let actions = &result["Actions"];
        assert_eq!(actions["Human_Review_Liveness_Check"], "Approved");
        assert_eq!(actions["Liveness_Check"], "Approved");
        assert_eq!(actions["Human_Review_Compare"], "Not Applicable");
        assert_eq!(actions["Selfie_To_Registered_Selfie_Compare"], "Completed");
        assert_eq!(result["evidence"]["review"]["decision"], "approve");
        assert!(
            !text.contains("PLANTED") && !text.contains("ada"),
            "reviewer and note stay with the operator"
        );
    }

    #[test]
    fn each_decision_has_its_code_and_actions() {
        let (code, result, _) = decided(ReviewDecision::Spoof, None);
        assert_eq!(code, "1222");
        assert_eq!(result["Actions"]["Liveness_Check"], "Failed");
        let (code, result, _) = decided(ReviewDecision::Unusable, None);
        assert_eq!(
            (code.as_str(), &result["Actions"]["Selfie_Check"]),
            ("1223", &json!("Failed"))
        );
        let (code, result, _) = decided(ReviewDecision::Reject, None);
        assert_eq!(code, "1221");
        assert_eq!(
            result["Actions"]["Selfie_To_Registered_Selfie_Compare"],
            "Rejected"
        );
    }

    #[test]
    fn an_approval_that_cannot_take_effect_is_a_rejection_that_says_why() {
        let (code, result, _) = decided(ReviewDecision::Approve, Some("the user is disabled"));
        assert_eq!(code, "1221");
        assert_eq!(
            result["ResultText"],
            "Not authenticated after review: the user is disabled"
        );
        assert_eq!(result["evidence"]["review"]["decision"], "approve");
    }

    #[test]
    fn what_is_no_result_is_told() {
        assert!(
            final_result(
                b"[]",
                JobType::Enrolment,
                &ruling(ReviewDecision::Reject),
                None
            )
            .is_err()
        );
    }
}
