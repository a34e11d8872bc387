//! What a person decides of a provisional job, and the outcome that follows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::admission::NotAdmitted;
use crate::approval::Hindrance;
use crate::audit::Actor;
use crate::outcome::{JobOutcome, Remark, UnreadableOutcome};
use crate::product::JobType;
use crate::reason::Reason;
use crate::verdict::ReferenceGone;

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

/// The user was reported for fraud while the job waited.
const LOCKED: Hindrance =
    Hindrance::NotAdmitted(NotAdmitted::NoReference(ReferenceGone::FraudLocked));

/// What follows from a ruling, made from the provisional outcome on record: all that the decision does not touch stays.
///
/// `hindrance` says why an approval cannot take effect (the user was enrolled, disabled, deleted or locked while the job waited);
/// it then counts as a rejection.
///
/// # Errors
/// [`UnreadableOutcome`] when the provisional result is none.
pub fn final_outcome(
    provisional: &[u8],
    job_type: JobType,
    ruling: &Ruling,
    hindrance: Option<Hindrance>,
) -> Result<JobOutcome, UnreadableOutcome> {
    let mut outcome = JobOutcome::read(provisional)?;
    let face = job_type
        .face()
        .ok_or_else(UnreadableOutcome::never_reviewed)?;
    let decision = match hindrance {
        Some(_) => ReviewDecision::Reject,
        None => ruling.decision,
    };
    outcome.code = face.codes().decided(decision);
    outcome.is_final = true;
    if hindrance == Some(LOCKED) {
        outcome.reasons.insert(0, Reason::AccountLockedFraud);
    }
    let hindrance = hindrance.map(|why| why.explain(job_type));
    outcome.remark = hindrance.map(|why| Remark::Because(why.to_owned()));
    outcome.checks.rule(decision, face);
    outcome.evidence.set(
        "review",
        &json!({"decision": ruling.decision, "at": ruling.at, "hindrance": hindrance}),
    );
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{CheckState, Checked};

    /// As an earlier build left it on record.
    const EARLIER: &[u8] = br#"{"PartnerParams":{ "n" : 1.0e2 },"ResultCode":"0822","ResultText":"t","IsFinalResult":"false","IsMachineResult":"true","Actions":{"Liveness_Check":"Under Review","Selfie_Check":"Passed","Selfie_Provided":"Passed","Register_Selfie":"Not Applicable","Selfie_To_Registered_Selfie_Compare":"Completed","Human_Review_Compare":"Not Applicable","Human_Review_Liveness_Check":"Sent to Human Review","Human_Review_Selfie_Check":"Not Applicable"},"id_info":{ "n" : 1.0e2 },"evidence":{"version":2,"selfie":{ "score":1.0e2 }}}"#;

    fn ruling(decision: ReviewDecision) -> Ruling {
        Ruling {
            decision,
            reviewer: Actor::new("cli:ada").unwrap(),
            note: Some("PLANTED".to_owned()),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    /// What was decided of it, by way of what is kept: once as the earlier build left it, once as an outcome.
    fn decided(decision: ReviewDecision, hindrance: Option<Hindrance>) -> (JobOutcome, String) {
        let now = JobOutcome::read(EARLIER).unwrap().to_bytes();
        let [one, other] = [EARLIER, &now].map(|provisional| {
            let ruling = ruling(decision);
            final_outcome(provisional, JobType::Authentication, &ruling, hindrance)
                .unwrap()
                .to_bytes()
        });
        assert_eq!(one, other);
        let outcome = JobOutcome::read(&one).unwrap();
        assert!(outcome.is_final && !outcome.code.is_machine());
        (outcome, String::from_utf8(one).unwrap())
    }

    #[test]
    fn an_approval_speaks_of_what_was_asked_and_keeps_the_rest() {
        use CheckState::{Approved, Completed};
        let (outcome, text) = decided(ReviewDecision::Approve, None);
        assert_eq!(outcome.code.code(), "1220");
        for bytes in [r#"{ "n" : 1.0e2 }"#, r#"{ "score":1.0e2 }"#] {
            assert!(text.contains(bytes), "{text}");
        }
        let of = |checked| outcome.checks.of(checked);
        assert_eq!(of(Checked::ReviewOfPresentationAttack), Some(Approved));
        assert_eq!(of(Checked::PresentationAttack), Some(Approved));
        assert_eq!(of(Checked::ReviewOfComparison), None);
        assert_eq!(of(Checked::ReferenceComparison), Some(Completed));
        let review: serde_json::Value = outcome.evidence.get("review").unwrap();
        assert_eq!(review["decision"], "approve");
        assert!(
            !text.contains("PLANTED") && !text.contains("ada"),
            "reviewer and note stay with the operator"
        );
    }

    #[test]
    fn each_decision_has_its_code_and_checks() {
        use CheckState::{Failed, Rejected};
        for (decision, code, checked, state) in [
            (
                ReviewDecision::Spoof,
                "1222",
                Checked::PresentationAttack,
                Failed,
            ),
            (
                ReviewDecision::Unusable,
                "1223",
                Checked::SampleQuality,
                Failed,
            ),
            (
                ReviewDecision::Reject,
                "1221",
                Checked::ReferenceComparison,
                Rejected,
            ),
        ] {
            let (outcome, _) = decided(decision, None);
            assert_eq!(outcome.code.code(), code);
            assert_eq!(outcome.checks.of(checked), Some(state));
            assert_eq!(outcome.text(), outcome.code.text());
        }
    }

    #[test]
    fn an_approval_that_cannot_take_effect_is_a_rejection_that_says_why() {
        let disabled = NotAdmitted::NoReference(ReferenceGone::Disabled);
        let hindrance = Some(Hindrance::NotAdmitted(disabled));
        let (outcome, _) = decided(ReviewDecision::Approve, hindrance);
        assert_eq!(outcome.code.code(), "1221");
        assert_eq!(
            outcome.text(),
            "Not authenticated after review: this user is disabled; enable it before further jobs"
        );
        assert!(!outcome.reasons.contains(&Reason::AccountLockedFraud));
        let (locked, _) = decided(ReviewDecision::Approve, Some(LOCKED));
        assert_eq!(locked.code.code(), "1221");
        assert_eq!(locked.reasons.first(), Some(&Reason::AccountLockedFraud));
        assert!(!locked.text().contains("fraud"), "{}", locked.text());
        let review: serde_json::Value = outcome.evidence.get("review").unwrap();
        assert_eq!(review["decision"], "approve");
    }

    #[test]
    fn what_is_no_result_is_told() {
        for rubbish in ["[]", "{", "{}", r#"{"outcome":2}"#] {
            let ruling = ruling(ReviewDecision::Reject);
            let decided = final_outcome(rubbish.as_bytes(), JobType::Enrolment, &ruling, None);
            assert!(decided.is_err(), "{rubbish}");
        }
    }
}
