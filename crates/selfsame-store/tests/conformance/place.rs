//! Where a test keeps its store: a data directory, or a schema of its own in a PostgreSQL database. (A database of its own would
//! cost each test a checkpoint of the whole server.)

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use selfsame_store::blobs::FileBlobs;
use selfsame_store::keyring::MasterKey;
use selfsame_store::postgres::{self, PostgresStore};
use selfsame_store::sqlite::{self, SqliteStore};
use selfsame_store::store::*;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _, SqliteConnection,
};

/// Names the PostgreSQL server: the URL of a database whose user may make others.
const SERVER: &str = "SELFSAME_TEST_POSTGRES";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Where a store is kept; removed when its test ends.
#[derive(Clone)]
pub struct Place(Arc<Inner>);

struct Inner {
    kind: Kind,
    dir: tempfile::TempDir,
    /// The schema's name.
    name: String,
    /// Places that were made beside this one.
    others: Mutex<Vec<Place>>,
}

/// How much a store takes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub max_queued: u64,
    pub max_uploads: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_queued: 1000,
            max_uploads: 5000,
        }
    }
}

async fn server() -> PgConnection {
    PgConnection::connect(&std::env::var(SERVER).unwrap())
        .await
        .unwrap()
}

fn url(schema: &str) -> String {
    let mut url = url::Url::parse(&std::env::var(SERVER).unwrap()).unwrap();
    url.query_pairs_mut()
        .append_pair("options[search_path]", schema);
    url.into()
}

async fn execute(connection: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .unwrap();
}

impl Place {
    async fn new(kind: Kind) -> Self {
        let name = format!("selfsame_{}", uuid::Uuid::new_v4().simple());
        if kind == Kind::Postgres {
            execute(&mut server().await, format!("CREATE SCHEMA {name}")).await;
        }
        Self(Arc::new(Inner {
            kind,
            dir: tempfile::tempdir().unwrap(),
            name,
            others: Mutex::default(),
        }))
    }

    fn beside(&self, other: Self) -> Self {
        self.0.others.lock().unwrap().push(other.clone());
        other
    }

    /// A place of the same kind, and empty.
    pub async fn another(&self) -> Self {
        self.beside(Self::new(self.0.kind).await)
    }

    /// A copy of the data directory, with the same master key.
    pub async fn copy(&self) -> Self {
        assert!(self.is(Kind::Sqlite));
        let copy = Self::new(Kind::Sqlite).await;
        // Not the file: whoever closed it a moment ago may still be writing into it what the log holds.
        let into = copy.dir().join("selfsame.db");
        sqlx::query("VACUUM INTO ?")
            .bind(into.to_str().unwrap())
            .execute(&mut self.sqlite_connection().await)
            .await
            .unwrap();
        std::fs::copy(self.dir().join("master.key"), copy.dir().join("master.key")).unwrap();
        self.beside(copy)
    }

    pub fn is(&self, kind: Kind) -> bool {
        self.0.kind == kind
    }

    pub fn dir(&self) -> &Path {
        self.0.dir.path()
    }

    pub fn blobs(&self) -> PathBuf {
        self.dir().join("blobs")
    }

    /// How many blobs there are, beside the mark of whose they are.
    pub fn count_blobs(&self) -> usize {
        let files = std::fs::read_dir(self.blobs()).unwrap();
        let names = files.map(|file| file.unwrap().file_name());
        names.filter(|name| name != "owner").count()
    }

    pub fn sqlite(&self, limits: Limits) -> sqlite::Options {
        sqlite::Options {
            max_queued: limits.max_queued,
            max_uploads: limits.max_uploads,
            ..sqlite::Options::new(self.dir())
        }
    }

    pub fn postgres(&self, limits: Limits) -> postgres::Options {
        let master = MasterKey::read_or_create(&self.dir().join("master.key")).unwrap();
        let blobs = Arc::new(FileBlobs::open(self.blobs()).unwrap());
        postgres::Options {
            max_queued: limits.max_queued,
            max_uploads: limits.max_uploads,
            connections: 4,
            ..postgres::Options::new(url(&self.0.name), master, blobs)
        }
    }

    /// Opens the store, beside whoever has it open.
    pub async fn open(&self, limits: Limits) -> Arc<dyn Store> {
        match self.0.kind {
            Kind::Sqlite => Arc::new(SqliteStore::open(&self.sqlite(limits)).await.unwrap()),
            Kind::Postgres => {
                let options = self.postgres(limits);
                Arc::new(PostgresStore::connect(&options).await.unwrap())
            }
        }
    }

    /// Opens the store as a server does when it starts.
    pub async fn serve(&self) -> Arc<dyn Store> {
        match self.0.kind {
            Kind::Sqlite => {
                let options = self.sqlite(Limits::default());
                Arc::new(SqliteStore::open_exclusive(&options).await.unwrap())
            }
            Kind::Postgres => self.open(Limits::default()).await,
        }
    }

    /// The same after the process that served it was lost, with jobs and callbacks in its hands.
    pub async fn serve_again(&self) -> Arc<dyn Store> {
        if self.0.kind == Kind::Postgres {
            // Other nodes may hold leases: what was lost comes back when its own have ended.
            self.pass(Duration::from_secs(61)).await;
        }
        let store = self.serve().await;
        store.recover().await.unwrap();
        store
    }

    /// The database itself, beside the store.
    pub async fn sqlite_connection(&self) -> SqliteConnection {
        sqlx::sqlite::SqliteConnectOptions::new()
            .filename(self.dir().join("selfsame.db"))
            .connect()
            .await
            .unwrap()
    }

    pub async fn postgres_connection(&self) -> PgConnection {
        PgConnection::connect(&url(&self.0.name)).await.unwrap()
    }

