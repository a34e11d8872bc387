//! The sandbox's authority: it answers by the last digit of the number that is asked for, always the same.

use std::sync::Arc;

use async_trait::async_trait;
use selfsame_job::identity::{Answer, BusinessRecord, IdentityRecord, Photo};
use selfsame_wire::id::Environment;
use serde_json::{Map, Value};

use crate::asking::Asking;
use crate::authority::{AskError, Authority};
use crate::id_types::{IdTypes, Product};
use crate::photo_text::photo_of_text;

/// The longest text that is taken from `partner_params`, in bytes.
const MAX_TEXT: usize = 256;

/// What of a result's names is which field of a record.
const NAMES: [(&str, &str); 13] = [
    ("FullName", "full_name"),
    ("FirstName", "first_name"),
    ("MiddleName", "middle_name"),
    ("LastName", "last_name"),
    ("DOB", "date_of_birth"),
    ("Gender", "gender"),
    ("Address", "address"),
    ("PhoneNumber", "phone_number"),
    ("PhoneNumber2", "phone_number_2"),
    ("Email", "email"),
    ("IssuanceDate", "issuance_date"),
    ("ExpirationDate", "expiration_date"),
    ("Secondary_ID_Number", "secondary_id_number"),
];

/// Answers by the last digit: 0 Joe Leo, 1 nobody, 2 malformed, 3 unavailable, 4 whoever `partner_params` describes. What other
/// digits do is documented nowhere: there is nobody.
#[derive(Debug)]
pub(crate) struct Sandbox {
    id_types: Arc<IdTypes>,
    /// The photograph of everybody there is.
    photo: Option<Photo>,
}

impl Sandbox {
    pub(crate) fn new(id_types: Arc<IdTypes>, photo: Option<Photo>) -> Self {
        Self { id_types, photo }
    }

    fn answer(&self, asking: &Asking) -> Answer {
        let subject = self.subject(asking);
        let params = || top_level(asking);
        match (last_digit(asking.query.id_number.reveal()), subject) {
            (Some('0'), Subject::Person { has_photo }) => found(self.joe(has_photo)),
            (Some('0'), Subject::Phone) => found(whose_phone(asking)),
            (Some('0'), Subject::Business) => Answer::Business(Box::new(joe_limited(asking))),
            (Some('2'), _) => {
                Answer::Malformed("the sandbox's number for a malformed ID".to_owned())
            }
            (Some('3'), _) => Answer::Unavailable,
            (Some('4'), Subject::Person { has_photo }) => self.described(&params(), has_photo),
            (Some('4'), Subject::Phone) => self.described(&params(), false),
            (Some('4'), Subject::Business) => {
                Answer::Business(Box::new(described_business(asking, &params())))
            }
            _ => Answer::NotFound,
        }
    }

    fn subject(&self, asking: &Asking) -> Subject {
        let Some(rule) = self
            .id_types
            .get(asking.query.country, &asking.query.id_type)
        else {
            return Subject::Person { has_photo: false };
        };
        if rule.products.iter().all(|p| *p == Product::Business) {
            Subject::Business
        } else if asking.query.id_type.as_str() == "PHONE_NUMBER" {
            Subject::Phone
        } else {
            Subject::Person {
                has_photo: rule.has_photo,
            }
        }
    }

    fn joe(&self, has_photo: bool) -> IdentityRecord {
        let mut record = IdentityRecord {
            photo: self.photo.clone().filter(|_| has_photo),
            ..IdentityRecord::default()
        };
        for (name, text) in [
            ("full_name", "Joe Leo"),
            ("first_name", "Joe"),
            ("last_name", "Leo"),
            ("date_of_birth", "2000-09-20"),
            ("gender", "M"),
            ("address", "1 Example Road"),
        ] {
            record.set_text(name, text);
        }
        record
    }

    /// Whoever `partner_params` describes; with the sandbox's photograph, where it brings none of its own.
    fn described(&self, params: &Map<String, Value>, has_photo: bool) -> Answer {
        let mut record = IdentityRecord::default();
        for (key, field) in NAMES {
            if let Some(text) = short_text(params, key) {
                record.set_text(field, text);
            }
        }
        if let Some(whole) = record.full_name.clone() {
            let mut words: Vec<&str> = whole.split_whitespace().collect();
            let last = (words.len() > 1).then(|| words.pop()).flatten();
            let (first, middle) = words
                .split_first()
                .map_or(("", String::new()), |(f, m)| (*f, m.join(" ")));
            for (field, text) in [
                ("first_name", first),
                ("middle_name", &middle),
                ("last_name", last.unwrap_or_default()),
            ] {
                if record.text(field).is_none() {
                    record.set_text(field, text);
                }
            }
        }
        record.photo = match params
            .get("Photo")
            .and_then(Value::as_str)
            .map(photo_of_text)
        {
            Some(Err(_)) => {
                return Answer::Malformed("partner_params.Photo is no base64".to_owned());
            }
            Some(Ok(Some(photo))) => Some(photo),
            Some(Ok(None)) | None => self.photo.clone().filter(|_| has_photo),
        };
        if let Some(Value::Object(full)) = params.get("FullData") {
            record.full_data = full.clone();
        }
        found(record)
    }
}

