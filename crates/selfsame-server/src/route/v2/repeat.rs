//! Requests that come again because their answer was lost: they get the first one's answer, and no second job.

use axum::Json;
use selfsame_job::job::{Job, JobType};
use selfsame_wire::partner_params::PartnerParams;
use selfsame_wire::v2::SmartSelfieResponse;
use sha2::{Digest as _, Sha256};

use super::form::Form;
use super::{answer, respond};
use crate::app::{App, Caller};
use crate::refusal::Refusal;

/// By what a repeat is recognised: all that is asked, and the images. Where no `job_id` is among it, so that a new job would be
/// asked for by the same words, the signature and its moment too.
pub(super) fn digest(job_type: JobType, form: &Form, timestamp: &str, signature: &str) -> [u8; 32] {
    let names_a_job = form
        .partner_params
        .as_deref()
        .and_then(|json| serde_json::from_str::<PartnerParams>(json).ok())
        .is_some_and(|params| params.job_id().is_ok());
    let mut hash = Sha256::new();
    // Lengths keep one field from reading like another; an absent one differs from an empty one.
    let mut put = |value: Option<&[u8]>| {
        let length = value.map_or(u64::MAX, |v| v.len() as u64);
        hash.update(length.to_le_bytes());
        hash.update(value.unwrap_or_default());
    };
    put(Some(b"v2"));
    put(Some(&[job_type.number(), u8::from(form.allow_new_enroll)]));
    for value in [
        &form.user_id,
        &form.partner_params,
        &form.callback_url,
        &form.sandbox_result,
        &form.challenge_id,
    ] {
        put(value.as_deref().map(str::as_bytes));
    }
    let once = (!names_a_job).then_some(signature.as_bytes());
    put(once);
    put(once.map(|_| timestamp.as_bytes()));
    put(form.selfie.as_deref());
    for frame in &form.frames {
        put(Some(frame));
    }
    hash.finalize().into()
}

/// The job that the same request of the caller's began before.
pub(super) async fn first(
    app: &App,
    caller: &Caller,
    digest: &[u8; 32],
) -> Result<Option<Job>, Refusal> {
    let (partner, environment) = (&caller.partner.id, caller.environment);
    Ok(app.store.repeated(partner, environment, digest).await?)
}

/// Answers with a job that an earlier request began, and waits for it where it has not ended.
pub(super) async fn answer_first(
    app: &App,
    job: Job,
) -> Result<Json<SmartSelfieResponse>, Refusal> {
    // Before the look, so that the end cannot be missed.
    let wait = app.completions.expect(&job.smile_job_id);
    match app.store.result(&job.smile_job_id).await? {
        Some(record) => respond(job.into(), Some(record), true),
        None => answer(app, job.into(), wait).await,
    }
}

/// The first request's job was there a moment ago.
pub(super) fn gone() -> Refusal {
    Refusal::internal(&"the job of a repeated request is gone")
}
