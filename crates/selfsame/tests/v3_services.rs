//! What a client of v3 asks before it submits: lists for everybody, and what only the holder of a token is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use reqwest::Client;
use reqwest::multipart::{Form, Part};
use selfsame_wire::signature::ApiKey;
use serde_json::{Value, json};

use crate::support::{Server, add_partner, add_partner_with_production, http};

async fn get(server: &Server, http: &Client, path: &str, token: Option<&str>) -> (u16, Value) {
    let mut request = http.get(format!("{}{path}", server.base));
    if let Some(token) = token {
        request = request.header("SmileID-Token", token);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// A token that fixes what the form says.
async fn token(server: &Server, http: &Client, key: &ApiKey, form: Form) -> String {
    let request = http
        .post(format!("{}/v3/token", server.base))
        .header("smileid-partner-id", "p")
        .header("smileid-api-key", key.expose())
        .multipart(form);
    let made: Value = request.send().await.unwrap().json().await.unwrap();
    let token = made["token"].as_str();
    token.unwrap_or_else(|| panic!("{made}")).to_owned()
}

fn unbound() -> Form {
    Form::new().text("user_id", "ada")
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_open_and_their_filters_are_checked() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let open = async |path: &str| get(&server, &http, path, None).await;

    let (status, banks) = open("/v3/services/bank_codes?country=NG").await;
    assert_eq!(status, 200);
    let banks = banks["bank_codes"].as_array().unwrap();
    assert!(banks.contains(&json!({"code": "044", "country": "NG", "name": "Access Bank"})));
    assert!(banks.iter().all(|bank| bank["country"] == "NG"));

    let (status, types) = open("/v3/services/supported_id_types").await;
    assert_eq!(status, 200);
    let types = types["id_types"].as_array().unwrap();
    let of = |id_type: &str| {
        let rows = types.iter().filter(|row| row["country"] == "NG");
        rows.filter(|row| row["type"] == id_type)
            .collect::<Vec<_>>()
    };
    let required = [
        "country",
        "id_number",
        "id_type",
        "partner_id",
        "partner_params",
        "timestamp",
    ];
    assert_eq!(
        *of("NIN")[0],
        json!({"country": "NG", "type": "NIN", "label": "NIN", "regex": "^[0-9]{11}$", "required_fields": required})
    );
    let accounts = of("BANK_ACCOUNT");
    assert_eq!(accounts.len(), banks.len(), "one row for each bank");
    assert!(accounts.iter().all(|row| row["bank_code"].is_string()));
    assert!(of("BUSINESS_REGISTRATION").is_empty(), "no person's");

    // No document is verified, so none is listed, by any of the list's names.
    for path in [
        "/v3/services/supported_documents?continent=AFRICA&locale=fr-FR",
        "/v3/valid-documents?country_code=GH",
        "/v1/valid_documents",
    ] {
        let (status, documents) = open(path).await;
        assert_eq!((status, documents), (200, json!({"valid_documents": []})));
    }
    // Nothing is routed in production, so nothing is offered there.
    let (_, none) = open("/production/v3/services/supported_id_types").await;
    assert_eq!(none, json!({"id_types": []}));

    for (path, named) in [
        ("/v3/services/bank_codes?country=ng", "country"),
        ("/v3/services/supported_id_types?country=", "country"),
        (
            "/v3/services/supported_id_types?country=NG&country=GH",
            "query",
        ),
        (
            "/v3/services/supported_documents?continent=MOON",
            "continent",
        ),
        ("/v3/services/supported_documents?locale=en", "locale"),
        ("/v3/valid-documents?country_code=GHA", "country_code"),
    ] {
        let (status, error) = open(path).await;
        assert_eq!((status, &error["code"]), (400, &json!("2204")), "{path}");
        let text = error["error"].as_str().unwrap();
        assert!(text.contains(named) && !text.contains("MOON"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_tells_what_look_ups_came_to() {
    let data = tempfile::tempdir().unwrap();
    let (key, production) = add_partner_with_production(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let nin = "/v3/services/id_status?country=NG&id_type=NIN";
    let sandbox = token(&server, &http, &key, unbound()).await;
    let status = async |path: &str| get(&server, &http, path, Some(&sandbox)).await;

    assert_eq!(status(nin).await, (200, json!({})), "nobody has asked");
    // Joe Leo; nobody; an authority that is out of reach.
    for (at, (digit, answer, known, hour, last)) in [
        (0, "success", "online", "100%", "100%"),
        (1, "success", "online", "100%", "100%"),
        (3, "failure", "offline", "66%", "0%"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = server.signed();
        let asked = json!({
            "partner_id": "p", "partner_params": {"user_id": "ada", "job_id": format!("j{at}"), "job_type": 5},
            "country": "NG", "id_type": "NIN", "id_number": format!("0000000000{digit}"),
        });
        for (name, value) in asked.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (answered, _) = server
            .post(&http, "/v1/id_verification", &body)
            .await
            .unwrap();
        assert_eq!(answered, 200);
        let (_, told) = status("/v3/services/id_status?country=Nigeria&id_type=nin").await;
        assert_eq!(told["last_check_status"], answer);
        assert_eq!(told["last_known_status"], known);
        assert_eq!(told["last_hour_success_rate"], hour);
        assert_eq!(told["last_check_success_rate"], last);
        let checked = told["last_checked"].as_str().unwrap();
        assert!(checked.parse::<jiff::Timestamp>().is_ok(), "{checked}");
    }
    let other = "/v3/services/id_status?country=NG&id_type=BVN";
    assert_eq!(status(other).await, (200, json!({})), "types are apart");

    // Refusals are of v3's shape, the message first.
    for (path, expected) in [
        ("/v3/services/id_status?country=NG", 400),
        ("/v3/services/id_status?id_type=NIN", 400),
        ("/v3/services/id_status?country=FR&id_type=NIN", 400),
        ("/v3/services/id_status?country=NG&id_type=UNHEARD_OF", 400),
    ] {
        let (got, error) = status(path).await;
        assert_eq!(got, expected, "{path}: {error}");
        let names: Vec<&String> = error.as_object().unwrap().keys().collect();
        assert_eq!(names, ["message", "status"]);
    }
    let (got, error) = get(&server, &http, nin, None).await;
    assert_eq!((got, &error["status"]), (401, &json!("Unauthorized")));
    // No route leads anywhere in production.
    let production = token(&server, &http, &production, unbound()).await;
    let (got, error) = get(&server, &http, nin, Some(&production)).await;
    assert_eq!((got, &error["status"]), (404, &json!("Not Found")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_the_tokens_and_names_no_person() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let path = "/v3/services/config";
    let free = token(&server, &http, &key, unbound()).await;
    let (status, all) = get(&server, &http, path, Some(&free)).await;
    assert_eq!(status, 200, "{all}");
    let nigerian = all["idSelection"]["enhanced_kyc"]["NG"].as_array().unwrap();
    assert!(nigerian.contains(&json!("NIN")));
    assert_eq!(all["idSelection"]["doc_verification"], json!({}));
    assert_eq!(all["token_provided_fields"], json!([]));

    let payload = json!({
        "country": "NG", "id_type": "NIN", "id_number": "12345678901", "given_names": "Amina Fatou", "last_name": "Clearwater",
        "email": "amina.clearwater@example.com",
    });
    let payload = Part::text(payload.to_string()).mime_str("application/json");
    let form = unbound()
        .text("product", "enhanced_kyc")
        .part("payload", payload.unwrap());
    let bound = token(&server, &http, &key, form).await;
    let (status, told) = get(&server, &http, path, Some(&bound)).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["idSelection"]["enhanced_kyc"], json!({"NG": ["NIN"]}));
    assert_eq!(told["idSelection"]["biometric_kyc"], json!({}));
    assert_eq!(told["fields_to_collect"], json!([]));
    assert_eq!(
        told["token_provided_values"],
        json!({"country": "NG", "id_type": "NIN"})
    );
    let text = told.to_string();
    for personal in ["12345678901", "Amina", "Clearwater", "example.com"] {
        assert!(!text.contains(personal), "{personal}");
    }
    assert_eq!(get(&server, &http, path, None).await.0, 401);
    // The sandbox's token opens nothing in production.
    let elsewhere = format!("/production{path}");
    let (status, _) = get(&server, &http, &elsewhere, Some(&free)).await;
    assert_eq!(status, 401);
}
