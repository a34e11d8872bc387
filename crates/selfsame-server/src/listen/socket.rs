//! A TCP socket that tells what moves, and that is closed so that its last answer arrives.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::activity::Activity;

/// A socket under watch.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    activity: Arc<Activity>,
    said_all: bool,
    /// Nothing was under way when all was said.
    rested: bool,
}

impl Socket {
    pub(super) const fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            activity,
            said_all: false,
            rested: false,
        }
    }

    fn wrote(&self, offered: usize, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let taken = match &outcome {
            Poll::Ready(taken) => taken.as_ref().ok().copied(),
            Poll::Pending => None,
        };
        self.activity.sent(taken, offered, Instant::now());
        outcome
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        this.activity
            .received(buffer.filled().len() - before, Instant::now());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(bytes.len(), outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let offered = slices.iter().map(|s| s.len()).sum();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.wrote(offered, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    /// Says that nothing more comes, then throws away what still arrives until the peer has done too: a socket that is closed
    /// while bytes are unread is reset, and a reset takes back an answer that the peer has not read yet. Where nothing was under way
    /// and nothing has arrived, there is nothing to wait for: a client may keep its end open for as long as it likes.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.said_all {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.said_all = true;
            this.rested = this.activity.lingers(Instant::now());
        }
        let mut waste = [0; 16 * 1024];
        // A fast client may not keep the others waiting.
        for _ in 0..16 {
            let mut buffer = ReadBuf::new(&mut waste);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buffer) {
                Poll::Pending if !this.rested => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    // Something was under way after all, and more of it may be.
                    this.rested = false;
                    if !this
                        .activity
                        .received(buffer.filled().len(), Instant::now())
                    {
                        return Poll::Ready(Ok(()));
                    }
                }
                _ => return Poll::Ready(Ok(())),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
