//! A data directory that moves to PostgreSQL: where `SELFSAME_TEST_POSTGRES` names a server (`scripts/services.sh`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test says what is wrong by failing, and what it leaves out by saying so"
)]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use selfsame_face::template::{TEMPLATE_LEN, Template, TemplateModel};
use selfsame_job::audit::Actor;
use selfsame_job::callback_url::{CallbackUrl, CallbackUrls};
use selfsame_job::fraud::{Clearing, Received, ReportToken};
use selfsame_job::identity::{IdentityRecord, Photo};
use selfsame_job::job::{Api, JobRequest, JobType};
use selfsame_job::partner::Partner;
use selfsame_job::user::{Reference, UserKey};
use selfsame_store::blobs::FileBlobs;
use selfsame_store::error::StoreError;
use selfsame_store::keyring::MasterKey;
use selfsame_store::moving::{self, Moved};
use selfsame_store::postgres::{self, PostgresStore};
use selfsame_store::sqlite::{self, SqliteStore};
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};
use selfsame_wire::id_info::{Country, IdNumber, IdType};
use selfsame_wire::signature::ApiKey;
use selfsame_wire::v3::fraud::{FraudReport, ReportForm};
use selfsame_wire::v3::smile_link::LinkRef;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tempfile::TempDir;
use url::Url;

/// A database of a test's own.
struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    async fn make() -> Option<Self> {
        let Ok(server) = std::env::var("SELFSAME_TEST_POSTGRES") else {
            eprintln!("left out: there is no SELFSAME_TEST_POSTGRES");
            return None;
        };
        let name = format!("moving_{}", uuid::Uuid::new_v4().simple());
        let mut url = Url::parse(&server).unwrap();
        url.set_path(&name);
        let database = Self {
            server,
            name,
            url: url.into(),
        };
        database.on_server("CREATE DATABASE").await;
        Some(database)
    }

    async fn on_server(&self, what: &str) {
        let mut server = PgConnection::connect(&self.server).await.unwrap();
        let force = if what.starts_with("DROP") {
            " WITH (FORCE)"
        } else {
            ""
        };
        let statement = format!("{what} {}{force}", self.name);
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut server)
            .await
            .unwrap();
    }

    async fn run(&self, statement: &'static str) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(statement)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }

    async fn remove(self) {
        self.on_server("DROP DATABASE IF EXISTS").await;
    }
}

fn partner() -> Partner {
    Partner {
        id: PartnerId::new("p").unwrap(),
        name: String::new(),
        production_enabled: true,
        signs_bodies: true,
        callback_urls: CallbackUrls {
            sandbox: None,
            production: CallbackUrl::new("https://default.example/").ok(),
        },
        sandbox_key: ApiKey::new("sandbox-key"),
        production_key: ApiKey::new("production-key"),
        created_at: Timestamp::now(),
    }
}

fn by() -> Actor {
    Actor::new("cli:ada").unwrap()
}

fn user(name: &str) -> UserKey {
    UserKey {
        partner: partner().id,
        environment: Environment::Sandbox,
        user: UserId::new(name).unwrap(),
    }
}

fn new_job(name: &str) -> NewJob {
    NewJob {
        smile_job_id: SmileJobId::new(name).unwrap(),
        user: user(name),
        job_id: JobId::new(name).unwrap(),
        job_type: JobType::Enrolment,
        request: JobRequest {
            callback_url: Some("https://callback.example/".to_owned()),
            ..JobRequest::new(Api::V1, serde_json::from_str("{}").unwrap())
        },
        retry: false,
        request_digest: None,
    }
}

fn staff() -> RegisterName {
    RegisterName::new("staff").unwrap()
}

fn ada() -> RegisterEntry {
    let record = IdentityRecord {
        full_name: Some("Ada Lovelace".to_owned()),
        photo: Some(Photo(Bytes::from_static(b"a photograph"))),
        ..IdentityRecord::default()
    };
    let (country, id_type) = (Country::new("NG").unwrap(), IdType::new("NIN").unwrap());
    RegisterEntry::new(country, id_type, &IdNumber::new("123").unwrap(), record).unwrap()
}

