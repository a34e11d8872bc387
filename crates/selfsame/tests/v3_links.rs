//! Links: a partner makes one, a person opens it, and what is done there is one job, whoever else has the link.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

mod tokens;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response};
use selfsame_wire::signature::ApiKey;
use serde_json::{Value, json};

use crate::support::{
    Server, add_partner, add_partner_with_production, callbacks, http, link_pages, store,
};

const BVN: &str = r#"[{"country":"NG","id_type":"BVN","verification_method":"enhanced_kyc"}]"#;

struct Service {
    server: Server,
    http: Client,
    /// The partner's token, bound to nothing.
    token: String,
    data: tempfile::TempDir,
}

impl Service {
    async fn start(more: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let key = add_partner(data.path());
        let pages = link_pages(data.path());
        let arguments = [
            &["--link-pages", &pages, "--failed-auth-rate", "0"][..],
            more,
        ]
        .concat();
        let server = Server::start(data.path(), &key, &arguments);
        let http = http();
        let token = token(&server, &http, &key, None).await;
        Self {
            server,
            http,
            token,
            data,
        }
    }

    async fn make(&self, parts: &[(&str, &str)]) -> (u16, Value) {
        let mut all = vec![
            ("id_types", BVN),
            ("name", "Shop"),
            ("notice_privacy_policy_url", "https://shop.example/p"),
        ];
        all.retain(|(name, _)| parts.iter().all(|(other, _)| other != name));
        all.extend(parts);
        self.make_by(&self.token, &all).await
    }

    async fn make_by(&self, token: &str, parts: &[(&str, &str)]) -> (u16, Value) {
        let form = parts.iter().fold(Form::new(), |form, (name, text)| {
            form.part((*name).to_owned(), Part::text((*text).to_owned()))
        });
        let answer = self
            .http
            .post(format!("{}/v3/smile_links", self.server.base))
            .header("smileid-token", token)
            .multipart(form)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A link that was made: its address and its name.
    async fn made(&self, parts: &[(&str, &str)]) -> (String, String) {
        let (status, made) = self.make(parts).await;
        assert_eq!(status, 201, "{made}");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("link"), text("ref_id"))
    }

    async fn open(&self, link: &str) -> Response {
        self.http.get(link).send().await.unwrap()
    }

