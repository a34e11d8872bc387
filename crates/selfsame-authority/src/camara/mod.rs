//! CAMARA's KYC Match: a telephone operator compares what a person says of itself with its own records, and tells no more.
//!
//! `docs/authorities/camara.md` is the operator's page.

mod question;
mod settings;
mod token;
mod verdict;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use selfsame_job::identity::Answer;
use url::Url;

use crate::asking::Asking;
use crate::authority::{AskError, Authority};
use crate::config::{ConfigError, Place};
use crate::service::{self, Received};
use question::Question;
pub use settings::CamaraSettings;
use token::Tokens;
use verdict::Scale;

/// The longest answer, in bytes: thirty fields of a word each.
const MAX_ANSWER: usize = 64 * 1024;

/// An operator that offers KYC Match.
pub struct Camara {
    client: reqwest::Client,
    url: Url,
    tokens: Tokens,
    scale: Scale,
    settings: CamaraSettings,
}

impl fmt::Debug for Camara {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Camara({})", self.url)
    }
}

impl Camara {
    /// Reads the secrets that the settings name. `timeout` is for one request, from connecting to the answer's end.
    ///
    /// # Errors
    /// The first setting that is wrong, or a secret or certificate that cannot be used.
    pub fn new(
        settings: CamaraSettings,
        timeout: Duration,
        place: &Place,
    ) -> Result<Self, ConfigError> {
        settings.check(place)?;
        let base = service::address(&settings.address, "address", place)?;
        let token_url = service::address(&settings.token_address, "token_address", place)?;
        let secret = settings.client_secret.fetch(place, "client_secret")?;
        let client = service::client(&[&base, &token_url], settings.ca.as_deref(), timeout, place)?;
        Ok(Self {
            tokens: Tokens::new(client.clone(), token_url, &settings, &secret, place)?,
            client,
            url: service::beneath(&base, &["match"]),
            scale: Scale {
                exact: settings.exact_score,
                partial: settings.partial_score,
            },
            settings,
        })
    }

    async fn send(
        &self,
        question: &Question,
        job: &str,
        token: &token::Token,
    ) -> Result<Received, AskError> {
        let request = self
            .client
            .post(self.url.clone())
            .header("authorization", token.header())
            // The same where a question is repeated.
            .header("x-correlator", job)
            .json(question);
        service::receive(request, MAX_ANSWER).await
    }
}

#[async_trait]
impl Authority for Camara {
    async fn ask(&self, asking: &Asking) -> Result<Answer, AskError> {
        let question = match Question::of(&asking.query, &self.settings) {
            Ok(question) => question,
            Err(why) => return Ok(Answer::Malformed(why)),
        };
        let job = asking.smile_job_id.as_str();
        let token = self.tokens.get().await?;
        let mut received = self.send(&question, job, &token).await?;
        if received.status == StatusCode::UNAUTHORIZED && token.was_kept() {
            // It may have been taken back before its time.
            self.tokens.forget(&token).await;
            let token = self.tokens.get().await?;
            received = self.send(&question, job, &token).await?;
        }
        verdict::read(&received, &question, self.scale)
    }
}

#[cfg(test)]
mod tests;
