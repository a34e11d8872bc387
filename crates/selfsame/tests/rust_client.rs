//! The Rust client against the real server: what the seed's call means.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::sync::{Arc, Mutex};

use selfsame_client::callback::CallbackVerifier;
use selfsame_client::{
    Capture, ChallengeFailure, Client, ClientError, Connection, Progress, Submission,
};
use serde_json::{Value, json};

use crate::support::{self, Server, add_partner, photographs};

fn client(server: &Server) -> Client {
    Client::new(Connection {
        server: server.base.parse().unwrap(),
        partner: support::partner(),
        api_key: server.key.expose().to_owned(),
    })
    .unwrap()
}

/// A submission with everything absent, as the mobile call writes that.
fn absent(tag: &str) -> Submission<'_> {
    Submission {
        tag,
        job_type: 4,
        is_production: false,
        partner_params: json!({}),
        id_info: json!({}),
        geo_info: json!({}),
        callback_url: "",
        job_status_polling_timeout_millis: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn absent_values_are_made_or_left_out() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let mut client = client(&server);
    let reported = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&reported);
    client.on_progress(move |progress| listener.lock().unwrap().push(progress));
    // Without a tag one is made, and given back.
    let tag = client.keep("", Capture::from_selfie(photo.clone()));
    assert_eq!(client.tags().collect::<Vec<_>>(), [tag.as_str()]);
    let status = client.submit_job(&absent(&tag)).await.unwrap();
    assert!(status.job_complete() && status.job_success());
    let result = status.result().unwrap();
    assert_eq!(result.result_code(), Some("0840"));
    assert!(result.job_id().is_some() && result.user_id().is_some());
    assert_eq!(result.partner_params().unwrap()["job_type"], 4);
    for name in ["id_info", "geo_info"] {
        assert_eq!(result.to_json().get(name), None, "{name}");
    }
    // As JSON and as a string it is the same.
    assert_eq!(
        serde_json::from_str::<Value>(&status.to_string()).unwrap(),
        *status.to_json()
    );

    let reported = reported.lock().unwrap().clone();
    assert_eq!(reported[0], Progress::Prepared);
    let sent: Vec<(usize, usize)> = reported
        .iter()
        .filter_map(|p| match p {
            Progress::Uploading { sent, total } => Some((*sent, *total)),
            _ => None,
        })
        .collect();
    assert!(sent.len() > 1 && sent.is_sorted(), "{sent:?}");
    assert_eq!(sent.last().unwrap().0, sent[0].1, "all of it");
    assert!(reported.contains(&Progress::Uploaded));

    assert!(client.forget(&tag).is_some());
    let error = client.submit_job(&absent(&tag)).await.unwrap_err();
    assert!(matches!(error, ClientError::UnknownTag(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_given_arrives() {
    let Some([photo, same, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start_for_stills(data.path(), &key, &["--allow-private-callbacks"]);
    let mut client = client(&server);
    let (callback_url, mut callbacks) = support::callbacks().await;
    let capture = Capture::from_selfie(photo.clone())
        .with_frames(vec![photo.clone(), photo.clone()])
        .with_id_card(same.clone(), Some(same.clone()));
    client.keep("sign-up", capture);
    let geo = json!({"accuracy": 4.5, "altitude": 12.0, "latitude": -1.25, "longitude": 36.8,
                     "lastUpdate": "2026-01-31T12:00:00Z", "isGeoPermissionGranted": true});
    let id = json!({"country": "KE", "id_type": "PASSPORT", "id_number": "A1"});
    let status = client
        .submit_job(&Submission {
            partner_params: json!({"job_id": "j1", "user_id": "ada", "branch": {"name": "Nairobi"}}),
            id_info: id.clone(),
            geo_info: geo.clone(),
            callback_url: &callback_url,
            job_status_polling_timeout_millis: 60_000,
            ..absent("sign-up")
        })
        .await
        .unwrap();
    let result = status.result().unwrap();
    assert_eq!(
        (result.job_id(), result.user_id()),
        (Some("j1"), Some("ada"))
    );
    assert_eq!(
        result.partner_params().unwrap()["branch"],
        json!({"name": "Nairobi"})
    );
    assert_eq!(result.to_json()["id_info"], id);
    assert_eq!(result.to_json()["geo_info"], geo);
    assert_eq!(result.action("Register_Selfie"), Some("Passed"));
    assert_eq!(
        result.action("Selfie_To_ID_Card_Compare"),
        Some("Not Applicable")
    );
    let verifier = CallbackVerifier::new(support::partner(), key.expose());
    let called = callbacks.recv().await.unwrap().verified(&verifier);
    assert_eq!(called.smile_job_id(), result.smile_job_id());
    // Each image is with the server, the ID card included.
    let mut question = server.signed();
    for (name, value) in [("partner_id", "p"), ("user_id", "ada"), ("job_id", "j1")] {
        question[name] = value.into();
    }
    question["image_links"] = true.into();
    let http = support::http();
    let (_, links) = server
        .post(&http, "/v1/job_status", &question)
        .await
        .unwrap();
    let links = &links["image_links"];
    for (name, image) in [
        ("selfie_image", &photo),
        ("id_card_image", &same),
        ("id_card_back", &same),
    ] {
        let answer = http
            .get(links[name].as_str().unwrap())
            .send()
            .await
            .unwrap();
        assert!(answer.bytes().await.unwrap() == image[..], "{name}");
    }
    assert_eq!(links["liveness_images"].as_array().unwrap().len(), 2);

    // The same capture, later: an authentication, and a name that is taken.
    let again = |job: &'static str| Submission {
        job_type: 2,
        partner_params: json!({"job_id": job, "user_id": "ada"}),
        ..absent("sign-up")
    };
    let status = client.submit_job(&again("j2")).await.unwrap();
    assert_eq!(status.result_code(), Some("0820"));
    assert!(status.confidence_value().unwrap() > 50.0);
    match client.submit_job(&again("j2")).await.unwrap_err() {
        ClientError::Refused {
            code, http_status, ..
        } => {
            assert_eq!((code.as_str(), http_status), ("2215", 400));
        }
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_drawn_judged_and_used_once() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let mut client = client(&server);
    let user = "ada".parse().unwrap();
    let drawn = client.draw_challenge(&user, 4, false).await.unwrap();
    assert!(!drawn.challenge.turns.is_empty() && drawn.seconds > 0);
    // A picture that stands still makes no turn.
    let still = Capture::from_selfie(photo.clone()).with_frames(vec![photo.clone(), photo.clone()]);
    client.keep("still", still.following(drawn.challenge.id));
    let submission = Submission {
        partner_params: json!({"user_id": "ada"}),
        ..absent("still")
    };
    let status = client.submit_job(&submission).await.unwrap();
    let failure = status.challenge_failure();
    assert_eq!(failure, Some(ChallengeFailure::NotFollowed), "{status}");
    let error = client.submit_job(&submission).await.unwrap_err();
    assert!(
        matches!(error, ClientError::ChallengeExpired { .. }),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_passes_leaves_the_rest_to_the_callback() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let private = "--allow-private-callbacks";
    // Nobody works on the job as long as this one serves.
    let server = Server::start(data.path(), &key, &[private, "--roles", "api"]);
    let mut client = client(&server);
    let (callback_url, mut callbacks) = support::callbacks().await;
    client.keep("t", Capture::from_selfie(photo));
    let status = client
        .submit_job(&Submission {
            partner_params: json!({"job_id": "last", "user_id": "ada"}),
            callback_url: &callback_url,
            job_status_polling_timeout_millis: 1,
            ..absent("t")
        })
        .await
        .unwrap();
    assert!(!status.job_complete() && !status.job_success());
    assert_eq!(status.result(), None);
    assert_eq!(status.result_code(), None);
    server.kill();
    let _server = Server::start(data.path(), &key, &[private]);
    let verifier = CallbackVerifier::new(support::partner(), key.expose());
    let called = callbacks.recv().await.unwrap().verified(&verifier);
    assert_eq!(
        (called.job_id(), called.result_code()),
        (Some("last"), Some("0840"))
    );
}
