use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::error::{ErrorCode, WireError};

const NOW: &str = "2026-01-02T03:04:05Z";
const NIN: &str = r#"[{"country":"ng","id_type":"nin","verification_method":"biometric_kyc"}]"#;

type Form = BTreeMap<&'static str, String>;

fn least() -> Form {
    Form::from([
        ("id_types", NIN.to_owned()),
        ("name", "Shop".to_owned()),
        (
            "notice_privacy_policy_url",
            "https://shop.example/privacy".to_owned(),
        ),
    ])
}

fn read(form: &Form) -> Result<SmileLinkRequest, WireError> {
    let part = |name: &str| {
        let text = form.get(name).map(String::as_str);
        text.filter(|text| !text.is_empty())
    };
    SmileLinkRequest::read(part, NOW.parse().unwrap())
}

fn with(name: &'static str, text: impl Into<String>) -> Result<SmileLinkRequest, WireError> {
    let mut form = least();
    form.insert(name, text.into());
    read(&form)
}

#[test]
fn the_least_makes_a_link_for_a_month_and_for_many() {
    let request = read(&least()).unwrap();
    assert_eq!(request.expires_at.to_string(), "2026-02-01T03:04:05Z");
    assert!(!request.is_single_use && request.user_id.is_none());
    let [only] = request.terms.id_types.as_slice() else {
        panic!("one was named");
    };
    assert_eq!(
        (only.country.as_str(), only.id_type.as_str()),
        ("NG", "NIN")
    );
    assert_eq!(only.verification_method, VerificationMethod::BiometricKyc);
    for name in ["id_types", "name", "notice_privacy_policy_url"] {
        let mut form = least();
        form.remove(name);
        let error = read(&form).unwrap_err();
        assert_eq!(error.code, ErrorCode::Missing);
        assert!(error.message.contains(name), "{error}");
    }
}

