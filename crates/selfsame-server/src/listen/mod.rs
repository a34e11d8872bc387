//! Listens on addresses, and serves the connections that come in.

mod accept;
mod activity;
mod certificate;
mod connection;
mod descriptors;
mod registry;
mod socket;

pub(crate) use activity::Activity;
pub use certificate::CertificateError;
pub(crate) use certificate::{Certificate, Files};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::connection::Serving;
use self::registry::Connections;

use crate::client_address::Proxies;
use crate::config::ConnectionLimits;
use crate::server::ServeError;

/// How long open connections may go on after the stop.
const GRACE: Duration = Duration::from_secs(10);
/// Connections that wait to be accepted.
const BACKLOG: u32 = 4096;

/// Everything that is listened on.
pub(crate) struct Listeners {
    limits: ConnectionLimits,
    connections: Arc<Connections>,
    /// Connections of their own: whoever fills the public address does not keep the operators out.
    of_operators: Arc<Connections>,
    tasks: JoinSet<()>,
    /// What closes connections that have had their time, also while the last ones end.
    watching: JoinSet<()>,
    ending: watch::Sender<bool>,
}

impl Listeners {
    /// None yet. Fewer connections may be open than asked for, where the process may not open that many files.
    pub(crate) fn new(mut limits: ConnectionLimits, proxies: Proxies) -> Self {
        limits.most = descriptors::connections(limits.most, descriptors::raise());
        let (ending, _) = watch::channel(false);
        let [connections, of_operators] =
            [(), ()].map(|()| Connections::new(limits, proxies.clone()));
        let mut watching = JoinSet::new();
        for each in [&connections, &of_operators] {
            watching.spawn(Arc::clone(each).watch());
        }
        Self {
            limits,
            connections,
            of_operators,
            tasks: JoinSet::new(),
            watching,
            ending,
        }
    }

    /// Serves whoever comes to a public address.
    pub(crate) fn serve(
        &mut self,
        listener: TcpListener,
        certificate: Option<Arc<Certificate>>,
        router: Router,
    ) {
        let connections = Arc::clone(&self.connections);
        self.listen(listener, certificate, router, connections);
    }

    /// Serves whoever comes to the operators' address.
    pub(crate) fn serve_operations(&mut self, listener: TcpListener, router: Router) {
        let connections = Arc::clone(&self.of_operators);
        self.listen(listener, None, router, connections);
    }

    fn listen(
        &mut self,
        listener: TcpListener,
        certificate: Option<Arc<Certificate>>,
        router: Router,
        connections: Arc<Connections>,
    ) {
        if let Some(certificate) = &certificate {
            let stop = self.ending.subscribe();
            self.tasks.spawn(Arc::clone(certificate).follow(stop));
        }
        let serving = Serving {
            router,
            certificate,
            limits: self.limits,
            stop: self.ending.subscribe(),
        };
        self.tasks.spawn(serving.accept(listener, connections));
    }

    /// Takes no more connections, and returns once those that are open have ended, or have had their time.
    ///
    /// # Errors
    /// When a listener had failed.
    pub(crate) async fn end(mut self) -> std::io::Result<()> {
        let _ = self.ending.send(true);
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            outcome = outcome.and(ended.map_err(std::io::Error::other));
        }
        let all_ended = self.connections.all_ended();
        if tokio::time::timeout(GRACE, all_ended).await.is_err() {
            let closed = self.connections.close_all();
            tracing::warn!(closed, "connections were closed that had not ended in time");
        }
        self.of_operators.close_all();
        self.watching.abort_all();
        outcome
    }
}

/// Listens on an address.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listen = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }?;
        // As after a crash, when connections of the process before are still being wound up.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|e| ServeError::Bind(address, e))
}
