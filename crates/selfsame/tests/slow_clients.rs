//! Clients that drip, stop halfway, vanish or come too often, and a server that is asked to stop: against the real binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::{self, Server, add_partner, http, package, photographs, until};

/// How long a test waits for what must come sooner or later.
const PATIENCE: Duration = Duration::from_secs(60);

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.base.trim_start_matches("http://"))
        .await
        .unwrap()
}

fn head(method: &str, path: &str, length: usize) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n")
}

fn path(url: &str) -> &str {
    &url[url.find("/v1/").unwrap()..]
}

/// Sends until it was quick enough: a second may be too short for an honest client too, where the machine has much else to do.
async fn in_time(request: impl Fn() -> reqwest::RequestBuilder) -> reqwest::Response {
    let mut answer = None;
    until("a request that was quick enough", async || {
        let sent = request().send().await.ok();
        answer = sent.filter(|answer| answer.status() != 408);
        answer.is_some()
    })
    .await;
    answer.unwrap()
}

/// Sends a piece every so often until the server has had enough; gives what it said.
async fn drip(stream: TcpStream, piece: &'static [u8]) -> String {
    let (mut read, mut write) = stream.into_split();
    let dripping = tokio::spawn(async move {
        while write.write_all(piece).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut said = Vec::new();
    // A connection that is reset has ended as well as one that is closed.
    let _ = tokio::time::timeout(PATIENCE, read.read_to_end(&mut said))
        .await
        .expect("the server lets a dripping client go");
    dripping.abort();
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_drips_is_let_go() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let quick = ["--head-timeout", "1", "--body-timeout", "1"];
    let mut server = Server::start(data.path(), &key, &quick);
    let http = http();
    let mut stream = connect(&server).await;
    stream
        .write_all(b"POST /v1/upload HTTP/1.1\r\n")
        .await
        .unwrap();
    let said = drip(stream, b"X-More: yes\r\n").await;
    assert!(!said.contains("200 OK"), "{said}");

    let upload = server.upload_body("ada", "j", 4, "");
    let prepare = || {
        http.post(format!("{}/v1/upload", server.base))
            .json(&upload)
    };
    let prepared: Value = in_time(prepare).await.json().await.unwrap();
    let url = prepared["upload_url"].as_str().unwrap();
    for (method, path) in [("POST", "/v1/upload"), ("PUT", path(url))] {
        let mut stream = connect(&server).await;
        stream
            .write_all(head(method, path, 100_000).as_bytes())
            .await
            .unwrap();
        let said = drip(stream, b" ").await;
        assert!(said.starts_with("HTTP/1.1 408"), "{path}: {said}");
        assert!(said.contains(r#""code":"2204""#), "{path}: {said}");
    }
    let put = in_time(|| http.put(url).body(package(&photo))).await;
    assert_eq!(put.status().as_u16(), 200, "the upload URL is still good");
    assert!(server.is_alive());
    server.kill();
    support::store::let_leases_end(data.path()).await;
    let server = Server::start(data.path(), &key, &[]);
    let ended = server.ended(&http, "ada", "j").await;
    assert_eq!(ended["result"]["ResultCode"], "0840", "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_breaks_off_leaves_its_url_usable() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let (http, package) = (http(), package(&photo));
    let url = server.prepare(&http, "ada", "j", 4).await;
    for half_closed in [false, true] {
        let mut stream = connect(&server).await;
        stream
            .write_all(head("PUT", path(&url), package.len()).as_bytes())
            .await
            .unwrap();
        stream
            .write_all(&package[..package.len() / 2])
            .await
            .unwrap();
        if half_closed {
            stream.shutdown().await.unwrap();
            let mut said = Vec::new();
            let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said))
                .await
                .expect("the server does not wait for what cannot come");
            assert!(!said.starts_with(b"HTTP/1.1 200"));
        }
    }
    let (_, status) = server.status(&http, "ada", "j").await.unwrap();
    assert_eq!(status["result"], "No zip uploaded yet");
    let put = http.put(&url).body(package).send().await.unwrap();
    assert_eq!(put.status().as_u16(), 200);
    let ended = server.ended(&http, "ada", "j").await;
    assert_eq!(ended["result"]["ResultCode"], "0840", "{ended}");
}

/// Sends many at once; gives each answer's status, code and wait.
async fn all_at_once(
    requests: impl IntoIterator<Item = reqwest::RequestBuilder>,
) -> Vec<(u16, String, Option<u64>)> {
    let mut under_way = JoinSet::new();
    for request in requests {
        under_way.spawn(async move {
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            let wait = answer
                .headers()
                .get(RETRY_AFTER)
                .map(|v| v.to_str().unwrap().parse().unwrap());
            let body: Value =
                serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
            (
                status,
                body["code"].as_str().unwrap_or_default().to_owned(),
                wait,
            )
        });
    }
    under_way.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_too_often_is_told_when_to_come_back() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--rate", "1"]);
    let http = http();
    let answers = all_at_once((0..20).map(|n| {
        let body = server.upload_body("ada", &format!("j{n}"), 4, "");
        http.post(format!("{}/v1/upload", server.base)).json(&body)
    }))
    .await;
    assert!(answers.iter().any(|a| a.0 == 200), "{answers:?}");
    let refused: Vec<_> = answers.iter().filter(|a| a.0 != 200).collect();
    assert!(!refused.is_empty());
    for (status, code, wait) in refused {
        assert_eq!((*status, code.as_str()), (429, "2201"));
        assert!(wait.unwrap() >= 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so_and_loses_nothing() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    // Nobody works on what this one takes in.
    let small = ["--max-queued", "2", "--roles", "api"];
    let server = Server::start(data.path(), &key, &small);
    let (http, package) = (http(), package(&photo));
    let mut urls = Vec::new();
    for n in 0..12 {
        urls.push(
            server
                .prepare(&http, &format!("u{n}"), &format!("j{n}"), 4)
                .await,
        );
    }
    let answers = all_at_once(urls.iter().map(|url| http.put(url).body(package.clone()))).await;
    let accepted = answers.iter().filter(|a| a.0 == 200).count();
    // One partner may be given less than all of the queue.
    assert!((1..=2).contains(&accepted), "{answers:?}");
    for (status, code, wait) in &answers {
        if *status != 200 {
            assert_eq!((*status, code.as_str()), (503, "2201"));
            assert!(wait.unwrap() >= 1);
        }
    }
    // What was refused is accepted once there is room: the URL was not used up.
    server.kill();
    let small = ["--max-queued", "2", "--workers", "1", "--engine", "rten"];
    let server = Server::start(data.path(), &key, &small);
    for (n, url) in urls.iter().enumerate() {
        let url = format!("{}{}", server.base, path(url));
        let mut status = 503;
        until("room", async || {
            let put = http.put(&url).body(package.clone()).send().await.unwrap();
            status = put.status().as_u16();
            status != 503
        })
        .await;
        assert!(status == 200 || status == 409, "{status}");
        let ended = server
            .ended(&http, &format!("u{n}"), &format!("j{n}"))
            .await;
        assert_eq!(ended["result"]["ResultCode"], "0840", "{ended}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_to_authenticate_is_shut_out_alone() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let strict = ["--failed-auth-rate", "5", "--trusted-proxy", "127.0.0.1"];
    let server = Server::start(data.path(), &key, &strict);
    let http = http();
    let ask = |from: &'static str, right: bool| {
        let mut body = server.upload_body("ada", &uuid::Uuid::new_v4().to_string(), 4, "");
        if !right {
            body["signature"] = "AAAA".into();
        }
        let mut request = http.post(format!("{}/v1/upload", server.base)).json(&body);
        if !from.is_empty() {
            request = request.header("x-forwarded-for", from);
        }
        async move {
            let answer = request.send().await.unwrap();
            let wait = answer.headers().contains_key(RETRY_AFTER);
            let status = answer.status().as_u16();
            (
                status,
                answer.json::<Value>().await.unwrap()["code"].clone(),
                wait,
            )
        }
    };
    for _ in 0..6 {
        assert_eq!(
            ask("198.51.100.1", false).await,
            (403, "2205".into(), false)
        );
    }
    assert_eq!(ask("198.51.100.1", true).await, (429, "2205".into(), true));
    // What stands before the address that the proxy saw is the client's own invention.
    assert_eq!(ask("203.0.113.7, 198.51.100.1", true).await.0, 429);
    assert_eq!(ask("198.51.100.2", true).await.0, 200);
    assert_eq!(ask("", true).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_finishes_or_hands_back() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let one = ["--workers", "1", "--engine", "rten"];
    let server = Server::start(data.path(), &key, &one);
    let (http, package) = (http(), package(&photo));
    let queue = async |n: usize| {
        let url = server
            .prepare(&http, &format!("u{n}"), &format!("j{n}"), 4)
            .await;
        let put = http.put(url).body(package.clone()).send().await.unwrap();
        assert_eq!(put.status().as_u16(), 200);
    };
    for n in 0..2 {
        queue(n).await;
    }
    let signed = server.signed();
    let form = reqwest::multipart::Form::new()
        .text("user_id", "v2")
        .text("partner_params", r#"{"job_id":"v2-job"}"#)
        .part(
            "selfie_image",
            reqwest::multipart::Part::bytes(photo).file_name("a.jpg"),
        );
    let waiting = tokio::spawn(
        http.post(format!("{}/v2/smart-selfie-enroll", server.base))
            .header("smileid-partner-id", "p")
            .header("smileid-timestamp", signed["timestamp"].as_str().unwrap())
            .header(
                "smileid-request-signature",
                signed["signature"].as_str().unwrap(),
            )
            .multipart(form)
            .send(),
    );
    // The synchronous call has come in once its job is on record.
    while server.status(&http, "v2", "v2-job").await.unwrap().0 == 404 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // These come behind it: at the stop it has ten seconds, and more than one of them may take that long.
    for n in 2..4 {
        queue(n).await;
    }
    let stopped = tokio::task::spawn_blocking(move || server.terminate());
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "approved");
    assert_eq!(
        stopped.await.unwrap(),
        Some(0),
        "an ordered stop is a success"
    );
    let server = Server::start(data.path(), &key, &one);
    for n in 0..4 {
        let ended = server
            .ended(&http, &format!("u{n}"), &format!("j{n}"))
            .await;
        assert_eq!(ended["result"]["ResultCode"], "0840", "{ended}");
    }
}
