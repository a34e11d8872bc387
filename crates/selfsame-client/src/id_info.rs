//! What is checked of ID information before a server is asked.

use selfsame_wire::fields::boolean;
use selfsame_wire::id_info::{Country, IdNumber, IdType};
use selfsame_wire::job_type::JobType;
use serde_json::{Map, Value};

use crate::error::ClientError;

/// ID information as a job's package carries it; `None` where there is none. Job type 1 alone has rules here: of the others the
/// server judges.
pub(crate) fn for_job(
    job_type: u8,
    given: Option<&Map<String, Value>>,
    has_card: bool,
) -> Result<Option<Map<String, Value>>, ClientError> {
    if job_type != JobType::BiometricKyc.number() {
        return Ok(given.cloned());
    }
    let mut info = given.cloned().unwrap_or_default();
    if was_entered(info.get("entered"))? {
        check_identity(&info)?;
        if info.get("entered").is_none_or(Value::is_null) {
            info.insert("entered".to_owned(), "true".into());
        }
    } else if !has_card {
        return Err(ClientError::Argument(
            "id_info.entered is false: then an ID card's front must have been captured under the tag"
                .to_owned(),
        ));
    }
    Ok(Some(info))
}

/// Whether a person can be looked up by this. What was given never stands in the error.
pub(crate) fn check_identity(info: &Map<String, Value>) -> Result<(), ClientError> {
    let wrong = |name: &str, wanted: &str| {
        Err(ClientError::Argument(format!(
            "id_info.{name} must be {wanted}"
        )))
    };
    if Country::new(text(info, "country")?).is_none() {
        return wrong("country", "two letters, e.g. NG");
    }
    if IdType::new(text(info, "id_type")?).is_none() {
        return wrong("id_type", "1 to 64 letters, digits or _, e.g. NIN");
    }
    if IdNumber::new(text(info, "id_number")?).is_none() {
        return wrong(
            "id_number",
            "1 to 128 bytes long, without control characters",
        );
    }
    Ok(())
}

/// Text, because a number would lose its leading zeros.
fn text<'i>(info: &'i Map<String, Value>, name: &str) -> Result<&'i str, ClientError> {
    let missing = || ClientError::Argument(format!("id_info.{name} is missing"));
    match info.get(name) {
        None | Some(Value::Null) => Err(missing()),
        Some(Value::String(text)) if text.trim().is_empty() => Err(missing()),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(ClientError::Argument(format!(
            "id_info.{name} must be a string"
        ))),
    }
}

/// A number that is given is to be looked up, unless it is said that it is not.
fn was_entered(said: Option<&Value>) -> Result<bool, ClientError> {
    let entered = match said {
        None | Some(Value::Null) => Some(true),
        Some(Value::Bool(entered)) => Some(*entered),
        Some(Value::String(text)) if !text.trim().is_empty() => boolean(text),
        Some(_) => None,
    };
    entered.ok_or_else(|| ClientError::Argument("id_info.entered must be true or false".to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(info: &Value, has_card: bool) -> Result<Option<Map<String, Value>>, ClientError> {
        for_job(1, info.as_object(), has_card)
    }

    #[test]
    fn a_card_will_do_in_place_of_a_number() {
        for entered in [json!(false), json!("false"), json!("False")] {
            let info = json!({"entered": entered});
            assert_eq!(of(&info, true).unwrap().as_ref(), info.as_object());
            let error = of(&info, false).unwrap_err().to_string();
            assert!(error.contains("card"), "{error}");
        }
    }

    #[test]
    fn an_error_says_what_is_wrong_and_nothing_of_the_person() {
        let whole = json!({"country": "NG", "id_type": "NIN", "id_number": "99887766554"});
        assert_eq!(of(&whole, false).unwrap().unwrap()["entered"], "true");
        for (name, value) in [
            ("country", json!("Narnia99")),
            ("id_type", json!("a b 99")),
            ("id_number", json!("99\u{1}88")),
            ("id_number", json!(998_877)),
            ("entered", json!("99")),
        ] {
            let mut info = whole.clone();
            info[name] = value;
            let error = of(&info, true).unwrap_err().to_string();
            assert!(error.contains(name) && !error.contains("99"), "{error}");
        }
    }

    #[test]
    fn other_job_types_are_not_judged() {
        let info = json!({"entered": "perhaps"});
        assert_eq!(
            for_job(4, info.as_object(), false).unwrap().as_ref(),
            info.as_object()
        );
        assert_eq!(for_job(2, None, false).unwrap(), None);
    }
}
