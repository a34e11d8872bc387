//! What headers a question carries.

use reqwest::header::{HeaderName, HeaderValue};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::template::Template;
use crate::asking::Asking;
use crate::authority::AskError;
use crate::config::{ConfigError, Place, Secret, SecretSource};

/// A header as the operator's file has it: a text, or where a secret is kept and what stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HeaderSetting {
    Plain(String),
    Secret {
        source: SecretSource,
        prefix: String,
    },
}

impl<'de> Deserialize<'de> for HeaderSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || {
            D::Error::custom(
                "a text is wanted, or { env = \"NAME\" } or { file = \"PATH\" } with prefix = \"Bearer \" where one stands before it",
            )
        };
        match toml::Value::deserialize(deserializer).map_err(|_| wrong())? {
            toml::Value::String(text) => Ok(Self::Plain(text)),
            toml::Value::Table(mut table) => {
                let prefix = match table.remove("prefix") {
                    None => String::new(),
                    Some(toml::Value::String(prefix)) => prefix,
                    Some(_) => return Err(wrong()),
                };
                let source = toml::Value::Table(table).try_into().map_err(|_| wrong())?;
                Ok(Self::Secret { source, prefix })
            }
            _ => Err(wrong()),
        }
    }
}

/// A header of every question.
#[derive(Debug)]
pub(super) struct Header {
    name: HeaderName,
    value: Source,
}

#[derive(Debug)]
enum Source {
    Plain(Template),
    Fixed(HeaderValue),
    /// Read anew for each question, so that whoever renews a token there need not restart the server.
    File {
        source: SecretSource,
        prefix: String,
        place: Place,
    },
}

/// Headers that the client sets, or that would change what the request is.
const RESERVED: [&str; 7] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
];

impl Header {
    pub(super) fn read(
        name: &str,
        setting: &HeaderSetting,
        place: &Place,
    ) -> Result<Self, ConfigError> {
        let field = format!("headers.{name}");
        let wrong = |problem: &str| place.wrong(&field, problem);
        let parsed: HeaderName = name.parse().map_err(|_| wrong("is no name of a header"))?;
        if RESERVED.contains(&parsed.as_str()) {
            return Err(wrong("is set by the client itself"));
        }
        let value = match setting {
            HeaderSetting::Plain(_) if carries_secrets(&parsed) => {
                return Err(wrong(
                    "carries a secret, by its name: give { env = \"NAME\" } or { file = \"PATH\" }",
                ));
            }
            HeaderSetting::Plain(text) => {
                let template = Template::parse(text).map_err(|problem| wrong(&problem))?;
                if let Some(personal) = template.placeholders().find(|p| p.is_personal()) {
                    return Err(wrong(&format!(
                        "holds {{{}}}: headers stand in the records of servers on the way, so that nothing personal goes there",
                        personal.name()
                    )));
                }
                HeaderValue::from_str(&template.fill_all("0"))
                    .map_err(|_| wrong("holds what no header may hold"))?;
                Source::Plain(template)
            }
            HeaderSetting::Secret { source, prefix } => {
                let secret = source.fetch(place, &field)?;
                let value = with_prefix(prefix, &secret)
                    .ok_or_else(|| wrong("leads to what no header may hold"))?;
                match source {
                    SecretSource::Env(_) => Source::Fixed(value),
                    SecretSource::File(_) => Source::File {
                        source: source.clone(),
                        prefix: prefix.clone(),
                        place: place.clone(),
                    },
                }
            }
        };
        Ok(Self {
            name: parsed,
            value,
        })
    }

