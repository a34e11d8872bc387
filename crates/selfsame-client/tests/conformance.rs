//! The contract that the server and every client pass, as far as it concerns submissions: see conformance/README.md.
//!
//! What this client cannot do yet is named in [`LACKS`], and the scenarios that need it are skipped, saying so.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing, and what it skips by printing"
)]

mod scripted;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use scripted::ScriptedServer;
use selfsame_client::callback::{CallbackError, CallbackVerifier};
use selfsame_client::{
    Capture, ChallengeFailure, Client, ClientError, Connection, JobResult, JobStatus, JobType,
    OfferedCountry, Question, Submission, action, result_code,
};
use selfsame_wire::result::SignedResultError;
use selfsame_wire::signature::WindowError;
use selfsame_wire::webhook::WebhookError;
use serde_json::Value;

/// What scenarios may need that this client lacks.
const LACKS: [&str; 2] = ["retry", "web_token"];
/// Scenarios are followed in real time here: longer ones are for clients whose clock a test can turn.
const LONGEST_MILLIS: u64 = 8_000;

fn vectors(name: &str) -> Vec<Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../conformance/vectors")
        .join(format!("{name}.json"));
    let vectors: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(!vectors.is_empty(), "no vectors");
    vectors
}

fn client(server: &ScriptedServer) -> Client {
    Client::new(Connection {
        server: server.base.parse().unwrap(),
        partner: scripted::PARTNER.parse().unwrap(),
        api_key: scripted::KEY.to_owned(),
    })
    .unwrap()
}

async fn submit(
    scenario: &Value,
    script: &Value,
) -> (ScriptedServer, Result<JobStatus, ClientError>) {
    let server = ScriptedServer::start(script.clone()).await;
    let mut client = client(&server);
    let mut capture = Capture::from_selfie(b"\xff\xd8\xff\xe0".to_vec());
    if let Some(id) = scenario["challenge"]["id"].as_str() {
        capture = capture.following(id.parse().unwrap());
    }
    client.keep("login", capture);
    let call = &scenario["call"];
    let number = |name: &str| call[name].as_u64().unwrap();
    let submission = Submission {
        tag: call["tag"].as_str().unwrap(),
        job_type: u8::try_from(number("job_type")).unwrap(),
        is_production: call["is_production"] == true,
        partner_params: call["partner_params"].clone(),
        id_info: call["id_info"].clone(),
        geo_info: call["geo_info"].clone(),
        callback_url: call["callback_url"].as_str().unwrap(),
        job_status_polling_timeout_millis: number("job_status_polling_timeout_millis"),
    };
    let outcome = client.submit_job(&submission).await;
    (server, outcome)
}

/// What each accessor of a result reads, by the contract's names.
fn of_result(result: &JobResult, name: &str) -> Value {
    match name {
        "result_code" => result.result_code().into(),
        "result_text" => result.result_text().into(),
        "result_type" => result.result_type().into(),
        "smile_job_id" => result.smile_job_id().into(),
        "confidence_value" => result.confidence_value().into(),
        "is_final_result" => result.is_final_result().into(),
        "is_machine_result" => result.is_machine_result().into(),
        "partner_params" => result.partner_params().cloned().into(),
        "evidence" => result.evidence().cloned().into(),
        "challenge_failure" => result
            .challenge_failure()
            .map(ChallengeFailure::as_str)
            .into(),
        "country" => result.country().into(),
        "id_type" => result.id_type().into(),
        "id_number" => result.id_number().into(),
        "full_name" => result.full_name().into(),
        "dob" => result.dob().into(),
        "gender" => result.gender().into(),
        "photo" => result.photo().map(|bytes| STANDARD.encode(bytes)).into(),
        "phone_number" => result.phone_number().into(),
        "address" => result.address().into(),
        "expiration_date" => result.expiration_date().into(),
        "full_data" => result.full_data().cloned().into(),
        "id_number_previously_registered" => result.id_number_previously_registered().into(),
        "user_ids_of_previous_registrants" => result.user_ids_of_previous_registrants().into(),
        "kyc_receipt" => result.kyc_receipt().into(),
        "antifraud" => result.antifraud().cloned().into(),
        other => panic!("no accessor {other}"),
    }
}

