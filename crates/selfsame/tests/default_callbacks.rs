//! Where results go of requests that name no callback URL: to the partner's own, as it was when they were accepted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is wrong by failing"
)]

use std::path::Path;

use reqwest::multipart::Form;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::support::v3::{V3, consent, details, json_part};
use crate::support::{
    Callback, PATIENCE, Server, add_partner, add_partner_with_production, callbacks, http, package,
    selfsame, store,
};

/// What `selfsame partner` says of p, or does to it.
fn partner(data: &Path, words: &[&str]) -> Vec<Value> {
    selfsame(&[&["partner", "--data", data.to_str().unwrap()], words].concat())
}

/// Sets where p's results go; the receivers of tests are on this machine.
fn set(data: &Path, environment: &str, url: &str) {
    let done = partner(
        data,
        &[
            "callback",
            "--id",
            "p",
            "--environment",
            environment,
            "--url",
            url,
            "--allow-private-callbacks",
            "--allow-http-callbacks",
        ],
    );
    assert_eq!(
        done,
        [json!({"partner_id": "p", "environments": [environment], "callback_url": url})]
    );
}

/// A look-up of v3's.
fn kyc(callback: Option<&str>) -> Form {
    let form = Form::new()
        .part("consent", json_part(consent()))
        .part("user_details", json_part(details("Joe", "Leo")))
        .text("country", "NG")
        .text("id_type", "NIN")
        .text("id_number", "00000000000");
    match callback {
        Some(url) => form.text("callback_url", url.to_owned()),
        None => form,
    }
}

/// A look-up of v1's.
fn look_up(server: &Server, job: &str) -> Value {
    let mut body = server.signed();
    body["partner_id"] = "p".into();
    body["partner_params"] = json!({"user_id": "ada", "job_id": job, "job_type": 5});
    for (name, value) in [
        ("country", "NG"),
        ("id_type", "NIN"),
        ("id_number", "00000000000"),
    ] {
        body[name] = value.into();
    }
    body
}

async fn received(from: &mut UnboundedReceiver<Callback>) -> Value {
    let callback = tokio::time::timeout(PATIENCE, from.recv()).await;
    let callback = callback.expect("a callback").unwrap();
    serde_json::from_slice(&callback.body).unwrap()
}

/// Submits a look-up of v3's that is accepted; gives its job.
async fn accepted(v3: &V3, callback: Option<&str>) -> String {
    let (status, told) = v3.post("/v3/enhanced_kyc", kyc(callback)).await;
    assert_eq!(status, 202, "{told}");
    told["job_id"].as_str().unwrap().to_owned()
}

