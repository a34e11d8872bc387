//! Forms (`multipart/form-data`): read part by part as they arrive, so that nothing of them stands in memory twice.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use bytes::Bytes;
use futures::stream;
use selfsame_wire::error::{ErrorCode, WireError};
use selfsame_wire::package::PackageLimits;

use super::Arriving;
use crate::budget::BodyShare;
use crate::refusal::Refusal;

/// The most parts of any kind.
pub(crate) const MAX_PARTS: usize = 96;
/// The longest text.
pub(crate) const TEXT_BYTES: usize = 64 * 1024;
/// Parts that clients send as files although they hold text, and that are left alone where nobody reads them.
const LEFT_ALONE: [&str; 2] = ["metadata", "failure_reason"];

/// What a form is read into.
pub(crate) trait Draft {
    /// Takes a part that it knows; `false`: it does not know it, and has not touched it.
    fn take(
        &mut self,
        name: &str,
        field: &mut Field<'_>,
    ) -> impl Future<Output = Result<bool, Refusal>> + Send;
    /// Where the form's files go, as an error tells it.
    const FILES: &'static str;
}

/// What stopped the body on its way into the form.
type Stopped = Arc<Mutex<Option<Refusal>>>;

/// Reads a body to its end as a form, and gives its share of the budget.
pub(crate) async fn read<D: Draft>(
    parts: Parts,
    body: Arriving,
    draft: &mut D,
) -> Result<BodyShare, Refusal> {
    let body = Arc::new(tokio::sync::Mutex::new(body));
    let stopped = Stopped::default();
    let source = (Arc::clone(&body), Arc::clone(&stopped));
    let pieces = stream::unfold(source, |(body, stopped)| async move {
        let next = body.lock().await.next().await;
        let piece = match next {
            Ok(piece) => Ok(piece?),
            Err(refusal) => {
                *stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
                Err(std::io::Error::other("the body was refused"))
            }
        };
        Some((piece, (body, stopped)))
    });
    let request = Request::from_parts(parts, Body::from_stream(Box::pin(pieces)));
    let multipart = Multipart::from_request(request, &()).await.map_err(|_| {
        malformed("the header Content-Type must be multipart/form-data with a boundary")
    })?;
    fill(multipart, draft)
        .await
        .map_err(|refusal| take(&stopped).unwrap_or(refusal))?;
    // The form is read, and nothing else holds the body any more.
    let mut body = Arc::into_inner(body)
        .ok_or_else(|| Refusal::internal(&"the form is still being read"))?
        .into_inner();
    // What follows the last part belongs to the body too.
    while body.next().await?.is_some() {}
    Ok(body.into_share())
}

fn take(stopped: &Stopped) -> Option<Refusal> {
    stopped
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

async fn fill<D: Draft>(mut multipart: Multipart, draft: &mut D) -> Result<(), Refusal> {
    let mut count = 0;
    while let Some(mut field) = multipart.next_field().await.map_err(|e| broken(&e))? {
        count += 1;
        if count > MAX_PARTS {
            return Err(wrong(format!("the form has more than {MAX_PARTS} parts")));
        }
        let name = field.name().unwrap_or_default().to_owned();
        if draft.take(&name, &mut field).await? {
            continue;
        }
        if field.file_name().is_some() && !LEFT_ALONE.contains(&name.as_str()) {
            return Err(wrong(format!(
                "the form has a file part {:?}, which is not known; files go into {}",
                shortened(&name),
                D::FILES
            )));
        }
        // Multipart itself reads past the part.
    }
    Ok(())
}

/// A name that somebody made up, as far as it is repeated.
fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}

fn malformed(what: &str) -> Refusal {
    Refusal::new(
        ErrorCode::WrongType,
        format!("the body is not well-formed multipart/form-data: {what}"),
    )
    .with_status(StatusCode::BAD_REQUEST)
}

fn broken(error: &MultipartError) -> Refusal {
    malformed(&error.body_text())
}

/// What a form holds is wrong.
pub(crate) fn wrong(message: String) -> Refusal {
    Refusal::new(ErrorCode::WrongType, message)
}

async fn piece(field: &mut Field<'_>) -> Result<Option<Bytes>, Refusal> {
    field.chunk().await.map_err(|e| broken(&e))
}

async fn bytes(name: &str, field: &mut Field<'_>, most: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    while let Some(piece) = piece(field).await? {
        if bytes.len() + piece.len() > most {
            return Err(wrong(format!("{name} is larger than {most} bytes"))
                .with_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// An image, undecoded.
pub(crate) async fn image(name: &str, field: &mut Field<'_>) -> Result<Vec<u8>, Refusal> {
    let most = PackageLimits::default().entry_bytes;
    bytes(name, field, usize::try_from(most).unwrap_or(usize::MAX)).await
}

/// Text; empty text counts as absent.
pub(crate) async fn text(name: &str, field: &mut Field<'_>) -> Result<Option<String>, Refusal> {
    let bytes = bytes(name, field, TEXT_BYTES).await?;
    String::from_utf8(bytes)
        .map(|text| Some(text).filter(|t| !t.is_empty()))
        .map_err(|_| WireError::wrong_type(name, "UTF-8 text").into())
}

/// The frames of a capture, in every way that clients send a list.
#[derive(Debug, Default)]
pub(crate) struct Frames(Vec<(Option<usize>, Vec<u8>)>);

impl Frames {
    /// The most that are taken.
    pub(crate) const MOST: usize = 24;

    /// Whether a part is a frame, by its name: with its index, where the name has one.
    pub(crate) fn named(name: &str) -> Option<Option<usize>> {
        match name.strip_prefix("liveness_images")? {
            // PHP's and some JavaScript clients' ways of sending a list.
            "" | "[]" => Some(None),
            index => {
                let index = index.strip_prefix('[')?.strip_suffix(']')?;
                let digits = index.bytes().all(|b| b.is_ascii_digit());
                Some(Some(index.parse().ok().filter(|_| digits)?))
            }
        }
    }

    /// Takes a frame.
    pub(crate) async fn take(
        &mut self,
        index: Option<usize>,
        name: &str,
        field: &mut Field<'_>,
    ) -> Result<(), Refusal> {
        let too_many = || wrong(format!("more than {} liveness_images", Self::MOST));
        if let Some(index) = index {
            if index >= Self::MOST {
                return Err(too_many());
            }
            if self.0.iter().any(|(other, _)| *other == Some(index)) {
                return Err(wrong(format!(
                    "liveness_images[{index}] stands more than once"
                )));
            }
        }
        if self.0.len() >= Self::MOST {
            return Err(too_many());
        }
        if self
            .0
            .first()
            .is_some_and(|(first, _)| first.is_some() != index.is_some())
        {
            return Err(wrong(
                "some liveness_images have an index and some have none: their order is unclear"
                    .to_owned(),
            ));
        }
        self.0.push((index, image(name, field).await?));
        Ok(())
    }

    /// In their order.
    pub(crate) fn into_images(mut self) -> Vec<Vec<u8>> {
        self.0.sort_by_key(|(index, _)| *index);
        self.0.into_iter().map(|(_, image)| image).collect()
    }
}
