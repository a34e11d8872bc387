//! The web token: what a page may do without the API key, all of it said when the token is minted.
//!
//! A three-part JWT, whose payload pages read: `partner_params` tells them the user and the job. What the page says beside the
//! token can only be the same, or is refused: [`UploadRequest::bound_by`](crate::upload::UploadRequest::bound_by).

mod bound;

use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::challenge::{Challenge, Offer};
use crate::derived_key::DerivedKey;
use crate::error::WireError;
use crate::id::{Environment, JobId, PartnerId, UserId};
use crate::jwt::{self, NotAToken, Parts};
use crate::partner_params::PartnerParams;
use crate::product::Product;
use crate::signature::ApiKey;
use crate::v3::smile_link::AtLink;

/// The longest token that is minted or looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8192;
/// How far another server's clock may be ahead, in seconds.
const CLOCKS_APART: i64 = 10;

const ISSUER: &str = "selfsame";
const AUDIENCE: &str = "selfsame web";
/// Of a token that a link gave. Servers that know no links would take it for one without.
const LINK_AUDIENCE: &str = "selfsame web link";

type Object = IndexMap<String, Box<RawValue>>;

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// More than [`MAX_TOKEN_BYTES`].
    #[error("the web token is longer than {MAX_TOKEN_BYTES} bytes; send it as /v1/token gave it")]
    TooLong,
    /// Not of the form of this server's web tokens.
    #[error("this is not a web token of this server; send it as /v1/token gave it")]
    Malformed,
    /// Another key made it, or it was changed; also where the partner is unknown, which is not told.
    #[error("the web token's signature is not right; ask /v1/token for a new one")]
    WrongSignature,
    /// Its time has not come.
    #[error("the web token is not valid yet; check the server's clock")]
    NotYetValid,
    /// Its time has passed.
    #[error("the web token has expired; ask /v1/token for a new one")]
    Expired,
}

/// What a web token allows: one job of one user, and nothing that is not said here.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// Whose user.
    pub partner: PartnerId,
    /// In which environment.
    pub environment: Environment,
    /// What the job is for; its job type follows.
    pub product: Product,
    user: UserId,
    job: JobId,
    partner_params: PartnerParams,
    /// Where the result goes; `None`: nowhere.
    pub callback_url: Option<String>,
    /// Whether a user who is enrolled may enrol again.
    pub allow_new_enroll: bool,
    /// Whether the job may be tried again after an attempt that has ended.
    pub retry: bool,
    /// Sandbox only: the result code to force.
    pub sandbox_result: Option<String>,
    /// The challenge that was drawn with the token: the capture shows its turns, or those of a later one for the same job.
    pub challenge: Option<Challenge>,
    /// The link where the job is begun, and what the person chose there.
    pub link: Option<AtLink>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// Unix seconds, as are the next two.
    iat: i64,
    nbf: i64,
    exp: i64,
    partner_id: PartnerId,
    environment: Environment,
    product: Product,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_type: Option<u8>,
    partner_params: PartnerParams,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<String>,
    allow_new_enroll: bool,
    retry: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox_result: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    challenge: Option<Offer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<AtLink>,
}

impl Grant {
    /// The least that a job needs: no callback, nothing replaced, one attempt, nothing forced, no challenge, no link. `further` are partner parameters
    /// that the page cannot change.
    #[must_use]
    pub fn new(
        partner: PartnerId,
        environment: Environment,
        product: Product,
        user: UserId,
        job: JobId,
        further: Option<&PartnerParams>,
    ) -> Self {
        let mut params = further.map(object).unwrap_or_default();
        let mut name = |key: &str, value: Result<Box<RawValue>, _>| match value {
            Ok(value) => params.insert(key.to_owned(), value),
            Err(_) => unreachable!("text and numbers are always JSON"),
        };
        name("user_id", to_raw_value(user.as_str()));
        name("job_id", to_raw_value(job.as_str()));
        if let Some(job_type) = product.job_type() {
            name("job_type", to_raw_value(&job_type.number()));
        }
        Self {
            partner,
            environment,
            product,
            user,
            job,
            partner_params: as_carried(&built(&params)),
            callback_url: None,
            allow_new_enroll: false,
            retry: false,
            sandbox_result: None,
            challenge: None,
            link: None,
        }
    }

    /// The user.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// The job.
    #[must_use]
    pub const fn job(&self) -> &JobId {
        &self.job
    }

    /// The same with further partner parameters that the page cannot change. The names stay as they are.
    #[must_use]
    pub fn binding(mut self, further: &PartnerParams) -> Self {
        let mut params = object(further);
        params.extend(object(&self.partner_params));
        self.partner_params = built(&params);
        self
    }

