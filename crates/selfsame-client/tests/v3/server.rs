//! A server that answers by a function, over real HTTP, and keeps what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use selfsame_client::v3::{Client, RetryPolicy, Tokens, Wanted};
use serde_json::{Value, json};

use super::JOB;

/// A field of a form: its file's name, its type, its bytes.
pub type Field = (Option<String>, Option<String>, Vec<u8>);

pub struct Asked {
    pub path: String,
    headers: HeaderMap,
    pub fields: BTreeMap<String, Vec<Field>>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn text(&self, name: &str) -> Option<String> {
        let (_, _, bytes) = self.fields.get(name)?.first()?;
        String::from_utf8(bytes.clone()).ok()
    }

    pub fn json(&self, name: &str) -> Value {
        self.text(name)
            .map(|text| serde_json::from_str(&text).unwrap())
            .unwrap_or_default()
    }
}

type Answers = dyn Fn(&Asked, usize) -> (u16, Value) + Send + Sync;

struct Script {
    answers: Box<Answers>,
    asked: Mutex<Vec<Asked>>,
}

pub struct Server {
    pub base: String,
    script: Arc<Script>,
    wanted: Arc<Mutex<Vec<Wanted>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    pub async fn start(
        answers: impl Fn(&Asked, usize) -> (u16, Value) + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Script {
            answers: Box::new(answers),
            asked: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(script.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            base,
            script,
            wanted: Arc::default(),
            serving,
        }
    }

    pub fn client(&self) -> Client {
        let wanted = Arc::clone(&self.wanted);
        let tokens = Tokens::from_fn(move |want| {
            let mut all = wanted.lock().unwrap();
            all.push(want);
            let token = token(all.len());
            async move { Ok::<_, std::io::Error>(token) }
        });
        let client = Client::new(self.base.parse().unwrap(), tokens).unwrap();
        client.retrying(AT_ONCE)
    }

    pub fn count(&self) -> usize {
        self.script.asked.lock().unwrap().len()
    }

    pub fn asked<T>(&self, at: usize, of: impl FnOnce(&Asked) -> T) -> T {
        of(&self.script.asked.lock().unwrap()[at])
    }

    pub fn wanted(&self) -> Vec<Wanted> {
        self.wanted.lock().unwrap().clone()
    }
}

pub const AT_ONCE: RetryPolicy = RetryPolicy {
    attempts: 3,
    first_pause: Duration::from_millis(1),
};

/// The year 2100, in seconds since 1970.
const FAR_AHEAD: i64 = 4_102_444_800;

/// A token that lives long, each another.
pub fn token(nth: usize) -> String {
    use base64::Engine as _;
    let claims = json!({"exp": FAR_AHEAD, "partner_id": 2343, "nth": nth}).to_string();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
    format!("e30.{claims}.c2ln")
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().to_string();
    let headers = request.headers().clone();
    let mut fields: BTreeMap<String, Vec<Field>> = BTreeMap::new();
    if headers.contains_key("content-type") {
        let mut form = Multipart::from_request(request, &()).await.unwrap();
        while let Some(field) = form.next_field().await.unwrap() {
            let name = field.name().unwrap().to_owned();
            let head = (
                field.file_name().map(str::to_owned),
                field.content_type().map(str::to_owned),
            );
            let bytes = field.bytes().await.unwrap().to_vec();
            fields
                .entry(name)
                .or_default()
                .push((head.0, head.1, bytes));
        }
    }
    let asked = Asked {
        path,
        headers,
        fields,
    };
    let mut all = script.asked.lock().unwrap();
    let (status, body) = (script.answers)(&asked, all.len());
    all.push(asked);
    let status = StatusCode::from_u16(status).unwrap();
    if status.is_redirection() {
        let to = body.as_str().unwrap().to_owned();
        return (status, [("location", to)]).into_response();
    }
    (status, [("x-request-id", "r1")], body.to_string()).into_response()
}

pub fn taken() -> (u16, Value) {
    let body = json!({"status": "accepted", "message": "m", "job_id": JOB, "user_id": "ada",
                      "created_at": "2026-01-02T03:04:05.678Z"});
    (202, body)
}

pub fn status(name: &str) -> (u16, Value) {
    let http = match name {
        "processing" => 202,
        "not_found" => 404,
        _ => 200,
    };
    (
        http,
        json!({"status": name, "job_id": JOB, "user_id": "unknown"}),
    )
}
