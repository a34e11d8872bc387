//! v3: a token, every submission, what becomes of it, and what a client asks before; each answer as described.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::Description;
use crate::support::{Server, callbacks};

/// Somebody who calls v3.
struct V3<'a> {
    server: &'a Server,
    http: &'a Client,
    token: String,
    callback: String,
}

const NOT_SERVED: [&str; 6] = [
    "/v3/document_verification",
    "/v3/enhanced_document_verification",
    "/v3/residency_document_verification",
    "/v3/aml",
    "/v3/aml/sync",
    "/v3/address",
];

fn json_part(value: &Value) -> Part {
    let part = Part::text(value.to_string());
    part.mime_str("application/json").unwrap()
}

fn image(bytes: &[u8]) -> Part {
    let part = Part::bytes(bytes.to_vec()).file_name("a.jpg");
    part.mime_str("image/jpeg").unwrap()
}

impl V3<'_> {
    /// What every submission holds.
    fn form(&self, texts: &[(&'static str, &str)]) -> Form {
        let consent = json!({
            "granted": true, "granted_at": jiff::Timestamp::now().to_string(), "notice_language": "EN",
            "notice_privacy_policy_url": "https://partner.example/privacy",
        });
        let details = json!({"given_names": "Amina Fatou", "last_name": "Clearwater", "email": "amina.clearwater@example.com"});
        let form = Form::new()
            .part("consent", json_part(&consent))
            .part("user_details", json_part(&details))
            .part("partner_params", json_part(&json!({"order": "7"})))
            .text("callback_url", self.callback.clone());
        texts.iter().fold(form, |form, (name, text)| {
            form.text(*name, (*text).to_owned())
        })
    }

    /// The same with a selfie and frames.
    fn capture(&self, selfie: &[u8], texts: &[(&'static str, &str)]) -> Form {
        let form = self.form(texts).part("selfie_image", image(selfie));
        (0..8).fold(form, |form, _| form.part("liveness_images", image(selfie)))
    }

    async fn post(&self, d: &mut Description, path: &str, form: Form) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.server.base));
        let request = request.header("SmileID-Token", &self.token).multipart(form);
        d.check(Method::POST, path, request, None).await
    }

    /// Asks `asked`, which is described as `path`.
    async fn ask(
        &self,
        d: &mut Description,
        method: Method,
        path: &str,
        asked: &str,
    ) -> (u16, Value) {
        let url = format!("{}{asked}", self.server.base);
        let request = self.http.request(method.clone(), url);
        let request = request.header("SmileID-Token", &self.token);
        d.check(method, path, request, None).await
    }
}

pub(super) async fn story(d: &mut Description, server: &Server, http: &Client, photo: &[u8]) {
    let (callback, mut received) = callbacks().await;
    let nobody = http.post(format!("{}/v3/token", server.base));
    let nobody = nobody
        .header("smileid-partner-id", "p")
        .header("smileid-api-key", "not-the-key");
    assert_eq!(
        d.check(Method::POST, "/v3/token", nobody, None).await.0,
        401
    );
    let somebody = http.post(format!("{}/v3/token", server.base));
    let somebody = somebody
        .header("smileid-partner-id", "p")
        .header("smileid-api-key", server.key.expose());
    let (status, made) = d.check(Method::POST, "/v3/token", somebody, None).await;
    assert_eq!(status, 200, "{made}");
    let v3 = V3 {
        server,
        http,
        token: made["token"].as_str().unwrap().to_owned(),
        callback,
    };
    look_ups(d, &v3).await;
    submissions(d, &v3, photo).await;
    let job = jobs(d, &v3).await;
    let schema = json!({"$ref": "#/components/schemas/V3Webhook"});
    // Captures may have ended first.
    for _ in 0..8 {
        let told = tokio::time::timeout(Duration::from_secs(60), received.recv()).await;
        let body = told.unwrap().unwrap().body;
        let body: Value = serde_json::from_slice(&body).unwrap();
        d.hold(&schema, &body, "the webhook");
        if body["partner_params"]["job_id"] == job.as_str() {
            break;
        }
    }
    links(d, &v3).await;
}

async fn look_ups(d: &mut Description, v3: &V3<'_>) {
    for (path, query, wrong) in [
        ("/v3/services/bank_codes", "?country=NG", "?country=ng"),
        ("/v3/services/supported_id_types", "", "?country=NGA"),
        (
            "/v3/services/supported_documents",
            "?continent=NORTH%20AMERICA&locale=ar-EG",
            "?locale=en",
        ),
        ("/v3/valid-documents", "?country_code=GH", "?continent=MOON"),
        ("/v1/valid_documents", "", "?country_code=&country_code="),
    ] {
        for (query, expected) in [(query, 200), (wrong, 400)] {
            let asked = format!("{path}{query}");
            let (status, body) = v3.ask(d, Method::GET, path, &asked).await;
            assert_eq!(status, expected, "{asked}: {body}");
        }
    }
    for (path, query, expected) in [
        ("/v3/services/id_status", "?country=NG&id_type=NIN", 200),
        ("/v3/services/id_status", "?country=NG", 400),
        ("/v3/services/config", "", 200),
    ] {
        let asked = format!("{path}{query}");
        let (status, body) = v3.ask(d, Method::GET, path, &asked).await;
        assert_eq!(status, expected, "{asked}: {body}");
        let stranger = v3.http.get(format!("{}{asked}", v3.server.base));
        assert_eq!(d.check(Method::GET, path, stranger, None).await.0, 401);
    }
}

