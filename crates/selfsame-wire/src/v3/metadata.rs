//! `metadata`: what a client says of the device and the capture. It is kept as it came, and decides nothing.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{ErrorCode, WireError};

/// The most items.
const MAX_ITEMS: usize = 100;
/// The longest name, in characters.
const MAX_NAME: usize = 100;
/// The longest value that is text, in characters.
const MAX_TEXT: usize = 1000;

/// Reads the part `metadata`: a list of `{name, value}`, whose values may nest.
///
/// # Errors
/// 2203 where it is no JSON, 2204 where it is no such list or one that is too long.
pub fn parse(json: &str) -> Result<Box<RawValue>, WireError> {
    let raw = serde_json::from_str::<Box<RawValue>>(json)
        .map_err(|error| WireError::new(ErrorCode::InvalidJson, format!("metadata: {error}")))?;
    let wrong = || {
        WireError::wrong_type(
            "metadata",
            "a list of at most 100 {name, value}, names of at most 100 characters and texts of at most 1000",
        )
    };
    let items: Vec<Value> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
    let fits = |item: &Value| {
        let name = item.get("name").and_then(Value::as_str);
        let value = item.get("value");
        name.is_some_and(|name| !name.is_empty() && name.chars().count() <= MAX_NAME)
            && value.is_some_and(|v| v.as_str().is_none_or(|t| t.chars().count() <= MAX_TEXT))
    };
    if items.len() > MAX_ITEMS || !items.iter().all(fits) {
        return Err(wrong());
    }
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_named_values_is_kept_as_it_came() {
        let given = r#"[{"name":"device","value":"x"}, {"name":"n","value":[1,{"a":true}],"timestamp":"t"}]"#;
        assert_eq!(parse(given).unwrap().get(), given);
        assert!(parse("[]").is_ok());
        let long = format!(r#"[{{"name":"n","value":"{}"}}]"#, "x".repeat(1001));
        for wrong in [
            "",
            "{}",
            "[1]",
            r#"[{"name":"n"}]"#,
            r#"[{"name":"","value":1}]"#,
            &long,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let many = format!("[{}]", [r#"{"name":"n","value":1}"#; 101].join(","));
        assert!(parse(&many).is_err());
    }
}
