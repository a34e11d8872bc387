//! A master key that Vault's transit engine holds (or OpenBao's, which speaks the same protocol). Vault wraps and unwraps; the key
//! never leaves it. It is asked when a store is opened and when keys change, not for every record.

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use url::{Host, Url};
use zeroize::{Zeroize as _, Zeroizing};

use super::{WrapKeys, another, failed};
use crate::error::StoreError;
use crate::keyring::KEY_BYTES;

/// One attempt, from connecting to the answer's end.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Attempts where Vault cannot be reached or is not ready.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);
const MAX_ANSWER: usize = 64 * 1024;
const MAX_TOKEN: u64 = 16 * 1024;
/// The most of Vault's own words that is shown.
const SHOWN: usize = 200;

/// A key of a transit engine: where the engine is mounted, and the key's name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultKey {
    mount: String,
    name: String,
}

impl FromStr for VaultKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let part = |p: &str| {
            let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            !p.is_empty() && p.bytes().all(ok) && p.bytes().any(|b| b != b'.')
        };
        match text.rsplit_once('/') {
            Some((mount, name)) if mount.split('/').all(part) && part(name) => Ok(Self {
                mount: mount.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(
                "a key of Vault is named as vault:MOUNT/KEY, such as vault:transit/selfsame"
                    .to_owned(),
            ),
        }
    }
}

impl std::fmt::Display for VaultKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.mount, self.name)
    }
}

/// Where the token comes from. A file is read anew each time: Vault's agent renews it there.
enum Token {
    File(std::path::PathBuf),
    Given(Zeroizing<String>),
}

impl Token {
    async fn get(&self) -> Result<Zeroizing<String>, StoreError> {
        let text = match self {
            Self::Given(token) => token.clone(),
            Self::File(path) => {
                let size = std::fs::metadata(path)
                    .map_err(crate::error::io(path))?
                    .len();
                if size > MAX_TOKEN {
                    return Err(failed(format!(
                        "{} holds no token of Vault",
                        path.display()
                    )));
                }
                let text = tokio::fs::read_to_string(path).await;
                Zeroizing::new(text.map_err(crate::error::io(path))?)
            }
        };
        let token = text.trim();
        let ok = |b: u8| b.is_ascii_graphic();
        if token.is_empty() || !token.bytes().all(ok) {
            return Err(failed("Vault's token is empty or no token"));
        }
        Ok(Zeroizing::new(token.to_owned()))
    }
}

/// A transit engine of Vault and one of its keys.
pub struct Vault {
    http: reqwest::Client,
    address: Url,
    namespace: Option<String>,
    token: Token,
    key: VaultKey,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({}, {})", self.address, self.key)
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    ciphertext: Option<String>,
    plaintext: Option<String>,
}

#[derive(Deserialize, Default)]
struct Refused {
    #[serde(default)]
    errors: Vec<String>,
}

impl Vault {
    /// Vault as the environment tells where it is: `VAULT_ADDR`, `VAULT_TOKEN` or a file named by `VAULT_TOKEN_FILE`, and where
    /// needed `VAULT_NAMESPACE` and `VAULT_CACERT`.
    ///
    /// # Errors
    /// When something is missing or wrong, naming the variable.
    pub fn from_environment(key: VaultKey) -> Result<Self, StoreError> {
        Self::new(key, |name| std::env::var(name).ok())
    }

