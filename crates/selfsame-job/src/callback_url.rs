//! Where results go when the request names no callback URL: a URL of the partner, for each environment.

use std::fmt;
use std::str::FromStr;

use selfsame_wire::id::Environment;
use url::Url;

/// The longest callback URL, in bytes.
pub const MAX_CALLBACK_URL_BYTES: usize = 2048;

/// Why a text is no callback URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACallbackUrl {
    /// Longer than 2048 bytes.
    #[error("callback_url is longer than {MAX_CALLBACK_URL_BYTES} bytes")]
    TooLong,
    /// Not a URL with a host.
    #[error("callback_url is not an absolute http or https URL")]
    NotAUrl,
    /// A user name or password in the URL.
    #[error(
        "callback_url holds a user name or password; callbacks are authenticated by their signature"
    )]
    Credentials,
}

/// An absolute http or https URL with a host, without user name or password, of at most 2048 bytes.
///
/// Whether callbacks may go there is another question, which the server's rules answer, and again at each try.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackUrl(Url);

impl CallbackUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`NotACallbackUrl`] says what is wrong.
    pub fn new(text: &str) -> Result<Self, NotACallbackUrl> {
        if text.len() > MAX_CALLBACK_URL_BYTES {
            return Err(NotACallbackUrl::TooLong);
        }
        let url = Url::parse(text).map_err(|_| NotACallbackUrl::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(NotACallbackUrl::NotAUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotACallbackUrl::Credentials);
        }
        // What is not ASCII is longer once it is escaped; it is read again as it is kept.
        if url.as_str().len() > MAX_CALLBACK_URL_BYTES {
            return Err(NotACallbackUrl::TooLong);
        }
        Ok(Self(url))
    }

    /// As it is kept, shown and called: in ASCII, without control characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same, in its parts.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Scheme, host and port. Path and query often hold a secret of the receiver's, so that this is what may be shown to whoever
    /// need not know it.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

/// The origin alone: what is debugged ends in logs.
impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackUrl({}/…)", self.origin())
    }
}

impl FromStr for CallbackUrl {
    type Err = NotACallbackUrl;
    fn from_str(text: &str) -> Result<Self, NotACallbackUrl> {
        Self::new(text)
    }
}

/// Where results go of jobs whose request names no callback URL, in each environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallbackUrls {
    /// Of jobs in the sandbox.
    pub sandbox: Option<CallbackUrl>,
    /// Of jobs in production.
    pub production: Option<CallbackUrl>,
}

impl CallbackUrls {
    /// That of an environment; `None`: such results are not sent.
    #[must_use]
    pub const fn of(&self, environment: Environment) -> Option<&CallbackUrl> {
        match environment {
            Environment::Sandbox => self.sandbox.as_ref(),
            Environment::Production => self.production.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_urls_are_callback_urls() {
        for text in [
            "file:///etc/passwd",
            "ftp://example.com/",
            "callback",
            "http://",
            "",
        ] {
            assert_eq!(
                CallbackUrl::new(text),
                Err(NotACallbackUrl::NotAUrl),
                "{text}"
            );
        }
        assert_eq!(
            CallbackUrl::new("https://user@example.com/"),
            Err(NotACallbackUrl::Credentials)
        );
        let of = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
        assert_eq!(
            CallbackUrl::new(&of(MAX_CALLBACK_URL_BYTES + 1)),
            Err(NotACallbackUrl::TooLong)
        );
        assert!(CallbackUrl::new(&of(MAX_CALLBACK_URL_BYTES)).is_ok());
        let escaped = format!("https://a.example/{}", "é".repeat(500));
        assert_eq!(CallbackUrl::new(&escaped), Err(NotACallbackUrl::TooLong));
    }

    #[test]
    fn a_secret_in_the_path_is_in_no_log_and_nothing_that_moves_a_terminal_is_shown() {
        let url: CallbackUrl = "HTTPS://A.example:8443/s3cret\u{1b}?k=s3cret"
            .parse()
            .unwrap();
        assert_eq!(url.as_str(), "https://a.example:8443/s3cret%1B?k=s3cret");
        assert_eq!(CallbackUrl::new(url.as_str()), Ok(url.clone()));
        assert_eq!(url.origin(), "https://a.example:8443");
        assert!(!format!("{url:?}").contains("s3cret"));
    }

    #[test]
    fn each_environment_has_its_own() {
        let url = |text: &str| CallbackUrl::new(text).ok();
        let urls = CallbackUrls {
            sandbox: url("https://test.example/"),
            production: None,
        };
        assert_eq!(urls.of(Environment::Sandbox), urls.sandbox.as_ref());
        assert_eq!(urls.of(Environment::Production), None);
    }
}
