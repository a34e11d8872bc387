//! One connection from the handshake to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, Version};
use bytes::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::{Service, ServiceExt as _};

use super::accept;
use super::activity::Activity;
use super::certificate::Certificate;
use super::registry::{Connections, Place};
use super::socket::Socket;
use crate::config::ConnectionLimits;
use crate::origin::Scheme;
use crate::pace::Pace;

/// The longest head of a request, and what is buffered of a connection.
const HEAD_BYTES: usize = 64 * 1024;
/// Requests that one HTTP/2 connection may have in hand.
const STREAMS: u32 = 64;
/// Bytes that a stream, and a connection, may send ahead of their being read.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Streams reset by either side before the connection is closed as an attack.
const RESETS: usize = 32;
/// How long an answer whose size is not known may take.
const UNSIZED_ANSWER: Duration = Duration::from_secs(600);

/// What every connection of a listener is served with.
#[derive(Debug, Clone)]
pub(super) struct Serving {
    pub(super) router: Router,
    pub(super) certificate: Option<Arc<Certificate>>,
    pub(super) limits: ConnectionLimits,
    pub(super) stop: watch::Receiver<bool>,
}

impl Serving {
    /// Accepts and serves connections until told to stop.
    pub(super) async fn accept(self, listener: TcpListener, connections: Arc<Connections>) {
        let secure = self.certificate.is_some();
        let take = |stream, peer: SocketAddr| match connections.enter(peer.ip(), secure) {
            Some(place) => {
                tokio::spawn(self.clone().serve(stream, peer, place));
            }
            // Dropped: the client sees that the connection was closed.
            None => tracing::debug!(%peer, "a connection was refused: too many are open"),
        };
        let short = || {
            connections.make_room();
        };
        accept::accept(listener, self.stop.clone(), take, short).await;
    }

    /// Serves a connection until it ends, has had its time, makes room, or the server stops.
    pub(super) async fn serve(self, stream: TcpStream, peer: SocketAddr, place: Place) {
        // Answers are small and awaited.
        let _ = stream.set_nodelay(true);
        let activity = Arc::clone(&place.activity);
        let socket = Socket::new(stream, Arc::clone(&activity));
        tokio::select! {
            () = self.converse(socket, peer, &activity) => {}
            () = activity.closed() => {}
        }
        drop(place);
    }

    async fn converse(self, socket: Socket, peer: SocketAddr, activity: &Arc<Activity>) {
        match self.certificate.as_ref().map(|c| c.config()) {
            None => self.exchange(socket, peer, Scheme::Http, activity).await,
            Some(config) => match TlsAcceptor::from(config).accept(socket).await {
                Ok(stream) => {
                    activity.secured();
                    self.exchange(stream, peer, Scheme::Https, activity).await;
                }
                Err(error) => tracing::debug!(%error, "TLS handshake"),
            },
        }
    }

    async fn exchange<I>(self, io: I, peer: SocketAddr, scheme: Scheme, activity: &Arc<Activity>)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let requests = Requests {
            router: self.router,
            peer,
            scheme,
            activity: Arc::clone(activity),
            answer_pace: self.limits.answer_pace,
        };
        let builder = builder();
        let connection =
            builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(requests));
        let mut connection = std::pin::pin!(connection);
        let mut stop = self.stop;
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = told(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = &*error, "connection");
        }
    }
}

/// Resolves when the server stops.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// HTTP/1 and HTTP/2 within limits. How long each phase may take is the registry's to watch.
fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD_BYTES as u32)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

/// Hands a connection's requests to the router, and notes what is in hand.
#[derive(Clone)]
struct Requests {
    router: Router,
    peer: SocketAddr,
    scheme: Scheme,
    activity: Arc<Activity>,
    answer_pace: Pace,
}

impl<B> Service<Request<B>> for Requests
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        let handling = Handling::begin(&self.activity, request.version() >= Version::HTTP_2);
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(self.peer));
        extensions.insert(self.scheme);
        extensions.insert(Arc::clone(&self.activity));
        let (router, pace) = (self.router.clone(), self.answer_pace);
        Box::pin(async move {
            let response = router.oneshot(request).await?;
            Ok(response.map(|body| Body::new(handling.answer(body, &pace))))
        })
    }
}

/// A request in hand.
struct Handling(Arc<Activity>);

impl Handling {
    fn begin(activity: &Arc<Activity>, multiplexed: bool) -> Self {
        activity.begins(multiplexed, Instant::now());
        Self(Arc::clone(activity))
    }

    /// The request's answer is made: from now on it is being sent.
    fn answer(self, body: Body, pace: &Pace) -> Answer {
        let size = body.size_hint().exact();
        let allowed = size.map_or(UNSIZED_ANSWER, |size| {
            let seconds = size.checked_div(pace.bytes_per_second).unwrap_or(0);
            pace.grace + Duration::from_secs(seconds)
        });
        let name = self.0.answers(Instant::now() + allowed);
        Answer {
            body,
            name,
            handling: self,
        }
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.handled(Instant::now());
    }
}

/// An answer's body; when it is dropped, it was sent or given up.
struct Answer {
    body: Body,
    name: (Instant, u64),
    handling: Handling,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.handling.0.answered(self.name, Instant::now());
    }
}
