//! Hostile connections of every kind at once, and an honest client among them. `bench/hostile.py` measures the same with more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use crate::support::{Server, add_partner, http, package, photographs};

/// Far beyond what a call takes; only a server that hangs takes longer.
const BOUND: Duration = Duration::from_secs(60);
const CONNECTIONS: usize = 300;
const HTTP2: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// What a hostile client says at once, and what it says again and again.
struct Kind {
    first: String,
    again: &'static str,
}

fn kinds(upload: &str) -> Vec<Kind> {
    let announce = |method: &str, path: &str, body: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{body}\r\n\r\n")
    };
    let large = "Content-Length: 20971520";
    let of = |first: String, again| Kind { first, again };
    vec![
        of(String::new(), ""),
        of("GET /health HTTP/1.1\r\nHo".to_owned(), ""),
        of("GET /health HTTP/1.1\r\n".to_owned(), "X-More: yes\r\n"),
        of("\u{16}\u{3}\u{1}\u{2}".to_owned(), ""),
        of(HTTP2[..24].to_owned(), ""),
        of(HTTP2.to_owned(), "\0\0\x08\x06\0\0\0\0\0pingping"),
        of(announce("GET", "/health", "X: y"), ""),
        of(announce("PUT", "/v1/package/unknown", large), ""),
        of(announce("PUT", upload, large), "P"),
        of(announce("POST", "/v1/upload", "Content-Length: 200000"), ""),
        of(
            announce("POST", "/v1/upload", "Content-Length: 200000") + &" ".repeat(199_999),
            "",
        ),
        of(
            announce("PUT", "/v1/package/unknown", "Transfer-Encoding: chunked"),
            "1\r\nx\r\n",
        ),
        of(
            announce("POST", "/v2/smart-selfie-authentication", large) + &" ".repeat(1 << 20),
            "",
        ),
        of(announce("POST", "/nowhere", "Content-Length: 2048"), " "),
        of(
            String::new(),
            "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n",
        ),
    ]
}

/// Holds a connection as long as the server lets it, again and again.
async fn hold(server: SocketAddr, from: u8, kind: Kind) {
    loop {
        let socket = TcpSocket::new_v4().unwrap();
        socket
            .bind(SocketAddr::from(([127, 0, 0, from], 0)))
            .unwrap();
        if let Ok(mut stream) = socket.connect(server).await
            && stream.write_all(kind.first.as_bytes()).await.is_ok()
        {
            if kind.again.is_empty() {
                while stream
                    .read(&mut [0; 4096])
                    .await
                    .is_ok_and(|bytes| bytes > 0)
                {}
            } else {
                while stream.write_all(kind.again.as_bytes()).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn call(server: &Server, name: &str, selfie: &[u8]) -> Value {
    let signed = server.signed();
    let header = |name: &str| signed[name].as_str().unwrap().to_owned();
    let form = Form::new().text("user_id", "ada").part(
        "selfie_image",
        Part::bytes(selfie.to_vec()).file_name("a.jpg"),
    );
    let answer = http()
        .post(format!("{}/v2/{name}", server.base))
        .header("smileid-partner-id", "p")
        .header("smileid-timestamp", header("timestamp"))
        .header("smileid-request-signature", header("signature"))
        .multipart(form)
        .send();
    let answer = tokio::time::timeout(BOUND, answer)
        .await
        .expect("an honest client is answered")
        .unwrap();
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_client_is_served_among_hostile_ones() {
    let Some([enrolled, photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let mut server = Server::start(data.path(), &key, &[]);
    let first = call(&server, "smart-selfie-enroll", &enrolled).await;
    assert_eq!(first["code"], "0840", "{first}");
    let address: SocketAddr = server.base.trim_start_matches("http://").parse().unwrap();
    let mut hostile = JoinSet::new();
    let client = http();
    for n in 0..CONNECTIONS {
        let url = server
            .prepare(&client, "ada", &format!("held-{n}"), 2)
            .await;
        let mut kinds = kinds(&url[url.find("/v1/").unwrap()..]);
        let kind = kinds.swap_remove(n % kinds.len());
        hostile.spawn(hold(address, u8::try_from(2 + n % 20).unwrap(), kind));
    }
    // A second, so that all are there; then for longer than any deadline of theirs.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    let mut n = 0;
    while began.elapsed() < Duration::from_secs(12) {
        let answer = call(&server, "smart-selfie-authentication", &photo).await;
        assert_eq!(answer["code"], "0820", "{answer}");
        // v1 too: its requests are read before anybody is known.
        let url = server.prepare(&http(), "ada", &format!("j{n}"), 2).await;
        let put = http().put(url).body(package(&photo)).send().await.unwrap();
        assert_eq!(put.status().as_u16(), 200);
        n += 1;
    }
    hostile.shutdown().await;
    assert!(server.is_alive());
    assert!(server.resident() < 900, "{} MiB", server.resident());
}
