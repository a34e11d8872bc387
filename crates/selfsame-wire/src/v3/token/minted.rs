//! The token as text: made, and opened again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::key::{TokenKey, TokenKeyId};
use super::reference::{Field, OpensNothing, References};
use super::{Bound, Payload, Personal};
use crate::error::WireError;
use crate::id::{Environment, PartnerId, UserId};
use crate::jwt::{self, NotAToken, Parts};
use crate::partner_params::PartnerParams;
use crate::signature::ApiKey;
use crate::v3::consent::Consent;
use crate::v3::product::Product;

/// The longest token that is made or looked at, in bytes. It travels in a header.
pub const MAX_TOKEN_BYTES: usize = 8192;
/// How far another server's clock may be ahead, in seconds.
const CLOCKS_APART: i64 = 10;

const ISSUER: &str = "smileid-auth";
const AUDIENCE: &str = "smileid-api";

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// More than [`MAX_TOKEN_BYTES`].
    #[error("the token is longer than {MAX_TOKEN_BYTES} bytes; send it as /v3/token gave it")]
    TooLong,
    /// Not of the form of this server's tokens.
    #[error("this is not a token of this server; send it as /v3/token gave it")]
    Malformed,
    /// Another key made it, or it was changed; also where its key or its partner is unknown, which is not told.
    #[error("the token's signature is not right; ask /v3/token for a new one")]
    WrongSignature,
    /// Its time has not come.
    #[error("the token is not valid yet; check the server's clock")]
    NotYetValid,
    /// Its time has passed.
    #[error("the token has expired; ask /v3/token for a new one")]
    Expired,
}

impl From<NotAToken> for TokenError {
    fn from(_: NotAToken) -> Self {
        Self::Malformed
    }
}

/// Random bytes for one token, never used for another: they number it, and its nonces come from them.
pub struct Seed([u8; 32]);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Seed {
    /// Of the operating system's randomness.
    #[must_use]
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The token's number. All of the seed is in it, and it does not tell the seed.
    fn number(&self) -> String {
        let digest = Sha256::new_with_prefix(b"number").chain_update(self.0);
        let digest: [u8; 32] = digest.finalize().into();
        let (number, _) = digest.split_at(16);
        URL_SAFE_NO_PAD.encode(number)
    }

    fn nonce(&self, field: Field) -> [u8; 24] {
        let digest = Sha256::new_with_prefix(b"nonce")
            .chain_update([field as u8])
            .chain_update(self.0);
        let digest: [u8; 32] = digest.finalize().into();
        digest.first_chunk().copied().unwrap_or_default()
    }
}

/// How a token is made.
#[derive(Debug)]
pub struct Making<'a> {
    /// Of this token alone.
    pub seed: Seed,
    /// From when on it is good.
    pub now: Timestamp,
    /// How long.
    pub lifetime: Duration,
    /// Where its holder calls: with the version, without a slash at its end.
    pub api_url: &'a str,
}

/// What a token claims before it is believed: with what to [`open`] it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The server's key that made it.
    pub key_id: TokenKeyId,
    /// Whose token.
    pub partner: PartnerId,
    /// In which environment.
    pub environment: Environment,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// Unix seconds, as are the next two.
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    key_id: TokenKeyId,
    partner_id: PartnerId,
    environment: Environment,
    api_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    product: Option<Product>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partner_params: Option<PartnerParams>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allow_new_enroll: Option<bool>,
    #[serde(default, skip_serializing_if = "Carried::is_empty")]
    payload: Carried,
}

/// The payload as a token carries it.
#[derive(Serialize, Deserialize, Default, PartialEq)]
struct Carried {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_type: Option<String>,
    /// A reference, as are the next five.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given_names: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    callback_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    consent: Option<Consent>,
}

impl Carried {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn of(payload: &Payload, references: &References<'_>, seed: &Seed) -> Self {
        let seal = |field, text: &str| references.seal(field, seed.nonce(field), text);
        let personal = |field, value: &Option<Personal>| value.as_ref().map(|v| seal(field, &v.0));
        Self {
            country: payload.country.clone(),
            id_type: payload.id_type.clone(),
            id_number: personal(Field::IdNumber, &payload.id_number),
            given_names: personal(Field::GivenNames, &payload.given_names),
            last_name: personal(Field::LastName, &payload.last_name),
            email: personal(Field::Email, &payload.email),
            phone_number: personal(Field::PhoneNumber, &payload.phone_number),
            callback_url: payload
                .callback_url
                .as_deref()
                .map(|url| seal(Field::CallbackUrl, url)),
            consent: payload.consent.clone(),
        }
    }