    /// As [`Vault::from_environment`], with other variables.
    ///
    /// # Errors
    /// When something is missing or wrong, naming the variable.
    pub fn new(
        key: VaultKey,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, StoreError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let address = variable("VAULT_ADDR").ok_or_else(|| {
            failed("set VAULT_ADDR to Vault's address, such as https://vault.example:8200")
        })?;
        let address = Url::parse(&address)
            .ok()
            .filter(|url| url.has_host() && url.username().is_empty() && url.password().is_none())
            .ok_or_else(|| failed("VAULT_ADDR is no address such as https://vault.example:8200"))?;
        match address.scheme() {
            "https" => {}
            "http" if is_here(&address) => {}
            _ => {
                return Err(failed(
                    "VAULT_ADDR must begin with https://: without TLS the data keys could be read on the way",
                ));
            }
        }
        let token = match (variable("VAULT_TOKEN_FILE"), variable("VAULT_TOKEN")) {
            (Some(path), _) => Token::File(path.into()),
            (None, Some(token)) => Token::Given(Zeroizing::new(token)),
            (None, None) => {
                return Err(failed(
                    "set VAULT_TOKEN_FILE to a file with a token (Vault's agent writes one), or VAULT_TOKEN",
                ));
            }
        };
        // reqwest asks for the process's provider, and finds none where nobody named it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .timeout(ATTEMPT)
            .connect_timeout(ATTEMPT / 2)
            // The token is for this address only.
            .redirect(reqwest::redirect::Policy::none())
            .https_only(address.scheme() == "https");
        if is_here(&address) {
            http = http.no_proxy();
        }
        if let Some(path) = variable("VAULT_CACERT") {
            let path = std::path::PathBuf::from(path);
            let pem = std::fs::read(&path).map_err(crate::error::io(&path))?;
            let authorities = reqwest::Certificate::from_pem_bundle(&pem)
                .ok()
                .filter(|all| !all.is_empty())
                .ok_or_else(|| {
                    failed(format!(
                        "{} (VAULT_CACERT) holds no certificate in PEM",
                        path.display()
                    ))
                })?;
            http = http.tls_certs_only(authorities);
        }
        let http = http
            .build()
            .map_err(|e| failed(format!("Vault's client cannot be made: {e}")))?;
        Ok(Self {
            http,
            address,
            namespace: variable("VAULT_NAMESPACE"),
            token,
            key,
        })
    }

    /// Finds out whether the key is there, and wraps and unwraps.
    ///
    /// # Errors
    /// When it does not, or Vault does not answer.
    pub async fn check(&self) -> Result<(), StoreError> {
        // Reading the key's description needs a right that wrapping does not: so it is tried by its use.
        let scope = "a trial";
        let key = Zeroizing::new(crate::keyring::random::<KEY_BYTES>()?);
        let wrapped = self.wrap(scope, &key).await?;
        if self.unwrap(scope, &wrapped).await? == key {
            Ok(())
        } else {
            Err(self.error("it does not give back what it wrapped"))
        }
    }

    fn error(&self, why: &str) -> StoreError {
        failed(format!(
            "Vault at {}, key {}: {why}",
            self.address, self.key
        ))
    }

    /// Asks once, and again where that may help.
    async fn ask(&self, doing: &str, body: &serde_json::Value) -> Result<Data, StoreError> {
        let mut attempt = 1;
        loop {
            match self.ask_once(doing, body).await {
                Err((error, true)) if attempt < ATTEMPTS => {
                    tracing::warn!(%error, "Vault is asked again");
                    tokio::time::sleep(PAUSE * attempt).await;
                    attempt += 1;
                }
                Err((error, _)) => return Err(error),
                Ok(data) => return Ok(data),
            }
        }
    }

