//! v2's form: the multipart reader that the server uses, and what is made of the parts that are text.
//!
//! The first byte chooses how many pieces the body arrives in; the rest is the body, whose boundary is `b`.
#![no_main]

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use libfuzzer_sys::fuzz_target;
use selfsame_wire::fields::boolean;
use selfsame_wire::job_type::JobType;
use selfsame_wire::v2::Named;

type Part = (String, bool, Vec<u8>);

async fn parts(body: Body) -> Option<Vec<Part>> {
    let request = Request::builder()
        .header(CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(body)
        .ok()?;
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.file_name().is_some();
        parts.push((name, is_file, field.bytes().await.ok()?.to_vec()));
    }
    Some(parts)
}

/// The same bytes in pieces of that many.
fn in_pieces(bytes: &[u8], size: usize) -> Body {
    struct Pieces(Vec<Bytes>);
    impl axum::body::HttpBody for Pieces {
        type Data = Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            let next = self.0.pop();
            std::task::Poll::Ready(next.map(|piece| Ok(http_body::Frame::data(piece))))
        }
    }
    let pieces = bytes.chunks(size).rev().map(Bytes::copy_from_slice);
    Body::new(Pieces(pieces.collect()))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else {
        return;
    };
    let whole = futures_executor::block_on(parts(Body::from(body.to_vec())));
    // How a body is cut up on its way changes nothing.
    let cut = futures_executor::block_on(parts(in_pieces(body, usize::from(*first) + 1)));
    assert_eq!(whole, cut);
    let Some(whole) = whole else {
        return;
    };
    let sent: usize = whole
        .iter()
        .map(|(name, _, bytes)| name.len() + bytes.len())
        .sum();
    assert!(sent <= body.len() * 3, "more came out than went in");
    let text = |wanted: &str| {
        whole
            .iter()
            .find(|(name, is_file, _)| name == wanted && !is_file)
            .and_then(|(_, _, bytes)| std::str::from_utf8(bytes).ok())
    };
    let _ = text("allow_new_enroll").map(boolean);
    let named = Named::read(
        JobType::SmartSelfieRegistration,
        text("user_id"),
        text("partner_params"),
        text("sandbox_result"),
    );
    let Ok(named) = named else {
        return;
    };
    let (Some(user), Some(job)) = (named.user_id, named.job_id) else {
        return;
    };
    // What is echoed names the user and the job of the answer, and none twice.
    let echoed = named.partner_params.naming(&job, &user);
    assert_eq!(echoed.user_id().ok().as_ref(), Some(&user));
    assert_eq!(echoed.job_id().ok().as_ref(), Some(&job));
    assert!(serde_json::from_str::<serde_json::Value>(echoed.as_json()).is_ok());
});
