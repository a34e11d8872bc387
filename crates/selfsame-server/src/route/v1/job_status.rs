//! `POST /v1/job_status`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_job::job::{Job, JobState};
use selfsame_job::outcome::JobOutcome;
use selfsame_store::store::JobResultRecord;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::job_status::{JobStatusRequest, JobStatusResponse, NO_ZIP};
use selfsame_wire::result::SignedResult;
use selfsame_wire::signature;
use selfsame_wire::upload::Auth;
use serde_json::value::{RawValue, to_raw_value};

use crate::app::{App, Scope};
use crate::body::collect_json;
use crate::client_address::ClientAddress;
use crate::origin::Origin;
use crate::receipts::{ReceiptLinks, is_of_a_business};
use crate::refusal::Refusal;
use crate::route::v1::result::v1_result_with;

pub(crate) async fn job_status(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    origin: Origin,
    client: ClientAddress,
    body: Body,
) -> Result<Json<JobStatusResponse>, Refusal> {
    let body = collect_json(&app, client, body).await?;
    let request = JobStatusRequest::parse(&body.bytes)?;
    let Auth::Signature {
        timestamp,
        signature,
    } = &request.auth
    else {
        return Err(Refusal::new(
            ErrorCode::Unauthorised,
            "job_status needs a signature, not a web token",
        ));
    };
    let caller = app
        .authorise(scope, &request.partner_id, timestamp, signature)
        .await?;
    let job = app
        .store
        .latest_job(&caller.partner.id, caller.environment, &request.job_id)
        .await?
        .filter(|job| *job.user_id() == request.user_id)
        .ok_or_else(|| {
            Refusal::new(
                ErrorCode::UnknownJob,
                "there is no job with this job_id and user_id",
            )
        })?;
    let now = Timestamp::now();
    let receipts = ReceiptLinks::at(&app.config, &origin);
    let sign = |job: &Job, record: &JobResultRecord| -> Result<Box<RawValue>, Refusal> {
        let receipt = |outcome: &JobOutcome| receipts.link(&caller.partner, job, outcome);
        let result =
            v1_result_with(job, &record.result, receipt).map_err(|e| Refusal::internal(&e))?;
        SignedResult::sign(
            &result,
            caller.partner.key(caller.environment),
            &caller.partner.id,
            now,
        )
        .map(SignedResult::into_raw)
        .map_err(|e| Refusal::internal(&e))
    };
    let ended = app.store.result(&job.smile_job_id).await?;
    let result = match &ended {
        Some(record) => sign(&job, record)?,
        None if job.state == JobState::AwaitingUpload => raw(NO_ZIP)?,
        None => raw("The job is being processed")?,
    };
    let history = if request.history {
        let records = app
            .store
            .results(&caller.partner.id, caller.environment, &request.job_id)
            .await?;
        // Each attempt has a request of its own.
        let mut signed = Vec::with_capacity(records.len());
        for record in &records {
            if record.smile_job_id == job.smile_job_id {
                signed.push(sign(&job, record)?);
                continue;
            }
            match app.store.job(&record.smile_job_id).await {
                Ok(Some(attempt)) => signed.push(sign(&attempt, record)?),
                Ok(None) => {}
                // As lists do.
                Err(error) if error.is_unreadable() => {
                    tracing::error!(smile_job_id = %record.smile_job_id, %error, "left out of a history");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Some(signed)
    } else {
        None
    };
    let image_links = match (&ended, request.image_links) {
        (Some(_), true) => Some(app.images.links(&caller.partner, &job, &origin).await?),
        _ => None,
    };
    let receipt = ended
        .as_ref()
        .and_then(|record| receipts.of_recorded(&caller.partner, &job, &record.result));
    let (kyb_receipt, kyc_receipt) = if is_of_a_business(&job) {
        (receipt, None)
    } else {
        (None, receipt)
    };
    let signed = signature::sign_answer(
        caller.partner.key(caller.environment),
        &caller.partner.id,
        now,
    );
    Ok(Json(JobStatusResponse {
        signature: signed.signature,
        timestamp: signed.timestamp,
        job_complete: ended.is_some(),
        job_success: ended.as_ref().is_some_and(|r| r.success),
        code: "2302",
        result,
        history,
        image_links,
        kyc_receipt,
        kyb_receipt,
    }))
}

fn raw(text: &str) -> Result<Box<RawValue>, Refusal> {
    to_raw_value(text).map_err(|e| Refusal::internal(&e))
}
