//! Bodies of requests: limited in size, in time and in the memory that all of them take together.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use selfsame_wire::error::ErrorCode;

use crate::app::App;
use crate::budget::{BodyBudget, BodyShare};
use crate::refusal::Refusal;

/// A body in memory, with its share of the budget.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) bytes: Bytes,
    _share: BodyShare,
}

/// Reads the body of a request that is JSON.
pub(crate) async fn collect_json(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<Collected, Refusal> {
    let limits = &app.config.limits;
    collect(
        headers,
        body,
        limits.json_bytes,
        limits.body_timeout,
        &app.bodies,
    )
    .await
}

/// Reads a body whole.
///
/// The announced length is what is reserved; a body without one reserves the limit.
pub(crate) async fn collect(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    timeout: Duration,
    budget: &BodyBudget,
) -> Result<Collected, Refusal> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        drain(&mut body.into_data_stream()).await;
        return Err(too_large(limit));
    }
    let share = budget
        .take(announced.unwrap_or(limit))
        .ok_or_else(|| Refusal::busy("the server holds as many uploads as it can"))?;
    let bytes = tokio::time::timeout(timeout, read(body, announced.unwrap_or(0), limit))
        .await
        .map_err(|_| {
            Refusal::new(
                ErrorCode::WrongType,
                format!(
                    "the body did not arrive within {} seconds",
                    timeout.as_secs()
                ),
            )
            .with_status(StatusCode::REQUEST_TIMEOUT)
        })??;
    Ok(Collected {
        bytes,
        _share: share,
    })
}

async fn read(body: Body, announced: usize, limit: usize) -> Result<Bytes, Refusal> {
    let mut stream = body.into_data_stream();
    let mut bytes = BytesMut::with_capacity(announced.min(limit));
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| {
            Refusal::new(
                ErrorCode::WrongType,
                "the body ended before all of it had arrived",
            )
        })?;
        if bytes.len() + chunk.len() > limit {
            drain(&mut stream).await;
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Lets the body of a request that is refused before it was read run out.
pub(crate) async fn let_run_out(body: Body) {
    drain(&mut body.into_data_stream()).await;
}

/// Lets a body that is refused run out, within bounds: a client that is cut off while it writes never sees the refusal.
async fn drain(stream: &mut BodyDataStream) {
    /// A body somewhat larger than the largest that is accepted; nothing of it is kept.
    const MOST: usize = 32 * 1024 * 1024;
    const LONGEST: Duration = Duration::from_secs(2);
    let run_out = async {
        let mut seen = 0;
        while let Some(Ok(chunk)) = stream.next().await {
            seen += chunk.len();
            if seen > MOST {
                break;
            }
        }
    };
    // Past the time the connection is closed: the client had its chance.
    let _ = tokio::time::timeout(LONGEST, run_out).await;
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        ErrorCode::WrongType,
        format!("the body is larger than {limit} bytes"),
    )
    .with_status(StatusCode::PAYLOAD_TOO_LARGE)
}
