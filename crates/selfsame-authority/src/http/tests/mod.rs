//! Over a real connection, to a service that does all that services do.

mod service;
pub(crate) mod tls;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::*;
use crate::asking::tests::{asking, asking_of};
use crate::config::Limits;
use crate::guard::Guard;
use service::Service;

const ANSWER: &str = r#"
[answer]
fields.first_name = "/person/firstName"
fields.last_name = "/person/surname"
fields.date_of_birth = "/person/born"
photo = "/person/photo"
date_format = "%d/%m/%Y"
not_found = [{ status = 404 }]
"#;

/// A port on which nobody listens, and which nobody else takes, for as long as this is held.
pub(crate) fn nobodys_port() -> tokio::net::TcpSocket {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    socket
}

fn place(folder: &Path) -> Place {
    Place::file(folder).within("authority").within("national")
}

fn authority(folder: &Path, settings: &str, timeout: Duration) -> Result<HttpAuthority, String> {
    let settings = settings.parse().unwrap();
    HttpAuthority::new(settings, timeout, &place(folder)).map_err(|e| e.to_string())
}

fn of_service(service: &Service, timeout: Duration) -> HttpAuthority {
    let url = format!(
        "url = \"http://{}/people/{{id_number}}\"\n{ANSWER}",
        service.address
    );
    authority(Path::new("/"), &url, timeout).unwrap()
}

async fn said(authority: &HttpAuthority, number: &str) -> Result<Answer, AskError> {
    authority.ask(&asking("NG", "NIN", number)).await
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_person_is_found() {
    let service = Service::start().await;
    let Ok(Answer::Found(record)) = said(&of_service(&service, LONG), "0").await else {
        panic!("found")
    };
    assert_eq!(record.whole_name().as_deref(), Some("Joe Leo"));
    assert_eq!(record.date_of_birth.as_deref(), Some("2000-09-20"));
    assert_eq!(record.photo.unwrap().0.len(), 5);
}

#[tokio::test]
async fn what_is_no_record_has_its_own_name() {
    let service = Service::start().await;
    let authority = of_service(&service, LONG);
    assert_eq!(said(&authority, "1").await, Ok(Answer::NotFound));
    for (number, why) in [
        ("2", "it is no JSON but text/html"),
        ("3", "status 302: it points elsewhere"),
        ("8", "status 404: where that means that there is nobody"),
        ("10", "it is no JSON but text/plain"),
    ] {
        let asked = service.asked();
        match said(&authority, number).await {
            Err(AskError::Nonsense(said)) => assert!(said.contains(why), "{number}: {said}"),
            other => panic!("{number}: {other:?}"),
        }
        assert_eq!(
            service.asked(),
            asked + 1,
            "{number}: asked once, and no redirect followed"
        );
    }
    assert!(matches!(
        said(&authority, "9").await,
        Err(AskError::Refused(_))
    ));
    assert_eq!(said(&authority, "12").await, Err(AskError::Busy));
}

#[tokio::test]
async fn of_fifty_megabytes_little_more_than_the_limit_is_read() {
    let service = Service::start().await;
    let authority = of_service(&service, LONG);
    for number in ["4", "5"] {
        service.sent.store(0, Ordering::SeqCst);
        let Err(AskError::Nonsense(why)) = said(&authority, number).await else {
            panic!("nonsense")
        };
        assert!(why.contains("longer than max_answer"), "{why}");
        // The limit, and what buffers between the two hold.
        let sent = service.sent.load(Ordering::SeqCst);
        assert!(sent < 30_000_000, "{sent}");
    }
}

#[tokio::test]
async fn an_answer_must_come_whole_and_in_time() {
    let service = Service::start().await;
    let authority = of_service(&service, Duration::from_millis(300));
    for number in ["6", "11"] {
        let said = said(&authority, number).await;
        assert!(
            matches!(&said, Err(AskError::Unreachable(why)) if why.contains("in time")),
            "{number}: {said:?}"
        );
    }
}

#[tokio::test]
async fn nobody_who_listens_is_told_without_the_persons_number() {
    let nobodys = nobodys_port();
    let free = nobodys.local_addr().unwrap();
    let url = format!("url = \"http://{free}/people/{{id_number}}\"\n{ANSWER}");
    let authority = authority(Path::new("/"), &url, LONG).unwrap();
    let error = said(&authority, "5550001").await.unwrap_err();
    assert!(matches!(error, AskError::Unreachable(_)), "{error:?}");
    assert!(!format!("{error:?}").contains("5550001"), "{error:?}");
}

#[tokio::test]
async fn two_failures_and_an_answer_are_an_answer() {
    let service = Service::start().await;
    let limits = Limits {
        pause: Duration::from_millis(1),
        ..Limits::default()
    };
    let guard = Guard::new(
        "national".to_owned(),
        Arc::new(of_service(&service, LONG)),
        limits,
    );
    let answer = guard.ask(&asking("NG", "NIN", "7")).await.unwrap();
    assert!(matches!(answer, Answer::Found(_)), "{answer:?}");
    assert_eq!(service.asked(), 3);
}

#[tokio::test]
async fn a_request_is_what_the_file_describes() {
    let service = Service::start().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "s3cret\n").unwrap();
    let settings = format!(
        r#"
        url = "http://{}/echo?country={{country}}&name={{last_name}}"
        headers.Authorization = {{ file = "key", prefix = "Bearer " }}
        headers.X-Request-Id = "{{smile_job_id}}"
        body.number = "{{id_number}}"
        body.middle = "{{middle_name}}"
        body.born = "{{dob}}"
        [answer]
        fields.first_name = "/name"
        full_data = "/all"
        date_format = "%d.%m.%Y"
        "#,
        service.address
    );
    let authority = authority(folder.path(), &settings, LONG).unwrap();
    assert!(!format!("{authority:?}").contains("s3cret"));
    let given = json!({
        "country": "NG", "id_type": "NIN", "id_number": "1\"}", "last_name": "Leo & Söhne", "dob": "2000-09-20",
    });
    let Ok(Answer::Found(record)) = authority.ask(&asking_of(&given)).await else {
        panic!("found")
    };
    assert_eq!(
        serde_json::Value::from(record.full_data),
        json!({
            "body": {"number": "1\"}", "born": "20.09.2000"}, "query": "country=NG&name=Leo%20%26%20S%C3%B6hne",
            "authorization": "Bearer s3cret", "job": "0000000201", "accept": "application/json", "type": "application/json",
        })
    );
}

