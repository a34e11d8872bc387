//! `kill -9` at random moments: no accepted job is lost, none ends twice, each callback arrives.
//!
//! `SELFSAME_SOAK_JOBS` sets how many jobs; `make soak` runs 200.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use selfsame_client::callback::CallbackVerifier;

use crate::support::{self, Server, add_partner, http, package, photographs};

type Received = Arc<Mutex<HashMap<String, Vec<String>>>>;

/// A receiver that keeps, for each job, the names that the server gave it.
async fn receive(verifier: CallbackVerifier) -> (String, Received) {
    let received = Received::default();
    let kept = Arc::clone(&received);
    let handler = move |headers: HeaderMap, body: Bytes| {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let result = verifier.verify(header, &body).unwrap();
        let job = result.job_id().unwrap().to_owned();
        kept.lock()
            .unwrap()
            .entry(job)
            .or_default()
            .push(result.smile_job_id().unwrap().to_owned());
        async {}
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(
        async move { axum::serve(listener, Router::new().route("/", post(handler))).await },
    );
    (url, received)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_accepted_is_lost() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let jobs: usize = std::env::var("SELFSAME_SOAK_JOBS").map_or(24, |n| n.parse().unwrap());
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let (url, received) = receive(CallbackVerifier::new(support::partner(), key.expose())).await;
    let start = || {
        Server::start(
            data.path(),
            &key,
            &["--allow-private-callbacks", "--engine", "rten"],
        )
    };
    let (http, package) = (http(), package(&photo));
    let mut server = start();
    let mut accepted = Vec::new();
    let mut random = 12_345u64;
    for at in 0..jobs {
        let (user, job) = (format!("u{at}"), format!("j{at}"));
        let prepared = server
            .post(
                &http,
                "/v1/upload",
                &server.upload_body(&user, &job, 4, &url),
            )
            .await
            .unwrap();
        let put = http
            .put(prepared.1["upload_url"].as_str().unwrap())
            .body(package.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(put.status().as_u16(), 200);
        accepted.push((user, job));
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        if at % 6 == 5 {
            tokio::time::sleep(Duration::from_millis(random >> 56)).await;
            server.kill();
            support::store::let_leases_end(data.path()).await;
            server = start();
        }
    }
    let mut ended = HashMap::new();
    for (user, job) in &accepted {
        let status = server.ended(&http, user, job).await;
        assert_eq!(status["result"]["ResultCode"], "0840", "{job}: {status}");
        ended.insert(
            job.clone(),
            status["result"]["SmileJobID"].as_str().unwrap().to_owned(),
        );
    }
    support::until("a callback for each job", async || {
        received.lock().unwrap().len() == jobs
    })
    .await;
    let received = received.lock().unwrap();
    for (job, smile_job_id) in &ended {
        let callbacks = received
            .get(job)
            .unwrap_or_else(|| panic!("no callback for {job}"));
        assert!(
            callbacks.iter().all(|id| id == smile_job_id),
            "{job} ended twice: {callbacks:?}"
        );
    }
}
