//! What the telephone operator is asked: no more than is compared.

use jiff::civil::Date;
use selfsame_job::identity::IdentityQuery;
use selfsame_wire::id_info::IdInfo;
use serde::Serialize;

use super::settings::CamaraSettings;

/// The longest texts that the operator takes, in characters.
const MAX_NAME: usize = 256;
const MAX_GIVEN: usize = 100;
const MAX_FAMILY: usize = 150;
const MAX_DOCUMENT: usize = 50;

/// The body of a request. What is absent is not compared; operators refuse fields that they do not know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Question {
    phone_number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_document: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    middle_names: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) birthdate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gender: Option<&'static str>,
}

impl Question {
    /// # Errors
    /// What is missing or wrong, for whoever sent the request.
    pub(super) fn of(query: &IdentityQuery, settings: &CamaraSettings) -> Result<Self, String> {
        let given = &query.given;
        let (phone, document) = if settings.phone_id_types.contains(&query.id_type) {
            (query.id_number.reveal(), None)
        } else {
            let phone = given.phone_number.as_deref();
            let phone = phone.ok_or("phone_number must be given to look this ID type up")?;
            (phone, Some(query.id_number.reveal()))
        };
        let short = |text: Option<&str>, most: usize| {
            text.filter(|t| t.chars().count() <= most)
                .map(str::to_owned)
        };
        let question = Self {
            phone_number: phone_number(phone, settings.calling_code.as_deref())?,
            id_document: short(document, MAX_DOCUMENT),
            name: short(given.joined_names().as_deref(), MAX_NAME),
            given_name: short(given.first_name.as_deref(), MAX_GIVEN),
            family_name: short(given.last_name.as_deref(), MAX_FAMILY),
            middle_names: short(given.middle_name.as_deref(), MAX_GIVEN),
            birthdate: birthdate(given)?,
            gender: gender(given),
        };
        if question.name.is_none()
            && question.birthdate.is_none()
            && question.gender.is_none()
            && question.id_document.is_none()
        {
            return Err("a name, dob or gender must be given: the operator compares, and tells nothing else".to_owned());
        }
        Ok(question)
    }
}

/// As E.164 writes it: `+2348031234567`.
fn phone_number(text: &str, calling_code: Option<&str>) -> Result<String, String> {
    let wrong = || "the telephone number must be written as +2348031234567".to_owned();
    let number: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/'))
        .collect();
    let number = match (number.strip_prefix("00"), calling_code) {
        (Some(rest), _) => format!("+{rest}"),
        (None, _) if number.starts_with('+') => number,
        (None, None) => return Err(wrong()),
        // With its country, but without the sign; or as it is dialled at home.
        (None, Some(code)) => match number.strip_prefix(code.trim_start_matches('+')) {
            Some(rest) if rest.len() >= 7 && !number.starts_with('0') => format!("{code}{rest}"),
            _ => format!("{code}{}", number.strip_prefix('0').unwrap_or(&number)),
        },
    };
    let digits = &number[1..];
    let good = (5..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    if good { Ok(number) } else { Err(wrong()) }
}

fn birthdate(given: &IdInfo) -> Result<Option<String>, String> {
    let text = match (&given.dob, &given.year, &given.month, &given.day) {
        (Some(dob), ..) => dob.clone(),
        (None, Some(year), Some(month), Some(day)) => format!("{year:0>4}-{month:0>2}-{day:0>2}"),
        _ => return Ok(None),
    };
    let date: Date = text
        .parse()
        .map_err(|_| "dob must be a date such as 1999-01-31".to_owned())?;
    Ok(Some(date.to_string()))
}

fn gender(given: &IdInfo) -> Option<&'static str> {
    match given.gender.as_ref()?.to_uppercase().as_str() {
        "M" | "MALE" => Some("MALE"),
        "F" | "FEMALE" => Some("FEMALE"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::asking::tests::asking_of;
    use crate::camara::settings::tests::read;

    fn question(given: Value, more: &str) -> Result<Value, String> {
        let mut all =
            json!({"country": "NG", "id_type": "PHONE_NUMBER", "id_number": "+2348031234567"});
        all.as_object_mut()
            .unwrap()
            .extend(given.as_object().unwrap().clone());
        let question = Question::of(&asking_of(&all).query, &read(more).unwrap())?;
        Ok(serde_json::to_value(question).unwrap())
    }

    #[test]
    fn only_what_is_compared_is_sent() {
        let given = json!({
            "first_name": "Joe", "middle_name": "Doe", "last_name": "Leo", "dob": "1999-01-31", "gender": "m", "email": "joe@example.com",
        });
        assert_eq!(
            question(given, ""),
            Ok(json!({
                "phoneNumber": "+2348031234567", "name": "Joe Doe Leo", "givenName": "Joe", "familyName": "Leo", "middleNames": "Doe",
                "birthdate": "1999-01-31", "gender": "MALE",
            }))
        );
        let given = json!({"id_type": "NIN", "id_number": "123", "phone_number": "0803 123 4567"});
        assert_eq!(
            question(given, "calling_code = \"+234\""),
            Ok(json!({"phoneNumber": "+2348031234567", "idDocument": "123"}))
        );
    }

    #[test]
    fn what_cannot_be_asked_is_said() {
        for (given, said) in [
            (json!({}), "a name, dob or gender"),
            (json!({"gender": "X"}), "a name, dob or gender"),
            (
                json!({"id_type": "NIN", "first_name": "Joe"}),
                "phone_number must be given",
            ),
            (
                json!({"first_name": "Joe", "id_number": "08031234567"}),
                "the telephone number must",
            ),
            (
                json!({"first_name": "Joe", "id_number": "+12"}),
                "the telephone number must",
            ),
            (json!({"dob": "31.1.1999"}), "dob must be"),
        ] {
            let error = question(given, "").unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn numbers_are_written_with_their_country() {
        for text in [
            "+234 803-123-4567",
            "002348031234567",
            "2348031234567",
            "08031234567",
            "8031234567",
        ] {
            assert_eq!(
                phone_number(text, Some("+234")),
                Ok("+2348031234567".to_owned()),
                "{text}"
            );
        }
        // A short number that begins like its country's code.
        assert_eq!(
            phone_number("234567", Some("+234")),
            Ok("+234234567".to_owned())
        );
        for text in [
            "",
            "+",
            "00",
            "+0803",
            "abc",
            "+1234567890123456",
            "+23é4567",
        ] {
            assert!(phone_number(text, None).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_fit_the_specification(text in ".{0,20}", code in prop::option::of(Just("+44"))) {
            if let Ok(number) = phone_number(&text, code) {
                let digits = number.strip_prefix('+').unwrap();
                prop_assert!((5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
                prop_assert!(!digits.starts_with('0'));
            }
        }
    }
}
