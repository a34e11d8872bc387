//! v3's tokens: who gets one, what it fixes, how it ends; and bodies that a partner signs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::CONTENT_TYPE;
use selfsame_wire::id::Environment;
use selfsame_wire::signature::{ApiKey, format_timestamp};
use selfsame_wire::v3::body_signature::BodyCode;
use selfsame_wire::v3::token::{Making, Seed, TokenRequest};
use serde_json::{Value, json};

use crate::support::{self, Server, add_partner_with_production, http, photographs, selfsame};

/// A job that there is not: whoever is let in is told so.
const NO_JOB: &str = "/v3/status/job_01jd8qk3fxe1x8p2v5w7y9z0ab";
const FORM: &str = "multipart/form-data; boundary=b";

struct House {
    server: Server,
    http: reqwest::Client,
    production: ApiKey,
    data: tempfile::TempDir,
}

/// A form's bytes.
fn form(parts: &[(&str, &str)]) -> Vec<u8> {
    let parts = parts.iter().map(|(name, text)| {
        let kind = if text.starts_with('{') {
            "Content-Type: application/json\r\n"
        } else {
            ""
        };
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n{kind}\r\n{text}\r\n")
    });
    (parts.collect::<String>() + "--b--\r\n").into_bytes()
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn now() -> String {
    format_timestamp(Timestamp::now())
}

fn consent() -> Value {
    json!({
        "granted": true, "granted_at": now(), "notice_language": "EN",
        "notice_privacy_policy_url": "https://example.com/p",
    })
}

impl House {
    fn start(more: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (key, production) = add_partner_with_production(data.path());
        let more = [&["--allow-private-callbacks"], more].concat();
        Self {
            server: Server::start(data.path(), &key, &more),
            http: http(),
            production,
            data,
        }
    }

    fn dir(&self) -> &str {
        self.data.path().to_str().unwrap()
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    /// Asks for a token: a partner, its key, and a form.
    async fn ask(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> (u16, Value) {
        let mut request = self.http.post(format!("{}{path}", self.server.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, FORM).body(body);
        }
        self.answer(request).await
    }

    async fn token(&self, parts: &[(&str, &str)]) -> String {
        let headers = [
            ("smileid-partner-id", "p"),
            ("smileid-api-key", self.server.key.expose()),
        ];
        let body = (!parts.is_empty()).then(|| form(parts));
        let (status, answer) = self.ask("/v3/token", &headers, body).await;
        assert_eq!(status, 200, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    /// Asks for the status of a job that there is not.
    async fn status(&self, token: &str, headers: &[(&str, &str)]) -> (u16, Value) {
        let url = format!("{}{NO_JOB}", self.server.base);
        let mut request = self.http.get(url).header("SmileID-Token", token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request).await
    }

    async fn is_let_in(&self, token: &str) {
        let (status, answer) = self.status(token, &[]).await;
        assert_eq!(
            (status, &answer["status"]),
            (404, &json!("not_found")),
            "{answer}"
        );
    }

    /// Refused within the seconds that nodes take to hear of a key.
    async fn is_soon_refused(&self, token: &str) {
        support::until("the refusal of a token", async || {
            self.status(token, &[]).await.0 == 401
        })
        .await;
    }

    /// Submits a look-up.
    async fn look_up(&self, token: &str, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, Value) {
        let url = format!("{}/v3/enhanced_kyc", self.server.base);
        let mut request = self.http.post(url).header("SmileID-Token", token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.header(CONTENT_TYPE, FORM).body(body))
            .await
    }

    fn jobs(&self) -> usize {
        selfsame(&["job", "list", "--data", self.dir()]).len()
    }
}

/// Parts of a look-up that is taken.
fn look_up(consent: &str) -> Vec<u8> {
    form(&[
        ("consent", consent),
        (
            "user_details",
            r#"{"given_names":"Joe","last_name":"Leo","email":"joe@example.com"}"#,
        ),
        ("callback_url", "https://127.0.0.1:9/cb"),
        ("country", "NG"),
        ("id_type", "NIN"),
        ("id_number", "00000000000"),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_a_key_gets_a_token_of_its_environment_and_nobody_else() {
    if photographs().is_none() {
        return;
    }
    let house = House::start(&["--failed-auth-rate", "30", "--token-ttl", "120"]);
    let added = selfsame(&["partner", "--data", house.dir(), "add", "--id", "q"]);
    let closed = added[0]["production_api_key"].as_str().unwrap();
    let (sandbox, production) = (house.server.key.expose(), house.production.expose());
    for (path, key, environment, api) in [
        ("/v3/token", sandbox, "sandbox", "/v3"),
        ("/v3/token", production, "production", "/v3"),
        ("/sandbox/v3/token", sandbox, "sandbox", "/sandbox/v3"),
        (
            "/production/v3/token",
            production,
            "production",
            "/production/v3",
        ),
    ] {
        let headers = [("SmileID-Partner-ID", "p"), ("SmileID-API-Key", key)];
        let (status, answer) = house.ask(path, &headers, None).await;
        assert_eq!(status, 200, "{answer}");
        let claims = claims(answer["token"].as_str().unwrap());
        assert_eq!(claims["environment"], environment);
        assert_eq!(claims["api_url"], format!("{}{api}", house.server.base));
        let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(lifetime, 120);
        assert!(claims.get("payload").is_none() && claims.get("user_id").is_none());
    }
    let mut told = Vec::new();
    for (path, partner, key) in [
        ("/v3/token", "p", "wrong"),
        ("/v3/token", "nobody", sandbox),
        ("/v3/token", "q", sandbox),
        ("/production/v3/token", "p", sandbox),
        ("/sandbox/v3/token", "p", production),
    ] {
        let headers = [("smileid-partner-id", partner), ("smileid-api-key", key)];
        let (status, answer) = house.ask(path, &headers, None).await;
        assert_eq!(
            (status, &answer["status"]),
            (401, &json!("Unauthorized")),
            "{answer}"
        );
        told.push(answer);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "who there is, is not told: {told:?}");
    let headers = [("smileid-partner-id", "q"), ("smileid-api-key", closed)];
    assert_eq!(house.ask("/v3/token", &headers, None).await.0, 403);
    for (name, value) in [("smileid-partner-id", "p"), ("smileid-api-key", sandbox)] {
        let (status, answer) = house.ask("/v3/token", &[(name, value)], None).await;
        let other = if name.ends_with("key") {
            "partner-id"
        } else {
            "api-key"
        };
        assert_eq!(status, 400);
        assert!(
            answer["message"].as_str().unwrap().contains(other),
            "{answer}"
        );
    }
    let whole = [("smileid-partner-id", "p"), ("smileid-api-key", sandbox)];
    let json = house
        .http
        .post(format!("{}/v3/token", house.server.base))
        .json(&json!({"user_id": "ada"}));
    let json = whole
        .iter()
        .fold(json, |request, (name, value)| request.header(*name, *value));
    assert_eq!(house.answer(json).await.0, 415);
    let large = form(&[("partner_params", &"x".repeat(70_000))]);
    assert_eq!(house.ask("/v3/token", &whole, Some(large)).await.0, 413);
    // Who guesses is shut out.
    let wrong = [("smileid-partner-id", "p"), ("smileid-api-key", "guess")];
    let mut last = (0, Value::Null);
    for _ in 0..60 {
        last = house.ask("/sandbox/v3/token", &wrong, None).await;
        if last.0 == 429 {
            break;
        }
    }
    assert_eq!(
        (last.0, &last.1["status"]),
        (429, &json!("Too Many Requests")),
        "{}",
        last.1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_serves_what_it_was_made_for_and_tells_nothing_of_a_person() {
    if photographs().is_none() {
        return;
    }
    let house = House::start(&["--failed-auth-rate", "0"]);
    let payload = json!({
        "country": "NG", "id_type": "NIN", "id_number": "00000000000", "given_names": "PLANTED-Joe", "last_name": "PLANTED-Leo",
        "email": "PLANTED@example.com", "callback_url": "https://127.0.0.1:9/PLANTED", "consent": consent(),
    });
    let bound = [
        ("user_id", "ada"),
        ("product", "enhanced_kyc"),
        ("partner_params", r#"{"order":7}"#),
        ("payload", &payload.to_string()),
    ];
    let token = house.token(&bound).await;
    let told = claims(&token);
    assert_eq!(
        (&told["user_id"], &told["product"]),
        (&json!("ada"), &json!("enhanced_kyc"))
    );
    assert!(!told.to_string().contains("PLANTED"), "{told}");
    house.is_let_in(&token).await;
    // All of the request is in the token.
    let (status, answer) = house
        .look_up(&token, &[], form(&[("metadata", "[]")]))
        .await;
    assert_eq!(
        (status, &answer["user_id"]),
        (202, &json!("ada")),
        "{answer}"
    );
    let forbidden = async |token: &str, headers: &[(&str, &str)]| {
        let (status, answer) = house
            .look_up(token, headers, look_up(&consent().to_string()))
            .await;
        assert_eq!(
            (status, &answer["status"]),
            (403, &json!("Forbidden")),
            "{answer}"
        );
    };
    forbidden(&token, &[("User-ID", "eve")]).await;
    forbidden(&token, &[("SmileID-Partner-ID", "q")]).await;
    let of_another = house.token(&[("product", "biometric_kyc")]).await;
    forbidden(&of_another, &[]).await;
    let replaces_nothing = house.token(&[("allow_new_enroll", "false")]).await;
    for (asked, wanted) in [("true", 403), ("false", 400)] {
        let body = form(&[("allow_new_enroll", asked)]);
        let (status, answer) = house.look_up(&replaces_nothing, &[], body).await;
        assert_eq!(status, wanted, "{answer}");
    }
    // A consent that is not whole, an address that must not be called.
    for (change, named) in [
        (json!({"consent": {"granted": true}}), "consent.granted_at"),
        (
            json!({"callback_url": "gopher://example.com/"}),
            "callback_url",
        ),
        (json!({"email": "joe"}), "payload.email"),
    ] {
        let headers = [
            ("smileid-partner-id", "p"),
            ("smileid-api-key", house.server.key.expose()),
        ];
        let body = form(&[("payload", &change.to_string())]);
        let (status, answer) = house.ask("/v3/token", &headers, Some(body)).await;
        assert_eq!(status, 400, "{answer}");
        assert!(
            answer["message"].as_str().unwrap().contains(named),
            "{answer}"
        );
    }
}

/// A token as the server makes it, of another time or partner.
async fn made(data: &Path, key: &ApiKey, at: Timestamp) -> String {
    let store = support::store::open(data).await;
    let token_key = store.token_key_to_make(Duration::MAX).await.unwrap();
    let bound = TokenRequest::default().bound(support::partner(), Environment::Sandbox);
    let making = Making {
        seed: Seed::from_random([7; 32]),
        now: at,
        lifetime: Duration::from_secs(900),
        api_url: "https://selfie.example/v3",
    };
    bound.mint(&token_key, key, &making).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_its_time_its_key_or_the_partners_key() {
    if photographs().is_none() {
        return;
    }
    let house = House::start(&["--failed-auth-rate", "0"]);
    let (now, dir) = (Timestamp::now(), house.dir());
    let first = house.token(&[]).await;
    house.is_let_in(&first).await;
    house
        .is_let_in(&made(house.data.path(), &house.server.key, now).await)
        .await;
    let passed = now - SignedDuration::from_secs(901);
    let expired = made(house.data.path(), &house.server.key, passed).await;
    let of_another_key = made(house.data.path(), &ApiKey::new("another"), now).await;
    for (token, said) in [
        (expired.as_str(), "expired"),
        (&of_another_key, "signature"),
        (&first[..first.len() - 2], ""),
        ("nonsense", "not a token"),
        ("", "not a token"),
    ] {
        let (status, answer) = house.status(token, &[]).await;
        assert_eq!(
            (status, &answer["status"]),
            (401, &json!("Unauthorized")),
            "{answer}"
        );
        assert!(
            answer["message"].as_str().unwrap().contains(said),
            "{answer}"
        );
    }
    let url = format!("{}{NO_JOB}", house.server.base);
    let (status, answer) = house.answer(house.http.get(url)).await;
    assert_eq!(status, 401);
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("SmileID-Token"),
        "{answer}"
    );
    let below = format!("{}/production{NO_JOB}", house.server.base);
    let request = house.http.get(below).header("SmileID-Token", &first);
    assert_eq!(house.answer(request).await.0, 401, "of the sandbox");

    let replaced = selfsame(&["keys", "--data", dir, "rotate-token"]);
    let mut second = first.clone();
    support::until("a token by the new key", async || {
        second = house.token(&[]).await;
        claims(&second)["key_id"] == replaced[0]["token_key"]
    })
    .await;
    // The key before it opens what it made.
    house.is_let_in(&first).await;
    house.is_let_in(&second).await;
    selfsame(&["keys", "--data", dir, "rotate-token", "--erase-older"]);
    house.is_soon_refused(&first).await;
    house.is_soon_refused(&second).await;
    let audit = selfsame(&["audit", "--data", dir, "list"]);
    let replaced = audit
        .iter()
        .filter(|record| record["action"] == "token_key_replaced");
    assert_eq!(replaced.count(), 2);

    // Until this node has heard of it, it makes tokens that open nothing: clients ask again.
    let mut third = String::new();
    support::until("a token that opens", async || {
        third = house.token(&[]).await;
        house.status(&third, &[]).await.0 == 404
    })
    .await;
    house.is_let_in(&third).await;
    let rotate = [
        "partner",
        "--data",
        dir,
        "rotate-key",
        "--id",
        "p",
        "--environment",
        "sandbox",
    ];
    selfsame(&rotate);
    assert_eq!(house.status(&third, &[]).await.0, 401, "at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_partner_signs_is_taken_as_it_was_signed_or_not_at_all() {
    if photographs().is_none() {
        return;
    }
    let house = House::start(&["--failed-auth-rate", "0"]);
    let token = house.token(&[]).await;
    let body = look_up(&consent().to_string());
    let sign = |timestamp: &str, body: &[u8]| {
        let mut code = BodyCode::begin(&house.server.key, timestamp);
        code.update(body);
        code.sign()
    };
    let submit = async |timestamp: &str, signature: &str, body: &[u8]| {
        let headers = [
            ("SmileID-Timestamp", timestamp),
            ("SmileID-Request-Signature", signature),
        ];
        house.look_up(&token, &headers, body.to_vec()).await.0
    };
    // Nobody demanded it: what the headers say is nobody's business.
    assert_eq!(submit("yesterday", "nonsense", &body).await, 202);
    let demand = |required| {
        let command = ["partner", "--data", house.dir(), "signatures", "--id", "p"];
        selfsame(&[&command[..], &["--required", required]].concat());
    };
    demand("true");
    let at = now();
    let signature = sign(&at, &body);
    let recorded = house.jobs();
    let mut changed = body.clone();
    let place = changed
        .windows(3)
        .position(|bytes| bytes == b"Leo")
        .unwrap();
    changed[place] = b'N';
    assert_eq!(submit(&at, &signature, &changed).await, 401);
    // Whatever follows the form belongs to what was signed.
    let longer = [body.as_slice(), b"\r\n"].concat();
    assert_eq!(submit(&at, &signature, &longer).await, 401);
    assert_eq!(submit(&at, &signature, b"").await, 401);
    assert_eq!(submit(&at, &sign(&at, b""), b"").await, 400);
    let old = format_timestamp(Timestamp::now() - SignedDuration::from_hours(2));
    assert_eq!(submit(&old, &sign(&old, &body), &body).await, 401);
    assert_eq!(house.look_up(&token, &[], body.clone()).await.0, 401);
    assert_eq!(house.jobs(), recorded, "nothing was recorded");
    assert_eq!(submit(&at, &signature, &body).await, 202);
    demand("false");
    assert_eq!(house.look_up(&token, &[], body).await.0, 202);
}
