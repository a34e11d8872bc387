//! One text, or a list of texts.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// `"a"` or `["a", "b"]`; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OneOrMany(Vec<String>);

impl OneOrMany {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong =
            || D::Error::custom("a text or a list of texts is wanted, and not an empty one");
        let texts = match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => vec![text],
            toml::Value::Array(list) => {
                let texts = list.into_iter().map(|value| match value {
                    toml::Value::String(text) => Some(text),
                    _ => None,
                });
                texts.collect::<Option<Vec<String>>>().ok_or_else(wrong)?
            }
            _ => return Err(wrong()),
        };
        if texts.is_empty() || texts.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self(texts))
    }
}
