//! The operator's leave to ask: a token of OAuth 2.0, had with the client's credentials and kept until it expires.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::settings::CamaraSettings;
use crate::authority::AskError;
use crate::config::{ConfigError, Place, Secret};
use crate::service;

const MAX_ANSWER: usize = 64 * 1024;
/// So long before its end a token is no longer used.
const MARGIN: Duration = Duration::from_secs(15);
/// How long a token is kept of which the end is not told, and how long one is kept at most.
const UNTOLD: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A token.
#[derive(Clone)]
pub(super) struct Token {
    header: HeaderValue,
    /// Whether it was used before.
    kept: bool,
}

impl Token {
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    pub(super) const fn was_kept(&self) -> bool {
        self.kept
    }
}

/// Fetches tokens, one for all questions.
pub(super) struct Tokens {
    client: reqwest::Client,
    url: Url,
    credentials: HeaderValue,
    form: Arc<str>,
    /// Held while a token is fetched: whoever comes meanwhile takes the same.
    kept: Mutex<Option<(Token, Instant)>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

#[derive(Deserialize, Default)]
struct Refused {
    #[serde(default)]
    error: String,
}

impl Tokens {
    pub(super) fn new(
        client: reqwest::Client,
        url: Url,
        settings: &CamaraSettings,
        secret: &Secret,
        place: &Place,
    ) -> Result<Self, ConfigError> {
        // RFC 6749, 2.3.1: both are written as forms are before they are joined.
        let encoded =
            |text: &str| Zeroizing::new(byte_serialize(text.as_bytes()).collect::<String>());
        let pair = Zeroizing::new(format!(
            "{}:{}",
            *encoded(&settings.client_id),
            *encoded(secret.reveal())
        ));
        let mut credentials =
            HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair.as_bytes())))
                .map_err(|_| place.wrong("client_secret", "leads to what no header may hold"))?;
        credentials.set_sensitive(true);
        let form = format!(
            "grant_type=client_credentials&scope={}",
            *encoded(&settings.scope)
        );
        Ok(Self {
            client,
            url,
            credentials,
            form: form.into(),
            kept: Mutex::new(None),
        })
    }

    /// A token that is in force.
    pub(super) async fn get(&self) -> Result<Token, AskError> {
        let mut kept = self.kept.lock().await;
        if let Some((token, until)) = &*kept
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        *kept = None;
        let (token, lasts) = self.fetch().await?;
        let again = Token {
            kept: true,
            ..token.clone()
        };
        *kept = Some((again, Instant::now() + lasts));
        Ok(token)
    }

    /// Keeps a token no longer, unless there is another already.
    pub(super) async fn forget(&self, token: &Token) {
        let mut kept = self.kept.lock().await;
        if kept
            .as_ref()
            .is_some_and(|(kept, _)| kept.header == token.header)
        {
            *kept = None;
        }
    }

    async fn fetch(&self) -> Result<(Token, Duration), AskError> {
        let request = self
            .client
            .post(self.url.clone())
            .header("authorization", self.credentials.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(self.form.to_string());
        let received = service::receive(request, MAX_ANSWER).await?;
        if !received.status.is_success() {
            let refused: Refused = serde_json::from_slice(&received.body).unwrap_or_default();
            let plain = |c: &char| c.is_ascii_lowercase() || *c == '_';
            let error: String = refused.error.chars().filter(plain).take(40).collect();
            let code = received.status.as_u16();
            return Err(AskError::Refused(format!(
                "no token (HTTP {code} {error}): check token_address, client_id, client_secret and scope"
            )));
        }
        let nonsense = |why: &str| AskError::Nonsense(why.to_owned());
        let granted: Granted = serde_json::from_slice(&received.body)
            .map_err(|_| nonsense("what comes from token_address is no token of OAuth 2.0"))?;
        let value = Zeroizing::new(granted.access_token);
        if !granted.token_type.eq_ignore_ascii_case("bearer") || value.is_empty() {
            return Err(nonsense("the token is none of type Bearer"));
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {}", *value))
            .map_err(|_| nonsense("the token holds what no header may"))?;
        header.set_sensitive(true);
        let told = granted.expires_in.map(Duration::from_secs);
        let lasts = told.map_or(UNTOLD, |told| told.min(LONGEST).saturating_sub(MARGIN));
        Ok((
            Token {
                header,
                kept: false,
            },
            lasts,
        ))
    }
}
