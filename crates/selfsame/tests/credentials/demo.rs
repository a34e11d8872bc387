//! The demo's page: a browser gets tokens for the users that it made, and for nobody else's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{Server, add_partner, http};

struct Demo {
    server: Server,
    http: reqwest::Client,
    _data: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let pages = data.path().join("pages");
        std::fs::create_dir(&pages).unwrap();
        std::fs::write(pages.join("index.html"), "<!doctype html>").unwrap();
        std::fs::write(pages.join("engine.wasm"), "").unwrap();
        let key = add_partner(data.path());
        let more = [
            "--demo-page",
            pages.to_str().unwrap(),
            "--failed-auth-rate",
            "0",
        ];
        Self {
            server: Server::start(data.path(), &key, &more),
            http: http(),
            _data: data,
        }
    }

    /// Asks for a token as a browser with that cookie. Gives the status, the answer and the cookie that the browser then has.
    async fn token(&self, cookie: Option<&str>, body: &Value) -> (u16, Value, String) {
        let mut request = self
            .http
            .post(format!("{}/demo/token", self.server.base))
            .json(body);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await.unwrap();
        let set = answer.headers().get("set-cookie").map_or("", |value| {
            value.to_str().unwrap().split(';').next().unwrap()
        });
        let (status, set) = (answer.status().as_u16(), set.to_owned());
        (status, answer.json().await.unwrap(), set)
    }

    async fn upload(&self, token: &Value, params: Value) -> (u16, Value) {
        let body = json!({"smile_client_id": "demo", "token": token, "partner_params": params});
        self.server
            .post(&self.http, "/v1/upload", &body)
            .await
            .unwrap()
    }
}

/// As a page reads a token.
fn params(answer: &Value) -> Value {
    let payload = answer["token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    claims["partner_params"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_given_its_own_users_only() {
    let demo = Demo::start();
    let register = json!({"name": "ada", "act": "register"});
    let (status, hers, cookie) = demo.token(None, &register).await;
    assert_eq!(status, 200, "{hers}");
    let login = json!({"name": "ada", "act": "login"});
    let (_, again, kept) = demo.token(Some(&cookie), &login).await;
    assert_eq!(cookie, kept);
    assert_eq!(params(&hers)["user_id"], params(&again)["user_id"]);
    assert_ne!(params(&hers)["job_id"], params(&again)["job_id"]);
    assert_eq!(
        (&params(&hers)["job_type"], &params(&again)["job_type"]),
        (&json!(4), &json!(2))
    );
    // A stranger's browser, whatever it says: by the same name, by naming the user, by a secret of its own making.
    let user = params(&hers)["user_id"].clone();
    for (cookie, body) in [
        (None, json!({"name": "ada", "act": "login"})),
        (
            None,
            json!({"name": "ada", "act": "login", "user_id": user, "job_id": "j", "allow_new_enroll": true}),
        ),
        (None, json!({"name": user, "act": "login"})),
        (
            Some("selfsame_demo=ada"),
            json!({"name": "ada", "act": "login"}),
        ),
        (
            Some("selfsame_demo=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            json!({"name": "ada", "act": "register"}),
        ),
    ] {
        let (status, answer, _) = demo.token(cookie, &body).await;
        assert_eq!(status, 200, "{answer}");
        assert_ne!(params(&answer)["user_id"], user, "{body}");
        // And the token cannot be turned towards her.
        let mut turned = params(&answer);
        turned["user_id"] = user.clone();
        let (status, answer) = demo.upload(&answer["token"], turned).await;
        assert_eq!((status, &answer["code"]), (403, &json!("2205")), "{answer}");
    }
    for body in [
        json!({"act": "login"}),
        json!({"name": " ", "act": "login"}),
        json!({"name": "ada", "act": "replace"}),
        json!({"user_id": user, "job_id": "j"}),
    ] {
        assert_eq!(demo.token(Some(&cookie), &body).await.0, 400, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_told_to_who_holds_the_token_of_the_demo() {
    let demo = Demo::start();
    let (_, answer, _) = demo
        .token(None, &json!({"name": "ada", "act": "register"}))
        .await;
    let status = async |token: &Value| {
        let (status, answer) = demo
            .server
            .post(&demo.http, "/demo/status", &json!({"token": token}))
            .await
            .unwrap();
        (status, answer["job_complete"].clone())
    };
    assert_eq!(status(&answer["token"]).await.0, 404, "not begun");
    let (prepared, body) = demo.upload(&answer["token"], params(&answer)).await;
    assert_eq!(prepared, 200, "{body}");
    assert_eq!(status(&answer["token"]).await, (200, json!(false)));
    // Another partner's token, and none.
    let mut own = demo.server.signed();
    for (name, value) in [
        ("partner_id", "p"),
        ("user_id", "u"),
        ("job_id", "j"),
        ("product", "authentication"),
    ] {
        own[name] = value.into();
    }
    let (_, other) = demo
        .server
        .post(&demo.http, "/v1/token", &own)
        .await
        .unwrap();
    assert_eq!(status(&other["token"]).await.0, 403);
    assert_eq!(status(&json!("x")).await.0, 403);
}
