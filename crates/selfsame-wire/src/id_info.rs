//! `id_info`: what a request says of an identity, in the wire's own field names.
//!
//! The same fields stand in `info.json` of a package, in the flat body of `/v1/id_verification` and `/v2/verify`, and beside the
//! fields of `/v1/upload`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{ErrorCode, WireError};
use crate::fields::{Fields, boolean};

/// The longest text of an ID field that is accepted, in bytes.
pub const MAX_FIELD_BYTES: usize = 256;

/// A country as ISO 3166-1 writes it: two letters, kept as capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// Two ASCII letters, in either case.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        match *text.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    /// Two capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Two ASCII letters, by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Country {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text).ok_or_else(|| format!("{text:?} is no country: two letters are"))
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

/// The name of a kind of identity: `NIN`, `PASSPORT`. Capitals, digits and `_`, 1 to 64 of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdType(String);

impl IdType {
    /// Reads one; small letters become capitals.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let good = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        good.then(|| Self(text.to_ascii_uppercase()))
    }

    /// As the wire writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for IdType {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text).ok_or_else(|| {
            format!("{text:?} is no ID type: capitals, digits and _ are, at most 64 of them")
        })
    }
}

impl From<IdType> for String {
    fn from(id_type: IdType) -> Self {
        id_type.0
    }
}

/// The number of an identity. It names a person, so it is never printed.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdNumber(String);

impl IdNumber {
    /// 1 to 128 bytes without control characters; spaces around it are dropped.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let good = (1..=128).contains(&text.len()) && !text.chars().any(char::is_control);
        good.then(|| Self(text.to_owned()))
    }

    /// The number itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdNumber(…)")
    }
}

macro_rules! details {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a request says of an identity. All of it is personal: `Debug` tells only which fields are there.
        #[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct IdInfo {
            /// Whose authority is asked.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub country: Option<Country>,
            /// Which of its records.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub id_type: Option<IdType>,
            /// Which person.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub id_number: Option<IdNumber>,
            /// Whether the number is to be looked up; absent where the request does not say.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub entered: Option<bool>,
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<String>,)*
        }

        impl IdInfo {
            /// The names of the fields that hold text, as the wire writes them.
            pub const TEXT_FIELDS: &'static [&'static str] = &[$(stringify!($name),)*];

            /// A field that holds text, by the wire's name.
            #[must_use]
            pub fn text(&self, name: &str) -> Option<&str> {
                match name {
                    $(stringify!($name) => self.$name.as_deref(),)*
                    _ => None,
                }
            }

            fn read_texts(&mut self, fields: &Fields<'_>) -> Result<(), WireError> {
                $(self.$name = short_text(fields, stringify!($name))?;)*
                Ok(())
            }
        }
    };
}

details! {
    /// Given name.
    first_name,
    /// Middle names.
    middle_name,
    /// Family name.
    last_name,
    /// Date of birth, as it was written; `YYYY-MM-DD` is meant.
    dob,
    /// `M` or `F`, or a word for it.
    gender,
    /// Telephone number.
    phone_number,
    /// Email address.
    email,
    /// The bank of an account.
    bank_code,
    /// Citizenship, which some Kenyan types need.
    citizenship,
    /// Telephone operator.
    operator,
    /// What a one-time password opened (`BVN_MFA`).
    session_id,
    /// What OpenID Connect opened (Ethiopia).
    openid_state,
    /// Day of birth, where it comes in parts.
    day,
    /// Month of birth.
    month,
    /// Year of birth.
    year,
    /// What kind of business (`co`).
    business_type,
    /// The number of the identity card that a telephone's owner has, where the telephone number is what is looked up.
    owner_id_number,
}

impl IdInfo {
    /// First, middle and last name, as one text. `None`: no name is given.
    #[must_use]
    pub fn joined_names(&self) -> Option<String> {
        let parts = [&self.first_name, &self.middle_name, &self.last_name];
        let given: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        Some(given.join(" ")).filter(|name| !name.is_empty())
    }

    /// Reads `id_info`, or a flat body that holds its fields. Unknown fields are left alone; empty text counts as absent.
    ///
    /// # Errors
    /// 2203 or 2204, naming the field after `prefix` (`id_info.`, or nothing).
    pub fn parse(json: &[u8], prefix: &str) -> Result<Self, WireError> {
        Self::read(&Fields::parse(json)?.within(prefix), prefix)
    }

