//! Where the servers and commands of a test keep their records and packages: in the data directory that they are given, or, with
//! `SELFSAME_TEST_ON=postgres`, in a database and below a prefix of a bucket that belong to this directory.
//!
//! `scripts/services.sh` brings both servers. The database is dropped when the test's thread ends; what is in the bucket stays
//! there, until that script removes the bucket.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use selfsame_store::blobs::BlobPlace;
use selfsame_store::keyring::MasterKey;
use selfsame_store::postgres::{self, PostgresStore};
use selfsame_store::sqlite::{self, SqliteStore};
use selfsame_store::store::Store;
use selfsame_testing::{Need, left_out};
use sha2::Digest as _;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};

/// Says on which back end the tests run.
const ON: &str = "SELFSAME_TEST_ON";
/// The URL of a database whose user may make others.
const SERVER: &str = "SELFSAME_TEST_POSTGRES";
/// The bucket's URL.
const BUCKET: &str = "SELFSAME_TEST_S3";
/// Names the store to the binary. Who sets it has a store already.
const STORE: &str = "SELFSAME_STORE";

/// Databases that this process made.
static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

thread_local! {
    /// Databases that this thread made.
    static MADE: RefCell<Made> = const { RefCell::new(Made(Vec::new())) };
}

struct Made(Vec<String>);

impl Drop for Made {
    fn drop(&mut self) {
        for name in self.0.drain(..) {
            // A panic here would end the process, and with it the other tests.
            if let Err(error) = at_server(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")) {
                println!("the database {name} stays: {error}");
            }
        }
    }
}

pub fn on_postgres() -> bool {
    match std::env::var(ON).as_deref() {
        Err(std::env::VarError::NotPresent) | Ok("") => false,
        Ok("postgres") => true,
        other => panic!("{ON} may be postgres, not {other:?}"),
    }
}

/// Whether a test that is about the data directory itself is left out here. It says so.
pub fn has_no_data_directory(why: &str) -> bool {
    if on_postgres() {
        left_out(Need::Platform, &format!("on PostgreSQL: {why}"));
    }
    on_postgres()
}

fn required(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{ON}=postgres needs {name}: use scripts/services.sh"))
}

/// Carries a statement out at the server, from any thread, with a runtime or without one.
fn at_server(statement: String) -> Result<(), String> {
    let carried_out = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| e.to_string())?;
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&required(SERVER))
                .await
                .map_err(|e| e.to_string())?;
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await
                .map_err(|e| e.to_string())?;
            connection.close().await.map_err(|e| e.to_string())
        })
    });
    carried_out
        .join()
        .unwrap_or_else(|_| Err("its thread panicked".to_owned()))
}

/// The name of the database and of the prefix.
fn name_of(data: &Path) -> String {
    let digest = sha2::Sha256::digest(data.as_os_str().as_encoded_bytes());
    let digits: String = digest[..12].iter().map(|b| format!("{b:02x}")).collect();
    format!("selfsame_test_{digits}")
}

fn url(name: &str) -> String {
    let mut url = url::Url::parse(&required(SERVER)).unwrap();
    url.set_path(name);
    url.into()
}

fn blobs(name: &str) -> String {
    format!("{}/{name}", required(BUCKET))
}

/// The store that belongs to a data directory, as the binary reads it from its environment: nothing where the directory itself is
/// the store. The database is made for the first who asks.
fn variables(data: &Path) -> Vec<(&'static str, String)> {
    if !on_postgres() {
        return Vec::new();
    }
    let name = name_of(data);
    let mut known = KNOWN.lock().unwrap();
    if !known.contains(&name) {
        at_server(format!("CREATE DATABASE {name}")).unwrap();
        known.insert(name.clone());
        MADE.with(|made| made.borrow_mut().0.push(name.clone()));
    }
    drop(known);
    let key = data.join("master.key");
    MasterKey::read_or_create(&key).unwrap();
    vec![
        (STORE, url(&name)),
        ("SELFSAME_MASTER_KEY_FILE", key.to_str().unwrap().to_owned()),
        ("SELFSAME_BLOBS", blobs(&name)),
    ]
}

/// Has a command work on the store of a data directory, unless it was told of another.
pub fn keep(command: &mut Command, data: &Path) {
    if !command.get_envs().any(|(given, _)| given == STORE) {
        command.envs(variables(data));
    }
}

/// The binary with its arguments, on the store of the data directory that they name.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selfsame"));
    command.args(arguments);
    let data = arguments.iter().skip_while(|a| **a != "--data").nth(1);
    if let Some(data) = data {
        keep(&mut command, Path::new(data));
    }
    command
}

/// The store itself, as one more command has it open.
pub async fn open(data: &Path) -> Arc<dyn Store> {
    if !on_postgres() {
        let options = sqlite::Options::new(data);
        return Arc::new(SqliteStore::open(&options).await.unwrap());
    }
    variables(data);
    let name = name_of(data);
    let master = MasterKey::read_or_create(&data.join("master.key")).unwrap();
    let place: BlobPlace = blobs(&name).parse().unwrap();
    let options = postgres::Options::new(url(&name), master, place.open().unwrap());
    Arc::new(PostgresStore::connect(&options).await.unwrap())
}

/// The database in a data directory.
pub async fn sqlite(data: &Path) -> SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new()
        .filename(data.join("selfsame.db"))
        // A server may be writing, on a machine that has much else to do.
        .busy_timeout(Duration::from_secs(60))
        .connect()
        .await
        .unwrap()
}

async fn postgres(data: &Path) -> PgConnection {
    PgConnection::connect(&url(&name_of(data))).await.unwrap()
}

/// Carries statements out in the database itself, behind the server's back.
pub async fn execute(data: &Path, statements: &str) {
    let statements = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
    if on_postgres() {
        let executed = statements.execute(&mut postgres(data).await).await;
        executed.unwrap();
    } else {
        let executed = statements.execute(&mut sqlite(data).await).await;
        executed.unwrap();
    }
}

/// A number in the database.
pub async fn number(data: &Path, query: &str) -> i64 {
    let query = AssertSqlSafe(query.to_owned());
    if on_postgres() {
        let mut connection = postgres(data).await;
        let found = sqlx::query_scalar(query).fetch_one(&mut connection).await;
        found.unwrap()
    } else {
        let mut connection = sqlite(data).await;
        let found = sqlx::query_scalar(query).fetch_one(&mut connection).await;
        found.unwrap()
    }
}

/// Waits until every callback is on record as delivered or given up. Who received one is ahead of that: until then a replay finds
/// it on its way, and adds none.
pub async fn callbacks_are_on_record(data: &Path) {
    let waiting = "SELECT COUNT(*) FROM deliveries WHERE state = 'pending'";
    super::until("the record of the callbacks", async || {
        number(data, waiting).await == 0
    })
    .await;
}

/// After a server was killed: what it had in its hands is free. In a database other nodes may live, so that its leases end with
/// time, which passes here; a data directory's end when its next server starts.
pub async fn let_leases_end(data: &Path) {
    if on_postgres() {
        // What it asked for last may be carried out yet.
        let asking = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
             AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        super::until("the end of its connections", async || {
            number(data, asking).await == 0
        })
        .await;
        let ended = "UPDATE jobs SET lease_until = 1 WHERE lease_until > 1;
             UPDATE deliveries SET lease_until = 1 WHERE lease_until > 1";
        execute(data, ended).await;
    }
}
