//! Against a small operator of our own, written from the specification.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use selfsame_job::identity::{Answer, FieldMatch, FieldMatches};
use selfsame_wire::result::ResultCode;
use serde_json::{Value, json};

use super::settings::tests::read;
use super::*;
use crate::asking::tests::asking_of;

/// What the operator does.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    /// As specified.
    Well,
    /// Takes its tokens back after one use.
    Forgetful,
    /// Gives tokens that are over at once.
    Short,
    Answers(u16, &'static str),
    Huge,
    Elsewhere,
    Slow,
    NoToken,
}

struct Operator {
    mood: Mood,
    tokens: AtomicUsize,
    questions: AtomicUsize,
}

type Shared = State<Arc<Operator>>;

async fn token(State(operator): Shared, headers: HeaderMap, body: String) -> Response<Body> {
    let number = operator.tokens.fetch_add(1, SeqCst) + 1;
    let basic = STANDARD.encode("selfsame:selfsame-authority");
    let known = headers["authorization"] == format!("Basic {basic}").as_str();
    if !known
        || body != "grant_type=client_credentials&scope=kyc-match%3Amatch"
        || operator.mood == Mood::NoToken
    {
        let refused =
            json!({"error": "invalid_client", "error_description": "of Joe Leo"}).to_string();
        return Response::builder()
            .status(401)
            .body(refused.into())
            .unwrap();
    }
    let lasts = if operator.mood == Mood::Short {
        1
    } else {
        3600
    };
    let granted = json!({"access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": lasts});
    Response::new(granted.to_string().into())
}

async fn compare(
    State(operator): Shared,
    headers: HeaderMap,
    question: Json<Value>,
) -> Response<Body> {
    let number = operator.questions.fetch_add(1, SeqCst) + 1;
    let answer = |status: u16, body: Value| {
        Response::builder()
            .status(status)
            .body(Body::from(body.to_string()))
            .unwrap()
    };
    let fault = |status: u16, code: &str| {
        answer(
            status,
            json!({"status": status, "code": code, "message": "of Joe Leo"}),
        )
    };
    assert_eq!(headers["x-correlator"], "0000000201");
    let current = format!("Bearer token-{}", operator.tokens.load(SeqCst));
    let lost = operator.mood == Mood::Forgetful && number == 2;
    if headers["authorization"] != current.as_str() || lost {
        return fault(401, "UNAUTHENTICATED");
    }
    match operator.mood {
        Mood::Answers(status, body) => {
            return Response::builder()
                .status(status)
                .body(Body::from(body))
                .unwrap();
        }
        Mood::Huge => return Response::new(Body::from(Bytes::from(vec![b' '; 50_000_000]))),
        Mood::Elsewhere => {
            let response = Response::builder()
                .status(302)
                .header("location", "http://127.0.0.1:1/");
            return response.body(Body::empty()).unwrap();
        }
        Mood::Slow => std::future::pending().await,
        _ => {}
    }
    if question["phoneNumber"] != "+2348031234567" {
        return fault(404, "IDENTIFIER_NOT_FOUND");
    }
    let mut verdict = json!({});
    for (field, held) in [
        ("name", "Joe Leo"),
        ("givenName", "Joe"),
        ("familyName", "Leo"),
        ("birthdate", "1999-01-31"),
        ("gender", "MALE"),
    ] {
        if let Some(said) = question[field].as_str() {
            verdict[format!("{field}Match")] = json!((said == held).to_string());
            if said != held && field.ends_with("ame") {
                verdict[format!("{field}MatchScore")] =
                    json!(if said.contains("Jo") { 90 } else { 30 });
            }
        }
    }
    if question.get("middleNames").is_some() {
        verdict["middleNamesMatch"] = json!("not_available");
    }
    answer(200, verdict)
}