/// A link for many.
fn link() -> NewLink {
    let terms = r#"{"id_types": [], "name": "Shop", "description": null, "notice_privacy_policy_url": "https://shop.example/p",
        "callback_url": null, "logo_url": null, "redirect_url": null, "theme_color": null, "partner_params": null}"#;
    NewLink {
        reference: LinkRef::from_random([7; 16]),
        partner: partner().id,
        environment: Environment::Sandbox,
        user: None,
        single_use: false,
        expires_at: "2100-01-01T00:00:00Z".parse().unwrap(),
        terms: serde_json::from_str(terms).unwrap(),
    }
}

fn report() -> FraudReport {
    let mut form = ReportForm::default();
    for (part, text) in [
        ("is_fraud", "true"),
        ("reported_by", "eve@example.com"),
        ("reason", "MULE_ACCOUNT"),
    ] {
        *form.part(part).unwrap() = Some(text.to_owned());
    }
    FraudReport::parse(form).unwrap()
}

fn package(name: &str) -> Bytes {
    Bytes::from(format!("package of {name}"))
}

/// A job that enrolled its user, in any store.
async fn enrol(store: &dyn Store, name: &str) {
    let job = new_job(name);
    store.submit_job(&job, package(name)).await.unwrap();
    let numbers = std::array::from_fn::<f32, TEMPLATE_LEN, _>(|n| n as f32);
    let claim = store.claim_job(Duration::from_secs(60)).await.unwrap();
    let outcome = Outcome {
        result: Bytes::from_static(b"{}"),
        success: true,
        result_code: "0840".to_owned(),
        enrol: Some(Reference {
            template: Template::new(&numbers, &TemplateModel::new("m").unwrap()).unwrap(),
            photo: job.smile_job_id.clone(),
        }),
        callback_url: job.request.callback_url.clone(),
        ..Outcome::default()
    };
    let finished = store.finish_job(&claim.unwrap(), &outcome).await.unwrap();
    assert_eq!(finished, Finished::Committed);
}

/// A data directory with more users than one page holds, and one job that waits.
async fn filled(dir: &TempDir, users: usize) -> sqlite::Options {
    let options = sqlite::Options::new(dir.path().join("data"));
    let store = SqliteStore::open(&options).await.unwrap();
    let by = Actor::new("cli:ada").unwrap();
    store.create_partner(&partner(), &by).await.unwrap();
    for n in 0..users {
        enrol(&store, &format!("u{n}")).await;
    }
    let imported = store.put_register_entries(&staff(), &[ada()], &by).await;
    assert_eq!(imported.unwrap().new, 1);
    store.token_key_to_make(Duration::MAX).await.unwrap();
    assert_eq!(store.make_link(&link()).await.unwrap(), Made::Recorded);
    let (u0, said) = (user("u0"), report());
    let reported = store.report_fraud(&u0, &said, &by, ReportToken::Partners);
    assert_eq!(reported.await.unwrap(), Received::Recorded);
    let waiting = new_job("waiting");
    store
        .submit_job(&waiting, package("waiting"))
        .await
        .unwrap();
    options
}

fn target(dir: &TempDir, database: &Database, master: &MasterKey) -> postgres::Options {
    let blobs = FileBlobs::open(dir.path().join("moved")).unwrap();
    postgres::Options::new(&database.url, master.clone(), Arc::new(blobs))
}

/// Moves, once the server has noticed that an earlier move was broken off.
async fn moved(
    from: &sqlite::Options,
    to: &postgres::Options,
    progress: &mut (dyn FnMut(moving::Progress) + Send),
) -> Result<Moved, StoreError> {
    loop {
        match moving::run(from, to, &by(), progress).await {
            Err(StoreError::Moving(why)) if why.contains("under way") => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            ended => return ended,
        }
    }
}

