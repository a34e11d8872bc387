//! `GET /v1/image/…`: an image of a job, by a link that its status gave.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::Stream;
use selfsame_wire::error::ErrorCode;

use crate::app::App;
use crate::budget::BodyShare;
use crate::image_links;
use crate::refusal::Refusal;

pub(crate) async fn image(
    State(app): State<Arc<App>>,
    Path(sealed): Path<String>,
) -> Result<Response, Refusal> {
    let (bytes, share) = image_links::image(&app, &sealed).await?.ok_or_else(|| {
        Refusal::new(
            ErrorCode::Unauthorised,
            "this image link is not valid, or has expired",
        )
        .with_status(StatusCode::NOT_FOUND)
    })?;
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
