//! Identities are looked up by each call, and a person consents by a one-time password: the answers, and what comes to the
//! callback, are as described.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{Description, post, with};
use crate::support::Server;

/// The job type that a call's body names.
pub(super) fn job_type(path: &str) -> u8 {
    if path.contains("business_verification") {
        7
    } else if path.contains("id_verification") {
        5
    } else {
        4
    }
}

/// The identity that a call asks about.
fn identity(path: &str) -> Value {
    if path.contains("business") {
        json!({"country": "NG", "id_type": "BUSINESS_REGISTRATION", "id_number": "0000000", "business_type": "co"})
    } else if path.contains("phone") {
        json!({"country": "ZA", "phone_number": "0000000000", "match_fields": {"first_name": "Joe", "last_name": "Leo"}})
    } else {
        json!({"country": "NG", "id_type": "NIN", "id_number": "00000000000", "first_name": "Joe", "last_name": "Leo"})
    }
}

/// The result in the answer.
const NOW: [&str; 4] = [
    "/v1/id_verification",
    "/v1/business_verification",
    "/v2/verify",
    "/v2/verify-phone-number",
];
/// The result at the callback.
const LATER: [&str; 4] = [
    "/v1/async_id_verification",
    "/v1/async_business_verification",
    "/v2/verify_async",
    "/v2/async-verify-phone",
];

pub(super) async fn look_up(d: &mut Description, s: &Server, http: &Client, callback: &str) {
    for (at, path) in NOW.iter().chain(&LATER).enumerate() {
        let of_v1 = path.starts_with("/v1/");
        let mut body = with(s.signed(), identity(path));
        body["partner_id"] = "p".into();
        if of_v1 {
            let job = format!("look-up {at}");
            body["partner_params"] =
                json!({"user_id": "joe", "job_id": job, "job_type": job_type(path), "kept": [1]});
        }
        if LATER.contains(path) {
            body["callback_url"] = callback.into();
        }
        let (status, answer) = post(d, s, http, path, &body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        let expected = if LATER.contains(path) {
            json!(true)
        } else {
            json!("true")
        };
        let told = [&answer["success"], &answer["IsFinalResult"]];
        assert!(told.contains(&&expected), "{path}: {answer}");
    }
    // What fails is described too: nobody, a number that does not fit, an authority that does not answer.
    for number in ["00000000001", "12", "00000000003"] {
        let mut body = with(
            s.signed(),
            json!({"partner_id": "p", "country": "NG", "id_type": "NIN", "id_number": number}),
        );
        let job = format!("look-up {number}");
        body["partner_params"] = json!({"user_id": "joe", "job_id": job, "job_type": 5});
        let (status, _) = post(d, s, http, "/v1/id_verification", &body).await;
        assert_eq!(status, 200);
    }
    receipts(d, s, http).await;
    consent(d, s, http).await;
}

/// The first look-up's receipt.
async fn receipts(d: &mut Description, s: &Server, http: &Client) {
    const ONE: &str = "/v1/receipt/{link}";
    let asked = json!({"partner_id": "p", "user_id": "joe", "job_id": "look-up 0"});
    let (_, ended) = post(d, s, http, "/v1/job_status", &with(s.signed(), asked)).await;
    let link = ended["kyc_receipt"].as_str().unwrap();
    for (asked, expected) in [("", 200), (".pdf", 200), ("?format=exe", 400), ("x", 404)] {
        let request = http.get(format!("{link}{asked}"));
        let (status, _) = d.check(Method::GET, ONE, request, None).await;
        assert_eq!(status, expected, "{asked}");
    }
    let keys = http.get(format!("{}/v1/receipt/keys", s.base));
    let (status, _) = d.check(Method::GET, "/v1/receipt/keys", keys, None).await;
    assert_eq!(status, 200);
}

async fn consent(d: &mut Description, s: &Server, http: &Client) {
    let ask = |more: Value| {
        let asked = json!({"partner_id": "p", "country": "NG", "id_type": "BVN_MFA", "id_number": "00000000000"});
        with(with(s.signed(), asked), more)
    };
    let (status, begun) = post(d, s, http, "/v1/totp_consent", &ask(json!({}))).await;
    assert_eq!(status, 200, "{begun}");
    let session = &begun["session_id"];
    for (path, more) in [
        (
            "/v1/totp_consent/mode",
            json!({"session_id": session, "mode": "sms"}),
        ),
        (
            "/v1/totp_consent/otp",
            json!({"session_id": session, "otp": "000000"}),
        ),
    ] {
        let (status, done) = post(d, s, http, path, &ask(more)).await;
        assert_eq!(status, 200, "{path}: {done}");
    }
}
