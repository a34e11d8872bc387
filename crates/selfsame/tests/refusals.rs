//! Requests with bodies that are refused: the answer arrives, and the connection goes on or says that it does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Server, add_partner, http, photographs};

/// How long a test waits for what must come sooner or later.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the server waits for a short rest of a refused body before it gives the connection up, and how long a silence it bears
/// while it throws a long one away.
const SHORT_REST: Duration = Duration::from_millis(500);
const SILENCE: Duration = Duration::from_secs(2);

/// A kind of refusal: method, path, further headers, status.
type Kind = (&'static str, &'static str, &'static str, u16);

const KINDS: [Kind; 12] = [
    ("POST", "/nowhere", "", 404),
    ("POST", "/v1/package/unknown", "", 405),
    ("PATCH", "/v1/upload", "", 405),
    ("DELETE", "/health", "", 405),
    ("POST", "/v2/smart-selfie-enroll", "", 400),
    (
        "POST",
        "/production/v2/smart-selfie-authentication",
        "",
        400,
    ),
    ("POST", "/v1/smile_links", "", 400),
    ("POST", "/sandbox/v1/smile_links", "", 400),
    ("PUT", "/v1/package/unknown", "", 403),
    ("POST", "/admin/v1/reviews/x/decision", "", 404),
    (
        "POST",
        "/v2/smart-selfie-enroll",
        "SmileID-Partner-ID: p\r\nSmileID-Timestamp: 2020-01-01T00:00:00.000Z\r\nSmileID-Request-Signature: AAAA\r\n",
        403,
    ),
    ("POST", "/v1/upload", "", 400),
];

async fn connect(server: &Server) -> TcpStream {
    let address: SocketAddr = server.base.trim_start_matches("http://").parse().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    // Else the client's own system waits between the head and a short body.
    stream.set_nodelay(true).unwrap();
    stream
}

fn head((method, path, headers, _): Kind, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}{body}\r\n\r\n")
}

/// One answer whose length is announced; gives head and body.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<(String, String)> {
    let mut said = Vec::new();
    while !said.windows(4).any(|w| w == b"\r\n\r\n") {
        said.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(said).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap_or("0\r\n");
    let mut body = vec![0; length.split("\r\n").next().unwrap().parse().unwrap()];
    stream.read_exact(&mut body).await?;
    Ok((head, String::from_utf8(body).unwrap()))
}

fn is(said: &str, status: u16) -> bool {
    said.starts_with(&format!("http/1.1 {status} "))
}

/// Whether the connection goes on after a short body. It must, unless the machine took longer over the request than the server waits.
fn is_kept(said: &str, began: Instant) -> bool {
    let closes = said.contains("connection: close");
    assert!(!closes || began.elapsed() >= SHORT_REST, "{said}");
    !closes
}

