//! The calls of the public web embed where it looks identities up, in their order: token, what is offered, the job. Its own script
//! is fetched from its makers, with a module that computes a MAC; neither is here, so the calls are made as it makes them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::support::{Server, add_partner, callbacks, http};

const ORIGIN: &str = "https://shop.example";

/// A page of another origin.
struct Page<'s> {
    server: &'s Server,
    http: Client,
}

impl Page<'_> {
    /// As a browser does: asks whether it may, then does.
    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.server.base);
        let asked = self
            .http
            .request(Method::OPTIONS, &url)
            .header("origin", ORIGIN)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "content-type,smileid-request-mac,smileid-request-timestamp,smileid-partner-id",
            )
            .send()
            .await
            .unwrap();
        let allowed = |name: &str| {
            let value = asked.headers().get(name)?.to_str().ok()?;
            Some(value.to_ascii_lowercase())
        };
        let origin = allowed("access-control-allow-origin").unwrap_or_default();
        assert!(origin == "*" || origin == ORIGIN, "{path}: {origin:?}");
        let headers = allowed("access-control-allow-headers").unwrap();
        assert!(headers.contains("smileid-request-mac"), "{path}: {headers}");
        let answer = self
            .http
            .post(&url)
            .header("origin", ORIGIN)
            .header("smileid-partner-id", "p")
            .header("smileid-request-mac", "bWFj")
            .json(body)
            .send()
            .await
            .unwrap();
        assert!(answer.headers().contains_key("access-control-allow-origin"));
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// A token, as the partner's service asks for it.
async fn token(server: &Server, http: &Client, product: &str, job: &str, callback: &str) -> String {
    let mut body = server.signed();
    for (name, value) in [
        ("partner_id", "p"),
        ("user_id", "ada"),
        ("job_id", job),
        ("product", product),
        ("callback_url", callback),
    ] {
        body[name] = value.into();
    }
    let (status, answer) = server.post(http, "/v1/token", &body).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    answer["token"].as_str().unwrap().to_owned()
}

/// What the page reads of it.
fn partner_params(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
    let claims: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    claims["partner_params"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_chooses_from_what_is_offered_and_asks_with_its_token() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let (url, mut received) = callbacks().await;
    let page = Page {
        server: &server,
        http: http(),
    };
    for (product, path, code, told) in [
        (
            "enhanced_kyc",
            "/v1/async_id_verification",
            "1012",
            "FullName",
        ),
        ("basic_kyc", "/v2/verify_async", "1020", "Actions"),
        (
            "identity_verification",
            "/v2/verify_async",
            "1020",
            "Actions",
        ),
    ] {
        let token = token(&server, &page.http, product, product, &url).await;
        let params = partner_params(&token);
        assert_eq!(params["job_type"], 5);
        let asked = json!({"partner_id": "p", "token": token, "partner_params": params});
        let (status, config) = page.post("/v1/products_config", &asked).await;
        assert_eq!(status, 200, "{config}");
        let list = if product == "enhanced_kyc" {
            product
        } else {
            "basic_kyc"
        };
        let offered = config["idSelection"][list]["NG"].as_array().unwrap();
        assert!(offered.contains(&json!("NIN")), "{config}");
        assert_eq!(config["consentRequired"]["NG"], json!(["BVN_MFA"]));
        let services = page
            .http
            .get(format!("{}/v1/services?locale=fr-FR", server.base))
            .header("origin", ORIGIN)
            .send()
            .await
            .unwrap();
        assert!(
            services
                .headers()
                .contains_key("access-control-allow-origin")
        );
        let services: Value = services.json().await.unwrap();
        let nigeria = &services["hosted_web"][list]["NG"];
        assert_eq!(nigeria["name"], "Nigéria");
        let nin = &nigeria["id_types"]["NIN"];
        let (number, pattern) = (&nin["test_data"], &nin["id_number_regex"]);
        assert_eq!(
            (number, pattern),
            (&json!("00000000000"), &json!("^[0-9]{11}$"))
        );

        let look_up = json!({
            "token": token, "partner_id": "p", "partner_params": params, "callback_url": "https://page.example/",
            "country": "NG", "id_type": "NIN", "id_number": number, "first_name": "Joe", "last_name": "Leo",
            "dob": "2000-09-20", "day": "20", "month": "09", "year": "2000", "source_sdk": "hosted_web",
            "source_sdk_version": "v1.1.0",
        });
        // Nobody else's job, no other product, no result forced that the token does not force.
        for (change, value) in [
            ("/partner_params/user_id", json!("bob")),
            ("/partner_params/job_id", json!("another")),
            ("/token", json!(format!("{token}x"))),
        ] {
            let mut other = look_up.clone();
            *other.pointer_mut(change).unwrap() = value;
            let (status, answer) = page.post(path, &other).await;
            assert_eq!(
                (status, &answer["code"]),
                (403, &json!("2205")),
                "{change}: {answer}"
            );
        }
        // The page's header names the partner, too: two partners in one request are no credentials at all.
        let mut other = look_up.clone();
        other["partner_id"] = "q".into();
        let (status, answer) = page.post(path, &other).await;
        assert_eq!((status, &answer["code"]), (400, &json!("2204")), "{answer}");
        let mut forced = look_up.clone();
        forced["sandbox_result"] = "1013".into();
        assert_eq!(page.post(path, &forced).await.0, 403);
        let other_path = match path {
            "/v2/verify_async" => "/v1/async_id_verification",
            _ => "/v2/verify_async",
        };
        let (status, answer) = page.post(other_path, &look_up).await;
        assert_eq!(status, 403, "{answer}");
        // The record is not the page's: the form that answers with it takes no token.
        let synchronous = match path {
            "/v2/verify_async" => "/v2/verify",
            _ => "/v1/id_verification",
        };
        let answered = server.post(&page.http, synchronous, &look_up).await;
        let (status, answer) = answered.unwrap();
        assert_eq!((status, &answer["code"]), (403, &json!("2205")), "{answer}");
        assert!(
            answer.get("signature").is_none() && answer.get("FullName").is_none(),
            "{answer}"
        );

        let (status, answer) = page.post(path, &look_up).await;
        assert_eq!((status, &answer), (200, &json!({"success": true})));
        let called: Value = serde_json::from_slice(&received.recv().await.unwrap()).unwrap();
        assert_eq!(called["ResultCode"], code, "{called}");
        assert_eq!(called["PartnerParams"]["job_id"], product);
        assert!(!called[told].is_null(), "{called}");
        // The token is good for one job.
        let mut again = look_up.clone();
        again["id_number"] = "00000000004".into();
        let (_, answer) = page.post(path, &again).await;
        assert_eq!(answer["code"], "2215", "{answer}");
    }
    // What needs the API key stays closed to pages.
    for path in [
        "/v1/id_verification",
        "/v2/verify",
        "/v1/business_verification",
    ] {
        let asked = page
            .http
            .request(Method::OPTIONS, format!("{}{path}", server.base))
            .header("origin", ORIGIN)
            .header("access-control-request-method", "POST")
            .send()
            .await
            .unwrap();
        assert!(
            !asked.headers().contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
}