async fn submissions(d: &mut Description, v3: &V3<'_>, photo: &[u8]) {
    const NIN: [(&str, &str); 3] = [
        ("country", "NG"),
        ("id_type", "NIN"),
        ("id_number", "00000000000"),
    ];
    let compared = v3
        .capture(photo, &[("comparison_image_type", "PORTRAIT")])
        .part("comparison_image", image(photo));
    for (path, form) in [
        ("/v3/registration", v3.capture(photo, &[])),
        (
            "/v3/authentication",
            v3.capture(photo, &[("user_id", "ada")]),
        ),
        ("/v3/compare", compared),
        ("/v3/biometric_kyc", v3.capture(photo, &NIN)),
        ("/v3/enhanced_kyc", v3.form(&NIN)),
    ] {
        let (status, body) = v3.post(d, path, form).await;
        assert_eq!(status, 202, "{path}: {body}");
    }
    let (status, body) = v3.post(d, "/v3/enhanced_kyc/sync", v3.form(&NIN)).await;
    assert_eq!(status, 200, "{body}");
    for path in ["/v3/registration", "/v3/enhanced_kyc"] {
        let empty = Form::new().text("country", "NG");
        assert_eq!(v3.post(d, path, empty).await.0, 400, "{path}");
        let url = format!("{}{path}", v3.server.base);
        let json = v3.http.post(&url).header("SmileID-Token", &v3.token);
        let json = json.json(&json!({"country": "NG"}));
        assert_eq!(d.check(Method::POST, path, json, None).await.0, 415);
        let stranger = v3.http.post(&url).multipart(v3.form(&[]));
        assert_eq!(d.check(Method::POST, path, stranger, None).await.0, 401);
    }
    for path in NOT_SERVED {
        assert_eq!(v3.post(d, path, v3.form(&[])).await.0, 403, "{path}");
    }
}

/// Gives the name of a job that has ended, and whose webhook was sent.
async fn jobs(d: &mut Description, v3: &V3<'_>) -> String {
    const STATUS: &str = "/v3/status/{job_id}";
    const REPLAY: &str = "/v3/replay/{job_id}";
    let number = [
        ("country", "NG"),
        ("id_type", "NIN"),
        ("id_number", "00000000001"),
    ];
    let (_, accepted) = v3.post(d, "/v3/enhanced_kyc", v3.form(&number)).await;
    let job = accepted["job_id"].as_str().unwrap().to_owned();
    for tried in 0.. {
        let asked = format!("/v3/status/{job}");
        let (status, body) = v3.ask(d, Method::GET, STATUS, &asked).await;
        if status == 200 {
            break;
        }
        assert!(status == 202 && tried < 600, "{body}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let unknown = "job_01jd8qk3fxe1x8p2v5w7y9z0ab";
    for (name, expected) in [(unknown, 404), ("no-job", 400)] {
        let asked = format!("/v3/status/{name}");
        let (status, body) = v3.ask(d, Method::GET, STATUS, &asked).await;
        assert_eq!(status, expected, "{body}");
    }
    for (name, expected) in [(job.as_str(), 202), (unknown, 404), ("no-job", 400)] {
        let asked = format!("/v3/replay/{name}");
        let (status, body) = v3.ask(d, Method::POST, REPLAY, &asked).await;
        assert_eq!(status, expected, "{body}");
    }
    const REPORT: &str = "/v3/users/{user_id}/report_fraud";
    let report = |user: &str| {
        let form = Form::new()
            .text("is_fraud", "true")
            .text("reported_by", "risk@partner.example")
            .text("reason", "ACCOUNT_TAKEOVER");
        let url = format!("{}/v3/users/{user}/report_fraud", v3.server.base);
        let request = v3.http.post(url).header("SmileID-Token", &v3.token);
        request.multipart(form)
    };
    for (user, expected) in [("ada", 202), ("nobody-of-that-name", 404)] {
        let (status, body) = d.check(Method::POST, REPORT, report(user), None).await;
        assert_eq!(status, expected, "{body}");
    }
    job
}

async fn links(d: &mut Description, v3: &V3<'_>) {
    let id_types =
        json!([{"country": "NG", "id_type": "NIN", "verification_method": "enhanced_kyc"}]);
    let form = Form::new()
        .part("id_types", json_part(&id_types))
        .text("name", "Welcome")
        .text(
            "notice_privacy_policy_url",
            "https://partner.example/privacy",
        )
        .text("is_single_use", "true")
        .text("callback_url", v3.callback.clone());
    let (status, made) = v3.post(d, "/v3/smile_links", form).await;
    assert_eq!(status, 201, "{made}");
    let name = made["ref_id"].as_str().unwrap();
    let path = "/v3/smile_links/{ref_id}";
    for (name, expected) in [(name, 200), ("AAAAAAAAAAAAAAAAAAAAAA", 404)] {
        let asked = format!("/v3/smile_links/{name}");
        let (status, body) = v3.ask(d, Method::GET, path, &asked).await;
        assert_eq!(status, expected, "{body}");
    }
}
