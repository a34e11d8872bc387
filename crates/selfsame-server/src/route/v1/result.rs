//! What a job came to, as v1 tells it: in `job_status`, in callbacks (v2's too), and to operators.

mod actions;
mod identity;

use selfsame_job::erasure::JobNames;
use selfsame_job::job::Job;
use selfsame_job::outcome::{JobOutcome, Recorded, UnreadableOutcome};
use selfsame_wire::partner_params::PartnerParams;
use selfsame_wire::result::{Action, ActionValue, JobResult};

use crate::receipts::is_of_a_business;

/// What heads the result of a look-up that is a step of another job.
const LOOK_UP: &str = "ID Verification";
/// What heads the result of the search for users who may be the same person.
const SUSPECTS: &str = "Smile Secure";
/// What heads the result of a person's decision about an identity.
const DECIDED_BY_A_PERSON: &str = "DIVA";

/// The result on record of a job as v1's JSON object, without timestamp and signature, which are made each time it is sent. What
/// the partner sent along comes from the request on record.
///
/// # Errors
/// [`UnreadableOutcome`] when what is on record is no result.
pub fn v1_result(job: &Job, recorded: &[u8]) -> Result<Vec<u8>, UnreadableOutcome> {
    v1_result_with(job, recorded, |_| None)
}

/// The same, with the link to the job's receipt that the result's outcome is given.
pub(crate) fn v1_result_with(
    job: &Job,
    recorded: &[u8],
    receipt: impl FnOnce(&JobOutcome) -> Option<String>,
) -> Result<Vec<u8>, UnreadableOutcome> {
    match Recorded::read(recorded)? {
        Recorded::Outcome(outcome) => {
            // Of a business the receipt stands in `job_status`, and not in the result.
            let link = receipt(&outcome).filter(|_| !is_of_a_business(job));
            let mut result = result(job, *outcome);
            result.identity.kyc_receipt = link;
            Ok(match serde_json::to_vec(&result) {
                Ok(bytes) => bytes,
                Err(_) => unreachable!("texts and JSON print as JSON"),
            })
        }
        Recorded::Earlier(earlier) => Ok(earlier.as_v1().to_vec()),
    }
}

/// Each action that a result lists, and what came of it.
pub(crate) fn told_actions(job: &Job, outcome: &JobOutcome) -> Vec<(Action, ActionValue)> {
    actions::of(job, outcome).entries().to_vec()
}

fn result(job: &Job, outcome: JobOutcome) -> JobResult {
    let flag = |yes| if yes { "true" } else { "false" };
    let looks_up = job.job_type.product().looks_up().is_some();
    let judged = actions::judges(job, &outcome);
    JobResult {
        json_version: "1.0.0",
        smile_job_id: job.smile_job_id.clone(),
        partner_params: partner_params(job, &outcome),
        result_type: match job.job_type.face() {
            _ if actions::tells_of_suspects(&outcome) => SUSPECTS,
            Some(_) if !judged => LOOK_UP,
            Some(_) if looks_up && !outcome.code.is_machine() => DECIDED_BY_A_PERSON,
            _ => job.job_type.product().title(),
        },
        result_text: outcome.text(),
        result_code: outcome.code.code(),
        is_final_result: flag(outcome.is_final),
        is_machine_result: flag(outcome.code.is_machine()),
        confidence_value: outcome.comparison.map(|c| format!("{:.2}", c.confidence)),
        actions: actions::of(job, &outcome),
        source: "Selfsame",
        identity: identity::of(job, &outcome),
        evidence: outcome.evidence.to_raw(),
        // What is looked up stands in fields of its own.
        id_info: outcome.id_info.filter(|_| !looks_up),
        geo_info: outcome.geo_info,
    }
}

/// Whose result it is must stand in it: v2's callers send `partner_params` without any names. Of what was erased nothing but the
/// names is left.
fn partner_params(job: &Job, outcome: &JobOutcome) -> PartnerParams {
    // Whatever the job still held when it was read.
    if outcome.erased.is_some() {
        return JobNames::of(job).erased_request().partner_params;
    }
    let params = &job.request.partner_params;
    params
        .naming(&job.job_id, job.user_id())
        .typed(job.job_type.number())
}
