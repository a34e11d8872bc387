//! Keys of a data directory: rotated, retired, and never changed behind anybody's back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is wrong by failing"
)]

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use selfsame_face::template::{TEMPLATE_LEN, Template, TemplateModel};
use selfsame_job::audit::Actor;
use selfsame_job::callback_url::{CallbackUrl, CallbackUrls};
use selfsame_job::identity::{IdentityRecord, Photo};
use selfsame_job::job::{Api, JobRequest, JobType};
use selfsame_job::partner::Partner;
use selfsame_job::user::{Reference, UserKey};
use selfsame_store::audit::AuditCheck;
use selfsame_store::error::StoreError;
use selfsame_store::keyring::MasterKey;
use selfsame_store::sqlite::keys::{KeyUse, Keys};
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};
use selfsame_wire::id_info::{Country, IdNumber, IdType};
use selfsame_wire::signature::ApiKey;

fn partner() -> Partner {
    Partner {
        id: PartnerId::new("p").unwrap(),
        name: String::new(),
        production_enabled: false,
        signs_bodies: false,
        callback_urls: CallbackUrls::default(),
        sandbox_key: ApiKey::new("sandbox-key"),
        production_key: ApiKey::new("production-key"),
        created_at: Timestamp::now(),
    }
}

fn key(user: &str) -> UserKey {
    UserKey {
        partner: partner().id,
        environment: Environment::Sandbox,
        user: UserId::new(user).unwrap(),
    }
}

fn template() -> Template {
    let numbers = std::array::from_fn::<f32, TEMPLATE_LEN, _>(|n| n as f32);
    Template::new(&numbers, &TemplateModel::new("m").unwrap()).unwrap()
}

/// A job that enrolled its user; its name is the user's.
async fn enrol(store: &SqliteStore, user: &str) {
    let id = SmileJobId::new(user).unwrap();
    let callback = "https://callback.example/".to_owned();
    let job = NewJob {
        smile_job_id: id.clone(),
        user: key(user),
        job_id: JobId::new(user).unwrap(),
        job_type: JobType::Enrolment,
        request: JobRequest {
            callback_url: Some(callback.clone()),
            ..JobRequest::new(Api::V1, serde_json::from_str("{}").unwrap())
        },
        retry: false,
        request_digest: None,
    };
    let package = Bytes::from_static(b"package");
    store.submit_job(&job, package).await.unwrap();
    let lease = Duration::from_secs(60);
    let claim = store.claim_job(lease).await.unwrap().unwrap();
    let outcome = Outcome {
        result: Bytes::from_static(b"{}"),
        success: true,
        result_code: "0840".to_owned(),
        enrol: Some(Reference {
            template: template(),
            photo: id,
        }),
        callback_url: Some(callback),
        ..Outcome::default()
    };
    let finished = store.finish_job(&claim, &outcome).await.unwrap();
    assert_eq!(finished, Finished::Committed);
}

/// Everything that is encrypted reads as it was written.
async fn reads(store: &SqliteStore, users: &[&str]) {
    let audit = store.verify_audit(None).await.unwrap();
    assert!(matches!(audit, AuditCheck::Intact(_)), "{audit:?}");
    let found = store.partner(&partner().id).await.unwrap().unwrap();
    assert_eq!(found.sandbox_key, partner().sandbox_key);
    assert_eq!(found.production_key, partner().production_key);
    for user in users {
        let job = SmileJobId::new(*user).unwrap();
        let found = store.user(&key(user)).await.unwrap().unwrap();
        assert_eq!(found.reference.unwrap().template, template());
        assert!(store.job(&job).await.unwrap().is_some());
        assert_eq!(store.result(&job).await.unwrap().unwrap().result, "{}");
        assert_eq!(store.package(&job).await.unwrap().unwrap(), "package");
        let [delivery] = &store.deliveries(&job).await.unwrap()[..] else {
            panic!("one delivery")
        };
        assert_eq!(delivery.url.as_deref(), Some("https://callback.example/"));
    }
}

