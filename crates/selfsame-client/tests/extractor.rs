//! The axum extractor lets the server's own results in and nothing else.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use selfsame_client::callback::{CallbackVerifier, VerifiedResult};
use selfsame_wire::id::PartnerId;
use selfsame_wire::result::SignedResult;
use selfsame_wire::signature::ApiKey;
use selfsame_wire::webhook::{self, WebhookHeaders, WebhookSecret};
use tower::ServiceExt as _;

fn partner() -> PartnerId {
    PartnerId::new("p").unwrap()
}

fn signed(key: &str, at: Timestamp) -> Vec<u8> {
    let result = br#"{"ResultCode":"0820","SmileJobID":"s","PartnerParams":{"job_id":"j"}}"#;
    SignedResult::sign(result, &ApiKey::new(key), &partner(), at)
        .unwrap()
        .into_bytes()
}

/// What a receiver answers to a body that came with the code of the server, or with none.
async fn answer_with(code: Option<WebhookHeaders>, body: Vec<u8>) -> (StatusCode, String) {
    let handler = |VerifiedResult(result): VerifiedResult| async move {
        result.result_code().unwrap().to_owned()
    };
    let router = Router::new()
        .route("/", post(handler))
        .with_state(CallbackVerifier::new(partner(), "k"));
    let mut request = Request::post("/");
    if let Some(code) = code {
        request = request
            .header(webhook::ID, code.id)
            .header(webhook::TIMESTAMP, code.timestamp)
            .header(webhook::SIGNATURE, code.signature);
    }
    let request = request.body(Body::from(body)).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// With a right and fresh code, so that the wire's signature alone decides.
async fn answer(body: Vec<u8>) -> (StatusCode, String) {
    let code = WebhookSecret::derive(&ApiKey::new("k")).sign("s-1", Timestamp::now(), &body);
    answer_with(Some(code), body).await
}

#[tokio::test]
async fn a_body_that_was_changed_or_carries_no_code_is_refused() {
    let now = Timestamp::now();
    let body = signed("k", now);
    let code = WebhookSecret::derive(&ApiKey::new("k")).sign("s-1", now, &body);
    let changed = String::from_utf8(body.clone())
        .unwrap()
        .replace("0820", "0821");
    let refused = |code, body| async { answer_with(code, body).await.0 };
    assert_eq!(
        refused(Some(code.clone()), body.clone()).await,
        StatusCode::OK
    );
    let unauthorised = StatusCode::UNAUTHORIZED;
    assert_eq!(refused(Some(code), changed.into()).await, unauthorised);
    assert_eq!(refused(None, body).await, unauthorised);
}

#[tokio::test]
async fn good_forged_and_stale_bodies() {
    let now = Timestamp::now();
    assert_eq!(
        answer(signed("k", now)).await,
        (StatusCode::OK, "0820".to_owned())
    );
    let refused = |body| async { answer(body).await.0 };
    assert_eq!(
        refused(signed("forged", now)).await,
        StatusCode::UNAUTHORIZED
    );
    let stale = now - SignedDuration::from_hours(2);
    assert_eq!(refused(signed("k", stale)).await, StatusCode::UNAUTHORIZED);
    let future = now + SignedDuration::from_hours(2);
    assert_eq!(refused(signed("k", future)).await, StatusCode::UNAUTHORIZED);
    // Another time under the same signature.
    let text = String::from_utf8(signed("k", now)).unwrap();
    let signed: serde_json::Value = serde_json::from_str(&text).unwrap();
    let another = selfsame_wire::signature::format_timestamp(now);
    let changed = text.replace(signed["timestamp"].as_str().unwrap(), &another);
    assert_ne!(changed, text);
    assert_eq!(refused(changed.into()).await, StatusCode::UNAUTHORIZED);
    for nonsense in [&b""[..], b"{}", b"[]", b"{\"timestamp\":1,\"signature\":2}"] {
        assert_eq!(refused(nonsense.to_vec()).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(
        refused(vec![b' '; 5_000_000]).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}
