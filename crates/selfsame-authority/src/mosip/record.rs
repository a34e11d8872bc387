//! The attributes of an identity, as fields of a record.

use jiff::civil::Date;
use selfsame_job::identity::IdentityRecord;
use serde_json::{Map, Value};

use super::photo;
use super::settings::MosipSettings;
use crate::authority::AskError;

/// The attributes that hold a photograph, by their beginnings.
const PHOTOS: [&str; 3] = ["photo", "face", "picture"];
/// Where a field usually stands. MOSIP's own names first, then those of the schema that it is delivered with.
const USUAL: [(&str, &[&str]); 10] = [
    ("full_name", &["name", "fullName"]),
    ("first_name", &["firstName", "givenName"]),
    ("middle_name", &["middleName"]),
    ("last_name", &["lastName", "familyName", "surName"]),
    ("date_of_birth", &["dob", "dateOfBirth"]),
    ("gender", &["gender"]),
    ("address", &["fullAddress"]),
    ("phone_number", &["phoneNumber", "phone"]),
    ("email", &["emailId", "email"]),
    ("id_number", &["UIN", "uin"]),
];
/// What an address is made of where it does not come whole, in this order.
const ADDRESS_PARTS: [&str; 10] = [
    "addressLine1",
    "addressLine2",
    "addressLine3",
    "location1",
    "location2",
    "location3",
    "city",
    "province",
    "region",
    "postalCode",
];

/// Reads a decrypted identity.
pub(super) fn read(identity: &[u8], settings: &MosipSettings) -> Result<IdentityRecord, AskError> {
    let Ok(mut told) = serde_json::from_slice::<Map<String, Value>>(identity) else {
        return Err(AskError::Nonsense(
            "the identity is no JSON object".to_owned(),
        ));
    };
    let mut record = IdentityRecord {
        photo: take_photo(&mut told),
        ..IdentityRecord::default()
    };
    let find = |name: &str| text(&told, name, &settings.language);
    let mut set = |field: &str, value: &str| {
        let value = match field {
            "date_of_birth" | "issuance_date" | "expiration_date" => date(value),
            "gender" => gender(value).map(str::to_owned),
            _ => Some(value.to_owned()),
        };
        if let Some(value) = value {
            // The names were checked when the settings were read.
            record.set_text(field, &value);
        }
    };
    for (field, names) in USUAL {
        if let Some(value) = names.iter().find_map(|name| find(name)) {
            set(field, &value);
        }
    }
    if text(&told, "fullAddress", &settings.language).is_none() {
        let parts: Vec<String> = ADDRESS_PARTS.iter().filter_map(|name| find(name)).collect();
        set("address", &parts.join(", "));
    }
    for (field, name) in &settings.attributes {
        if let Some(value) = find(name) {
            set(field, &value);
        }
    }
    record.full_data = told;
    Ok(record)
}

/// Takes out what holds photographs, and gives the first that can be read.
fn take_photo(told: &mut Map<String, Value>) -> Option<selfsame_job::identity::Photo> {
    let is_photo = |name: &String| {
        let name = name.to_lowercase();
        PHOTOS.iter().any(|photo| name.starts_with(photo))
    };
    let names: Vec<String> = told.keys().filter(|name| is_photo(name)).cloned().collect();
    let values: Vec<Value> = names.iter().filter_map(|name| told.remove(name)).collect();
    let photo = values
        .iter()
        .filter_map(Value::as_str)
        .find_map(photo::read);
    if photo.is_none() && !values.is_empty() {
        tracing::warn!(
            "MOSIP told a photograph of a form that is not known here; the record has none"
        );
    }
    photo
}

/// An attribute in the wanted language, in none, or in any: `name_eng`, `name`, `name_fra`.
fn text(told: &Map<String, Value>, name: &str, language: &str) -> Option<String> {
    let of = |value: &Value| plain(value, language).filter(|text| !text.trim().is_empty());
    let wanted = told
        .get(&format!("{name}_{language}"))
        .or_else(|| told.get(name))
        .and_then(of);
    wanted.or_else(|| {
        let other = |key: &String| {
            key.strip_prefix(name)
                .is_some_and(|rest| rest.len() == 4 && rest.starts_with('_'))
        };
        told.iter()
            .filter(|(key, _)| other(key))
            .find_map(|(_, value)| of(value))
    })
}