/// The same of a status.
fn accessor(status: &JobStatus, name: &str) -> Value {
    match (name, status.result()) {
        ("job_complete", _) => status.job_complete().into(),
        ("job_success", _) => status.job_success().into(),
        ("kyc_receipt", _) => status.kyc_receipt().into(),
        ("results", _) => {
            let results = status.results();
            let codes = results.iter().map(JobResult::result_code);
            codes.map(Value::from).collect()
        }
        ("result_code", _) => status.result_code().into(),
        ("result_text", _) => status.result_text().into(),
        ("smile_job_id", _) => status.smile_job_id().into(),
        ("confidence_value", _) => status.confidence_value().into(),
        ("evidence", _) => status.evidence().cloned().into(),
        ("challenge_failure", _) => status
            .challenge_failure()
            .map(ChallengeFailure::as_str)
            .into(),
        (name, Some(result)) => of_result(result, name),
        ("is_final_result" | "is_machine_result", None) => false.into(),
        (_, None) => Value::Null,
    }
}

fn assert_status(status: &JobStatus, expected: &Value, name: &str) {
    for (field, value) in expected.as_object().unwrap() {
        if field != "actions" {
            assert_eq!(accessor(status, field), *value, "{name}: {field}");
            continue;
        }
        for (action, value) in value.as_object().unwrap() {
            let found = Value::from(status.action(action));
            assert_eq!(found, *value, "{name}: {action}");
        }
    }
}

fn assert_error(error: &ClientError, expected: &Value, name: &str) {
    let kind = match error {
        ClientError::UnknownTag(_) => "unknown_tag",
        ClientError::Argument(_) => "argument",
        ClientError::Refused { .. } => "refused",
        ClientError::ChallengeExpired { .. } => "challenge",
        ClientError::Transport(_) => "transport",
        ClientError::Answer(_) => "answer",
        ClientError::Untrusted(_) => "untrusted",
    };
    assert_eq!(expected["kind"], kind, "{name}: {error}");
    if kind == "challenge" {
        assert_eq!(expected["reason"], "expired", "{name}");
    }
    if let ClientError::Refused {
        http_status,
        code,
        message,
    } = error
    {
        assert_eq!(expected["http_status"], *http_status, "{name}");
        assert_eq!(expected["code"], code.as_str(), "{name}");
        assert_eq!(expected["message"], message.as_str(), "{name}");
    }
}

/// `ABSENT` must not be there, `MADE` must be some text, objects may hold more than is expected.
fn assert_sent(actual: Option<&Value>, expected: &Value, at: &str) {
    match expected {
        Value::String(mark) if mark == "ABSENT" => assert_eq!(actual, None, "{at}"),
        Value::String(mark) if mark == "MADE" => {
            let made = actual.and_then(Value::as_str);
            assert!(made.is_some_and(|text| !text.is_empty()), "{at}");
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let field = actual.and_then(|a| a.get(name));
                assert_sent(field, value, &format!("{at}.{name}"));
            }
        }
        _ => assert_eq!(actual, Some(expected), "{at}"),
    }
}

#[tokio::test]
async fn results() {
    let mut scenario = vectors("scenarios").remove(0);
    scenario["call"]["job_status_polling_timeout_millis"] = 1.into();
    for v in vectors("results") {
        let name = v["name"].as_str().unwrap();
        let mut script = scenario["script"].clone();
        script["job_status"] =
            serde_json::json!([{"status": 200, "signed": "right", "body": v["status"]}]);
        let (_server, status) = submit(&scenario, &script).await;
        let status = status.unwrap();
        assert_status(&status, &v["expect"], name);
        let text: Value = serde_json::from_str(&status.to_string()).unwrap();
        assert_eq!(text, *status.to_json(), "{name}");
        let mut json = text;
        for added in ["timestamp", "signature"] {
            let fields = json.as_object_mut().unwrap();
            assert!(fields.remove(added).is_some(), "{name}");
        }
        assert_eq!(json, v["status"], "{name}");
    }
}

#[tokio::test]
async fn errors() {
    let scenario = &vectors("scenarios")[0];
    for v in vectors("errors") {
        let name = v["name"].as_str().unwrap();
        let script = serde_json::json!({"upload": [v["answer"]], "package": [], "job_status": []});
        let (_server, outcome) = submit(scenario, &script).await;
        assert_error(&outcome.unwrap_err(), &v["expect"], name);
    }
}

#[tokio::test]
async fn challenges() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../conformance/vectors/challenges.json"
    );
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = vectors["draw"].as_array().unwrap();
    assert!(cases.len() > 10);
    for v in cases {
        let name = v["name"].as_str().unwrap();
        let server = ScriptedServer::start(serde_json::json!({"challenge": [v["answer"]]})).await;
        let client = client(&server);
        let user = "ada".parse().unwrap();
        match client.draw_challenge(&user, 4, false).await {
            Ok(drawn) => {
                let drawn = serde_json::to_value(drawn).unwrap();
                for (field, value) in v["expect"].as_object().unwrap() {
                    assert_eq!(drawn[field], *value, "{name}");
                }
            }
            Err(error) => assert_error(&error, &v["error"], name),
        }
        let asked = server.last("challenge").unwrap();
        assert_eq!(asked["path"], "/sandbox/v1/challenge");
        assert_eq!(asked["user_id"], "ada");
        assert_eq!(asked["job_type"], 4);
        assert!(asked["signature"].is_string());
    }
}