    async fn told(&self, reference: &str) -> (u16, Value) {
        let answer = self
            .http
            .get(format!("{}/v3/smile_links/{reference}", self.server.base))
            .header("smileid-token", &self.token)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// What the page asks for once the person has chosen.
    async fn token_at(&self, link: &str, id_type: &str) -> (u16, Value) {
        let answer = self
            .http
            .post(format!("{link}/token"))
            .json(&json!({"country": "NG", "id_type": id_type}))
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// What the page sends once the person has typed in a number.
    async fn look_up(&self, minted: &Value, id_type: &str) -> (u16, Value) {
        let names =
            json!({"user_id": minted["user_id"], "job_id": minted["job_id"], "job_type": 5});
        let body = json!({
            "partner_id": "p", "token": minted["token"], "partner_params": names,
            "country": "NG", "id_type": id_type, "id_number": "00000000000",
            "consent_information": {"consented": {"personal_details": true}},
        });
        let path = "/sandbox/v1/async_id_verification";
        self.server.post(&self.http, path, &body).await.unwrap()
    }
}

/// A token as usesmileid asks for one; with a product it is bound to that.
async fn token(server: &Server, http: &Client, key: &ApiKey, product: Option<&str>) -> String {
    let mut request = http
        .post(format!("{}/v3/token", server.base))
        .header("smileid-partner-id", "p")
        .header("smileid-api-key", key.expose());
    if let Some(product) = product {
        request = request.multipart(Form::new().text("product", product.to_owned()));
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(status, 200, "{answer}");
    answer["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_is_begun_at_a_link_that_is_good_for_one() {
    let service = Service::start(&["--allow-private-callbacks"]).await;
    let (url, mut received) = callbacks().await;
    let (link, reference) = service
        .made(&[
            ("is_single_use", "true"),
            ("callback_url", &url),
            ("user_id", "ada"),
            ("partner_params", r#"{"order":"7"}"#),
        ])
        .await;
    assert_eq!(link, format!("{}/links/{reference}", service.server.base));
    let (status, told) = service.told(&reference).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(
        (&told["status"], &told["uses"]),
        (&json!("open"), &json!(0))
    );
    assert_eq!(
        (&told["user_id"], &told["link"]),
        (&json!("ada"), &json!(link))
    );

    // Two open it, and opening uses nothing up.
    assert_eq!(service.open(&link).await.status().as_u16(), 200);
    let (_, first) = service.token_at(&link, "BVN").await;
    let (status, second) = service.token_at(&link, "BVN").await;
    assert_eq!(status, 200, "{second}");
    assert_eq!(
        (&first["user_id"], &second["user_id"]),
        (&json!("ada"), &json!("ada"))
    );
    assert_ne!(first["job_id"], second["job_id"]);
    assert!(first["job_id"].as_str().unwrap().starts_with("job_"));
    // What was not chosen is not looked up, whatever the page says.
    let (status, refused) = service.look_up(&first, "NIN").await;
    assert_eq!(status, 403, "{refused}");
    let (status, _) = service.token_at(&link, "NIN").await;
    assert_eq!(status, 400, "the link does not name it");

    let (status, sent) = service.look_up(&first, "BVN").await;
    assert_eq!((status, &sent), (200, &json!({"success": true})));
    let (status, refused) = service.look_up(&second, "BVN").await;
    assert_eq!(status, 410, "{refused}");
    received
        .recv()
        .await
        .expect("the result comes to the link's callback");
    let page = service.open(&link).await;
    assert_eq!(page.status().as_u16(), 410);
    assert!(page.text().await.unwrap().contains("used already"));
    assert_eq!(service.token_at(&link, "BVN").await.0, 410);
    let (_, told) = service.told(&reference).await;
    assert_eq!(
        (&told["status"], &told["uses"]),
        (&json!("used"), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_many_makes_a_user_and_a_job_for_each() {
    let service = Service::start(&[]).await;
    let (status, made) = service.make(&[]).await;
    assert_eq!((status, &made["user_id"]), (201, &Value::Null));
    let link = made["link"].as_str().unwrap();
    let mut users = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let (_, minted) = service.token_at(link, "BVN").await;
        users.insert(minted["user_id"].as_str().unwrap().to_owned());
        assert_eq!(service.look_up(&minted, "BVN").await.0, 200);
    }
    assert_eq!(users.len(), 3);
    let (_, told) = service.told(made["ref_id"].as_str().unwrap()).await;
    assert_eq!(
        (&told["status"], &told["uses"]),
        (&json!("open"), &json!(3))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_what_its_partner_wrote_as_text_and_asks_nobody_else() {
    let service = Service::start(&[]).await;
    let (link, reference) = service
        .made(&[
            ("name", "<script>alert(1)</script>"),
            ("description", "\"><img src=x onerror=alert(1)>"),
            ("logo_url", "https://img.example/logo.png"),
            ("redirect_url", "https://shop.example/thanks"),
            ("theme_color", "#7A1FA2"),
        ])
        .await;
    let page = service.open(&link).await;
    let header = |name: &str| {
        let value = page
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    };
    let policy = header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "img-src 'self' blob:",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    for wide in ["unsafe-inline", "img.example", "*", "http"] {
        assert!(!policy.contains(wide), "{policy}");
    }
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("access-control-allow-origin").is_empty());
    assert!(header("content-type").starts_with("text/html"));
    let html = page.text().await.unwrap();
    assert_eq!(html.matches("<script").count(), 1, "{html}");
    assert!(
        !html.contains("<img") && !html.contains("img.example"),
        "{html}"
    );
    assert!(html.contains("shop.example/thanks") && html.contains("#7a1fa2"));
    assert!(
        !html.contains(&service.token),
        "no token of the partner's is in it"
    );

    // What the page is made of, and nothing else of that folder.
    let file = async |name: &str| {
        let url = format!("{}/capture/{name}", service.server.base);
        service
            .http
            .get(url)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    for name in [
        "selfsame-link.js",
        "selfsame-link.css",
        "engine.wasm",
        "detector.onnx",
    ] {
        assert_eq!(file(name).await, 200, "{name}");
    }
    for name in ["", "index.html", "../server.log", "%2e%2e/server.log"] {
        assert_eq!(file(name).await, 404, "{name}");
    }
    // Another site's page gets no token.
    let foreign = service
        .http
        .post(format!("{link}/token"))
        .header("origin", "https://other.example")
        .header("sec-fetch-site", "cross-site")
        .json(&json!({"country": "NG", "id_type": "BVN"}))
        .send();
    assert_eq!(foreign.await.unwrap().status().as_u16(), 403);
    // Names that are nearly right, and what is no name.
    let near = format!("{}A", &reference[..21]);
    for name in [near.as_str(), "x", "..%2f..", &reference.to_uppercase()] {
        if name == reference {
            continue;
        }
        let url = format!("{}/links/{name}", service.server.base);
        assert_eq!(service.open(&url).await.status().as_u16(), 404, "{name}");
        assert_eq!(service.told(name).await.0, 404, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_has_expired_opens_nothing_and_frees_its_user() {
    let service = Service::start(&[]).await;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let (link, reference) = service
        .made(&[("user_id", "ada"), ("expires_at", &soon.to_string())])
        .await;
    let (status, refused) = service.make(&[("user_id", "ada")]).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["status"], "Conflict");
    let (_, minted) = service.token_at(&link, "BVN").await;
    assert_eq!(service.open(&link).await.status().as_u16(), 200);
    // The hour passes in the server's records.
    let passes = "UPDATE smile_links SET expires_at = expires_at - 3600000000";
    store::execute(service.data.path(), passes).await;
    let page = service.open(&link).await;
    assert_eq!(page.status().as_u16(), 410);
    assert!(page.text().await.unwrap().contains("has expired"));
    assert_eq!(service.told(&reference).await.1["status"], "expired");
    assert_eq!(service.token_at(&link, "BVN").await.0, 410);
    // A token from before lives longer than the link, and opens nothing either.
    assert_eq!(service.look_up(&minted, "BVN").await.0, 410);
    assert_eq!(service.make(&[("user_id", "ada")]).await.0, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_asked_is_refused_with_the_reason() {
    let service = Service::start(&[]).await;
    let of = |id_type: &str, method: &str| {
        json!([{"country": "NG", "id_type": id_type, "verification_method": method}]).to_string()
    };
    for (id_type, method, status, named) in [
        ("PASSPORT", "doc_verification", 403, "doc_verification"),
        (
            "NIN",
            "enhanced_document_verification",
            403,
            "not performed",
        ),
        ("NO_SUCH", "biometric_kyc", 403, "not enabled"),
        ("BVN_MFA", "biometric_kyc", 403, "session_id"),
        ("NIN", "smartselfie", 400, "verification_method"),
    ] {
        let (answered, refused) = service.make(&[("id_types", &of(id_type, method))]).await;
        assert_eq!(answered, status, "{refused}");
        assert!(
            refused["message"].as_str().unwrap().contains(named),
            "{refused}"
        );
        assert_eq!(
            refused["status"],
            if status == 403 {
                "Forbidden"
            } else {
                "Bad Request"
            }
        );
    }
    for (name, value) in [
        ("redirect_url", "http://shop.example"),
        ("redirect_url", "javascript:alert(1)"),
        ("theme_color", "red"),
        ("expires_at", "2001-01-01T00:00:00Z"),
        ("callback_url", "https://127.0.0.1/"),
        ("name", ""),
    ] {
        let (status, refused) = service.make(&[(name, value)]).await;
        assert_eq!(status, 400, "{name}: {refused}");
        assert!(
            refused["message"].as_str().unwrap().contains(name),
            "{refused}"
        );
    }
    // A token that a browser or an app may hold makes no links.
    let key = &service.server.key;
    let bound = token(&service.server, &service.http, key, Some("biometric_kyc")).await;
    let all = [
        ("id_types", BVN),
        ("name", "Shop"),
        ("notice_privacy_policy_url", "https://shop.example/p"),
    ];
    for (token, status) in [(bound.as_str(), 403), ("nonsense", 401), ("", 401)] {
        let (answered, refused) = service.make_by(token, &all).await;
        assert_eq!(answered, status, "{refused}");
    }
    let json = service
        .http
        .post(format!("{}/v3/smile_links", service.server.base))
        .header("smileid-token", &service.token)
        .json(&json!({"name": "Shop"}))
        .send();
    assert_eq!(json.await.unwrap().status().as_u16(), 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_one_environment_is_unknown_in_the_other() {
    let data = tempfile::tempdir().unwrap();
    let (sandbox, production) = add_partner_with_production(data.path());
    let pages = link_pages(data.path());
    let server = Server::start(data.path(), &sandbox, &["--link-pages", &pages]);
    let http = http();
    let in_sandbox = token(&server, &http, &sandbox, None).await;
    let in_production = token(&server, &http, &production, None).await;
    let service = Service {
        server,
        http,
        token: in_sandbox,
        data,
    };
    let (link, reference) = service.made(&[]).await;
    let elsewhere = service
        .http
        .get(format!(
            "{}/v3/smile_links/{reference}",
            service.server.base
        ))
        .header("smileid-token", &in_production)
        .send();
    assert_eq!(elsewhere.await.unwrap().status().as_u16(), 404);
    // The page's token is for the sandbox, and nobody is looked up in production by it.
    let (_, minted) = service.token_at(&link, "BVN").await;
    let names = json!({"user_id": minted["user_id"], "job_id": minted["job_id"], "job_type": 5});
    let body = json!({
        "partner_id": "p", "token": minted["token"], "partner_params": names,
        "country": "NG", "id_type": "BVN", "id_number": "00000000000",
    });
    let path = "/production/v1/async_id_verification";
    let (status, refused) = service
        .server
        .post(&service.http, path, &body)
        .await
        .unwrap();
    assert_eq!(status, 403, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_the_pages_says_so() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let token = token(&server, &http, &key, None).await;
    let service = Service {
        server,
        http,
        token,
        data,
    };
    let (status, refused) = service.make(&[]).await;
    assert_eq!(status, 403);
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("--link-pages"),
        "{refused}"
    );
    let url = format!("{}/links/AAAAAAAAAAAAAAAAAAAAAA", service.server.base);
    let page = service.open(&url).await;
    assert_eq!(page.status().as_u16(), 404);
    assert!(page.text().await.unwrap().contains("--link-pages"));
}