    /// The same of a raw value.
    ///
    /// # Errors
    /// As [`IdInfo::parse`].
    pub fn of_raw(raw: &RawValue) -> Result<Self, WireError> {
        Self::parse(raw.get().as_bytes(), "id_info.")
    }

    pub(crate) fn read(fields: &Fields<'_>, prefix: &str) -> Result<Self, WireError> {
        let wrong =
            |name: &str, wanted: &str| WireError::wrong_type(&format!("{prefix}{name}"), wanted);
        let mut info = Self::default();
        if let Some(text) = fields.text("country")? {
            let country = Country::new(&text)
                .ok_or_else(|| wrong("country", "two letters, as ISO 3166-1 has them"))?;
            info.country = Some(country);
        }
        if let Some(text) = fields.text("id_type")? {
            let id_type = IdType::new(&text)
                .ok_or_else(|| wrong("id_type", "capitals, digits and _, at most 64"))?;
            info.id_type = Some(id_type);
        }
        if let Some(text) = fields.identifier("id_number")? {
            let number = IdNumber::new(&text).ok_or_else(|| {
                wrong("id_number", "at most 128 bytes without control characters")
            })?;
            info.id_number = Some(number);
        }
        info.entered = match fields.raw("entered").map(RawValue::get) {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => match fields.scalar("entered")? {
                None => None,
                Some(text) => {
                    Some(boolean(&text).ok_or_else(|| wrong("entered", "true or false"))?)
                }
            },
        };
        info.read_texts(fields)?;
        Ok(info)
    }
}

impl fmt::Debug for IdInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given: Vec<&str> = Self::TEXT_FIELDS
            .iter()
            .copied()
            .filter(|name| self.text(name).is_some())
            .collect();
        f.debug_struct("IdInfo")
            .field("country", &self.country)
            .field("id_type", &self.id_type)
            .field("entered", &self.entered)
            .field("given", &given)
            .finish_non_exhaustive()
    }
}

pub(crate) fn short_text(fields: &Fields<'_>, name: &str) -> Result<Option<String>, WireError> {
    let Some(text) = fields.identifier(name)? else {
        return Ok(None);
    };
    let text = text.trim();
    if text.len() > MAX_FIELD_BYTES || text.chars().any(char::is_control) {
        return Err(WireError::new(
            ErrorCode::WrongType,
            format!("{name} must be at most {MAX_FIELD_BYTES} bytes without control characters"),
        ));
    }
    Ok(Some(text.to_owned()).filter(|t| !t.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_public_clients_send() {
        let json = br#"{"first_name":"Joe","last_name":"","middle_name":null,"country":"ng","id_type":"nin","id_number":12345678901,
            "dob":"2000-09-20","phone_number":"","entered":"true","unknown":{}}"#;
        let info = IdInfo::parse(json, "id_info.").unwrap();
        assert_eq!(info.country.unwrap().as_str(), "NG");
        assert_eq!(info.id_type.as_ref().unwrap().as_str(), "NIN");
        assert_eq!(info.id_number.as_ref().unwrap().reveal(), "12345678901");
        assert_eq!(info.entered, Some(true));
        assert_eq!(info.text("first_name"), Some("Joe"));
        assert_eq!(info.last_name, None);
        let kept = serde_json::to_string(&info).unwrap();
        assert_eq!(serde_json::from_str::<IdInfo>(&kept).unwrap(), info);
    }

    #[test]
    fn nothing_personal_is_printed() {
        let json =
            br#"{"country":"NG","id_number":"00000000000","first_name":"Joe","dob":"2000-09-20"}"#;
        let printed = format!("{:?}", IdInfo::parse(json, "").unwrap());
        for secret in ["Joe", "00000000000", "2000"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        assert!(printed.contains("first_name"), "{printed}");
    }

    #[test]
    fn faults_are_named() {
        let message = |json: &str| {
            IdInfo::parse(json.as_bytes(), "id_info.")
                .unwrap_err()
                .to_string()
        };
        assert!(message(r#"{"country":"NGA"}"#).starts_with("2204: id_info.country must be"));
        assert!(message(r#"{"id_type":"a b"}"#).starts_with("2204: id_info.id_type must be"));
        assert!(message(r#"{"id_number":"a\u0000"}"#).contains("id_number"));
        assert!(message(r#"{"entered":"perhaps"}"#).contains("entered"));
    }
}
