mod look_up;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::challenge::{ChallengeId, Turn};
use crate::id::Environment::{Production, Sandbox};
use crate::upload::UploadRequest;

const NOW: Timestamp = Timestamp::constant(1_769_860_800, 0);
const QUARTER: Duration = Duration::from_secs(900);

fn key() -> ApiKey {
    ApiKey::new("key-1")
}

fn grant() -> Grant {
    Grant {
        callback_url: Some("https://partner.example/cb".to_owned()),
        ..Grant::new(
            "2343".parse().unwrap(),
            Sandbox,
            Product::Authentication,
            "grace é".parse().unwrap(),
            "j-9".parse().unwrap(),
            Some(
                &serde_json::from_str("{ \"order\" :\n7, \"user_id\": \"is overwritten\"}")
                    .unwrap(),
            ),
        )
    }
}

fn minted() -> String {
    grant().mint(&key(), NOW, QUARTER).unwrap()
}

fn later(seconds: i64) -> Timestamp {
    NOW + jiff::SignedDuration::from_secs(seconds)
}

/// The payload, changed, under the old tag.
fn tampered(change: impl FnOnce(&mut Value)) -> String {
    let token = minted();
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    change(&mut claims);
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{}.{payload}.{}", parts[0], parts[2])
}

/// A payload of one's own under the right key: what only a fault of ours could make.
fn signed_rightly(change: impl FnOnce(&mut Value)) -> String {
    let token = tampered(change);
    let payload = token.split('.').nth(1).unwrap();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let signing = signing_key(&key(), &"2343".parse().unwrap(), Sandbox);
    jwt::encode(&signing, &payload)
}

#[test]
fn a_page_reads_the_names_and_the_server_what_it_granted() {
    let token = minted();
    // As the public embed reads it: each byte of the payload is a character.
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    assert!(payload.iter().all(|byte| (0x20..0x7f).contains(byte)));
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(
        claims["partner_params"],
        json!({"order": 7, "user_id": "grace é", "job_id": "j-9", "job_type": 2})
    );
    assert_eq!(claims["product"], "authentication");
    assert_eq!(
        (&claims["iat"], &claims["nbf"], &claims["exp"]),
        (
            &json!(1_769_860_800),
            &json!(1_769_860_800),
            &json!(1_769_861_700)
        )
    );
    assert_eq!(peek(&token), Ok(("2343".parse().unwrap(), Sandbox)));
    assert_eq!(open(&token, &key(), NOW), Ok(grant()));
    assert_eq!(open(&token, &key(), later(899)), Ok(grant()));
}

#[test]
fn a_token_has_its_time() {
    let token = minted();
    assert_eq!(open(&token, &key(), later(900)), Err(TokenError::Expired));
    assert_eq!(open(&token, &key(), later(-10)), Ok(grant()));
    assert_eq!(
        open(&token, &key(), later(-11)),
        Err(TokenError::NotYetValid)
    );
}

#[test]
fn only_the_partners_key_of_the_environment_opens_it() {
    assert_eq!(
        open(&minted(), &ApiKey::new("key-2"), NOW),
        Err(TokenError::WrongSignature)
    );
    // The same key for another partner or environment would make another signing key.
    for (field, value) in [("partner_id", "2344"), ("environment", "production")] {
        let token = tampered(|claims| claims[field] = value.into());
        assert_eq!(
            open(&token, &key(), NOW),
            Err(TokenError::WrongSignature),
            "{field}"
        );
    }
    let production = Grant {
        environment: Production,
        ..grant()
    };
    let production = production.mint(&key(), NOW, QUARTER).unwrap();
    assert_eq!(peek(&production).unwrap().1, Production);
    let moved = [
        minted().split('.').take(2).collect::<Vec<_>>().join("."),
        production.split('.').nth(2).unwrap().to_owned(),
    ];
    assert_eq!(
        open(&moved.join("."), &key(), NOW),
        Err(TokenError::WrongSignature)
    );
}

#[test]
fn no_claim_can_be_changed() {
    let payload = minted().split('.').nth(1).unwrap().to_owned();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    for (field, value) in [
        ("iss", json!("other")),
        ("aud", json!("other")),
        ("iat", json!(0)),
        ("nbf", json!(0)),
        ("exp", json!(9_999_999_999_i64)),
        ("product", json!("smartselfie")),
        ("job_type", json!(4)),
        ("partner_params", json!({"user_id": "eve", "job_id": "j-9"})),
        ("callback_url", json!("https://eve.example/")),
        ("allow_new_enroll", json!(true)),
        ("retry", json!(true)),
        ("sandbox_result", json!("0820")),
        ("further", json!(1)),
    ] {
        let token = tampered(|claims| claims[field] = value);
        assert_eq!(
            open(&token, &key(), NOW),
            Err(TokenError::WrongSignature),
            "{field}"
        );
    }
    // Every claim that is written was tried, but for the two of the test before.
    assert_eq!(claims.as_object().unwrap().len(), 11 + 2);
}

