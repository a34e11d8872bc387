//! Whole bodies as they go over the wire, kept as snapshots: `cargo insta review` shows what a change does to them.
//!
//! Names, times, signatures and measured numbers are replaced by what they are; everything else stands as it was sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use insta::assert_json_snapshot;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, detects_attacks, http, package, photographs};

/// Replaces what is never the same twice.
fn steady(mut value: Value) -> Value {
    fn settle(name: &str, value: &mut Value, measured: bool) {
        let measured = measured
            || matches!(
                name,
                "selfie" | "comparison" | "presentation_attack" | "pattern" | "liveness" | "queues"
            );
        match value {
            Value::Object(map) => {
                if name == "engine" {
                    *value = "[engine]".into();
                    return;
                }
                // Which models were fetched, and what the policy weighs, is not the wire's.
                for (name, text) in [("models", "[models]"), ("contributions", "[contributions]")] {
                    if measured && let Some(value) = map.get_mut(name) {
                        *value = text.into();
                    }
                }
                for (name, value) in map {
                    settle(name, value, measured);
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|v| settle(name, v, measured)),
            Value::Number(_) if measured => *value = "[number]".into(),
            Value::String(_) => {
                let kind = match name {
                    "timestamp" | "created_at" | "updated_at" | "complete_to" => "[timestamp]",
                    "signature" => "[signature]",
                    "smile_job_id" | "SmileJobID" | "ref_id" => "[job]",
                    "upload_url" | "selfie_image" | "liveness_images" => "[url]",
                    "token" => "[token]",
                    "sha256" => "[sha256]",
                    "ConfidenceValue" => "[number]",
                    _ => return,
                };
                *value = kind.into();
            }
            _ => {}
        }
    }
    settle("", &mut value, false);
    value
}

struct Story {
    server: Server,
    http: reqwest::Client,
    _data: tempfile::TempDir,
}

impl Story {
    fn begin(more: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let key = add_partner(data.path());
        Self {
            server: Server::start(data.path(), &key, more),
            http: http(),
            _data: data,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.server.post(&self.http, path, body).await.unwrap().1
    }

    async fn status(&self, job: &str) -> Value {
        let mut question = self.server.signed();
        let more = json!({"partner_id": "p", "user_id": "ada", "job_id": job, "image_links": true, "history": true});
        for (name, value) in more.as_object().unwrap() {
            question[name] = value.clone();
        }
        self.post("/v1/job_status", &question).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_by_v1() {
    let Some([photo, same, ..]) = photographs() else {
        return;
    };
    if !detects_attacks() {
        return;
    }
    let story = Story::begin(&["--allow-private-callbacks"]);
    let (callback_url, mut callbacks) = support::callbacks().await;
    let mut body = story.server.upload_body("ada", "j1", 4, &callback_url);
    body["partner_params"]["kept"] = json!({"whole": [1, 2]});
    let prepared = story.post("/v1/upload", &body).await;
    let url = prepared["upload_url"].as_str().unwrap().to_owned();
    assert_json_snapshot!("upload", steady(prepared));
    assert_json_snapshot!(
        "job_status_before_the_package",
        steady(story.status("j1").await)
    );
    story
        .http
        .put(url)
        .body(package(&photo))
        .send()
        .await
        .unwrap();
    story.server.ended(&story.http, "ada", "j1").await;
    assert_json_snapshot!(
        "job_status_of_an_enrolment",
        steady(story.status("j1").await)
    );
    let called = callbacks.recv().await.unwrap();
    assert_json_snapshot!("callback", steady(serde_json::from_slice(&called).unwrap()));

    let url = story.server.prepare(&story.http, "ada", "j2", 2).await;
    story
        .http
        .put(url)
        .body(package(&same))
        .send()
        .await
        .unwrap();
    story.server.ended(&story.http, "ada", "j2").await;
    assert_json_snapshot!(
        "job_status_of_an_authentication",
        steady(story.status("j2").await)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_being_processed() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    if !detects_attacks() {
        return;
    }
    // Nobody works on it: it does not end.
    let story = Story::begin(&["--roles", "api"]);
    let url = story.server.prepare(&story.http, "ada", "j1", 4).await;
    let put = story.http.put(url).body(package(&photo)).send().await;
    assert_eq!(put.unwrap().status().as_u16(), 200);
    assert_json_snapshot!(
        "job_status_of_a_job_under_way",
        steady(story.status("j1").await)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_v2() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    if !detects_attacks() {
        return;
    }
    let story = Story::begin(&[]);
    let signed = story.server.signed();
    let form = Form::new()
        .text("user_id", "ada")
        .text("partner_params", r#"{"job_id":"j1","kept":"yes"}"#)
        .part("selfie_image", Part::bytes(photo).file_name("a.jpg"));
    let answer = story
        .http
        .post(format!("{}/v2/smart-selfie-enroll", story.server.base))
        .header("smileid-partner-id", "p")
        .header("smileid-timestamp", signed["timestamp"].as_str().unwrap())
        .header(
            "smileid-request-signature",
            signed["signature"].as_str().unwrap(),
        )
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_json_snapshot!("smart_selfie_enroll", steady(answer.json().await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals() {
    if photographs().is_none() {
        return;
    }
    let story = Story::begin(&[]);
    let good = || story.server.upload_body("ada", "j1", 4, "");
    let change = |name: &str, value: Value| {
        let mut body = good();
        body[name] = value;
        body
    };
    let forced = |user: &str, job_type: u8| story.server.upload_body(user, "j", job_type, "");
    let mut answers = serde_json::Map::new();
    for (name, body) in [
        ("no partner", change("smile_client_id", Value::Null)),
        ("wrong signature", change("signature", "AAAA".into())),
        ("wrong type", change("partner_params", 5.into())),
        ("no such job type", forced("ada", 99)),
        ("job type not yet", forced("ada", 6)),
        ("not enrolled", forced("ada", 2)),
        (
            "a private callback",
            change("callback_url", "http://127.0.0.1/".into()),
        ),
        ("disabled", forced("test-2207", 2)),
        ("deleted", forced("test-2208", 2)),
        ("already enrolled", forced("test-2209", 4)),
        ("must enrol again", forced("test-2211", 2)),
        ("no photo on file", forced("test-2216", 2)),
    ] {
        answers.insert(name.to_owned(), story.post("/v1/upload", &body).await);
    }
    story.post("/v1/upload", &good()).await;
    // In other words: the very same request would be served again.
    let other = change("source_sdk", "another".into());
    answers.insert(
        "job exists".to_owned(),
        story.post("/v1/upload", &other).await,
    );
    answers.insert("no such job".to_owned(), story.status("never").await);
    let elsewhere = json!({});
    answers.insert(
        "not yet".to_owned(),
        story.post("/v1/smile_links", &elsewhere).await,
    );
    answers.insert(
        "no such endpoint".to_owned(),
        story.post("/v1/nowhere", &elsewhere).await,
    );
    answers.insert(
        "no such method".to_owned(),
        story.post("/health", &elsewhere).await,
    );
    assert_json_snapshot!("refusals", Value::Object(answers));
}