    /// The error tells whether it may pass.
    async fn ask_once(
        &self,
        doing: &str,
        body: &serde_json::Value,
    ) -> Result<Data, (StoreError, bool)> {
        let last = |error: StoreError| (error, false);
        let mut url = self.address.clone();
        let path = format!(
            "{}/v1/{}/{doing}/{}",
            url.path().trim_end_matches('/'),
            self.key.mount,
            self.key.name
        );
        url.set_path(&path);
        let token = self.token.get().await.map_err(last)?;
        let mut token = reqwest::header::HeaderValue::from_str(&token)
            .map_err(|_| last(failed("Vault's token is no token")))?;
        token.set_sensitive(true);
        let mut request = self
            .http
            .request(Method::POST, url)
            .header("X-Vault-Token", token)
            .header("X-Vault-Request", "true")
            .json(body);
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        let mut answer = request
            .send()
            .await
            .map_err(|e| (self.unreached(&e), true))?;
        let status = answer.status();
        let mut text = Zeroizing::new(Vec::new());
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|e| (self.unreached(&e), true))?
        {
            if text.len() + chunk.len() > MAX_ANSWER {
                return Err(last(self.error("its answer is too long")));
            }
            text.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return match serde_json::from_slice::<Answer>(&text) {
                Ok(answer) => Ok(answer.data),
                Err(_) => Err(last(
                    self.error("its answer is none of Vault's: check VAULT_ADDR"),
                )),
            };
        }
        let refused: Refused = serde_json::from_slice(&text).unwrap_or_default();
        let passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        Err((self.refused(status, &refused.errors), passing))
    }

    fn unreached(&self, error: &reqwest::Error) -> StoreError {
        let mut cause: &dyn std::error::Error = error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        self.error(&format!(
            "it does not answer ({cause}): check VAULT_ADDR, and VAULT_CACERT where its certificate is of a private authority"
        ))
    }

    fn refused(&self, status: StatusCode, said: &[String]) -> StoreError {
        let advice = match status {
            StatusCode::FORBIDDEN => {
                "the token must be valid and may update encrypt/KEY and decrypt/KEY of this engine"
            }
            StatusCode::NOT_FOUND => {
                "there is no such engine or key: make it, or check the name and VAULT_NAMESPACE"
            }
            StatusCode::SERVICE_UNAVAILABLE => "unseal it, or wait until it is ready",
            status if status.is_redirection() => {
                "it points elsewhere: give the address of the active node"
            }
            _ => "check the key's type and its least version for decryption",
        };
        let mut said = said.join("; ");
        if let Some((at, _)) = said.char_indices().nth(SHOWN) {
            said.truncate(at);
        }
        let said = said.replace(char::is_control, " ");
        self.error(&format!(
            "it answered {} ({said}); {advice}",
            status.as_u16()
        ))
    }
}

/// On this machine nobody listens on the way.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// What is wrapped: the key and what it is for, since not every kind of key of Vault authenticates more than it encrypts.
fn content(scope: &str, key: &[u8; KEY_BYTES]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([key.as_slice(), scope.as_bytes()].concat())
}

#[async_trait]
impl WrapKeys for Vault {
    async fn wrap(&self, scope: &str, key: &[u8; KEY_BYTES]) -> Result<Vec<u8>, StoreError> {
        let plaintext = Zeroizing::new(STANDARD.encode(content(scope, key)));
        let mut body = serde_json::json!({ "plaintext": plaintext.as_str() });
        let answer = self.ask("encrypt", &body).await;
        if let Some(serde_json::Value::String(text)) = body.get_mut("plaintext") {
            text.zeroize();
        }
        match answer?.ciphertext {
            Some(text) if text.starts_with("vault:v") => Ok(text.into_bytes()),
            _ => Err(self.error("its answer holds no ciphertext")),
        }
    }

    async fn unwrap(
        &self,
        scope: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, StoreError> {
        let Some(text) = std::str::from_utf8(wrapped)
            .ok()
            .filter(|t| t.starts_with("vault:v"))
        else {
            return Err(another());
        };
        let body = serde_json::json!({ "ciphertext": text });
        let Some(plain) = self
            .ask("decrypt", &body)
            .await?
            .plaintext
            .map(Zeroizing::new)
        else {
            return Err(self.error("its answer holds no plaintext"));
        };
        let content = STANDARD
            .decode(plain.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| self.error("its answer is no base64"))?;
        match content.split_first_chunk::<KEY_BYTES>() {
            Some((key, of)) if of == scope.as_bytes() => Ok(Zeroizing::new(*key)),
            _ => Err(StoreError::Corrupt(
                "data key",
                "it was wrapped for something else".to_owned(),
            )),
        }
    }
}
