//! Talks v3 to one server: what the client and the minter share.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder};
use selfsame_wire::v3::{SOURCE_SDK, SOURCE_SDK_VERSION};
use serde_json::{Map, Value};
use url::{Host, Url};

use crate::client::http_builder;
use crate::v3::error::{Error, Refusal, RefusalReason};

/// No server makes anybody wait longer than this between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often a question, or a request for a token, is tried when the network breaks or the server is busy. Submissions are sent once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all; 1 never retries.
    pub attempts: u32,
    /// The pause before the second try; it doubles from try to try. A server that names one is heard, up to 30 s.
    pub first_pause: Duration,
}

impl Default for RetryPolicy {
    /// Three tries, half a second and a second apart.
    fn default() -> Self {
        Self {
            attempts: 3,
            first_pause: Duration::from_millis(500),
        }
    }
}

/// The tries of one step.
pub(crate) struct Tries {
    left: u32,
    pause: Duration,
}

impl RetryPolicy {
    pub(crate) const fn begin(self) -> Tries {
        Tries {
            left: self.attempts.saturating_sub(1),
            pause: self.first_pause,
        }
    }
}

impl Tries {
    /// Waits until the next try, or gives back what no further try would help.
    pub(crate) async fn again(&mut self, error: Error) -> Result<(), Error> {
        if self.left == 0 || !error.is_passing() {
            return Err(error);
        }
        self.left -= 1;
        tokio::time::sleep(pause_after(&error, self.pause)).await;
        self.pause = self.pause.saturating_mul(2);
        Ok(())
    }
}

/// How long to pause after a failure: what the server asks for, if it asks for more.
pub(crate) fn pause_after(error: &Error, pause: Duration) -> Duration {
    let asked = error.refusal().and_then(|refusal| refusal.retry_after);
    asked.unwrap_or_default().max(pause).min(LONGEST_PAUSE)
}

/// One server.
#[derive(Clone)]
pub(crate) struct Exchange {
    server: Url,
    http: reqwest::Client,
}

impl Exchange {
    /// Over an HTTP client that follows no redirect: a header that proves whose the request is would go along.
    pub(crate) fn new(server: Url) -> Result<Self, Error> {
        let http = http_builder().redirect(reqwest::redirect::Policy::none());
        Self::over(server, http.build()?)
    }

    pub(crate) fn over(server: Url, http: reqwest::Client) -> Result<Self, Error> {
        if server.cannot_be_a_base() || !matches!(server.scheme(), "http" | "https") {
            let wrong = format!("{server} cannot be a server's URL: http or https is wanted");
            return Err(Error::Argument(wrong));
        }
        Ok(Self { server, http })
    }

    /// Whether what is sent can be read by nobody on its way, or does not leave this machine.
    pub(crate) fn is_private(&self) -> bool {
        let is_here = match self.server.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        is_here || self.server.scheme() == "https"
    }

    pub(crate) const fn server(&self) -> &Url {
        &self.server
    }

    /// Begins a request below `/v3`.
    pub(crate) fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Error> {
        self.request_with(method, path, &[])
    }

    /// Begins a question below `/v3/services`. What is absent is left out of its query.
    pub(crate) fn question(
        &self,
        endpoint: &str,
        query: &[(&str, Option<&str>)],
    ) -> Result<RequestBuilder, Error> {
        self.request_with(Method::GET, &["services", endpoint], query)
    }

    fn request_with(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, Option<&str>)],
    ) -> Result<RequestBuilder, Error> {
        // A URL's dots would walk up the path, and an empty segment is no name.
        if path.iter().any(|name| matches!(*name, "" | "." | "..")) {
            let wrong = "a job or a user must have a name, not empty and not dots";
            return Err(Error::Argument(wrong.to_owned()));
        }
        let mut url = self.server.clone();
        url.path_segments_mut()
            .map_err(|()| Error::Argument("the server's URL has no path".to_owned()))?
            .pop_if_empty()
            .push("v3")
            .extend(path);
        let given = query
            .iter()
            .filter_map(|(name, value)| Some((name, (*value)?)));
        for (name, value) in given {
            url.query_pairs_mut().append_pair(name, value);
        }
        let request = self.http.request(method, url);
        Ok(request
            .header(SOURCE_SDK, "selfsame-rust")
            .header(SOURCE_SDK_VERSION, env!("CARGO_PKG_VERSION")))
    }
}

