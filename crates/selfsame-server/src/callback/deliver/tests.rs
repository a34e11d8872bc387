//! Deliveries against receivers that behave badly, over real sockets.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes as Body;
use axum::http::HeaderMap;
use axum::routing::post;
use bytes::Bytes;
use selfsame_job::audit::Actor;
use selfsame_job::callback_url::CallbackUrls;
use selfsame_job::job::{Api, JobRequest, JobType};
use selfsame_job::partner::Partner;
use selfsame_job::user::{UserKey, UserState};
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_store::store::{DeliveryRecord, DeliveryState, Finished, NewJob, Outcome};
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};
use selfsame_wire::signature::ApiKey;
use selfsame_wire::webhook::{self, WebhookHeaders, WebhookSecret};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use crate::callback::backoff::Backoff;
use crate::callback::effort::Effort;
use crate::callback::target::{Reach, Schemes};

mod newer_builds;
mod office;

use self::office::Office;

/// Far longer than anything here should take; it only ends tests that hang.
const LONG: Duration = Duration::from_secs(30);
const SANDBOX: Environment = Environment::Sandbox;

fn key(partner: &str) -> ApiKey {
    ApiKey::new(format!("key of {partner}"))
}

/// Once more soon, then no more.
const TWICE: Backoff = Backoff {
    first: Duration::from_millis(10),
    longest: Duration::from_millis(10),
    max_attempts: 2,
};
/// Not again within a test.
const ONCE: Backoff = Backoff {
    first: Duration::from_secs(3600),
    longest: Duration::from_secs(3600),
    max_attempts: 2,
};

/// A receiver that treats each connection so.
async fn receiver<F, T>(behaviour: F) -> SocketAddr
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(behaviour(stream));
        }
    });
    address
}

