//! Where in an answer something stands: JSON pointers (RFC 6901).

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::config::OneOrMany;

/// The longest text that a field of a record may hold, in bytes.
const MAX_TEXT: usize = 1024;

/// A place in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer(String);

impl Pointer {
    fn new(text: &str) -> Result<Self, String> {
        let escapes_well = text
            .split('~')
            .skip(1)
            .all(|rest| rest.starts_with(['0', '1']));
        if (text.is_empty() || text.starts_with('/')) && escapes_well {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "{text:?} is no JSON pointer such as \"/person/firstName\""
            ))
        }
    }

    pub(super) fn find<'v>(&self, answer: &'v Value) -> Option<&'v Value> {
        answer.pointer(&self.0)
    }

    /// Takes what stands there out of the answer.
    pub(super) fn take(&self, answer: &mut Value) -> Option<Value> {
        let (parent, name) = self.0.rsplit_once('/')?;
        match answer.pointer_mut(parent)? {
            Value::Object(members) => {
                members.shift_remove(&name.replace("~1", "/").replace("~0", "~"))
            }
            Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?).map(Value::take),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// One place, or several whose texts are joined with spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointers(Vec<Pointer>);

impl<'de> Deserialize<'de> for Pointers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = OneOrMany::deserialize(deserializer)?;
        let pointers = texts.iter().map(Pointer::new).collect::<Result<_, _>>();
        pointers.map(Self).map_err(serde::de::Error::custom)
    }
}

impl Pointers {
    /// The text that stands there; empty where nothing does.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub(super) fn text(&self, answer: &Value) -> Result<String, String> {
        let mut texts = Vec::new();
        for value in self.0.iter().filter_map(|p| p.find(answer)) {
            scalars(value, &mut texts)?;
        }
        let text = texts.join(" ");
        if text.len() > MAX_TEXT {
            return Err(format!("is longer than {MAX_TEXT} bytes"));
        }
        Ok(text)
    }
}

/// A text, a number, a truth, or a list of them.
fn scalars(value: &Value, texts: &mut Vec<String>) -> Result<(), String> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::String(text) => text.replace(char::is_control, " ").trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Array(items) => {
            return items.iter().try_for_each(|item| match item {
                Value::Array(_) => Err("is a list of lists".to_owned()),
                item => scalars(item, texts),
            });
        }
        Value::Object(_) => return Err("is an object".to_owned()),
    };
    if !text.is_empty() {
        texts.push(text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_read_as_services_write_them() {
        let answer = json!({
            "name": " Joe ", "more": ["Leo", null, "Doe"], "number": 7, "is": true, "none": null, "lines": "a\r\nb",
            "object": {}, "deep": [["x"]], "long": "x".repeat(1025), "a/b": {"~": "odd"},
        });
        let text = |pointers: &[&str]| {
            Pointers(pointers.iter().map(|p| Pointer::new(p).unwrap()).collect()).text(&answer)
        };
        assert_eq!(text(&["/name"]).unwrap(), "Joe");
        assert_eq!(
            text(&["/name", "/more", "/gone", "/number", "/is"]).unwrap(),
            "Joe Leo Doe 7 true"
        );
        assert_eq!(text(&["/none"]).unwrap(), "");
        assert_eq!(text(&["/lines"]).unwrap(), "a  b");
        assert_eq!(text(&["/a~1b/~0"]).unwrap(), "odd");
        assert_eq!(text(&["/object"]).unwrap_err(), "is an object");
        assert_eq!(text(&["/deep"]).unwrap_err(), "is a list of lists");
        assert!(text(&["/long"]).unwrap_err().contains("1024"));
    }

    #[test]
    fn what_is_taken_is_gone() {
        let mut answer = json!({"a": {"b/c": 1, "d": 2}, "e": [3, 4]});
        assert_eq!(
            Pointer::new("/a/b~1c").unwrap().take(&mut answer),
            Some(json!(1))
        );
        assert_eq!(
            Pointer::new("/e/1").unwrap().take(&mut answer),
            Some(json!(4))
        );
        assert_eq!(Pointer::new("/x/y").unwrap().take(&mut answer), None);
        assert_eq!(answer, json!({"a": {"d": 2}, "e": [3, null]}));
    }

    #[test]
    fn pointers_are_checked() {
        for text in ["a", "a/b", "/a~2", "/a~"] {
            assert!(Pointer::new(text).is_err(), "{text}");
        }
        assert!(Pointer::new("").is_ok());
    }
}
