//! Results that builds before [`JobOutcome`] left on record: v1's JSON, not yet signed. They are read here and nowhere else,
//! until retention has erased the last of them.

use std::collections::HashMap;

use selfsame_wire::result::{ActionValue, ResultCode};
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{
    CheckState, Checked, Checks, Compared, Evidence, JobOutcome, Remark, UnreadableOutcome, Version,
};
use crate::verdict::Comparison;

/// What v1 called each check.
const ACTIONS: [(&str, Checked); 8] = [
    ("Liveness_Check", Checked::PresentationAttack),
    ("Selfie_Check", Checked::SampleQuality),
    ("Selfie_Provided", Checked::Acquisition),
    ("Register_Selfie", Checked::Enrolment),
    (
        "Selfie_To_Registered_Selfie_Compare",
        Checked::ReferenceComparison,
    ),
    ("Human_Review_Compare", Checked::ReviewOfComparison),
    (
        "Human_Review_Liveness_Check",
        Checked::ReviewOfPresentationAttack,
    ),
    ("Human_Review_Selfie_Check", Checked::ReviewOfSampleQuality),
];

/// A result that an earlier build left on record.
#[derive(Debug, Clone, Copy)]
pub struct EarlierResult<'b>(&'b [u8]);

impl<'b> EarlierResult<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// v1's rendering of it, byte for byte.
    #[must_use]
    pub const fn as_v1(&self) -> &'b [u8] {
        self.0
    }

    /// As an outcome. What cannot be read of it is left out; without a code it is none.
    ///
    /// # Errors
    /// [`UnreadableOutcome`] where it is no JSON object, or has no code.
    pub fn outcome(&self) -> Result<JobOutcome, UnreadableOutcome> {
        let members: HashMap<String, Box<RawValue>> =
            serde_json::from_slice(self.0).map_err(UnreadableOutcome::because)?;
        let members = Members(members);
        let code: ResultCode = members
            .get("ResultCode")
            .ok_or_else(|| UnreadableOutcome("it has no ResultCode".to_owned()))?;
        let evidence: Evidence = members.get("evidence").unwrap_or_default();
        Ok(JobOutcome {
            version: Version,
            code,
            is_final: members
                .get::<String>("IsFinalResult")
                .map_or(code.is_final(), |flag| flag != "false"),
            remark: members
                .get::<String>("ResultText")
                .filter(|text| text != code.text())
                .map(Remark::Whole),
            checks: members.checks(),
            comparison: members.comparison(&evidence),
            reasons: evidence.get("reasons").unwrap_or_default(),
            finding: None,
            forced: evidence.get("forced").unwrap_or_default(),
            erased: evidence.get("erased"),
            evidence,
            identity: None,
            id_info: members.0.get("id_info").cloned(),
            geo_info: members.0.get("geo_info").cloned(),
        })
    }
}

struct Members(HashMap<String, Box<RawValue>>);

impl Members {
    fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// An action that is not told, or in none of a few words, was not performed.
    fn checks(&self) -> Checks {
        let told: HashMap<String, serde_json::Value> = self.get("Actions").unwrap_or_default();
        let mut checks = Checks::default();
        for (action, checked) in ACTIONS {
            let value = told
                .get(action)
                .and_then(|v| ActionValue::deserialize(v).ok());
            let state = value.map_or(Some(CheckState::NotPerformed), state);
            if let Some(state) = state {
                checks.set(checked, state);
            }
        }
        checks
    }

    /// The confidence stands beside the evidence, the score in it.
    fn comparison(&self, evidence: &Evidence) -> Option<Compared> {
        let confidence: String = self.get("ConfidenceValue")?;
        Some(Compared {
            score: evidence.get::<Comparison>("comparison")?.score,
            confidence: confidence.parse().ok()?,
        })
    }
}

/// What an action's word says; `None`: the action was no part of the job. Builds before outcomes wrote no other word.
const fn state(value: ActionValue) -> Option<CheckState> {
    Some(match value {
        ActionValue::Passed => CheckState::Passed,
        ActionValue::Completed => CheckState::Completed,
        ActionValue::Failed => CheckState::Failed,
        ActionValue::UnableToDetermine => CheckState::Inconclusive,
        ActionValue::UnderReview => CheckState::UnderReview,
        ActionValue::ProvisionallyApproved => CheckState::ProvisionallyApproved,
        ActionValue::SentToHumanReview => CheckState::Referred,
        ActionValue::Approved => CheckState::Approved,
        ActionValue::Rejected => CheckState::Rejected,
        ActionValue::NotApplicable => return None,
        _ => CheckState::NotPerformed,
    })
}