/// Why a callback is not trusted, by the contract's names.
fn distrust(error: &CallbackError) -> &'static str {
    let window = |error: &WindowError| match error {
        WindowError::Unreadable | WindowError::NoOffset => "unreadable",
        WindowError::Stale => "stale",
        WindowError::Future => "future",
    };
    match error {
        CallbackError::Code(WebhookError::Missing(_)) => "missing",
        CallbackError::Code(WebhookError::Id) => "unreadable",
        CallbackError::Code(WebhookError::WrongSignature) => "wrong_signature",
        CallbackError::Code(WebhookError::Window(error)) => window(error),
        CallbackError::Result(SignedResultError::NotAnObject(_)) => "not_an_object",
        CallbackError::Result(SignedResultError::Missing(_)) => "missing",
        CallbackError::Result(SignedResultError::WrongSignature) => "wrong_signature",
        CallbackError::Result(SignedResultError::Window(error)) => window(error),
    }
}

#[test]
fn callbacks() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../conformance/vectors/callbacks.json"
    );
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let subject = &vectors["callbacks"];
    let text = |name: &str| subject[name].as_str().unwrap();
    let now = text("now").parse().unwrap();
    let strict = CallbackVerifier::new(text("partner_id").parse().unwrap(), text("api_key"));
    let lenient = strict.clone().accepting_wire_signature_alone();
    let cases = subject["cases"].as_array().unwrap();
    assert!(cases.len() > 20);
    for v in cases {
        let sent = v["headers"].as_object().unwrap();
        let header = |name: &str| {
            let found = sent.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
            found.1.as_str()
        };
        let body = v["body"].as_str().unwrap().as_bytes();
        for (verifier, wanted) in [
            (&strict, "outcome"),
            (&lenient, "outcome_without_code_accepted"),
        ] {
            let outcome = match verifier.verify_at(header, body, now) {
                Ok(_) => "trusted",
                Err(error) => distrust(&error),
            };
            assert_eq!(v[wanted], outcome, "{}: {wanted}", v["name"]);
        }
    }
}

#[test]
fn names() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../conformance/vectors/names.json"
    );
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for (subject, named) in [("result_codes", result_code::ALL), ("actions", action::ALL)] {
        let ours: Value = named
            .iter()
            .map(|(name, wire)| (name.to_lowercase(), Value::from(*wire)))
            .collect();
        assert_eq!(ours, vectors[subject], "{subject}");
    }
    for number in vectors["job_types"].as_object().unwrap().values() {
        let number = number.as_u64().unwrap();
        let kind = JobType::from_number(number).unwrap();
        assert_eq!(u64::from(kind.number()), number);
    }
}

/// What came of a lookup, in the contract's words.
fn found_id_types(countries: &[OfferedCountry]) -> Value {
    countries
        .iter()
        .map(|country| {
            let id_types: Value = country
                .id_types
                .iter()
                .map(|kind| {
                    serde_json::json!({
                        "code": kind.code, "label": kind.label, "pattern": kind.pattern,
                        "required_fields": kind.required_fields,
                    })
                })
                .collect();
            serde_json::json!({"code": country.code, "name": country.name, "id_types": id_types})
        })
        .collect()
}

