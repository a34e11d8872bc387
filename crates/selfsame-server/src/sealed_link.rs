//! Values that the server hands out and takes back: signed with the partner's key, short-lived, nothing kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use selfsame_wire::signature::ApiKey;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

#[derive(serde::Serialize, serde::Deserialize)]
struct Envelope<T> {
    value: T,
    /// Unix seconds.
    exp: i64,
}

fn mac(key: &ApiKey, purpose: &str, payload: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).ok()?;
    // The purpose keeps a link from being used as a token, and either as a request's signature.
    mac.update(format!("selfsame {purpose}\n{payload}").as_bytes());
    Some(mac)
}

/// Packs a value.
pub(crate) fn seal<T: Serialize>(
    key: &ApiKey,
    purpose: &str,
    value: &T,
    expires_at: Timestamp,
) -> Option<String> {
    let envelope = Envelope {
        value,
        exp: expires_at.as_second(),
    };
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&envelope).ok()?);
    let tag = URL_SAFE_NO_PAD.encode(mac(key, purpose, &payload)?.finalize().into_bytes());
    Some(format!("{payload}.{tag}"))
}

/// Unpacks a value without trusting it: only to learn whose key to check it with.
pub(crate) fn peek<T: DeserializeOwned>(sealed: &str) -> Option<T> {
    let (payload, _) = sealed.split_once('.')?;
    let envelope: Envelope<T> =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    Some(envelope.value)
}

/// Unpacks a value that the key signed for the purpose and that has not expired.
pub(crate) fn open<T: DeserializeOwned>(
    key: &ApiKey,
    purpose: &str,
    sealed: &str,
    now: Timestamp,
) -> Option<T> {
    let (payload, tag) = sealed.split_once('.')?;
    mac(key, purpose, payload)?
        .verify_slice(&URL_SAFE_NO_PAD.decode(tag).ok()?)
        .ok()?;
    let envelope: Envelope<T> =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    (envelope.exp > now.as_second()).then_some(envelope.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_the_purpose_and_the_time_open_it() {
        let (key, now) = (ApiKey::new("k"), Timestamp::UNIX_EPOCH);
        let later = now + jiff::SignedDuration::from_secs(60);
        let sealed = seal(&key, "image", &"selfie", later).unwrap();
        assert_eq!(
            open::<String>(&key, "image", &sealed, now).as_deref(),
            Some("selfie")
        );
        assert_eq!(peek::<String>(&sealed).as_deref(), Some("selfie"));
        assert_eq!(
            open::<String>(&ApiKey::new("other"), "image", &sealed, now),
            None
        );
        assert_eq!(open::<String>(&key, "token", &sealed, now), None);
        assert_eq!(open::<String>(&key, "image", &sealed, later), None);
        assert_eq!(
            open::<String>(&key, "image", &sealed.replace('.', "x."), now),
            None
        );
    }
}