async fn operator(mood: Mood) -> (Camara, Arc<Operator>) {
    let operator = Arc::new(Operator {
        mood,
        tokens: AtomicUsize::new(0),
        questions: AtomicUsize::new(0),
    });
    let routes = Router::new()
        .route("/kyc-match/v0.4/match", post(compare))
        .route("/token", post(token))
        .with_state(Arc::clone(&operator));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let settings = read(&format!(
        "address = \"http://{address}/kyc-match/v0.4\"\ntoken_address = \"http://{address}/token\"\ncalling_code = \"+234\""
    ));
    let place = Place::file(std::path::Path::new("/")).within("c");
    let wait = Duration::from_secs(if mood == Mood::Slow { 1 } else { 60 });
    (
        Camara::new(settings.unwrap(), wait, &place).unwrap(),
        operator,
    )
}

fn person(number: &str, first_name: &str, last_name: &str, dob: &str) -> Asking {
    asking_of(&json!({
        "country": "NG", "id_type": "PHONE_NUMBER", "id_number": number, "first_name": first_name, "last_name": last_name, "dob": dob,
    }))
}

fn joe() -> Asking {
    person("08031234567", "Joe", "Leo", "1999-01-31")
}

#[tokio::test]
async fn verdicts_become_matches() {
    let (camara, _) = operator(Mood::Well).await;
    for (asking, names, dob, code) in [
        (
            joe(),
            FieldMatch::Exact,
            FieldMatch::Exact,
            ResultCode::FieldsMatch,
        ),
        (
            person("+2348031234567", "Joel", "Leo", "1999-01-31"),
            FieldMatch::Partial,
            FieldMatch::Exact,
            ResultCode::FieldsMatchPartly,
        ),
        (
            person("2348031234567", "Ann", "Ray", "1999-01-30"),
            FieldMatch::NoMatch,
            FieldMatch::NoMatch,
            ResultCode::FieldsDiffer,
        ),
        (
            person("08031234567", "Ann", "Ray", ""),
            FieldMatch::NoMatch,
            FieldMatch::NotProvided,
            ResultCode::FieldsDiffer,
        ),
    ] {
        let Ok(Answer::Compared(matches)) = camara.ask(&asking).await else {
            panic!("not compared");
        };
        let expected = FieldMatches {
            names,
            dob,
            gender: FieldMatch::NotProvided,
            phone_number: FieldMatch::NotDone,
        };
        assert_eq!(matches, expected);
        assert_eq!(matches.code(), code);
    }
    let nobody = person("08031234568", "Joe", "Leo", "1999-01-31");
    assert_eq!(camara.ask(&nobody).await, Ok(Answer::NotFound));
}

#[tokio::test]
async fn a_token_is_kept_while_it_lasts() {
    let (camara, operator) = operator(Mood::Well).await;
    let (first, second) = (joe(), joe());
    let both = tokio::join!(camara.ask(&first), camara.ask(&second));
    assert!(both.0.is_ok() && both.1.is_ok());
    camara.ask(&first).await.unwrap();
    assert_eq!(operator.tokens.load(SeqCst), 1);
}

#[tokio::test]
async fn a_token_that_is_over_is_fetched_anew() {
    let (camara, operator) = operator(Mood::Short).await;
    for _ in 0..2 {
        camara.ask(&joe()).await.unwrap();
    }
    assert_eq!(operator.tokens.load(SeqCst), 2);
}

#[tokio::test]
async fn a_token_that_was_taken_back_is_fetched_anew_once() {
    let (camara, operator) = operator(Mood::Forgetful).await;
    for _ in 0..2 {
        assert!(matches!(camara.ask(&joe()).await, Ok(Answer::Compared(_))));
    }
    assert_eq!(
        (
            operator.tokens.load(SeqCst),
            operator.questions.load(SeqCst)
        ),
        (2, 3)
    );
}

