//! A web token allows what was said when it was minted, and nothing that a page says beside it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use selfsame_wire::id::Environment;
use selfsame_wire::product::Product;
use selfsame_wire::signature::ApiKey;
use selfsame_wire::web_token::Grant;
use serde_json::{Value, json};

use crate::support::{
    Server, add_partner_with_production, callbacks, http, package, photographs, selfsame,
};

const QUARTER: Duration = Duration::from_secs(900);

struct House {
    server: Server,
    http: reqwest::Client,
    production: ApiKey,
    /// The sandbox key of another partner, `q`.
    other: ApiKey,
    _data: tempfile::TempDir,
}

impl House {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let (key, production) = add_partner_with_production(data.path());
        let dir = data.path().to_str().unwrap();
        let other = selfsame(&["partner", "--data", dir, "add", "--id", "q"]);
        let more = ["--allow-private-callbacks", "--failed-auth-rate", "0"];
        Self {
            server: Server::start_for_stills(data.path(), &key, &more),
            http: http(),
            production,
            other: ApiKey::new(other[0]["sandbox_api_key"].as_str().unwrap()),
            _data: data,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.server.post(&self.http, path, body).await.unwrap()
    }

    /// Asks for a token for the user `ada` and the job `j`.
    async fn mint(&self, change: Value) -> (u16, Value) {
        let mut body = self.server.signed();
        let whole = json!({"partner_id": "p", "user_id": "ada", "job_id": "j", "product": "authentication"});
        for part in [whole, change] {
            for (name, value) in part.as_object().unwrap() {
                body[name] = value.clone();
            }
        }
        self.post("/v1/token", &body).await
    }

    async fn token(&self, change: Value) -> Value {
        let (status, answer) = self.mint(change).await;
        assert_eq!(status, 200, "{answer}");
        answer["token"].clone()
    }

    /// What the embed posts with a token for `ada` and `j`, changed.
    async fn upload(&self, token: &Value, change: impl FnOnce(&mut Value)) -> (u16, Value) {
        let mut body = json!({
            "token": token, "smile_client_id": "p", "file_name": "authentication.zip", "source_sdk": "hosted_web",
            "partner_params": {"user_id": "ada", "job_id": "j", "job_type": 2}, "metadata": [],
        });
        change(&mut body);
        self.post("/v1/upload", &body).await
    }

    async fn put(&self, prepared: &Value, selfie: &[u8]) {
        let url = prepared["upload_url"].as_str().unwrap();
        let put = self.http.put(url).body(package(selfie)).send().await;
        assert_eq!(put.unwrap().status().as_u16(), 200);
    }

    async fn enrol(&self, user: &str, selfie: &[u8]) {
        let body = self
            .server
            .upload_body(user, &format!("enrol {user}"), 4, "");
        let ended = self.server.run(&self.http, &body, package(selfie)).await;
        assert_eq!(ended["result"]["ResultCode"], "0840", "{ended}");
    }
}

fn of(partner: &str, environment: Environment) -> Grant {
    Grant::new(
        partner.parse().unwrap(),
        environment,
        Product::Authentication,
        "ada".parse().unwrap(),
        "j".parse().unwrap(),
        None,
    )
}

