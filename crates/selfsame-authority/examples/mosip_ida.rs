//! The stand-in for MOSIP's ID authentication, listening: for `tests/oracle`, which sends it the requests of MOSIP's own client.

#![allow(
    clippy::print_stdout,
    reason = "whoever started it reads where it listens"
)]

use std::sync::Arc;

#[path = "../tests/mosip/ida.rs"]
#[allow(dead_code, missing_docs, reason = "shared with the tests")]
mod ida;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    ida::serve(Arc::new(ida::Ida::new()), listener).await
}
