//! Web tokens: no text but what was minted opens one, and what it opens is what was granted.
#![no_main]

use std::time::Duration;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use selfsame_wire::id::Environment;
use selfsame_wire::product::Product;
use selfsame_wire::signature::ApiKey;
use selfsame_wire::upload::UploadRequest;
use selfsame_wire::web_token::{self, Grant};

#[derive(Debug, arbitrary::Arbitrary)]
struct Token<'a> {
    key: &'a str,
    partner: &'a str,
    user: &'a str,
    job: &'a str,
    params: &'a str,
    callback: Option<&'a str>,
    given: &'a str,
    /// What a page asks with the token.
    asked: &'a [u8],
    /// Characters changed in a token that was minted rightly.
    changes: Vec<(u16, u8)>,
}

fuzz_target!(|token: Token<'_>| {
    let (key, now) = (ApiKey::new(token.key), Timestamp::UNIX_EPOCH);
    let _ = web_token::peek(token.given);
    assert!(web_token::open(token.given, &key, now).is_err());
    let (Ok(partner), Ok(user), Ok(job)) =
        (token.partner.parse(), token.user.parse(), token.job.parse())
    else {
        return;
    };
    let params = serde_json::from_str(token.params).ok();
    let mut grant = Grant::new(
        partner,
        Environment::Sandbox,
        Product::Authentication,
        user,
        job,
        params.as_ref(),
    );
    grant.callback_url = token.callback.map(str::to_owned);
    let Ok(minted) = grant.mint(&key, now, Duration::from_secs(60)) else {
        return;
    };
    let open = |text: &str| web_token::open(text, &key, now);
    assert_eq!(open(&minted).as_ref().map(Grant::user), Ok(grant.user()));
    if let Ok(request) = UploadRequest::parse(token.asked)
        && let Ok(bound) = request.bound_by(&grant)
    {
        assert_eq!((&bound.user_id, &bound.job_id), (grant.user(), grant.job()));
        assert_eq!(Some(bound.job_type), grant.product.job_type());
        assert_eq!(bound.callback_url, grant.callback_url);
        assert!(!bound.allow_new_enroll && bound.sandbox_result.is_none());
    }
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