fn actor() -> Actor {
    Actor::new("cli:ada").unwrap()
}

fn uses(keys: &[KeyUse]) -> Vec<(u32, bool, u64, u64)> {
    keys.iter()
        .map(|k| (k.number, k.current, k.values, k.packages))
        .collect()
}

#[tokio::test]
async fn an_older_key_is_retired_once_nothing_needs_it() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new(dir.path());
    {
        let store = SqliteStore::open(&options).await.unwrap();
        assert!(store.create_partner(&partner(), &actor()).await.unwrap());
        enrol(&store, "ada").await;
        enrol(&store, "bob").await;
    }
    assert_eq!(
        Keys::open(&options)
            .await
            .unwrap()
            .rotate(&actor())
            .await
            .unwrap(),
        2
    );
    {
        let store = SqliteStore::open(&options).await.unwrap();
        enrol(&store, "eve").await;
        // Two API keys and three purposes' keys; of each job its template, request, result and callback URL; and, written anew
        // by the rotation itself, the audit's head.
        let expected = [(1, false, 5 + 2 * 4, 2), (2, true, 1 + 4, 1)];
        assert_eq!(uses(&store.data_keys().await.unwrap()), expected);
        reads(&store, &["ada", "bob", "eve"]).await;
    }
    let mut seen = Vec::new();
    {
        let mut keys = Keys::open(&options).await.unwrap();
        let done = keys
            .reencrypt(&actor(), &mut |p| seen.push((p.done, p.total)))
            .await;
        assert_eq!(done.unwrap().done, 15);
        assert_eq!(keys.reencrypt(&actor(), &mut |_| {}).await.unwrap().done, 0);
    }
    assert_eq!((seen[0], seen.last().copied()), ((0, 15), Some((15, 15))));
    let store = SqliteStore::open(&options).await.unwrap();
    let expected = [(2, true, 6 + 3 * 4, 3)];
    assert_eq!(uses(&store.data_keys().await.unwrap()), expected);
    reads(&store, &["ada", "bob", "eve"]).await;
}

#[tokio::test]
async fn a_partners_callback_url_is_encrypted_anew() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new(dir.path());
    let url = CallbackUrl::new("https://callback.example/").unwrap();
    {
        let store = SqliteStore::open(&options).await.unwrap();
        assert!(store.create_partner(&partner(), &actor()).await.unwrap());
        let set = store
            .set_callback_url(&partner().id, &Environment::ALL, Some(&url), &actor())
            .await;
        assert!(set.unwrap());
    }
    let mut keys = Keys::open(&options).await.unwrap();
    keys.rotate(&actor()).await.unwrap();
    let done = keys.reencrypt(&actor(), &mut |_| {}).await.unwrap();
    // Three purposes' keys, two API keys, two URLs.
    assert_eq!((done.done, done.unreadable), (7, 0));
    drop(keys);
    let store = SqliteStore::open(&options).await.unwrap();
    assert_eq!(store.data_keys().await.unwrap().len(), 1);
    let urls = store
        .partner(&partner().id)
        .await
        .unwrap()
        .unwrap()
        .callback_urls;
    for environment in Environment::ALL {
        assert_eq!(urls.of(environment), Some(&url));
    }
}

#[tokio::test]
async fn a_register_is_encrypted_anew_and_found_by_the_same_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new(dir.path());
    let register = RegisterName::new("staff").unwrap();
    let record = IdentityRecord {
        full_name: Some("Ada Lovelace".to_owned()),
        photo: Some(Photo(Bytes::from_static(b"a photograph"))),
        ..IdentityRecord::default()
    };
    let (country, id_type) = (Country::new("NG").unwrap(), IdType::new("NIN").unwrap());
    let number = IdNumber::new("123").unwrap();
    let ada = RegisterEntry::new(country, id_type, &number, record).unwrap();
    let put = async || {
        let store = SqliteStore::open(&options).await.unwrap();
        let entries = std::slice::from_ref(&ada);
        let put = store
            .put_register_entries(&register, entries, &actor())
            .await;
        put.unwrap()
    };
    assert_eq!(put().await.new, 1);
    {
        let mut keys = Keys::open(&options).await.unwrap();
        keys.rotate(&actor()).await.unwrap();
        let done = keys.reencrypt(&actor(), &mut |_| {}).await.unwrap();
        // Three purposes' keys, the record and the photograph.
        assert_eq!((done.done, done.unreadable), (5, 0));
    }
    {
        let store = SqliteStore::open(&options).await.unwrap();
        assert_eq!(store.data_keys().await.unwrap().len(), 1);
        let found = store.register_entry(&register, ada.key()).await.unwrap();
        assert_eq!(found.as_ref(), Some(ada.record()));
    }
    assert_eq!(put().await.unchanged, 1);
}

