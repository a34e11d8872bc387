//! Identities are looked up without a face: over v1, v2 and the command line's server, in the sandbox and at an operator's service.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, add_partner_with_production, callbacks, http};

/// A look-up's body, as smile-id-core sends it.
fn body(server: &Server, job: &str, job_type: u8, id: &Value) -> Value {
    let mut body = server.signed();
    body["partner_id"] = "p".into();
    body["partner_params"] =
        json!({"user_id": "ada", "job_id": job, "job_type": job_type, "kept": [1]});
    for (name, value) in id.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn nin(number: &str) -> Value {
    json!({"country": "NG", "id_type": "NIN", "id_number": number})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_answers_by_the_last_digit() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let http = http();
    for (digit, code, verified, returned) in [
        (0, "1012", "Verified", "Returned"),
        (1, "1013", "Not Verified", "Not Returned"),
        (2, "1014", "Not Verified", "Not Returned"),
        (3, "1015", "Issuer Unavailable", "Not Returned"),
        (4, "1012", "Verified", "Returned"),
    ] {
        let job = format!("job {digit}");
        let mut body = body(&server, &job, 5, &nin(&format!("0000000000{digit}")));
        body["partner_params"]["FullName"] = "Ada Obi".into();
        let (status, result) = server
            .post(&http, "/v1/id_verification", &body)
            .await
            .unwrap();
        assert_eq!(status, 200, "{result}");
        assert_eq!(result["ResultCode"], code, "{result}");
        assert_eq!(result["ResultType"], "ID Verification");
        assert_eq!(result["IsFinalResult"], "true");
        assert_eq!(result["Actions"]["Verify_ID_Number"], verified);
        assert_eq!(result["Actions"]["Return_Personal_Info"], returned);
        assert_eq!(result["Country"], "NG");
        assert_eq!(result["IDType"], "NIN");
        assert_eq!(result["IDNumber"], format!("0000000000{digit}"));
        assert_eq!(result["PartnerParams"]["kept"], json!([1]));
        let name = match digit {
            0 => "Joe Leo",
            4 => "Ada Obi",
            _ => "Not Available",
        };
        assert_eq!(result["FullName"], name);
        // It is a job like any other.
        let ended = server.ended(&http, "ada", &job).await;
        assert_eq!(ended["result"]["ResultCode"], code);
        assert_eq!(ended["job_success"], code == "1012");
        // The same request again is the same job.
        let (status, again) = server
            .post(&http, "/v1/id_verification", &body)
            .await
            .unwrap();
        assert_eq!(status, 200);
        assert_eq!(again["SmileJobID"], result["SmileJobID"]);
    }
    // Nothing of it is in the log.
    let log = std::fs::read_to_string(data.path().join("server.log")).unwrap();
    for personal in ["00000000000", "Joe", "Ada Obi", "2000-09-20"] {
        assert!(!log.contains(personal), "{personal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_result_comes_to_the_callback() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let (url, mut received) = callbacks().await;
    let http = http();
    let mut asked = body(&server, "later", 5, &nin("00000000000"));
    let (status, refused) = server
        .post(&http, "/v1/async_id_verification", &asked)
        .await
        .unwrap();
    assert_eq!(
        (status, &refused["code"]),
        (400, &json!("2213")),
        "{refused}"
    );
    asked["callback_url"] = url.clone().into();
    let (status, answer) = server
        .post(&http, "/v1/async_id_verification", &asked)
        .await
        .unwrap();
    assert_eq!((status, answer), (200, json!({"success": true})));
    let told: Value = serde_json::from_slice(&received.recv().await.unwrap().body).unwrap();
    assert_eq!(told["ResultCode"], "1012");
    assert_eq!(told["PartnerParams"]["job_id"], "later");
    assert!(told["signature"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_kyc_compares_and_tells_no_record() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    for (job, given, code, names) in [
        (
            "exact",
            json!({"first_name": "Joe", "last_name": "Leo", "dob": "2000-09-20"}),
            "1020",
            "Exact Match",
        ),
        (
            "turned",
            json!({"first_name": "Leo", "last_name": "Joe", "dob": "2000-09-20"}),
            "1021",
            "Transposed",
        ),
        (
            "other",
            json!({"first_name": "Ada", "last_name": "Obi", "dob": "1970-01-01"}),
            "1022",
            "No Match",
        ),
    ] {
        let mut id = nin("00000000000");
        for (name, value) in given.as_object().unwrap() {
            id[name] = value.clone();
        }
        let (status, result) = server
            .post(&http, "/v2/verify", &body(&server, job, 5, &id))
            .await
            .unwrap();
        assert_eq!(status, 200, "{result}");
        assert_eq!(result["ResultCode"], code, "{result}");
        assert_eq!(result["Actions"]["Names"], names, "{result}");
        assert!(
            result.get("FullName").is_none() && result.get("Photo").is_none(),
            "{result}"
        );
    }
    let unknown = body(&server, "unknown", 5, &nin("00000000001"));
    let (_, result) = server.post(&http, "/v2/verify", &unknown).await.unwrap();
    assert_eq!(result["ResultCode"], "1023", "{result}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_badly_is_told() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let refused = async |change: fn(&mut Value)| {
        let mut body = body(&server, "j", 5, &nin("00000000000"));
        change(&mut body);
        let (status, answer) = server
            .post(&http, "/v1/id_verification", &body)
            .await
            .unwrap();
        assert!(status >= 400, "{answer}");
        (status, answer["code"].as_str().unwrap().to_owned())
    };
    let invalid = |code: &str| (400, code.to_owned());
    assert_eq!(
        refused(|b| b["country"] = "Nigeria".into()).await,
        invalid("2204")
    );
    assert_eq!(
        refused(|b| b["id_number"] = Value::Null).await,
        invalid("2213")
    );
    assert_eq!(
        refused(|b| b["id_type"] = "a b".into()).await,
        invalid("2204")
    );
    assert_eq!(
        refused(|b| b["partner_params"]["job_type"] = 4.into()).await,
        invalid("2212")
    );
    assert_eq!(
        refused(|b| b["signature"] = "AAAA".into()).await,
        (403, "2205".to_owned())
    );
    // A passport of Nigeria needs names and the date of birth.
    let passport = json!({"country": "NG", "id_type": "PASSPORT", "id_number": "A00000000"});
    let (status, answer) = server
        .post(
            &http,
            "/v1/id_verification",
            &body(&server, "j", 5, &passport),
        )
        .await
        .unwrap();
    assert_eq!((status, &answer["code"]), (400, &json!("2213")), "{answer}");
    // What does not fit is a result, not a fault of the request.
    let unfit = body(&server, "unfit", 5, &nin("12"));
    let (status, answer) = server
        .post(&http, "/v1/id_verification", &unfit)
        .await
        .unwrap();
    assert_eq!(
        (status, &answer["ResultCode"]),
        (200, &json!("1014")),
        "{answer}"
    );
    // Type 5 has no package.
    let upload = server.upload_body("ada", "upload", 5, "");
    let (status, answer) = server.post(&http, "/v1/upload", &upload).await.unwrap();
    assert_eq!((status, &answer["code"]), (400, &json!("2212")), "{answer}");
}

/// An operator's own service: it fails, and comes back.
async fn service(failing: u32) -> (String, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let handler = move || {
        let before = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            if before < failing {
                return (StatusCode::SERVICE_UNAVAILABLE, axum::Json(json!({})));
            }
            (
                StatusCode::OK,
                axum::Json(json!({"person": {"name": "Ada Obi", "born": "1990-02-03"}})),
            )
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/{number}", axum::routing::get(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

/// The operator's file: where the service is, and for whom.
fn authorities(data: &std::path::Path, url: &str) -> String {
    let text = format!(
        r#"
        [authority.staff]
        kind = "http"
        url = "{url}/{{id_number}}"
        allow_plain_http = true
        attempts = 1
        failures = 1000
        open_for = "1s"
        answer.fields = {{ full_name = "/person/name", date_of_birth = "/person/born" }}
        answer.not_found = [{{ status = 404 }}]

        [[route]]
        authority = "staff"
        country = "NG"
        id_types = "NIN"
        "#
    );
    let path = data.join("authorities.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_own_service_is_asked_in_production_and_waited_for() {
    let data = tempfile::tempdir().unwrap();
    let (_, key) = add_partner_with_production(data.path());
    let (service, asked) = service(3).await;
    let file = authorities(data.path(), &service);
    let arguments = [
        "--allow-private-callbacks",
        "--allow-http-callbacks",
        "--authorities",
        &file,
    ];
    let server = Server::start(data.path(), &key, &arguments);
    let (url, mut received) = callbacks().await;
    let http = http();
    // A caller who waits is told at once.
    let now = body(&server, "now", 5, &nin("12345678901"));
    let (_, result) = server
        .post(&http, "/v1/id_verification", &now)
        .await
        .unwrap();
    assert_eq!(result["ResultCode"], "1015", "{result}");
    // A job waits, however often it takes.
    let mut later = body(&server, "later", 5, &nin("12345678901"));
    later["callback_url"] = url.into();
    let (status, answer) = server
        .post(&http, "/v1/async_id_verification", &later)
        .await
        .unwrap();
    assert_eq!(status, 200, "{answer}");
    let told: Value = serde_json::from_slice(&received.recv().await.unwrap().body).unwrap();
    assert_eq!(told["ResultCode"], "1012", "{told}");
    assert_eq!(
        (&told["FullName"], &told["DOB"]),
        (&json!("Ada Obi"), &json!("1990-02-03"))
    );
    assert_eq!(asked.load(Ordering::SeqCst), 4);
    // What no route leads to is not enabled; test numbers are for the sandbox.
    for (id, code) in [
        (
            json!({"country": "NG", "id_type": "BVN", "id_number": "12345678901"}),
            "1016",
        ),
        (nin("00000000000"), "1014"),
    ] {
        let other = body(&server, code, 5, &id);
        let (_, result) = server
            .post(&http, "/v1/id_verification", &other)
            .await
            .unwrap();
        assert_eq!(result["ResultCode"], code, "{result}");
    }
    // Who asked for what is on the audit's record, without the number.
    let dir = data.path().to_str().unwrap();
    drop(server);
    let audit = support::selfsame(&["audit", "--data", dir, "list"]);
    let looked_up: Vec<_> = audit
        .iter()
        .filter(|record| record["action"] == "identity_looked_up")
        .collect();
    assert_eq!(looked_up.len(), 4, "{audit:?}");
    let text = json!(audit).to_string();
    assert!(
        !text.contains("12345678901") && !text.contains("Obi"),
        "{text}"
    );
}
