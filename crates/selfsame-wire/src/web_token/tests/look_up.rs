//! Look-ups that a page asks for with a token.

use super::*;
use crate::id_verification::{HeaderAuth, IdVerificationRequest, Lookup};

/// What the public embed posts to look an identity up.
fn lookup(lookup: Lookup, change: impl FnOnce(&mut Value)) -> IdVerificationRequest {
    let mut body = json!({
        "token": minted(), "partner_id": "2343", "country": "NG", "id_type": "NIN", "id_number": "00000000000",
        "partner_params": {"user_id": "grace é", "job_id": "j-9", "job_type": 5}, "callback_url": "https://page.example/",
    });
    change(&mut body);
    let body = body.to_string();
    let headers = HeaderAuth::default();
    IdVerificationRequest::parse(body.as_bytes(), lookup, headers).unwrap()
}

#[test]
fn a_look_up_is_the_token_s_too() {
    let of = |product| Grant {
        product,
        sandbox_result: Some("1012".to_owned()),
        ..grant()
    };
    let bound = lookup(Lookup::Enhanced, |_| {}).bound_by(&of(Product::EnhancedKyc));
    let bound = bound.unwrap();
    assert_eq!(
        bound.callback_url.as_deref(),
        Some("https://partner.example/cb")
    );
    assert!(bound.partner_params.as_json().contains("\"order\":7"));
    assert_eq!(bound.sandbox_result.as_deref(), Some("1012"));
    // v2's pages may leave the names out.
    let nameless = lookup(Lookup::Basic, |body| body["partner_params"] = json!({}));
    let bound = nameless.bound_by(&of(Product::BasicKyc)).unwrap();
    assert_eq!(bound.user_id.as_ref(), Some(grant().user()));
    assert_eq!(bound.job_id.as_ref(), Some(grant().job()));
    // A token for one product opens no other.
    for (asked, product) in [
        (Lookup::Enhanced, Product::BasicKyc),
        (Lookup::Basic, Product::EnhancedKyc),
        (Lookup::Basic, Product::Authentication),
    ] {
        let error = lookup(asked, |_| {}).bound_by(&of(product)).unwrap_err();
        assert_eq!(error.code.code(), "2205");
        assert!(error.message.contains(product.name()), "{error}");
    }
    for (field, pointer, value) in [
        ("partner_id", "/partner_id", json!("2344")),
        (
            "partner_params.user_id",
            "/partner_params/user_id",
            json!("ada"),
        ),
        (
            "partner_params.job_id",
            "/partner_params/job_id",
            json!("j-10"),
        ),
    ] {
        let asked = lookup(Lookup::Enhanced, |body| {
            *body.pointer_mut(pointer).unwrap() = value
        });
        let error = asked.bound_by(&of(Product::EnhancedKyc)).unwrap_err();
        assert!(error.message.starts_with(&format!("{field} ")), "{error}");
    }
    let more = lookup(Lookup::Enhanced, |body| {
        body["sandbox_result"] = "1013".into()
    });
    let error = more.bound_by(&of(Product::EnhancedKyc)).unwrap_err();
    assert!(error.message.starts_with("sandbox_result "), "{error}");
    let more = lookup(Lookup::Enhanced, |body| {
        body["partner_params"]["order"] = json!(8)
    });
    let error = more.bound_by(&of(Product::EnhancedKyc)).unwrap_err();
    assert!(
        error.message.starts_with("partner_params.order "),
        "{error}"
    );
}

#[test]
fn what_is_bound_later_counts_as_what_was_bound_at_first() {
    let further = r#"{"tier": "é", "user_id": "eve", "job_type": 4}"#;
    let with = Grant {
        product: Product::EnhancedKyc,
        ..grant()
    }
    .binding(&serde_json::from_str(further).unwrap());
    let bound = lookup(Lookup::Enhanced, |_| {}).bound_by(&with).unwrap();
    let params: Value = serde_json::from_str(bound.partner_params.as_json()).unwrap();
    assert_eq!(
        (&params["tier"], &params["order"], &params["user_id"]),
        (&json!("é"), &json!(7), &json!("grace é"))
    );
    let other = lookup(Lookup::Enhanced, |body| {
        body["partner_params"]["tier"] = "gold".into()
    });
    let error = other.bound_by(&with).unwrap_err();
    assert!(error.message.starts_with("partner_params.tier "), "{error}");
}

#[test]
fn a_link_and_what_was_chosen_there_are_the_tokens_alone() {
    let at = r#"{"ref_id":"AAAAAAAAAAAAAAAAAAAAAA","country":"NG","id_type":"NIN"}"#;
    let with = Grant {
        product: Product::EnhancedKyc,
        link: Some(serde_json::from_str(at).unwrap()),
        ..grant()
    };
    let token = with.mint(&key(), NOW, QUARTER).unwrap();
    assert_eq!(open(&token, &key(), NOW).unwrap().link, with.link);
    // A server that knows no links must not take it for a token without one, nor the other way round.
    let aud = |token: &str| {
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
        let claims: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
        claims["aud"].as_str().unwrap().to_owned()
    };
    assert_ne!(aud(&token), aud(&minted()));
    let without = signed_rightly(|claims| claims["aud"] = aud(&token).into());
    assert_eq!(open(&without, &key(), NOW), Err(TokenError::Malformed));
    let on_top = signed_rightly(|claims| claims["link"] = serde_json::from_str(at).unwrap());
    assert_eq!(open(&on_top, &key(), NOW), Err(TokenError::Malformed));
    let bound = lookup(Lookup::Enhanced, |_| {}).bound_by(&with).unwrap();
    assert_eq!(bound.link, with.link);
    for (name, other) in [("country", "KE"), ("id_type", "PASSPORT")] {
        let asked = lookup(Lookup::Enhanced, |body| body[name] = other.into());
        let error = asked.bound_by(&with).unwrap_err();
        assert_eq!(error.code.code(), "2205");
        assert!(error.message.contains(name), "{error}");
    }
    // No page says that it is at a link.
    let body = json!({
        "smile_client_id": "2343", "token": token, "link": {"ref_id": "BBBBBBBBBBBBBBBBBBBBBA"},
        "partner_params": {"user_id": "grace é", "job_id": "j-9", "job_type": 2},
    });
    let upload = UploadRequest::parse(body.to_string().as_bytes()).unwrap();
    assert!(upload.link.is_none());
    assert!(upload.bound_by(&grant()).unwrap().link.is_none());
}
