//! A service that answers well, slowly, wrongly or not at all, by the number that it is asked for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use futures::StreamExt as _;
use serde_json::{Value, json};

/// A running service.
pub(super) struct Service {
    pub(super) address: SocketAddr,
    /// How many requests came.
    pub(super) asked: Arc<AtomicUsize>,
    /// How many bytes of endless answers were taken.
    pub(super) sent: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Counts {
    asked: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
}

impl Service {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (asked, sent) = (Arc::default(), Arc::default());
        let service = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::clone(&asked),
            sent: Arc::clone(&sent),
        };
        let router = router(Counts { asked, sent });
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn router(counts: Counts) -> Router {
    Router::new()
        .route("/people/{number}", get(person))
        .route("/echo", post(echo))
        .with_state(counts)
}

/// Joe, as such services write people.
pub(super) fn joe() -> Value {
    json!({"person": {"firstName": "Joe", "surname": "Leo", "born": "20/09/2000", "photo": "/9j/++8="}})
}

async fn person(State(counts): State<Counts>, Path(number): Path<String>) -> Response {
    let asked = counts.asked.fetch_add(1, Ordering::SeqCst) + 1;
    let html = || {
        (
            [(CONTENT_TYPE, "text/html; charset=utf-8")],
            "<html>maintenance</html>",
        )
    };
    match number.as_str() {
        "1" => (StatusCode::NOT_FOUND, Json(json!({"error": "nobody"}))).into_response(),
        "2" => html().into_response(),
        "3" => (StatusCode::FOUND, [(LOCATION, "/people/0")]).into_response(),
        "4" => endless(counts.sent, false),
        "5" => endless(counts.sent, true),
        "6" => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Json(joe()).into_response()
        }
        "7" if asked <= 2 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "8" => (StatusCode::NOT_FOUND, html()).into_response(),
        "9" => (StatusCode::UNAUTHORIZED, "who are you?").into_response(),
        "10" => "{\"person\": {".into_response(),
        "11" => slow_body(),
        "12" => StatusCode::TOO_MANY_REQUESTS.into_response(),
        _ => Json(joe()).into_response(),
    }
}

/// 50 MB that look like the beginning of JSON, with or without their length told.
fn endless(sent: Arc<AtomicUsize>, length_told: bool) -> Response {
    const MEGABYTE: usize = 1_000_000;
    let chunk = Bytes::from(vec![b' '; MEGABYTE]);
    let chunks = futures::stream::iter(0..50).map(move |_| {
        sent.fetch_add(MEGABYTE, Ordering::SeqCst);
        Ok::<Bytes, std::io::Error>(chunk.clone())
    });
    let mut answer = Response::builder().header(CONTENT_TYPE, "application/json");
    if length_told {
        answer = answer.header("content-length", 50 * MEGABYTE);
    }
    answer.body(Body::from_stream(chunks)).unwrap()
}

/// The head and a byte come at once, and then nothing.
fn slow_body() -> Response {
    let chunks = futures::stream::iter([Ok::<Bytes, std::io::Error>(Bytes::from_static(b"{"))]);
    Body::from_stream(chunks.chain(futures::stream::pending())).into_response()
}

/// What came, as a person's record.
async fn echo(headers: HeaderMap, uri: Uri, Json(body): Json<Value>) -> Response {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    Json(json!({
        "name": "Joe",
        "all": {
            "body": body, "query": uri.query(), "authorization": header("authorization"), "job": header("x-request-id"),
            "accept": header("accept"), "type": header("content-type"),
        },
    }))
    .into_response()
}
