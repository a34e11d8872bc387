//! Bodies of requests: limited in size, in pace and in the memory that all of them take together.

pub(crate) mod form;
pub(crate) mod signed;
pub(crate) mod unread;

use std::time::Instant;

use axum::body::{Body, BodyDataStream};
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use selfsame_wire::error::ErrorCode;

use crate::app::App;
use crate::budget::{BodyShare, Holder, Purpose, Spent};
use crate::client_address::ClientAddress;
use crate::pace::{Pace, Transfer};
use crate::refusal::Refusal;

/// The most that is reserved for a body before it has arrived.
const FIRST_BYTES: usize = 64 * 1024;

/// A body in memory, with its share of the budget.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) bytes: Bytes,
    _share: BodyShare,
}

/// A body that arrives: each piece is counted, limited and timed.
pub(crate) struct Arriving {
    stream: BodyDataStream,
    share: BodyShare,
    transfer: Transfer,
    pace: Pace,
    limit: usize,
    arrived: usize,
}

/// Reads the body of a request that is JSON, from a caller that is not known yet.
pub(crate) async fn collect_json(
    app: &App,
    client: ClientAddress,
    body: Body,
) -> Result<Collected, Refusal> {
    collect_small(app, client, body, app.config.limits.json_bytes).await
}

/// Reads a body of at most `limit` bytes, from a caller that is not known yet.
pub(crate) async fn collect_small(
    app: &App,
    client: ClientAddress,
    body: Body,
    limit: usize,
) -> Result<Collected, Refusal> {
    let share = app.bodies.share(Purpose::Small, Holder::Address(client.0));
    let limits = &app.config.limits;
    Arriving::new(body, share, limit.min(limits.json_bytes), limits.body_pace)?
        .collect()
        .await
}

impl Arriving {
    /// A body of at most `limit` bytes.
    ///
    /// # Errors
    /// Where it announces more.
    pub(crate) fn new(
        body: Body,
        share: BodyShare,
        limit: usize,
        pace: Pace,
    ) -> Result<Self, Refusal> {
        use axum::body::HttpBody as _;

        let announced = body.size_hint().lower();
        if usize::try_from(announced).map_or(true, |bytes| bytes > limit) {
            return Err(too_large(limit));
        }
        Ok(Self {
            stream: body.into_data_stream(),
            share,
            transfer: Transfer::begin(Instant::now()),
            pace,
            limit,
            arrived: 0,
        })
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let deadline = self.transfer.deadline(&self.pace);
        let next = tokio::select! {
            biased;
            () = self.share.told_to_give_way() => return Err(spent(Spent)),
            next = tokio::time::timeout_at(deadline.into(), self.stream.next()) => next,
        };
        let Some(piece) = next.map_err(|_| self.too_slow())? else {
            self.share.arrived();
            return Ok(None);
        };
        let piece = piece.map_err(|error| {
            signed::refusal(&error).unwrap_or_else(|| {
                Refusal::new(
                    ErrorCode::WrongType,
                    "the body ended before all of it had arrived",
                )
            })
        })?;
        self.arrived += piece.len();
        if self.arrived > self.limit {
            return Err(too_large(self.limit));
        }
        self.transfer.moved(piece.len(), Instant::now());
        self.share.grow(piece.len()).await.map_err(spent)?;
        Ok(Some(piece))
    }

    /// The whole of it.
    pub(crate) async fn collect(mut self) -> Result<Collected, Refusal> {
        let announced = usize::try_from(self.stream_hint()).unwrap_or(0);
        let mut bytes = BytesMut::with_capacity(announced.min(FIRST_BYTES));
        while let Some(piece) = self.next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(Collected {
            bytes: bytes.freeze(),
            _share: self.share,
        })
    }

    /// The share of what has arrived, once all has.
    pub(crate) fn into_share(self) -> BodyShare {
        self.share
    }

    fn stream_hint(&self) -> u64 {
        http_body::Body::size_hint(&self.stream).lower()
    }

    fn too_slow(&self) -> Refusal {
        let Pace {
            total,
            silence,
            grace,
            bytes_per_second,
        } = self.pace;
        let now = Instant::now();
        let taken = now.saturating_duration_since(self.transfer.began());
        let why = if taken >= total {
            format!("did not arrive within {} seconds", total.as_secs())
        } else if now.saturating_duration_since(self.transfer.last()) >= silence {
            format!("stopped for {} seconds", silence.as_secs())
        } else {
            format!(
                "came at less than {bytes_per_second} bytes per second after its first {} seconds",
                grace.as_secs()
            )
        };
        Refusal::new(ErrorCode::WrongType, format!("the body {why}"))
            .with_status(StatusCode::REQUEST_TIMEOUT)
    }
}

/// The budget is spent.
pub(crate) fn spent(_: Spent) -> Refusal {
    Refusal::busy("the server holds as many uploads as it can")
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        ErrorCode::WrongType,
        format!("the body is larger than {limit} bytes"),
    )
    .with_status(StatusCode::PAYLOAD_TOO_LARGE)
}
