//! Connections that say nothing, say half, or are too many: against the real binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::header::{HOST, RETRY_AFTER};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::certificates::start_with_tls;
use crate::support::{Server, add_partner, http, package, photographs, until};

/// How long a test waits for what must come sooner or later.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a client of HTTP/2 begins with, and its empty settings.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn address(base: &str) -> SocketAddr {
    base.split_once("://").unwrap().1.parse().unwrap()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(address(&server.base)).await.unwrap()
}

/// From one of the addresses of the loopback network: 127.0.0.`n`.
async fn connect_from(n: u8, server: &Server) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, n], 0))).unwrap();
    socket.connect(address(&server.base)).await.unwrap()
}

async fn say(server: &Server, what: &[u8]) -> TcpStream {
    let mut stream = connect(server).await;
    stream.write_all(what).await.unwrap();
    stream
}

/// Waits until the server closes the connection; gives what it said before.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // A connection that is reset has ended as well as one that is closed.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said))
        .await
        .expect("the server lets silent clients go");
    String::from_utf8_lossy(&said).into_owned()
}

/// One answer whose length is announced; gives its head.
async fn answer(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    while !said.windows(4).any(|w| w == b"\r\n\r\n") {
        said.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(said).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap();
    let length = length.split("\r\n").next().unwrap().parse().unwrap();
    stream.read_exact(&mut vec![0; length]).await.unwrap();
    head
}

#[tokio::test(flavor = "multi_thread")]
async fn announced_bodies_that_never_come_stop_nobody() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let mut server = Server::start(data.path(), &key, &[]);
    let http = http();
    let mut held = Vec::new();
    let announce = |method: &str, path: &str, body: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{body}\r\n\r\n").into_bytes()
    };
    let whole = format!("Content-Length: {}", 20 * 1024 * 1024);
    for n in 0..40 {
        let body = if n % 2 == 0 {
            whole.as_str()
        } else {
            "Transfer-Encoding: chunked"
        };
        let path = format!("/v1/package/unknown-{n}");
        held.push(say(&server, &announce("PUT", &path, body)).await);
        // The holder of a good URL may not stop the others either.
        let url = server.prepare(&http, "ada", &format!("idle-{n}"), 4).await;
        let path = &url[url.find("/v1/").unwrap()..];
        held.push(say(&server, &announce("PUT", path, body)).await);
        let json = "Content-Length: 262144";
        for path in [
            "/v1/upload",
            "/v1/job_status",
            "/v1/token",
            "/v1/auth_smile",
        ] {
            held.push(say(&server, &announce("POST", path, json)).await);
        }
    }
    let url = server.prepare(&http, "ada", "j", 4).await;
    let put = http.put(&url).body(package(&photo)).send().await.unwrap();
    assert_eq!(put.status().as_u16(), 200, "{}", put.text().await.unwrap());
    let ended = server.ended(&http, "ada", "j").await;
    assert_eq!(ended["result"]["ResultCode"], "0840", "{ended}");
    assert!(server.is_alive());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_upload_url_is_refused_before_its_body_comes() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let head = "PUT /v1/package/unknown HTTP/1.1\r\nHost: x\r\nContent-Length: 20971520\r\n\r\n";
    let mut stream = say(&server, head.as_bytes()).await;
    let said = tokio::time::timeout(PATIENCE, answer(&mut stream)).await;
    let said = said.expect("it is answered before the body comes");
    assert!(said.starts_with("http/1.1 403"), "{said}");
    assert!(said.contains("connection: close"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_later_upload_of_one_url_is_the_one_that_counts() {
    let Some([photo, ..]) = photographs() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let http = http();
    let url = server.prepare(&http, "ada", "j", 4).await;
    let path = &url[url.find("/v1/").unwrap()..];
    let head = format!("PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nPK");
    let mut lost = say(&server, head.as_bytes()).await;
    // The first has come in once the server answers another request after it.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let put = http.put(&url).body(package(&photo)).send().await.unwrap();
    assert_eq!(put.status().as_u16(), 200);
    assert!(until_closed(&mut lost).await.starts_with("HTTP/1.1 409"));
    let ended = server.ended(&http, "ada", "j").await;
    assert_eq!(ended["result"]["ResultCode"], "0840", "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_nothing_or_half_is_let_go() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    // Long enough that who says something whole is heard, on a machine that has much else to do.
    let quick = ["--head-timeout", "4", "--idle-timeout", "1"];
    let server = start_with_tls(data.path(), &quick);
    let tls = address(server.addresses["https"].as_str().unwrap());
    // Half a header block: HEADERS without END_HEADERS.
    let half_block: &[u8] = b"\0\0\x01\x01\0\0\0\0\x01\x82";
    let http2 = |rest: &[u8]| [HTTP2, rest].concat();
    let get = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut silent = vec![
        ("nothing", connect(&server).await),
        ("a byte", say(&server, b"G").await),
        (
            "half a head",
            say(&server, b"GET /health HTTP/1.1\r\nHost:").await,
        ),
        ("half a preface", say(&server, &HTTP2[..20]).await),
        ("a preface", say(&server, &HTTP2[..24]).await),
        ("settings", say(&server, &http2(b"")).await),
        (
            "half a header block",
            say(&server, &http2(half_block)).await,
        ),
        ("one request", say(&server, get).await),
        (
            "one request and half a head",
            say(&server, &[&get[..], b"GET /"].concat()).await,
        ),
        ("no handshake", TcpStream::connect(tls).await.unwrap()),
    ];
    let mut half = TcpStream::connect(tls).await.unwrap();
    half.write_all(b"\x16\x03\x01\x02\x00").await.unwrap();
    silent.push(("half a handshake", half));
    for (what, stream) in &mut silent {
        let said = until_closed(stream).await;
        assert_eq!(
            said.contains("200 OK"),
            what.starts_with("one request"),
            "{what}: {said}"
        );
    }
    let mut secured = Command::new("openssl")
        .args(["s_client", "-quiet", "-connect", &tls.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ended = tokio::task::spawn_blocking(move || {
        for _ in 0..600 {
            if secured.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = secured.kill();
        false
    });
    assert!(ended.await.unwrap(), "after the handshake too");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_takes_do_not_stay() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--head-timeout", "1"]);
    // So many requests that their answers fill every buffer; none is read.
    let (mut read, mut write) = connect(&server).await.into_split();
    let filled = tokio::time::timeout(PATIENCE, async {
        while write
            .write_all(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .is_ok()
        {}
    });
    assert!(
        filled.await.is_ok(),
        "the server lets a client go that does not read"
    );
    let mut said = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, read.read_to_end(&mut said))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_few_files_the_server_stays_within_reach() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let mut server = Server::start_with_files(128, data.path(), &key, &[]);
    let mut silent = Vec::new();
    for n in 0..300u16 {
        silent.push(connect_from(2 + n as u8 % 5, &server).await);
        if n % 30 == 29 {
            // A new connection each time, and one that asks the database.
            let url = server.prepare(&http(), "ada", &format!("j{n}"), 4).await;
            assert!(url.contains("/v1/package/"));
        }
    }
    assert!(server.is_alive());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_known_stays_when_strangers_crowd_in() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let few = [
        "--max-connections",
        "40",
        "--max-connections-per-address",
        "20",
    ];
    let server = Server::start(data.path(), &key, &few);
    let mut known = connect(&server).await;
    let body = server.upload_body("ada", "j", 4, "").to_string();
    let request = format!(
        "POST /v1/upload HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    known.write_all(request.as_bytes()).await.unwrap();
    assert!(answer(&mut known).await.starts_with("http/1.1 200"));
    let mut crowd = Vec::new();
    for n in 0..200u8 {
        crowd.push(connect_from(1 + (n % 4), &server).await);
    }
    let url = server.prepare(&http(), "ada", "j2", 4).await;
    assert!(url.contains("/v1/package/"));
    known
        .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(answer(&mut known).await.starts_with("http/1.1 200"));
    // The oldest of the crowd made room.
    assert_eq!(until_closed(&mut crowd[0]).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_keep_their_connection_do_not_hold_up_a_stop() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &[]);
    let asked = b"GET /health HTTP/1.1\r\nHost: selfsame\r\n\r\n";
    let mut rested = say(&server, asked).await;
    answer(&mut rested).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Whose answer has just gone out may still be sending: it is waited for, but not until the last moment.
    let mut just_answered = say(&server, asked).await;
    answer(&mut just_answered).await;
    let code = tokio::task::spawn_blocking(|| server.terminate()).await;
    assert_eq!(code.unwrap(), Some(0));
    let log = std::fs::read_to_string(data.path().join("server.log")).unwrap();
    assert!(!log.contains("had not ended in time"), "{log}");
    for mut stream in [rested, just_answered] {
        assert_eq!(until_closed(&mut stream).await, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_urls_lead_where_the_client_asked() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let http = http();
    let ask = async |server: &Server, headers: &[(&str, &str)]| -> (u16, Value) {
        let job = uuid::Uuid::new_v4().to_string();
        let body = server.upload_body("ada", &job, 4, "");
        let mut request = http.post(format!("{}/v1/upload", server.base)).json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    let url = |answer: &(u16, Value)| {
        answer.1["upload_url"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let host = HOST.as_str();
    let proxied = [
        (host, "inner_1:80"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "selfie.example"),
    ];
    {
        let server = Server::start(data.path(), &key, &[]);
        let there = ask(&server, &[(host, "selfsame_web:8080")]).await;
        assert!(
            url(&there).starts_with("http://selfsame_web:8080/v1/package/"),
            "{there:?}"
        );
        let (status, refused) = ask(&server, &[(host, "a<b>")]).await;
        assert_eq!(
            (status, &refused["code"]),
            (400, &json!("2204")),
            "{refused}"
        );
        assert!(
            refused["error"].as_str().unwrap().contains("Host"),
            "{refused}"
        );
        assert!(url(&ask(&server, &proxied).await).starts_with("http://inner_1:80/"));
    }
    let server = Server::start(data.path(), &key, &["--trusted-proxy", "127.0.0.0/8"]);
    assert!(url(&ask(&server, &proxied).await).starts_with("https://selfie.example/"));
    let log = std::fs::read_to_string(data.path().join("server.log")).unwrap();
    assert_eq!(log.matches("--public-url is not given").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_partners_uploads_leave_small_requests_room() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--bodies-mib", "24"]);
    let http = http();
    let length = 16 * 1024 * 1024;
    let send = |url: &str| http.put(url).body(vec![b' '; length]).send();
    let mut tried = 0;
    let (held, other, refused) = loop {
        let mut urls = Vec::new();
        for n in 0..2 {
            let job = format!("j{tried}-{n}");
            urls.push(server.prepare(&http, "ada", &job, 4).await);
        }
        let path = &urls[0][urls[0].find("/v1/").unwrap()..];
        let head = format!("PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        let mut held = say(&server, head.as_bytes()).await;
        held.write_all(&vec![b' '; length - 1]).await.unwrap();
        let answered = send(&urls[1]).await.unwrap();
        if answered.status() != 200 {
            break (held, urls.remove(1), answered);
        }
        // Where the server had not read all that was sent first, that was the one to be refused.
        assert!(until_closed(&mut held).await.starts_with("HTTP/1.1 503"));
        tried += 1;
        assert!(tried < 10, "the first is always refused");
    };
    assert_eq!(refused.status().as_u16(), 503);
    assert!(refused.headers().contains_key(RETRY_AFTER));
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "2201");
    server.prepare(&http, "ada", "small", 4).await;
    drop(held);
    let mut status = 503;
    until("memory that is given back", async || {
        status = send(&other).await.unwrap().status().as_u16();
        status != 503
    })
    .await;
    assert_eq!(status, 200);
}
