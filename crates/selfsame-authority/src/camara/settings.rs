//! What the operator's file says of a telephone operator that offers KYC Match.

use std::path::PathBuf;

use selfsame_wire::id_info::IdType;
use serde::Deserialize;

use crate::config::{ConfigError, Place, SecretSource};

/// Settings of a telephone operator.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CamaraSettings {
    /// The address before `/match`: `https://operator.example/kyc-match/v0.4`.
    pub address: String,
    /// Where tokens are had (OAuth 2.0, client credentials).
    pub token_address: String,
    /// Certificates that both addresses' own must come from; absent: those of the system.
    pub ca: Option<PathBuf>,
    /// Who asks.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretSource,
    /// What tokens are asked for.
    #[serde(default = "scope")]
    pub scope: String,
    /// The ID types whose number is the telephone's. Of other types the number goes as `idDocument`, and the telephone's is
    /// the request's `phone_number`.
    #[serde(default = "phone_number")]
    pub phone_id_types: Vec<IdType>,
    /// What stands before a number that is written without its country: `+234`. Absent: such numbers are refused.
    pub calling_code: Option<String>,
    /// From which score on names count as the same. 100: only where the operator says so.
    #[serde(default = "exact_score")]
    pub exact_score: u8,
    /// From which score on names count as nearly the same.
    #[serde(default = "partial_score")]
    pub partial_score: u8,
}

impl CamaraSettings {
    /// What the types alone do not tell.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub(super) fn check(&self, place: &Place) -> Result<(), ConfigError> {
        let range = "must be between 1 and 100, the exact one not below the partial one";
        if !(1..=100).contains(&self.exact_score) {
            return Err(place.wrong("exact_score", range));
        }
        if !(1..=self.exact_score).contains(&self.partial_score) {
            return Err(place.wrong("partial_score", range));
        }
        if let Some(code) = &self.calling_code {
            let digits = code.strip_prefix('+').unwrap_or_default();
            let good =
                (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            if !good || digits.starts_with('0') {
                return Err(place.wrong(
                    "calling_code",
                    "must be a + and 1 to 4 digits, such as \"+234\"",
                ));
            }
        }
        for (name, text) in [("client_id", &self.client_id), ("scope", &self.scope)] {
            if text.is_empty() || text.len() > 512 || text.chars().any(char::is_control) {
                return Err(place.wrong(name, "must be a text of 1 to 512 bytes"));
            }
        }
        Ok(())
    }
}

fn scope() -> String {
    "kyc-match:match".to_owned()
}

fn phone_number() -> Vec<IdType> {
    IdType::new("PHONE_NUMBER").into_iter().collect()
}

const fn exact_score() -> u8 {
    100
}

const fn partial_score() -> u8 {
    85
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::*;

    pub(in crate::camara) fn read(more: &str) -> Result<CamaraSettings, ConfigError> {
        let place = Place::file(Path::new("/")).within("authority").within("c");
        let least = r#"
            address = "https://operator.example/kyc-match/v0.4"
            token_address = "https://operator.example/token"
            client_id = "selfsame"
            client_secret = { env = "CARGO_PKG_NAME" }
        "#;
        let mut table: toml::Table = least.parse().unwrap();
        table.extend(more.parse::<toml::Table>().unwrap());
        let settings: CamaraSettings = place.read(table)?;
        settings.check(&place)?;
        Ok(settings)
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(read("").unwrap().phone_id_types[0].as_str(), "PHONE_NUMBER");
        for (text, said) in [
            ("exact_score = 101", "exact_score must be"),
            ("exact_score = 0", "exact_score must be"),
            (
                "exact_score = 80\npartial_score = 81",
                "partial_score must be",
            ),
            ("calling_code = \"234\"", "calling_code must be"),
            ("calling_code = \"+0234\"", "calling_code must be"),
            ("client_id = \"\"", "client_id must be"),
            ("client_secret = \"s3cret\"", "client_secret is wrong"),
            ("phone_id_types = [\"a b\"]", "phone_id_types[0] is wrong"),
            ("more = 1", "more is wrong"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(
                error.contains(&format!("authority.c.{said}")),
                "{text}: {error}"
            );
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
