//! How a person passes: by what it says of itself, or by a one-time password that MOSIP sent to it.

use jiff::civil::Date;
use selfsame_job::identity::{FieldMatch, FieldMatches};
use selfsame_wire::id_info::IdInfo;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::settings::Demographic;

/// How long MOSIP's transaction IDs are.
const TRANSACTION: usize = 10;
const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What is shown for a person.
pub(super) enum Proof {
    /// What it says of itself, as MOSIP's attributes; and which of it.
    Demographics(Map<String, Value>, Vec<Demographic>),
    /// A password, and the transaction in which MOSIP sent it.
    OneTimePassword {
        transaction: String,
        password: Zeroizing<String>,
    },
}

impl Proof {
    /// What the request gives: `session_id` if there is one, else all of `wanted`.
    ///
    /// # Errors
    /// What is missing or wrong, for whoever sent the request.
    pub(super) fn of(
        given: &IdInfo,
        wanted: &[Demographic],
        language: &str,
    ) -> Result<Self, String> {
        if let Some(session) = &given.session_id {
            return one_time_password(session);
        }
        let mut attributes = Map::new();
        for demographic in wanted {
            let (name, value) = match demographic {
                Demographic::Name => {
                    let name = given
                        .joined_names()
                        .ok_or_else(|| missing("first_name and last_name"))?;
                    ("name", json!([{ "language": language, "value": name }]))
                }
                Demographic::Dob => ("dob", json!(date_of_birth(given)?)),
                Demographic::PhoneNumber => {
                    let number = given
                        .phone_number
                        .as_ref()
                        .ok_or_else(|| missing("phone_number"))?;
                    ("phoneNumber", json!(number))
                }
                Demographic::Email => {
                    let email = given.email.as_ref().ok_or_else(|| missing("email"))?;
                    ("emailId", json!(email))
                }
            };
            attributes.insert(name.to_owned(), value);
        }
        Ok(Self::Demographics(attributes, wanted.to_vec()))
    }

    /// The transaction's name: that of the password, or one of the job, the same each time.
    pub(super) fn transaction(&self, job: &str) -> String {
        match self {
            Self::OneTimePassword { transaction, .. } => transaction.clone(),
            Self::Demographics(..) => {
                let digest = Sha256::digest(job.as_bytes());
                let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
                digest.iter().take(TRANSACTION).map(letter).collect()
            }
        }
    }

    /// All that was shown is right.
    pub(super) fn passed(&self) -> FieldMatches {
        self.each(|_| FieldMatch::Exact)
    }

    /// A verdict of each field that was shown; of the others none.
    pub(super) fn each(&self, verdict: impl Fn(Demographic) -> FieldMatch) -> FieldMatches {
        let Self::Demographics(_, shown) = self else {
            return FieldMatches::NOT_DONE;
        };
        let of = |demographic| {
            let shown = shown.contains(&demographic);
            if shown {
                verdict(demographic)
            } else {
                FieldMatch::NotDone
            }
        };
        FieldMatches {
            names: of(Demographic::Name),
            dob: of(Demographic::Dob),
            gender: FieldMatch::NotDone,
            phone_number: of(Demographic::PhoneNumber),
        }
    }
}

fn missing(what: &str) -> String {
    format!("{what} must be given to look this ID type up")
}

/// `TRANSACTION:PASSWORD`.
fn one_time_password(session: &str) -> Result<Proof, String> {
    let right = |text: &str, length: std::ops::RangeInclusive<usize>| {
        length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    match session.split_once(':') {
        Some((transaction, password)) if right(transaction, TRANSACTION..=TRANSACTION) && right(password, 4..=12) => {
            Ok(Proof::OneTimePassword {
                transaction: transaction.to_owned(),
                password: Zeroizing::new(password.to_owned()),
            })
        }
        _ => Err(
            "session_id must be the transaction of the one-time password, 10 letters and digits, then a colon and the password"
                .to_owned(),
        ),
    }
}

/// As MOSIP writes it: `1999/01/31`.
fn date_of_birth(given: &IdInfo) -> Result<String, String> {
    let text = match (&given.dob, &given.year, &given.month, &given.day) {
        (Some(dob), ..) => dob.clone(),
        (None, Some(year), Some(month), Some(day)) => format!("{year:0>4}-{month:0>2}-{day:0>2}"),
        _ => return Err(missing("dob")),
    };
    let date: Date = text
        .parse()
        .map_err(|_| "dob must be a date such as 1999-01-31".to_owned())?;
    Ok(date.strftime("%Y/%m/%d").to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::asking::tests::asking_of;

    fn proof(given: &Value) -> Result<Proof, String> {
        let mut all = json!({"country": "ET", "id_type": "UIN", "id_number": "1"});
        all.as_object_mut()
            .unwrap()
            .extend(given.as_object().unwrap().clone());
        let wanted = [
            Demographic::Name,
            Demographic::Dob,
            Demographic::PhoneNumber,
        ];
        Proof::of(&asking_of(&all).query.given, &wanted, "amh")
    }

    #[test]
    fn names_and_dates_are_written_as_mosip_has_them() {
        let given = json!({"first_name": "Joe", "middle_name": "Doe", "last_name": "Leo", "dob": "1999-01-31", "phone_number": "0911"});
        let Proof::Demographics(attributes, _) = proof(&given).unwrap() else {
            panic!("no demographics");
        };
        assert_eq!(
            Value::Object(attributes),
            json!({"name": [{"language": "amh", "value": "Joe Doe Leo"}], "dob": "1999/01/31", "phoneNumber": "0911"})
        );
        let given = json!({"last_name": "Leo", "year": "1999", "month": "1", "day": "31", "phone_number": "0911"});
        assert!(matches!(proof(&given), Ok(Proof::Demographics(a, _)) if a["dob"] == "1999/01/31"));
    }

    #[test]
    fn all_that_is_wanted_must_be_given() {
        let full = json!({"first_name": "Joe", "dob": "1999-01-31", "phone_number": "0911"});
        for (field, said) in [
            ("first_name", "first_name and"),
            ("dob", "dob"),
            ("phone_number", "phone_number"),
        ] {
            let mut given = full.clone();
            given.as_object_mut().unwrap().remove(field);
            assert!(proof(&given).err().unwrap().starts_with(said), "{field}");
        }
        let mut given = full;
        given["dob"] = json!("31.1.1999");
        assert!(
            proof(&given)
                .err()
                .unwrap()
                .starts_with("dob must be a date")
        );
    }

    #[test]
    fn a_password_comes_with_its_transaction() {
        let of = |session: &str| proof(&json!({"session_id": session}));
        let Ok(proof) = of("12345abcde:482913") else {
            panic!("not read");
        };
        assert_eq!(proof.transaction("any job"), "12345abcde");
        assert_eq!(proof.passed(), FieldMatches::NOT_DONE);
        for session in [
            "482913",
            "12345abcde",
            "12345abcde:",
            "12345abcd:482913",
            "12345abcde:48 913",
            "12345abcdé:4829",
        ] {
            let why = of(session).err().unwrap();
            assert!(
                why.starts_with("session_id must be") && !why.contains("4829"),
                "{why}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_job_has_one_transaction(job in ".{0,40}") {
            let proof = Proof::Demographics(Map::new(), vec![]);
            let name = proof.transaction(&job);
            prop_assert!(name.len() == 10 && name.bytes().all(|b| b.is_ascii_alphanumeric()));
            prop_assert_eq!(name, proof.transaction(&job));
        }

        #[test]
        fn nothing_panics(session in ".{0,40}") {
            let _ = one_time_password(&session);
        }
    }
}
