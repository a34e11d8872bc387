//! Reads a request's JSON object field by field, so that each fault names its field.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::error::{ErrorCode, WireError};
use crate::json;

/// The fields of a JSON object, unread. The last of two fields of one name counts.
#[derive(Debug)]
pub(crate) struct Fields<'j>(HashMap<String, &'j RawValue>);

impl<'j> Fields<'j> {
    /// Splits an object.
    pub(crate) fn parse(bytes: &'j [u8]) -> Result<Self, WireError> {
        let invalid = |detail: &str| {
            WireError::new(
                ErrorCode::InvalidJson,
                format!("the body is not a JSON object: {detail}"),
            )
        };
        let text = std::str::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8"))?;
        json::check(text).map_err(|e| invalid(&e))?;
        serde_json::from_str(text)
            .map(Self)
            .map_err(|e| invalid(&e.to_string()))
    }

    /// A field that is there and not null.
    pub(crate) fn raw(&self, name: &str) -> Option<&'j RawValue> {
        self.0.get(name).copied().filter(|v| v.get() != "null")
    }

    /// Text; empty text counts as absent.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, WireError> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        let text: String =
            serde_json::from_str(raw.get()).map_err(|_| WireError::wrong_type(name, "a string"))?;
        Ok(Some(text).filter(|t| !t.is_empty()))
    }

    /// Text that must be there.
    pub(crate) fn required_text(&self, name: &str) -> Result<String, WireError> {
        self.text(name)?.ok_or_else(|| WireError::missing(name))
    }

    /// A number or text, as text: some clients send numbers where others send strings.
    pub(crate) fn required_scalar(&self, name: &str) -> Result<String, WireError> {
        let raw = self
            .raw(name)
            .ok_or_else(|| WireError::missing(name))?
            .get();
        if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Ok(raw.to_owned());
        }
        self.required_text(name)
    }

    /// A flag, as a boolean or as the text of one; absent or empty is false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, WireError> {
        match self.raw(name).map(RawValue::get) {
            None | Some("false" | "\"false\"" | "\"\"") => Ok(false),
            Some("true" | "\"true\"") => Ok(true),
            Some(_) => Err(WireError::wrong_type(name, "true or false")),
        }
    }
}
