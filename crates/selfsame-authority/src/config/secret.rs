//! Secrets of the operator's file: named there, kept elsewhere.

use std::fmt;
use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::{ConfigError, Place};

/// The longest secret, in bytes: a key in PEM fits.
const MAX_BYTES: u64 = 64 * 1024;
const FORM: &str =
    "must be { env = \"NAME\" } or { file = \"PATH\" }: secrets do not stand in this file";

/// Where a secret is kept: an environment variable or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A variable of the server's environment.
    Env(String),
    /// A file; line ends around its content are dropped.
    File(PathBuf),
}

impl<'de> Deserialize<'de> for SecretSource {
    /// Whatever else stands there is not repeated in the error: it may be the secret.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || D::Error::custom(FORM);
        // It takes whatever there is: its only error is that nothing is.
        let value = toml::Value::deserialize(deserializer)?;
        let table = value
            .as_table()
            .filter(|t| t.len() == 1)
            .ok_or_else(wrong)?;
        match table.iter().next() {
            Some((key, toml::Value::String(name))) if key == "env" && !name.is_empty() => {
                Ok(Self::Env(name.clone()))
            }
            Some((key, toml::Value::String(path))) if key == "file" && !path.is_empty() => {
                Ok(Self::File(path.into()))
            }
            _ => Err(wrong()),
        }
    }
}

impl SecretSource {
    /// Fetches the secret. `field` is whose it is, for errors.
    ///
    /// # Errors
    /// When it is not there, empty, too long or no text.
    pub fn fetch(&self, place: &Place, field: &str) -> Result<Secret, ConfigError> {
        let text = match self {
            Self::Env(name) => Zeroizing::new(std::env::var(name).map_err(|error| {
                let why = match error {
                    std::env::VarError::NotPresent => "is not set",
                    std::env::VarError::NotUnicode(_) => "is no text",
                };
                place.wrong(
                    field,
                    format!("names the environment variable {name}, which {why}"),
                )
            })?),
            Self::File(path) => {
                let bytes = Zeroizing::new(place.read_file(field, path, MAX_BYTES)?);
                let text = std::str::from_utf8(&bytes).map_err(|_| {
                    place.wrong(field, format!("names {}, which is no text", path.display()))
                })?;
                Zeroizing::new(text.to_owned())
            }
        };
        let text = Zeroizing::new(text.trim_matches(['\r', '\n']).to_owned());
        if text.is_empty() || text.len() as u64 > MAX_BYTES {
            let problem =
                format!("leads to a secret that is empty or longer than {MAX_BYTES} bytes");
            return Err(place.wrong(field, problem));
        }
        Ok(Secret(text))
    }
}

/// A secret in memory: never printed, wiped when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Settings {
        key: SecretSource,
    }

    fn fetched(folder: &std::path::Path, text: &str) -> Result<Secret, ConfigError> {
        let place = Place::file(folder).within("authority").within("x");
        let settings: Settings = place.read(text.parse().unwrap())?;
        settings.key.fetch(&place, "key")
    }

    #[test]
    fn a_secret_comes_from_a_file_or_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "s3cret\n").unwrap();
        let secret = fetched(folder.path(), "key = { file = \"key\" }").unwrap();
        assert_eq!(secret.reveal(), "s3cret");
        assert!(!format!("{secret:?}").contains("s3cret"));
        // Cargo sets it for tests.
        let secret = fetched(folder.path(), "key = { env = \"CARGO_PKG_NAME\" }").unwrap();
        assert_eq!(secret.reveal(), "selfsame-authority");
    }

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        for text in [
            "key = \"s3cret\"",
            "key = { value = \"s3cret\" }",
            "key = { env = \"A\", file = \"s3cret\" }",
            "key = [\"s3cret\"]",
        ] {
            let said = fetched(folder.path(), text).unwrap_err().to_string();
            assert!(said.contains("authority.x.key"), "{said}");
            assert!(said.contains("secrets do not stand in this file"), "{said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
        let said = fetched(folder.path(), "key = { file = \"none\" }")
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("authority.x.key names") && said.contains("none"),
            "{said}"
        );
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        let said = fetched(folder.path(), "key = { file = \"empty\" }")
            .unwrap_err()
            .to_string();
        assert!(said.contains("empty"), "{said}");
        let said = fetched(folder.path(), "key = { env = \"SELFSAME_NO_SUCH\" }")
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("SELFSAME_NO_SUCH, which is not set"),
            "{said}"
        );
    }
}