/// One that takes every connection and never answers.
async fn dead() -> SocketAddr {
    receiver(async |stream| {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await
}

/// One that answers 200; what it receives.
async fn honest(on: &str) -> (SocketAddr, mpsc::UnboundedReceiver<(HeaderMap, Body)>) {
    let (sender, received) = mpsc::unbounded_channel();
    let handler = move |headers: HeaderMap, body: Body| {
        sender.send((headers, body)).unwrap();
        async {}
    };
    let listener = TcpListener::bind((on, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, received)
}

/// Eighty addresses that never answer, and one that does: its callback arrives while all the others still hang.
#[tokio::test(flavor = "multi_thread")]
async fn receivers_that_never_answer_delay_nobody_elses() {
    let office = Office::open().await;
    for partner in ["flood", "honest"] {
        office.partner(partner).await;
    }
    let mut flood = Vec::new();
    for _ in 0..80 {
        let url = format!("http://{}/", dead().await);
        flood.push(office.result_for("flood", SANDBOX, url).await);
    }
    let (address, mut received) = honest("127.0.0.1").await;
    let url = format!("http://{address}/");
    office.result_for("honest", SANDBOX, url).await;
    office.deliver(LONG * 2, ONCE, Schemes::default());
    tokio::time::timeout(LONG, received.recv())
        .await
        .expect("it waits behind the flood")
        .unwrap();
    for job in &flood {
        let record = office.store.deliveries(job).await.unwrap().remove(0);
        assert!(record.attempts.is_empty(), "they still hang");
    }
}

/// The same with one partner: what it sends to a receiver that answers does not wait for all of those that do not.
#[tokio::test(flavor = "multi_thread")]
async fn a_partners_own_dead_receivers_take_their_share_only() {
    let office = Office::open().await;
    office.partner("p").await;
    for _ in 0..30 {
        let url = format!("http://{}/", dead().await);
        office.result_for("p", SANDBOX, url).await;
    }
    // Not on the address of the dead, of which one partner may try few at a time.
    let (address, mut received) = honest("127.0.0.2").await;
    office
        .result_for("p", SANDBOX, format!("http://{address}/"))
        .await;
    let often = Backoff {
        max_attempts: 1000,
        ..TWICE
    };
    office.deliver(Duration::from_millis(300), often, Schemes::default());
    tokio::time::timeout(LONG, received.recv())
        .await
        .expect("it waits behind the dead")
        .unwrap();
    // From now on the dead are known as such, and the next does not wait for any of them.
    for _ in 0..20 {
        office
            .result_for("p", SANDBOX, format!("http://{address}/"))
            .await;
    }
    for _ in 0..20 {
        tokio::time::timeout(LONG, received.recv())
            .await
            .expect("it waits behind the dead")
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_try_ends_in_time_whatever_the_receiver_does() {
    let office = Office::open().await;
    office.partner("p").await;
    let drips = receiver(async |mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let heads = receiver(async |mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(b"name: value\r\n").await.is_ok() {}
    });
    let interim = receiver(async |mut stream| {
        while stream
            .write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            .await
            .is_ok()
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let body = receiver(async |mut stream| {
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    let moved = receiver(async |mut stream| {
        let _ = stream.read(&mut [0; 4096]).await;
        let head =
            b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n";
        let _ = stream.write_all(head).await;
        let _ = stream.read(&mut [0; 4096]).await;
    });
    let closes = receiver(async |stream| drop(stream));
    office
        .try_once(
            Duration::from_millis(600),
            &[
                ("drips a head", drips.await, None),
                ("an endless head", heads.await, None),
                ("endless interim answers", interim.await, None),
                ("never answers", dead().await, None),
            ],
        )
        .await;
    // Whoever says what there is to say has been heard before the time is up, however busy the machine.
    let office = Office::open().await;
    office.partner("p").await;
    office
        .try_once(
            LONG * 4,
            &[
                ("an endless body", body.await, Some(200)),
                ("a redirection", moved.await, Some(307)),
                ("closes at once", closes.await, None),
            ],
        )
        .await;
}

/// The code covers the body as it is sent, the id stays the same, and both are made afresh at each try.
#[tokio::test(flavor = "multi_thread")]
async fn each_try_carries_a_code_over_its_body() {
    let office = Office::open().await;
    office.partner("p").await;
    let (sender, mut received) = mpsc::unbounded_channel();
    let tries = Arc::new(AtomicUsize::new(0));
    let handler = move |headers: HeaderMap, body: Body| {
        sender.send((headers, body)).unwrap();
        let first = tries.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if first {
                StatusCode::BAD_GATEWAY
            } else {
                StatusCode::OK
            }
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let job = office.result_for("p", SANDBOX, url).await;
    office.deliver(LONG, TWICE, Schemes::default());
    let mut ids = Vec::new();
    for _ in 0..2 {
        let next = tokio::time::timeout(LONG, received.recv()).await;
        let (headers, body) = next.unwrap().unwrap();
        let text = |name| headers[name].to_str().unwrap().to_owned();
        let headers = WebhookHeaders {
            id: text(webhook::ID),
            timestamp: text(webhook::TIMESTAMP),
            signature: text(webhook::SIGNATURE),
        };
        let secret = WebhookSecret::derive(&key("p"));
        let check = |body: &[u8]| secret.verify(&headers, body, &webhook::WINDOW, Timestamp::now());
        check(&body).unwrap();
        assert!(check(&[&body[..], b" "].concat()).is_err());
        ids.push(headers.id);
    }
    assert_eq!(ids, vec![format!("{job}-1"); 2]);
}

/// A receiver that was down: its backlog arrives whole once it is up.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_comes_back_gets_all_that_waited() {
    let office = Office::open().await;
    office.partner("p").await;
    let (sender, mut received) = mpsc::unbounded_channel();
    let refusals = Arc::new(AtomicUsize::new(4));
    let handler = move |body: Body| {
        let down = refusals
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
            .is_ok();
        if !down {
            sender.send(body).unwrap();
        }
        async move {
            if down {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::OK
            }
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut waiting = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let job = office.result_for("p", SANDBOX, url.clone()).await;
        waiting.insert(job.as_str().to_owned());
    }
    let often = Backoff {
        max_attempts: 1000,
        ..TWICE
    };
    office.deliver(LONG, often, Schemes::default());
    while !waiting.is_empty() {
        let body = tokio::time::timeout(LONG, received.recv()).await;
        let result: serde_json::Value = serde_json::from_slice(&body.unwrap().unwrap()).unwrap();
        waiting.remove(result["SmileJobID"].as_str().unwrap());
    }
}

/// A URL that was accepted under other rules is not used under these.
#[tokio::test(flavor = "multi_thread")]
async fn production_goes_by_https_at_delivery_too() {
    for (schemes, environment, goes) in [
        (Schemes::HttpsInProduction, Environment::Production, false),
        (Schemes::HttpsInProduction, SANDBOX, true),
        (Schemes::HttpToo, Environment::Production, true),
    ] {
        let office = Office::open().await;
        office.partner("p").await;
        let (address, mut received) = honest("127.0.0.1").await;
        let url = format!("http://{address}/");
        let job = office.result_for("p", environment, url).await;
        office.deliver(LONG, ONCE, schemes);
        let record = office.tried(&job, 1).await;
        assert_eq!(
            received.try_recv().is_ok(),
            goes,
            "{schemes:?} {environment}"
        );
        let error = record.attempts[0].error.clone().unwrap_or_default();
        assert_eq!(error.contains("--allow-http-callbacks"), !goes, "{error}");
    }
}

/// The body carries no signature; the headers do, and name job and user.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_of_v3_is_signed_in_its_headers() {
    let office = Office::open().await;
    office.partner("2343").await;
    let (address, mut received) = honest("127.0.0.1").await;
    let url = format!("http://{address}/");
    let job = office.result_by(Api::V3, "2343", SANDBOX, url).await;
    office.deliver(LONG, ONCE, Schemes::default());
    let next = tokio::time::timeout(LONG, received.recv()).await;
    let (headers, body) = next.unwrap().unwrap();
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(told["status"], "clear");
    assert_eq!(told["reason"], serde_json::Value::Null);
    assert_eq!(told["product"], "smart_selfie_authentication");
    for absent in ["signature", "timestamp", "ResultCode", "evidence"] {
        assert!(told.get(absent).is_none(), "{absent}");
    }
    let name = selfsame_wire::v3::type_id::of_job(&job).unwrap();
    assert_eq!(text("job-id"), name.as_str());
    assert_eq!(told["partner_params"]["job_id"], name.as_str());
    assert_eq!(
        (text("user-id").as_str(), text("api-version").as_str()),
        ("u", "v3")
    );
    let partner = PartnerId::new("2343").unwrap();
    let (key, timestamp) = (key("2343"), text("response-timestamp"));
    let signature = text("response-signature");
    use selfsame_wire::signature::{TimestampWindow, verify_answer, verify_request};
    assert!(verify_answer(&key, &partner, &timestamp, &signature));
    // What a receiver gets is no credential.
    let window = TimestampWindow::default();
    let now = Timestamp::now();
    assert!(verify_request(&key, &partner, &timestamp, &signature, &window, now).is_err());
    let code = WebhookHeaders {
        id: text(webhook::ID),
        timestamp: text(webhook::TIMESTAMP),
        signature: text(webhook::SIGNATURE),
    };
    let secret = WebhookSecret::derive(&key);
    secret.verify(&code, &body, &webhook::WINDOW, now).unwrap();
}

/// Of two jobs with one receiver that fails, each is tried as its own API has it.
#[tokio::test(flavor = "multi_thread")]
async fn each_api_has_its_own_tries() {
    let office = Office::open().await;
    office.partner("p").await;
    let rules = TargetRules {
        reach: Reach::PrivateToo,
        schemes: Schemes::default(),
    };
    let closes = receiver(async |stream| drop(stream)).await;
    let url = format!("http://{closes}/");
    let webhook = office.result_by(Api::V3, "p", SANDBOX, url.clone()).await;
    let callback = office.result_for("p", SANDBOX, url).await;
    let effort = |max_attempts| Effort {
        backoff: Backoff {
            max_attempts,
            ..TWICE
        },
        timeout: LONG,
    };
    office.deliver_by(
        rules,
        Efforts {
            callbacks: effort(1),
            webhooks: effort(3),
        },
    );
    for (job, tries) in [(callback, 1), (webhook, 3)] {
        let record = office.tried(&job, tries).await;
        assert_eq!(record.state, DeliveryState::Exhausted);
        assert_eq!(record.attempts.len(), tries);
    }
}
