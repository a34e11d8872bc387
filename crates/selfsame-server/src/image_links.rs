//! Short-lived links to the images of a job.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::job::Job;
use selfsame_job::partner::Partner;
use selfsame_store::store::Store;
use selfsame_wire::id::{PartnerId, SmileJobId};
use selfsame_wire::info::ImageRole;
use selfsame_wire::job_status::ImageLinks;
use selfsame_wire::package::{Package, PackageLimits};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::budget::{BodyBudget, BodyShare, Holder, Purpose};
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::sealed_link;

const PURPOSE: &str = "image link";
/// How long a request waits for its turn to open a package.
const PATIENCE: Duration = Duration::from_secs(5);
/// Packages that are opened at a time.
const READERS: usize = 2;

/// Names one image: job and place in the package.
type ImageKey = (SmileJobId, usize);

/// Opens packages for the sake of single images, few at a time.
#[derive(Clone)]
pub(crate) struct Images {
    store: Arc<dyn Store>,
    bodies: BodyBudget,
    readers: Arc<Semaphore>,
    /// How long a link lives.
    ttl: Duration,
}

impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Images")
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

impl Images {
    /// Opens what this store has, within this budget, and makes links that live so long.
    pub(crate) fn new(store: Arc<dyn Store>, bodies: BodyBudget, ttl: Duration) -> Self {
        Self {
            store,
            bodies,
            readers: Arc::new(Semaphore::new(READERS)),
            ttl,
        }
    }

    /// Links to a job's images; none where its package is gone.
    pub(crate) async fn links(
        &self,
        partner: &Partner,
        job: &Job,
        origin: &Origin,
    ) -> Result<ImageLinks, Refusal> {
        let mut links = ImageLinks::default();
        let opened = self
            .open(&job.smile_job_id, &partner.id, |package| {
                Package::roles(package, &PackageLimits::default())
            })
            .await?;
        let Some((Ok(roles), _)) = opened else {
            return Ok(links);
        };
        let expires_at = Timestamp::now() + self.ttl;
        let key = partner.key(job.environment());
        for (at, role) in roles.into_iter().enumerate() {
            let image: ImageKey = (job.smile_job_id.clone(), at);
            let sealed = sealed_link::seal(key, PURPOSE, &image, expires_at)
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

    /// Reads something out of a job's package, off the threads that serve; gives the share of the budget that it takes with it.
    /// `None`: the package is gone.
    async fn open<T: Send + 'static>(
        &self,
        job: &SmileJobId,
        partner: &PartnerId,
        read: impl FnOnce(&[u8]) -> T + Send + 'static,
    ) -> Result<Option<(T, BodyShare)>, Refusal> {
        let busy = || Refusal::busy("too many images are asked for at once");
        let readers = Arc::clone(&self.readers).acquire_owned();
        let permit = tokio::time::timeout(PATIENCE, readers)
            .await
            .map_err(|_| busy())?
            .map_err(|_| busy())?;
        let Some(package) = self.store.package(job).await? else {
            return Ok(None);
        };
        let mut share = self
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
    let opened = app
        .images
        .open(&id, &partner.id, move |package| {
            Package::read_image(package, &PackageLimits::default(), at)
        })
        .await?;
    let Some((Ok(Some(image)), mut share)) = opened else {
        return Ok(None);
    };
    share.shrink_to(image.bytes.len());
    Ok(Some((image.bytes, share)))
}