/// A server whose refusals have no end.
fn start(data: &std::path::Path) -> Option<Server> {
    photographs()?;
    let key = add_partner(data);
    Some(Server::start(data, &key, &["--failed-auth-rate", "0"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_loses_no_answer() {
    let data = tempfile::tempdir().unwrap();
    let Some(server) = start(data.path()) else {
        return;
    };
    for kind in KINDS {
        let mut stream = connect(&server).await;
        for n in 0..100 {
            let what = format!("{kind:?}, request {n}");
            let began = Instant::now();
            let chunked = n % 3 == 2;
            let body = if chunked {
                "Transfer-Encoding: chunked"
            } else {
                "Content-Length: 2048"
            };
            stream
                .write_all(head(kind, body).as_bytes())
                .await
                .expect(&what);
            if n % 2 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if chunked {
                stream.write_all(b"800\r\n").await.expect(&what);
            }
            stream.write_all(&[b' '; 2048]).await.expect(&what);
            if chunked {
                stream.write_all(b"\r\n0\r\n\r\n").await.expect(&what);
            }
            let (said, told) = tokio::time::timeout(PATIENCE, answer(&mut stream))
                .await
                .expect(&what)
                .expect(&what);
            assert!(is(&said, kind.3), "{what}: {said}");
            assert!(told.contains("\"error\""), "{what}: {told}");
            if is_kept(&said, began) {
                continue;
            }
            stream = connect(&server).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_much_gets_the_answer_and_no_broken_pipe() {
    let data = tempfile::tempdir().unwrap();
    let Some(server) = start(data.path()) else {
        return;
    };
    const PIECE: usize = 1024 * 1024;
    const PIECES: usize = 50;
    for kind in KINDS {
        for chunked in [false, true] {
            let what = format!("{kind:?}, chunked: {chunked}");
            let length = format!("Content-Length: {}", PIECE * PIECES);
            let body = if chunked {
                "Transfer-Encoding: chunked"
            } else {
                length.as_str()
            };
            let send = async || {
                let mut stream = connect(&server).await;
                stream.write_all(head(kind, body).as_bytes()).await?;
                let piece = vec![b' '; PIECE];
                for _ in 0..PIECES {
                    if chunked {
                        stream.write_all(b"100000\r\n").await?;
                    }
                    stream.write_all(&piece).await?;
                    if chunked {
                        stream.write_all(b"\r\n").await?;
                    }
                }
                if chunked {
                    stream.write_all(b"0\r\n\r\n").await?;
                }
                // Only now it looks for the answer, as simple clients do.
                let said = answer(&mut stream).await?;
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await?;
                Ok::<_, std::io::Error>((said, rest.is_empty()))
            };
            let ((said, _), is_all) = loop {
                let began = Instant::now();
                let sent = tokio::time::timeout(PATIENCE, send()).await;
                match sent.expect(&what) {
                    Ok(answered) => break answered,
                    // The machine may have stood still for as long as the server bears.
                    Err(error) => assert!(began.elapsed() >= SILENCE, "{what}: {error}"),
                }
            };
            // What is larger than any limit may be refused for that.
            let expected = if is(&said, 413) { 413 } else { kind.3 };
            assert!(is(&said, expected), "{what}: {said}");
            assert!(said.contains("connection: close"), "{what}: {said}");
            assert!(is_all, "{what}: the connection is closed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shut_out_and_the_hurried_get_their_answers_too() {
    if photographs().is_none() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let key = add_partner(data.path());
    let server = Server::start(data.path(), &key, &["--failed-auth-rate", "1"]);
    let mut stream = connect(&server).await;
    let kind = ("PUT", "/v1/package/unknown", "", 403);
    let mut statuses = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        let request = head(kind, "Content-Length: 2048");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.write_all(&[b' '; 2048]).await.unwrap();
        let (said, _) = answer(&mut stream).await.unwrap();
        statuses.push(said[9..12].to_owned());
        if !is_kept(&said, began) {
            stream = connect(&server).await;
        }
    }
    assert_eq!(statuses[0], "403");
    assert_eq!(statuses[19], "429");
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_to_send_a_body_is_given_to_those_who_may_send_it() {
    let data = tempfile::tempdir().unwrap();
    let Some(server) = start(data.path()) else {
        return;
    };
    let expect = "Expect: 100-continue\r\nContent-Length: 1000000";
    for kind in KINDS.into_iter().filter(|kind| kind.1 != "/v1/upload") {
        let mut stream = connect(&server).await;
        stream
            .write_all(head(kind, expect).as_bytes())
            .await
            .unwrap();
        let (said, _) = answer(&mut stream).await.unwrap();
        assert!(is(&said, kind.3), "{kind:?}: {said}");
        assert!(said.contains("connection: close"), "{kind:?}: {said}");
    }
    let url = server.prepare(&http(), "ada", "j", 4).await;
    let path = &url[url.find("/v1/").unwrap()..];
    let mut stream = connect(&server).await;
    let request = format!(
        "PUT {path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let (said, _) = answer(&mut stream).await.unwrap();
    assert!(said.starts_with("http/1.1 100"), "{said}");
    stream.write_all(b"no zi").await.unwrap();
    let (said, _) = answer(&mut stream).await.unwrap();
    assert!(is(&said, 200), "{said}");
    assert!(!said.contains("connection: close"), "{said}");
}