#[tokio::test]
async fn refusals_have_a_meaning() {
    for (status, body, expected) in [
        (404, r#"{"code":"IDENTIFIER_NOT_FOUND"}"#, "not found"),
        (
            403,
            r#"{"code":"KNOW_YOUR_CUSTOMER.ID_DOCUMENT_MISMATCH"}"#,
            "not found",
        ),
        (422, r#"{"code":"SERVICE_NOT_APPLICABLE"}"#, "not found"),
        (
            403,
            r#"{"code":"KNOW_YOUR_CUSTOMER.ID_DOCUMENT_REQUIRED"}"#,
            "malformed",
        ),
        (
            400,
            r#"{"code":"KNOW_YOUR_CUSTOMER.INVALID_PARAM_COMBINATION"}"#,
            "malformed",
        ),
        (
            400,
            r#"{"code":"INVALID_ARGUMENT","message":"of Joe Leo"}"#,
            "refused",
        ),
        (401, r#"{"code":"UNAUTHENTICATED"}"#, "refused"),
        (403, r#"{"code":"PERMISSION_DENIED"}"#, "refused"),
        (404, r#"{"code":"NOT_FOUND"}"#, "refused"),
        (404, "<html>Joe Leo</html>", "refused"),
        (422, r#"{"code":"MISSING_IDENTIFIER"}"#, "refused"),
        (429, "", "busy"),
        (500, "Joe Leo", "unreachable"),
        (503, r#"{"code":"UNAVAILABLE"}"#, "unreachable"),
        (501, r#"{"code":"NOT_IMPLEMENTED"}"#, "refused"),
        (418, r#"{"code":"TEAPOT"}"#, "nonsense"),
    ] {
        let (camara, _) = operator(Mood::Answers(status, body)).await;
        let answer = camara.ask(&joe()).await;
        let said = match &answer {
            Ok(Answer::NotFound) => "not found",
            Ok(Answer::Malformed(_)) => "malformed",
            Err(AskError::Refused(_)) => "refused",
            Err(AskError::Busy) => "busy",
            Err(AskError::Unreachable(_)) => "unreachable",
            Err(AskError::Nonsense(_)) => "nonsense",
            other => panic!("{status} {body}: {other:?}"),
        };
        assert_eq!(said, expected, "{status} {body}");
        assert!(!format!("{answer:?}").contains("Joe"), "{answer:?}");
    }
}

#[tokio::test]
async fn nonsense_is_told_from_answers() {
    for body in [
        "",
        "null",
        "[]",
        "[\"true\"]",
        "{}",
        "{\"name\":\"Joe Leo\"}",
        "{\"nameMatch\":\"Joe Leo\"}",
        "<html>Joe Leo</html>",
        "{\"nameMatch\":",
    ] {
        let (camara, _) = operator(Mood::Answers(200, body)).await;
        let error = camara.ask(&joe()).await.unwrap_err();
        assert!(matches!(error, AskError::Nonsense(_)), "{body}: {error}");
        assert!(!error.to_string().contains("Joe"), "{error}");
    }
    for (mood, said) in [
        (Mood::Huge, "longer than 65536 bytes"),
        (Mood::Elsewhere, "points elsewhere"),
        (Mood::Slow, "no answer in time"),
        (Mood::NoToken, "no token (HTTP 401 invalid_client)"),
    ] {
        let (camara, _) = operator(mood).await;
        let error = camara.ask(&joe()).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(
            !error.contains("Joe") && !error.contains("selfsame-authority"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn nobody_is_asked_what_cannot_be_compared() {
    let (camara, operator) = operator(Mood::Well).await;
    let asking =
        asking_of(&json!({"country": "NG", "id_type": "PHONE_NUMBER", "id_number": "08031234567"}));
    assert!(matches!(
        camara.ask(&asking).await,
        Ok(Answer::Malformed(_))
    ));
    assert_eq!(
        (
            operator.tokens.load(SeqCst),
            operator.questions.load(SeqCst)
        ),
        (0, 0)
    );
    assert!(!format!("{camara:?}").contains("selfsame-authority"));
}
