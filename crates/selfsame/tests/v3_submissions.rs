//! v3's submissions, from form to decision.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use reqwest::header::HeaderValue;
use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::support::v3::{V3, consent, details, file, json_part};
use crate::support::{Server, add_partner, callbacks, http, photographs};

/// A form with what every submission needs.
fn form(callback: &str, given_names: &str, last_name: &str) -> Form {
    Form::new()
        .text("callback_url", callback.to_owned())
        .part("consent", json_part(consent()))
        .part("user_details", json_part(details(given_names, last_name)))
}

/// The same with a capture.
fn captured(callback: &str, given_names: &str, last_name: &str, selfie: &[u8]) -> Form {
    (0..8).fold(
        form(callback, given_names, last_name).part("selfie_image", file(selfie)),
        |form, _| form.part("liveness_images", file(selfie)),
    )
}

fn identity(form: Form, number: &str) -> Form {
    form.text("country", "NG")
        .text("id_type", "NIN")
        .text("id_number", number.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_back_and_a_stranger_does_not() {
    let Some([photo, same, _, other]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &["--allow-private-callbacks"]);
    let (url, _received) = callbacks().await;
    let http = http();
    let v3 = V3::new(&http, &server.base, "p", &key).await;
    let ann = |selfie: &[u8]| captured(&url, "Ann", "Example", selfie);

    let of_eve = json_part(json!({"user_id": "eve", "job_id": "hers", "order": 7}).to_string());
    let first = ann(&photo).part("partner_params", of_eve);
    let (status, accepted) = v3.post("/v3/registration", first).await;
    assert_eq!(status, 202, "{accepted}");
    let user = accepted["user_id"].as_str().unwrap().to_owned();
    assert!(user.starts_with("user_"), "{accepted}");
    assert_eq!(accepted["status"], "accepted");
    let job = accepted["job_id"].as_str().unwrap().to_owned();
    let ended = v3.ended(&job).await;
    assert_eq!(ended["status"], "clear", "{ended}");
    assert_eq!(ended["user_id"], user.as_str());

    let again = ann(&photo).text("user_id", user.clone());
    let (status, refused) = v3.post("/v3/registration", again).await;
    assert_eq!(
        (status, &refused["status"]),
        (409, &json!("Conflict")),
        "{refused}"
    );

    for (selfie, wanted) in [(&same, "clear"), (&other, "block")] {
        let form = ann(selfie).text("user_id", user.clone());
        let ended = v3.decided("/v3/authentication", form).await;
        assert_eq!(ended["status"], wanted, "{ended}");
    }
    // v1 knows the same user and the same jobs.
    let told = server.ended(&http, &user, &job).await;
    assert_eq!(told["result"]["ResultCode"], "0840", "{told}");
    let params = &told["result"]["PartnerParams"];
    assert_eq!(
        (&params["user_id"], &params["job_id"], &params["order"]),
        (&json!(user), &json!(job), &json!(7)),
        "{told}"
    );

    let compare = |selfie: &[u8], photograph: &[u8]| {
        ann(selfie)
            .part("comparison_image", file(photograph))
            .text("comparison_image_type", "PORTRAIT")
    };
    for (photograph, wanted) in [(&photo, "block"), (&other, "clear")] {
        let ended = v3.decided("/v3/compare", compare(&other, photograph)).await;
        assert_eq!(ended["status"], wanted, "{ended}");
    }
    let unknown = ann(&same).text("user_id", "nobody");
    let (status, refused) = v3.post("/v3/authentication", unknown).await;
    assert_eq!(status, 404, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_v3s_own_shape() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let http = http();
    let v3 = V3::new(&http, &server.base, "p", &key).await;
    let url = "http://127.0.0.1:9/";
    let picture = b"no picture".as_slice();
    let ann = || captured(url, "Ann", "Example", picture);
    let bare = Form::new;
    let (registration, kyc) = ("/v3/registration", "/v3/biometric_kyc");
    let without_names = json!({"last_name": "x", "email": "a@b"}).to_string();
    let cases: Vec<(&str, Form, u16, &str)> = vec![
        (
            registration,
            bare().text("callback_url", url),
            400,
            "consent",
        ),
        (
            registration,
            bare().part("consent", json_part(consent())),
            400,
            "user_details",
        ),
        (
            registration,
            bare()
                .part("consent", json_part(consent()))
                .part("user_details", json_part(without_names)),
            400,
            "given_names",
        ),
        (
            registration,
            captured(url, ".", "-", picture),
            400,
            "letter",
        ),
        (
            registration,
            form(url, "Ann", "Example"),
            400,
            "selfie_image",
        ),
        (
            registration,
            ann().text("user_id", "x").text("user_id", "y"),
            400,
            "more than once",
        ),
        (
            registration,
            ann().text("partner_params", "[]"),
            400,
            "partner_params",
        ),
        (registration, ann().text("metadata", "{}"), 400, "metadata"),
        (
            registration,
            ann().text("sandbox_result", "9999"),
            400,
            "sandbox_result",
        ),
        (
            registration,
            ann().part("document", file(picture)),
            400,
            "document",
        ),
        ("/v3/authentication", ann(), 400, "user_id"),
        (
            "/v3/authentication",
            form(url, "Ann", "Example")
                .text("user_id", "x")
                .text("use_enrolled_image", "true"),
            400,
            "proves nothing",
        ),
        ("/v3/compare", ann(), 400, "comparison_image_type"),
        (kyc, ann(), 400, "country"),
        (
            kyc,
            identity(ann(), "1").text("country", "NG"),
            400,
            "more than once",
        ),
        (
            kyc,
            ann()
                .text("country", "NG")
                .text("id_type", "NO_SUCH")
                .text("id_number", "1"),
            403,
            "not enabled",
        ),
        (
            "/v3/enhanced_kyc",
            form(url, "Ann", "Example")
                .text("country", "NG")
                .text("id_type", "NATIONAL_ID")
                .text("id_number", "0000000000"),
            403,
            "needs dob",
        ),
        (
            "/v3/document_verification",
            bare(),
            403,
            "document_verification",
        ),
        ("/v3/aml", bare(), 403, "aml"),
        (
            registration,
            ann().part("selfie_image", file(&vec![0; 5 << 20])),
            413,
            "larger",
        ),
    ];
    for (path, form, wanted, named) in cases {
        let (status, refused) = v3.post(path, form).await;
        assert_eq!(status, wanted, "{path}: {refused}");
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains(named), "{path}: {named}: {refused}");
        assert!(
            refused["status"].is_string() && refused.get("code").is_none(),
            "{refused}"
        );
    }
    let post = |token: &str| {
        http.post(format!("{}{registration}", server.base))
            .header("SmileID-Token", token)
    };
    let as_json = post(&v3.token).json(&json!({})).send().await.unwrap();
    assert_eq!(as_json.status(), 415);
    let stranger = post("no token").multipart(bare()).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    let none = http
        .post(format!("{}{registration}", server.base))
        .multipart(bare());
    let none: Value = none.send().await.unwrap().json().await.unwrap();
    assert_eq!(none["status"], "Unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn test_identities_stage_jobs_and_a_record_of_another_name_does_not_pass() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &["--allow-private-callbacks"]);
    let (url, _received) = callbacks().await;
    let http = http();
    let v3 = V3::new(&http, &server.base, "p", &key).await;
    let look_up = |names: (&str, &str), number| identity(form(&url, names.0, names.1), number);
    for (names, number, wanted) in [
        (("Amina Fatou", "Clearwater"), "00000000001", "clear"),
        (("Rashid Omar", "Dangerfield"), "00000000000", "block"),
        (("Fatima Bello", "Ghostwell"), "00000000000", "block"),
        (("Aisha Lawal", "Youngblood"), "00000000000", "block"),
        (("Ngozi Ifeoma", "Downsworth"), "00000000000", "error"),
        // Nobody's identity: the sandbox's record is Joe Leo's.
        (("Joe", "Leo"), "00000000000", "clear"),
        (("Ann", "Example"), "00000000000", "block"),
        (("Joe", "Leo"), "00000000001", "block"),
        (("Joe", "Leo"), "00000000002", "error"),
    ] {
        let ended = v3.decided("/v3/enhanced_kyc", look_up(names, number)).await;
        assert_eq!(ended["status"], wanted, "{names:?} {number}: {ended}");
    }
    for (path, names, wanted) in [
        ("/v3/registration", ("Amina Fatou", "Clearwater"), "clear"),
        ("/v3/registration", ("Taiwo Adeyemi", "Masquero"), "block"),
        ("/v3/authentication", ("Amina Fatou", "Clearwater"), "clear"),
        ("/v3/authentication", ("Ann", "Lockhart"), "block"),
        ("/v3/authentication", ("Kofi Mensah", "Blurton"), "error"),
        ("/v3/biometric_kyc", ("Amina Fatou", "Clearwater"), "clear"),
        ("/v3/biometric_kyc", ("Fatima Bello", "Ghostwell"), "block"),
        ("/v3/biometric_kyc", ("Obinna Chukwu", "Twinley"), "block"),
    ] {
        let form = captured(&url, names.0, names.1, &photo).text("user_id", names.1.to_owned());
        let form = if path.ends_with("kyc") {
            identity(form, "00000000000")
        } else {
            form
        };
        let ended = v3.decided(path, form).await;
        assert_eq!(ended["status"], wanted, "{path} {names:?}: {ended}");
    }
    let forced = captured(&url, "Ann", "Example", &photo).text("sandbox_result", "841");
    assert_eq!(
        v3.decided("/v3/registration", forced).await["status"],
        "block"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_is_repeated_under_one_key_is_one_job() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let (url, _received) = callbacks().await;
    let http = http();
    let v3 = V3::new(&http, &server.base, "p", &key).await;
    let mut jobs = Vec::new();
    for name in ["one", "one", "two", ""] {
        let mut asked = http
            .post(format!("{}/v3/enhanced_kyc", v3.base))
            .header("SmileID-Token", &v3.token)
            .multipart(identity(form(&url, "Joe", "Leo"), "00000000000"));
        if !name.is_empty() {
            asked = asked.header("SmileID-Idempotency-Key", name);
        }
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let answer: Value = answer.json().await.unwrap();
        jobs.push(answer["job_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(jobs[0], jobs[1]);
    assert_ne!(jobs[0], jobs[2]);
    assert_ne!(jobs[2], jobs[3]);
    // Who names another user repeats nothing.
    let (_, told) = v3.get(&format!("/v3/status/{}", jobs[0])).await;
    let user = told["user_id"].as_str().unwrap();
    for (named, wanted) in [(user, 202), ("eve", 409)] {
        let asked = http
            .post(format!("{}/v3/enhanced_kyc", v3.base))
            .header("SmileID-Token", &v3.token)
            .header("SmileID-Idempotency-Key", "one")
            .header("User-ID", named)
            .multipart(identity(form(&url, "Joe", "Leo"), "00000000000"));
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), wanted, "{named}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["job_id"] == jobs[0].as_str(), wanted == 202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_the_header_names_is_never_passed_over() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let (url, _received) = callbacks().await;
    let http = http();
    let v3 = V3::new(&http, &server.base, "p", &key).await;
    for (named, wanted) in [("zo\u{eb}".as_bytes(), 202), (&b"zo\xeb"[..], 400)] {
        let asked = http
            .post(format!("{}/v3/enhanced_kyc", v3.base))
            .header("SmileID-Token", &v3.token)
            .header("User-ID", HeaderValue::from_bytes(named).unwrap())
            .multipart(identity(form(&url, "Joe", "Leo"), "00000000000"));
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), wanted);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["user_id"] == "zo\u{eb}", wanted == 202, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_look_up_is_told_where_its_receipt_is() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let (url, _received) = callbacks().await;
    let http = http();
    let v3 = V3::new(&http, &server.base, "p", &key).await;
    let asked = identity(form(&url, "Joe", "Leo"), "00000000000");
    let (status, told) = v3.post("/v3/enhanced_kyc/sync", asked).await;
    assert_eq!((status, &told["status"]), (200, &json!("clear")), "{told}");
    let link = told["kyc_receipt"].as_str().unwrap();
    let receipt = http.get(link).send().await.unwrap();
    assert_eq!(receipt.status(), 200);
}