/// A text, a number, or the entries of several languages.
fn plain(value: &Value, language: &str) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(entries) => {
            let value = |entry: &Value| entry.get("value")?.as_str().map(str::to_owned);
            let wanted = entries
                .iter()
                .find(|entry| entry.get("language").and_then(Value::as_str) == Some(language));
            wanted
                .and_then(value)
                .or_else(|| entries.iter().find_map(value))
        }
        _ => None,
    }
}

/// `1999/01/31`, `1999-01-31` and `31/01/1999` are in use.
fn date(text: &str) -> Option<String> {
    let text = text.trim();
    let date = ["%Y/%m/%d", "%Y-%m-%d", "%d/%m/%Y"]
        .iter()
        .find_map(|form| Date::strptime(form, text).ok())?;
    Some(date.to_string())
}

/// Installations write words, in English unless their own list of genders says otherwise, or codes.
fn gender(text: &str) -> Option<&'static str> {
    match text.trim().to_uppercase().as_str() {
        "M" | "MALE" | "MLE" => Some("M"),
        "F" | "FEMALE" | "FLE" => Some("F"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::mosip::settings::tests::read as settings;

    fn record(told: &Value, more: &str) -> IdentityRecord {
        read(told.to_string().as_bytes(), &settings(more).unwrap()).unwrap()
    }

    #[test]
    fn attributes_become_fields() {
        let told = json!({
            "name_fra": "Joël Léo", "name_eng": "Joe Leo", "dob": "1999/01/31", "gender_eng": "Male", "phoneNumber": "0911",
            "emailId": "joe@example.com", "addressLine1_eng": "1 Road", "location1_eng": "Town", "postalCode": "14022",
            "photo": "/9j/4AAQ", "residenceStatus_eng": "Resident",
        });
        let record = record(&told, "");
        let fields: Vec<(&str, &str)> = IdentityRecord::TEXT_FIELDS
            .iter()
            .filter_map(|f| Some((*f, record.text(f)?)))
            .collect();
        assert_eq!(
            fields,
            [
                ("full_name", "Joe Leo"),
                ("date_of_birth", "1999-01-31"),
                ("gender", "M"),
                ("address", "1 Road, Town, 14022"),
                ("phone_number", "0911"),
                ("email", "joe@example.com"),
            ]
        );
        assert_eq!(
            record.photo.unwrap().0.as_ref(),
            [0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10]
        );
        assert_eq!(record.full_data["residenceStatus_eng"], "Resident");
        assert!(!record.full_data.contains_key("photo"));
    }

    #[test]
    fn other_schemas_and_languages_are_read() {
        let told = json!({
            "fullName": [{"language": "ara", "value": "ابراهيم"}, {"language": "fra", "value": "Ibrahim"}], "dateOfBirth": "25/11/1990",
            "gender": [{"language": "fra", "value": "homme"}], "fullAddress_fra": "Rue 1", "prenom_fra": "Ibrahim",
        });
        let record = record(
            &told,
            "language = \"fra\"\nattributes = { first_name = \"prenom\" }",
        );
        assert_eq!(record.full_name.as_deref(), Some("Ibrahim"));
        assert_eq!(record.first_name.as_deref(), Some("Ibrahim"));
        assert_eq!(record.date_of_birth.as_deref(), Some("1990-11-25"));
        assert_eq!(record.address.as_deref(), Some("Rue 1"));
        assert_eq!(record.gender, None);
        assert_eq!(record.photo, None);
    }

    #[test]
    fn what_is_no_identity_is_refused() {
        for text in ["", "[]", "\"x\"", "{"] {
            let error = read(text.as_bytes(), &settings("").unwrap()).unwrap_err();
            assert!(matches!(error, AskError::Nonsense(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(name in "[a-zA-Z_é]{0,12}", value in ".{0,20}") {
            let told = json!({name: value, "dob": value, "gender": [value], "photo": value});
            let _ = record(&told, "");
        }
    }
}
