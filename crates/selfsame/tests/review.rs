//! A provisional job waits for a person, who decides once; what operators do is on record.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use selfsame_client::callback::CallbackVerifier;
use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, http, package, photographs, selfsame};

/// A receiver that keeps the codes of each job's callbacks, signature verified.
async fn receive(verifier: CallbackVerifier) -> (String, Arc<Mutex<Vec<(String, String)>>>) {
    let received = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&received);
    let handler = move |headers: HeaderMap, body: Bytes| {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let result = verifier.verify(header, &body).unwrap();
        kept.lock().unwrap().push((
            result.smile_job_id().unwrap().to_owned(),
            result.result_code().unwrap().to_owned(),
        ));
        async {}
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(
        async move { axum::serve(listener, Router::new().route("/", post(handler))).await },
    );
    (url, received)
}

/// Enrolments are never sharp enough, authentications never alike enough: both wait for a person.
const POLICY: &str = "name = \"wary\"\nversion = \"1\"\n\
    [enrolment.quality]\nmin_definition = 1.0\n[enrolment.responses]\nblurred = \"review\"\n\
    [authentication.comparison]\nmatch_threshold = 1.0\n";

#[tokio::test(flavor = "multi_thread")]
async fn people_decide() {
    let Some([photo, second, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().to_str().unwrap();
    let key = add_partner(data.path());
    let policy = data.path().join("policy.toml");
    std::fs::write(&policy, POLICY).unwrap();
    let server = Server::start(
        data.path(),
        &key,
        &[
            "--allow-private-callbacks",
            "--policy",
            policy.to_str().unwrap(),
        ],
    );
    let (url, received) = receive(CallbackVerifier::new(support::partner(), key.expose())).await;
    let http = http();
    let admin = async |method: reqwest::Method, path: &str, token: &str, body: Option<Value>| {
        let mut request = http.request(method, format!("{}/admin/v1/reviews{path}", server.base));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap(),
        )
    };
    let get = reqwest::Method::GET;

    let enrolment = server
        .run(
            &http,
            &server.upload_body("ada", "enrol", 4, &url),
            package(&photo),
        )
        .await;
    let result = &enrolment["result"];
    assert_eq!(result["ResultCode"], "0842", "{enrolment}");
    assert_eq!(
        (&result["IsFinalResult"], &enrolment["job_success"]),
        (&json!("false"), &json!(false))
    );
    assert_eq!(result["Actions"]["Register_Selfie"], "Under Review");
    assert_eq!(
        result["Actions"]["Human_Review_Selfie_Check"],
        "Sent to Human Review"
    );
    let (_, refused) = server
        .post(
            &http,
            "/v1/upload",
            &server.upload_body("ada", "early", 2, &url),
        )
        .await
        .unwrap();
    assert_eq!(refused["code"], "2210", "nobody is enrolled yet");

    // The command line decides the enrolment.
    let listed = selfsame(&["review", "--data", dir, "list"]);
    assert_eq!(listed.len(), 1);
    let job = listed[0]["smile_job_id"].as_str().unwrap().to_owned();
    let shown = selfsame(&["review", "--data", dir, "show", &job]);
    assert_eq!(
        shown[0]["result"]["evidence"]["reasons"],
        json!(["blurred"])
    );
    let decided = selfsame(&[
        "review",
        "--data",
        dir,
        "decide",
        &job,
        "approve",
        "--note",
        "sharp enough",
    ]);
    assert_eq!(decided[0]["result_code"], "1210");
    let (_, after) = server.status(&http, "ada", "enrol").await.unwrap();
    assert_eq!(after["result"]["ResultCode"], "1210");
    assert_eq!(after["job_success"], true);
    assert_eq!(after["result"]["Actions"]["Register_Selfie"], "Approved");

    // The operator API decides the authentication; without any token it is not there.
    let waiting = server
        .run(
            &http,
            &server.upload_body("ada", "auth", 2, &url),
            package(&second),
        )
        .await;
    assert_eq!(waiting["result"]["ResultCode"], "0822", "{waiting}");
    assert_eq!(admin(get.clone(), "", "", None).await.0, 404);
    let token = selfsame(&["admin", "--data", dir, "token", "add", "--name", "eve"]);
    let token = token[0]["token"].as_str().unwrap().to_owned();
    assert_eq!(admin(get.clone(), "", "", None).await.0, 401);
    assert_eq!(
        admin(get.clone(), "", &format!("{token}x"), None).await.0,
        401
    );
    let (status, list) = admin(get.clone(), "?partner=p&environment=sandbox", &token, None).await;
    assert_eq!(status, 200, "{list}");
    let reviews = list["reviews"].as_array().unwrap();
    assert_eq!(reviews.len(), 1);
    let path = format!("/{}", reviews[0]["smile_job_id"].as_str().unwrap());
    let (_, shown) = admin(get.clone(), &path, &token, None).await;
    assert_eq!(
        shown["result"]["evidence"]["reasons"],
        json!(["between_thresholds"])
    );
    for (link, bytes) in [
        (&shown["images"]["selfie_image"], &second),
        (&shown["enrolled_image"], &photo),
    ] {
        let image = http.get(link.as_str().unwrap()).send().await.unwrap();
        assert_eq!(image.bytes().await.unwrap(), bytes.as_slice());
    }
    let decision = format!("{path}/decision");
    let decide = |decision: &str| json!({"decision": decision, "note": "n"});
    let post = reqwest::Method::POST;
    assert_eq!(
        admin(post.clone(), &decision, &token, Some(decide("maybe")))
            .await
            .0,
        400
    );
    assert_eq!(
        admin(
            post.clone(),
            "/nobody/decision",
            &token,
            Some(decide("spoof"))
        )
        .await
        .0,
        404
    );
    let (status, answer) = admin(post.clone(), &decision, &token, Some(decide("spoof"))).await;
    assert_eq!((status, &answer["result_code"]), (200, &json!("1222")));
    assert_eq!(
        admin(post.clone(), &decision, &token, Some(decide("approve")))
            .await
            .0,
        409
    );
    let (_, after) = server.status(&http, "ada", "auth").await.unwrap();
    let result = &after["result"];
    assert_eq!(result["ResultCode"], "1222");
    assert_eq!(result["IsMachineResult"], "false");
    assert_eq!(result["Actions"]["Liveness_Check"], "Failed");
    assert_eq!(after["job_success"], false);
    let mut question = server.signed();
    for (name, value) in [("partner_id", "p"), ("user_id", "ada"), ("job_id", "auth")] {
        question[name] = value.into();
    }
    question["history"] = true.into();
    let (_, history) = server
        .post(&http, "/v1/job_status", &question)
        .await
        .unwrap();
    let codes: Vec<&str> = history["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["ResultCode"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["1222", "0822"]);

    // Each result had its callback.
    support::until("four callbacks", async || {
        received.lock().unwrap().len() >= 4
    })
    .await;
    let mut codes: Vec<String> = received
        .lock()
        .unwrap()
        .iter()
        .map(|(_, code)| code.clone())
        .collect();
    codes.sort();
    assert_eq!(codes, ["0822", "0842", "1210", "1222"]);

    // All of it is on record.
    let records = selfsame(&["audit", "--data", dir, "list"]);
    let actions: Vec<(&str, &str)> = records
        .iter()
        .map(|r| (r["actor"].as_str().unwrap(), r["action"].as_str().unwrap()))
        .collect();
    assert!(actions.contains(&("server", "policy_in_force")));
    assert!(actions.contains(&("admin:eve", "review_decided")));
    assert!(
        actions
            .iter()
            .any(|(who, what)| who.starts_with("cli:") && *what == "review_decided")
    );
    let verified = selfsame(&["audit", "--data", dir, "verify"]);
    assert_eq!(verified[0]["intact"], true);
    let head = verified[0]["head"].as_str().unwrap();
    assert_eq!(
        selfsame(&["audit", "--data", dir, "verify", "--head", head])[0]["intact"],
        true
    );
    let other = format!("1:{}", "0".repeat(64));
    let broken = support::store::command(&["audit", "--data", dir, "verify", "--head", &other])
        .output()
        .unwrap();
    assert_eq!(broken.status.code(), Some(1));

    // A token that was withdrawn is dead at once.
    selfsame(&["admin", "--data", dir, "token", "remove", "--name", "eve"]);
    assert_eq!(admin(get, "", &token, None).await.0, 404);
}

/// An approval is one transaction: a server that is killed right after it has everything, and enrols once.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_outlives_the_server() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().to_str().unwrap();
    let key = add_partner(data.path());
    let policy = data.path().join("policy.toml");
    std::fs::write(&policy, POLICY).unwrap();
    let more = ["--policy", policy.to_str().unwrap()];
    let server = Server::start(data.path(), &key, &more);
    let http = http();
    for job in ["one", "two"] {
        let status = server
            .run(
                &http,
                &server.upload_body("ada", job, 4, ""),
                package(&photo),
            )
            .await;
        assert_eq!(status["result"]["ResultCode"], "0842");
    }
    let waiting = selfsame(&["review", "--data", dir, "list"]);
    let name = |at: usize| waiting[at]["smile_job_id"].as_str().unwrap();
    let approve = |at| selfsame(&["review", "--data", dir, "decide", name(at), "approve"]);
    assert_eq!(approve(0)[0]["result_code"], "1210");
    server.kill();
    let server = Server::start(data.path(), &key, &more);
    let (_, status) = server.status(&http, "ada", "one").await.unwrap();
    assert_eq!(status["result"]["ResultCode"], "1210");
    // The user is enrolled: the other approval cannot take effect any more.
    assert_eq!(approve(1)[0]["result_code"], "1211");
    let (_, status) = server.status(&http, "ada", "two").await.unwrap();
    assert!(
        status["result"]["ResultText"]
            .as_str()
            .unwrap()
            .starts_with("Not enrolled after review: this user_id is already enrolled"),
        "{status}"
    );
}
