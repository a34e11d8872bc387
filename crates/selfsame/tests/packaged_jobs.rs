//! Jobs of types 8 and 9, and type 1 by the photo on file: what the public clients upload as they upload types 4 and 1.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use selfsame_wire::info::ImageRole;
use selfsame_wire::package::PackageBuilder;
use serde_json::{Value, json};

use crate::support::{Server, add_partner, callbacks, http, package, photographs, selfsame};

/// A package with what it says of the identity, and a selfie where there is one.
fn packed(selfie: Option<&[u8]>, id_info: &Value) -> Vec<u8> {
    let params = serde_json::from_value(json!({"x": 1})).unwrap();
    let raw = serde_json::value::to_raw_value(id_info).unwrap();
    let package = PackageBuilder::new(params).id_info(Some(raw));
    match selfie {
        Some(selfie) => package.image(ImageRole::Selfie, selfie.to_vec()),
        None => package,
    }
    .build()
    .unwrap()
}

fn nin(number: &str) -> Value {
    json!({"country": "NG", "id_type": "NIN", "id_number": number, "first_name": "Leo", "last_name": "Joe",
           "dob": "2000-09-20", "gender": "F", "entered": "true"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_photo_takes_the_place_of_the_one_on_file_when_it_shows_the_same_person() {
    let Some([photo, second, third, stranger]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &[]);
    let http = http();
    let run = async |job: &str, job_type, selfie: &[u8]| {
        let body = server.upload_body("ada", job, job_type, "");
        server.run(&http, &body, package(selfie)).await["result"].clone()
    };
    // Nobody is on file.
    let early = server.upload_body("ada", "early", 8, "");
    let (_, early) = server.post(&http, "/v1/upload", &early).await.unwrap();
    assert_eq!(early["code"], "2210");
    assert_eq!(run("enrol", 4, &photo).await["ResultCode"], "0840");
    // The very photograph that is on file is as like it as can be; another of the same person is not.
    let is_on_file = async |job: &str, selfie: &[u8]| {
        let result = run(job, 2, selfie).await;
        assert_eq!(result["ResultCode"], "0820", "{job}: {result}");
        let confidence = result["ConfidenceValue"].as_str().unwrap();
        confidence.parse::<f64>().unwrap() > 99.5
    };
    assert!(is_on_file("first", &photo).await && !is_on_file("second", &second).await);
    let takeover = run("takeover", 8, &stranger).await;
    assert_eq!(takeover["ResultCode"], "0821", "{takeover}");
    let actions = &takeover["Actions"];
    assert_eq!(actions["Update_Registered_Selfie_On_File"], "Failed");
    assert_eq!(actions["Selfie_To_Registered_Selfie_Compare"], "Failed");
    assert!(is_on_file("after the takeover", &photo).await);
    let mut forced = server.upload_body("ada", "forced", 8, "");
    forced["sandbox_result"] = "0".into();
    let forced = server.run(&http, &forced, package(&stranger)).await;
    assert_eq!(forced["result"]["ResultCode"], "0820");
    let still = is_on_file("after what was forced", &photo).await;
    assert!(still, "what is forced compares nothing");
    let updated = run("update", 8, &second).await;
    assert_eq!(updated["ResultCode"], "0820", "{updated}");
    assert_eq!(updated["PartnerParams"]["job_type"], 8);
    assert_eq!(updated["ResultType"], "SmartSelfie Update");
    let actions = &updated["Actions"];
    for (action, value) in [
        ("Update_Registered_Selfie_On_File", "Passed"),
        ("Selfie_To_Registered_Selfie_Compare", "Completed"),
        ("Register_Selfie", "Not Applicable"),
        ("Human_Review_Update_Selfie", "Not Applicable"),
    ] {
        assert_eq!(actions[action], value, "{action}");
    }
    assert!(is_on_file("after the update", &second).await);
    assert_eq!(run("after", 2, &third).await["ResultCode"], "0820");
    assert_eq!(run("thief", 2, &stranger).await["ResultCode"], "0821");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_decides_about_an_update_where_the_policy_leaves_it_to_people() {
    let Some([photo, second, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let policy = data.path().join("policy.toml");
    let text = "name = \"a\"\nversion = \"1\"\n[defaults.liveness.motion]\nmode = \"off\"\n\
                [enrolment.replacement]\nmode = \"review\"\n";
    std::fs::write(&policy, text).unwrap();
    let server = Server::start(data.path(), &key, &["--policy", policy.to_str().unwrap()]);
    let http = http();
    let run = async |job: &str, job_type, selfie: &[u8]| {
        let body = server.upload_body("ada", job, job_type, "");
        server.run(&http, &body, package(selfie)).await["result"].clone()
    };
    assert_eq!(run("enrol", 4, &photo).await["ResultCode"], "0840");
    let waits = run("update", 8, &second).await;
    assert_eq!(waits["ResultCode"], "0822", "{waits}");
    let actions = &waits["Actions"];
    assert_eq!(actions["Update_Registered_Selfie_On_File"], "Under Review");
    assert_eq!(
        actions["Human_Review_Update_Selfie"],
        "Sent to Human Review"
    );
    let job = waits["SmileJobID"].as_str().unwrap();
    let dir = data.path().to_str().unwrap();
    selfsame(&["review", "--data", dir, "decide", job, "approve"]);
    let decided = server.ended(&http, "ada", "update").await;
    let result = &decided["result"];
    assert_eq!(result["ResultCode"], "1220", "{decided}");
    let actions = &result["Actions"];
    assert_eq!(actions["Update_Registered_Selfie_On_File"], "Approved");
    assert_eq!(actions["Human_Review_Update_Selfie"], "Approved");
    let confidence = run("after", 2, &second).await["ConfidenceValue"].clone();
    assert!(confidence.as_str().unwrap().parse::<f64>().unwrap() > 99.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_package_says_of_a_person_is_compared_with_the_record() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--allow-private-callbacks"]);
    let (url, mut received) = callbacks().await;
    let http = http();
    let body = server.upload_body("ada", "compare", 9, &url);
    let ended = server
        .run(&http, &body, packed(None, &nin("00000000000")))
        .await;
    let result = &ended["result"];
    assert_eq!(result["ResultCode"], "1021", "{ended}");
    assert_eq!(result["PartnerParams"]["job_type"], 9);
    for (action, value) in [
        ("Names", "Transposed"),
        ("DOB", "Exact Match"),
        ("Gender", "No Match"),
        ("Phone_Number", "Not Provided"),
        ("ID_Verification", "Partial Match"),
    ] {
        assert_eq!(result["Actions"][action], value, "{action}: {result}");
    }
    // Whoever may compare is told nothing of the record.
    for field in ["FullName", "DOB", "Photo", "Address"] {
        assert_eq!(result[field], Value::Null, "{field}");
    }
    assert!(ended["kyc_receipt"].is_string());
    let told: Value = serde_json::from_slice(&received.recv().await.unwrap().body).unwrap();
    assert_eq!(told["ResultCode"], "1021");
    for (job, package, code) in [
        ("nobody", packed(None, &nin("00000000001")), "1023"),
        ("down", packed(None, &nin("00000000003")), "1015"),
        ("no number", packed(None, &json!({"country": "NG"})), "1014"),
        ("no zip", b"PK nonsense".to_vec(), "1014"),
    ] {
        let body = server.upload_body("ada", job, 9, "");
        let ended = server.run(&http, &body, package).await;
        assert_eq!(ended["result"]["ResultCode"], code, "{job}: {ended}");
    }
    // Neither belongs to the look-ups' calls, and a look-up has no package.
    let body = server.upload_body("ada", "five", 5, "");
    let (_, refused) = server.post(&http, "/v1/upload", &body).await.unwrap();
    assert_eq!(refused["code"], "2212");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_photo_on_file_stands_in_for_the_selfie() {
    let Some([photo, second, third, stranger]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &[]);
    let http = http();
    let by_file = |user: &str, job: &str| {
        let mut body = server.upload_body(user, job, 1, "");
        body["use_enrolled_image"] = true.into();
        body
    };
    let (_, none) = server
        .post(&http, "/v1/upload", &by_file("joe", "early"))
        .await
        .unwrap();
    assert_eq!(none["code"], "2210");
    for (user, selfie) in [("joe", &second), ("thief", &stranger)] {
        let body = server.upload_body(user, &format!("enrol {user}"), 4, "");
        let enrolled = server.run(&http, &body, package(selfie)).await;
        assert_eq!(enrolled["result"]["ResultCode"], "0840", "{enrolled}");
    }
    for (user, sent, code, compared) in [
        ("joe", None, "0810", "Completed"),
        // Whatever selfie comes besides is not looked at.
        ("thief", Some(photo.as_slice()), "0811", "Failed"),
    ] {
        let ended = server
            .run(
                &http,
                &by_file(user, &format!("kyc {user}")),
                packed(sent, &nin("00000000000")),
            )
            .await;
        let result = &ended["result"];
        assert_eq!(result["ResultCode"], code, "{ended}");
        assert_eq!(result["ResultType"], "SAIA");
        let actions = &result["Actions"];
        assert_eq!(actions["Selfie_To_ID_Authority_Compare"], compared);
        assert_eq!(actions["Register_Selfie"], "Not Applicable");
    }
    // Who owns the number is known from now on.
    let body = server.upload_body("new", "new", 1, "");
    let other = server
        .run(&http, &body, packed(Some(&third), &nin("00000000000")))
        .await;
    assert_eq!(
        other["result"]["UserIDsOfPreviousRegistrants"],
        json!(["joe"]),
        "{other}"
    );
    // A page cannot leave the camera out.
    let mut asked = server.signed();
    for (name, value) in [("partner_id", "p"), ("user_id", "joe"), ("job_id", "page")] {
        asked[name] = value.into();
    }
    asked["product"] = "biometric_kyc".into();
    let (status, token) = server.post(&http, "/v1/token", &asked).await.unwrap();
    assert_eq!(status, 200, "{token}");
    let page = json!({
        "smile_client_id": "p", "token": token["token"], "use_enrolled_image": true,
        "partner_params": {"user_id": "joe", "job_id": "page", "job_type": 1},
    });
    let (_, refused) = server.post(&http, "/v1/upload", &page).await.unwrap();
    assert_eq!(refused["code"], "2205", "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn suspects_are_told_in_a_result_of_their_own_where_the_policy_says_so() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let policy = data.path().join("policy.toml");
    let text = "name = \"a\"\nversion = \"1\"\n[defaults.liveness.motion]\nmode = \"off\"\n\
                [defaults.duplicates]\nown_result = true\n";
    std::fs::write(&policy, text).unwrap();
    let more = [
        "--allow-private-callbacks",
        "--policy",
        policy.to_str().unwrap(),
    ];
    let server = Server::start(data.path(), &key, &more);
    let (url, mut received) = callbacks().await;
    let http = http();
    for (user, selfie, code, suspects) in [
        ("ada", &photo, "5210", json!([])),
        (
            "eve",
            &photo,
            "5211",
            json!([{"user_id": "ada", "reason": "same-person"}]),
        ),
    ] {
        let body = server.upload_body(user, user, 4, &url);
        let ended = server.run(&http, &body, package(selfie)).await;
        assert_eq!(ended["result"]["ResultCode"], "0840", "{ended}");
        let mut told = Vec::new();
        for _ in 0..2 {
            let callback = received.recv().await.unwrap();
            told.push(serde_json::from_slice::<Value>(&callback.body).unwrap());
        }
        let of_search = told.iter().find(|t| t["ResultType"] == "Smile Secure");
        let of_search = of_search.unwrap();
        assert_eq!(of_search["ResultCode"], code, "{of_search}");
        assert_eq!(of_search["Antifraud"]["SuspectUsers"], suspects);
        assert_eq!(of_search["PartnerParams"]["user_id"], user);
        assert!(told.iter().any(|t| t["ResultCode"] == "0840"));
    }
}