    /// Its name and its value for a question.
    pub(super) async fn of(&self, asking: &Asking) -> Result<(HeaderName, HeaderValue), AskError> {
        let refused = |why: String| {
            AskError::Refused(format!("the header {} cannot be set: {why}", self.name))
        };
        let value = match &self.value {
            Source::Fixed(value) => value.clone(),
            Source::Plain(template) => {
                HeaderValue::from_str(&template.fill(asking, None, str::to_owned))
                    .map_err(|_| refused("a name holds what no header may hold".to_owned()))?
            }
            Source::File {
                source,
                prefix,
                place,
            } => {
                let (source, prefix, place) = (source.clone(), prefix.clone(), place.clone());
                let field = format!("headers.{}", self.name);
                let read = tokio::task::spawn_blocking(move || {
                    let secret = source
                        .fetch(&place, &field)
                        .map_err(|error| error.to_string())?;
                    with_prefix(&prefix, &secret)
                        .ok_or_else(|| "the file holds what no header may hold".to_owned())
                });
                read.await
                    .map_err(|error| refused(error.to_string()))?
                    .map_err(refused)?
            }
        };
        Ok((self.name.clone(), value))
    }
}

fn with_prefix(prefix: &str, secret: &Secret) -> Option<HeaderValue> {
    let text = Zeroizing::new(format!("{prefix}{}", secret.reveal()));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn carries_secrets(name: &HeaderName) -> bool {
    [
        "authorization",
        "cookie",
        "key",
        "token",
        "secret",
        "password",
        "signature",
    ]
    .iter()
    .any(|word| name.as_str().contains(word))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::asking::tests::asking;

    fn setting(text: &str) -> Result<HeaderSetting, String> {
        #[derive(Deserialize)]
        struct Holder {
            header: HeaderSetting,
        }
        let read = toml::from_str::<Holder>(&format!("header = {text}"));
        read.map(|h| h.header).map_err(|e| e.message().to_owned())
    }

    fn header(folder: &Path, name: &str, text: &str) -> Result<Header, String> {
        let place = Place::file(folder).within("authority").within("x");
        let setting = setting(text)?;
        Header::read(name, &setting, &place).map_err(|e| e.to_string())
    }

    #[tokio::test]
    async fn secrets_come_from_elsewhere_and_files_are_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "first\n").unwrap();
        let header = header(
            folder.path(),
            "Authorization",
            "{ file = \"token\", prefix = \"Bearer \" }",
        )
        .unwrap();
        let question = asking("NG", "NIN", "1");
        let (name, value) = header.of(&question).await.unwrap();
        assert_eq!(
            (name.as_str(), value.to_str().unwrap()),
            ("authorization", "Bearer first")
        );
        assert!(!format!("{value:?}{header:?}").contains("first"));
        std::fs::write(&file, "second").unwrap();
        assert_eq!(
            header.of(&question).await.unwrap().1.to_str().unwrap(),
            "Bearer second"
        );
        std::fs::remove_file(&file).unwrap();
        let said = header.of(&question).await.unwrap_err();
        assert!(
            matches!(&said, AskError::Refused(why) if why.contains("authorization")),
            "{said}"
        );
    }

    #[tokio::test]
    async fn plain_ones_may_name_the_job() {
        let header = header(
            Path::new("/"),
            "X-Request-Id",
            "\"{smile_job_id}/{country}\"",
        )
        .unwrap();
        let (_, value) = header.of(&asking("NG", "NIN", "1")).await.unwrap();
        assert_eq!(value.to_str().unwrap(), "0000000201/NG");
    }

    #[test]
    fn what_should_not_be_there_is_refused() {
        for (name, text, why) in [
            ("X-Api-Key", "\"s3cret\"", "carries a secret"),
            ("Authorization", "\"Bearer s3cret\"", "carries a secret"),
            ("X-Name", "\"{first_name}\"", "nothing personal"),
            ("X-Number", "\"{id_number}\"", "nothing personal"),
            ("Host", "\"elsewhere\"", "set by the client"),
            ("a b", "\"x\"", "no name of a header"),
            ("X-Odd", "\"a\\nb\"", "no header may hold"),
            ("X-Odd", "[\"s3cret\"]", "a text is wanted"),
            ("X-Odd", "{ value = \"s3cret\" }", "a text is wanted"),
            (
                "X-Odd",
                "{ env = \"SELFSAME_NO_SUCH\" }",
                "headers.X-Odd names the environment",
            ),
        ] {
            let said = header(Path::new("/"), name, text).unwrap_err();
            assert!(said.contains(why), "{name}: {said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}
