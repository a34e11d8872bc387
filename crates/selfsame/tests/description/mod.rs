//! Every answer of a running server is what its own description says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

mod look_ups;
mod operators;
mod v3;

use std::collections::BTreeSet;

use jsonschema::Validator;
use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, http, package, photographs};

/// The operator's token.
const OPERATOR: &str = "an-operator-token-of-this-test-alone-0123456789";

/// A server's own description, and which answers it was held to.
struct Description {
    document: Value,
    seen: BTreeSet<String>,
}

impl Description {
    async fn of(server: &Server, http: &Client) -> Self {
        let url = format!("{}/openapi.json", server.base);
        Self {
            document: http.get(url).send().await.unwrap().json().await.unwrap(),
            seen: BTreeSet::new(),
        }
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(&reference[1..]).unwrap(),
            None => value,
        }
    }

    /// A schema with the components that it refers to.
    fn validator(&self, schema: &Value) -> Validator {
        let mut whole = schema.clone();
        whole["components"] = self.document["components"].clone();
        whole["$schema"] = self.document["jsonSchemaDialect"].clone();
        jsonschema::validator_for(&whole).unwrap()
    }

    fn hold(&self, schema: &Value, value: &Value, what: &str) {
        let errors: Vec<String> = self
            .validator(schema)
            .iter_errors(value)
            .map(|e| format!("{e} at {}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:?}\n{value:#}");
    }

    /// Holds a request that was served, and any answer, to what is said of them.
    async fn check(
        &mut self,
        method: Method,
        path: &str,
        request: RequestBuilder,
        sent: Option<&Value>,
    ) -> (u16, Value) {
        let name = format!("{method} {path}");
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let bytes = answer.bytes().await.unwrap();
        let operation = &self.document["paths"][path][method.as_str().to_lowercase()];
        assert!(operation.is_object(), "{name} is not described");
        let what = format!("{name} answered {status}");
        let said = operation["responses"].get(status.to_string());
        let said = self
            .resolve(said.unwrap_or_else(|| panic!("{what}: {}", String::from_utf8_lossy(&bytes))));
        for (header, how) in said["headers"].as_object().into_iter().flatten() {
            let there = headers.contains_key(header) || how["required"] != true;
            assert!(there, "{what} without {header}");
        }
        let mut body = Value::Null;
        match said["content"].as_object() {
            None => assert!(bytes.is_empty(), "{what} with a body"),
            Some(content) => {
                let kind = headers[CONTENT_TYPE].to_str().unwrap();
                let kind = kind.split(';').next().unwrap();
                let media = content
                    .get(kind)
                    .unwrap_or_else(|| panic!("{what} as {kind}"));
                if kind == "application/json" {
                    body = serde_json::from_slice(&bytes).unwrap();
                    self.hold(&media["schema"], &body, &what);
                }
            }
        }
        if let (Some(sent), 200) = (sent, status) {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            self.hold(schema, sent, &format!("the body of {name}"));
        }
        self.seen.insert(format!("{name} {status}"));
        (status, body)
    }
}

/// Posts JSON, checked.
async fn post(
    d: &mut Description,
    s: &Server,
    http: &Client,
    path: &str,
    body: &Value,
) -> (u16, Value) {
    let request = http.post(format!("{}{path}", s.base)).json(body);
    d.check(Method::POST, path, request, Some(body)).await
}

async fn get(d: &mut Description, s: &Server, http: &Client, path: &str) -> (u16, Value) {
    d.check(
        Method::GET,
        path,
        http.get(format!("{}{path}", s.base)),
        None,
    )
    .await
}

async fn put(d: &mut Description, http: &Client, url: &str, bytes: Vec<u8>) -> u16 {
    let request = http.put(url).body(bytes);
    d.check(Method::PUT, "/v1/package/{token}", request, None)
        .await
        .0
}

async fn smart_selfie(
    d: &mut Description,
    s: &Server,
    http: &Client,
    path: &str,
    form: Form,
    signed: &Value,
) -> (u16, Value) {
    let request = http
        .post(format!("{}{path}", s.base))
        .header("SmileID-Partner-ID", "p")
        .header("SmileID-Timestamp", signed["timestamp"].as_str().unwrap())
        .header(
            "SmileID-Request-Signature",
            signed["signature"].as_str().unwrap(),
        )
        .multipart(form);
    d.check(Method::POST, path, request, None).await
}

fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// The operator API: the v2 job that was forced to be provisional is listed, shown and decided once.
async fn reviews(d: &mut Description, s: &Server, http: &Client) {
    const LIST: &str = "/admin/v1/reviews";
    const ONE: &str = "/admin/v1/reviews/{job}";
    const DECISION: &str = "/admin/v1/reviews/{job}/decision";
    let get = |path: &str| http.get(format!("{}{LIST}{path}", s.base));
    let decide = |job: &str, body: Value| {
        http.post(format!("{}{LIST}/{job}/decision", s.base))
            .bearer_auth(OPERATOR)
            .json(&body)
    };
    for path in [LIST, ONE] {
        let suffix = if path == LIST { "" } else { "/x" };
        let stranger = d.check(Method::GET, path, get(suffix), None).await;
        assert_eq!((stranger.0, &stranger.1["code"]), (401, &"2205".into()));
    }
    let nonsense = get("?state=nonsense").bearer_auth(OPERATOR);
    assert_eq!(d.check(Method::GET, LIST, nonsense, None).await.0, 400);
    let (status, list) = d
        .check(
            Method::GET,
            LIST,
            get("?state=pending").bearer_auth(OPERATOR),
            None,
        )
        .await;
    assert_eq!(status, 200);
    let job = list["reviews"][0]["smile_job_id"].as_str().unwrap();
    let shown = get(&format!("/{job}")).bearer_auth(OPERATOR);
    assert_eq!(d.check(Method::GET, ONE, shown, None).await.0, 200);
    let unknown = get("/x").bearer_auth(OPERATOR);
    assert_eq!(d.check(Method::GET, ONE, unknown, None).await.0, 404);
    let approve = json!({"decision": "approve", "note": "it is she"});
    for (job, body, expected) in [
        (job, json!({"decision": "perhaps"}), 400),
        ("x", approve.clone(), 404),
        (job, approve.clone(), 200),
        (job, approve, 409),
    ] {
        let (status, answer) = d
            .check(
                Method::POST,
                DECISION,
                decide(job, body.clone()),
                Some(&body),
            )
            .await;
        assert_eq!(status, expected, "{answer}");
    }
    let decided = get("?state=decided").bearer_auth(OPERATOR);
    let (_, list) = d.check(Method::GET, LIST, decided, None).await;
    assert_eq!(list["reviews"][0]["outcome"]["result_code"], "1220");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_described() {
    let Some([photo, same, _, other]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let more = ["--allow-private-callbacks"];
    let token = data.path().join("operator.token");
    std::fs::write(&token, OPERATOR).unwrap();
    let operator = ["--admin-token-file", token.to_str().unwrap()];
    let pages = support::link_pages(data.path());
    let links = ["--link-pages", pages.as_str()];
    let arguments = [&more[..], &operator[..], &links[..]].concat();
    let server = Server::start(data.path(), &key, &arguments);
    let s = &server;
    let http = http();
    let mut description = Description::of(s, &http).await;
    let d = &mut description;
    let (callback_url, mut callbacks) = support::callbacks().await;

    for path in [
        "/health",
        "/ready",
        "/metrics",
        "/openapi.json",
        "/v1/services",
    ] {
        assert_eq!(get(d, s, &http, path).await.0, 200);
    }
    // v1: registered, authenticated, refused; polled before and after; called back.
    let ask = |job: &str| {
        with(
            s.signed(),
            json!({"partner_id": "p", "user_id": "ada", "job_id": job, "image_links": true, "history": true}),
        )
    };
    for (job, job_type, selfie, code) in [
        ("j1", 4, &photo, "0840"),
        ("j2", 2, &same, "0820"),
        ("j3", 2, &other, "0821"),
        ("j4", 2, &photo[..100].to_vec(), "0001"),
        ("j5", 2, &Vec::new(), "0001"),
    ] {
        let body = s.upload_body("ada", job, job_type, &callback_url);
        let (status, prepared) = post(d, s, &http, "/v1/upload", &body).await;
        assert_eq!(status, 200, "{prepared}");
        let (_, before) = post(d, s, &http, "/v1/job_status", &ask(job)).await;
        assert_eq!(before["job_complete"], false);
        let url = prepared["upload_url"].as_str().unwrap();
        assert_eq!(put(d, &http, url, package(selfie)).await, 200);
        assert_eq!(put(d, &http, url, vec![]).await, 409);
        s.ended(&http, "ada", job).await;
        let (_, after) = post(d, s, &http, "/v1/job_status", &ask(job)).await;
        assert_eq!(after["result"]["ResultCode"], code, "{after}");
        if let Some(link) = after["image_links"]["selfie_image"].as_str() {
            let (status, _) = d
                .check(Method::GET, "/v1/image/{link}", http.get(link), None)
                .await;
            assert_eq!(status, 200);
        }
        let called: Value = serde_json::from_slice(&callbacks.recv().await.unwrap()).unwrap();
        let callback = &d.document["paths"]["/v1/upload"]["post"]["callbacks"]["result"]["{$request.body#/callback_url}"]
            ["post"]["requestBody"];
        d.hold(
            &callback["content"]["application/json"]["schema"],
            &called,
            "the callback",
        );
    }
    let (status, _) = post(d, s, &http, "/v1/job_status", &ask("never")).await;
    assert_eq!(status, 404);
    let gone = http.get(format!("{}/v1/image/x.y", s.base));
    assert_eq!(
        d.check(Method::GET, "/v1/image/{link}", gone, None).await.0,
        404
    );
    let unknown = format!("{}/v1/package/x", s.base);
    assert_eq!(put(d, &http, &unknown, vec![]).await, 403);

    let token = with(
        s.signed(),
        json!({"partner_id": "p", "user_id": "u", "job_id": "j", "product": "authentication", "challenge": true}),
    );
    let (status, token) = post(d, s, &http, "/v1/token", &token).await;
    assert_eq!(status, 200);
    let asked = with(
        s.signed(),
        json!({"partner_id": "p", "user_id": "u", "job_type": 2}),
    );
    let of_page = json!({"token": token["token"]});
    for asked in [asked, of_page] {
        assert_eq!(post(d, s, &http, "/v1/challenge", &asked).await.0, 200);
    }
    let config = support::selfsame(&[
        "partner",
        "--data",
        data.path().to_str().unwrap(),
        "mobile-config",
        "--id",
        "p",
        "--server",
        &s.base,
    ]);
    let smile = json!({
        "partner_id": "p", "auth_token": config[0]["auth_token"], "production": false, "job_type": 4,
        "country": "ZA", "id_type": "PASSPORT",
    });
    assert_eq!(post(d, s, &http, "/v1/auth_smile", &smile).await.0, 200);
    let whose = with(s.signed(), json!({"partner_id": "p"}));
    for path in ["/v1/products_config", "/v1/valid_documents"] {
        assert_eq!(post(d, s, &http, path, &whose).await.0, 200);
        let page = json!({"partner_id": "p", "token": token["token"]});
        assert_eq!(post(d, s, &http, path, &page).await.0, 200);
    }

    // v2: every status.
    let form = |selfie: &[u8], user: &'static str, more: &[(&'static str, &'static str)]| {
        let selfie = Part::bytes(selfie.to_vec()).file_name("a.jpg");
        let form = Form::new()
            .part("selfie_image", selfie)
            .text("user_id", user);
        more.iter()
            .fold(form, |form, (name, value)| form.text(*name, *value))
    };
    for (path, selfie, more, status, answer) in [
        ("/v2/smart-selfie-enroll", &photo, &[][..], 200, "approved"),
        ("/v2/smart-selfie-enroll", &photo, &[], 400, ""),
        (
            "/v2/smart-selfie-authentication",
            &same,
            &[],
            200,
            "approved",
        ),
        (
            "/v2/smart-selfie-authentication",
            &same,
            &[("sandbox_result", "822")],
            200,
            "pending",
        ),
        (
            "/v2/smart-selfie-authentication",
            &other,
            &[("partner_params", r#"{"a":[1.50]}"#)],
            200,
            "rejected",
        ),
        (
            "/v2/smart-selfie-authentication",
            &other,
            &[("sandbox_result", "nonsense")],
            400,
            "",
        ),
    ] {
        let (got, body) =
            smart_selfie(d, s, &http, path, form(selfie, "ben", more), &s.signed()).await;
        assert_eq!(got, status, "{body}");
        assert_eq!(
            body["status"].as_str().unwrap_or_default(),
            answer,
            "{body}"
        );
    }

    // What is wrong with any request: no JSON, not authorised, too large, too slow.
    let wrong = json!({"timestamp": "2026-01-31T12:00:00.000Z", "signature": "AAAA"});
    for path in ["/v2/smart-selfie-enroll", "/v2/smart-selfie-authentication"] {
        let (status, _) = smart_selfie(d, s, &http, path, form(&photo, "cy", &[]), &wrong).await;
        assert_eq!(status, 403);
        let huge = form(&vec![0; 21 << 20], "cy", &[]);
        assert_eq!(
            smart_selfie(d, s, &http, path, huge, &s.signed()).await.0,
            413
        );
    }
    // A server that waits for no body as long as a busy machine may take to send one.
    let hurried = tempfile::tempdir().unwrap();
    let key = add_partner(hurried.path());
    let hurried = Server::start(hurried.path(), &key, &["--body-timeout", "1"]);
    let paths = d.document["paths"].as_object().unwrap().clone();
    for (path, item) in &paths {
        let described = |status: &str| item["post"]["responses"].get(status).is_some();
        let url = format!("{}{path}", s.base);
        if item["post"]["tags"][0] == "not yet" {
            let (status, body) = d.check(Method::POST, path, http.post(url), None).await;
            assert_eq!((status, &body["code"]), (400, &"2212".into()));
        } else if item["post"]["tags"][0] == "v1" {
            assert!(described("400") && described("403") && described("413") && described("408"));
            let broken = http.post(&url).body("{");
            assert_eq!(d.check(Method::POST, path, broken, None).await.0, 400);
            // There, the token is wrong and a signature is asked for.
            let forged = match path.as_str() {
                "/v1/auth_smile" => json!({"signature": true}),
                _ => wrong.clone(),
            };
            let whole = json!({
                "partner_id": "p", "smile_client_id": "p", "user_id": "u", "job_id": "j", "product": "smartselfie", "auth_token": "x",
                "partner_params": {"user_id": "u", "job_id": "j", "job_type": look_ups::job_type(path)},
                "country": "NG", "id_type": "BVN_MFA", "id_number": "00000000000", "session_id": "s", "mode": "sms", "otp": "1",
                "callback_url": "https://partner.example/cb",
            });
            assert_eq!(post(d, s, &http, path, &with(whole, forged)).await.0, 403);
            let huge = http.post(&url).body(vec![b' '; 1 << 20]);
            assert_eq!(d.check(Method::POST, path, huge, None).await.0, 413);
            let endless = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
            let slow = http.post(format!("{}{path}", hurried.base));
            let slow = slow.body(reqwest::Body::wrap_stream(endless));
            assert_eq!(d.check(Method::POST, path, slow, None).await.0, 408);
        }
    }

    look_ups::look_up(d, s, &http, &callback_url).await;
    reviews(d, s, &http).await;
    operators::operate(d, s, &http, data.path()).await;
    v3::story(d, s, &http, &photo).await;

    // A server with no room, and one that is asked too often.
    let full = tempfile::tempdir().unwrap();
    let key = add_partner(full.path());
    let full = Server::start(full.path(), &key, &["--max-queued", "0"]);
    let body = full.upload_body("ada", "j", 4, "");
    assert_eq!(post(d, &full, &http, "/v1/upload", &body).await.0, 503);
    for path in ["/v2/smart-selfie-enroll"] {
        let (status, _) = smart_selfie(
            d,
            &full,
            &http,
            path,
            form(&photo, "ada", &[]),
            &full.signed(),
        )
        .await;
        assert_eq!(status, 503);
    }
    let hasty = tempfile::tempdir().unwrap();
    let key = add_partner(hasty.path());
    let hasty = Server::start(hasty.path(), &key, &["--rate", "1", "--upload-ttl", "0"]);
    let body = hasty.upload_body("ada", "j", 4, "");
    let (_, prepared) = post(d, &hasty, &http, "/v1/upload", &body).await;
    let url = prepared["upload_url"].as_str().unwrap();
    assert_eq!(put(d, &http, url, vec![]).await, 410);
    let mut statuses = BTreeSet::new();
    for n in 0..50 {
        let body = hasty.upload_body("ada", &format!("k{n}"), 4, "");
        statuses.insert(post(d, &hasty, &http, "/v1/upload", &body).await.0);
    }
    assert!(statuses.contains(&429), "{statuses:?}");

    // Nothing is described that did not come about, but what no client can bring about.
    for (path, item) in &paths {
        for (method, operation) in item.as_object().unwrap() {
            if !operation.is_object() {
                continue;
            }
            // What is served succeeds; what is not is refused with the one status that says so.
            let responses = operation["responses"].as_object().unwrap();
            let mut awaited: Vec<&String> = responses.keys().collect();
            awaited.retain(|status| status.starts_with('2'));
            if awaited.is_empty() {
                awaited = responses.keys().collect();
                awaited.retain(|status| ["400", "403"].contains(&status.as_str()));
            }
            let name = format!("{} {path}", method.to_uppercase());
            let came_about = |status: &&String| d.seen.contains(&format!("{name} {status}"));
            assert!(
                awaited.iter().any(came_about),
                "{name} {awaited:?} was never seen"
            );
        }
    }
}
