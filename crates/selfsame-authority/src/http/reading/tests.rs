use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::asking::tests::asking;

const NATIONAL: &str = r#"
fields.first_name = "/person/names/0"
fields.last_name = "/person/surname"
fields.date_of_birth = "/person/born"
fields.gender = "/person/sex"
fields.address = ["/person/street", "/person/town"]
fields.id_number = "/person/number"
photo = "/person/photo"
full_data = "/person"
date_format = "%d/%m/%Y"
not_found = [{ status = 404 }, { pointer = "/code", equals = "NF" }]
malformed = [{ status = 400, pointer = "/code", equals = "FORMAT" }]
unavailable = [{ pointer = "/code", equals = "DOWN" }]
"#;

fn settings(text: &str) -> AnswerSettings {
    let settings = toml::from_str(text).unwrap();
    check(&settings, &place()).unwrap();
    settings
}

fn place() -> Place {
    Place::file(std::path::Path::new("/"))
        .within("authority")
        .within("x")
}

fn said(text: &str, status: u16, content: Content) -> Result<Answer, AskError> {
    let status = StatusCode::from_u16(status).unwrap();
    read(
        &settings(text),
        &asking("NG", "NIN", "00000000000"),
        status,
        content,
    )
}

fn joe() -> Value {
    json!({"person": {
        "names": ["Joe"], "surname": "Leo", "born": "20/09/2000", "sex": "male", "street": "1 Example Road", "town": "Lagos",
        "number": "00000000000", "photo": "/9j/\n++8=", "village": "X",
    }})
}

#[test]
fn a_record_is_read() {
    let Ok(Answer::Found(record)) = said(NATIONAL, 200, Content::Json(joe())) else {
        panic!("found")
    };
    assert_eq!(record.first_name.as_deref(), Some("Joe"));
    assert_eq!(record.whole_name().as_deref(), Some("Joe Leo"));
    assert_eq!(record.date_of_birth.as_deref(), Some("2000-09-20"));
    assert_eq!(record.gender.as_deref(), Some("M"));
    assert_eq!(record.address.as_deref(), Some("1 Example Road Lagos"));
    assert_eq!(record.id_number, None, "it is the one that was asked for");
    assert_eq!(record.photo.as_ref().unwrap().0.len(), 5);
    assert_eq!(record.full_data["village"], "X");
    assert!(
        !record.full_data.contains_key("photo"),
        "a photograph is kept once"
    );
}

#[test]
fn what_is_not_there_is_absent() {
    let answer =
        json!({"person": {"surname": "Leo", "born": "00/00/1960", "number": "7", "photo": null}});
    let Ok(Answer::Found(record)) = said(NATIONAL, 200, Content::Json(answer)) else {
        panic!("found")
    };
    assert_eq!(record.last_name.as_deref(), Some("Leo"));
    assert_eq!(record.date_of_birth, None, "nobody knows the day");
    assert_eq!(record.id_number.as_deref(), Some("7"));
    assert_eq!(record.photo, None);
}

#[test]
fn without_a_format_dates_are_iso_with_or_without_a_time() {
    let format = settings("fields.date_of_birth = \"/d\"");
    for (text, read) in [
        ("2000-09-20", "2000-09-20"),
        ("2000-09-20T11:12:13Z", "2000-09-20"),
        ("20.9.2000", ""),
        ("", ""),
    ] {
        assert_eq!(date(&format, "date_of_birth", text), read, "{text}");
    }
}

