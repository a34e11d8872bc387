//! Job type 1: a number is looked up, its photograph compared with the selfie, the person enrolled.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Path;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use selfsame_wire::info::ImageRole;
use selfsame_wire::package::PackageBuilder;
use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, callbacks, http, package, photographs};

/// A package with what it says of the identity, and an ID card where there is one.
fn packed(selfie: &[u8], id_info: &Value, card: Option<&[u8]>) -> Vec<u8> {
    let params = serde_json::from_value(json!({"x": 1})).unwrap();
    let raw = serde_json::value::to_raw_value(id_info).unwrap();
    let package = PackageBuilder::new(params)
        .id_info(Some(raw))
        .image(ImageRole::Selfie, selfie.to_vec());
    match card {
        Some(card) => package.image(ImageRole::IdCardFront, card.to_vec()),
        None => package,
    }
    .build()
    .unwrap()
}

fn nin(number: &str) -> Value {
    json!({"country": "NG", "id_type": "NIN", "id_number": number, "first_name": "Joe", "entered": true})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_face_is_enrolled_and_another_is_not() {
    let Some([photo, second, third, other]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let arguments = ["--allow-private-callbacks"];
    let server = Server::start_for_stills(data.path(), &key, &arguments);
    let (url, mut received) = callbacks().await;
    let http = http();
    let right = server
        .run(
            &http,
            &server.upload_body("joe", "right", 1, &url),
            packed(&second, &nin("00000000000"), None),
        )
        .await;
    let result = &right["result"];
    assert_eq!(result["ResultCode"], "0810", "{right}");
    assert_eq!(right["job_success"], true);
    assert_eq!(result["ResultType"], "SAIA");
    for (action, value) in [
        ("Verify_ID_Number", "Verified"),
        ("Return_Personal_Info", "Returned"),
        ("Selfie_To_ID_Authority_Compare", "Completed"),
        ("Selfie_To_ID_Card_Compare", "Not Applicable"),
        ("Register_Selfie", "Passed"),
    ] {
        assert_eq!(result["Actions"][action], value, "{action}: {result}");
    }
    assert_eq!(result["FullName"], "Joe Leo");
    assert_eq!(result["Photo"], STANDARD.encode(&photo));
    assert_eq!(result["IDNumberPreviouslyRegistered"], false);
    // Two results, each with its callback; the look-up came first.
    let mut codes = Vec::new();
    for _ in 0..2 {
        let told: Value = serde_json::from_slice(&received.recv().await.unwrap().body).unwrap();
        codes.push(told["ResultCode"].as_str().unwrap().to_owned());
    }
    codes.sort();
    assert_eq!(codes, ["0810", "1012"]);
    let mut history = server.signed();
    for (name, value) in [("partner_id", "p"), ("user_id", "joe"), ("job_id", "right")] {
        history[name] = value.into();
    }
    history["history"] = true.into();
    let (_, status) = server
        .post(&http, "/v1/job_status", &history)
        .await
        .unwrap();
    let told = status["history"].as_array().unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|r| {
            (
                r["ResultCode"].as_str().unwrap(),
                r["ResultType"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("0810", "SAIA"), ("1012", "ID Verification")]);

    // The person is enrolled: a selfie authenticates.
    let authenticated = server
        .run(
            &http,
            &server.upload_body("joe", "again", 2, ""),
            package(&third),
        )
        .await;
    assert_eq!(
        authenticated["result"]["ResultCode"], "0820",
        "{authenticated}"
    );

    // Somebody else with the number is not, and is told whose it is by nothing but the code.
    let wrong = server
        .run(
            &http,
            &server.upload_body("thief", "wrong", 1, ""),
            packed(&other, &nin("00000000000"), None),
        )
        .await;
    assert_eq!(wrong["result"]["ResultCode"], "0811", "{wrong}");
    assert_eq!(
        wrong["result"]["Actions"]["Selfie_To_ID_Authority_Compare"],
        "Failed"
    );
    assert_eq!(wrong["result"]["IDNumberPreviouslyRegistered"], true);
    assert_eq!(
        wrong["result"]["UserIDsOfPreviousRegistrants"],
        json!(["joe"])
    );
    let refused = server.upload_body("thief", "in", 2, "");
    let (_, refused) = server.post(&http, "/v1/upload", &refused).await.unwrap();
    assert_eq!(refused["code"], "2210");

    // An enrolled user is not enrolled again by accident.
    let taken = server.upload_body("joe", "twice", 1, "");
    let (_, refused) = server.post(&http, "/v1/upload", &taken).await.unwrap();
    assert_eq!(refused["code"], "2209", "{refused}");

    // The same person under another name is told of.
    let twin = server
        .run(
            &http,
            &server.upload_body("twin", "twin", 1, ""),
            packed(&second, &nin("00000000000"), None),
        )
        .await;
    let suspects = &twin["result"]["Antifraud"]["smile_secure"]["SuspectUsers"];
    let reasons: Vec<_> = suspects
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["reason"])
        .collect();
    assert!(
        suspects[0]["user_id"] == "joe" && reasons.contains(&&json!("same-id-number")),
        "{twin}"
    );

    // Nothing personal is in the log.
    let log = std::fs::read_to_string(data.path().join("server.log")).unwrap();
    for personal in ["00000000000", "Joe Leo"] {
        assert!(!log.contains(personal), "{personal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_fails_ends_the_job() {
    let Some([_, second, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &[]);
    let http = http();
    for (number, code, verified) in [
        ("00000000001", "1013", "Not Verified"),
        ("00000000002", "1014", "Not Verified"),
        ("00000000003", "1015", "Issuer Unavailable"),
        ("12", "1014", "Not Verified"),
    ] {
        let job = format!("job {number}");
        let ended = server
            .run(
                &http,
                &server.upload_body("joe", &job, 1, ""),
                packed(&second, &nin(number), None),
            )
            .await;
        let result = &ended["result"];
        assert_eq!(result["ResultCode"], code, "{ended}");
        assert_eq!(result["ResultType"], "ID Verification");
        assert_eq!(result["IsFinalResult"], "true");
        assert_eq!(result["Actions"]["Verify_ID_Number"], verified);
        assert_eq!(ended["job_success"], false);
    }
    // A type that has no photograph leaves nothing to compare with.
    let id = json!({"country": "KE", "id_type": "NATIONAL_ID_NO_PHOTO", "id_number": "00000000", "entered": "true"});
    let body = server.upload_body("joe", "no photo", 1, "");
    let ended = server.run(&http, &body, packed(&second, &id, None)).await;
    let result = &ended["result"];
    assert_eq!(result["ResultCode"], "0001", "{ended}");
    let compared = &result["Actions"]["Selfie_To_ID_Authority_Compare"];
    assert_eq!(compared, "ID Authority Photo Not Available");
    // A photograph that shows nobody is not the person's fault, and enrols nobody.
    let mut nobody = server.upload_body("joe", "nobody", 1, "");
    nobody["partner_params"]["FullName"] = "Joe Leo".into();
    nobody["partner_params"]["Photo"] = STANDARD.encode(png()).into();
    let ended = server
        .run(&http, &nobody, packed(&second, &nin("00000000004"), None))
        .await;
    assert_eq!(ended["result"]["ResultCode"], "0001", "{ended}");
    // Without a country nobody can be asked.
    let id = json!({"id_number": "00000000000", "entered": true});
    let ended = server
        .run(
            &http,
            &server.upload_body("joe", "no country", 1, ""),
            packed(&second, &id, None),
        )
        .await;
    assert_eq!(ended["result"]["ResultCode"], "1014", "{ended}");
}

/// A grey picture.
fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 64, 64);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[128; 64 * 64]).unwrap();
    drop(writer);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_card_takes_the_place_of_the_record() {
    let Some([photo, second, _, other]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &[]);
    let http = http();
    let card = json!({"entered": "false", "country": "", "id_type": "", "id_number": ""});
    for (user, selfie, code, compared) in [
        ("joe", &second, "0810", "Completed"),
        ("thief", &other, "0811", "Failed"),
    ] {
        let ended = server
            .run(
                &http,
                &server.upload_body(user, user, 1, ""),
                packed(selfie, &card, Some(&photo)),
            )
            .await;
        let result = &ended["result"];
        assert_eq!(result["ResultCode"], code, "{ended}");
        assert_eq!(result["Actions"]["Selfie_To_ID_Card_Compare"], compared);
        assert_eq!(
            result["Actions"]["Selfie_To_ID_Authority_Compare"],
            "Not Applicable"
        );
        assert_eq!(result["Actions"]["Verify_ID_Number"], "Not Applicable");
    }
    // What cannot be read is never taken for nothing said: the card would take the record's place.
    for (job, id) in [
        (
            "country",
            json!({"country": "NGA", "id_type": "NIN", "id_number": "00000000001", "entered": true}),
        ),
        (
            "entered",
            json!({"country": "NG", "id_type": "NIN", "id_number": "00000000001", "entered": "maybe"}),
        ),
        ("no object", json!("NG")),
        (
            "absent number",
            json!({"country": "NG", "id_type": "NIN", "entered": true}),
        ),
    ] {
        let ended = server
            .run(
                &http,
                &server.upload_body("forger", job, 1, ""),
                packed(&second, &id, Some(&photo)),
            )
            .await;
        assert_eq!(ended["result"]["ResultCode"], "1014", "{job}: {ended}");
    }
    // Neither a number nor a card.
    let ended = server
        .run(
            &http,
            &server.upload_body("nobody", "neither", 1, ""),
            packed(&second, &card, None),
        )
        .await;
    assert_eq!(ended["result"]["ResultCode"], "0001", "{ended}");
}

/// A register that fails every other time that it is asked, and counts who was asked for.
async fn wavering(photo: &[u8]) -> (String, Arc<Mutex<HashMap<String, u32>>>) {
    let asked = Arc::<Mutex<HashMap<String, u32>>>::default();
    let (counted, photo) = (Arc::clone(&asked), STANDARD.encode(photo));
    let questions = Arc::new(AtomicU32::new(0));
    let handler = move |Path(number): Path<String>| {
        let fails = questions.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        if !fails {
            *counted.lock().unwrap().entry(number).or_default() += 1;
        }
        let record = json!({"name": "Joe Leo", "portrait": photo});
        async move {
            if fails {
                Err(StatusCode::SERVICE_UNAVAILABLE)
            } else {
                Ok(axum::Json(record))
            }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/{number}", axum::routing::get(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

async fn is_ended(server: &Server, http: &reqwest::Client, job: usize) -> bool {
    let (user, job) = (format!("u{job}"), format!("j{job}"));
    let (_, status) = server.status(http, &user, &job).await.unwrap();
    status["job_complete"] == true
}

/// `kill -9` at random moments while the authority fails every other time: `SELFSAME_SOAK_JOBS` says how many jobs.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_the_server_dies_and_the_authority_fails() {
    let Some([photo, second, ..]) = photographs() else {
        return;
    };
    let jobs: usize = std::env::var("SELFSAME_SOAK_JOBS").map_or(12, |n| n.parse().unwrap());
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let (register, asked) = wavering(&photo).await;
    let file = data.path().join("authorities.toml");
    let text = format!(
        r#"
        [authority.register]
        kind = "http"
        url = "{register}/{{id_number}}"
        allow_plain_http = true
        attempts = 1
        failures = 1000
        open_for = "1s"
        answer.fields = {{ full_name = "/name" }}
        answer.photo = "/portrait"

        [[route]]
        authority = "register"
        country = "NG"
        id_types = "NIN"
        environments = "sandbox"
        "#
    );
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let start = || {
        let arguments = ["--allow-private-callbacks", "--authorities", file];
        Server::start_for_stills(data.path(), &key, &arguments)
    };
    let (url, mut received) = callbacks().await;
    let http = http();
    let mut server = start();
    let (mut random, mut first) = (12_345_u64, 0);
    let number = |at: usize| format!("{:011}", 20_000_000_000 + at);
    for at in 0..jobs {
        let job = format!("j{at}");
        let body = server.upload_body(&format!("u{at}"), &job, 1, &url);
        let (_, prepared) = server.post(&http, "/v1/upload", &body).await.unwrap();
        let put = http
            .put(prepared["upload_url"].as_str().unwrap())
            .body(packed(&second, &nin(&number(at)), None))
            .send()
            .await
            .unwrap();
        assert_eq!(put.status().as_u16(), 200);
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        if at % 4 == 3 {
            // Each life ends one job more: one whose worker dies ten times would end as a system error, however slow the machine is.
            while first <= at && is_ended(&server, &http, first).await {
                first += 1;
            }
            if first <= at {
                let user = format!("u{first}");
                server.ended(&http, &user, &format!("j{first}")).await;
            }
            tokio::time::sleep(Duration::from_millis(random >> 54)).await;
            server.kill();
            support::store::let_leases_end(data.path()).await;
            server = start();
        }
    }
    let mut expected = HashMap::new();
    for at in 0..jobs {
        let ended = server
            .ended(&http, &format!("u{at}"), &format!("j{at}"))
            .await;
        assert_eq!(ended["result"]["ResultCode"], "0810", "{ended}");
        let id = ended["result"]["SmileJobID"].as_str().unwrap().to_owned();
        expected.insert((id.clone(), "1012".to_owned()), 0_u32);
        expected.insert((id, "0810".to_owned()), 0);
    }
    // Each result is called back; one that was on its way when the server died may come twice.
    while expected.values().any(|times| *times == 0) {
        let told = tokio::time::timeout(support::PATIENCE, received.recv()).await;
        let told: Value = serde_json::from_slice(&told.unwrap().unwrap().body).unwrap();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        *expected
            .get_mut(&(text("SmileJobID"), text("ResultCode")))
            .unwrap_or_else(|| panic!("a job ended twice: {told}")) += 1;
    }
    // What was answered and on record is not asked again; an answer that died with the server is.
    let asked = asked.lock().unwrap();
    let kills = u32::try_from(jobs / 4).unwrap();
    let again: u32 = asked.values().map(|times| times - 1).sum();
    assert_eq!(asked.len(), jobs);
    assert!(again <= kills * 8, "{again} questions were asked again");
}