/// An answer, whatever its status.
pub(crate) struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn to(request: RequestBuilder) -> Result<Self, Error> {
        let response = request.send().await?;
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await?.into(),
        })
    }

    pub(crate) const fn is_unauthenticated(&self) -> bool {
        self.status == 401
    }

    /// The answer's object, where it is a success or `also` takes it.
    pub(crate) fn accepted(
        self,
        also: impl FnOnce(u16, &Map<String, Value>) -> bool,
    ) -> Result<Map<String, Value>, Error> {
        let object: Option<Map<String, Value>> = serde_json::from_slice(&self.body).ok();
        let is_success = (200..300).contains(&self.status);
        match object {
            Some(object) if is_success || also(self.status, &object) => Ok(object),
            None if is_success => Err(Error::Answer("it is not a JSON object".to_owned())),
            object => Err(Error::Refused(Box::new(
                self.refusal(&object.unwrap_or_default()),
            ))),
        }
    }

    fn refusal(&self, said: &Map<String, Value>) -> Refusal {
        let header = |name: &str| self.headers.get(name)?.to_str().ok();
        let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
        // The open lookups answer {error, code} instead of {message, status}.
        let message = Some(text("message")).filter(|message| !message.is_empty());
        Refusal {
            reason: RefusalReason::of(self.status),
            http_status: self.status,
            code: text("code").to_owned(),
            message: message.unwrap_or_else(|| text("error")).to_owned(),
            retry_after: header(RETRY_AFTER.as_str())
                .and_then(|seconds| seconds.parse().ok())
                .map(Duration::from_secs),
            request_id: header("x-request-id").map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_names_a_pause_is_heard() {
        let of = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| {
                let name = reqwest::header::HeaderName::from_static(name);
                (name, reqwest::header::HeaderValue::from_static(value))
            });
            let answer = Answer {
                status: 429,
                headers: headers.collect(),
                body: br#"{"status":"Too Many Requests","message":"slow"}"#.to_vec(),
            };
            answer.accepted(|_, _| false).unwrap_err()
        };
        let second = Duration::from_secs(1);
        assert_eq!(pause_after(&of(&[]), second), second);
        let nine = of(&[("retry-after", "9"), ("x-request-id", "r1")]);
        assert_eq!(pause_after(&nine, second), Duration::from_secs(9));
        assert_eq!(pause_after(&nine, LONGEST_PAUSE), LONGEST_PAUSE);
        assert_eq!(
            pause_after(&of(&[("retry-after", "99999999")]), second),
            LONGEST_PAUSE
        );
        assert_eq!(pause_after(&of(&[("retry-after", "soon")]), second), second);
        let refusal = nine.refusal().unwrap();
        assert_eq!(refusal.reason, RefusalReason::TooOften);
        assert_eq!(refusal.request_id.as_deref(), Some("r1"));
        assert_eq!(nine.to_string(), "the server refused (HTTP 429: slow)");
    }

    #[test]
    fn a_key_goes_only_where_nobody_reads_it() {
        let is_private = |url: &str| Exchange::new(url.parse().unwrap()).unwrap().is_private();
        for url in [
            "https://faces.example.com",
            "http://localhost:8080/base",
            "http://127.0.0.1",
            "http://[::1]:8080",
        ] {
            assert!(is_private(url), "{url}");
        }
        for url in [
            "http://faces.example.com",
            "http://localhost.example.com",
            "http://localhost@faces.example.com",
            "http://10.0.0.1",
        ] {
            assert!(!is_private(url), "{url}");
        }
        let over = |url: &str| Exchange::new(url.parse().unwrap());
        assert!(over("mailto:a@example.com").is_err() && over("ftp://example.com").is_err());
        let exchange = over("https://example.com/base/").unwrap();
        for name in ["", ".", ".."] {
            assert!(exchange.request(Method::GET, &["status", name]).is_err());
        }
        let request = exchange.request(Method::GET, &["users", "a/b", "report_fraud"]);
        let url = request.unwrap().build().unwrap().url().to_string();
        assert_eq!(url, "https://example.com/base/v3/users/a%2Fb/report_fraud");
    }
}
