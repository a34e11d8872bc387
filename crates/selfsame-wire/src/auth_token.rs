//! The auth token that a mobile SDK carries in its `smile_config.json` in place of the API key.
//!
//! It is made from the key, so nothing is stored and a new key ends it; the key cannot be found from it. All it opens is
//! `/v1/auth_smile`, in the environment whose key made it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::id::{Environment, PartnerId};
use crate::signature::ApiKey;

fn mac(key: &ApiKey, partner: &PartnerId, environment: Environment) -> Hmac<Sha256> {
    let mut mac = match Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    };
    // The first line keeps it from being a signature, whatever the partner is called.
    mac.update(format!("selfsame auth token\n{environment}\n{partner}").as_bytes());
    mac
}

/// The token of a partner's apps in one environment: 43 characters, URL-safe.
#[must_use]
pub fn make(key: &ApiKey, partner: &PartnerId, environment: Environment) -> String {
    URL_SAFE_NO_PAD.encode(mac(key, partner, environment).finalize().into_bytes())
}

/// Whether a token is right, compared in constant time.
#[must_use]
pub fn verify(key: &ApiKey, partner: &PartnerId, environment: Environment, token: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(token)
        .is_ok_and(|given| mac(key, partner, environment).verify_slice(&given).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_partner_and_environment_verify() {
        use Environment::{Production, Sandbox};
        let (key, partner) = (ApiKey::new("k"), PartnerId::new("p").unwrap());
        let token = make(&key, &partner, Sandbox);
        assert_eq!(token.len(), 43);
        assert!(verify(&key, &partner, Sandbox, &token));
        assert!(!verify(&key, &partner, Production, &token));
        assert!(!verify(&ApiKey::new("l"), &partner, Sandbox, &token));
        let other = PartnerId::new("q").unwrap();
        assert!(!verify(&key, &other, Sandbox, &token));
        assert!(!verify(&key, &partner, Sandbox, ""));
        assert!(!verify(&key, &partner, Sandbox, &token[1..]));
    }
}
