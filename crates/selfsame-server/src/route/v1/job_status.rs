//! `POST /v1/job_status`, and the images that it links to.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_job::job::{Job, JobState};
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::SmileJobId;
use selfsame_wire::info::ImageRole;
use selfsame_wire::job_status::{ImageLinks, JobStatusRequest, JobStatusResponse, NO_ZIP};
use selfsame_wire::package::{Package, PackageLimits};
use selfsame_wire::result::SignedResult;
use selfsame_wire::signature;
use selfsame_wire::upload::Auth;
use serde_json::value::{RawValue, to_raw_value};

use crate::app::{App, Caller, Scope};
use crate::body::collect;
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::sealed_link;

const PURPOSE: &str = "image link";

/// Names one image: job and place in the package.
type ImageKey = (SmileJobId, usize);

pub(crate) async fn job_status(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    origin: Origin,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<JobStatusResponse>, Refusal> {
    let limits = &app.config.limits;
    let body = collect(
        &headers,
        body,
        limits.json_bytes,
        limits.body_timeout,
        &app.bodies,
    )
    .await?;
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
                ErrorCode::NoZip,
                "there is no job with this job_id and user_id",
            )
        })?;
    let now = Timestamp::now();
    let sign = |result: &[u8]| -> Result<Box<RawValue>, Refusal> {
        SignedResult::sign(
            result,
            caller.partner.key(caller.environment),
            &caller.partner.id,
            now,
        )
        .map(SignedResult::into_raw)
        .map_err(|e| Refusal::internal(&e))
    };
    let ended = app.store.result(&job.smile_job_id).await?;
    let result = match &ended {
        Some(record) => sign(&record.result)?,
        None if job.state == JobState::AwaitingUpload => raw(NO_ZIP)?,
        None => raw("The job is being processed")?,
    };
    let history = if request.history {
        let records = app
            .store
            .results(&caller.partner.id, caller.environment, &request.job_id)
            .await?;
        Some(
            records
                .iter()
                .map(|r| sign(&r.result))
                .collect::<Result<_, _>>()?,
        )
    } else {
        None
    };
    let image_links = match (&ended, request.image_links) {
        (Some(_), true) => Some(links(&app, &caller, &job, &origin).await?),
        _ => None,
    };
    let timestamp = signature::format_timestamp(now);
    Ok(Json(JobStatusResponse {
        signature: signature::sign(
            caller.partner.key(caller.environment),
            &caller.partner.id,
            &timestamp,
        ),
        timestamp,
        job_complete: ended.is_some(),
        job_success: ended.as_ref().is_some_and(|r| r.success),
        code: "2302",
        result,
        history,
        image_links,
    }))
}

fn raw(text: &str) -> Result<Box<RawValue>, Refusal> {
    to_raw_value(text).map_err(|e| Refusal::internal(&e))
}

async fn links(
    app: &App,
    caller: &Caller,
    job: &Job,
    origin: &Origin,
) -> Result<ImageLinks, Refusal> {
    let mut links = ImageLinks::default();
    let Some(package) = app.store.package(&job.smile_job_id).await? else {
        return Ok(links);
    };
    let Ok(package) = Package::read(&package, &PackageLimits::default()) else {
        return Ok(links);
    };
    let expires_at = Timestamp::now() + app.config.limits.image_link_ttl;
    for (at, image) in package.images.iter().enumerate() {
        let key: ImageKey = (job.smile_job_id.clone(), at);
        let sealed = sealed_link::seal(
            caller.partner.key(caller.environment),
            PURPOSE,
            &key,
            expires_at,
        )
        .ok_or_else(|| Refusal::internal(&"cannot make an image link"))?;
        let link = format!("{}/v1/image/{sealed}", origin.0);
        match image.role {
            ImageRole::Selfie => links.selfie_image = Some(link),
            ImageRole::IdCardFront => links.id_card_image = Some(link),
            ImageRole::IdCardBack => links.id_card_back = Some(link),
            ImageRole::Liveness => links.liveness_images.push(link),
        }
    }
    Ok(links)
}

/// `GET /v1/image/…`: an image, by a link that the status gave.
pub(crate) async fn image(
    State(app): State<Arc<App>>,
    Path(sealed): Path<String>,
) -> Result<Response, Refusal> {
    let refuse = || {
        Refusal::new(
            ErrorCode::Unauthorised,
            "this image link is not valid, or has expired",
        )
        .with_status(StatusCode::NOT_FOUND)
    };
    let (claimed, _): ImageKey = sealed_link::peek(&sealed).ok_or_else(refuse)?;
    let job = app.store.job(&claimed).await?.ok_or_else(refuse)?;
    let partner = app.store.partner(job.partner()).await?.ok_or_else(refuse)?;
    let (id, at): ImageKey = sealed_link::open(
        partner.key(job.environment()),
        PURPOSE,
        &sealed,
        Timestamp::now(),
    )
    .ok_or_else(refuse)?;
    let package = app.store.package(&id).await?.ok_or_else(refuse)?;
    let package = Package::read(&package, &PackageLimits::default()).map_err(|_| refuse())?;
    let bytes = package.images.into_iter().nth(at).ok_or_else(refuse)?.bytes;
    let kind = if bytes.starts_with(b"\x89PNG") {
        "image/png"
    } else {
        "image/jpeg"
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, bytes).into_response())
}
