//! What a person says of itself, beside a submission.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, WireError};

/// The longest text of a field, in bytes.
const MAX_BYTES: usize = 256;

/// What a person says of itself. All of it is personal: `Debug` tells only which fields are there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDetails {
    /// Given names.
    pub given_names: String,
    /// Family name.
    pub last_name: String,
    /// Email address.
    #[serde(default)]
    pub email: Option<String>,
    /// Telephone number: `+`, the country's number, 7 to 15 digits together.
    #[serde(default)]
    pub phone_number: Option<String>,
}

impl fmt::Debug for UserDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = ["given_names", "last_name"].into_iter();
        let email = self.email.as_ref().map(|_| "email");
        let phone = self.phone_number.as_ref().map(|_| "phone_number");
        f.write_str("UserDetails ")?;
        f.debug_set()
            .entries(fields.chain(email).chain(phone))
            .finish()
    }
}

impl UserDetails {
    /// Reads the part `user_details`.
    ///
    /// # Errors
    /// 2204, or 2213 where a field is missing, naming the field and nothing that it holds.
    pub fn parse(json: &str) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Given {
            given_names: Option<String>,
            last_name: Option<String>,
            email: Option<String>,
            phone_number: Option<String>,
        }
        // What serde says of a value may hold it.
        let given: Given = serde_json::from_str(json).map_err(|_| {
            WireError::new(
                ErrorCode::InvalidJson,
                "user_details must be an object of texts",
            )
        })?;
        let given = Self {
            given_names: text("given_names", given.given_names)?.unwrap_or_default(),
            last_name: text("last_name", given.last_name)?.unwrap_or_default(),
            email: text("email", given.email)?,
            phone_number: text("phone_number", given.phone_number)?,
        };
        let missing = |name: &str| Err(WireError::missing(&format!("user_details.{name}")));
        if given.given_names.is_empty() {
            return missing("given_names");
        }
        if given.last_name.is_empty() {
            return missing("last_name");
        }
        for (name, text) in [
            ("given_names", &given.given_names),
            ("last_name", &given.last_name),
        ] {
            if !is_name(text) {
                return Err(WireError::wrong_type(
                    &format!("user_details.{name}"),
                    "a name, with a letter at least",
                ));
            }
        }
        if given.email.is_none() && given.phone_number.is_none() {
            return missing("email or user_details.phone_number");
        }
        if given.email.as_deref().is_some_and(|email| !is_email(email)) {
            return Err(WireError::wrong_type(
                "user_details.email",
                "an email address",
            ));
        }
        if given.phone_number.as_deref().is_some_and(|n| !is_phone(n)) {
            return Err(WireError::wrong_type(
                "user_details.phone_number",
                "+, the country's number and the rest, 7 to 15 digits together",
            ));
        }
        Ok(given)
    }
}

/// Empty text counts as absent.
fn text(name: &str, given: Option<String>) -> Result<Option<String>, WireError> {
    let Some(given) = given else { return Ok(None) };
    let trimmed = given.trim();
    if trimmed.len() > MAX_BYTES || trimmed.chars().any(char::is_control) {
        return Err(WireError::wrong_type(
            &format!("user_details.{name}"),
            "text of at most 256 bytes without control characters",
        ));
    }
    Ok((!trimmed.is_empty()).then(|| trimmed.to_owned()))
}

/// Whether a text can be a name. One without a letter would match nothing, and so differ from nothing.
pub(crate) fn is_name(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

/// Whether a text looks like an email address: something, `@`, something with a dot or not, no spaces.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && text.len() <= 254
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Whether a text is a telephone number as E.164 writes it.
pub(crate) fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<UserDetails, String> {
        UserDetails::parse(json).map_err(|e| e.message)
    }

    #[test]
    fn a_person_has_a_name_and_a_way_to_be_reached() {
        let of = |rest: &str| format!(r#"{{"given_names":" Joe ","last_name":"Leo"{rest}}}"#);
        let joe = parse(&of(
            r#","email":"joe@example.com","phone_number":null,"more":1"#,
        ))
        .unwrap();
        assert_eq!(
            (joe.given_names.as_str(), joe.phone_number.as_deref()),
            ("Joe", None)
        );
        assert!(parse(&of(r#","phone_number":"+2348012345678""#)).is_ok());
        for (rest, named) in [
            ("", "email or"),
            (r#","email":"""#, "email or"),
            (r#","email":"joe""#, "email"),
            (r#","email":"@x""#, "email"),
            (r#","email":"a b@x""#, "email"),
            (r#","phone_number":"08012345678""#, "phone_number"),
            (r#","phone_number":"+012345678""#, "phone_number"),
            (r#","phone_number":"+12345678901234567""#, "phone_number"),
        ] {
            let error = parse(&of(rest)).unwrap_err();
            assert!(error.contains(named) && !error.contains("08012"), "{error}");
        }
        for json in ["", "[]", r#"{"given_names":7}"#] {
            assert!(
                parse(json).unwrap_err().contains("object of texts"),
                "{json}"
            );
        }
        let nameless = parse(r#"{"last_name":"Leo","email":"a@b"}"#).unwrap_err();
        assert!(nameless.contains("given_names"));
        for (given, last, named) in [
            (".", "-", "given_names"),
            ("7", "Leo", "given_names"),
            ("Joe", "-", "last_name"),
        ] {
            let json = format!(r#"{{"given_names":"{given}","last_name":"{last}","email":"a@b"}}"#);
            let error = parse(&json).unwrap_err();
            assert!(error.contains(named) && error.contains("letter"), "{error}");
        }
        for name in ["王", "ነጋሽ", "محمد"] {
            let json = format!(r#"{{"given_names":"{name}","last_name":"{name}","email":"a@b"}}"#);
            assert!(parse(&json).is_ok(), "{name}");
        }
    }

    #[test]
    fn debug_tells_no_value() {
        let joe = parse(r#"{"given_names":"Joe","last_name":"Leo","email":"joe@example.com"}"#);
        assert_eq!(
            format!("{:?}", joe.unwrap()),
            r#"UserDetails {"given_names", "last_name", "email"}"#
        );
    }
}
