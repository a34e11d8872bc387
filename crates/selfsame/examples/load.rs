//! The load of `bench/server.py`: synchronous (v2) authentications against a running server, as many at a time as asked.
//!
//! `load SERVER PARTNER USER CONNECTIONS SECONDS PHOTOGRAPH...` reads the partner's API key from `SELFSAME_API_KEY`, sends
//! the photographs in turn as selfies, and prints one line of JSON: answers, requests per second, milliseconds at the
//! median and at the 99th percentile, and how often each result code came.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;
use selfsame_wire::id::PartnerId;
use selfsame_wire::signature::{ApiKey, format_timestamp, sign};
use selfsame_wire::v2;

const USAGE: &str = "usage: load SERVER PARTNER USER CONNECTIONS SECONDS PHOTOGRAPH...";
const BOUNDARY: &str = "selfsame-load-boundary";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What every connection sends.
struct Load {
    http: reqwest::Client,
    url: String,
    partner: PartnerId,
    key: ApiKey,
    bodies: Vec<Vec<u8>>,
    next: AtomicUsize,
    until: Instant,
}

/// One answer.
struct Answer {
    took: Duration,
    code: String,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [
        server,
        partner,
        user,
        connections,
        seconds,
        photographs @ ..,
    ] = arguments.as_slice()
    else {
        return Err(USAGE.into());
    };
    if photographs.is_empty() {
        return Err(USAGE.into());
    }
    // Whoever installed a provider first has chosen; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bodies = photographs
        .iter()
        .map(|path| std::fs::read(path).map(|selfie| body(user, &selfie)))
        .collect::<Result<_, _>>()?;
    let seconds: f64 = seconds.parse()?;
    let began = Instant::now();
    let load = Arc::new(Load {
        http: reqwest::Client::builder().no_proxy().build()?,
        url: format!("{server}/v2/smart-selfie-authentication"),
        partner: partner.parse()?,
        key: ApiKey::new(std::env::var("SELFSAME_API_KEY")?),
        bodies,
        next: AtomicUsize::new(0),
        until: began + Duration::from_secs_f64(seconds),
    });
    let connections: usize = connections.parse()?;
    let workers: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(Arc::clone(&load).run()))
        .collect();
    let mut answers = Vec::new();
    for worker in workers {
        answers.extend(worker.await??);
    }
    report(answers, began.elapsed());
    Ok(())
}

/// A form with a user and a selfie.
fn body(user: &str, selfie: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"user_id\"\r\n\r\n{user}\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"selfie_image\"; filename=\"selfie.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    [
        head.as_bytes(),
        selfie,
        format!("\r\n--{BOUNDARY}--\r\n").as_bytes(),
    ]
    .concat()
}

impl Load {
    async fn run(self: Arc<Self>) -> Result<Vec<Answer>, Failure> {
        let mut answers = Vec::new();
        while Instant::now() < self.until {
            answers.push(self.once().await?);
        }
        Ok(answers)
    }

    async fn once(&self) -> Result<Answer, Failure> {
        #[derive(serde::Deserialize)]
        struct Body {
            code: String,
        }
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.bodies.len();
        let timestamp = format_timestamp(jiff::Timestamp::now());
        let began = Instant::now();
        let response = self
            .http
            .post(&self.url)
            .header(
                CONTENT_TYPE,
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .header(v2::PARTNER_ID, self.partner.as_str())
            .header(v2::SIGNATURE, sign(&self.key, &self.partner, &timestamp))
            .header(v2::TIMESTAMP, timestamp)
            .body(self.bodies[at].clone())
            .send()
            .await?;
        let body: Body = serde_json::from_slice(&response.bytes().await?)?;
        Ok(Answer {
            took: began.elapsed(),
            code: body.code,
        })
    }
}

fn report(mut answers: Vec<Answer>, elapsed: Duration) {
    answers.sort_by_key(|a| a.took);
    let at = |share: f64| {
        let index = (share * answers.len().saturating_sub(1) as f64).round() as usize;
        answers.get(index).map(|a| a.took.as_secs_f64() * 1000.0)
    };
    let mut codes = BTreeMap::<&str, usize>::new();
    for answer in &answers {
        *codes.entry(&answer.code).or_default() += 1;
    }
    println!(
        "{}",
        serde_json::json!({
            "answers": answers.len(),
            "per_second": answers.len() as f64 / elapsed.as_secs_f64(),
            "p50_ms": at(0.5),
            "p99_ms": at(0.99),
            "codes": codes,
        })
    );
}