#[tokio::test]
async fn encrypting_anew_goes_on_where_it_was_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new(dir.path());
    {
        let store = SqliteStore::open(&options).await.unwrap();
        assert!(store.create_partner(&partner(), &actor()).await.unwrap());
        enrol(&store, "ada").await;
    }
    let mut keys = Keys::open(&options).await.unwrap();
    keys.rotate(&actor()).await.unwrap();
    // Stopped at the first report after something was done, as an interrupt would.
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut tell = Some(tell);
    let mut report = move |p: selfsame_store::sqlite::keys::Progress| {
        if p.done > 0
            && let Some(tell) = tell.take()
        {
            let _ = tell.send(());
        }
    };
    let by = actor();
    tokio::select! {
        biased;
        _ = told => {}
        _ = keys.reencrypt(&by, &mut report) => panic!("it was to be stopped"),
    }
    drop(keys);
    {
        let store = SqliteStore::open(&options).await.unwrap();
        let [old, new] = &store.data_keys().await.unwrap()[..] else {
            panic!("two keys")
        };
        assert!(old.values > 0 && new.values > 0);
        reads(&store, &["ada"]).await;
    }
    let mut keys = Keys::open(&options).await.unwrap();
    assert!(keys.reencrypt(&actor(), &mut |_| {}).await.unwrap().done < 11);
    drop(keys);
    reads(&SqliteStore::open(&options).await.unwrap(), &["ada"]).await;
}

#[tokio::test]
async fn a_new_master_key_opens_and_the_old_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (
        MasterKey::generate().unwrap(),
        MasterKey::generate().unwrap(),
    );
    let options = |key: &MasterKey| Options {
        master_key: Some(key.clone()),
        ..Options::new(dir.path())
    };
    {
        let store = SqliteStore::open(&options(&old)).await.unwrap();
        assert!(store.create_partner(&partner(), &actor()).await.unwrap());
        enrol(&store, "ada").await;
    }
    {
        let mut keys = Keys::open(&options(&old)).await.unwrap();
        keys.rotate(&actor()).await.unwrap();
        keys.rewrap(&new, &actor()).await.unwrap();
        keys.rotate(&actor()).await.unwrap();
    }
    assert!(matches!(
        SqliteStore::open(&options(&old)).await,
        Err(StoreError::MasterKey(_))
    ));
    let store = SqliteStore::open(&options(&new)).await.unwrap();
    reads(&store, &["ada"]).await;
    assert_eq!(store.data_keys().await.unwrap().len(), 3);
}

#[tokio::test]
async fn keys_change_only_while_nobody_else_has_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new(dir.path());
    let in_use = |e: Result<(), StoreError>| matches!(e, Err(StoreError::InUse(_)));
    let server = SqliteStore::open_exclusive(&options).await.unwrap();
    let command = SqliteStore::open(&options).await.unwrap();
    assert!(in_use(Keys::open(&options).await.map(drop)));
    drop(server);
    assert!(in_use(Keys::open(&options).await.map(drop)));
    drop(command);
    let keys = Keys::open(&options).await.unwrap();
    assert!(in_use(SqliteStore::open(&options).await.map(drop)));
    assert!(in_use(
        SqliteStore::open_exclusive(&options).await.map(drop)
    ));
    drop(keys);
    assert!(SqliteStore::open_exclusive(&options).await.is_ok());
}

