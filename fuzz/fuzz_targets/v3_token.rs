//! v3's tokens: no text but what was minted opens one, and what it opens is what was fixed. What is to be fixed comes from a form.
#![no_main]

use std::time::Duration;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use selfsame_wire::id::Environment;
use selfsame_wire::signature::ApiKey;
use selfsame_wire::v3::body_signature::BodySignature;
use selfsame_wire::v3::token::{self, Making, Seed, TokenKey, TokenKeyId, TokenParts, TokenRequest};
use zeroize::Zeroizing;

#[derive(Debug, arbitrary::Arbitrary)]
struct Token<'a> {
    key: &'a str,
    partner: &'a str,
    user: Option<String>,
    params: Option<String>,
    product: Option<String>,
    payload: Option<String>,
    given: &'a str,
    /// Characters changed in a token that was minted rightly.
    changes: Vec<(u16, u8)>,
}

fuzz_target!(|token: Token<'_>| {
    let (api_key, now) = (ApiKey::new(token.key), Timestamp::UNIX_EPOCH);
    let id = TokenKeyId::from_random([1; 16]);
    let key = TokenKey::new(id, Zeroizing::new([2; 32]));
    let open = |text: &str| token::open(text, &key, &api_key, now);
    let _ = BodySignature::parse(token.given);
    let _ = token::peek(token.given);
    assert!(open(token.given).is_err());
    let parts = TokenParts {
        user_id: token.user,
        partner_params: token.params,
        product: token.product,
        payload: token.payload,
    };
    let (Ok(partner), Ok(request)) = (token.partner.parse(), TokenRequest::parse(&parts, now))
    else {
        return;
    };
    let bound = request.bound(partner, Environment::Sandbox);
    let making = Making {
        seed: Seed::from_random([3; 32]),
        now,
        lifetime: Duration::from_secs(60),
        api_url: "https://selfie.example/v3",
    };
    let Ok(minted) = bound.mint(&key, &api_key, &making) else {
        return;
    };
    let opened = open(&minted).unwrap();
    assert_eq!((&opened.user_id, &opened.payload), (&bound.user_id, &bound.payload));
    let mut changed = minted.clone().into_bytes();
    for (at, value) in &token.changes {
        let length = changed.len();
        changed[usize::from(*at) % length] = *value;
    }
    if let Ok(changed) = String::from_utf8(changed)
        && changed != minted
    {
        assert!(open(&changed).is_err());
    }
});