    /// What somebody can do who has the database, but not the master key. Bytes are written `x'00'`. Gives how many rows that
    /// touched.
    pub async fn try_tamper(&self, statements: &str) -> Result<u64, sqlx::Error> {
        let statements = statements.to_owned();
        Ok(match self.0.kind {
            Kind::Sqlite => sqlx::raw_sql(AssertSqlSafe(statements))
                .execute(&mut self.sqlite_connection().await)
                .await?
                .rows_affected(),
            Kind::Postgres => {
                let statements = statements.replace("x'", "'\\x");
                sqlx::raw_sql(AssertSqlSafe(statements))
                    .execute(&mut self.postgres_connection().await)
                    .await?
                    .rows_affected()
            }
        })
    }

    /// Takes away what keeps the audit from being changed by mistake.
    pub async fn disarm(&self) {
        let of = match self.0.kind {
            Kind::Sqlite => "",
            Kind::Postgres => " ON audit",
        };
        let disarm =
            format!("DROP TRIGGER audit_is_not_changed{of}; DROP TRIGGER audit_is_not_removed{of}");
        self.try_tamper(&disarm).await.unwrap();
    }

    /// Makes one byte of a column's values another one.
    pub async fn damage(&self, table: &str, column: &str, row: &str) {
        let (whole, byte) = match self.0.kind {
            Kind::Sqlite => (
                format!("CAST(substr({column}, 1, 30) || {{}} || substr({column}, 32) AS BLOB)"),
                format!("CASE substr({column}, 31, 1) WHEN x'00' THEN x'01' ELSE x'00' END"),
            ),
            Kind::Postgres => (
                format!("set_byte({column}, 30, {{}})"),
                format!("(get_byte({column}, 30) + 1) % 256"),
            ),
        };
        let damaged = whole.replace("{}", &byte);
        let statement = format!("UPDATE {table} SET {column} = {damaged} WHERE {row}");
        assert!(
            self.try_tamper(&statement).await.unwrap() > 0,
            "{statement}"
        );
    }

    /// Time passes, for all that waits for a moment.
    pub async fn pass(&self, time: Duration) {
        let by = time.as_micros();
        let statements = format!(
            "UPDATE jobs SET grant_expires_at = grant_expires_at - {by}, lease_until = lease_until - {by}, run_after = run_after - {by};
             UPDATE delivery_lanes SET not_before = not_before - {by};
             UPDATE deliveries SET next_attempt_at = next_attempt_at - {by}, lease_until = lease_until - {by};
             UPDATE failed_attempts SET last_at = last_at - {by}, locked_until = locked_until - {by}"
        );
        self.try_tamper(&statements).await.unwrap();
    }

    /// A number that the database gives.
    pub async fn number(&self, query: &str) -> i64 {
        let query = AssertSqlSafe(query.to_owned());
        match self.0.kind {
            Kind::Sqlite => {
                let mut connection = self.sqlite_connection().await;
                sqlx::query_scalar(query)
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
            Kind::Postgres => {
                let mut connection = self.postgres_connection().await;
                sqlx::query_scalar(query)
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
        }
    }

    /// Every byte that is kept: of files, and of the database's rows, as text.
    pub async fn everything(&self) -> Vec<u8> {
        let mut all = bytes_under(self.dir());
        if self.0.kind == Kind::Postgres {
            let mut connection = self.postgres_connection().await;
            let tables =
                "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
            for table in sqlx::query(tables)
                .fetch_all(&mut connection)
                .await
                .unwrap()
            {
                let rows = format!("SELECT t::text FROM {} t", table.get::<String, _>(0));
                let rows = sqlx::query(AssertSqlSafe(rows))
                    .fetch_all(&mut connection)
                    .await;
                all.extend(
                    rows.unwrap()
                        .iter()
                        .flat_map(|row| row.get::<String, _>(0).into_bytes()),
                );
            }
        }
        all
    }

    async fn remove(&self) {
        let others: Vec<Self> = std::mem::take(&mut *self.0.others.lock().unwrap());
        for place in others.iter().chain([self]) {
            if place.0.kind == Kind::Postgres {
                let drop = format!("DROP SCHEMA {} CASCADE", place.0.name);
                execute(&mut server().await, drop).await;
            }
        }
    }
}

fn bytes_under(dir: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        all.extend(if path.is_dir() {
            bytes_under(&path)
        } else {
            std::fs::read(&path).unwrap()
        });
    }
    all
}

/// Runs a test in a place of its own, and leaves nothing of it behind. Without a server, what needs one is left out.
pub async fn run<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(Place) -> F) {
    if kind == Kind::Postgres && std::env::var(SERVER).is_err() {
        println!("left out: {SERVER} names no server");
        return;
    }
    let place = Place::new(kind).await;
    let ended = AssertUnwindSafe(test(place.clone())).catch_unwind().await;
    place.remove().await;
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

/// Makes tests of functions, for one kind of place.
macro_rules! tests_in {
    ($module:ident, $kind:ident: $($name:ident),*) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::place::run(crate::place::Kind::$kind, super::$name).await;
            })*
        }
    };
}

/// Makes tests of functions, for each back end.
macro_rules! on_each {
    ($($name:ident),* $(,)?) => {
        tests_in!(sqlite, Sqlite: $($name),*);
        tests_in!(postgres, Postgres: $($name),*);
    };
}

/// The same for SQLite alone.
macro_rules! on_sqlite {
    ($($name:ident),* $(,)?) => {
        tests_in!(sqlite_only, Sqlite: $($name),*);
    };
}

/// The same for PostgreSQL alone.
macro_rules! on_postgres {
    ($($name:ident),* $(,)?) => {
        tests_in!(postgres_only, Postgres: $($name),*);
    };
}