#[test]
fn what_is_no_record_is_told_apart() {
    let other = || Content::Other("text/html".to_owned());
    let json = Content::Json;
    for (status, content, expected) in [
        (404, Content::Empty, Ok(Answer::NotFound)),
        (404, json(json!({})), Ok(Answer::NotFound)),
        (200, json(json!({"code": "NF"})), Ok(Answer::NotFound)),
    ] {
        assert_eq!(said(NATIONAL, status, content), expected);
    }
    let malformed = said(NATIONAL, 400, json(json!({"code": "FORMAT"})));
    assert!(
        matches!(malformed, Ok(Answer::Malformed(_))),
        "{malformed:?}"
    );
    for (status, content, wanted) in [
        (200, json(json!({"code": "DOWN"})), "unreachable"),
        (500, other(), "unreachable"),
        (503, Content::TooLong, "unreachable"),
        (429, other(), "busy"),
        (401, Content::Empty, "refused"),
        (403, other(), "refused"),
        (302, Content::Empty, "nonsense"),
        (400, json(json!({"code": "WHAT"})), "nonsense"),
        // Some proxy's page does not say that there is nobody.
        (404, other(), "nonsense"),
        (200, other(), "nonsense"),
        (200, Content::Empty, "nonsense"),
        (200, Content::TooLong, "nonsense"),
        (200, json(json!({})), "nonsense"),
        (200, json(json!([1])), "nonsense"),
        (
            200,
            json(json!({"person": {"surname": {"deep": 1}}})),
            "nonsense",
        ),
        (
            200,
            json(json!({"person": {"surname": "Leo", "photo": "no base64!"}})),
            "nonsense",
        ),
        (
            200,
            json(json!({"person": {"surname": "Leo", "photo": 7}})),
            "nonsense",
        ),
    ] {
        let shown = format!("{status} {content:?}");
        let kind = match said(NATIONAL, status, content) {
            Err(AskError::Unreachable(_)) => "unreachable",
            Err(AskError::Busy) => "busy",
            Err(AskError::Refused(_)) => "refused",
            Err(AskError::Nonsense(_)) => "nonsense",
            Ok(_) => "an answer",
        };
        assert_eq!(kind, wanted, "{shown}");
    }
}

#[test]
fn full_data_has_a_limit() {
    let mut answer = joe();
    answer["person"]["long"] = "x".repeat(MAX_FULL_DATA).into();
    let Ok(Answer::Found(record)) = said(NATIONAL, 200, Content::Json(answer)) else {
        panic!("found")
    };
    assert!(record.full_data.is_empty());
    assert_eq!(record.last_name.as_deref(), Some("Leo"));
}

#[test]
fn a_business_is_read() {
    let text = "business.legal_name = \"/name\"\nbusiness.status = \"/state\"\nbusiness_lists.directors = \"/people\"\n\
                business_lists.documents = \"/papers\"";
    let answer = json!({"name": "Leo Limited", "state": "ACTIVE", "people": [{"name": "Joe"}], "papers": {"a": "b"}});
    let Ok(Answer::Business(record)) = said(text, 200, Content::Json(answer)) else {
        panic!("found")
    };
    assert_eq!(record.legal_name.as_deref(), Some("Leo Limited"));
    assert_eq!(record.directors.len(), 1);
    assert_eq!(record.documents["a"], "b");
    let wrong = json!({"name": "Leo Limited", "people": "Joe"});
    assert!(matches!(
        said(text, 200, Content::Json(wrong)),
        Err(AskError::Nonsense(_))
    ));
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    for (text, field) in [
        ("", "fields"),
        ("fields.surname = \"/a\"", "fields.surname"),
        ("business.name = \"/a\"", "business.name"),
        (
            "fields.gender = \"/a\"\nbusiness.status = \"/a\"",
            "business",
        ),
        ("business.status = \"/a\"\nphoto = \"/b\"", "photo"),
        (
            "fields.gender = \"/a\"\nbusiness_lists.directors = \"/b\"",
            "business_lists",
        ),
        (
            "fields.gender = \"/a\"\ndate_format = \"%d/%m\"",
            "date_format",
        ),
        (
            "fields.gender = \"/a\"\ndate_format = \"%Q\"",
            "date_format",
        ),
        (
            "fields.gender = \"/a\"\nnot_found = [{ status = 404 }, {}]",
            "not_found[1]",
        ),
    ] {
        let error = check(&toml::from_str(text).unwrap(), &place())
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("authorities: authority.x.answer.{field} ")),
            "{text}: {error}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_that_a_service_says_panics(text in "[\\[\\]{}:,\"a-z0-9/ ]{0,40}", status in 200_u16..600) {
        let content = serde_json::from_str(&text).map_or(Content::Other(String::new()), Content::Json);
        let _ = said(NATIONAL, status, content);
    }
}
