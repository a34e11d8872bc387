//! A body that its sender signed: its code is formed as it passes, and its end comes only where the signature is right.
//!
//! So who reads a form to its end has read what the partner signed, and whoever changed a byte of it on its way has changed nothing.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::http::HeaderMap;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use jiff::Timestamp;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::signature::{ApiKey, TimestampWindow};
use selfsame_wire::v3::body_signature::{BodyCode, BodySignature};
use selfsame_wire::v3::{REQUEST_SIGNATURE, TIMESTAMP};

use crate::refusal::Refusal;

/// The body is not what was signed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(
    "the signature over the body does not match: it is HMAC-SHA256 by the API key over the header SmileID-Timestamp and the body \
     as it is sent"
)]
struct WrongSignature;

/// What is said of a body that is not what was signed; `None` for any other error.
pub(super) fn refusal(error: &axum::Error) -> Option<Refusal> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(wrong) = error.downcast_ref::<WrongSignature>() {
            return Some(unauthorised(wrong.to_string()));
        }
        cause = error.source();
    }
    None
}

fn unauthorised(why: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::Unauthorised, why)
}

struct Signed {
    body: Body,
    signature: BodySignature,
    /// Until the end was reached.
    code: Option<BodyCode>,
}

/// The same body, whose end comes only where the headers' signature is the one of all that came before it.
///
/// # Errors
/// Where the headers are missing, cannot be read, or say a time that is not now.
pub(crate) fn signed(
    headers: &HeaderMap,
    key: &ApiKey,
    window: &TimestampWindow,
    body: Body,
) -> Result<Body, Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(timestamp), Some(signature)) = (header(TIMESTAMP), header(REQUEST_SIGNATURE)) else {
        return Err(unauthorised(
            "this partner signs what it submits: send the headers SmileID-Timestamp and SmileID-Request-Signature",
        ));
    };
    let signature = BodySignature::parse(signature).ok_or_else(|| {
        unauthorised(
            "the header SmileID-Request-Signature must be an HMAC-SHA256 in hexadecimal digits or base64",
        )
    })?;
    window
        .check(timestamp, Timestamp::now())
        .map_err(|why| unauthorised(why.to_string()))?;
    Ok(Body::new(Signed {
        body,
        signature,
        code: Some(BodyCode::begin(key, timestamp)),
    }))
}

impl HttpBody for Signed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.code.is_none() {
            return Poll::Ready(None);
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                if let (Some(data), Some(code)) = (frame.data_ref(), &mut self.code) {
                    code.update(data);
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => Some(Err(error)),
            None => {
                let is_signed = self
                    .code
                    .take()
                    .is_some_and(|code| code.is(&self.signature));
                (!is_signed).then(|| Err(axum::Error::new(WrongSignature)))
            }
        })
    }

    /// Not before the signature was compared: who asks this and stops must not take the body for signed.
    fn is_end_stream(&self) -> bool {
        self.code.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use selfsame_wire::signature::format_timestamp;

    use super::*;

    fn sign(key: &str, timestamp: &str, body: &str) -> HeaderMap {
        let mut code = BodyCode::begin(&ApiKey::new(key), timestamp);
        code.update(body.as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(TIMESTAMP, timestamp.parse().unwrap());
        headers.insert(REQUEST_SIGNATURE, code.sign().parse().unwrap());
        headers
    }

    fn begin(headers: &HeaderMap, pieces: &[&'static str]) -> Result<Body, Refusal> {
        let pieces: Vec<_> = pieces
            .iter()
            .map(|p| Ok::<_, std::io::Error>(Bytes::from(*p)))
            .collect();
        let body = Body::from_stream(futures::stream::iter(pieces));
        signed(
            headers,
            &ApiKey::new("key"),
            &TimestampWindow::default(),
            body,
        )
    }

    /// What came of a body, and what its end said.
    async fn read(headers: &HeaderMap, pieces: &[&'static str]) -> (Vec<u8>, Option<String>) {
        let body = begin(headers, pieces).unwrap();
        assert!(!body.is_end_stream());
        let mut stream = body.into_data_stream();
        let mut all = Vec::new();
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(piece) => all.extend_from_slice(&piece),
                Err(error) => {
                    let refusal = refusal(&error).unwrap();
                    assert!(stream.next().await.is_none());
                    return (all, Some(refusal.message().to_owned()));
                }
            }
        }
        (all, None)
    }

    fn now() -> String {
        format_timestamp(Timestamp::now())
    }

    #[tokio::test]
    async fn the_end_of_what_was_signed_comes_and_no_other() {
        let headers = sign("key", &now(), "a form");
        assert_eq!(
            read(&headers, &["a ", "form"]).await,
            (b"a form".to_vec(), None)
        );
        for pieces in [&["a ", "forn"][..], &["a form", "!"], &["a"], &[]] {
            let (_, said) = read(&headers, pieces).await;
            assert!(said.unwrap().contains("does not match"));
        }
        let (_, said) = read(&sign("kez", &now(), "a form"), &["a form"]).await;
        assert!(said.is_some());
        // Nothing may be signed too.
        assert_eq!(
            read(&sign("key", &now(), ""), &[]).await,
            (Vec::new(), None)
        );
    }

    #[tokio::test]
    async fn no_signature_or_an_old_one_is_refused_before_anything_is_read() {
        let refused = |headers: &HeaderMap| begin(headers, &["a form"]).map(drop).unwrap_err();
        let whole = sign("key", &now(), "a form");
        for missing in [TIMESTAMP, REQUEST_SIGNATURE] {
            let mut headers = whole.clone();
            headers.remove(missing);
            assert!(
                refused(&headers)
                    .message()
                    .contains("signs what it submits")
            );
        }
        let mut headers = whole;
        headers.insert(REQUEST_SIGNATURE, "abc".parse().unwrap());
        assert!(
            refused(&headers)
                .message()
                .contains("SmileID-Request-Signature")
        );
        let old = Timestamp::now() - jiff::SignedDuration::from_hours(2);
        let said = refused(&sign("key", &format_timestamp(old), "a form"));
        assert!(said.message().contains("timestamp"), "{}", said.message());
        refused(&sign("key", "yesterday", "a form"));
    }

    #[tokio::test]
    async fn another_error_is_another_error() {
        let failing = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]);
        let headers = sign("key", &now(), "");
        let (key, window) = (ApiKey::new("key"), TimestampWindow::default());
        let body = signed(&headers, &key, &window, Body::from_stream(failing)).unwrap();
        let error = body.into_data_stream().next().await.unwrap().unwrap_err();
        assert!(refusal(&error).is_none());
    }
}