/// Refused, and by the name of what was wrong.
fn refused((status, answer): (u16, Value), name: &str) {
    assert_eq!((status, &answer["code"]), (403, &json!("2205")), "{answer}");
    let text = answer["error"].as_str().unwrap();
    assert!(text.contains(name), "{name}: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_cannot_turn_an_authentication_into_an_enrolment() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let house = House::start();
    house.enrol("ada", &photo).await;
    let token = house.token(json!({})).await;
    // The way in that the review found: a stranger's face over an enrolled user's.
    let stolen = house.upload(&token, |body| {
        body["partner_params"]["job_type"] = 4.into();
        body["allow_new_enroll"] = true.into();
    });
    refused(stolen.await, "partner_params.job_type");
    let (status, answer) = house.upload(&token, |_| {}).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_says_beside_its_token_is_refused_or_changes_nothing() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let house = House::start();
    house.enrol("ada", &photo).await;
    house.enrol("eve", &photo).await;
    let (url, mut hers) = callbacks().await;
    let (elsewhere, mut stolen) = callbacks().await;
    let bound = json!({"callback_url": url, "partner_params": {"tier": "basic"}});
    let token = house.token(bound).await;
    for (path, value, name) in [
        ("/smile_client_id", json!("q"), "smile_client_id"),
        (
            "/partner_params/user_id",
            json!("eve"),
            "partner_params.user_id",
        ),
        (
            "/partner_params/job_id",
            json!("k"),
            "partner_params.job_id",
        ),
        (
            "/partner_params/job_type",
            json!(4),
            "partner_params.job_type",
        ),
        (
            "/partner_params/job_type",
            json!("4"),
            "partner_params.job_type",
        ),
        ("/partner_params/tier", json!("gold"), "partner_params.tier"),
        (
            "/partner_params/sandbox_result",
            json!("0820"),
            "sandbox_result",
        ),
        ("/sandbox_result", json!("0820"), "sandbox_result"),
        ("/allow_new_enroll", json!(true), "allow_new_enroll"),
        ("/allow_re_enroll", json!("true"), "allow_new_enroll"),
    ] {
        let answer = house.upload(&token, |body| {
            let (parent, field) = path.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[field] = value;
        });
        refused(answer.await, name);
    }
    // The public embed always says its own callback_url: it is the token's that counts.
    let (status, prepared) = house
        .upload(&token, |body| body["callback_url"] = elsewhere.into())
        .await;
    assert_eq!(status, 200, "{prepared}");
    house.put(&prepared, &photo).await;
    let ended = house.server.ended(&house.http, "ada", "j").await;
    assert_eq!(ended["result"]["ResultCode"], "0820", "{ended}");
    assert_eq!(ended["result"]["PartnerParams"]["tier"], "basic");
    let called: Value = serde_json::from_slice(&hers.recv().await.unwrap()).unwrap();
    assert_eq!(called["SmileJobID"], prepared["smile_job_id"]);
    assert!(stolen.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_time_partner_environment_or_making_opens_nothing() {
    let house = House::start();
    let key = house.server.key.clone();
    let now = Timestamp::now();
    let text = |grant: &Grant, key: &ApiKey, at| json!(grant.mint(key, at, QUARTER).unwrap());
    let sandbox = of("p", Environment::Sandbox);
    let good = text(&sandbox, &key, now);
    let hour = SignedDuration::from_hours(1);
    let part = |at: usize| {
        good.as_str()
            .unwrap()
            .split('.')
            .nth(at)
            .unwrap()
            .to_owned()
    };
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    for (token, name) in [
        (text(&sandbox, &key, now - hour), "expired"),
        (text(&sandbox, &key, now + hour), "not valid yet"),
        (text(&sandbox, &house.other, now), "signature"),
        (text(&sandbox, &house.production, now), "signature"),
        (
            text(&of("p", Environment::Production), &key, now),
            "signature",
        ),
        (
            text(&of("nobody", Environment::Sandbox), &key, now),
            "signature",
        ),
        (
            json!(format!("{none}.{}.{}", part(1), part(2))),
            "not a web token",
        ),
        (json!(format!("{none}.{}.", part(1))), "not a web token"),
        (json!(format!("{}.{}.", part(0), part(1))), "signature"),
        (json!("T0KEN"), "not a web token"),
        (json!("x".repeat(100_000)), "longer than"),
    ] {
        refused(house.upload(&token, |_| {}).await, name);
        for path in ["/v1/products_config", "/v1/valid_documents"] {
            let body = json!({"partner_id": "p", "token": token});
            refused(house.post(path, &body).await, name);
        }
    }
    // Another partner's own token, in its own name.
    let others = text(&of("q", Environment::Sandbox), &house.other, now);
    refused(house.upload(&others, |_| {}).await, "smile_client_id");
    let body = json!({"partner_id": "p", "token": others});
    refused(house.post("/v1/products_config", &body).await, "partner_id");
    // A path that names the other environment.
    let mut body = json!({"token": good, "smile_client_id": "p", "partner_id": "p"});
    body["partner_params"] = json!({"user_id": "ada", "job_id": "j", "job_type": 2});
    for path in [
        "/production/v1/upload",
        "/production/v1/products_config",
        "/production/v1/valid_documents",
    ] {
        refused(house.post(path, &body).await, "sandbox");
    }
    // In production a token forces nothing.
    let mut forcing = of("p", Environment::Production);
    forcing.sandbox_result = Some("0820".to_owned());
    let forcing = text(&forcing, &house.production, now);
    let (status, answer) = house.upload(&forcing, |_| {}).await;
    assert_eq!((status, &answer["code"]), (400, &json!("2204")), "{answer}");
    // The one that all of these were made from.
    let (_, answer) = house.upload(&good, |_| {}).await;
    assert_eq!(answer["code"], "2210", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_no_other_call() {
    let house = House::start();
    let token = house.token(json!({})).await;
    let text = token.as_str().unwrap();
    let body = json!({
        "token": token, "partner_id": "p", "user_id": "ada", "job_id": "j", "product": "authentication",
    });
    for path in ["/v1/job_status", "/v1/token"] {
        let (status, answer) = house.post(path, &body).await;
        assert!(matches!(status, 400 | 403), "{path}: {status} {answer}");
    }
    let signed = json!({
        "signature": token, "timestamp": Timestamp::now().to_string(), "partner_id": "p", "smile_client_id": "p",
        "user_id": "ada", "job_id": "j", "product": "authentication",
        "partner_params": {"user_id": "ada", "job_id": "j", "job_type": 2},
    });
    for path in ["/v1/upload", "/v1/job_status", "/v1/token"] {
        refused(house.post(path, &signed).await, "signature");
    }
    let app = json!({"partner_id": "p", "auth_token": token, "production": false});
    refused(house.post("/v1/auth_smile", &app).await, "auth token");
    for (method, path, status) in [
        (Method::PUT, format!("/v1/package/{text}"), 403),
        (Method::GET, format!("/v1/image/{text}"), 404),
    ] {
        let url = format!("{}{path}", house.server.base);
        let answer = house.http.request(method, url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
    for path in ["/v2/smart-selfie-enroll", "/v2/smart-selfie-authentication"] {
        let answer = house
            .http
            .post(format!("{}{path}", house.server.base))
            .header("SmileID-Partner-ID", "p")
            .header("SmileID-Timestamp", Timestamp::now().to_string())
            .header("SmileID-Request-Signature", text)
            .header("SmileID-Token", text)
            .multipart(reqwest::multipart::Form::new().text("user_id", "ada"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), 403, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_minted_for_what_is_performed_only() {
    let house = House::start();
    for (change, code) in [
        (json!({"product": "x"}), "2204"),
        (json!({"product": "doc_verification"}), "2212"),
        (json!({"product": "e_signature"}), "2212"),
        (json!({"callback_url": "file:///etc/passwd"}), "2204"),
        (
            json!({"callback_url": "http://169.254.169.254/latest"}),
            "2204",
        ),
        (json!({"sandbox_result": "9999"}), "2204"),
        (json!({"partner_params": {"user_id": "eve"}}), "2204"),
        (json!({"partner_params": {"job_type": 4}}), "2204"),
    ] {
        let (status, answer) = house.mint(change.clone()).await;
        assert_eq!(
            (status, answer["code"].as_str().unwrap()),
            (400, code),
            "{change}"
        );
    }
    assert_eq!(house.mint(json!({"product": "smartselfie"})).await.0, 200);
    // What the token binds is honoured: a registered user may register again only where it says so.
    let forced = json!({"sandbox_result": "0821", "partner_params": {"order": 7}});
    let token = house.token(forced).await;
    let (status, prepared) = house.upload(&token, |_| {}).await;
    assert_eq!(status, 200, "{prepared}");
    house.put(&prepared, b"no picture").await;
    let ended = house.server.ended(&house.http, "ada", "j").await;
    assert_eq!(ended["result"]["ResultCode"], "0821", "{ended}");
    assert_eq!(ended["result"]["PartnerParams"]["order"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_not_guessed_with_again_and_again() {
    let house = House::start();
    let failing = json!({"sandbox_result": "0821"});
    let once = house.token(failing.clone()).await;
    let retry = |body: &mut Value| body["retry"] = true.into();
    let (_, first) = house.upload(&once, |_| {}).await;
    // An answer was lost: the page asks again, and the first URL is dead.
    let (status, second) = house.upload(&once, retry).await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(first["upload_url"], second["upload_url"]);
    let dead = house.http.put(first["upload_url"].as_str().unwrap());
    assert_eq!(dead.body("x").send().await.unwrap().status().as_u16(), 403);
    house.put(&second, b"no picture").await;
    house.server.ended(&house.http, "ada", "j").await;
    refused(house.upload(&once, retry).await, "retry");
    let (_, answer) = house.upload(&once, |_| {}).await;
    assert_eq!(answer["code"], "2215", "{answer}");
    // A token that allows it has a few more, with or without a word of the page's.
    let mut several = failing;
    several["retry"] = true.into();
    let several = house.token(several).await;
    for _ in 1..5 {
        let (status, prepared) = house.upload(&several, |_| {}).await;
        assert_eq!(status, 200, "{prepared}");
        house.put(&prepared, b"no picture").await;
        house.server.ended(&house.http, "ada", "j").await;
    }
    refused(house.upload(&several, |_| {}).await, "retry");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_reaches_what_takes_its_token_and_no_more() {
    let house = House::start();
    let token = house.token(json!({})).await;
    let body = json!({"partner_id": "p", "token": token, "partner_params": {"user_id": "ada"}});
    for (path, field) in [
        ("/v1/products_config", "idSelection"),
        ("/v1/valid_documents?locale=en-GB", "valid_documents"),
    ] {
        let (status, answer) = house.post(path, &body).await;
        assert_eq!(status, 200, "{answer}");
        assert!(answer.get(field).is_some(), "{answer}");
    }
    let asked = "content-type,smileid-partner-id,smileid-request-mac,smileid-request-timestamp";
    let preflight = async |path: &str, method: &str| {
        let answer = house
            .http
            .request(Method::OPTIONS, format!("{}{path}", house.server.base))
            .header("origin", "https://partner.example")
            .header("access-control-request-method", method)
            .header("access-control-request-headers", asked)
            .send()
            .await
            .unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or(String::new(), |v| v.to_str().unwrap().to_lowercase())
        };
        header("access-control-allow-origin") == "https://partner.example"
            && header("access-control-allow-methods").contains(&method.to_lowercase())
            && asked
                .split(',')
                .all(|name| header("access-control-allow-headers").contains(name))
            && header("access-control-allow-credentials").is_empty()
    };
    for (path, method) in [
        ("/v1/upload", "POST"),
        ("/v1/package/x", "PUT"),
        ("/v1/services", "GET"),
        ("/sandbox/v1/products_config", "POST"),
        ("/production/v1/valid_documents", "POST"),
    ] {
        assert!(preflight(path, method).await, "{path}");
    }
    for path in [
        "/v1/job_status",
        "/v1/token",
        "/v1/auth_smile",
        "/v2/smart-selfie-enroll",
        "/demo/token",
        "/metrics",
    ] {
        assert!(!preflight(path, "POST").await, "{path}");
    }
}