async fn look_up(v: &Value, client: &Client) -> Result<(), ClientError> {
    let (name, call, expected) = (v["name"].as_str().unwrap(), &v["call"], &v["expect"]);
    let lookup = client.lookup(call["is_production"] == true);
    let question = Question {
        partner_params: call["partner_params"].clone(),
        id_info: call["id_info"].clone(),
        consent_information: call["consent_information"].clone(),
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match v["method"].as_str().unwrap() {
        method @ ("id_verification" | "verify") => {
            let result = match method {
                "verify" => lookup.verify(&question).await?,
                _ => lookup.id_verification(&question).await?,
            };
            for (field, value) in expected["result"].as_object().unwrap() {
                assert_eq!(of_result(&result, field), *value, "{name}: {field}");
            }
            for (action, value) in expected["actions"].as_object().into_iter().flatten() {
                assert_eq!(
                    Value::from(result.action(action)),
                    *value,
                    "{name}: {action}"
                );
            }
        }
        "async_id_verification" => {
            let callback_url = text(&call["callback_url"]);
            let (user, job) = lookup
                .async_id_verification(&question, &callback_url)
                .await?;
            let names = serde_json::json!({"user_id": user, "job_id": job});
            assert_eq!(names, expected["names"], "{name}");
        }
        "services" => {
            let services = lookup.services().await?;
            for (product, countries) in expected["id_types"].as_object().unwrap() {
                let found = found_id_types(&services.id_types(product));
                assert_eq!(found, *countries, "{name}: {product}");
            }
            let banks = services.bank_codes();
            let banks: Value = banks
                .iter()
                .map(|bank| serde_json::json!({"name": bank.name, "code": bank.code}))
                .collect();
            assert_eq!(banks, expected["bank_codes"], "{name}");
        }
        "products_config" => {
            let config = lookup.products_config().await?;
            for case in expected["consent_required"].as_array().unwrap() {
                let needed = config.consent_required(&text(&case[0]), &text(&case[1]));
                assert_eq!(needed, case[2] == true, "{name}: {case}");
            }
            for case in expected["id_selection"].as_array().unwrap() {
                let found = Value::from(config.id_types(&text(&case[0]), &text(&case[1])));
                assert_eq!(found, case[2], "{name}: {case}");
            }
        }
        other => panic!("no method {other}"),
    }
    Ok(())
}

#[tokio::test]
async fn lookups() {
    let mut passed = 0;
    for v in vectors("lookups") {
        let name = v["name"].as_str().unwrap();
        if let Some(why) = out_of_reach(&v) {
            println!("skipped: {name}: {why}");
            continue;
        }
        let (expected, method) = (&v["expect"], v["method"].as_str().unwrap());
        let answers = match &v["answer"] {
            Value::Null => serde_json::json!([]),
            answer => serde_json::json!([answer]),
        };
        let server = ScriptedServer::start(serde_json::json!({ method: answers })).await;
        match (look_up(&v, &client(&server)).await, expected.get("error")) {
            (Ok(()), None) => {}
            (Err(error), Some(wanted)) => assert_error(&error, wanted, name),
            (outcome, _) => panic!("{name}: {outcome:?}"),
        }
        assert_eq!(expected["asked"], server.count(method), "{name}");
        if expected["asked"] != 0 {
            let asked = server.last(method);
            assert_sent(asked.as_ref(), &expected["sent"], name);
        }
        passed += 1;
    }
    assert!(passed > 15, "only {passed} lookups ran");
}

/// Why a scenario cannot run here, where it cannot.
fn out_of_reach(scenario: &Value) -> Option<String> {
    let needs = scenario["needs"].as_array().unwrap();
    if let Some(lack) = LACKS.iter().find(|lack| needs.iter().any(|n| n == *lack)) {
        return Some(format!("this client has no {lack}"));
    }
    let asked_at = scenario["expect"]["asked_at_millis"].as_array()?;
    let lasts = asked_at.last()?.as_u64()?;
    (lasts > LONGEST_MILLIS).then(|| format!("it would take {lasts} ms"))
}

#[tokio::test]
async fn scenarios() {
    let mut passed = 0;
    for v in vectors("scenarios") {
        let name = v["name"].as_str().unwrap();
        if let Some(why) = out_of_reach(&v) {
            println!("skipped: {name}: {why}");
            continue;
        }
        let expected = &v["expect"];
        let (server, outcome) = submit(&v, &v["script"]).await;
        match (&outcome, expected.get("error")) {
            (Ok(status), None) => assert_status(status, &expected["status"], name),
            (Err(error), Some(wanted)) => assert_error(error, wanted, name),
            _ => panic!("{name}: {outcome:?}"),
        }
        assert_eq!(expected["uploads"], server.count("upload"), "{name}");
        assert_eq!(expected["packages"], server.count("package"), "{name}");
        if let Some(asked_at) = expected["asked_at_millis"].as_array() {
            let (most, asked) = (asked_at.len() as u64, server.count("job_status"));
            // A busy machine may leave time for fewer questions before a timeout, never for more.
            let complete = expected["status"]["job_complete"] == true;
            let right = asked <= most && (asked == most || !complete);
            assert!(right, "{name}: {asked} questions");
        }
        for (kind, sent) in expected["sent"].as_object().unwrap() {
            let at = format!("{name}: {kind}");
            assert_sent(server.last(kind).as_ref(), sent, &at);
        }
        passed += 1;
    }
    assert!(passed > 10, "only {passed} scenarios ran");
}
