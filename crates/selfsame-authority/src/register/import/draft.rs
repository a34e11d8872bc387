//! A line on its way to an entry: what its columns mean, and what they may say.

use selfsame_job::identity::{IdentityRecord, Photo};
use selfsame_store::store::RegisterEntry;
use selfsame_wire::id_info::{Country, IdNumber, IdType};
use serde_json::{Map, Value};

use super::photos::picture;
use super::{MAX_VALUE_BYTES, Settings, Why};
use crate::photo_text::photo_of_text;

/// What a column means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Country,
    IdType,
    IdNumber,
    /// A field of the record.
    Text(&'static str),
    /// The name of a file.
    Photo,
    PhotoBase64,
    /// An object of whatever else is known.
    FullData,
    /// Something else that is known, by its name.
    Other(String),
}

impl Field {
    /// The column of this name, in capitals or not. `None`: that is no name.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
            return None;
        }
        Some(match name.to_ascii_lowercase().as_str() {
            "country" => Self::Country,
            "id_type" => Self::IdType,
            "id_number" => Self::IdNumber,
            "photo" => Self::Photo,
            "photo_base64" => Self::PhotoBase64,
            "full_data" => Self::FullData,
            "dob" => Self::Text("date_of_birth"),
            known => {
                let texts = IdentityRecord::TEXT_FIELDS.iter().copied();
                match texts.into_iter().find(|text| *text == known) {
                    Some(text) => Self::Text(text),
                    None => Self::Other(name.to_owned()),
                }
            }
        })
    }

    /// As tables name it, for messages; what is somebody's own is not repeated.
    const fn name(&self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::IdType => "id_type",
            Self::IdNumber => "id_number",
            Self::Text(name) => name,
            Self::Photo => "photo",
            Self::PhotoBase64 => "photo_base64",
            Self::FullData => "full_data",
            Self::Other(_) => "a column of your own",
        }
    }

    fn wrong(&self, wanted: &'static str) -> Why {
        Why::Wrong {
            field: self.name(),
            wanted,
        }
    }
}

/// What a line said so far.
#[derive(Default)]
pub(super) struct Draft {
    country: Option<Country>,
    id_type: Option<IdType>,
    id_number: Option<IdNumber>,
    record: IdentityRecord,
    photo_file: Option<String>,
    photo: Option<Photo>,
}

/// Sets what is not set yet.
fn once<T>(place: &mut Option<T>, value: T, field: &Field) -> Result<(), Why> {
    if place.is_some() {
        return Err(Why::Twice(field.name()));
    }
    *place = Some(value);
    Ok(())
}

/// The text, with its line breaks as spaces: addresses have some.
fn plain(field: &Field, text: &str) -> Result<String, Why> {
    let lines: Vec<&str> = text.split(['\n', '\r', '\t']).map(str::trim).collect();
    let text: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    let text = text.join(" ");
    if text.len() > MAX_VALUE_BYTES || text.chars().any(char::is_control) {
        return Err(field.wrong("at most 2048 bytes without control characters"));
    }
    Ok(text)
}

/// Whether it is a day of the calendar, as `YYYY-MM-DD`.
fn is_day(text: &str) -> bool {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape && text.parse::<jiff::civil::Date>().is_ok()
}

/// Whether a spreadsheet wrote a long number as `1.23457E+10`: its digits are lost.
fn is_rounded(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let digit = |b: u8| b.is_ascii_digit();
    let fraction = digits.split_once(['.', ',']);
    exponent
        .strip_prefix('+')
        .is_some_and(|e| !e.is_empty() && e.bytes().all(digit))
        && fraction.is_some_and(|(a, b)| a.len() == 1 && a.bytes().chain(b.bytes()).all(digit))
}

impl Draft {
    /// What a column says. Empty text says nothing.
    pub(super) fn set(&mut self, field: &Field, text: &str) -> Result<(), Why> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        match field {
            Field::Country => {
                let country = Country::new(text);
                let country = country.ok_or_else(|| field.wrong("two letters, as ISO 3166-1 has them"))?;
                once(&mut self.country, country, field)
            }
            Field::IdType => {
                let id_type = IdType::new(text);
                let id_type = id_type.ok_or_else(|| field.wrong("capitals, digits and _, at most 64"))?;
                once(&mut self.id_type, id_type, field)
            }
            Field::IdNumber if is_rounded(text) => Err(field.wrong(
                "the whole number: a spreadsheet rounded it (format its column as text, and export it again)",
            )),
            Field::IdNumber => {
                let number = IdNumber::new(text);
                let number = number.ok_or_else(|| field.wrong("at most 128 bytes without control characters"))?;
                once(&mut self.id_number, number, field)
            }
            Field::Text(name) => {
                let text = plain(field, text)?;
                let day = ["date_of_birth", "issuance_date", "expiration_date"].contains(name);
                if day && !is_day(&text) {
                    return Err(field.wrong("a day, written YYYY-MM-DD"));
                }
                if self.record.text(name).is_some() {
                    return Err(Why::Twice(name));
                }
                self.record.set_text(name, &text);
                Ok(())
            }
            Field::Photo => once(&mut self.photo_file, text.to_owned(), field),
            Field::PhotoBase64 => {
                let photo = photo_of_text(text).map_err(|_| field.wrong("base64"))?;
                match photo {
                    Some(photo) => once(&mut self.photo, picture(photo)?, field),
                    None => Ok(()),
                }
            }
            Field::FullData => match serde_json::from_str(text) {
                Ok(Value::Object(all)) => self.add(all),
                _ => Err(field.wrong("a JSON object")),
            },
            Field::Other(name) => {
                let text = plain(field, text)?;
                self.add([(name.clone(), Value::String(text))])
            }
        }
    }

    /// What a member of a JSON object says.
    pub(super) fn set_json(&mut self, field: &Field, value: Value) -> Result<(), Why> {
        match (field, value) {
            (_, Value::Null) => Ok(()),
            (Field::FullData, Value::Object(all)) => self.add(all),
            (Field::Other(name), value) => self.add([(name.clone(), value)]),
            (_, Value::String(text)) => self.set(field, &text),
            // A number that is none of whole digits lost some.
            (_, Value::Number(number)) if number.is_u64() => self.set(field, &number.to_string()),
            (Field::FullData, _) => Err(field.wrong("a JSON object")),
            (field, _) => Err(field.wrong("a text")),
        }
    }

    fn add(&mut self, members: impl IntoIterator<Item = (String, Value)>) -> Result<(), Why> {
        let all: &mut Map<String, Value> = &mut self.record.full_data;
        for (name, value) in members {
            if all.insert(name, value).is_some() {
                return Err(Why::Twice("a column of your own"));
            }
        }
        Ok(())
    }

    /// The entry, once all is said.
    pub(super) fn entry(self, settings: &Settings) -> Result<RegisterEntry, Why> {
        let country = self.country.or(settings.country);
        let id_type = self.id_type.or_else(|| settings.id_type.clone());
        let number = self.id_number.ok_or(Why::Missing("id_number"))?;
        let mut record = self.record;
        record.photo = match (self.photo, self.photo_file) {
            (Some(_), Some(_)) => return Err(Why::Twice("photo")),
            (None, Some(name)) => {
                let folder = settings.photos.as_ref().ok_or(Why::NoFolder)?;
                Some(folder.read(&name)?)
            }
            (photo, None) => photo,
        };
        Ok(RegisterEntry::new(
            country.ok_or(Why::Missing("country"))?,
            id_type.ok_or(Why::Missing("id_type"))?,
            &number,
            record,
        )?)
    }
}
