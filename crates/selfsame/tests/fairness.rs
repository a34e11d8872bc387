//! One partner's flood does not hold up another partner, on the real binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use jiff::Timestamp;
use selfsame_job::audit::Actor;
use selfsame_job::callback_url::CallbackUrls;
use selfsame_job::job::{Api, JobRequest, JobState, JobType};
use selfsame_job::partner::Partner;
use selfsame_job::user::UserKey;
use selfsame_store::store::{Finished, JobFilter, NewJob, Outcome, Prepared, Store};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};
use selfsame_wire::signature::ApiKey;
use serde_json::json;

use crate::support::{self, Server, add_partner, add_partner_with_production, http, photographs};

/// Far longer than it should take; it only ends a test that hangs.
const LONG: Duration = Duration::from_secs(45);

async fn partner(store: &Arc<dyn Store>, id: &str) {
    let partner = Partner {
        id: PartnerId::new(id).unwrap(),
        name: id.to_owned(),
        production_enabled: false,
        signs_bodies: false,
        callback_urls: CallbackUrls::default(),
        sandbox_key: ApiKey::new(format!("key of {id}")),
        production_key: ApiKey::new(format!("production key of {id}")),
        created_at: Timestamp::now(),
    };
    let by = Actor::new("cli:test").unwrap();
    assert!(store.create_partner(&partner, &by).await.unwrap());
}

/// Queues a job of a partner's sandbox whose package is no zip: it ends at once.
async fn queue(store: &Arc<dyn Store>, partner: &str, callback_url: Option<String>) -> NewJob {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let job = NewJob {
        smile_job_id: SmileJobId::new(id.clone()).unwrap(),
        user: UserKey {
            partner: PartnerId::new(partner).unwrap(),
            environment: Environment::Sandbox,
            user: UserId::new("u").unwrap(),
        },
        job_id: JobId::new(id).unwrap(),
        job_type: JobType::Enrolment,
        request: JobRequest {
            callback_url,
            ..JobRequest::new(Api::V1, serde_json::from_str("{}").unwrap())
        },
        retry: false,
        request_digest: None,
    };
    let package = Bytes::from_static(b"no zip");
    let prepared = store.submit_job(&job, package).await.unwrap();
    assert_eq!(prepared, Prepared::Recorded);
    job
}

/// A job that ended before the server starts; its callback is due.
async fn callback_due(store: &Arc<dyn Store>, partner: &str, url: String) {
    queue(store, partner, Some(url.clone())).await;
    let claim = store.claim_job(LONG).await.unwrap().unwrap();
    let outcome = Outcome {
        registers: None,
        result: Bytes::from_static(b"{}"),
        success: true,
        result_code: "0840".to_owned(),
        judged: selfsame_job::user::UserState::default(),
        searched: None,
        attempt: None,
        keeps: Vec::new(),
        enrol: None,
        review: None,
        accepted: Vec::new(),
        only_if_new: false,
        beside: None,
        callback_url: Some(url),
    };
    let ended = store.finish_job(&claim, &outcome).await.unwrap();
    assert_eq!(ended, Finished::Committed);
}

/// A receiver that takes connections and never answers.
async fn dead() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(connection) = listener.accept().await {
            held.push(connection);
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn eighty_receivers_that_never_answer_delay_no_other_partner() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let store = support::store::open(data.path()).await;
    partner(&store, "flood").await;
    for _ in 0..80 {
        callback_due(&store, "flood", dead().await).await;
    }
    let (url, mut callbacks) = support::callbacks().await;
    callback_due(&store, "p", url).await;
    drop(store);
    let _server = Server::start(
        data.path(),
        &key,
        &["--allow-private-callbacks", "--engine", "rten"],
    );
    // Sixteen at a time, ten seconds each, eighty would take fifty seconds.
    tokio::time::timeout(LONG, callbacks.recv())
        .await
        .expect("it waits behind the flood")
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_delays_no_other_partners_job() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let store = support::store::open(data.path()).await;
    partner(&store, "batch").await;
    for _ in 0..200 {
        queue(&store, "batch", None).await;
    }
    let single = queue(&store, "p", None).await;
    drop(store);
    let server = Server::start(data.path(), &key, &["--engine", "rten", "--workers", "1"]);
    server.ended(&http(), "u", single.job_id.as_str()).await;
    let store = support::store::open(data.path()).await;
    let filter = JobFilter {
        state: Some(JobState::Done),
        limit: 1000,
        ..JobFilter::default()
    };
    let ended = store.jobs(&filter).await.unwrap();
    let single = store.job(&single.smile_job_id).await.unwrap().unwrap();
    let before = ended
        .iter()
        .filter(|j| j.updated_at < single.updated_at)
        .count();
    assert!(before < 10, "{before} of the batch ended before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn production_callbacks_are_https_unless_the_operator_says_otherwise() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let (sandbox, production) = add_partner_with_production(data.path());
    let http = http();
    for (more, key, url, expected) in [
        (&[][..], &production, "http://example.com/cb", 400),
        (&[], &production, "https://example.com/cb", 200),
        (&[], &sandbox, "http://example.com/cb", 200),
        (
            &["--allow-http-callbacks"],
            &production,
            "http://example.com/cb",
            200,
        ),
    ] {
        let server = Server::start(data.path(), key, &[&["--engine", "rten"], more].concat());
        let job = uuid::Uuid::new_v4().to_string();
        let body = server.upload_body("ada", &job, 4, url);
        let (status, answer) = server.post(&http, "/v1/upload", &body).await.unwrap();
        assert_eq!(status, expected, "{url}: {answer}");
        if expected == 400 {
            assert_eq!(answer["code"], "2204");
            let said = answer["error"].as_str().unwrap();
            assert!(said.contains("--allow-http-callbacks"), "{said}");
        }
        server.terminate();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_shows_who_works_in_the_background() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(
        data.path(),
        &key,
        &["--engine", "rten", "--workers", "2", "--node", "n1"],
    );
    let get = async |path: &str| {
        let answer = http().get(format!("{}{path}", server.base)).send().await;
        answer.unwrap().text().await.unwrap()
    };
    // A server that has only just begun to listen may still be starting them.
    let mut ready = serde_json::Value::Null;
    support::until("the start of all tasks", async || {
        ready = serde_json::from_str(&get("/ready").await).unwrap();
        let tasks = ready["workers"].as_object().unwrap();
        tasks.values().all(|task| task["alive"] == task["wanted"])
    })
    .await;
    let calm = |wanted: u8| json!({"wanted": wanted, "alive": wanted, "restarts": 0, "panics": 0});
    assert_eq!(ready["workers"]["jobs"], calm(4), "{ready}");
    assert_eq!(ready["workers"]["callbacks"], calm(1), "{ready}");
    assert_eq!(ready["workers"]["housekeeping"], calm(1), "{ready}");
    assert_eq!(ready["status"], "ready");
    let metrics = get("/metrics").await;
    assert!(
        metrics.contains("selfsame_tasks_alive{node=\"n1\",task=\"jobs\"} 4"),
        "{metrics}"
    );
}
