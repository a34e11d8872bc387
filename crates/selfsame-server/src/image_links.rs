//! Short-lived links to the images of a job.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use selfsame_job::job::Job;
use selfsame_job::partner::Partner;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::SmileJobId;
use selfsame_wire::info::ImageRole;
use selfsame_wire::job_status::ImageLinks;
use selfsame_wire::package::{Package, PackageLimits};

use crate::app::App;
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::sealed_link;

const PURPOSE: &str = "image link";

/// Names one image: job and place in the package.
type ImageKey = (SmileJobId, usize);

/// Links to a job's images; none where its package is gone.
pub(crate) async fn of(
    app: &App,
    partner: &Partner,
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
        let sealed = sealed_link::seal(partner.key(job.environment()), PURPOSE, &key, expires_at)
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
