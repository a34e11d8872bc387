//! `PUT` of the package to the URL that `/v1/upload` handed out.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use selfsame_store::store::Accepted;
use selfsame_wire::error::ErrorCode;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::body::collect;
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
pub(crate) async fn put_package(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let limits = &app.config.limits;
    let body = collect(
        &headers,
        body,
        limits.package_bytes,
        limits.body_timeout,
        &app.bodies,
    )
    .await?;
    let refuse = |status, message: &str| {
        Err(Refusal::new(ErrorCode::Unauthorised, message).with_status(status))
    };
    match app
        .store
        .accept_package(&hash(&token), Timestamp::now(), body.bytes.clone())
        .await?
    {
        Accepted::Queued => {
            app.job_queued.notify_one();
            Ok(StatusCode::OK)
        }
        Accepted::Repeated => Ok(StatusCode::OK),
        Accepted::Unknown => refuse(StatusCode::FORBIDDEN, "this upload URL is not valid"),
        Accepted::Used => refuse(
            StatusCode::CONFLICT,
            "this upload URL was used already, for another package; it takes one",
        ),
        Accepted::Expired => refuse(
            StatusCode::GONE,
            "this upload URL has expired; prepare the job again with retry",
        ),
        Accepted::QueueFull => Err(Refusal::busy("the job queue is full")),
    }
}
