//! `PUT` of the package to the URL that `/v1/upload` handed out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use selfsame_store::store::{Accepted, Granted};
use selfsame_wire::error::ErrorCode;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::app::App;
use crate::body::Arriving;
use crate::budget::{Holder, Purpose};
use crate::listen::Activity;
use crate::random;
use crate::refusal::Refusal;

/// A secret for one upload URL, and the hash that is kept of it.
pub(crate) fn upload_token() -> Result<(String, [u8; 32]), Refusal> {
    let token = random::secret().map_err(|e| Refusal::internal(&e))?;
    let hash = hash(&token);
    Ok((token, hash))
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The path of an upload URL.
pub(crate) fn upload_path(token: &str) -> String {
    format!("/v1/package/{token}")
}

/// Answers 200 once the package is on disk and its job queued: from then on the job ends exactly once.
///
/// Nothing of the body is read before the URL is known to be good. The same URL called again while a body of it is arriving
/// takes its place: the client has lost the earlier connection.
pub(crate) async fn put_package(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    connection: Option<Extension<Arc<Activity>>>,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let limits = &app.config.limits;
    let hash = hash(&token);
    let partner = match app.store.upload_grant(&hash).await? {
        Granted::Good(partner) => partner,
        Granted::Unknown => return Err(refused(&Accepted::Unknown)),
        Granted::Expired => return Err(refused(&Accepted::Expired)),
    };
    if let Some(Extension(connection)) = connection {
        connection.authenticated();
    }
    let share = app.bodies.share(Purpose::Large, Holder::Partner(partner));
    let body = Arriving::new(body, share, limits.package_bytes, limits.body_pace)?;
    let mut upload = app.uploads.begin(hash);
    let body = tokio::select! {
        body = body.collect() => body?,
        () = upload.replaced() => {
            return Err(Refusal::new(ErrorCode::WrongType, "this upload URL was called again; this upload was given up")
                .with_status(StatusCode::CONFLICT));
        }
    };
    let accepted = app.store.accept_package(&hash, body.bytes.clone()).await?;
    match accepted {
        Accepted::Queued => {
            app.job_queued.notify_one();
            Ok(StatusCode::OK)
        }
        Accepted::Repeated => Ok(StatusCode::OK),
        other => Err(refused(&other)),
    }
}

fn refused(why: &Accepted) -> Refusal {
    let refuse =
        |status, message: &str| Refusal::new(ErrorCode::Unauthorised, message).with_status(status);
    match why {
        Accepted::Unknown => refuse(StatusCode::FORBIDDEN, "this upload URL is not valid"),
        Accepted::Used => refuse(
            StatusCode::CONFLICT,
            "this upload URL was used already, for another package; it takes one",
        ),
        Accepted::Expired => refuse(
            StatusCode::GONE,
            "this upload URL has expired; prepare the job again with retry",
        ),
        Accepted::Queued | Accepted::Repeated | Accepted::QueueFull => {
            Refusal::busy("the job queue is full")
        }
    }
}

/// Uploads that are arriving: one for each URL.
#[derive(Debug, Clone, Default)]
pub(crate) struct Uploads(Arc<Mutex<HashMap<[u8; 32], watch::Sender<()>>>>);

/// An upload that is arriving.
struct Upload {
    uploads: Uploads,
    hash: [u8; 32],
    /// Closed when another takes its place.
    replaced: watch::Receiver<()>,
}

impl Uploads {
    /// Begins an upload; one of the same URL is given up.
    fn begin(&self, hash: [u8; 32]) -> Upload {
        let (sender, replaced) = watch::channel(());
        self.lock().insert(hash, sender);
        Upload {
            uploads: self.clone(),
            hash,
            replaced,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upload {
    async fn replaced(&mut self) {
        while self.replaced.changed().await.is_ok() {}
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // One that was replaced has no sender any more, and leaves the other's alone.
        if self.replaced.has_changed().is_ok() {
            self.uploads.lock().remove(&self.hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn the_later_upload_of_one_url_takes_the_place_of_the_earlier() {
        let uploads = Uploads::default();
        let (mut first, mut other) = (uploads.begin([1; 32]), uploads.begin([2; 32]));
        assert!(first.replaced().now_or_never().is_none());
        let mut second = uploads.begin([1; 32]);
        assert!(first.replaced().now_or_never().is_some());
        drop(first);
        assert!(second.replaced().now_or_never().is_none());
        assert!(other.replaced().now_or_never().is_none());
        drop((second, other));
        assert!(uploads.lock().is_empty());
    }
}
