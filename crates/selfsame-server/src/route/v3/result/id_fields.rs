//! The record of the identity that a job is about.

use selfsame_job::identity::Answer;
use selfsame_job::job::Job;
use selfsame_job::outcome::JobOutcome;
use selfsame_job::product::Wanted;
use selfsame_wire::v3::webhook::IdFields;

/// The record, where the job looked one up to tell it, and it was found.
pub(super) fn of(job: &Job, outcome: &JobOutcome) -> Option<IdFields> {
    // Whoever may only compare is told nothing of the record.
    if job.job_type.product().looks_up() != Some(Wanted::Record) {
        return None;
    }
    let identity = outcome.identity.as_ref()?;
    let query = identity.query.as_ref()?;
    let record = identity
        .lookup
        .as_ref()
        .map(|lookup| &lookup.answer)
        .and_then(Answer::record)?;
    Some(IdFields {
        country: query.country,
        id_type: query.id_type.clone(),
        id_number: query.id_number.clone(),
        first_name: record.first_name.clone(),
        last_name: record.last_name.clone(),
        full_name: record.whole_name(),
        date_of_birth: record.date_of_birth.clone(),
        gender: record.gender.clone(),
        issuance_date: record.issuance_date.clone(),
        expiration_date: record.expiration_date.clone(),
        address: record.address.clone(),
    })
}
