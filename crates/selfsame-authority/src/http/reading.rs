//! Makes a record of what a service answers.

use jiff::civil::Date;
use reqwest::StatusCode;
use selfsame_job::identity::{Answer, BusinessRecord, IdentityRecord};
use serde_json::Value;

use super::exchange::Content;
use super::settings::AnswerSettings;
use crate::asking::Asking;
use crate::authority::AskError;
use crate::config::{ConfigError, Place};
use crate::photo_text::photo_of_text;

/// The largest `full_data`, in bytes: it goes into every result.
const MAX_FULL_DATA: usize = 64 * 1024;
const DATES: [&str; 3] = ["date_of_birth", "issuance_date", "expiration_date"];
/// What a business's record holds beside texts: lists, and one object.
const BUSINESS_LISTS: [&str; 5] = [
    "directors",
    "proprietors",
    "beneficial_owners",
    "fiduciaries",
    "documents",
];

/// Checks what cannot be told from the settings' types.
///
/// # Errors
/// The first field that is wrong.
pub(super) fn check(settings: &AnswerSettings, place: &Place) -> Result<(), ConfigError> {
    let place = place.within("answer");
    let known = |table: &str, names: Vec<&String>, known: &[&str]| match names
        .into_iter()
        .find(|name| !known.contains(&name.as_str()))
    {
        None => Ok(()),
        Some(name) => Err(place.wrong(
            &format!("{table}.{name}"),
            format!("is no field of a record; there are {}", known.join(", ")),
        )),
    };
    known(
        "fields",
        settings.fields.keys().collect(),
        IdentityRecord::TEXT_FIELDS,
    )?;
    known(
        "business",
        settings.business.keys().collect(),
        BusinessRecord::TEXT_FIELDS,
    )?;
    known(
        "business_lists",
        settings.business_lists.keys().collect(),
        &BUSINESS_LISTS,
    )?;
    match (settings.fields.is_empty(), settings.business.is_empty()) {
        (true, true) => {
            return Err(place.wrong(
                "fields",
                "is missing: without it nothing of a record would be read; or give answer.business",
            ));
        }
        (false, false) => {
            return Err(place.wrong(
                "business",
                "stands beside answer.fields: an authority answers of people or of businesses",
            ));
        }
        (true, false) if settings.photo.is_some() => {
            return Err(place.wrong("photo", "is of people: a business has none"));
        }
        (true, false) if settings.full_data.is_some() => {
            return Err(place.wrong("full_data", "is of people's records only"));
        }
        (false, true) if !settings.business_lists.is_empty() => {
            return Err(place.wrong("business_lists", "needs answer.business"));
        }
        _ => {}
    }
    if let Some(format) = &settings.date_format {
        // A day that any good pattern can write and read again.
        let tried = Date::constant(2001, 12, 31);
        let written = jiff::fmt::strtime::format(format, tried);
        let read = written.and_then(|text| Date::strptime(format, text));
        if read.ok() != Some(tried) {
            return Err(place.wrong(
                "date_format",
                "is no pattern of a whole date such as \"%d/%m/%Y\"",
            ));
        }
    }
    for (name, conditions) in [
        ("not_found", &settings.not_found),
        ("malformed", &settings.malformed),
        ("unavailable", &settings.unavailable),
    ] {
        for (at, condition) in conditions.iter().enumerate() {
            condition
                .check()
                .map_err(|problem| place.wrong(&format!("{name}[{at}]"), problem))?;
        }
    }
    Ok(())
}

/// What an answer says.
///
/// # Errors
/// Where it says nothing about who was asked for.
pub(super) fn read(
    settings: &AnswerSettings,
    asking: &Asking,
    status: StatusCode,
    content: Content,
) -> Result<Answer, AskError> {
    let body = match &content {
        Content::Empty => Some(None),
        Content::Json(value) => Some(Some(value)),
        // A page of some proxy: its status is not the service's word.
        Content::Other(_) | Content::TooLong => None,
    };
    if let Some(body) = body {
        let any = |conditions: &[super::condition::Condition]| {
            conditions.iter().any(|c| c.holds(status, body))
        };
        if any(&settings.unavailable) {
            return Err(AskError::Unreachable(format!(
                "it says that it is unavailable, with status {}",
                status.as_u16()
            )));
        }
        if any(&settings.malformed) {
            return Ok(Answer::Malformed(
                "the authority says that the number is malformed".to_owned(),
            ));
        }
        if any(&settings.not_found) {
            return Ok(Answer::NotFound);
        }
    }
    by_status(status)?;
    match content {
        Content::Json(value) if settings.business.is_empty() => person(settings, asking, value),
        Content::Json(value) => business(settings, &value),
        Content::Empty => Err(nonsense("it is empty")),
        Content::Other(kind) => Err(nonsense(format!("it is no JSON but {kind}"))),
        Content::TooLong => Err(nonsense(
            "it is longer than max_answer, or holds too many values",
        )),
    }
}