/// Of what kind of record a question is.
#[derive(Clone, Copy)]
enum Subject {
    Person { has_photo: bool },
    Phone,
    Business,
}

fn found(record: IdentityRecord) -> Answer {
    Answer::Found(Box::new(record))
}

/// Some documented numbers end in a letter or a sign.
fn last_digit(number: &str) -> Option<char> {
    number.chars().rev().find(char::is_ascii_digit)
}

fn top_level(asking: &Asking) -> Map<String, Value> {
    // It was checked when it came.
    serde_json::from_str(asking.partner_params.as_json()).unwrap_or_default()
}

fn short_text<'p>(params: &'p Map<String, Value>, key: &str) -> Option<&'p str> {
    let text = params.get(key)?.as_str()?;
    (text.len() <= MAX_TEXT && !text.chars().any(char::is_control)).then_some(text)
}

/// The documented owner of a telephone number: first name Joe, last name Leo, other name Doe.
fn whose_phone(asking: &Asking) -> IdentityRecord {
    let mut record = IdentityRecord::default();
    for (name, text) in [
        ("first_name", "Joe"),
        ("middle_name", "Doe"),
        ("last_name", "Leo"),
        ("phone_number", asking.query.id_number.reveal()),
    ] {
        record.set_text(name, text);
    }
    record
}

fn joe_limited(asking: &Asking) -> BusinessRecord {
    let mut record = BusinessRecord::default();
    for (name, text) in [
        ("legal_name", "Joe Leo Limited"),
        ("registration_number", asking.query.id_number.reveal()),
        ("search_number", asking.query.id_number.reveal()),
        ("registration_date", "2000-09-20"),
        ("status", "ACTIVE"),
        ("address", "1 Example Road"),
        ("country", asking.query.country.as_str()),
        ("company_type", "PRIVATE LIMITED COMPANY"),
    ] {
        record.set_text(name, text);
    }
    record.directors = vec![serde_json::json!({"name": "Joe Leo"})];
    record
}

/// As with people: top-level keys of `partner_params`, named like the result's.
fn described_business(asking: &Asking, params: &Map<String, Value>) -> BusinessRecord {
    let mut record = BusinessRecord::default();
    record.set_text("search_number", asking.query.id_number.reveal());
    for name in BusinessRecord::TEXT_FIELDS {
        if let Some(text) = short_text(params, name) {
            record.set_text(name, text);
        }
    }
    record
}

#[async_trait]
impl Authority for Sandbox {
    async fn ask(&self, asking: &Asking) -> Result<Answer, AskError> {
        // A file that routes production here is refused; this is for whatever comes another way.
        if asking.environment == Environment::Production {
            return Ok(Answer::Malformed("the sandbox knows nobody".to_owned()));
        }
        Ok(self.answer(asking))
    }
}

#[cfg(test)]
mod tests {
    use selfsame_wire::partner_params::PartnerParams;

    use super::*;
    use crate::asking::tests::asking;

    async fn said(country: &str, id_type: &str, number: &str, params: &str) -> Answer {
        let photo = Photo(vec![0xff, 0xd8, 0xff].into());
        let sandbox = Sandbox::new(Arc::new(IdTypes::built_in()), Some(photo));
        let asking = Asking {
            environment: Environment::Sandbox,
            partner_params: PartnerParams::parse(params).unwrap(),
            ..asking(country, id_type, number)
        };
        let first = sandbox.ask(&asking).await.unwrap();
        assert_eq!(
            first,
            sandbox.ask(&asking).await.unwrap(),
            "always the same"
        );
        first
    }

    #[tokio::test]
    async fn the_last_digit_decides() {
        let code = async |number: &str| {
            said("NG", "NIN", number, "{}")
                .await
                .code()
                .code()
                .to_owned()
        };
        for (number, expected) in [
            ("00000000000", "1012"),
            ("00000000001", "1013"),
            ("00000000002", "1014"),
            ("00000000003", "1015"),
            ("00000000004", "1012"),
            ("00000000005", "1013"),
            ("00000000009", "1013"),
            ("12345678910", "1012"),
        ] {
            assert_eq!(code(number).await, expected, "{number}");
        }
    }

