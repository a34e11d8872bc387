//! What the server signs for a receiver to check opens nothing when the receiver sends it back.

use reqwest::multipart::{Form, Part};
use selfsame_wire::info::ImageRole;
use selfsame_wire::package::PackageBuilder;
use serde_json::{Value, json};

use crate::support::{Server, add_partner, callbacks, http, package, photographs, selfsame};

/// The signatures that a partner's receiver gets to see: of the callback, and of `job_status` and all that is in it.
async fn received(server: &Server, http: &reqwest::Client, selfie: &[u8]) -> Vec<(String, Value)> {
    let (url, mut callbacks) = callbacks().await;
    let body = server.upload_body("ada", "j1", 4, &url);
    server.run(http, &body, package(selfie)).await;
    let called: Value = serde_json::from_slice(&callbacks.recv().await.unwrap()).unwrap();
    let mut question = server.signed();
    for (name, value) in [
        ("partner_id", json!("p")),
        ("user_id", json!("ada")),
        ("job_id", json!("j1")),
        ("history", json!(true)),
    ] {
        question[name] = value;
    }
    let (_, status) = server
        .post(http, "/v1/job_status", &question)
        .await
        .unwrap();
    vec![
        ("the callback".to_owned(), called),
        ("the result".to_owned(), status["result"].clone()),
        ("the history".to_owned(), status["history"][0].clone()),
        ("job_status".to_owned(), status),
    ]
}

fn with_proof(mut body: Value, proof: &Value) -> Value {
    body["timestamp"] = proof["timestamp"].clone();
    body["signature"] = proof["signature"].clone();
    body
}

/// Sends the proof everywhere that a signature is checked; gives the status of each answer.
async fn sent_everywhere(
    server: &Server,
    http: &reqwest::Client,
    proof: &Value,
    job: &str,
) -> Vec<(&'static str, u16, Value)> {
    let whole = json!({
        "partner_id": "p", "smile_client_id": "p", "user_id": "ada", "job_id": job, "product": "authentication",
        "partner_params": {"user_id": "ada", "job_id": job, "job_type": 2},
    });
    let mut answers = Vec::new();
    for path in [
        "/v1/upload",
        "/v1/job_status",
        "/v1/token",
        "/v1/products_config",
        "/v1/valid_documents",
        "/sandbox/v1/upload",
    ] {
        let (status, answer) = server
            .post(http, path, &with_proof(whole.clone(), proof))
            .await
            .unwrap();
        answers.push((path, status, answer));
    }
    for path in ["/v2/smart-selfie-enroll", "/v2/smart-selfie-authentication"] {
        let form = Form::new()
            .part("selfie_image", Part::bytes(vec![1]).file_name("a.jpg"))
            .text("user_id", "ada");
        let answer = http
            .post(format!("{}{path}", server.base))
            .header("SmileID-Partner-ID", "p")
            .header("SmileID-Timestamp", proof["timestamp"].as_str().unwrap())
            .header(
                "SmileID-Request-Signature",
                proof["signature"].as_str().unwrap(),
            )
            .multipart(form)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        answers.push((path, status, answer.json().await.unwrap()));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_gets_authorises_nothing() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let more = ["--allow-private-callbacks", "--failed-auth-rate", "0"];
    let server = Server::start_for_stills(data.path(), &key, &more);
    let http = http();
    for (what, proof) in received(&server, &http, &photo).await {
        // Right for who holds the key, as every public client checks it.
        assert!(
            selfsame_wire::signature::verify_answer(
                &key,
                &crate::support::partner(),
                proof["timestamp"].as_str().unwrap(),
                proof["signature"].as_str().unwrap(),
            ),
            "{what}"
        );
        for (path, status, answer) in sent_everywhere(&server, &http, &proof, "stolen").await {
            assert_eq!(status, 403, "{what} at {path}: {answer}");
            assert_eq!(answer["code"], "2205", "{what} at {path}");
            let text = answer["error"].as_str().unwrap();
            assert!(text.contains("of an answer or a callback"), "{text}");
        }
        // Inside a package that was prepared by somebody else's means.
        let url = server.prepare(&http, "ada", &what, 2).await;
        let params = serde_json::from_value(json!({"x": 1})).unwrap();
        let inside = PackageBuilder::new(params)
            .misc("timestamp", proof["timestamp"].as_str().unwrap())
            .misc("signature", proof["signature"].as_str().unwrap())
            .image(ImageRole::Selfie, photo.clone())
            .build()
            .unwrap();
        http.put(url).body(inside).send().await.unwrap();
        let ended = server.ended(&http, "ada", &what).await;
        assert_eq!(ended["result"]["ResultCode"], "0001", "{ended}");
    }
    // The same requests with a request's signature are served: it is the signature that was refused.
    for (path, status, answer) in sent_everywhere(&server, &http, &server.signed(), "own").await {
        assert_ne!(status, 403, "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_app_gets_from_auth_smile_is_a_credential_for_what_apps_do() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &[]);
    let http = http();
    let config = selfsame(&[
        "partner",
        "--data",
        data.path().to_str().unwrap(),
        "mobile-config",
        "--id",
        "p",
        "--server",
        &server.base,
    ]);
    let ask = json!({"partner_id": "p", "auth_token": config[0]["auth_token"], "production": false, "job_type": 4});
    let (_, proof) = server.post(&http, "/v1/auth_smile", &ask).await.unwrap();
    let upload = json!({"smile_client_id": "p", "partner_params": {"user_id": "ada", "job_id": "j", "job_type": 4}});
    let (status, answer) = server
        .post(&http, "/v1/upload", &with_proof(upload, &proof))
        .await
        .unwrap();
    assert_eq!(status, 200, "{answer}");
    // No app asks for web tokens.
    let ask =
        json!({"partner_id": "p", "user_id": "ada", "job_id": "j", "product": "authentication"});
    let (status, answer) = server
        .post(&http, "/v1/token", &with_proof(ask, &proof))
        .await
        .unwrap();
    assert_eq!((status, &answer["code"]), (403, &json!("2205")), "{answer}");
}