#[test]
fn nothing_but_the_one_header_is_looked_at() {
    let token = minted();
    let rest = token.split_once('.').unwrap().1;
    for header in [
        r#"{"alg":"none","typ":"JWT"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"HS512","typ":"JWT"}"#,
        r#"{"alg":"RS256","typ":"JWT"}"#,
        r#"{"typ":"JWT","alg":"HS256"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"JWT","kid":"../key"}"#,
        "",
    ] {
        let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(
            open(&token, &key(), NOW),
            Err(TokenError::Malformed),
            "{header}"
        );
    }
}

#[test]
fn what_is_no_token_is_told_apart_from_what_is_another_s() {
    let token = minted();
    let parts: Vec<&str> = token.split('.').collect();
    let last_changed = {
        let mut text = token.clone().into_bytes();
        let last = text.last_mut().unwrap();
        // The last character of 43 carries four bits; the others must be nought.
        *last = if *last == b'A' { b'B' } else { b'A' };
        String::from_utf8(text).unwrap()
    };
    for (text, error) in [
        (String::new(), TokenError::Malformed),
        (parts[..2].join("."), TokenError::Malformed),
        (format!("{token}."), TokenError::Malformed),
        (format!("{token}.x"), TokenError::Malformed),
        (format!(" {token}"), TokenError::Malformed),
        (format!("{token}="), TokenError::Malformed),
        (
            format!("{}.{}.", parts[0], parts[1]),
            TokenError::WrongSignature,
        ),
        (format!("{}..{}", parts[0], parts[2]), TokenError::Malformed),
        ("x".repeat(MAX_TOKEN_BYTES + 1), TokenError::TooLong),
    ] {
        assert_eq!(open(&text, &key(), NOW), Err(error), "{text}");
    }
    assert!(open(&last_changed, &key(), NOW).is_err());
}

#[test]
fn a_token_of_another_purpose_opens_nothing() {
    for (field, value) in [
        ("iss", json!("another service")),
        ("aud", json!("selfsame links")),
        ("job_type", json!(4)),
        ("job_type", Value::Null),
        ("partner_params", json!({"user_id": "grace"})),
    ] {
        let token = signed_rightly(|claims| claims[field] = value);
        assert_eq!(
            open(&token, &key(), NOW),
            Err(TokenError::Malformed),
            "{field}"
        );
    }
    assert!(open(&signed_rightly(|_| {}), &key(), NOW).is_ok());
    // Signed with the API key itself, as other things are.
    let payload = minted().split('.').nth(1).unwrap().to_owned();
    let signed = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{payload}");
    let tag = {
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key().expose().as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    };
    assert_eq!(
        open(&format!("{signed}.{tag}"), &key(), NOW),
        Err(TokenError::WrongSignature)
    );
}

#[test]
fn a_token_stays_short_enough_to_be_taken() {
    let long = Grant {
        callback_url: Some("x".repeat(MAX_TOKEN_BYTES)),
        ..grant()
    };
    assert_eq!(
        long.mint(&key(), NOW, QUARTER).unwrap_err().code.code(),
        "2204"
    );
}

fn page(change: impl FnOnce(&mut Value)) -> UploadRequest {
    let mut body = json!({
        "smile_client_id": "2343", "token": "t", "callback_url": "https://eve.example/", "source_sdk": "hosted_web",
        "partner_params": {"user_id": "grace é", "job_id": "j-9", "job_type": "2", "colour": "red", "order": 7},
    });
    change(&mut body);
    UploadRequest::parse(body.to_string().as_bytes()).unwrap()
}

#[test]
fn what_the_page_says_otherwise_is_refused_by_name() {
    for (field, value) in [
        ("smile_client_id", json!("2344")),
        ("allow_new_enroll", json!(true)),
        ("allow_re_enroll", json!("true")),
        ("sandbox_result", json!("0820")),
    ] {
        let error = page(|body| body[field] = value)
            .bound_by(&grant())
            .unwrap_err();
        assert_eq!(error.code.code(), "2205");
        let field = field.replace("re_enroll", "new_enroll");
        assert!(error.message.starts_with(&field), "{error}");
    }
    for (field, value) in [
        ("user_id", json!("ada")),
        ("job_id", json!("j-10")),
        ("job_type", json!(4)),
        ("order", json!(8)),
        ("order", json!("7")),
        ("order", Value::Null),
    ] {
        let error = page(|body| body["partner_params"][field] = value)
            .bound_by(&grant())
            .unwrap_err();
        assert_eq!(error.code.code(), "2205");
        assert!(
            error
                .message
                .starts_with(&format!("partner_params.{field} ")),
            "{error}"
        );
    }
    let forced = page(|body| body["partner_params"]["sandbox_result"] = "0820".into());
    let error = forced.bound_by(&grant()).unwrap_err();
    assert!(error.message.starts_with("sandbox_result "), "{error}");
}

