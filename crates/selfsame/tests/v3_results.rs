//! v3's status, webhooks and replays. Jobs that came by v1 have a v3 status too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use selfsame_wire::id::{JobId, SmileJobId};
use selfsame_wire::signature::{ApiKey, verify_answer};
use selfsame_wire::v3::type_id;
use selfsame_wire::webhook::{self, WebhookHeaders, WebhookSecret};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::support::store::callbacks_are_on_record;
use crate::support::{
    self, Callback, Server, add_partner, add_partner_with_production, callbacks, http, photographs,
    selfsame,
};

/// Whoever holds a v3 token.
struct Holder<'s> {
    http: &'s reqwest::Client,
    base: String,
    token: String,
}

impl<'s> Holder<'s> {
    /// With a token that a key gave; `form` binds it.
    async fn new(
        http: &'s reqwest::Client,
        base: &str,
        partner: &str,
        key: &ApiKey,
        form: Option<Form>,
    ) -> Self {
        let mut asked = http
            .post(format!("{base}/v3/token"))
            .header("smileid-partner-id", partner)
            .header("smileid-api-key", key.expose());
        if let Some(form) = form {
            asked = asked.multipart(form);
        }
        let answer: Value = asked.send().await.unwrap().json().await.unwrap();
        Self {
            http,
            base: base.to_owned(),
            token: answer["token"].as_str().expect("a token").to_owned(),
        }
    }

    async fn send(&self, method: Method, path: &str, form: Option<Form>) -> Response {
        let mut asked = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header("smileid-token", &self.token);
        if let Some(form) = form {
            asked = asked.multipart(form);
        }
        asked.send().await.unwrap()
    }

    async fn status(&self, job: &str) -> (u16, Value) {
        let path = format!("/v3/status/{job}");
        read(self.send(Method::GET, &path, None).await).await
    }

    async fn replay(&self, job: &str, callback_url: Option<&str>) -> (u16, Value) {
        let form = callback_url.map(|url| Form::new().text("callback_url", url.to_owned()));
        let path = format!("/v3/replay/{job}");
        read(self.send(Method::POST, &path, form).await).await
    }

    /// The status of a job once it has ended.
    async fn ended(&self, job: &str) -> Value {
        let mut told = Value::Null;
        support::until(&format!("the end of job {job}"), async || {
            let (status, answer) = self.status(job).await;
            told = answer;
            status != 202
        })
        .await;
        told
    }
}