async fn refused(v3: &V3, wanted: u16) -> String {
    let (status, told) = v3.post("/v3/enhanced_kyc", kyc(None)).await;
    assert_eq!(status, wanted, "{told}");
    told["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_names_no_place_has_its_result_sent_to_the_partners() {
    let data = tempfile::tempdir().unwrap();
    let (key, production_key) = add_partner_with_production(data.path());
    let more = ["--allow-private-callbacks", "--allow-http-callbacks"];
    let server = Server::start(data.path(), &key, &more);
    let http = http();
    let v3 = V3::new(&http, &server.base, "p", &key).await;
    let production = V3::new(&http, &server.base, "p", &production_key).await;
    let (home, mut at_home) = callbacks().await;
    let (elsewhere, mut there) = callbacks().await;
    let (live, mut at_live) = callbacks().await;

    // There is none yet.
    assert!(refused(&v3, 400).await.contains("callback_url"));
    let silent = look_up(&server, "silent");
    let (status, told) = server
        .post(&http, "/v1/id_verification", &silent)
        .await
        .unwrap();
    assert_eq!(status, 200, "{told}");
    let silent = told["SmileJobID"].as_str().unwrap().to_owned();

    set(data.path(), "sandbox", &home);
    let job = accepted(&v3, None).await;
    assert_eq!(
        received(&mut at_home).await["partner_params"]["job_id"],
        job.as_str()
    );
    // What a request names counts, and what a token fixes.
    let job = accepted(&v3, Some(&elsewhere)).await;
    assert_eq!(
        received(&mut there).await["partner_params"]["job_id"],
        job.as_str()
    );
    let payload = json!({"callback_url": elsewhere}).to_string();
    let fixed = Form::new().part("payload", json_part(payload));
    let fixed = V3::bound(&http, &server.base, "p", &key, Some(fixed)).await;
    let job = accepted(&fixed, None).await;
    assert_eq!(
        received(&mut there).await["partner_params"]["job_id"],
        job.as_str()
    );
    // Another environment and another partner have their own.
    assert!(refused(&production, 400).await.contains("callback_url"));
    set(data.path(), "production", &live);
    assert!(!refused(&production, 403).await.contains("callback_url"));
    let other = partner(data.path(), &["add", "--id", "7"]);
    let other_key =
        selfsame_wire::signature::ApiKey::new(other[0]["sandbox_api_key"].as_str().unwrap());
    let other = V3::new(&http, &server.base, "7", &other_key).await;
    assert!(refused(&other, 400).await.contains("callback_url"));

    // v1, with a signature and with a web token.
    let (status, told) = server
        .post(&http, "/v1/async_id_verification", &look_up(&server, "v1"))
        .await
        .unwrap();
    assert_eq!(status, 200, "{told}");
    let told = received(&mut at_home).await;
    assert_eq!(told["PartnerParams"]["job_id"], "v1", "{told}");
    let mut mint = server.signed();
    for (name, value) in [
        ("partner_id", "p"),
        ("user_id", "ada"),
        ("job_id", "page"),
        ("product", "enhanced_kyc"),
    ] {
        mint[name] = value.into();
    }
    let (_, token) = server.post(&http, "/v1/token", &mint).await.unwrap();
    let mut page = look_up(&server, "page");
    page["token"] = token["token"].clone();
    for proof in ["timestamp", "signature"] {
        page.as_object_mut().unwrap().remove(proof);
    }
    // The page's word is not heard.
    page["callback_url"] = elsewhere.clone().into();
    let (status, told) = server
        .post(&http, "/v1/async_id_verification", &page)
        .await
        .unwrap();
    assert_eq!(status, 200, "{told}");
    let told = received(&mut at_home).await;
    assert_eq!(told["PartnerParams"]["job_id"], "page", "{told}");

    // A job of before goes there when it is sent again, by the partner and by an operator.
    let name = selfsame_wire::id::SmileJobId::new(&silent).unwrap();
    let name = selfsame_wire::v3::type_id::of_job(&name).unwrap();
    let (status, told) = v3.post(&format!("/v3/replay/{name}"), Form::new()).await;
    assert_eq!(status, 202, "{told}");
    assert_eq!(received(&mut at_home).await["SmileJobID"], silent.as_str());
    let dir = data.path().to_str().unwrap();
    selfsame(&["job", "--data", dir, "replay", &silent]);
    assert_eq!(received(&mut at_home).await["SmileJobID"], silent.as_str());

    // Whose package is awaited goes where it went when it was accepted, whatever is set meanwhile.
    let upload = server.prepare(&http, "ben", "awaited", 4).await;
    set(data.path(), "sandbox", &elsewhere);
    let sent = http.put(&upload).body(package(b"no picture")).send();
    assert_eq!(sent.await.unwrap().status(), 200);
    let told = received(&mut at_home).await;
    assert_eq!(told["PartnerParams"]["job_id"], "awaited", "{told}");
    let job = accepted(&v3, None).await;
    assert_eq!(
        received(&mut there).await["partner_params"]["job_id"],
        job.as_str()
    );

    let gone = partner(data.path(), &["callback", "--id", "p", "--none"]);
    assert_eq!(
        gone,
        [
            json!({"partner_id": "p", "environments": ["sandbox", "production"], "callback_url": null})
        ]
    );
    assert!(refused(&v3, 400).await.contains("callback_url"));
    assert!(refused(&production, 400).await.contains("callback_url"));
    let (status, told) = server
        .post(&http, "/v1/async_id_verification", &look_up(&server, "v1b"))
        .await
        .unwrap();
    assert_eq!((status, &told["code"]), (400, &json!("2213")), "{told}");
    for receiver in [&mut at_home, &mut there, &mut at_live] {
        assert!(receiver.try_recv().is_err(), "nothing came twice or astray");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_the_server_does_not_call_any_more_is_told_and_named() {
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    // Set by a command that allows more than the server does.
    set(data.path(), "sandbox", "http://127.0.0.1:9/");
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let v3 = V3::new(&http, &server.base, "p", &key).await;
    let told = refused(&v3, 400).await;
    assert!(
        told.contains("127.0.0.1") && told.contains("partner callback"),
        "{told}"
    );
    let (status, told) = server
        .post(&http, "/v1/upload", &server.upload_body("u", "j", 4, ""))
        .await
        .unwrap();
    assert_eq!((status, &told["code"]), (400, &json!("2204")), "{told}");
}

#[test]
fn the_command_line_sets_what_may_be_called_and_shows_it() {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().to_str().unwrap();
    let url = "https://p.example/cb?key=1";
    let add = ["add", "--id", "p", "--callback-url", url];
    partner(data.path(), &add);
    let shown = partner(data.path(), &["list"]);
    let urls =
        |sandbox: Value, production: Value| json!({"sandbox": sandbox, "production": production});
    assert_eq!(shown[0]["callback_urls"], urls(url.into(), url.into()));
    let sandbox = ["--environment", "sandbox"];
    for (words, why) in [
        (vec!["--url", "http://p.example/"], "plain http"),
        (vec!["--url", "https://10.0.0.1/"], "not public"),
        (
            vec![
                "--url",
                "https://169.254.169.254/",
                "--allow-private-callbacks",
            ],
            "not public",
        ),
        (vec!["--url", "ftp://p.example/"], "absolute http or https"),
        (vec!["--url", "https://a:b@p.example/"], "user name"),
        (vec!["--url", url, "--none"], "cannot be used with"),
        (vec![], "required"),
    ] {
        let start = ["partner", "--data", dir, "callback", "--id", "p"];
        let output = store::command(&[&start[..], &words].concat()).output();
        let output = output.unwrap();
        assert!(!output.status.success(), "{words:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(why), "{words:?}: {said}");
    }
    let plain = "http://p.example/";
    let words = [&["callback", "--id", "p", "--url", plain], &sandbox[..]].concat();
    partner(data.path(), &words);
    let shown = partner(data.path(), &["list"]);
    assert_eq!(shown[0]["callback_urls"], urls(plain.into(), url.into()));
    let output = store::command(&["partner", "--data", dir, "list"]).output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(
        said.contains(&format!("sandbox results to {plain}")),
        "{said}"
    );
    assert!(
        said.contains(&format!("production results to {url}")),
        "{said}"
    );
    let records = selfsame(&["audit", "--data", dir, "list"]);
    let last = records
        .iter()
        .rfind(|record| record["action"] == "partner_callback_set")
        .unwrap()
        .to_string();
    assert!(
        last.contains("http://p.example") && !last.contains("key=1"),
        "{last}"
    );
}
