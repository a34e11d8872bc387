//! Web addresses that a page shows or leads to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::WireError;

/// The longest address, in bytes.
const MAX_BYTES: usize = 2048;
/// The longest host name that DNS knows.
const LONGEST_HOST: usize = 253;

/// An absolute https address in ASCII: a host name, perhaps a port, and a path. It carries no user name or password, and nothing
/// that browsers read otherwise than it is written (backslashes, spaces, quotes, control characters).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HttpsUrl(String);

/// The text is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an https address with a host name, in ASCII (anything else as %XX), at most {MAX_BYTES} bytes, without a user name or password"
)]
pub struct NotAnHttpsUrl;

impl HttpsUrl {
    /// Reads one; it is kept as it is written.
    ///
    /// # Errors
    /// [`NotAnHttpsUrl`].
    pub fn new(text: impl Into<String>) -> Result<Self, NotAnHttpsUrl> {
        let text = text.into();
        let rest = text.strip_prefix("https://").ok_or(NotAnHttpsUrl)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, tail) = rest.split_at(end);
        let good = text.len() <= MAX_BYTES && is_host(host) && tail.bytes().all(is_part_of_a_path);
        if good {
            Ok(Self(text))
        } else {
            Err(NotAnHttpsUrl)
        }
    }

    /// The same of a request's field.
    ///
    /// # Errors
    /// 2204, naming the field.
    pub fn of_field(name: &str, text: &str) -> Result<Self, WireError> {
        Self::new(text).map_err(|wanted| WireError::wrong_type(name, &wanted.to_string()))
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without what follows a `?` or `#`.
    #[must_use]
    pub fn without_query(&self) -> &str {
        let end = self.0.find(['?', '#']).unwrap_or(self.0.len());
        &self.0[..end]
    }
}

/// A name of letters, digits, hyphens and dots, and perhaps a port.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.len() <= LONGEST_HOST
        && name.split('.').all(is_label)
        && port.is_none_or(|port| {
            port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0)
        })
}

/// What RFC 3986 has in paths, queries and fragments.
const fn is_part_of_a_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b':'
                | b'/'
                | b'?'
                | b'#'
                | b'@'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b'%'
        )
}

impl fmt::Display for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for HttpsUrl {
    type Error = NotAnHttpsUrl;
    fn try_from(text: String) -> Result<Self, NotAnHttpsUrl> {
        Self::new(text)
    }
}

impl From<HttpsUrl> for String {
    fn from(url: HttpsUrl) -> Self {
        url.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_web_are_taken_and_tricks_are_not() {
        for good in [
            "https://example.com",
            "https://example.com/p?a=b#c",
            "https://a-b.example.com:8443/x/%20;y,z",
            "https://xn--bcher-kva.example/",
        ] {
            assert_eq!(HttpsUrl::new(good).unwrap().as_str(), good);
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_BYTES));
        for bad in [
            "",
            "http://example.com",
            "HTTPS://example.com",
            "https:/example.com",
            "https://",
            "https:///p",
            "https://user@example.com/",
            "https://user:secret@example.com/",
            "https://example.com\\@other.example/",
            "https://example.com/a b",
            "https://example.com/\"onload=x",
            "https://example.com/<script>",
            "https://example.com/\n",
            "https://[::1]/",
            "https://bücher.example/",
            "https://-a.example/",
            "https://a..example/",
            "https://example.com:/",
            "https://example.com:0/",
            "https://example.com:65536/",
            "javascript:alert(1)",
            "data:text/html,x",
            "//example.com",
            " https://example.com",
            long.as_str(),
        ] {
            assert_eq!(HttpsUrl::new(bad), Err(NotAnHttpsUrl), "{bad}");
        }
    }

    #[test]
    fn the_query_can_be_left_out() {
        let of = |text: &str| HttpsUrl::new(text).unwrap().without_query().to_owned();
        assert_eq!(of("https://e.com/a.png?x=1#y"), "https://e.com/a.png");
        assert_eq!(of("https://e.com#y"), "https://e.com");
        assert_eq!(of("https://e.com/a"), "https://e.com/a");
    }

    proptest::proptest! {
        #[test]
        fn what_is_taken_cannot_leave_an_attribute_or_a_header(text in "https://[ -~]{0,60}") {
            if let Ok(url) = HttpsUrl::new(text) {
                let rest = &url.as_str()["https://".len()..];
                let host = rest.split(['/', '?', '#']).next().unwrap();
                proptest::prop_assert!(!host.is_empty() && !host.contains('@'));
                proptest::prop_assert!(!url.as_str().contains(['"', '<', '>', ' ', '\\', '`', '|']));
            }
        }
    }
}
