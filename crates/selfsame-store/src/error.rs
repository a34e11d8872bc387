//! What can go wrong beneath the interface.

use std::io::ErrorKind;
use std::path::PathBuf;

use sqlx::postgres::PgDatabaseError;

/// A store failed. Nothing was changed unless the text says so.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A file or folder failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Something cannot be decrypted: another key, or somebody changed it.
    #[error(
        "{0} cannot be decrypted: it was changed, or the master key is not the one it was written with"
    )]
    Sealed(&'static str),
    /// A record does not read as what it was written as.
    #[error("{0} on record cannot be read: {1}")]
    Corrupt(&'static str, String),
    /// A record is of a kind that only a newer build writes: nodes of that can read it.
    #[error(
        "{0} is of a kind that this build does not know, and a newer one wrote: use the newer build"
    )]
    OfNewerBuild(&'static str),
    /// The audit's chain does not end where its head says: records were removed, changed or put back. Nothing was changed.
    #[error(
        "the audit is broken and is not extended, so nothing was changed: {0}. Keep a copy of the data directory, find out what \
         happened (`selfsame audit verify`), then begin a new segment behind the break with `selfsame audit resume`"
    )]
    AuditBroken(String),
    /// The master key cannot be used.
    #[error("master key: {0}")]
    MasterKey(String),
    /// Another server has the data directory, or keys are to change while others use them.
    #[error("{} is in use by another server or command; stop it, or wait for it", .0.display())]
    InUse(PathBuf),
    /// A package was written, but too long ago for a record to name it: the sweep may have taken it for an orphan.
    #[error("it took too long to record a package, so nothing was recorded; send it again")]
    TooLate,
    /// A data key was retired while something was encrypted with it. Nothing was changed.
    #[error("the data keys were changed meanwhile, so nothing was recorded; try again")]
    KeysChanged,
    /// Object storage failed.
    #[error("object storage {place}: {doing} failed: {said}; {advice}")]
    Objects {
        /// The bucket and the prefix.
        place: String,
        /// What was asked of it.
        doing: &'static str,
        /// What it answered, without secrets.
        said: String,
        /// What to do.
        advice: &'static str,
    },
    /// Moving the data to another store failed. What was copied stays, and the move may be begun again.
    #[error("moving the data: {0}")]
    Moving(String),
    /// The place for packages belongs to another installation.
    #[error(
        "{0} holds the packages of another installation, and the sweep would remove them: give each a bucket or a prefix of its own"
    )]
    OthersBlobs(String),
    /// The database cannot be searched for faces.
    #[error("searching in the database: {0}")]
    Faces(String),
    /// The operating system has no randomness to give.
    #[error("the operating system's random source does not answer")]
    NoRandomness,
}

impl StoreError {
    /// The database or the bucket does not answer, or has no room left: nothing is wrong with the item, and it can be tried again
    /// for as long as that lasts.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Objects { .. } => true,
            Self::Io { error, .. } => matches!(
                error.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded
            ),
            Self::Database(sqlx::Error::Database(error)) => {
                let code = error.code();
                let code = code.as_deref().unwrap_or_default();
                if error.try_downcast_ref::<PgDatabaseError>().is_some() {
                    postgres_is_out(code)
                } else {
                    sqlite_is_out(code)
                }
            }
            // A way to the server that is closed before it answers, as a proxy without one does it: the driver takes the end for an
            // answer.
            Self::Database(sqlx::Error::Protocol(said)) => {
                said.contains("unexpected response from SSLRequest")
            }
            Self::Database(error) => matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
            ),
            _ => false,
        }
    }

    /// One item on record cannot be read, and trying again will not help: only what needs this item fails.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::Sealed(_)
                | Self::Corrupt(..)
                | Self::OfNewerBuild(_)
                | Self::Database(sqlx::Error::ColumnDecode { .. })
        )
    }
}

/// Whether a state of SQL says that the server has no room or no connection left, ends, starts, or cannot read its disk.
fn postgres_is_out(state: &str) -> bool {
    ["08", "53", "58"]
        .iter()
        .any(|class| state.starts_with(class))
        || ["57P01", "57P02", "57P03"].contains(&state)
}

/// Whether a result of SQLite says that the disk is full, fails, or does not let the database be opened. Its lowest byte names the
/// kind.
fn sqlite_is_out(result: &str) -> bool {
    const IOERR: u32 = 10;
    const FULL: u32 = 13;
    const CANTOPEN: u32 = 14;
    let kind = result.parse::<u32>().map(|result| result & 0xff);
    kind.is_ok_and(|kind| [IOERR, FULL, CANTOPEN].contains(&kind))
}

pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |error| StoreError::Io {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Shutdown, TcpListener};

    use sqlx::Connection as _;
    use sqlx::postgres::PgConnection;

    use super::*;

    /// What the driver says of a server that reads the first message, answers so, and closes.
    async fn cut_after(answer: &'static [u8]) -> StoreError {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut asked = [0; 8];
            connection.read_exact(&mut asked).unwrap();
            connection.write_all(answer).unwrap();
            connection.shutdown(Shutdown::Both).unwrap();
        });
        let refused = PgConnection::connect(&format!("postgres://a:b@127.0.0.1:{port}/c")).await;
        server.join().unwrap();
        StoreError::from(refused.err().unwrap())
    }

    #[tokio::test]
    async fn a_way_to_the_server_that_is_cut_while_it_is_made_is_an_outage() {
        for answer in [&b""[..], b"S", b"N"] {
            let error = cut_after(answer).await;
            assert!(error.is_outage(), "{answer:?}: {error}");
        }
        // What no cut explains is not waited for.
        assert!(!StoreError::from(sqlx::Error::Protocol("a column too few".into())).is_outage());
    }

    #[test]
    fn what_passes_is_told_from_what_stays_wrong() {
        for state in ["08006", "53100", "53300", "57P03", "58030"] {
            assert!(postgres_is_out(state), "{state}");
        }
        for state in ["23505", "57014", "42601", ""] {
            assert!(!postgres_is_out(state), "{state}");
        }
        // Full; an I/O error while writing.
        for result in ["13", "778", "14"] {
            assert!(sqlite_is_out(result), "{result}");
        }
        // A key that is there already; a database that is none.
        for result in ["1555", "26", "", "none"] {
            assert!(!sqlite_is_out(result), "{result}");
        }
        let full = std::io::Error::from(ErrorKind::StorageFull);
        assert!(super::io(std::path::Path::new("x"))(full).is_outage());
        let denied = std::io::Error::from(ErrorKind::PermissionDenied);
        assert!(!super::io(std::path::Path::new("x"))(denied).is_outage());
    }
}
