//! The signature of a request: a detached JWS (RFC 7515, appendix F) with the partner's certificate in its header.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::json;

use super::keys::Partner;
use crate::authority::AskError;

/// Signs a body, in RS256. The body itself stays out.
pub(super) fn detached(body: &[u8], partner: &Partner) -> Result<String, AskError> {
    let header = json!({ "alg": "RS256", "x5c": [partner.x5c] }).to_string();
    let header = URL_SAFE_NO_PAD.encode(header);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(body));
    let mut signature = vec![0; partner.signing.public().modulus_len()];
    partner
        .signing
        .sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        )
        .map_err(|_| AskError::Unreachable("a request cannot be signed here".to_owned()))?;
    Ok(format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature)))
}
