//! The base of the URLs that the server hands out.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use selfsame_wire::error::ErrorCode;

use crate::app::App;
use crate::config::Config;
use crate::refusal::Refusal;

/// The headers in which a trusted proxy says what its client asked for. Where several proxies wrote, the last entry is the
/// nearest one's.
const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
/// The longest host name that DNS knows, brackets and port.
const LONGEST_HOST: usize = 253 + 8;

/// How the request reached the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// `scheme://host[:port][/path]` without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(pub(crate) String);

impl Origin {
    /// The one that the operator named.
    pub(crate) fn public(config: &Config) -> Option<Self> {
        let url = config.public_url.as_ref()?;
        Some(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl FromRequestParts<Arc<App>> for Origin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        if let Some(public) = Self::public(&app.config) {
            return Ok(public);
        }
        let proxied = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .is_some_and(|peer| app.proxies.trust(peer.ip()));
        let scheme = parts.extensions.get::<Scheme>().copied();
        // HTTP/2 has no Host header; the authority stands in the URI.
        let asked = parts.uri.authority().map(|a| a.as_str());
        of(
            &parts.headers,
            asked,
            scheme.unwrap_or(Scheme::Http),
            proxied,
        )
        .map(Self)
        .map_err(|why| Refusal::new(ErrorCode::WrongType, why).with_status(StatusCode::BAD_REQUEST))
    }
}

fn of(
    headers: &HeaderMap,
    asked: Option<&str>,
    scheme: Scheme,
    proxied: bool,
) -> Result<String, String> {
    let forwarded = |name| {
        headers
            .get_all(name)
            .iter()
            .next_back()
            .filter(|_| proxied)
            .map(|value| value.to_str().unwrap_or_default())
            .map(|value| value.rsplit(',').next().unwrap_or_default().trim())
    };
    let scheme = match forwarded(FORWARDED_PROTO) {
        None | Some("") => scheme,
        Some(proto) if proto.eq_ignore_ascii_case("https") => Scheme::Https,
        Some(proto) if proto.eq_ignore_ascii_case("http") => Scheme::Http,
        Some(_) => {
            return Err(format!(
                "the proxy's {FORWARDED_PROTO} is neither http nor https"
            ));
        }
    };
    let (name, host) = match forwarded(FORWARDED_HOST).filter(|host| !host.is_empty()) {
        Some(host) => (FORWARDED_HOST, host),
        None => {
            let header = headers.get(HOST).map(|h| h.to_str().unwrap_or_default());
            ("Host", asked.or(header).unwrap_or_default())
        }
    };
    if !is_host(host) {
        return Err(format!(
            "the {name} header must be a host name or address with an optional port: upload URLs are made from it \
             (or from --public-url)"
        ));
    }
    Ok(format!("{}://{host}", scheme.as_str()))
}

/// Whether it is a host name or address with an optional port. Underscores stand in the names of containers.
fn is_host(text: &str) -> bool {
    if text.len() > LONGEST_HOST {
        return false;
    }
    let (host, rest) = match text.strip_prefix('[') {
        Some(inside) => match inside.split_once(']') {
            Some((address, rest)) if address.parse::<std::net::Ipv6Addr>().is_ok() => ("v6", rest),
            _ => return false,
        },
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => {
            port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0)
        }
        None => rest.is_empty(),
    };
    let in_name = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    port && host.bytes().all(in_name)
        && host.bytes().any(|b| b.is_ascii_alphanumeric())
        && !host.starts_with(['.', '-'])
        && !host.contains("..")
}

/// Why `--public-url` is likely to be needed, where it is and was not given.
pub(crate) fn wants_public_url(config: &Config) -> Option<&'static str> {
    let listens = |address: Option<SocketAddr>| address.is_some_and(|a| !a.ip().is_loopback());
    if config.public_url.is_some() {
        None
    } else if !config.trusted_proxies.is_empty() {
        Some("the server is behind a proxy")
    } else if listens(config.http) || listens(config.https.as_ref().map(|https| https.listen)) {
        Some("the server listens on an address that others reach")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(headers: &[(&'static str, &str)], proxied: bool) -> Result<String, String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        of(&map, None, Scheme::Http, proxied)
    }

    #[test]
    fn hosts_are_taken_as_they_are_or_refused() {
        for host in [
            "selfsame_web:8080",
            "localhost",
            "selfie.example",
            "selfie.example.",
            "192.0.2.1:80",
            "[::1]:8080",
            "[2001:db8::1]",
            "xn--bcher-kva.example",
        ] {
            assert_eq!(
                origin(&[("host", host)], false).unwrap(),
                format!("http://{host}")
            );
        }
        for host in [
            "", " ", ":8080", "a b", "a/b", "a@b", "a?b", "a:b", "a:", "a:0", "a:65536", "a:+1",
            "a:80:80", "[::1", "[::1]x", "[a]", "::1", ".", "-", "..", "a..b", "\"a\"", "<a>",
            "a,b", "%61",
        ] {
            assert!(
                origin(&[("host", host)], false)
                    .unwrap_err()
                    .contains("Host"),
                "{host:?}"
            );
        }
        assert!(origin(&[], false).is_err());
        assert!(origin(&[("host", &"a".repeat(300))], false).is_err());
        let of_uri = of(
            &HeaderMap::new(),
            Some("h2.example:1"),
            Scheme::Https,
            false,
        );
        assert_eq!(of_uri.unwrap(), "https://h2.example:1");
    }

    #[test]
    fn only_a_trusted_proxy_says_what_was_asked_for() {
        let said = [
            ("host", "inner:8080"),
            (FORWARDED_HOST, "made.up, selfie.example"),
            (FORWARDED_PROTO, "HTTPS"),
        ];
        assert_eq!(origin(&said, false).unwrap(), "http://inner:8080");
        assert_eq!(origin(&said, true).unwrap(), "https://selfie.example");
        let proto = [("host", "a"), (FORWARDED_PROTO, "https")];
        assert_eq!(origin(&proto, true).unwrap(), "https://a");
        for (name, value) in [(FORWARDED_PROTO, "gopher"), (FORWARDED_HOST, "a b")] {
            let said = [("host", "a"), (name, value)];
            assert!(origin(&said, true).unwrap_err().contains(name));
            assert_eq!(origin(&said, false).unwrap(), "http://a");
        }
    }

    #[test]
    fn who_is_reached_by_others_is_told_of_the_public_url() {
        let at = |address: &str| Config {
            http: Some(address.parse().unwrap()),
            ..Config::default()
        };
        assert_eq!(wants_public_url(&at("127.0.0.1:1")), None);
        assert_eq!(wants_public_url(&at("[::1]:1")), None);
        assert!(wants_public_url(&at("0.0.0.0:1")).is_some());
        assert!(wants_public_url(&at("[::]:1")).is_some());
        assert!(wants_public_url(&at("192.0.2.1:1")).is_some());
        let mut config = at("127.0.0.1:1");
        config.trusted_proxies.push("10.0.0.0/8".parse().unwrap());
        assert!(wants_public_url(&config).is_some());
        config.public_url = Some("https://a.example".parse().unwrap());
        assert_eq!(wants_public_url(&config), None);
    }
}
