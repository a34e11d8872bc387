//! How an answer looks that holds no record: "not found", "malformed", "unavailable".

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::pointer::Pointer;

/// What must hold of an answer, all together.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    /// Its HTTP status.
    status: Option<u16>,
    /// Where to look in it.
    pointer: Option<Pointer>,
    /// What stands there.
    equals: Option<toml::Value>,
    /// Whether nothing stands there: no value, null, or an empty text, list or object.
    absent: Option<bool>,
}

impl Condition {
    /// # Errors
    /// What is wrong, to stand after the field's name.
    pub(super) fn check(&self) -> Result<(), String> {
        match (&self.pointer, &self.equals, self.absent) {
            (None, None, None) if self.status.is_some() => {}
            (None, _, _) => return Err("needs status, or pointer with equals or absent".to_owned()),
            (Some(_), Some(_), None) | (Some(_), None, Some(_)) => {}
            (Some(_), _, _) => {
                return Err("needs either equals or absent beside pointer".to_owned());
            }
        }
        if self
            .status
            .is_some_and(|status| !(200..600).contains(&status) || (300..400).contains(&status))
        {
            return Err("has a status that never comes: 200 to 299 and 400 to 599 do".to_owned());
        }
        match &self.equals {
            Some(value) if scalar(value).is_none() => {
                Err("must compare with a text, a number, true or false".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// `body`: absent where the answer has none.
    pub(super) fn holds(&self, status: StatusCode, body: Option<&Value>) -> bool {
        if self.status.is_some_and(|wanted| wanted != status.as_u16()) {
            return false;
        }
        let Some(pointer) = &self.pointer else {
            return true;
        };
        // An empty answer says nothing of what stands in it.
        let Some(body) = body else {
            return false;
        };
        let found = pointer.find(body);
        match (&self.equals, self.absent) {
            (Some(wanted), _) => found.is_some() && found == scalar(wanted).as_ref(),
            (None, wanted) => wanted == Some(found.is_none_or(is_empty)),
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) | Value::Bool(_) => false,
    }
}

fn scalar(value: &toml::Value) -> Option<Value> {
    match value {
        toml::Value::String(text) => Some(text.as_str().into()),
        toml::Value::Integer(number) => Some((*number).into()),
        toml::Value::Float(number) => serde_json::Number::from_f64(*number).map(Value::Number),
        toml::Value::Boolean(truth) => Some((*truth).into()),
        toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn condition(text: &str) -> Condition {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn all_parts_must_hold() {
        let body = json!({"code": 404, "text": "NF", "data": [], "ok": false});
        let holds = |text: &str, status: u16| {
            let condition = condition(text);
            condition.check().unwrap();
            condition.holds(StatusCode::from_u16(status).unwrap(), Some(&body))
        };
        assert!(holds("status = 404", 404));
        assert!(!holds("status = 404", 400));
        assert!(holds("pointer = \"/code\"\nequals = 404", 200));
        assert!(!holds("pointer = \"/code\"\nequals = \"404\"", 200));
        assert!(holds("pointer = \"/ok\"\nequals = false", 200));
        assert!(holds(
            "status = 200\npointer = \"/text\"\nequals = \"NF\"",
            200
        ));
        assert!(!holds(
            "status = 200\npointer = \"/text\"\nequals = \"NF\"",
            400
        ));
        assert!(holds("pointer = \"/data\"\nabsent = true", 200));
        assert!(holds("pointer = \"/gone\"\nabsent = true", 200));
        assert!(!holds("pointer = \"/gone\"\nequals = \"\"", 200));
        assert!(holds("pointer = \"/text\"\nabsent = false", 200));
        let absent = condition("pointer = \"/gone\"\nabsent = true");
        assert!(
            !absent.holds(StatusCode::OK, None),
            "an empty answer says nothing"
        );
    }

    #[test]
    fn half_conditions_are_refused() {
        for text in [
            "",
            "pointer = \"/a\"",
            "equals = 1",
            "status = 200\nabsent = true",
            "pointer = \"/a\"\nequals = 1\nabsent = true",
            "pointer = \"/a\"\nequals = [1]",
            "status = 301",
            "status = 42",
        ] {
            assert!(condition(text).check().is_err(), "{text}");
        }
    }
}
