//! `/v3/enhanced_kyc/sync`: the caller waits for the record, and is told what a webhook would tell.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_job::job::Job;
use selfsame_wire::id::{JobId, UserId};
use selfsame_wire::signature;
use selfsame_wire::v3::decision::DecisionReason;
use selfsame_wire::v3::product::Product;
use selfsame_wire::v3::type_id;
use selfsame_wire::v3::webhook::{RESPONSE_SIGNATURE, RESPONSE_TIMESTAMP};
use serde::Serialize;

use super::{Submitted, Wait, submit};
use crate::app::{App, Scope};
use crate::origin::Origin;
use crate::receipts::ReceiptLinks;
use crate::refusal::Refusal;
use crate::route::v3::Refused;
use crate::route::v3::result::{self, Beside};

/// Header: the job, in the answer.
const JOB_ID: &str = "smileid-job-id";
/// Header: the user, in the answer.
const USER_ID: &str = "user-id";

/// What is answered where there is no result to tell. The names are absent where no job is on record.
#[derive(Debug, Serialize)]
struct NoResult<'a> {
    job_id: Option<&'a JobId>,
    user_id: Option<&'a UserId>,
    status: &'a str,
    message: &'a str,
}

/// Answers with the result: 200; 408 where it takes longer than a caller can wait, 424 where the authority fails.
pub(crate) async fn enhanced_kyc(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    origin: Result<Origin, Refusal>,
    request: Request,
) -> Result<Response, Response> {
    let submitted = submit(&app, scope, request, Product::EnhancedKyc, Wait::Yes).await;
    let submitted = submitted.map_err(without_names)?;
    // Without it the result is told all the same, only without a link to its receipt.
    let answered = answer(&app, submitted, origin.ok().as_ref()).await;
    answered.map_err(without_names)
}

async fn answer(
    app: &App,
    submitted: Submitted,
    origin: Option<&Origin>,
) -> Result<Response, Refused> {
    let Submitted { job, user, .. } = submitted;
    let mut wait = app.completions.expect(&job);
    // It may have ended before anybody waited.
    if app.store.result(&job).await?.is_none() {
        let limit = app.config.limits.synchronous_wait;
        let _ = tokio::time::timeout(limit, wait.ended()).await;
    }
    let name =
        type_id::of_job(&job).ok_or_else(|| Refusal::internal(&"a job's name is no UUID"))?;
    let Some(record) = app.store.result(&job).await? else {
        let message =
            "the look-up takes longer than a caller can wait; its result goes to the callback URL";
        return Ok(no_result(
            StatusCode::REQUEST_TIMEOUT,
            Some((&name, &user)),
            message,
        ));
    };
    let job: Job = app
        .store
        .job(&job)
        .await?
        .ok_or_else(|| Refusal::internal(&"a job that ended is gone"))?;
    let partner = app.store.partner(job.partner()).await?;
    let partner = partner.ok_or_else(|| Refusal::internal(&"the partner is gone"))?;
    let beside = Beside {
        kyc_receipt: origin.and_then(|origin| {
            let receipts = ReceiptLinks::at(&app.config, origin);
            receipts.of_recorded(&partner, &job, &record.result)
        }),
        ..Beside::default()
    };
    let told = result::webhook(&job, &record.result, record.finished_at, beside)
        .map_err(|e| Refusal::internal(&e))?;
    if told.reason == Some(DecisionReason::ServiceUnavailable) {
        let message = "the authority does not answer; submit again later";
        return Ok(no_result(
            StatusCode::FAILED_DEPENDENCY,
            Some((&name, &user)),
            message,
        ));
    }
    let signed = signature::sign_answer(
        partner.key(job.environment()),
        &partner.id,
        Timestamp::now(),
    );
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (header, value) in [
        (RESPONSE_TIMESTAMP, signed.timestamp.as_str()),
        (RESPONSE_SIGNATURE, signed.signature.as_str()),
        (JOB_ID, name.as_str()),
        (USER_ID, user.as_str()),
    ] {
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|e| Refusal::internal(&e))?;
        headers.insert(HeaderName::from_static(header), value);
    }
    let body = serde_json::to_vec(&told).map_err(|e| Refusal::internal(&e))?;
    Ok((StatusCode::OK, headers, Bytes::from(body)).into_response())
}

fn no_result(status: StatusCode, of: Option<(&JobId, &UserId)>, message: &str) -> Response {
    let told = NoResult {
        job_id: of.map(|(job, _)| job),
        user_id: of.map(|(_, user)| user),
        status: status.canonical_reason().unwrap_or("Error"),
        message,
    };
    (status, Json(told)).into_response()
}

/// A refusal with the names that this call's refusals have.
fn without_names(refused: Refused) -> Response {
    refused.respond_with(|status, message| no_result(status, None, message))
}
