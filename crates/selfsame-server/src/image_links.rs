//! Short-lived links to the images of a job.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::job::Job;
use selfsame_job::partner::Partner;
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

/// The image that a link names, with the share of the budget that it takes. `None`: the link is not good, or not any more.
pub(crate) async fn image(
    app: &App,
    sealed: &str,
) -> Result<Option<(Vec<u8>, BodyShare)>, Refusal> {
    let Some((claimed, _)) = sealed_link::peek::<ImageKey>(sealed) else {
        return Ok(None);
    };
    let Some(job) = app.store.job(&claimed).await? else {
        return Ok(None);
    };
    let Some(partner) = app.store.partner(job.partner()).await? else {
        return Ok(None);
    };
    let key = partner.key(job.environment());
    let good = sealed_link::open::<ImageKey>(key, PURPOSE, sealed, Timestamp::now());
    let Some((id, at)) = good else {
        return Ok(None);
    };
    let opened = open(app, &id, &partner.id, move |package| {
        Package::read_image(package, &PackageLimits::default(), at)
    })
    .await?;
    let Some((Ok(Some(image)), mut share)) = opened else {
        return Ok(None);
    };
    share.shrink_to(image.bytes.len());
    Ok(Some((image.bytes, share)))
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
