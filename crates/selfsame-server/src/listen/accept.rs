//! Takes connections in, whatever the operating system says meanwhile.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long the first failure is waited out; each further one in a row waits twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(20);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How often failures are logged at most.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Where connections come from.
pub(super) trait Source: Send {
    type Connection: Send;

    fn accept(&mut self)
    -> impl Future<Output = io::Result<(Self::Connection, SocketAddr)>> + Send;
}

impl Source for TcpListener {
    type Connection = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }
}

/// Hands every connection to `take` until told to stop. `short` is called where none can be taken for want of file descriptors
/// or memory.
pub(super) async fn accept<S: Source>(
    mut source: S,
    mut stop: watch::Receiver<bool>,
    mut take: impl FnMut(S::Connection, SocketAddr) + Send,
    mut short: impl FnMut() + Send,
) {
    let mut failures = Failures::default();
    while !*stop.borrow() {
        let accepted = tokio::select! {
            accepted = source.accept() => accepted,
            _ = stop.changed() => return,
        };
        match accepted {
            Ok((connection, peer)) => {
                failures.row = 0;
                take(connection, peer);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                short();
                let wait = failures.next(&error, Instant::now());
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    _ = stop.changed() => return,
                }
            }
        }
    }
}

/// Whether only the connection that was to be accepted is at fault: the next may be well.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

#[derive(Default)]
struct Failures {
    row: u32,
    unlogged: u64,
    logged: Option<Instant>,
}

impl Failures {
    /// Notes a failure; gives how long to wait.
    fn next(&mut self, error: &io::Error, now: Instant) -> Duration {
        metrics::counter!("selfsame_accept_failures_total").increment(1);
        self.unlogged += 1;
        if self
            .logged
            .is_none_or(|then| now.saturating_duration_since(then) >= LOG_EVERY)
        {
            tracing::error!(%error, times = self.unlogged, "cannot accept a connection; going on");
            self.logged = Some(now);
            self.unlogged = 0;
        }
        let wait = FIRST_WAIT.saturating_mul(1 << self.row.min(16));
        self.row = self.row.saturating_add(1);
        wait.min(LONGEST_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Script(Vec<io::Result<u32>>, watch::Sender<bool>);

    impl Source for Script {
        type Connection = u32;

        async fn accept(&mut self) -> io::Result<(u32, SocketAddr)> {
            match self.0.pop() {
                Some(next) => next.map(|n| (n, SocketAddr::from(([127, 0, 0, 1], 1)))),
                None => {
                    let _ = self.1.send(true);
                    std::future::pending().await
                }
            }
        }
    }

    #[tokio::test]
    async fn no_failure_ends_it() {
        let (stop, stopped) = watch::channel(false);
        // EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO: each is waited out; ECONNABORTED and EINTR are nobody else's.
        let mut script = vec![Ok(9)];
        for number in [24, 23, 105, 12, 71, 103, 4] {
            script.push(Err(io::Error::from_raw_os_error(number)));
            script.push(Ok(u32::try_from(number).unwrap()));
        }
        script.reverse();
        let (mut taken, mut short) = (Vec::new(), 0);
        accept(
            Script(script, stop),
            stopped,
            |n, _| taken.push(n),
            || short += 1,
        )
        .await;
        assert_eq!(taken, [9, 24, 23, 105, 12, 71, 103, 4]);
        assert_eq!(short, 5);
    }

    #[test]
    fn failures_in_a_row_are_waited_out_longer_and_logged_seldom() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        let error = io::Error::from_raw_os_error(24);
        let waits: Vec<_> = (0..50).map(|_| failures.next(&error, now)).collect();
        assert_eq!(waits[..2], [FIRST_WAIT, FIRST_WAIT * 2]);
        assert_eq!(waits[49], LONGEST_WAIT);
        assert_eq!(failures.unlogged, 49);
        failures.next(&error, now + LOG_EVERY);
        assert_eq!(failures.unlogged, 0);
    }
}
