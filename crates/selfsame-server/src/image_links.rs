//! Short-lived links to the images of a job.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::Stream;
use jiff::Timestamp;
use selfsame_job::job::Job;
use selfsame_job::partner::Partner;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::{PartnerId, SmileJobId};
use selfsame_wire::info::ImageRole;
use selfsame_wire::job_status::ImageLinks;
use selfsame_wire::package::{Package, PackageLimits};

use crate::app::App;
use crate::budget::{BodyShare, Holder, Purpose};
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::sealed_link;

const PURPOSE: &str = "image link";
/// How long a request waits for its turn to open a package.
const PATIENCE: Duration = Duration::from_secs(5);
/// Packages that are opened at a time.
pub(crate) const READERS: usize = 2;

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
    let opened = open(app, &job.smile_job_id, &partner.id, |package| {
        Package::roles(package, &PackageLimits::default())
    })
    .await?;
    let Some((Ok(roles), _)) = opened else {
        return Ok(links);
    };
    let expires_at = Timestamp::now() + app.config.limits.image_link_ttl;
    for (at, role) in roles.into_iter().enumerate() {
        let key: ImageKey = (job.smile_job_id.clone(), at);
        let sealed = sealed_link::seal(partner.key(job.environment()), PURPOSE, &key, expires_at)
            .ok_or_else(|| Refusal::internal(&"cannot make an image link"))?;
        let link = format!("{}/v1/image/{sealed}", origin.0);
        match role {
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
    let opened = open(&app, &id, &partner.id, move |package| {
        Package::read_image(package, &PackageLimits::default(), at)
    })
    .await?;
    let Some((Ok(Some(image)), mut share)) = opened else {
        return Err(refuse());
    };
    let bytes = image.bytes;
    share.shrink_to(bytes.len());
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
    let size = HeaderValue::from(bytes.len());
    let mut response = (headers, Body::from_stream(sent_with(bytes.into(), share))).into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, size);
    Ok(response)
}

/// Reads something out of a job's package, off the threads that serve; gives the share of the budget that it takes with it.
/// `None`: the package is gone.
async fn open<T: Send + 'static>(
    app: &App,
    job: &SmileJobId,
    partner: &PartnerId,
    read: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<Option<(T, BodyShare)>, Refusal> {
    let busy = || Refusal::busy("too many images are asked for at once");
    let readers = Arc::clone(&app.package_readers).acquire_owned();
    let permit = tokio::time::timeout(PATIENCE, readers)
        .await
        .map_err(|_| busy())?
        .map_err(|_| busy())?;
    let Some(package) = app.store.package(job).await? else {
        return Ok(None);
    };
    let mut share = app
        .bodies
        .share(Purpose::Large, Holder::Partner(partner.clone()));
    share.arrived();
    share.grow(package.len()).await.map_err(|_| busy())?;
    let read = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        read(&package)
    })
    .await
    .map_err(|error| Refusal::internal(&error))?;
    Ok(Some((read, share)))
}

/// The bytes in pieces; the share is held until they are sent.
fn sent_with(
    bytes: Bytes,
    share: BodyShare,
) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
    const PIECE: usize = 64 * 1024;
    futures::stream::unfold((bytes, share), |(mut rest, share)| async move {
        let piece = rest.split_to(rest.len().min(PIECE));
        (!piece.is_empty()).then_some((Ok(piece), (rest, share)))
    })
}
