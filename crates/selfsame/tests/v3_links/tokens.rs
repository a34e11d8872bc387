//! What the token that a link gives tells whoever opened it, and what its holder can do with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use crate::support::package;

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_reads_nothing_that_the_partner_keeps_to_itself() {
    let service = Service::start(&["--allow-private-callbacks"]).await;
    let (url, mut received) = callbacks().await;
    let (link, _) = service
        .made(&[
            ("callback_url", &url),
            ("partner_params", r#"{"order":"SECRET-7"}"#),
        ])
        .await;
    let (status, minted) = service.token_at(&link, "BVN").await;
    assert_eq!(status, 200, "{minted}");
    let payload = minted["token"].as_str().unwrap().split('.').nth(1).unwrap();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let page = service.open(&link).await.text().await.unwrap();
    // What the form needs is in the page, be it offered to everybody or not.
    assert!(page.contains("id_number_regex"), "{page}");
    for text in [&payload, &page] {
        assert!(!text.contains(&url) && !text.contains("SECRET-7"), "{text}");
    }
    // The record is the partner's: the call that answers with it takes no token.
    let names = json!({"user_id": minted["user_id"], "job_id": minted["job_id"], "job_type": 5});
    let body = json!({
        "partner_id": "p", "token": minted["token"], "partner_params": names,
        "country": "NG", "id_type": "BVN", "id_number": "00000000000",
    });
    let path = "/sandbox/v1/id_verification";
    let answered = service.server.post(&service.http, path, &body).await;
    let (status, refused) = answered.unwrap();
    assert_eq!((status, &refused["code"]), (403, &json!("2205")));
    assert_eq!(service.look_up(&minted, "BVN").await.0, 200);
    let called = received
        .recv()
        .await
        .expect("the link's callback is called");
    let told: Value = serde_json::from_slice(&called).unwrap();
    assert_eq!(told["partner_params"]["order"], "SECRET-7", "{told}");
    assert_eq!(told["partner_params"]["job_id"], minted["job_id"]);
    assert_eq!(told["consent"]["consented"]["personal_details"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_that_is_given_beside_a_selfie_is_told_to_the_partner() {
    let service = Service::start(&["--allow-private-callbacks"]).await;
    let (url, mut received) = callbacks().await;
    let nin = r#"[{"country":"NG","id_type":"NIN","verification_method":"biometric_kyc"}]"#;
    let (link, _) = service
        .made(&[("callback_url", &url), ("id_types", nin)])
        .await;
    let (_, minted) = service.token_at(&link, "NIN").await;
    let consent = json!({"consented": {"consent_granted_date": "2026-01-01T00:00:00Z", "personal_details": true}});
    let body = json!({
        "smile_client_id": "p", "token": minted["token"], "consent_information": consent,
        "partner_params": {"user_id": minted["user_id"], "job_id": minted["job_id"], "job_type": 1},
    });
    let (status, prepared) = service
        .server
        .post(&service.http, "/v1/upload", &body)
        .await
        .unwrap();
    assert_eq!(status, 200, "{prepared}");
    let put = service.http.put(prepared["upload_url"].as_str().unwrap());
    let put = put.body(package(b"no picture")).send().await.unwrap();
    assert_eq!(put.status().as_u16(), 200);
    let called = received
        .recv()
        .await
        .expect("the link's callback is called");
    let told: Value = serde_json::from_slice(&called).unwrap();
    assert_eq!(told["partner_params"]["job_id"], minted["job_id"], "{told}");
    assert_eq!(told["consent"], consent, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_asks_without_end_takes_none_of_the_partners_rate() {
    let service = Service::start(&[]).await;
    let (link, _) = service.made(&[]).await;
    let (_, minted) = service.token_at(&link, "BVN").await;
    let path = "/sandbox/v1/products_config";
    let mut body = json!({"partner_id": "p", "token": minted["token"]});
    let mut slowed = false;
    for _ in 0..5 {
        // Many at once: whoever asks slowly is let in.
        let asked = (0..200).map(|_| service.server.post(&service.http, path, &body));
        for answered in futures::future::join_all(asked).await {
            let (status, _) = answered.unwrap();
            assert!(matches!(status, 200 | 429), "{status}");
            slowed |= status == 429;
        }
    }
    assert!(slowed, "one link takes as much as it likes");
    body = service.server.signed();
    body["partner_id"] = "p".into();
    let (status, answer) = service
        .server
        .post(&service.http, path, &body)
        .await
        .unwrap();
    assert_eq!(status, 200, "{answer}");
}