    fn opened(self, references: &References<'_>) -> Result<Payload, OpensNothing> {
        let open = |field, reference: Option<String>| {
            reference
                .map(|reference| references.open(field, &reference))
                .transpose()
        };
        let personal = |field, reference| Ok(open(field, reference)?.map(Personal));
        Ok(Payload {
            country: self.country,
            id_type: self.id_type,
            id_number: personal(Field::IdNumber, self.id_number)?,
            given_names: personal(Field::GivenNames, self.given_names)?,
            last_name: personal(Field::LastName, self.last_name)?,
            email: personal(Field::Email, self.email)?,
            phone_number: personal(Field::PhoneNumber, self.phone_number)?,
            callback_url: open(Field::CallbackUrl, self.callback_url)?,
            consent: self.consent,
        })
    }
}

/// What tells a token from every other one.
fn named(key: &TokenKeyId, partner: &PartnerId, environment: Environment, jti: &str) -> String {
    format!("{key}\n{environment}\n{partner}\n{jti}")
}

impl Bound {
    /// Makes the token.
    ///
    /// # Errors
    /// 2204 where it would be longer than [`MAX_TOKEN_BYTES`].
    pub fn mint(
        &self,
        key: &TokenKey,
        api_key: &ApiKey,
        making: &Making<'_>,
    ) -> Result<String, WireError> {
        let keys = key.for_partner(&self.partner, self.environment, api_key);
        let jti = making.seed.number();
        let references = References {
            key: &keys.seals,
            token: named(key.id(), &self.partner, self.environment, &jti),
        };
        let from = making.now.as_second();
        let lifetime = i64::try_from(making.lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: from,
            nbf: from,
            exp: from.saturating_add(lifetime),
            jti,
            key_id: key.id().clone(),
            partner_id: self.partner.clone(),
            environment: self.environment,
            api_url: making.api_url.to_owned(),
            user_id: self.user_id.clone(),
            product: self.product,
            partner_params: self.partner_params.clone(),
            allow_new_enroll: self.allow_new_enroll,
            payload: Carried::of(&self.payload, &references, &making.seed),
        };
        let payload = match serde_json::to_string(&claims) {
            Ok(payload) => payload,
            Err(_) => unreachable!("the claims are text, numbers and JSON"),
        };
        let token = jwt::encode(&keys.signs, &payload);
        if token.len() > MAX_TOKEN_BYTES {
            return Err(WireError::wrong_type(
                "what the token binds",
                "shorter: partner_params and payload together make a token of more than 8 KiB",
            ));
        }
        Ok(token)
    }
}

/// What a token claims: only to learn with what to [`open`] it.
///
/// # Errors
/// [`TokenError`] where it cannot be a token.
pub fn peek(token: &str) -> Result<Claimed, TokenError> {
    let claims = read(&take_apart(token)?)?;
    Ok(Claimed {
        key_id: claims.key_id,
        partner: claims.partner_id,
        environment: claims.environment,
    })
}

/// What a token fixes, if the keys made it and its time is now.
///
/// # Errors
/// [`TokenError`] says why it opens nothing.
pub fn open(
    token: &str,
    key: &TokenKey,
    api_key: &ApiKey,
    now: Timestamp,
) -> Result<Bound, TokenError> {
    let parts = take_apart(token)?;
    let claims = read(&parts)?;
    let keys = key.for_partner(&claims.partner_id, claims.environment, api_key);
    if claims.key_id != *key.id() || !parts.is_signed_by(&keys.signs) {
        return Err(TokenError::WrongSignature);
    }
    if claims.iss != ISSUER || claims.aud != AUDIENCE {
        return Err(TokenError::Malformed);
    }
    let now = now.as_second();
    if now.saturating_add(CLOCKS_APART) < claims.nbf {
        return Err(TokenError::NotYetValid);
    }
    if now >= claims.exp {
        return Err(TokenError::Expired);
    }
    let references = References {
        key: &keys.seals,
        token: named(
            key.id(),
            &claims.partner_id,
            claims.environment,
            &claims.jti,
        ),
    };
    let payload = claims.payload.opened(&references);
    Ok(Bound {
        payload: payload.map_err(|OpensNothing| TokenError::Malformed)?,
        partner: claims.partner_id,
        environment: claims.environment,
        user_id: claims.user_id,
        product: claims.product,
        partner_params: claims.partner_params,
        allow_new_enroll: claims.allow_new_enroll,
    })
}

fn take_apart(token: &str) -> Result<Parts<'_>, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLong);
    }
    Ok(Parts::of(token)?)
}

fn read(parts: &Parts<'_>) -> Result<Claims, TokenError> {
    serde_json::from_slice(&parts.payload).map_err(|_| TokenError::Malformed)
}