#[test]
fn everything_that_may_be_said_is_read_and_kept() {
    let mut form = least();
    for (name, text) in [
        ("is_single_use", "true"),
        ("callback_url", "https://shop.example/hook"),
        ("description", "Please show\nwho you are"),
        ("expires_at", "2026-01-03T03:04:05+01:00"),
        ("logo_url", "https://shop.example/logo.png"),
        ("redirect_url", "https://shop.example/thanks?order=7"),
        ("theme_color", "#0A5Fb0"),
        ("partner_params", r#"{"order":7}"#),
        ("user_id", "ada"),
    ] {
        form.insert(name, text.to_owned());
    }
    let request = read(&form).unwrap();
    assert!(request.is_single_use);
    assert_eq!(request.user_id.unwrap().as_str(), "ada");
    assert_eq!(request.expires_at.to_string(), "2026-01-03T02:04:05Z");
    let kept = serde_json::to_string(&request.terms).unwrap();
    let terms: Terms = serde_json::from_str(&kept).unwrap();
    assert_eq!(terms.theme_color.as_ref().unwrap().as_str(), "#0a5fb0");
    assert_eq!(
        terms.description.as_deref(),
        Some("Please show\nwho you are")
    );
    assert_eq!(
        terms.partner_params.as_ref().unwrap().as_json(),
        r#"{"order":7}"#
    );
    assert!(!format!("{terms:?}").contains("Shop"));
    let told = LinkTold {
        ref_id: "AAAAAAAAAAAAAAAAAAAAAA",
        link: "https://id.example/links/AAAAAAAAAAAAAAAAAAAAAA",
        status: LinkState::Open,
        is_single_use: true,
        uses: 0,
        created_at: NOW.parse().unwrap(),
        expires_at: request.expires_at,
        user_id: None,
        id_types: &terms.id_types,
        name: &terms.name,
        description: terms.description.as_deref(),
        notice_privacy_policy_url: &terms.notice_privacy_policy_url,
        callback_url: terms.callback_url.as_deref(),
        logo_url: terms.logo_url.as_ref(),
        redirect_url: terms.redirect_url.as_ref(),
        theme_color: terms.theme_color.as_ref(),
        partner_params: terms.partner_params.as_ref(),
    };
    insta::assert_snapshot!(
        "a_link_as_its_partner_is_told_of_it",
        serde_json::to_string_pretty(&told).unwrap()
    );
}

#[test]
fn each_part_that_is_wrong_is_named() {
    let long = "x".repeat(101);
    for (name, text) in [
        ("name", " "),
        ("name", long.as_str()),
        ("name", "a\nb"),
        ("name", "safe\u{202e}evil"),
        ("description", "a\u{0}b"),
        ("notice_privacy_policy_url", "http://shop.example"),
        ("notice_privacy_policy_url", "javascript:alert(1)"),
        ("logo_url", "https://a b"),
        ("redirect_url", "//other.example"),
        ("redirect_url", "https://user@other.example"),
        ("theme_color", "red"),
        ("theme_color", "#fff"),
        ("theme_color", "#12345g"),
        ("theme_color", "#123456;background:url(x)"),
        ("is_single_use", "perhaps"),
        ("expires_at", "tomorrow"),
        ("expires_at", NOW),
        ("expires_at", "2026-01-01T00:00:00Z"),
        ("expires_at", "2027-01-02T03:04:06Z"),
        ("partner_params", "[]"),
        ("partner_params", "{"),
        ("user_id", "a\nb"),
        ("id_types", "{}"),
        ("id_types", "[]"),
        ("id_types", r#"[{"country":"NG"}]"#),
    ] {
        let error = with(name, text).unwrap_err();
        assert!(error.message.contains(name), "{name} {text:?}: {error}");
    }
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(2048));
    assert!(with("partner_params", long).is_err());
}

#[test]
fn kinds_of_id_are_few_distinct_and_verified_in_a_way_that_there_is() {
    let of = |country: &str, id_type: &str, method: &str| {
        format!(
            r#"{{"country":"{country}","id_type":"{id_type}","verification_method":"{method}"}}"#
        )
    };
    let list = |each: &[String]| with("id_types", format!("[{}]", each.join(",")));
    let most: Vec<String> = (0..MAX_ID_TYPES)
        .map(|n| of("NG", &format!("T{n}"), "enhanced_kyc"))
        .collect();
    assert_eq!(list(&most).unwrap().terms.id_types.len(), MAX_ID_TYPES);
    let more = [most, vec![of("KE", "NIN", "enhanced_kyc")]].concat();
    assert!(list(&more).unwrap_err().message.contains("1 to 50"));
    let twice = list(&[
        of("NG", "NIN", "biometric_kyc"),
        of("ng", "nin", "enhanced_kyc"),
    ]);
    assert!(twice.unwrap_err().message.contains("id_types[1].id_type"));
    for method in ["doc_verification", "enhanced_document_verification"] {
        let error = list(&[of("NG", "PASSPORT", method)]).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidJobType, "v3 answers 403");
        assert!(error.message.contains(method));
    }
    for (country, id_type, method, named) in [
        ("NGA", "NIN", "biometric_kyc", "country"),
        ("NG", "N-N", "biometric_kyc", "id_type"),
        ("NG", "NIN", "smartselfie", "verification_method"),
        ("NG", "NIN", "", "verification_method"),
    ] {
        let error = list(&[of(country, id_type, method)]).unwrap_err();
        assert_eq!(error.code, ErrorCode::WrongType);
        assert!(error.message.contains(named), "{error}");
    }
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused_by_name(name in ".{0,120}", json in ".{0,80}", at in ".{0,30}") {
        let mut form = least();
        form.extend([("name", name), ("partner_params", json.clone()), ("expires_at", at)]);
        match read(&form) {
            Ok(request) => {
                prop_assert!(request.terms.name.chars().count() <= 100);
                prop_assert!(request.expires_at > NOW.parse().unwrap());
            }
            Err(error) => prop_assert!(PARTS.iter().any(|part| error.message.contains(part)), "{}", error),
        }
        if let Err(error) = with("id_types", json) {
            prop_assert!(error.message.contains("id_types"), "{}", error);
        }
    }
}
