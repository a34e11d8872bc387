//! Tokens fix what was asked, tell nothing of a person, and open with the keys that made them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::*;
use crate::id::Environment::{Production, Sandbox};
use crate::jwt;
use crate::partner_params::PartnerParams;
use crate::signature::ApiKey;

const NOW: Timestamp = Timestamp::constant(1_769_860_800, 0);
const QUARTER: Duration = Duration::from_secs(900);

fn key(n: u8) -> TokenKey {
    TokenKey::new(TokenKeyId::from_random([n; 16]), Zeroizing::new([n; 32]))
}

fn api_key() -> ApiKey {
    ApiKey::new("api-key")
}

fn parts(payload: Value) -> TokenParts {
    TokenParts {
        user_id: Some("user_01".to_owned()),
        partner_params: Some(r#"{"order":7}"#.to_owned()),
        product: Some("biometric_kyc".to_owned()),
        allow_new_enroll: Some("false".to_owned()),
        payload: Some(payload.to_string()),
    }
}

fn payload() -> Value {
    json!({
        "country": "ng", "id_type": "NIN", "id_number": "PLANTED-12345", "given_names": " PLANTED-Zoë ", "last_name": "PLANTED-Leo",
        "email": "PLANTED@example.com", "phone_number": "+2348012345678", "callback_url": "https://PLANTED.example/cb",
        "consent": {
            "granted": true, "granted_at": "2026-01-31T12:00:00.000Z", "notice_language": "EN",
            "notice_privacy_policy_url": "https://example.com/p",
        },
    })
}

fn bound_of(payload: Value) -> Bound {
    let request = TokenRequest::parse(&parts(payload), NOW).unwrap();
    request.bound("2343".parse().unwrap(), Sandbox)
}

fn bound() -> Bound {
    bound_of(payload())
}

fn making(seed: u8) -> Making<'static> {
    Making {
        seed: Seed::from_random([seed; 32]),
        now: NOW,
        lifetime: QUARTER,
        api_url: "https://selfie.example/v3",
    }
}