async fn actions(store: &SqliteStore) -> Vec<String> {
    let records = store.audit(0, 100).await.unwrap();
    records.into_iter().map(|r| r.action).collect()
}

async fn tamper(dir: &tempfile::TempDir, statements: &str) {
    use sqlx::ConnectOptions as _;
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(dir.path().join("selfsame.db"))
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
}

/// The record is of the change's own transaction: there is never one without the other.
#[tokio::test]
async fn keys_change_with_their_record_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let (master, new) = (
        MasterKey::generate().unwrap(),
        MasterKey::generate().unwrap(),
    );
    let options = Options {
        master_key: Some(master),
        ..Options::new(dir.path())
    };
    {
        let store = SqliteStore::open(&options).await.unwrap();
        enrol(&store, "ada").await;
    }
    // What cannot be put on record is not done.
    tamper(
        &dir,
        "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    )
    .await;
    {
        let mut keys = Keys::open(&options).await.unwrap();
        assert!(keys.rotate(&actor()).await.is_err());
        assert!(keys.rewrap(&new, &actor()).await.is_err());
    }
    {
        let store = SqliteStore::open(&options).await.unwrap();
        let numbers: Vec<u32> = store
            .data_keys()
            .await
            .unwrap()
            .iter()
            .map(|k| k.number)
            .collect();
        assert_eq!(
            numbers,
            [1],
            "no key was made, and the old master key opens"
        );
        assert_eq!(actions(&store).await, ["audit_begun"]);
    }
    tamper(&dir, "DROP TRIGGER full").await;
    {
        let mut keys = Keys::open(&options).await.unwrap();
        keys.rotate(&actor()).await.unwrap();
    }
    tamper(
        &dir,
        "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    )
    .await;
    {
        let mut keys = Keys::open(&options).await.unwrap();
        assert!(keys.reencrypt(&actor(), &mut |_| {}).await.is_err());
    }
    tamper(&dir, "DROP TRIGGER full").await;
    let store = SqliteStore::open(&options).await.unwrap();
    assert_eq!(
        store.data_keys().await.unwrap().len(),
        2,
        "a key is retired with its record only"
    );
    drop(store);
    let mut keys = Keys::open(&options).await.unwrap();
    keys.reencrypt(&actor(), &mut |_| {}).await.unwrap();
    drop(keys);
    let store = SqliteStore::open(&options).await.unwrap();
    assert_eq!(store.data_keys().await.unwrap().len(), 1);
    assert_eq!(
        actions(&store).await,
        ["audit_begun", "data_key_rotated", "data_reencrypted"]
    );
    let last = store.audit(2, 1).await.unwrap().remove(0);
    assert_eq!(last.actor, "cli:ada");
    assert!(
        last.details.contains("\"retired_keys\":[1]"),
        "{}",
        last.details
    );
}

#[tokio::test]
async fn one_value_that_cannot_be_decrypted_stops_only_itself() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new(dir.path());
    {
        let store = SqliteStore::open(&options).await.unwrap();
        enrol(&store, "ada").await;
        enrol(&store, "bob").await;
    }
    // The key's number stays, the rest is rubbish.
    tamper(
        &dir,
        "UPDATE jobs SET result = CAST(substr(result, 1, 4) || x'00' AS BLOB) WHERE smile_job_id = 'ada'",
    )
    .await;
    let mut keys = Keys::open(&options).await.unwrap();
    keys.rotate(&actor()).await.unwrap();
    let done = keys.reencrypt(&actor(), &mut |_| {}).await.unwrap();
    assert_eq!((done.done, done.unreadable), (2 + 2 * 4 - 1 + 3, 1));
    drop(keys);
    let store = SqliteStore::open(&options).await.unwrap();
    let expected = [(1, false, 1, 0), (2, true, 1 + 3 + 2 * 4 - 1, 2)];
    assert_eq!(
        uses(&store.data_keys().await.unwrap()),
        expected,
        "what is left keeps its key"
    );
}