    #[tokio::test]
    async fn numbers_with_letters_have_a_last_digit_too() {
        for (country, id_type, number) in [
            ("GH", "PASSPORT", "G0000000"),
            ("NG", "DRIVERS_LICENSE", "ABC000000000"),
            ("NG", "DRIVERS_LICENSE", "ABC00000000Z"),
            ("GH", "SSNIT", "C000000000000"),
        ] {
            assert!(
                said(country, id_type, number, "{}").await.is_found(),
                "{number}"
            );
        }
        assert_eq!(last_digit("abc"), None);
        assert_eq!(last_digit("00000000-0001"), Some('1'));
        assert_eq!(last_digit("A1234567B"), Some('7'));
    }

    #[tokio::test]
    async fn joe_leo_is_whole() {
        let Answer::Found(joe) = said("NG", "NIN", "00000000000", "{}").await else {
            panic!("found")
        };
        assert_eq!(joe.whole_name().as_deref(), Some("Joe Leo"));
        assert_eq!(joe.date_of_birth.as_deref(), Some("2000-09-20"));
        assert!(joe.photo.is_some());
        let Answer::Found(joe) = said("UG", "NATIONAL_ID_NO_PHOTO", "CM000000000000", "{}").await
        else {
            panic!("found")
        };
        assert_eq!(joe.photo, None, "the type has none");
    }

    #[tokio::test]
    async fn the_partner_describes_a_person() {
        let params = r#"{"FullName":"Ada Mary Jane Obi","DOB":"1990-01-02","Gender":"F","PhoneNumber":"0800","LastName":"Okafor","FullData":{"x":1}}"#;
        let Answer::Found(ada) = said("NG", "NIN", "00000000004", params).await else {
            panic!("found")
        };
        assert_eq!(ada.full_name.as_deref(), Some("Ada Mary Jane Obi"));
        assert_eq!(ada.first_name.as_deref(), Some("Ada"));
        assert_eq!(ada.middle_name.as_deref(), Some("Mary Jane"));
        assert_eq!(
            ada.last_name.as_deref(),
            Some("Okafor"),
            "what is given counts before what is derived"
        );
        assert_eq!(ada.date_of_birth.as_deref(), Some("1990-01-02"));
        assert_eq!(ada.full_data["x"], 1);
        assert_eq!(
            ada.photo.as_ref().unwrap().0.len(),
            3,
            "the sandbox's photograph"
        );
        let Answer::Found(one) = said(
            "NG",
            "NIN",
            "00000000004",
            r#"{"FullName":"Ada","Photo":"/9j/++8="}"#,
        )
        .await
        else {
            panic!("found")
        };
        assert_eq!(
            (one.first_name.as_deref(), one.last_name),
            (Some("Ada"), None)
        );
        assert_eq!(one.photo.unwrap().0.len(), 5, "its own");
        let odd = said(
            "NG",
            "NIN",
            "00000000004",
            r#"{"DOB":7,"FullName":{},"Photo":"?"}"#,
        )
        .await;
        assert!(matches!(odd, Answer::Malformed(_)), "{odd:?}");
    }

    #[tokio::test]
    async fn telephones_have_an_owner() {
        let Answer::Found(owner) = said("NG", "PHONE_NUMBER", "08000000000", "{}").await else {
            panic!("found")
        };
        assert_eq!(owner.whole_name().as_deref(), Some("Joe Doe Leo"));
        assert_eq!(owner.phone_number.as_deref(), Some("08000000000"));
        assert_eq!((owner.photo, owner.date_of_birth), (None, None));
        assert_eq!(
            said("NG", "PHONE_NUMBER", "08000000001", "{}").await,
            Answer::NotFound
        );
        assert!(matches!(
            said("NG", "PHONE_NUMBER", "08000000002", "{}").await,
            Answer::Malformed(_)
        ));
        assert_eq!(
            said("NG", "PHONE_NUMBER", "08000000003", "{}").await,
            Answer::Unavailable
        );
    }

    #[tokio::test]
    async fn businesses_are_told_from_people() {
        let Answer::Business(business) = said("NG", "BUSINESS_REGISTRATION", "0000000", "{}").await
        else {
            panic!("a business")
        };
        assert_eq!(business.registration_number.as_deref(), Some("0000000"));
        assert_eq!(business.directors.len(), 1);
        let described = said(
            "NG",
            "BUSINESS_REGISTRATION",
            "0000004",
            r#"{"legal_name":"Obi & Sons"}"#,
        )
        .await;
        let Answer::Business(business) = described else {
            panic!("a business")
        };
        assert_eq!(business.legal_name.as_deref(), Some("Obi & Sons"));
        assert_eq!(
            said("NG", "BUSINESS_REGISTRATION", "0000001", "{}").await,
            Answer::NotFound
        );
    }

    #[tokio::test]
    async fn production_has_no_sandbox() {
        let sandbox = Sandbox::new(Arc::new(IdTypes::built_in()), None);
        let answer = sandbox
            .ask(&asking("NG", "NIN", "00000000000"))
            .await
            .unwrap();
        assert!(matches!(answer, Answer::Malformed(_)), "{answer:?}");
    }
}
