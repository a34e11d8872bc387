//! What a job came to, as v3 tells it: the decision alone in the status, all of it by webhook.

mod antifraud;
mod decision;
mod id_fields;

use jiff::Timestamp;
use selfsame_job::erasure::JobNames;
use selfsame_job::job::{Job, JobType};
use selfsame_job::outcome::{JobOutcome, UnreadableOutcome};
use selfsame_wire::id::JobId;
use selfsame_wire::job_status::ImageLinks;
use selfsame_wire::signature::format_timestamp;
use selfsame_wire::v3::decision::JobStatus;
use selfsame_wire::v3::product::Product;
use selfsame_wire::v3::type_id;
use selfsame_wire::v3::webhook::Webhook;

pub(crate) use decision::Decision;

/// What stands beside the outcome, and is made anew each time that it is told.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Links to the job's images.
    pub(crate) image_links: ImageLinks,
    /// Where the receipt of a look-up is.
    pub(crate) kyc_receipt: Option<String>,
}

/// The webhook of a job, of the outcome on record that it came to at this moment.
///
/// # Errors
/// [`UnreadableOutcome`] when what is on record is no result.
pub(crate) fn webhook(
    job: &Job,
    recorded: &[u8],
    completed_at: Timestamp,
    beside: Beside,
) -> Result<Webhook, UnreadableOutcome> {
    let outcome = JobOutcome::read(recorded)?;
    let decision = Decision::of(&outcome);
    let status = decision.status();
    // Whatever the job still held when it was read.
    let erased = outcome.erased.is_some();
    let params = if erased {
        JobNames::of(job).erased_request().partner_params
    } else {
        job.request.partner_params.clone()
    };
    Ok(Webhook {
        status,
        message: outcome.text(),
        reason: decision.reason(),
        product: product(job.job_type),
        created_at: format_timestamp(job.created_at),
        completed_at: format_timestamp(completed_at),
        // Whoever reads it takes them for the job's: what a caller wrote there must not speak for another user.
        partner_params: params.named(&name(job), job.user_id()),
        kyc_receipt: beside.kyc_receipt.filter(|_| status != JobStatus::Error),
        image_links: beside.image_links,
        id_fields: match status {
            JobStatus::Clear | JobStatus::Attention => id_fields::of(job, &outcome),
            _ => None,
        },
        user_provided_info: job.request.details.clone().filter(|_| !erased),
        antifraud: antifraud::of(&outcome),
        device_signals: (),
        consent: job.request.consent.clone().filter(|_| !erased),
    })
}

/// What v3 calls a job, whichever API it came by.
pub(crate) fn name(job: &Job) -> JobId {
    type_id::of_job(&job.smile_job_id).unwrap_or_else(|| job.job_id.clone())
}

/// What v3 calls such jobs; it has no word for a look-up of a business, nor for a new photo on file.
const fn product(job_type: JobType) -> Option<Product> {
    Some(match job_type {
        JobType::Enrolment => Product::SmartSelfieRegistration,
        JobType::Authentication => Product::SmartSelfieAuthentication,
        JobType::BiometricKyc | JobType::BiometricKycOnFile => Product::BiometricKyc,
        JobType::EnhancedKyc => Product::EnhancedKyc,
        JobType::BasicKyc | JobType::CompareUserInfo => Product::BasicKyc,
        JobType::PhoneVerification => Product::PhoneNumberVerification,
        JobType::BusinessVerification | JobType::UpdatePhoto => return None,
        JobType::Compare => Product::SmartSelfieCompare,
    })
}

#[cfg(test)]
mod tests;