    /// Makes the token.
    ///
    /// # Errors
    /// 2204 where it would be longer than [`MAX_TOKEN_BYTES`].
    pub fn mint(
        &self,
        key: &ApiKey,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<String, WireError> {
        let from = now.as_second();
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: audience(self.link.as_ref()).to_owned(),
            iat: from,
            nbf: from,
            exp: from.saturating_add(lifetime),
            partner_id: self.partner.clone(),
            environment: self.environment,
            product: self.product,
            job_type: self.product.job_type().map(|t| t.number()),
            partner_params: self.partner_params.clone(),
            callback_url: self.callback_url.clone(),
            allow_new_enroll: self.allow_new_enroll,
            retry: self.retry,
            sandbox_result: self.sandbox_result.clone(),
            challenge: self.challenge.clone().map(|drawn| Offer::at(drawn, now)),
            link: self.link.clone(),
        };
        let payload = match serde_json::to_string(&claims) {
            Ok(payload) => payload,
            Err(_) => unreachable!("the claims are text, numbers and JSON"),
        };
        let signing = signing_key(key, &self.partner, self.environment);
        let token = jwt::encode(&signing, &payload);
        if token.len() > MAX_TOKEN_BYTES {
            return Err(WireError::wrong_type(
                "what the web token binds",
                "shorter: names, callback_url and partner_params together make a token of more than 8 KiB",
            ));
        }
        Ok(token)
    }
}

/// Whose token it claims to be: only to learn with which key to [`open`] it.
///
/// # Errors
/// [`TokenError`] where it cannot be a web token.
pub fn peek(token: &str) -> Result<(PartnerId, Environment), TokenError> {
    let claims = read(&take_apart(token)?)?;
    Ok((claims.partner_id, claims.environment))
}

/// What a token allows, if the key made it and its time is now.
///
/// # Errors
/// [`TokenError`] says why it opens nothing.
pub fn open(token: &str, key: &ApiKey, now: Timestamp) -> Result<Grant, TokenError> {
    let parts = take_apart(token)?;
    let claims = read(&parts)?;
    let signing = signing_key(key, &claims.partner_id, claims.environment);
    if !parts.is_signed_by(&signing) {
        return Err(TokenError::WrongSignature);
    }
    if claims.iss != ISSUER
        || claims.aud != audience(claims.link.as_ref())
        || claims.job_type != claims.product.job_type().map(|t| t.number())
    {
        return Err(TokenError::Malformed);
    }
    let now = now.as_second();
    if now.saturating_add(CLOCKS_APART) < claims.nbf {
        return Err(TokenError::NotYetValid);
    }
    if now >= claims.exp {
        return Err(TokenError::Expired);
    }
    let user = claims.partner_params.user_id();
    let job = claims.partner_params.job_id();
    let (Ok(user), Ok(job)) = (user, job) else {
        return Err(TokenError::Malformed);
    };
    Ok(Grant {
        partner: claims.partner_id,
        environment: claims.environment,
        product: claims.product,
        user,
        job,
        partner_params: claims.partner_params,
        callback_url: claims.callback_url,
        allow_new_enroll: claims.allow_new_enroll,
        retry: claims.retry,
        sandbox_result: claims.sandbox_result,
        challenge: claims.challenge.map(|offer| offer.challenge),
        link: claims.link,
    })
}

/// Whom a token is for.
const fn audience(link: Option<&AtLink>) -> &'static str {
    match link {
        Some(_) => LINK_AUDIENCE,
        None => AUDIENCE,
    }
}

fn take_apart(token: &str) -> Result<Parts<'_>, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLong);
    }
    Ok(Parts::of(token)?)
}

impl From<NotAToken> for TokenError {
    fn from(_: NotAToken) -> Self {
        Self::Malformed
    }
}

/// Signs the web tokens of a partner in one environment.
fn signing_key(key: &ApiKey, partner: &PartnerId, environment: Environment) -> DerivedKey {
    let purpose = format!("selfsame web token key\n{environment}\n{partner}");
    DerivedKey::derive(key.expose().as_bytes(), &purpose)
}

fn read(parts: &Parts<'_>) -> Result<Claims, TokenError> {
    serde_json::from_slice(&parts.payload).map_err(|_| TokenError::Malformed)
}

/// The keys of partner parameters. The last of two of one name counts.
fn object(params: &PartnerParams) -> Object {
    serde_json::from_str(params.as_json()).unwrap_or_default()
}

/// As a token carries them, so that what is opened is what was granted.
fn as_carried(params: &PartnerParams) -> PartnerParams {
    match RawValue::from_string(jwt::in_ascii(params.as_json())).map(PartnerParams::new) {
        Ok(Ok(params)) => params,
        _ => unreachable!("JSON in ASCII is JSON of the same meaning"),
    }
}

fn built(params: &Object) -> PartnerParams {
    match to_raw_value(params).map(PartnerParams::new) {
        Ok(Ok(params)) => params,
        _ => unreachable!("an object of checked values is one"),
    }
}

#[cfg(test)]
mod tests;
