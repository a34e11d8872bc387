//! The mobile SDKs' sequences, with bodies as their serialisers write them: Android (Moshi) leaves out what is null and
//! keeps the order of its classes, iOS sorts keys and writes every default.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::io::{Cursor, Write as _};
use std::path::Path;

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{Server, add_partner, http, photographs, selfsame};

/// The `smile_config.json` that an app is built with.
fn config(data: &Path, environment: &str) -> Value {
    let data = data.to_str().unwrap();
    let server = "https://selfie.example";
    let arguments = [
        "partner",
        "--data",
        data,
        "mobile-config",
        "--id",
        "p",
        "--environment",
        environment,
        "--server",
        server,
    ];
    selfsame(&arguments).remove(0)
}

struct Phone {
    http: reqwest::Client,
    base: String,
    auth_token: String,
}

impl Phone {
    async fn send(&self, path: &str, body: String) -> (u16, Value) {
        let answer = self
            .http
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/json; charset=UTF-8")
            .header("SmileID-Partner-ID", "p")
            .header("SmileID-Source-SDK", "android")
            .header("SmileID-Source-SDK-Version", "11.1.2")
            .header("SmileID-Request-Mac", "bWFj")
            .body(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn authenticate(&self, body: String) -> Value {
        let (status, answer) = self.send("/v1/auth_smile", body).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["success"], true);
        answer
    }
}

fn zip(info: &str, images: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let deflated = zip::write::SimpleFileOptions::default();
    let security = br#"{"timestamp":"2026-01-31T12:00:00.000Z","mac":"bWFj"}"#;
    let first: [(&str, &[u8]); 2] = [
        ("info.json", info.as_bytes()),
        ("security_info.json", security),
    ];
    for (name, bytes) in first.iter().chain(images) {
        zip.start_file(*name, deflated).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const METADATA: &str = r#"[{"name":"sdk","value":"android"},{"name":"sdk_version","value":"11.1.2"},{"name":"camera_facing","value":"front_facing"},{"name":"selfie_capture_duration_ms","value":4321},{"name":"network_retries","value":0},{"name":"proxy_detected","value":false}]"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_android_app_registers_and_authenticates() {
    let Some([photo, same, _, other]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &[]);
    let config = config(data.path(), "sandbox");
    assert_eq!(config["test_lambda_url"], "https://selfie.example/v1/");
    let phone = Phone {
        http: http(),
        base: server.base.clone(),
        auth_token: config["auth_token"].as_str().unwrap().to_owned(),
    };
    for (job, job_type, selfie, code) in [
        ("job-1", 4, &photo, "0840"),
        ("job-2", 2, &same, "0820"),
        ("job-3", 2, &other, "0821"),
    ] {
        let auth = phone.authenticate(format!(
            r#"{{"job_type":{job_type},"enrollment":{},"job_id":"{job}","user_id":"user-1","signature":true,"production":false,"partner_id":"p","auth_token":"{}"}}"#,
            job_type == 4, phone.auth_token,
        )).await;
        assert_eq!(
            auth["partner_params"],
            json!({"job_id": job, "user_id": "user-1", "job_type": job_type})
        );
        let (timestamp, signature) = (&auth["timestamp"], &auth["signature"]);
        let (status, prepared) = phone.send("/v1/upload", format!(
            r#"{{"partner_params":{{"flow":"sign up","job_id":"{job}","user_id":"user-1","job_type":{job_type}}},"callback_url":"","allow_new_enroll":false,"smile_client_id":"p","metadata":{METADATA},"source_sdk":"android","source_sdk_version":"11.1.2","timestamp":{timestamp},"signature":{signature}}}"#
        )).await;
        assert_eq!(status, 200, "{prepared}");
        for field in ["code", "ref_id", "upload_url", "smile_job_id"] {
            assert!(prepared[field].is_string(), "{field}");
        }
        let info = r#"{"images":[{"image_type_id":"0","file_name":"si_selfie_1.jpg"},{"image_type_id":"4","file_name":"si_liveness_1.jpg"},{"image_type_id":"4","file_name":"si_liveness_2.jpg"}]}"#;
        let images: [(&str, &[u8]); 3] = [
            ("si_selfie_1.jpg", selfie),
            ("si_liveness_1.jpg", selfie),
            ("si_liveness_2.jpg", selfie),
        ];
        let put = phone
            .http
            .put(prepared["upload_url"].as_str().unwrap())
            .header("content-type", "application/zip")
            .body(zip(info, &images))
            .send()
            .await
            .unwrap();
        assert_eq!(put.status().as_u16(), 200);
        server.ended(&phone.http, "user-1", job).await;
        // The signature of auth_smile is good for the polling as well.
        let (status, ended) = phone.send("/v1/job_status", format!(
            r#"{{"user_id":"user-1","job_id":"{job}","image_links":true,"history":true,"partner_id":"p","timestamp":{timestamp},"signature":{signature}}}"#
        )).await;
        assert_eq!(status, 200, "{ended}");
        assert_eq!(ended["job_complete"], true);
        let result = &ended["result"];
        assert_eq!(result["ResultCode"], code, "{ended}");
        for field in ["Actions", "ResultText", "SmileJobID", "PartnerParams"] {
            assert!(!result[field].is_null(), "{field}");
        }
        // It reads every value of PartnerParams as text, and the confidence as a number from text.
        assert_eq!(result["PartnerParams"]["flow"], "sign up");
        if let Some(confidence) = result["ConfidenceValue"].as_str() {
            confidence.parse::<f64>().unwrap();
        }
        assert!(ended["image_links"]["selfie_image"].is_string());
        assert_eq!(ended["history"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ios_app_registers() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &[]);
    let phone = Phone {
        http: http(),
        base: server.base.clone(),
        auth_token: config(data.path(), "sandbox")["auth_token"]
            .as_str()
            .unwrap()
            .to_owned(),
    };
    let auth = phone.authenticate(format!(
        r#"{{"auth_token":"{}","enrollment":true,"job_id":"job-1","job_type":4,"partner_id":"p","production":false,"signature":true,"user_id":"user-1"}}"#,
        phone.auth_token
    )).await;
    let (timestamp, signature) = (&auth["timestamp"], &auth["signature"]);
    let body = |retry: bool| {
        format!(
            r#"{{"allow_new_enroll":false,"callback_url":"","metadata":{METADATA},"partner_params":{{"job_id":"job-1","job_type":4,"user_id":"user-1"}},"retry":{retry},"signature":{signature},"smile_client_id":"p","source_sdk":"ios","source_sdk_version":"11.1.2","timestamp":{timestamp},"use_enrolled_image":false}}"#
        )
    };
    let (status, first) = phone.send("/v1/upload", body(false)).await;
    assert_eq!(status, 200, "{first}");
    // An app that lost the answer asks in the same words and gets another URL; in other words it is told 2215 and, as both SDKs
    // do, comes again with retry.
    let (status, repeated) = phone.send("/v1/upload", body(false)).await;
    assert_eq!(status, 200, "{repeated}");
    assert_ne!(first["upload_url"], repeated["upload_url"]);
    let other = body(false).replace("11.1.2", "11.1.3");
    let (_, taken) = phone.send("/v1/upload", other).await;
    assert_eq!(taken["code"], "2215");
    let (status, prepared) = phone.send("/v1/upload", body(true)).await;
    assert_eq!(status, 200, "{prepared}");
    let info = r#"{"consent_information":{"consented":{"consent_granted_date":"2026-01-31T12:00:00.000Z","contact_information":true,"document_information":true,"personal_details":true}},"id_info":{"country":"ZA","entered":false},"images":[{"file_name":"selfie.jpg","image_type_id":"0"},{"file_name":"liveness_0.jpg","image_type_id":"4"}]}"#;
    let put = phone
        .http
        .put(prepared["upload_url"].as_str().unwrap())
        .header("content-type", "application/zip")
        .body(zip(
            info,
            &[("selfie.jpg", &photo), ("liveness_0.jpg", &photo)],
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(put.status().as_u16(), 200);
    let ended = server.ended(&phone.http, "user-1", "job-1").await;
    assert_eq!(ended["result"]["ResultCode"], "0840", "{ended}");
    assert_eq!(ended["result"]["id_info"]["country"], "ZA");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_calls_v2_with_the_signature_of_auth_smile() {
    let Some([photo, same, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &[]);
    let phone = Phone {
        http: http(),
        base: server.base.clone(),
        auth_token: config(data.path(), "sandbox")["auth_token"]
            .as_str()
            .unwrap()
            .to_owned(),
    };
    for (endpoint, selfie, sandbox_result, with_params, status, code) in [
        (
            "smart-selfie-enroll",
            &photo,
            None,
            true,
            "approved",
            "0840",
        ),
        (
            "smart-selfie-authentication",
            &same,
            None,
            false,
            "approved",
            "0820",
        ),
        (
            "smart-selfie-authentication",
            &same,
            Some("821"),
            true,
            "rejected",
            "0821",
        ),
    ] {
        // Before a v2 call the Android SDK asks with nothing but its defaults, and enrollment set.
        let auth = phone.authenticate(format!(
            r#"{{"enrollment":true,"signature":true,"production":false,"partner_id":"p","auth_token":"{}"}}"#,
            phone.auth_token
        )).await;
        assert!(auth["partner_params"]["job_id"].is_string());
        let part = |bytes: &[u8], name: &'static str| {
            Part::bytes(bytes.to_vec())
                .file_name(name)
                .mime_str("image/jpeg")
                .unwrap()
        };
        let json = |text: &'static str| Part::text(text).mime_str("application/json").unwrap();
        let mut form = Form::new()
            .part("selfie_image", part(selfie, "si_selfie.jpg"))
            .part("liveness_images", part(selfie, "si_liveness_1.jpg"))
            .part("liveness_images", part(selfie, "si_liveness_2.jpg"))
            .part(
                "user_id",
                Part::text("user-1").mime_str("text/plain").unwrap(),
            )
            .part(
                "failure_reason",
                json(r#"{"mobile_active_liveness_timed_out":false}"#),
            )
            .part("metadata", json(METADATA));
        if with_params {
            form = form.part("partner_params", json(r#"{"flow":"sign up"}"#));
        }
        if let Some(code) = sandbox_result {
            form = form.text("sandbox_result", code);
        }
        let answer = phone
            .http
            .post(format!("{}/v2/{endpoint}", phone.base))
            .header("SmileID-Partner-ID", "p")
            .header(
                "SmileID-Request-Signature",
                auth["signature"].as_str().unwrap(),
            )
            .header("SmileID-Timestamp", auth["timestamp"].as_str().unwrap())
            .header("SmileID-Source-SDK", "android")
            .header("SmileID-Source-SDK-Version", "11.1.2")
            .multipart(form)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(
            (&answer["status"], &answer["code"]),
            (&status.into(), &code.into()),
            "{answer}"
        );
        // The iOS SDK reads a map from text to text, and fails on any other value.
        let params = answer["partner_params"].as_object().unwrap();
        assert!(params.values().all(Value::is_string), "{params:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auth_token_opens_its_own_environment_and_nothing_else() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &[]);
    let token = |environment| config(data.path(), environment)["auth_token"].clone();
    let phone = Phone {
        http: http(),
        base: server.base.clone(),
        auth_token: String::new(),
    };
    let ask = |prefix: &'static str, change: Value| {
        let mut body = json!({
            "job_type": 4, "enrollment": true, "signature": true, "production": false, "partner_id": "p",
            "auth_token": token("sandbox"),
        });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let phone = &phone;
        async move {
            let (_, answer) = phone
                .send(&format!("{prefix}/v1/auth_smile"), body.to_string())
                .await;
            answer["code"].as_str().unwrap_or("ok").to_owned()
        }
    };
    assert_eq!(ask("", json!({})).await, "ok");
    assert_eq!(ask("/sandbox", json!({})).await, "ok");
    assert_eq!(ask("/production", json!({})).await, "2205");
    assert_eq!(ask("", json!({"production": true})).await, "2205");
    let production = json!({"production": true, "auth_token": token("production")});
    assert_eq!(
        ask("", production).await,
        "2220",
        "not enabled for this partner"
    );
    assert_eq!(ask("", json!({"auth_token": "x"})).await, "2205");
    assert_eq!(ask("", json!({"auth_token": key.expose()})).await, "2205");
    assert_eq!(ask("", json!({"partner_id": "q"})).await, "2205");
    assert_eq!(ask("", json!({"job_type": 6})).await, "2212");
    assert_eq!(
        ask("", json!({"update_enrolled_image": true})).await,
        "2212"
    );
    // A key that is replaced takes the token with it.
    let data_path = data.path().to_str().unwrap();
    let old = token("sandbox");
    selfsame(&[
        "partner",
        "--data",
        data_path,
        "rotate-key",
        "--id",
        "p",
        "--environment",
        "sandbox",
    ]);
    assert_eq!(ask("", json!({"auth_token": old})).await, "2205");
    assert_eq!(ask("", json!({})).await, "ok");

    let about = json!({"country": "ZA", "id_type": "PASSPORT"});
    let mut body = json!({"partner_id": "p", "auth_token": token("sandbox"), "production": false});
    body["country"] = about["country"].clone();
    body["id_type"] = about["id_type"].clone();
    let (_, answer) = phone.send("/v1/auth_smile", body.to_string()).await;
    assert_eq!(
        answer["consent_info"],
        json!({"can_access": false, "consent_required": false})
    );
}
