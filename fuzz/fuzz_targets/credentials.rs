//! What asks for a credential: the bodies of `/v1/token` and `/v1/auth_smile`, and a mobile app's token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use selfsame_wire::auth_smile::AuthSmileRequest;
use selfsame_wire::auth_token;
use selfsame_wire::id::{Environment, PartnerId};
use selfsame_wire::signature::ApiKey;
use selfsame_wire::token::TokenRequest;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = TokenRequest::parse(bytes) {
        // Whatever was left out is refused, not filled in.
        assert!(!request.partner_id.as_str().is_empty() && !request.user_id.as_str().is_empty());
        assert!(!request.job_id.as_str().is_empty());
    }
    if let Ok(request) = AuthSmileRequest::parse(bytes) {
        assert!(!request.auth_token.is_empty());
        let (key, partner) = (ApiKey::new("key"), &request.partner_id);
        for environment in Environment::ALL {
            let right = auth_token::make(&key, partner, environment);
            assert_eq!(
                auth_token::verify(&key, partner, environment, &request.auth_token),
                request.auth_token == right
            );
        }
    }
    // Any text may come as a token.
    let text = String::from_utf8_lossy(bytes);
    if let Ok(partner) = PartnerId::new("2343") {
        let [sandbox, production] = Environment::ALL.map(|environment| {
            auth_token::verify(&ApiKey::new("key"), &partner, environment, &text)
        });
        assert!(
            !(sandbox && production),
            "one token opens both environments"
        );
    }
});
