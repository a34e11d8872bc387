//! How far a job that is being submitted has come, and the upload that says so.

use bytes::Bytes;
use futures::stream;

/// What is reported while a job is submitted, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The server has taken the job on.
    Prepared,
    /// So much of the package was handed to the connection.
    Uploading {
        /// Bytes.
        sent: usize,
        /// Bytes of the whole package.
        total: usize,
    },
    /// The package has arrived: the job will end, whatever becomes of this client.
    Uploaded,
    /// The job was asked after and has not ended.
    Waiting,
}

/// Who is told.
pub(crate) type Listener = std::sync::Arc<dyn Fn(Progress) + Send + Sync>;

/// Bytes that are handed over at one time.
const PIECE: usize = 32 * 1024;

/// A body that reports each piece before it is sent.
pub(crate) fn body(package: Vec<u8>, listener: Listener) -> reqwest::Body {
    let package = Bytes::from(package);
    let total = package.len();
    let pieces = stream::iter((0..total).step_by(PIECE).map(move |from| {
        let to = (from + PIECE).min(total);
        listener(Progress::Uploading { sent: to, total });
        Ok::<_, std::convert::Infallible>(package.slice(from..to))
    }));
    reqwest::Body::wrap_stream(pieces)
}