fn minted() -> String {
    bound().mint(&key(1), &api_key(), &making(1)).unwrap()
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The payload changed, the signature of before.
fn tampered(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims = claims(token);
    change(&mut claims);
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{}.{payload}.{}", parts[0], parts[2])
}

/// The payload changed, rightly signed: what only a fault of ours could make.
fn signed_rightly(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims(token);
    change(&mut claims);
    let keys = key(1).for_partner(&"2343".parse().unwrap(), Sandbox, &api_key());
    jwt::encode(&keys.signs, &claims.to_string())
}

fn opened(token: &str, after: i64) -> Result<Bound, TokenError> {
    let now = NOW + SignedDuration::from_secs(after);
    open(token, &key(1), &api_key(), now)
}

#[test]
fn clients_read_its_time_and_place_and_the_server_what_it_fixed() {
    let token = minted();
    let claims = claims(&token);
    let references = &claims["payload"];
    for field in [
        "id_number",
        "given_names",
        "last_name",
        "email",
        "phone_number",
    ] {
        assert!(
            references[field].as_str().unwrap().starts_with("pii_"),
            "{field}"
        );
    }
    let callback = references["callback_url"].as_str().unwrap();
    assert!(callback.starts_with("callback_"));
    let mut told = claims.clone();
    told["jti"] = "…".into();
    for reference in told["payload"].as_object_mut().unwrap().values_mut() {
        for kind in ["pii_", "callback_"] {
            if reference
                .as_str()
                .is_some_and(|text| text.starts_with(kind))
            {
                *reference = kind.into();
            }
        }
    }
    let expected = json!({
        "iss": "smileid-auth", "aud": "smileid-api", "iat": 1_769_860_800, "nbf": 1_769_860_800, "exp": 1_769_861_700, "jti": "…",
        "key_id": "AQEBAQEBAQEBAQEBAQEBAQ", "partner_id": "2343", "environment": "sandbox",
        "api_url": "https://selfie.example/v3", "user_id": "user_01", "product": "biometric_kyc",
        "partner_params": {"order": 7}, "allow_new_enroll": false,
        "payload": {
            "country": "NG", "id_type": "NIN", "id_number": "pii_", "given_names": "pii_", "last_name": "pii_", "email": "pii_",
            "phone_number": "pii_", "callback_url": "callback_", "consent": payload()["consent"],
        },
    });
    assert_eq!(told, expected);
    assert_eq!(opened(&token, 0), Ok(bound()));
    assert_eq!(opened(&token, 899), Ok(bound()));
    assert_eq!(opened(&token, 900), Err(TokenError::Expired));
    assert_eq!(opened(&token, -10), Ok(bound()));
    assert_eq!(opened(&token, -11), Err(TokenError::NotYetValid));
    let claimed = Claimed {
        key_id: key(1).id().clone(),
        partner: "2343".parse().unwrap(),
        environment: Sandbox,
    };
    assert_eq!(peek(&token), Ok(claimed));
}

#[test]
fn a_token_that_fixes_nothing_names_its_partner_alone() {
    let request = TokenRequest::parse(&TokenParts::default(), NOW).unwrap();
    assert_eq!(request, TokenRequest::default());
    let bound = request.bound("2343".parse().unwrap(), Production);
    let token = bound.mint(&key(1), &api_key(), &making(1)).unwrap();
    let claims = claims(&token);
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    let expected = [
        "aud",
        "exp",
        "iat",
        "iss",
        "jti",
        "key_id",
        "nbf",
        "partner_id",
        "environment",
        "api_url",
    ];
    assert!(
        names.iter().all(|name| expected.contains(&name.as_str())),
        "{names:?}"
    );
    assert_eq!(names.len(), expected.len());
    assert_eq!(opened(&token, 0), Ok(bound));
}

#[test]
fn partner_params_mean_the_same_and_pages_can_read_them() {
    let params = PartnerParams::parse(r#"{ "é": "ü", "n": 1.50 }"#).unwrap();
    let bound = Bound {
        partner_params: Some(params),
        ..bound()
    };
    let token = bound.mint(&key(1), &api_key(), &making(1)).unwrap();
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    assert!(payload.is_ascii());
    let opened = opened(&token, 0).unwrap().partner_params.unwrap();
    assert_eq!(opened.as_json(), r#"{"\u00e9":"\u00fc","n":1.50}"#);
}

#[test]
fn nothing_of_a_person_stands_in_it_nor_how_long_it_is() {
    let token = minted();
    let text = claims(&token).to_string();
    assert!(
        !text.contains("PLANTED") && !text.contains("2348012345678"),
        "{text}"
    );
    let length = |name: &str| {
        let bound = bound_of(json!({"last_name": name}));
        let token = bound.mint(&key(1), &api_key(), &making(1)).unwrap();
        claims(&token)["payload"]["last_name"]
            .as_str()
            .unwrap()
            .len()
    };
    assert_eq!(length("A"), length("Wolfeschlegelsteinhausen"));
    assert!(!format!("{:?}", bound()).contains("Zoë"));
}

#[test]
fn only_the_keys_that_made_it_open_it() {
    let token = minted();
    let wrong = Err(TokenError::WrongSignature);
    // Another key of the server under the same name, and under its own.
    let named_the_same = TokenKey::new(key(1).id().clone(), Zeroizing::new([2; 32]));
    assert_eq!(open(&token, &named_the_same, &api_key(), NOW), wrong);
    assert_eq!(open(&token, &key(2), &api_key(), NOW), wrong);
    // Another API key of the partner: the old one was replaced.
    assert_eq!(open(&token, &key(1), &ApiKey::new("api-kez"), NOW), wrong);
    for (field, value) in [
        ("partner_id", json!("2344")),
        ("environment", json!("production")),
        ("key_id", json!(key(2).id())),
        ("user_id", json!("eve")),
        ("product", json!("enhanced_kyc")),
        ("allow_new_enroll", json!(true)),
        ("exp", json!(9_999_999_999_i64)),
        ("api_url", json!("https://eve.example/v3")),
        ("payload", json!({})),
        ("partner_params", Value::Null),
    ] {
        let token = tampered(&token, |claims| claims[field] = value);
        assert_eq!(opened(&token, 0), wrong, "{field}");
    }
}

#[test]
fn a_token_of_another_purpose_opens_nothing() {
    let token = minted();
    for (field, value) in [
        ("iss", json!("selfsame")),
        ("aud", json!("selfsame web")),
        ("product", json!("another")),
        ("key_id", json!("../../key")),
    ] {
        let token = signed_rightly(&token, |claims| claims[field] = value);
        assert_eq!(opened(&token, 0), Err(TokenError::Malformed), "{field}");
    }
    let same = signed_rightly(&token, |_| {});
    assert_eq!(opened(&same, 0), Ok(bound()));
    for text in ["", ".", "..", "a.b.c", &token[1..], &format!("{token} ")] {
        assert!(peek(text).is_err() && opened(text, 0).is_err(), "{text}");
    }
    let long = "x".repeat(MAX_TOKEN_BYTES + 1);
    assert_eq!(peek(&long), Err(TokenError::TooLong));
}

#[test]
fn a_reference_opens_in_its_own_token_and_field_alone() {
    let token = minted();
    let other = bound().mint(&key(1), &api_key(), &making(2)).unwrap();
    let of_other = claims(&other)["payload"].clone();
    for field in ["id_number", "email", "callback_url"] {
        let moved = signed_rightly(&token, |claims| {
            claims["payload"][field] = of_other[field].clone()
        });
        assert_eq!(opened(&moved, 0), Err(TokenError::Malformed), "{field}");
    }
    let swapped = signed_rightly(&token, |claims| {
        claims["payload"]["given_names"] = claims["payload"]["last_name"].clone();
    });
    assert_eq!(opened(&swapped, 0), Err(TokenError::Malformed));
    let renumbered = signed_rightly(&token, |c| c["jti"] = claims(&other)["jti"].clone());
    assert_eq!(opened(&renumbered, 0), Err(TokenError::Malformed));
    // The same person in two tokens: nobody can tell.
    assert_ne!(claims(&token)["payload"]["email"], of_other["email"]);
}

#[test]
fn what_cannot_be_fixed_is_refused_by_its_name() {
    let refused = |change: &dyn Fn(&mut TokenParts)| {
        let mut parts = parts(payload());
        change(&mut parts);
        TokenRequest::parse(&parts, NOW).unwrap_err().message
    };
    for (field, value) in [
        ("country", json!("NGA")),
        ("id_type", json!("N-N")),
        ("id_number", json!("1\u{0}2")),
        ("given_names", json!("PLANTED".repeat(40))),
        ("last_name", json!("a\nb")),
        ("given_names", json!(".")),
        ("last_name", json!("- 7")),
        ("email", json!("joe")),
        ("phone_number", json!("08012345678")),
        (
            "callback_url",
            json!(format!("https://example.com/{}", "x".repeat(2048))),
        ),
    ] {
        let error = refused(&|parts| {
            let mut payload = payload();
            payload[field] = value.clone();
            parts.payload = Some(payload.to_string());
        });
        assert!(error.contains(&format!("payload.{field}")), "{error}");
        assert!(
            !error.contains("PLANTED") && !error.contains("08012"),
            "{error}"
        );
    }
    for field in [
        "granted",
        "granted_at",
        "notice_language",
        "notice_privacy_policy_url",
    ] {
        let error = refused(&|parts| {
            let mut payload = payload();
            payload["consent"].as_object_mut().unwrap().remove(field);
            parts.payload = Some(payload.to_string());
        });
        assert!(error.contains(&format!("consent.{field}")), "{error}");
    }
    for json in [
        "[]",
        "{",
        "7",
        r#"{"email":7}"#,
        r#"{"email":"a@b","email":"c@d"}"#,
    ] {
        let error = refused(&|parts| parts.payload = Some(json.to_owned()));
        assert!(error.starts_with("payload "), "{error}");
    }
    assert!(refused(&|parts| parts.product = Some("smartselfie".to_owned())).contains("product"));
    let maybe = refused(&|parts| parts.allow_new_enroll = Some("maybe".to_owned()));
    assert!(maybe.contains("allow_new_enroll"), "{maybe}");
    assert!(refused(&|parts| parts.user_id = Some("a\nb".to_owned())).contains("user_id"));
    assert!(
        refused(&|parts| parts.partner_params = Some("[]".to_owned())).contains("partner_params")
    );
    let long = Bound {
        partner_params: Some(
            PartnerParams::parse(&json!({"x": "x".repeat(8000)}).to_string()).unwrap(),
        ),
        ..bound()
    };
    let error = long.mint(&key(1), &api_key(), &making(1)).unwrap_err();
    assert!(error.message.contains("8 KiB"));
}

#[test]
fn a_token_that_fixes_anything_is_told_from_one_that_fixes_nothing() {
    let nothing = || Bound {
        partner: "2343".parse().unwrap(),
        environment: Sandbox,
        user_id: None,
        product: None,
        partner_params: None,
        allow_new_enroll: None,
        payload: Payload::default(),
    };
    assert!(nothing().fixes_nothing());
    let mut with_consent = nothing();
    with_consent.payload.consent = bound().payload.consent;
    assert!(with_consent.payload.consent.is_some());
    for bound in [
        Bound {
            user_id: Some("ada".parse().unwrap()),
            ..nothing()
        },
        Bound {
            product: Some(Product::EnhancedKyc),
            ..nothing()
        },
        Bound {
            partner_params: Some(PartnerParams::parse("{}").unwrap()),
            ..nothing()
        },
        Bound {
            allow_new_enroll: Some(false),
            ..nothing()
        },
        with_consent,
    ] {
        assert!(!bound.fixes_nothing(), "{bound:?}");
    }
}

proptest! {
    #[test]
    fn no_text_opens(text in "\\PC{0,80}") {
        prop_assert!(peek(&text).is_err());
        let behind = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{text}");
        prop_assert!(peek(&behind).is_err() && opened(&behind, 0).is_err());
    }

    #[test]
    fn no_change_opens(at: prop::sample::Index, with in 0u8..128) {
        let mut text = minted().into_bytes();
        let at = at.index(text.len());
        prop_assume!(text[at] != with);
        text[at] = with;
        let changed = String::from_utf8(text).unwrap();
        prop_assert!(opened(&changed, 0).is_err());
    }

    #[test]
    fn a_token_of_another_partner_environment_or_key_opens_nothing(
        partner in "[1-9][0-9]{0,5}", production: bool, server_key in 2u8.., api_key in "[a-z]{1,20}"
    ) {
        let environment = if production { Production } else { Sandbox };
        prop_assume!((partner.as_str(), environment) != ("2343", Sandbox));
        let theirs = Bound { partner: partner.parse().unwrap(), environment, ..bound() };
        let own = super::tests::api_key();
        let token = theirs.mint(&key(1), &own, &making(1)).unwrap();
        prop_assert_eq!(opened(&token, 0).map(|b| b.partner), Ok(theirs.partner.clone()));
        // Said to be ours.
        let ours = tampered(&token, |claims| {
            claims["partner_id"] = "2343".into();
            claims["environment"] = "sandbox".into();
        });
        prop_assert!(opened(&ours, 0).is_err());
        prop_assert!(open(&token, &key(server_key), &own, NOW).is_err());
        prop_assert!(open(&token, &key(1), &ApiKey::new(api_key), NOW).is_err());
    }

    #[test]
    fn what_is_fixed_is_what_opens(name in "[^\\p{Cc}]{1,60}[a-z]", number in "[A-Z0-9]{1,30}", seed: [u8; 32]) {
        let fixed = bound_of(json!({"last_name": name, "id_number": number}));
        let making = Making { seed: Seed::from_random(seed), ..making(0) };
        let token = fixed.mint(&key(1), &api_key(), &making).unwrap();
        prop_assert_eq!(opened(&token, 0), Ok(fixed));
    }
}
