//! A person consents to a BVN's look-up by a one-time password, and whoever asks what an ID type needs is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use selfsame_wire::signature::{ApiKey, format_timestamp, sign};
use serde_json::{Value, json};

use crate::support::{Server, add_partner_with_production, http, partner, selfsame};

/// A body by either key, as the mobile SDKs send it.
fn asked(key: &ApiKey, more: &Value) -> Value {
    let timestamp = format_timestamp(jiff::Timestamp::now());
    let mut body = json!({
        "partner_id": "p", "timestamp": timestamp, "signature": sign(key, &partner(), &timestamp),
        "country": "NG", "id_type": "BVN_MFA", "id_number": "00000000000",
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_goes_through_the_three_steps() {
    let data = tempfile::tempdir().unwrap();
    let (key, production) = add_partner_with_production(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let post = async |path: &str, key: &ApiKey, more: Value| {
        let answer = server.post(&http, path, &asked(key, &more)).await;
        answer.unwrap()
    };
    let (status, begun) = post("/v1/totp_consent", &key, json!({})).await;
    assert_eq!(status, 200, "{begun}");
    assert_eq!(begun["success"], true);
    assert_eq!(
        begun["modes"],
        json!([{"sms": "080*****12"}, {"email": "j***@example.com"}])
    );
    let session = begun["session_id"].as_str().unwrap().to_owned();
    assert!(!session.contains("00000000000"));
    for (path, more, expected) in [
        ("mode", json!({"mode": "sms"}), 200),
        ("mode", json!({"mode": "pigeon"}), 400),
        ("otp", json!({"otp": "000001"}), 400),
        ("otp", json!({"otp": "000000"}), 200),
        // The session is this number's alone, and nobody can make one.
        (
            "otp",
            json!({"otp": "000000", "id_number": "00000000004"}),
            400,
        ),
        (
            "otp",
            json!({"otp": "000000", "session_id": "made.up"}),
            400,
        ),
        ("mode", json!({"mode": "sms", "id_type": "BVN"}), 400),
    ] {
        let mut more = more;
        if more.get("session_id").is_none() {
            more["session_id"] = session.clone().into();
        }
        let path = format!("/v1/totp_consent/{path}");
        let (status, answer) = post(&path, &key, more.clone()).await;
        assert_eq!(status, expected, "{path} {more}: {answer}");
        let said = if expected == 200 {
            "signature"
        } else {
            "error"
        };
        assert!(answer[said].is_string(), "{answer}");
    }
    for number in ["00000000001", "00000000002", "12"] {
        let (status, answer) = post("/v1/totp_consent", &key, json!({"id_number": number})).await;
        assert_eq!((status, &answer["code"]), (400, &json!("2204")), "{answer}");
    }
    let (status, _) = post(
        "/v1/totp_consent",
        &key,
        json!({"id_number": "00000000003"}),
    )
    .await;
    assert_eq!(status, 503);
    let (status, answer) = post("/v1/totp_consent", &ApiKey::new("other"), json!({})).await;
    assert_eq!((status, &answer["code"]), (403, &json!("2205")));
    // Who holds a web token is answered without a signature, which would be good elsewhere.
    let minting = json!({"user_id": "joe", "job_id": "token", "product": "enhanced_kyc"});
    let (_, minted) = post("/v1/token", &key, minting).await;
    let by_token = json!({
        "partner_id": "p", "token": minted["token"], "country": "NG", "id_type": "BVN_MFA", "id_number": "00000000000",
    });
    let told = server.post(&http, "/v1/totp_consent", &by_token).await;
    let (status, answer) = told.unwrap();
    assert_eq!(
        (status, &answer["success"]),
        (200, &json!(true)),
        "{answer}"
    );
    assert!(
        answer.get("signature").is_none() && answer.get("timestamp").is_none(),
        "{answer}"
    );
    // In production no authority sends a password.
    let (status, answer) = post("/v1/totp_consent", &production, json!({})).await;
    assert_eq!((status, &answer["code"]), (400, &json!("2212")), "{answer}");

    // The session goes with the number into the look-up, and the consent with both.
    let consented = json!({"consented": {"personal_details": true}});
    // One whose password was not given yet, or that is another number's, opens nothing.
    let (_, other) = post("/v1/totp_consent", &key, json!({})).await;
    for (job, session_id, number) in [
        ("early", &other["session_id"], "00000000000"),
        ("made up", &json!("made.up"), "00000000000"),
        ("another's", &json!(session), "00000000004"),
    ] {
        let more = json!({
            "session_id": session_id, "id_number": number, "consent_information": consented,
            "partner_params": {"user_id": "joe", "job_id": job, "job_type": 5},
        });
        let (status, answer) = post("/v1/id_verification", &key, more).await;
        assert_eq!(
            (status, &answer["ResultCode"]),
            (200, &json!("1014")),
            "{job}: {answer}"
        );
        assert_eq!(answer["FullName"], "Not Available");
    }
    // In production a session is the authority's own, which this server has not: the look-up gets as far as to be not enabled.
    let more = json!({
        "session_id": "the authority's", "id_number": "22123456789", "consent_information": consented,
        "partner_params": {"user_id": "joe", "job_id": "production", "job_type": 5},
    });
    let (status, answer) = post("/v1/id_verification", &production, more).await;
    assert_eq!(
        (status, &answer["ResultCode"]),
        (200, &json!("1016")),
        "{answer}"
    );
    for (job, more, expected) in [
        ("none", json!({"consent_information": consented}), 400),
        ("silent", json!({"session_id": session}), 400),
        (
            "whole",
            json!({"session_id": session, "consent_information": consented}),
            200,
        ),
    ] {
        let mut more = more;
        more["partner_params"] = json!({"user_id": "joe", "job_id": job, "job_type": 5});
        let (status, answer) = post("/v1/id_verification", &key, more).await;
        assert_eq!(status, expected, "{job}: {answer}");
        let said = if expected == 200 {
            (&answer["ResultCode"], "1012")
        } else {
            (&answer["code"], "2213")
        };
        assert_eq!(said.0, said.1, "{job}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_told_which_types_it_may_use_and_which_need_consent() {
    let data = tempfile::tempdir().unwrap();
    let (key, _) = add_partner_with_production(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let dir = data.path().to_str().unwrap();
    for (environment, id_type, access, consent) in [
        ("sandbox", "NIN", true, false),
        ("sandbox", "BVN_MFA", true, true),
        ("sandbox", "NO_SUCH_TYPE", false, false),
        ("production", "NIN", false, false),
    ] {
        let made = selfsame(&[
            "partner",
            "--data",
            dir,
            "mobile-config",
            "--id",
            "p",
            "--environment",
            environment,
            "--server",
            &server.base,
        ]);
        let body = json!({
            "partner_id": "p", "auth_token": made[0]["auth_token"], "production": environment == "production",
            "job_type": 5, "country": "NG", "id_type": id_type,
        });
        let (status, answer) = server.post(&http, "/v1/auth_smile", &body).await.unwrap();
        assert_eq!(status, 200, "{answer}");
        assert_eq!(
            answer["consent_info"],
            json!({"can_access": access, "consent_required": consent}),
            "{environment} {id_type}"
        );
        assert!(answer.get("policy").is_none());
    }
}
