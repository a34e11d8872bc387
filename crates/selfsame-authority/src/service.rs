//! A service that is asked over HTTP: where it is, and what it answers, within limits.

use std::path::Path;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, RequestBuilder, StatusCode};
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::authority::AskError;
use crate::config::{ConfigError, Place};

/// The largest file of certificates.
pub(crate) const MAX_PEM: u64 = 1024 * 1024;

/// An answer that is neither "later" nor "elsewhere".
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Reads the address of a service. `field` is where it stands, for errors.
///
/// # Errors
/// When it is no address, or would lead over a network without TLS.
pub(crate) fn address(text: &str, field: &str, place: &Place) -> Result<Url, ConfigError> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| place.wrong(field, "is no address such as https://id.example"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(place.wrong(
            field,
            "holds a user name or a password: secrets do not stand in this file",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(place.wrong(field, "has a part after ? or #, which is never sent"));
    }
    if url.scheme() == "http" && !is_here(&url) {
        return Err(place.wrong(
            field,
            "must begin with https://: without TLS whoever is on the way reads who is asked for",
        ));
    }
    Ok(url)
}

/// The address with more parts to its path, each written as one part whatever it holds.
pub(crate) fn beneath(base: &Url, parts: &[&str]) -> Url {
    let mut url = base.clone();
    // An http address always has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

/// The client for a service's addresses.
///
/// # Errors
/// When the certificates cannot be used.
pub(crate) fn client(
    addresses: &[&Url],
    ca: Option<&Path>,
    timeout: Duration,
    place: &Place,
) -> Result<Client, ConfigError> {
    built(builder(addresses, ca, timeout, place)?, place)
}

/// The client, before more is said of it.
///
/// # Errors
/// When the file names no certificates.
pub(crate) fn builder(
    addresses: &[&Url],
    ca: Option<&Path>,
    timeout: Duration,
    place: &Place,
) -> Result<ClientBuilder, ConfigError> {
    // reqwest asks for the process's provider, and finds none where nobody named it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout)
        // What is sent is for these addresses only.
        .redirect(reqwest::redirect::Policy::none())
        .https_only(addresses.iter().all(|url| url.scheme() == "https"))
        .user_agent(concat!("selfsame/", env!("CARGO_PKG_VERSION")));
    if addresses.iter().all(|url| is_here(url)) {
        client = client.no_proxy();
    }
    if let Some(path) = ca {
        let pem = place.read_file("ca", path, MAX_PEM)?;
        let authorities = reqwest::Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|all| !all.is_empty())
            .ok_or_else(|| {
                let problem = format!(
                    "names {}, which holds no certificate in PEM",
                    path.display()
                );
                place.wrong("ca", problem)
            })?;
        client = client.tls_certs_only(authorities);
    }
    Ok(client)
}

/// # Errors
/// When certificates or keys cannot be used.
pub(crate) fn built(client: ClientBuilder, place: &Place) -> Result<Client, ConfigError> {
    client
        .build()
        .map_err(|error| place.wrong("", format!("cannot be asked: {}", cause(&error))))
}

/// Sends, and reads the answer to its end.
///
/// # Errors
/// [`AskError`] where no answer comes, it is longer than `most` bytes, or it says "later" or "elsewhere".
pub(crate) async fn receive(request: RequestBuilder, most: usize) -> Result<Received, AskError> {
    let too_long = || AskError::Nonsense(format!("it is longer than {most} bytes"));
    let mut answer = request.send().await.map_err(|error| unreached(&error))?;
    let status = answer.status();
    match status {
        StatusCode::TOO_MANY_REQUESTS => return Err(AskError::Busy),
        StatusCode::NOT_IMPLEMENTED => {
            return Err(AskError::Refused(
                "HTTP 501: it does not offer this".to_owned(),
            ));
        }
        status if status.is_server_error() => {
            return Err(AskError::Unreachable(format!("HTTP {}", status.as_u16())));
        }
        status if status.is_redirection() => {
            let why = format!(
                "HTTP {}: it points elsewhere; set its own address",
                status.as_u16()
            );
            return Err(AskError::Refused(why));
        }
        _ => {}
    }
    if answer
        .content_length()
        .is_some_and(|length| length > most as u64)
    {
        return Err(too_long());
    }
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = answer.chunk().await.map_err(|error| unreached(&error))? {
        if body.len() + chunk.len() > most {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Received { status, body })
}

/// On this machine nobody listens on the way.
pub(crate) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// The error's own text would name the address, which may hold keys.
pub(crate) fn unreached(error: &reqwest::Error) -> AskError {
    if error.is_timeout() {
        return AskError::Unreachable("no answer in time".to_owned());
    }
    AskError::Unreachable(cause(error))
}

/// The innermost cause: what the system or TLS said.
fn cause(error: &reqwest::Error) -> String {
    use std::error::Error as _;
    let mut cause = error.source();
    while let Some(next) = cause.and_then(std::error::Error::source) {
        cause = Some(next);
    }
    cause.map_or_else(|| "the connection failed".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_would_tell_secrets_are_refused() {
        let place = Place::file(Path::new("/")).within("authority").within("x");
        for (text, why) in [
            ("id.example", "is no address"),
            ("ftp://id.example", "is no address"),
            ("http://id.example", "must begin with https://"),
            ("https://me:s3cret@id.example", "holds a user name"),
            ("https://id.example/?key=s3cret", "has a part after ?"),
        ] {
            let said = address(text, "address", &place).unwrap_err().to_string();
            assert!(
                said.starts_with("authorities: authority.x.address "),
                "{said}"
            );
            assert!(said.contains(why) && !said.contains("s3cret"), "{said}");
        }
        for text in [
            "https://id.example/base/",
            "http://localhost:1",
            "http://127.0.0.1",
            "http://[::1]:8",
        ] {
            assert!(address(text, "address", &place).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_part_of_the_path_stays_one_part() {
        for base in ["https://id.example/a", "https://id.example/a/"] {
            let base = Url::parse(base).unwrap();
            let url = beneath(&base, &["v1", "a/../b?c#d"]);
            assert_eq!(url.as_str(), "https://id.example/a/v1/a%2F..%2Fb%3Fc%23d");
        }
    }
}