fn nonsense(why: impl Into<String>) -> AskError {
    AskError::Nonsense(why.into())
}

fn by_status(status: StatusCode) -> Result<(), AskError> {
    let number = status.as_u16();
    match number {
        200..=299 => Ok(()),
        401 | 403 | 407 => Err(AskError::Refused(format!(
            "status {number}: look at its credentials"
        ))),
        429 => Err(AskError::Busy),
        408 | 425 | 500..=599 => Err(AskError::Unreachable(format!("status {number}"))),
        300..=399 => Err(nonsense(format!(
            "status {number}: it points elsewhere, which is not followed; give the address itself"
        ))),
        404 => Err(nonsense(
            "status 404: where that means that there is nobody, say so in answer.not_found; else look at the url",
        )),
        _ => Err(nonsense(format!("status {number}"))),
    }
}

fn person(
    settings: &AnswerSettings,
    asking: &Asking,
    mut answer: Value,
) -> Result<Answer, AskError> {
    let mut record = IdentityRecord::default();
    for (name, pointers) in &settings.fields {
        let text = pointers
            .text(&answer)
            .map_err(|why| nonsense(format!("{name} {why}")))?;
        let text = match name.as_str() {
            name if DATES.contains(&name) => date(settings, name, &text),
            "gender" => gender(&text),
            _ => text,
        };
        record.set_text(name, &text);
    }
    if record.id_number.as_deref() == Some(asking.query.id_number.reveal()) {
        record.id_number = None;
    }
    if let Some(pointer) = &settings.photo {
        // Taken out: whatever else is kept need not hold it twice.
        record.photo = match pointer.take(&mut answer) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => {
                photo_of_text(&text).map_err(|e| nonsense(e.to_string()))?
            }
            Some(_) => return Err(nonsense("the photograph is no text")),
        };
    }
    let nothing = IdentityRecord::TEXT_FIELDS
        .iter()
        .all(|name| record.text(name).is_none());
    if nothing && record.photo.is_none() {
        return Err(nonsense(
            "it holds none of the fields that answer.fields names",
        ));
    }
    match settings.full_data.as_ref().and_then(|p| p.find(&answer)) {
        Some(Value::Object(members)) => {
            let bytes = serde_json::to_vec(members).map_or(usize::MAX, |text| text.len());
            if bytes <= MAX_FULL_DATA {
                record.full_data = members.clone();
            } else {
                tracing::warn!(
                    bytes,
                    most = MAX_FULL_DATA,
                    "an authority's full_data is too large and is left out"
                );
            }
        }
        None | Some(Value::Null) => {}
        Some(_) => return Err(nonsense("what answer.full_data names is no object")),
    }
    Ok(Answer::Found(Box::new(record)))
}

fn business(settings: &AnswerSettings, answer: &Value) -> Result<Answer, AskError> {
    let mut record = BusinessRecord::default();
    for (name, pointers) in &settings.business {
        let text = pointers
            .text(answer)
            .map_err(|why| nonsense(format!("{name} {why}")))?;
        record.set_text(name, &text);
    }
    if BusinessRecord::TEXT_FIELDS
        .iter()
        .all(|name| record.text(name).is_none())
    {
        return Err(nonsense(
            "it holds none of the fields that answer.business names",
        ));
    }
    for (name, pointer) in &settings.business_lists {
        let Some(value) = pointer.find(answer).filter(|v| !v.is_null()) else {
            continue;
        };
        let wrong = || nonsense(format!("{name} is of another form"));
        let list = || value.as_array().cloned().ok_or_else(wrong);
        match name.as_str() {
            "directors" => record.directors = list()?,
            "proprietors" => record.proprietors = list()?,
            "beneficial_owners" => record.beneficial_owners = list()?,
            "fiduciaries" => record.fiduciaries = list()?,
            _ => record.documents = value.as_object().cloned().ok_or_else(wrong)?,
        }
    }
    Ok(Answer::Business(Box::new(record)))
}

/// As `YYYY-MM-DD`; empty where it is not written as the settings say. Registers hold days that nobody knows.
fn date(settings: &AnswerSettings, name: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let read = match &settings.date_format {
        Some(format) => Date::strptime(format, text),
        // A time of day behind it is passed over.
        None => text.split(['T', ' ']).next().unwrap_or_default().parse(),
    };
    read.map_or_else(
        |_| {
            tracing::warn!(
                field = name,
                "an authority's date is not written as answer.date_format says, and is left out"
            );
            String::new()
        },
        |date| date.to_string(),
    )
}

fn gender(text: &str) -> String {
    match text.to_lowercase().as_str() {
        "m" | "male" | "man" | "masculin" | "homme" | "h" => "M".to_owned(),
        "f" | "female" | "woman" | "féminin" | "feminin" | "femme" => "F".to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
