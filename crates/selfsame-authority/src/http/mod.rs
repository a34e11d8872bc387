//! A JSON service that the operator describes: where it is, what it is sent, and where in its answer each field stands.

mod address;
mod body;
mod condition;
mod exchange;
mod header;
mod pointer;
mod reading;
mod settings;
mod template;

use std::time::Duration;

use async_trait::async_trait;
use selfsame_job::identity::Answer;
use toml::Table;

use crate::asking::Asking;
use crate::authority::{AskError, Authority};
use crate::config::{ConfigError, Place};
use address::{Address, NoAddress};
use body::Body;
use header::Header;
use settings::{AnswerSettings, Method, Settings};

/// The most that `max_answer` may be, in bytes.
const MAX_ANSWER: usize = 50_000_000;

/// A JSON service.
#[derive(Debug)]
pub(crate) struct HttpAuthority {
    client: reqwest::Client,
    method: reqwest::Method,
    address: Address,
    headers: Vec<Header>,
    body: Option<Body>,
    max_answer: usize,
    answer: AnswerSettings,
}

impl HttpAuthority {
    /// Reads what the operator's file says of it.
    ///
    /// # Errors
    /// The first field that is wrong, or a secret, certificate or key that is not there.
    pub(crate) fn new(
        settings: Table,
        timeout: Duration,
        place: &Place,
    ) -> Result<Self, ConfigError> {
        let settings: Settings = place.read(settings)?;
        let address = Address::parse(&settings.url, settings.allow_plain_http)
            .map_err(|problem| place.wrong("url", problem))?;
        if !(1024..=MAX_ANSWER).contains(&settings.max_answer) {
            return Err(place.wrong(
                "max_answer",
                format!("must be between 1024 and {MAX_ANSWER} bytes"),
            ));
        }
        let body = settings.body.as_ref().map(|table| {
            Body::read(&toml::Value::Table(table.clone()))
                .map_err(|(path, problem)| place.wrong(&format!("body{path}"), problem))
        });
        let body = body.transpose()?;
        let method = settings.method.unwrap_or(if body.is_some() {
            Method::Post
        } else {
            Method::Get
        });
        if method == Method::Get && body.is_some() {
            return Err(place.wrong("method", "is GET, which has no body: POST and PUT have"));
        }
        if !address.names_the_person() && !body.as_ref().is_some_and(Body::names_the_person) {
            return Err(place.wrong(
                "url",
                "and body hold no {id_number} or other field of the person: every question would be the same",
            ));
        }
        reading::check(&settings.answer, place)?;
        let headers = settings.headers.iter();
        let headers = headers.map(|(name, setting)| Header::read(name, setting, place));
        Ok(Self {
            headers: headers.collect::<Result<_, _>>()?,
            client: exchange::client(&settings, &address, timeout, place)?,
            method: method.into(),
            address,
            body,
            max_answer: settings.max_answer,
            answer: settings.answer,
        })
    }
}

#[async_trait]
impl Authority for HttpAuthority {
    async fn ask(&self, asking: &Asking) -> Result<Answer, AskError> {
        let dates = self.answer.date_format.as_deref();
        let url = match self.address.of(asking, dates) {
            Ok(url) => url,
            Err(NoAddress::Missing(field)) => {
                return Ok(Answer::Malformed(format!(
                    "{field} is required to look this ID type up"
                )));
            }
            Err(NoAddress::LeadsElsewhere) => {
                return Ok(Answer::Malformed(
                    "a field of the ID is made of dots only".to_owned(),
                ));
            }
        };
        let mut request = self.client.request(self.method.clone(), url);
        // Before the operator's own headers, of which one may say otherwise.
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(
            reqwest::header::ACCEPT,
            reqwest::header::HeaderValue::from_static("application/json"),
        );
        for header in &self.headers {
            let (name, value) = header.of(asking).await?;
            headers.insert(name, value);
        }
        request = request.headers(headers);
        if let Some(body) = &self.body {
            request = request.json(&body.fill(asking, dates));
        }
        let (status, content) = exchange::exchange(request, self.max_answer).await?;
        reading::read(&self.answer, asking, status, content)
    }
}

#[cfg(test)]
pub(crate) mod tests;