#[tokio::test]
async fn what_a_path_needs_must_be_there() {
    let service = Service::start().await;
    let settings = format!(
        "url = \"http://{}/people/{{last_name}}\"\n{ANSWER}",
        service.address
    );
    let authority = authority(Path::new("/"), &settings, LONG).unwrap();
    let answer = said(&authority, "0").await;
    assert!(
        matches!(&answer, Ok(Answer::Malformed(why)) if why.contains("last_name")),
        "{answer:?}"
    );
    let settings = format!(
        "url = \"http://{}/people/{{id_number}}\"\n{ANSWER}",
        service.address
    );
    let authority = self::authority(Path::new("/"), &settings, LONG).unwrap();
    assert!(matches!(
        said(&authority, "..").await,
        Ok(Answer::Malformed(_))
    ));
    assert_eq!(service.asked(), 0);
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let url = "url = \"https://id.example/{id_number}\"\n";
    for (settings, field) in [
        (ANSWER.to_owned(), ""),
        (url.to_owned(), ""),
        (
            format!("url = \"http://id.example/{{id_number}}\"\n{ANSWER}"),
            ".url",
        ),
        (format!("url = \"https://id.example/\"\n{ANSWER}"), ".url"),
        (format!("{url}max_answer = 10\n{ANSWER}"), ".max_answer"),
        (
            format!("{url}max_answer = 60000000\n{ANSWER}"),
            ".max_answer",
        ),
        (
            format!("{url}method = \"GET\"\nbody.a = \"b\"\n{ANSWER}"),
            ".method",
        ),
        (format!("{url}method = \"DELETE\"\n{ANSWER}"), ".method"),
        (format!("{url}body.a.b = \"{{x}}\"\n{ANSWER}"), ".body.a.b"),
        (
            format!("{url}headers.X-Key = \"secret\"\n{ANSWER}"),
            ".headers.X-Key",
        ),
        (format!("{url}ca = \"none.pem\"\n{ANSWER}"), ".ca"),
        (
            format!("{url}client_key = \"none.pem\"\n{ANSWER}"),
            ".client_certificate",
        ),
        (
            format!("{url}client_certificate = \"none.pem\"\n{ANSWER}"),
            ".client_key",
        ),
        (format!("{url}retries = 3\n{ANSWER}"), ".retries"),
        (
            format!("{url}{ANSWER}fields.name = \"/x\"\n"),
            ".answer.fields.name",
        ),
        (
            format!("{url}{ANSWER}malformed = [{{ status = \"4\" }}]\n"),
            ".answer.malformed[0].status",
        ),
    ] {
        let error = authority(Path::new("/nowhere"), &settings, LONG).unwrap_err();
        assert!(
            error.starts_with(&format!("authorities: authority.national{field} ")),
            "{settings}: {error}"
        );
    }
}
