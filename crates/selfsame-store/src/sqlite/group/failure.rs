//! What those who share a commit are told when it fails: one failure, and each hears of what kind it is.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use sqlx::error::{DatabaseError, ErrorKind};

/// One failure, for each who shared the commit.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<sqlx::Error>);

/// SQLite's code for what cannot be done as things stand: there is no such savepoint.
const CANNOT: &str = "1";

/// Why a transaction could not be gone on with.
pub(super) fn given_up(error: sqlx::Error) -> Shared {
    let code = error.as_database_error().and_then(DatabaseError::code);
    match code.as_deref() {
        // Who met the cause was told of it, and this caller may try again, as after an outage.
        Some(CANNOT) => outage("SQLite gave it up, as where the disk is full or fails"),
        _ => Shared::from(error),
    }
}

/// Nobody is left who could tell.
pub(super) fn broken_off() -> Shared {
    outage("it was broken off")
}

fn outage(why: &'static str) -> Shared {
    sqlx::Error::Io(std::io::Error::other(why)).into()
}

impl From<sqlx::Error> for Shared {
    fn from(error: sqlx::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl Shared {
    /// What one caller is told.
    pub(super) fn told(self) -> sqlx::Error {
        match self.0.as_database_error() {
            Some(_) => sqlx::Error::Database(Box::new(self)),
            None => sqlx::Error::Io(std::io::Error::other(self)),
        }
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a commit that several writers share failed: {}", self.0)
    }
}

impl Error for Shared {}

impl DatabaseError for Shared {
    fn message(&self) -> &str {
        let error = self.0.as_database_error();
        error.map_or("a commit that several writers share failed", |error| {
            error.message()
        })
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        self.0.as_database_error()?.code()
    }

    fn kind(&self) -> ErrorKind {
        let error = self.0.as_database_error();
        error.map_or(ErrorKind::Other, DatabaseError::kind)
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }
}
