//! What becomes of a body that nobody reads: a request that is refused must not cost its connection, or its answer.
//!
//! A short rest is read and thrown away, and the connection goes on. Otherwise the answer says `Connection: close` and goes out
//! at once; the socket then takes what is still being sent (`listen::socket`), so that the answer arrives.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONNECTION, EXPECT};
use axum::http::{HeaderValue, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// The longest rest that is read for the sake of the connection.
const MOST_BYTES: u64 = 256 * 1024;
/// How long it is waited for.
const LONGEST: Duration = Duration::from_millis(500);

/// A body that outlives its reader.
#[derive(Clone)]
struct Shared(Arc<Mutex<State>>);

struct State {
    body: Body,
    /// Whether any of it was asked for: only then a client that expects `100 Continue` was told to send it.
    asked: bool,
    ended: bool,
}

/// Settles every request's body, whoever answers.
pub(crate) async fn settle(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let multiplexed = request.version() >= Version::HTTP_2;
    let expects = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let body = Shared(Arc::new(Mutex::new(State {
        body,
        asked: false,
        ended: false,
    })));
    let request = Request::from_parts(parts, Body::new(body.clone()));
    let mut response = next.run(request).await;
    // HTTP/2 ends one stream without the others.
    if !multiplexed && !body.settled(expects, response.status()).await {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing of it is left to come, after a short rest was thrown away.
    async fn settled(&self, expects: bool, status: StatusCode) -> bool {
        {
            let state = self.lock();
            if state.ended || state.body.is_end_stream() {
                return true;
            }
            // Who waits for leave to send it may send it or not; who was too slow has had its time.
            if (expects && !state.asked)
                || status == StatusCode::REQUEST_TIMEOUT
                || state.body.size_hint().lower() > MOST_BYTES
            {
                return false;
            }
        }
        let read = async {
            let mut left = MOST_BYTES;
            let mut rest = self.clone();
            while let Some(Ok(frame)) =
                std::future::poll_fn(|cx| Pin::new(&mut rest).poll_frame(cx)).await
            {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                left = match left.checked_sub(bytes as u64) {
                    Some(left) => left,
                    None => return,
                };
            }
        };
        tokio::time::timeout(LONGEST, read).await.is_ok() && self.lock().ended
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut state = self.lock();
        state.asked = true;
        let frame = Pin::new(&mut state.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) {
            state.ended = true;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.lock().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lock().body.size_hint()
    }
}