fn names(store: &[selfsame_job::user::User]) -> Vec<&str> {
    let mut names: Vec<_> = store.iter().map(|u| u.key.user.as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn everything_arrives_and_the_new_store_goes_on_from_there() {
    let Some(database) = Database::make().await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let from = filled(&dir, 205).await;
    let master = MasterKey::generate().unwrap();
    let to = target(&dir, &database, &master);

    let in_use = SqliteStore::open(&from).await.unwrap();
    let refused = moving::run(&from, &to, &by(), &mut |_| {}).await;
    assert!(matches!(refused, Err(StoreError::InUse(_))), "{refused:?}");
    drop(in_use);

    // Broken off in the middle, and begun again.
    let stop = tokio::sync::Notify::new();
    let mut stop_early = |progress: moving::Progress| {
        if progress.done > 300 {
            stop.notify_one();
        }
    };
    let by_hand = by();
    tokio::select! {
        biased;
        () = stop.notified() => {}
        ended = moving::run(&from, &to, &by_hand, &mut stop_early) => panic!("it ended too early: {ended:?}"),
    }
    let served = PostgresStore::connect(&to).await;
    assert!(matches!(served, Err(StoreError::Moving(_))));
    let mut seen = Vec::new();
    let end = moved(&from, &to, &mut |progress| seen.push(progress.done)).await;
    assert!(seen[0] > 0, "what was copied before is not copied again");
    let last = *seen.last().unwrap();
    let Moved {
        rows,
        packages,
        missing_packages,
        audit_intact,
    } = end.unwrap();
    assert_eq!((packages, missing_packages, audit_intact), (206, 0, true));
    assert!(rows > 205 * 4 && last == rows, "{rows} {last}");

    let (old, new) = (
        SqliteStore::open(&from).await.unwrap(),
        PostgresStore::connect(&to).await.unwrap(),
    );
    let (p, sandbox) = (partner().id, Environment::Sandbox);
    let there = new.partner(&p).await.unwrap().unwrap();
    assert_eq!(there.production_key, partner().production_key);
    assert!(there.signs_bodies);
    assert_eq!(there.callback_urls, partner().callback_urls);
    let records = new.audit(0, 1000).await.unwrap();
    let last = records.last().unwrap();
    assert_eq!(
        (last.actor.as_str(), last.action.as_str()),
        ("cli:ada", "store_moved")
    );
    assert_eq!(records.len(), old.audit(0, 1000).await.unwrap().len() + 1);
    let token_key = old.token_key_to_make(Duration::MAX).await.unwrap();
    let found = new.token_key_to_make(Duration::MAX).await.unwrap();
    assert_eq!(found, token_key);
    let (was, is) = (
        old.users(&p, sandbox).await.unwrap(),
        new.users(&p, sandbox).await.unwrap(),
    );
    assert_eq!(names(&was), names(&is));
    for name in ["u0", "u204"] {
        let id = SmileJobId::new(name).unwrap();
        let found = new.user(&user(name)).await.unwrap().unwrap();
        let before = old.user(&user(name)).await.unwrap().unwrap();
        let template = |user: selfsame_job::user::User| user.reference.unwrap().template;
        assert_eq!(template(found), template(before));
        assert_eq!(new.package(&id).await.unwrap().unwrap(), package(name));
        assert_eq!(new.result(&id).await.unwrap().unwrap().result, "{}");
        assert_eq!(new.deliveries(&id).await.unwrap().len(), 1);
    }
    let found = new.link(&link().reference).await.unwrap().unwrap();
    assert_eq!(found.terms.name, "Shop");
    let told =
        |records: &[selfsame_job::fraud::FraudRecord]| serde_json::to_string(records).unwrap();
    let records = new.fraud_records(&user("u0")).await.unwrap();
    assert_eq!(
        told(&records),
        told(&old.fraud_records(&user("u0")).await.unwrap())
    );
    assert_eq!(records[0].by.as_deref(), Some("eve@example.com"));
    assert!(new.user(&user("u0")).await.unwrap().unwrap().fraud_locked);
    assert!(!new.user(&user("u1")).await.unwrap().unwrap().fraud_locked);
    // A repeat is known as one.
    let (u0, by) = (user("u0"), Actor::server());
    let repeated = report();
    let again = new.report_fraud(&u0, &repeated, &by, ReportToken::Partners);
    assert_eq!(again.await.unwrap(), Received::Repeated);
    let found = new.register_entry(&staff(), ada().key()).await.unwrap();
    assert_eq!(found.as_ref(), Some(ada().record()));
    let again = new.put_register_entries(&staff(), &[ada()], &by).await;
    assert_eq!(again.unwrap().unchanged, 1);
    let mut other = ada().record().clone();
    other.photo = None;
    let (country, id_type) = (Country::new("NG").unwrap(), IdType::new("NIN").unwrap());
    let other =
        RegisterEntry::new(country, id_type, &IdNumber::new("124").unwrap(), other).unwrap();
    let later = new.put_register_entries(&staff(), &[other], &by).await;
    assert_eq!(later.unwrap().new, 1, "its number goes on too");
    let depths = |d: Depths| (d.queued, d.callbacks_pending);
    assert_eq!(
        depths(new.depths().await.unwrap()),
        depths(old.depths().await.unwrap())
    );
    let changes = |store: Vec<UserChange>| store.len();
    assert_eq!(
        changes(new.users_changed(0, 1000).await.unwrap()),
        changes(old.users_changed(0, 1000).await.unwrap())
    );
    let last_change = old.users_changed(0, 1000).await.unwrap();
    let last_change = last_change.last().unwrap().sequence;

    // Numbers go on: a new job, a new delivery, a new change, none of them twice. The job that waited is done first.
    let claim = new.claim_job(Duration::from_secs(60)).await.unwrap();
    assert_eq!(claim.unwrap().job.job_id.as_str(), "waiting");
    enrol(&new, "later").await;
    let after = new.users_changed(last_change, 10).await.unwrap();
    assert_eq!(after.len(), 1);
    let why = Clearing::new("mistaken").unwrap();
    let cleared = new.clear_fraud(&u0, &why, &by);
    assert!(cleared.await.unwrap());

    // What is full is not moved into again.
    drop(old);
    let again = moved(&from, &to, &mut |_| {}).await;
    let told = again.unwrap_err().to_string();
    assert!(told.contains("data of its own"), "{told}");
    drop(new);
    database.remove().await;
}

#[tokio::test]
async fn a_database_that_is_half_moved_into_is_not_served_and_takes_no_other() {
    let Some(database) = Database::make().await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let from = filled(&dir, 2).await;
    let master = MasterKey::generate().unwrap();
    let to = target(&dir, &database, &master);
    let source = from.dir.join("blobs");
    let mut packages = std::fs::read_dir(&source).unwrap();
    let [one, other] = [packages.next(), packages.next()].map(|p| p.unwrap().unwrap().file_name());
    // Another package of this name is not written over, and ends the move; without it the move goes on.
    let taken = dir.path().join("moved").join(&one);
    std::fs::write(&taken, "of somebody else").unwrap();
    let told = moved(&from, &to, &mut |_| {})
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("another package"), "{told}");
    std::fs::remove_file(&taken).unwrap();
    // What the source lost is told, and does not end it.
    std::fs::remove_file(source.join(&other)).unwrap();
    let end = moved(&from, &to, &mut |_| {}).await.unwrap();
    assert_eq!((end.packages, end.missing_packages), (2, 1));
    // As if it had not come to its end.
    database
        .run(
            "CREATE TABLE moving (name TEXT PRIMARY KEY, mark TEXT NOT NULL, rows BIGINT NOT NULL)",
        )
        .await;
    let served = PostgresStore::connect(&to).await;
    assert!(matches!(served, Err(StoreError::Moving(_))));
    database
        .run("INSERT INTO moving VALUES ('from', 'another', 0)")
        .await;
    let told = moved(&from, &to, &mut |_| {})
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("another data directory"), "{told}");
    database.remove().await;
}
