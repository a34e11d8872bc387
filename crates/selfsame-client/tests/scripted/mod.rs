//! A server that answers by a scenario's script, over real HTTP, and keeps what it was asked.

use std::io::{Cursor, Read as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use selfsame_wire::signature::{ApiKey, format_timestamp, sign};
use serde_json::Value;

pub const PARTNER: &str = "2343";
pub const KEY: &str = "key-1";

struct Asked {
    kind: String,
    path: String,
    body: Bytes,
}

struct Script {
    answers: Value,
    base: String,
    asked: Mutex<Vec<Asked>>,
}

pub struct ScriptedServer {
    pub base: String,
    script: Arc<Script>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl ScriptedServer {
    pub async fn start(answers: Value) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Script {
            answers,
            base: base.clone(),
            asked: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(script.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            base,
            script,
            serving,
        }
    }

    pub fn count(&self, kind: &str) -> u64 {
        let asked = self.script.asked.lock().unwrap();
        asked.iter().filter(|a| a.kind == kind).count() as u64
    }

    /// The last request of a kind with its path; of a package, its info.json.
    pub fn last(&self, kind: &str) -> Option<Value> {
        let asked = self.script.asked.lock().unwrap();
        if kind == "info_json" {
            let package = asked.iter().rfind(|a| a.kind == "package")?;
            let mut zip = zip::ZipArchive::new(Cursor::new(package.body.as_ref())).unwrap();
            let mut info = Vec::new();
            zip.by_name("info.json")
                .unwrap()
                .read_to_end(&mut info)
                .unwrap();
            return Some(serde_json::from_slice(&info).unwrap());
        }
        let last = asked.iter().rfind(|a| a.kind == kind)?;
        // A question by GET has no body.
        let body: &[u8] = if last.body.is_empty() {
            b"{}"
        } else {
            &last.body
        };
        let mut body: Value = serde_json::from_slice(body).unwrap();
        body["path"] = last.path.as_str().into();
        Some(body)
    }
}

async fn answer(
    State(script): State<Arc<Script>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let kind = match method {
        Method::PUT => "package",
        _ => uri.path().rsplit('/').next().unwrap(),
    };
    let nth = {
        let mut asked = script.asked.lock().unwrap();
        let nth = asked.iter().filter(|a| a.kind == kind).count();
        asked.push(Asked {
            kind: kind.to_owned(),
            path: uri.path().to_owned(),
            body,
        });
        nth
    };
    // The last answer is given again for as long as it is asked for.
    let answers = script.answers[kind].as_array().unwrap();
    let Some(answer) = answers.get(nth).or(answers.last()) else {
        return (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the script has no answer",
        )
            .into_response();
    };
    let status = u16::try_from(answer["status"].as_u64().unwrap()).unwrap();
    let body = match &answer["body"] {
        Value::String(text) => text.clone(),
        body => {
            let mut body = body.clone();
            if body["upload_url"] == "UPLOAD_URL" {
                body["upload_url"] = format!("{}/package", script.base).into();
            }
            sign_as(&mut body, answer["signed"].as_str().unwrap_or("not"));
            body.to_string()
        }
    };
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

fn sign_as(body: &mut Value, how: &str) {
    let (key, age) = match how {
        "right" => (KEY, 0),
        "wrong" => ("another", 0),
        "stale" => (KEY, 7200),
        _ => return,
    };
    let timestamp = format_timestamp(Timestamp::now() - Duration::from_secs(age));
    body["signature"] = sign(&ApiKey::new(key), &PARTNER.parse().unwrap(), &timestamp).into();
    body["timestamp"] = timestamp.into();
}
