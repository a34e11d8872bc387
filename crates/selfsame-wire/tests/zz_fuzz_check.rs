#![allow(dead_code, unused)]
macro_rules! fuzz_target {
    (|$p:ident: $t:ty| $b:block) => {
        fn run($p: $t) {
            $b
        }
    };
}
mod signature {

    use jiff::Timestamp;
    use selfsame_wire::id::PartnerId;
    use selfsame_wire::signature::{
        ApiKey, RequestSignatureError, TimestampWindow, format_timestamp, parse_timestamp, sign,
        sign_answer, verify_answer, verify_request_of_any_age,
    };

    struct Signed<'a> {
        key: &'a str,
        partner: &'a str,
        now: i64,
        timestamp: &'a str,
        signature: &'a str,
    }

    fuzz_target!(|input: Signed<'_>| {
        // To the year 9999: clocks say nothing else, and four digits hold nothing else.
        let now = Timestamp::from_second(input.now.rem_euclid(253_402_300_800))
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let window = TimestampWindow::default();
        let _ = window.check(input.timestamp, now);
        if let Ok(at) = parse_timestamp(input.timestamp)
            && at >= Timestamp::UNIX_EPOCH
        {
            // What the server writes, it reads back, to the millisecond; it never writes a year before its own.
            let again = parse_timestamp(&format_timestamp(at));
            assert!(
                again.is_ok_and(|again| again.as_millisecond().abs_diff(at.as_millisecond()) <= 1)
            );
        }
        assert_eq!(window.check(&format_timestamp(now), now), Ok(()));
        let Ok(partner) = PartnerId::new(input.partner) else {
            return;
        };
        let key = ApiKey::new(input.key);
        let right = sign(&key, &partner, input.timestamp);
        assert!(verify_answer(&key, &partner, input.timestamp, &right));
        assert_eq!(
            verify_answer(&key, &partner, input.timestamp, input.signature),
            input.signature == right
        );
        // What the server signs as an answer is no credential, and nothing but the right signature ever is one.
        let answer = sign_answer(&key, &partner, now);
        let as_request = |timestamp: &str, signature: &str| {
            verify_request_of_any_age(&key, &partner, timestamp, signature)
        };
        assert_eq!(
            as_request(&answer.timestamp, &answer.signature),
            Err(RequestSignatureError::OfAnAnswer)
        );
        if as_request(input.timestamp, input.signature).is_ok() {
            assert_eq!(input.signature, right);
        }
    });
}
mod web_token {

    use std::time::Duration;

    use jiff::Timestamp;
    use selfsame_wire::id::Environment;
    use selfsame_wire::product::Product;
    use selfsame_wire::signature::ApiKey;
    use selfsame_wire::upload::UploadRequest;
    use selfsame_wire::web_token::{self, Grant};

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
}
mod requests {

    use selfsame_wire::auth_smile::AuthSmileRequest;
    use selfsame_wire::id::Environment;
    use selfsame_wire::info::InfoJson;
    use selfsame_wire::job_status::JobStatusRequest;
    use selfsame_wire::offerings::OfferingsRequest;
    use selfsame_wire::token::TokenRequest;
    use selfsame_wire::upload::UploadRequest;

    fuzz_target!(|bytes: &[u8]| {
        if let Ok(info) = InfoJson::parse(bytes) {
            for image in &info.images {
                assert!(image.image_type.number() < 8);
            }
            if let Some(params) = &info.partner_params {
                let _ = (
                    params.job_id(),
                    params.user_id(),
                    params.job_type(),
                    params.sandbox_result(),
                );
            }
        }
        if let Ok(request) = UploadRequest::parse(bytes) {
            // Echoed byte for byte: what is kept must stand in the body, and still be JSON.
            let kept = request.partner_params.as_json();
            assert!(bytes.windows(kept.len()).any(|w| w == kept.as_bytes()));
            assert!(serde_json::from_str::<serde_json::Value>(kept).is_ok());
            let stored = serde_json::to_string(&request.partner_params).unwrap_or_default();
            assert_eq!(stored, kept);
        }
        let _ = JobStatusRequest::parse(bytes);
        let _ = AuthSmileRequest::parse(bytes);
        let _ = OfferingsRequest::parse(bytes);
        if let Ok(request) = TokenRequest::parse(bytes) {
            let (user, job) = (request.user_id.clone(), request.job_id.clone());
            let grant = request.grant(Environment::Sandbox);
            assert_eq!((grant.user(), grant.job()), (&user, &job));
        }
    });
}