async fn read(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn received(from: &mut UnboundedReceiver<Callback>) -> (Callback, Value) {
    let callback = tokio::time::timeout(support::PATIENCE, from.recv()).await;
    let callback = callback.expect("a callback").unwrap();
    let told = serde_json::from_slice(&callback.body).unwrap();
    (callback, told)
}

/// A look-up by v1, once it has ended: v3's name for it.
async fn looked_up(
    server: &Server,
    http: &reqwest::Client,
    user: &str,
    number: &str,
    callback: Option<&str>,
) -> String {
    let mut body = server.signed();
    body["partner_id"] = "p".into();
    body["partner_params"] =
        json!({"user_id": user, "job_id": format!("{user} {number}"), "job_type": 5});
    for (name, value) in [("country", "NG"), ("id_type", "NIN"), ("id_number", number)] {
        body[name] = value.into();
    }
    let path = match callback {
        Some(url) => {
            body["callback_url"] = url.into();
            "/v1/async_id_verification"
        }
        None => "/v1/id_verification",
    };
    let (status, answer) = server.post(http, path, &body).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let ended = server.ended(http, user, &format!("{user} {number}")).await;
    let job = ended["result"]["SmileJobID"].as_str().unwrap();
    name_of(job).to_string()
}

fn name_of(smile_job_id: &str) -> JobId {
    type_id::of_job(&SmileJobId::new(smile_job_id).unwrap()).unwrap()
}

const UNKNOWN: &str = "job_01jd8qk3fxe1x8p2v5w7y9z0ab";

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_any_api_has_a_status() {
    let data = tempfile::tempdir().unwrap();
    let (key, production) = add_partner_with_production(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let holder = Holder::new(&http, &server.base, "p", &key, None).await;
    let mut job = String::new();
    for (number, status) in [
        ("00000000001", "block"),
        ("00000000002", "error"),
        ("00000000003", "error"),
        ("00000000000", "clear"),
    ] {
        job = looked_up(&server, &http, "ada", number, None).await;
        let path = format!("/v3/status/{job}");
        let response = holder.send(Method::GET, &path, None).await;
        for (header, value) in [
            ("job_id", job.as_str()),
            ("user_id", "ada"),
            ("api_version", "v3"),
        ] {
            assert_eq!(response.headers()[header], value);
        }
        let (http_status, told) = read(response).await;
        assert_eq!((http_status, &told["status"]), (200, &json!(status)));
        assert_eq!(told["job_id"], job.as_str());
        assert_eq!(told["user_id"], "ada");
        assert_eq!(told["message"], "Job completed");
        assert!(told["created_at"].is_string());
        // The decision alone: no reason, nothing of the person.
        assert_eq!(told.as_object().unwrap().len(), 5, "{told}");
    }

    // What has not ended is processed.
    let body = server.upload_body("ada", "awaited", 4, "");
    let (_, prepared) = server.post(&http, "/v1/upload", &body).await.unwrap();
    let awaited = name_of(prepared["smile_job_id"].as_str().unwrap());
    let (status, told) = holder.status(awaited.as_str()).await;
    assert_eq!((status, &told["status"]), (202, &json!("processing")));

    // Whoever polls reads the body of a 404 as a status.
    let (status, told) = holder.status(UNKNOWN).await;
    assert_eq!(status, 404);
    assert_eq!(
        (&told["status"], &told["user_id"], &told["job_id"]),
        (&json!("not_found"), &json!("unknown"), &json!(UNKNOWN))
    );
    for path in ["j1", "job_", "user_01jd8qk3fxe1x8p2v5w7y9z0ab", "%ff"] {
        let (status, told) = holder.status(path).await;
        assert_eq!(
            (status, &told["status"]),
            (400, &json!("Bad Request")),
            "{path}"
        );
    }

    // Whose it is not, does not hear of it.
    let other = selfsame(&[
        "partner",
        "--data",
        data.path().to_str().unwrap(),
        "add",
        "--id",
        "7",
    ]);
    let other = ApiKey::new(other[0]["sandbox_api_key"].as_str().unwrap());
    let strangers = [
        Holder::new(&http, &server.base, "7", &other, None).await,
        Holder::new(&http, &server.base, "p", &production, None).await,
        Holder::new(
            &http,
            &server.base,
            "p",
            &key,
            Some(Form::new().text("user_id", "eve")),
        )
        .await,
    ];
    for stranger in &strangers {
        assert_eq!(stranger.status(&job).await.0, 404);
        assert_eq!(stranger.replay(&job, None).await.0, 404);
    }
    let own = Some(Form::new().text("user_id", "ada"));
    let own = Holder::new(&http, &server.base, "p", &key, own).await;
    assert_eq!(own.status(&job).await.1["status"], "clear");
    let nobody = Holder {
        http: &http,
        base: server.base.clone(),
        token: "made.up.token".to_owned(),
    };
    assert_eq!(nobody.status(&job).await.0, 401);
    assert_eq!(nobody.replay(&job, None).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_is_sent_again_to_its_own_place_or_elsewhere() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let http = http();
    let holder = Holder::new(&http, &server.base, "p", &key, None).await;
    let (home, mut at_home) = callbacks().await;
    let (elsewhere, mut there) = callbacks().await;
    let job = looked_up(&server, &http, "ada", "00000000000", Some(&home)).await;
    let (first, told) = received(&mut at_home).await;
    assert_eq!(told["ResultCode"], "1012");

    callbacks_are_on_record(data.path()).await;
    let (status, accepted) = holder.replay(&job, None).await;
    assert_eq!(status, 202, "{accepted}");
    assert_eq!(
        (
            &accepted["status"],
            &accepted["job_id"],
            &accepted["user_id"]
        ),
        (&json!("accepted"), &json!(job), &json!("ada"))
    );
    // A job's callback is of the API by which it came, and each sending has a name of its own.
    let (again, told) = received(&mut at_home).await;
    assert_eq!(told["ResultCode"], "1012");
    assert_ne!(first.headers[webhook::ID], again.headers[webhook::ID]);

    assert_eq!(holder.replay(&job, Some(&elsewhere)).await.0, 202);
    assert_eq!(received(&mut there).await.1["ResultCode"], "1012");

    // A telephone's token replays, and names no other place.
    let bound = Some(Form::new().text("user_id", "ada"));
    let bound = Holder::new(&http, &server.base, "p", &key, bound).await;
    let (status, refused) = bound.replay(&job, Some(&elsewhere)).await;
    assert_eq!((status, &refused["status"]), (403, &json!("Forbidden")));
    callbacks_are_on_record(data.path()).await;
    assert_eq!(bound.replay(&job, None).await.0, 202);
    received(&mut at_home).await;
    assert!(there.try_recv().is_err());

    // What goes nowhere, or where it may not, is refused.
    let silent = looked_up(&server, &http, "eve", "00000000000", None).await;
    assert_eq!(holder.replay(&silent, None).await.0, 400);
    for url in [
        "ftp://a.example/",
        "http://169.254.169.254/",
        "https://a:b@c.example/",
    ] {
        let (status, refused) = holder.replay(&job, Some(url)).await;
        assert_eq!(status, 400, "{refused}");
        assert!(
            refused["message"]
                .as_str()
                .unwrap()
                .contains("callback_url")
        );
    }
    assert_eq!(holder.replay(&silent, Some(&elsewhere)).await.0, 202);
    received(&mut there).await;
    assert_eq!(holder.replay(UNKNOWN, None).await.0, 404);
    assert_eq!(holder.replay("j1", None).await.0, 400);
    let body = server.upload_body("ada", "awaited", 4, &home);
    let (_, prepared) = server.post(&http, "/v1/upload", &body).await.unwrap();
    let awaited = name_of(prepared["smile_job_id"].as_str().unwrap());
    assert_eq!(holder.replay(awaited.as_str(), None).await.0, 409);
    let json = http
        .post(format!("{}/v3/replay/{job}", server.base))
        .header("smileid-token", &holder.token)
        .json(&json!({"callback_url": elsewhere}))
        .send();
    assert_eq!(json.await.unwrap().status().as_u16(), 415);

    // On record, by whom.
    let dir = data.path().to_str().unwrap();
    let records = selfsame(&["audit", "--data", dir, "list"]);
    let replays: Vec<_> = records
        .iter()
        .filter(|record| record["action"] == "callback_replayed")
        .collect();
    assert!(replays.len() >= 4, "{replays:?}");
    assert!(replays.iter().all(|record| record["actor"] == "partner:p"));
}

/// However often it is asked for, a job's callback is not sent without end.
#[tokio::test(flavor = "multi_thread")]
async fn replays_have_an_end() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let http = http();
    let holder = Holder::new(&http, &server.base, "p", &key, None).await;
    let (url, mut arriving) = callbacks().await;
    let job = looked_up(&server, &http, "ada", "00000000000", Some(&url)).await;
    received(&mut arriving).await;
    let mut sent = 1;
    for _ in 0..200 {
        let (status, refused) = holder.replay(&job, None).await;
        if status == 429 {
            assert_eq!(refused["status"], "Too Many Requests");
            assert!(sent <= 25, "{sent}");
            return;
        }
        assert_eq!(status, 202, "{refused}");
        // One may have found the one before it on its way, and added none.
        let next = tokio::time::timeout(Duration::from_secs(5), arriving.recv()).await;
        sent += usize::from(next.is_ok());
    }
    panic!("no end after {sent} callbacks");
}

fn registration(selfie: &[u8], user_id: &str, callback_url: &str, sandbox_result: &str) -> Form {
    let picture = || {
        Part::bytes(selfie.to_vec())
            .file_name("a.jpg")
            .mime_str("image/jpeg")
            .unwrap()
    };
    let part = |json: Value| {
        Part::text(json.to_string())
            .mime_str("application/json")
            .unwrap()
    };
    let consent = json!({
        "granted": true, "granted_at": "2026-01-02T03:04:05.000Z", "notice_language": "EN",
        "notice_privacy_policy_url": "https://example.com/p",
    });
    let details = json!({"given_names": "Ann", "last_name": "Example", "email": "ann@example.com"});
    let form = Form::new()
        .text("user_id", user_id.to_owned())
        .text("callback_url", callback_url.to_owned())
        .text("sandbox_result", sandbox_result.to_owned())
        .part("consent", part(consent))
        .part("user_details", part(details))
        .part("partner_params", part(json!({"order": "7"})))
        .part("selfie_image", picture());
    (0..8).fold(form, |form, _| form.part("liveness_images", picture()))
}

/// What a partner's server makes of a webhook: its headers are signed, and the code covers the body.
fn verified(key: &ApiKey, callback: &Callback) {
    let text = |name: &str| callback.headers[name].to_str().unwrap().to_owned();
    let (timestamp, signature) = (text("response-timestamp"), text("response-signature"));
    assert!(verify_answer(
        key,
        &support::partner(),
        &timestamp,
        &signature
    ));
    assert_eq!(text("api-version"), "v3");
    let code = WebhookHeaders {
        id: text(webhook::ID),
        timestamp: text(webhook::TIMESTAMP),
        signature: text(webhook::SIGNATURE),
    };
    WebhookSecret::derive(key)
        .verify(
            &code,
            &callback.body,
            &webhook::WINDOW,
            jiff::Timestamp::now(),
        )
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_v3_is_told_by_webhook_and_again_when_a_person_has_decided() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let more = [
        "--allow-private-callbacks",
        "--public-url",
        "https://selfie.example",
    ];
    let server = Server::start_for_stills(data.path(), &key, &more);
    let http = http();
    let holder = Holder::new(&http, &server.base, "p", &key, None).await;
    let (url, mut arriving) = callbacks().await;

    let form = registration(&photo, "ann", &url, "840");
    let (status, accepted) = read(
        holder
            .send(Method::POST, "/v3/registration", Some(form))
            .await,
    )
    .await;
    assert_eq!(status, 202, "{accepted}");
    let job = accepted["job_id"].as_str().unwrap().to_owned();
    let (callback, told) = received(&mut arriving).await;
    verified(&key, &callback);
    assert_eq!(callback.headers["job-id"], job.as_str());
    assert_eq!(callback.headers["user-id"], "ann");
    assert_eq!(told["status"], "clear", "{told}");
    assert_eq!(told["reason"], Value::Null);
    assert_eq!(told["product"], "smart_selfie_registration");
    assert_eq!(
        told["partner_params"],
        json!({"order": "7", "job_id": job, "user_id": "ann"})
    );
    assert_eq!(
        told["user_provided_info"],
        json!({"given_names": "Ann", "last_name": "Example", "email": "ann@example.com", "phone_number": null})
    );
    assert_eq!(told["consent"]["notice_language"], "EN");
    let link = told["image_links"]["selfie_image"].as_str().unwrap();
    let link = link
        .strip_prefix("https://selfie.example")
        .expect("the public address");
    let picture = http
        .get(format!("{}{link}", server.base))
        .send()
        .await
        .unwrap();
    assert_eq!(picture.bytes().await.unwrap(), photo);
    for absent in ["signature", "evidence", "ResultCode"] {
        assert!(told.get(absent).is_none(), "{absent}");
    }
    assert_eq!(holder.ended(&job).await["status"], "clear");

    // What waits for a person asks for attention, and is told again.
    let form = registration(&photo, "bea", &url, "842");
    let (_, accepted) = read(
        holder
            .send(Method::POST, "/v3/registration", Some(form))
            .await,
    )
    .await;
    let job = accepted["job_id"].as_str().unwrap().to_owned();
    let (_, told) = received(&mut arriving).await;
    assert_eq!(
        (&told["status"], &told["reason"]),
        (&json!("attention"), &json!("medium_risk")),
        "{told}"
    );
    assert_eq!(holder.ended(&job).await["status"], "attention");
    let waiting = type_id::to_job(&job).unwrap();
    let dir = data.path().to_str().unwrap();
    selfsame(&[
        "review",
        "--data",
        dir,
        "decide",
        waiting.as_str(),
        "reject",
    ]);
    let (callback, told) = received(&mut arriving).await;
    verified(&key, &callback);
    assert_eq!(
        (&told["status"], &told["reason"]),
        (&json!("block"), &json!("face_verification_failed")),
        "{told}"
    );
    assert_eq!(holder.ended(&job).await["status"], "block");

    // A replay tells the latest.
    callbacks_are_on_record(data.path()).await;
    assert_eq!(holder.replay(&job, None).await.0, 202);
    let (_, told) = received(&mut arriving).await;
    assert_eq!(told["status"], "block");
    // v1's caller sees the same job in v1's words.
    let v1 = server.ended(&http, "bea", &job).await;
    assert_eq!(v1["result"]["ResultCode"], "1211", "{v1}");

    // Nothing of the person is in the log.
    let log = std::fs::read_to_string(data.path().join("server.log")).unwrap();
    assert!(!log.contains("ann@example.com") && !log.contains("Example"));
}
