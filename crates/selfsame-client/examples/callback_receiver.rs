//! A partner's callback endpoint: only the server's own results reach the handler, each once.
//!
//! ```console
//! $ SELFSAME_API_KEY=… cargo run -p selfsame-client --features axum --example callback_receiver -- 2343 127.0.0.1:9000
//! ```
//!
//! Then give jobs the callback URL `http://127.0.0.1:9000/callback`; for a server on the same machine, start it with
//! `--allow-private-callbacks`.
#![allow(clippy::print_stdout, reason = "it shows what it receives")]

use std::num::NonZeroUsize;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::routing::post;
use selfsame_client::callback::{CallbackVerifier, Received, VerifiedResult};

/// The partner's own state, of which the extractor takes the verifier.
#[derive(Clone)]
struct App {
    verifier: CallbackVerifier,
    received: Arc<Received>,
}

impl FromRef<App> for CallbackVerifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}

async fn callback(State(app): State<App>, VerifiedResult(result): VerifiedResult) -> StatusCode {
    if app.received.first(&result) {
        let or_none = |text: Option<&str>| text.unwrap_or("-").to_owned();
        println!(
            "user {}, job {}: {} {}",
            or_none(result.user_id()),
            or_none(result.job_id()),
            or_none(result.result_code()),
            or_none(result.result_text()),
        );
    }
    // Whatever comes again is answered like the first: otherwise the server would go on sending it.
    StatusCode::OK
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let partner = arguments.next().ok_or("which partner id?")?.parse()?;
    let listen = arguments
        .next()
        .unwrap_or_else(|| "127.0.0.1:9000".to_owned());
    let key = std::env::var("SELFSAME_API_KEY").map_err(|_| "set SELFSAME_API_KEY")?;
    let app = App {
        verifier: CallbackVerifier::new(partner, key),
        received: Arc::new(Received::new(NonZeroUsize::MIN.saturating_add(9_999))),
    };
    let router = Router::new()
        .route("/callback", post(callback))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind(listen).await?;
    println!("http://{}/callback", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
