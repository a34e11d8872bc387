//! What a result tells of a person, as the authority has it.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::id::UserId;
use crate::id_info::{Country, IdInfo, IdNumber, IdType};

/// What stands for a value that the authority lacks.
pub const NOT_AVAILABLE: &str = "Not Available";

fn or_not_available<S: Serializer>(
    text: &Option<impl AsRef<str>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text.as_ref().map_or(NOT_AVAILABLE, AsRef::as_ref))
}

/// Which identity was asked about.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct AskedIdentity {
    /// Whose authority.
    #[serde(rename = "Country", serialize_with = "or_not_available")]
    country: Option<String>,
    /// Which of its records.
    #[serde(rename = "IDType", serialize_with = "or_not_available")]
    id_type: Option<String>,
    /// Which person.
    #[serde(rename = "IDNumber", serialize_with = "or_not_available")]
    id_number: Option<String>,
}

impl AskedIdentity {
    /// By these three.
    #[must_use]
    pub fn new(country: Country, id_type: &IdType, id_number: &IdNumber) -> Self {
        Self {
            country: Some(country.as_str().to_owned()),
            id_type: Some(id_type.as_str().to_owned()),
            id_number: Some(id_number.reveal().to_owned()),
        }
    }

    /// As far as a request says: a job that compares with a card needs to name neither country nor number.
    #[must_use]
    pub fn as_given(info: &IdInfo) -> Self {
        Self {
            country: info.country.map(|c| c.as_str().to_owned()),
            id_type: info.id_type.as_ref().map(|t| t.as_str().to_owned()),
            id_number: info.id_number.as_ref().map(|n| n.reveal().to_owned()),
        }
    }
}

impl fmt::Debug for AskedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskedIdentity")
            .field("country", &self.country)
            .field("id_type", &self.id_type)
            .finish_non_exhaustive()
    }
}

macro_rules! personal_info {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)*) => {
        /// The record, field by field; a field that the authority lacks is written [`NOT_AVAILABLE`]. All of it is personal: `Debug`
        /// tells only which fields are there.
        #[derive(Clone, Default, PartialEq, Serialize)]
        pub struct PersonalInfo {
            $($(#[$doc])* #[serde(rename = $wire, serialize_with = "or_not_available")] pub $name: Option<String>,)*
            /// Whatever else the authority told.
            #[serde(rename = "FullData")]
            pub full_data: Map<String, Value>,
        }

        impl fmt::Debug for PersonalInfo {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let fields = [$(($wire, self.$name.is_some()),)*];
                let there = fields.iter().filter(|(_, there)| *there).map(|(name, _)| name);
                f.write_str("PersonalInfo ")?;
                f.debug_set().entries(there).finish()
            }
        }
    };
}

personal_info! {
    /// When the document ends, `YYYY-MM-DD`.
    expiration_date = "ExpirationDate",
    /// The whole name.
    full_name = "FullName",
    /// Date of birth, `YYYY-MM-DD`.
    dob = "DOB",
    /// The photograph, base64.
    photo = "Photo",
    /// Telephone number.
    phone_number = "PhoneNumber",
    /// Another one.
    phone_number_2 = "PhoneNumber2",
    /// `M` or `F`.
    gender = "Gender",
    /// Where the person lives.
    address = "Address",
    /// A picture of the document, base64.
    document = "Document",
    /// Another number of the person.
    secondary_id_number = "Secondary_ID_Number",
}

/// Who was enrolled with the same number before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(into = "EarlierRegistrantsOnTheWire")]
pub struct EarlierRegistrants(pub Vec<UserId>);

#[derive(Serialize)]
struct EarlierRegistrantsOnTheWire {
    #[serde(rename = "IDNumberPreviouslyRegistered")]
    registered: bool,
    #[serde(rename = "UserIDsOfPreviousRegistrants")]
    users: Vec<UserId>,
}

impl From<EarlierRegistrants> for EarlierRegistrantsOnTheWire {
    fn from(EarlierRegistrants(users): EarlierRegistrants) -> Self {
        Self {
            registered: !users.is_empty(),
            users,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> PersonalInfo {
        PersonalInfo {
            full_name: Some("Joe Leo".to_owned()),
            dob: Some("2000-09-20".to_owned()),
            ..PersonalInfo::default()
        }
    }

    #[test]
    fn what_the_authority_lacks_is_said_so() {
        let told = serde_json::to_value(person()).unwrap();
        assert_eq!(told["FullName"], "Joe Leo");
        assert_eq!(told["Photo"], NOT_AVAILABLE);
        assert_eq!(told["FullData"], serde_json::json!({}));
        assert_eq!(told.as_object().unwrap().len(), 11);
        let by_card = AskedIdentity::as_given(&IdInfo::default());
        let told = serde_json::to_value(by_card).unwrap();
        assert_eq!(told["IDNumber"], NOT_AVAILABLE);
    }

    #[test]
    fn nothing_personal_is_printed() {
        let info = IdInfo::parse(
            br#"{"country":"NG","id_type":"NIN","id_number":"12345678901"}"#,
            "",
        )
        .unwrap();
        let printed = format!("{:?} {:?}", person(), AskedIdentity::as_given(&info));
        for secret in ["Joe", "2000", "12345678901"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        assert!(printed.contains("FullName") && printed.contains("NIN"));
    }

    #[test]
    fn a_number_is_registered_where_somebody_registered_it() {
        let told = |users: &[&str]| {
            let users = users.iter().map(|u| UserId::new(*u).unwrap()).collect();
            serde_json::to_value(EarlierRegistrants(users)).unwrap()
        };
        assert_eq!(
            told(&[]),
            serde_json::json!({"IDNumberPreviouslyRegistered": false, "UserIDsOfPreviousRegistrants": []})
        );
        assert_eq!(
            told(&["u1"]),
            serde_json::json!({"IDNumberPreviouslyRegistered": true, "UserIDsOfPreviousRegistrants": ["u1"]})
        );
    }
}