#[test]
fn what_counts_is_the_token_s() {
    let granted = Grant {
        allow_new_enroll: true,
        retry: true,
        sandbox_result: Some("0821".to_owned()),
        ..grant()
    };
    let bound = page(|body| body["retry"] = false.into())
        .bound_by(&granted)
        .unwrap();
    assert_eq!(
        bound.callback_url.as_deref(),
        Some("https://partner.example/cb")
    );
    assert!(bound.allow_new_enroll && bound.retry);
    assert_eq!(bound.sandbox_result.as_deref(), Some("0821"));
    let none = Grant {
        callback_url: None,
        ..grant()
    };
    let bound = page(|body| body["retry"] = true.into())
        .bound_by(&none)
        .unwrap();
    assert_eq!(bound.callback_url, None);
    assert!(bound.retry && !bound.allow_new_enroll);
    // Further parameters are the page's; those that are bound are added where it left them out.
    let bound = page(|body| {
        body["partner_params"]
            .as_object_mut()
            .unwrap()
            .remove("order");
    })
    .bound_by(&grant())
    .unwrap();
    let params: Value = serde_json::from_str(bound.partner_params.as_json()).unwrap();
    assert_eq!(
        (&params["order"], &params["colour"]),
        (&json!(7), &json!("red"))
    );
    // Said twice, a bound parameter is said once in what is kept.
    let twice = br#"{"smile_client_id":"2343","token":"t","partner_params":
        {"user_id":"grace \u00e9","job_id":"j-9","job_type":2,"order":8,"order":7}}"#;
    let bound = UploadRequest::parse(twice)
        .unwrap()
        .bound_by(&grant())
        .unwrap();
    assert!(!bound.partner_params.as_json().contains('8'));
}

#[test]
fn what_is_not_bound_is_echoed_byte_for_byte() {
    let bare = Grant::new(
        "2343".parse().unwrap(),
        Sandbox,
        Product::Authentication,
        "u".parse().unwrap(),
        "j".parse().unwrap(),
        None,
    );
    let params = r#"{ "job_id":"j","user_id":"u", "job_type" : 2,"n":1.50}"#;
    let body = format!(r#"{{"smile_client_id":"2343","token":"t","partner_params":{params}}}"#);
    let bound = UploadRequest::parse(body.as_bytes())
        .unwrap()
        .bound_by(&bare)
        .unwrap();
    assert_eq!(bound.partner_params.as_json(), params);
}

proptest::proptest! {
    #[test]
    fn no_text_opens(text in "\\PC{0,80}") {
        proptest::prop_assert!(open(&text, &key(), NOW).is_err());
        let behind = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{text}");
        proptest::prop_assert!(open(&behind, &key(), NOW).is_err());
    }

    #[test]
    fn no_change_opens(at in 0usize..400, with in 0u8..128) {
        let mut text = minted().into_bytes();
        let at = at % text.len();
        proptest::prop_assume!(text[at] != with);
        text[at] = with;
        let changed = String::from_utf8(text).unwrap();
        proptest::prop_assert!(open(&changed, &key(), NOW).is_err());
    }

    #[test]
    fn what_is_granted_is_what_opens(user in "\\PC{1,40}", job in "\\PC{1,40}", note in "\\PC{0,40}") {
        let further = serde_json::from_value(json!({"note": note})).unwrap();
        let (user, job) = (user.parse().unwrap(), job.parse().unwrap());
        let granted = Grant::new("p".parse().unwrap(), Production, Product::SmartSelfie, user, job, Some(&further));
        let token = granted.mint(&key(), NOW, QUARTER).unwrap();
        let opened = open(&token, &key(), NOW);
        proptest::prop_assert_eq!(opened.as_ref(), Ok(&granted));
        proptest::prop_assert_eq!(opened.as_ref().map(Grant::job), Ok(granted.job()));
    }
}

#[test]
fn a_challenge_goes_with_the_token_and_no_page_can_do_without_it() {
    let drawn = Challenge {
        id: ChallengeId::from_random([7; 16]),
        turns: vec![Turn::Up, Turn::Right],
        expires_at: later(120),
    };
    let with = Grant {
        challenge: Some(drawn.clone()),
        ..grant()
    };
    let token = with.mint(&key(), NOW, QUARTER).unwrap();
    assert_eq!(open(&token, &key(), NOW).unwrap(), with);
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(
        claims["challenge"],
        json!({"id": drawn.id, "turns": ["up", "right"], "expires_at": "2026-01-31T12:02:00.000Z", "seconds": 120})
    );
    let asked = |challenge: Value| {
        let body = json!({
            "smile_client_id": "2343", "token": token, "challenge_id": challenge,
            "partner_params": {"user_id": "grace é", "job_id": "j-9", "job_type": 2},
        });
        let request = UploadRequest::parse(body.to_string().as_bytes()).unwrap();
        request.bound_by(&with).unwrap().challenge_id
    };
    assert_eq!(asked(Value::Null), Some(drawn.id.clone()));
    assert_eq!(asked(json!("")), Some(drawn.id.clone()));
    let later = ChallengeId::from_random([8; 16]);
    assert_eq!(asked(json!(later)), Some(later));
    // A token from before there were challenges opens as it did.
    assert!(open(&minted(), &key(), NOW).unwrap().challenge.is_none());
}
