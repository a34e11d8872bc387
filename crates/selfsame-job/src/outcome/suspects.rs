//! What a search for users who may be the same person came to, told beside the job's own result.

use selfsame_wire::result::ResultCode;
use serde_json::{Value, json};

use super::{Checks, Evidence, Identified, JobOutcome, Version};

/// The search's own outcome, of a job that searched. It tells of other users, and nothing of the person.
#[must_use]
pub fn of_suspects(ended: &JobOutcome) -> JobOutcome {
    let faces: Vec<Value> = ended.evidence.get("duplicates").unwrap_or_default();
    let identity = ended.identity.as_ref();
    let numbers = identity
        .map(|identity| identity.earlier_registrants.clone())
        .unwrap_or_default();
    let code = if faces.is_empty() && numbers.is_empty() {
        ResultCode::NoSuspects
    } else {
        ResultCode::SuspectsFound
    };
    let mut evidence = Evidence::default();
    evidence.set("version", &json!(2));
    evidence.set("duplicates", &faces.into());
    JobOutcome {
        version: Version,
        code,
        is_final: true,
        remark: None,
        checks: Checks::default(),
        comparison: None,
        reasons: Vec::new(),
        evidence,
        identity: Some(Identified {
            query: None,
            lookup: None,
            matches: None,
            name: None,
            earlier_registrants: numbers,
        }),
        id_info: None,
        geo_info: None,
        finding: None,
        forced: false,
        erased: None,
    }
}
