//! Small forms: a few short texts, read from a body that is whole.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};

use super::Refused;

/// What a small form is read into.
pub(crate) trait Texts {
    /// The most parts, known and unknown.
    const MOST_PARTS: usize;
    /// Whether a text may come as a file.
    const TAKES_FILES: bool = true;
    /// How a header without a boundary is answered.
    const UNBOUNDED: StatusCode = StatusCode::BAD_REQUEST;

    /// Where the text of a part goes; `None`: a part that is not known, and is passed over.
    fn place(&mut self, name: &str) -> Option<&mut Option<String>>;
}

/// Reads a form to its end.
///
/// # Errors
/// 400 where it is none, a part is no text or stands twice, or there are too many; [`Texts::UNBOUNDED`].
pub(crate) async fn read<T: Texts>(
    headers: &HeaderMap,
    body: Bytes,
    mut texts: T,
) -> Result<T, Refused> {
    let malformed = |status, why: &str| {
        let what = format!("the body is not well-formed multipart/form-data: {why}");
        Refused::new(status, what)
    };
    let wrong = |what: String| Refused::new(StatusCode::BAD_REQUEST, what);
    let mut request = Request::new(Body::from(body));
    if let Some(kind) = headers.get(CONTENT_TYPE) {
        request.headers_mut().insert(CONTENT_TYPE, kind.clone());
    }
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| malformed(T::UNBOUNDED, "the header Content-Type has no boundary"))?;
    let broken = |error: axum::extract::multipart::MultipartError| {
        malformed(StatusCode::BAD_REQUEST, &error.body_text())
    };
    let mut count = 0;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        count += 1;
        if count > T::MOST_PARTS {
            return Err(wrong(format!(
                "the form has more than {} parts",
                T::MOST_PARTS
            )));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let Some(place) = texts.place(&name) else {
            // Multipart itself reads past the part.
            continue;
        };
        if place.is_some() {
            return Err(wrong(format!("{name} stands more than once")));
        }
        if !T::TAKES_FILES && field.file_name().is_some() {
            return Err(wrong(format!("{name} must be text, not a file")));
        }
        let bytes = field.bytes().await.map_err(broken)?;
        let text = String::from_utf8(bytes.to_vec());
        *place = Some(text.map_err(|_| wrong(format!("{name} must be UTF-8 text")))?);
    }
    Ok(texts)
}
