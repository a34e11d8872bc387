use std::time::Duration;

use bytes::Bytes;
use selfsame_face::template::TEMPLATE_LEN;
use selfsame_job::audit::Actor;
use selfsame_job::job::{Api, JobRequest, JobType};
use selfsame_job::user::UserState;
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_store::store::{Finished, Jobs as _, NewJob, Outcome, Queue as _, Users as _};
use selfsame_wire::id::{JobId, SmileJobId};

use super::*;

mod in_database;

fn key(partner: &str, environment: Environment, user: &str) -> UserKey {
    UserKey {
        partner: PartnerId::new(partner).unwrap(),
        environment,
        user: UserId::new(user).unwrap(),
    }
}

fn sandbox(user: &str) -> UserKey {
    key("p", Environment::Sandbox, user)
}

/// A face: a direction in a plane, so that two faces score the cosine of the angle between them.
fn face(degrees: f32) -> Template {
    let mut values = [0.0; TEMPLATE_LEN];
    (values[0], values[1]) = (degrees.to_radians().cos(), degrees.to_radians().sin());
    face_by(&values, "m")
}

fn face_by(values: &[f32], model: &str) -> Template {
    Template::new(values, &TemplateModel::new(model).unwrap()).unwrap()
}

fn new_job(user: &UserKey) -> NewJob {
    let id = SmileJobId::new(uuid::Uuid::new_v4().to_string()).unwrap();
    NewJob {
        job_id: JobId::new(id.as_str()).unwrap(),
        smile_job_id: id,
        user: user.clone(),
        job_type: JobType::Enrolment,
        request: JobRequest {
            allow_new_enroll: true,
            ..JobRequest::new(Api::V1, serde_json::from_str("{}").unwrap())
        },
        retry: false,
        request_digest: None,
    }
}

async fn enrol(store: &SqliteStore, user: &UserKey, template: Template, model: &str) {
    enrol_beside(store, user, template, model, Vec::new()).await;
}

/// Enrols a user, and keeps these earlier photos of it.
async fn enrol_beside<S: Store + ?Sized>(
    store: &S,
    user: &UserKey,
    template: Template,
    model: &str,
    keeps: Vec<SmileJobId>,
) {
    let template = face_by(template.values(), model);
    let job = new_job(user);
    let id = job.smile_job_id.clone();
    store.submit_job(&job, Bytes::new()).await.unwrap();
    let lease = Duration::from_secs(60);
    let claim = store.claim_job(lease).await.unwrap().unwrap();
    let outcome = Outcome {
        result: Bytes::from_static(b"{}"),
        success: true,
        result_code: "0840".to_owned(),
        judged: UserState::of(store.user(user).await.unwrap().as_ref()),
        enrol: Some(Reference {
            template,
            photo: id,
        }),
        keeps,
        ..Outcome::default()
    };
    let finished = store.finish_job(&claim, &outcome).await.unwrap();
    assert_eq!(finished, Finished::Committed);
}

fn gallery(store: &Arc<SqliteStore>) -> Gallery {
    let store: Arc<dyn Store> = store.clone();
    let served = Served::only(TemplateModel::new("m").unwrap());
    Gallery::new(store, &served, NonZeroUsize::MIN)
}

async fn found(gallery: &Gallery, user: &UserKey, face: &Template) -> Vec<String> {
    let duplicates = gallery
        .duplicates(user, &[Probe::new(face, ComparisonScore::new(0.6))])
        .await
        .unwrap()
        .duplicates;
    for duplicate in &duplicates {
        assert!(duplicate.score.value() >= 0.6);
    }
    duplicates.iter().map(|d| d.user_id.to_string()).collect()
}

async fn store() -> (tempfile::TempDir, Arc<SqliteStore>) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
    (dir, Arc::new(store))
}

#[tokio::test]
async fn an_earlier_user_with_the_same_face_is_found_where_it_counts() {
    let (_dir, store) = store().await;
    enrol(&store, &sandbox("ada"), face(0.0), "m").await;
    enrol(&store, &sandbox("bob"), face(90.0), "m").await;
    enrol(&store, &sandbox("old"), face(1.0), "another").await;
    enrol(
        &store,
        &key("p", Environment::Production, "eve"),
        face(2.0),
        "m",
    )
    .await;
    enrol(
        &store,
        &key("q", Environment::Sandbox, "kim"),
        face(3.0),
        "m",
    )
    .await;
    let gallery = gallery(&store);
    assert_eq!(found(&gallery, &sandbox("new"), &face(10.0)).await, ["ada"]);
    assert_eq!(
        found(&gallery, &sandbox("new"), &face(45.0)).await,
        ["ada", "bob"]
    );
    assert_eq!(
        found(&gallery, &sandbox("new"), &face(180.0)).await,
        [""; 0]
    );
    // A user is no duplicate of itself.
    assert_eq!(found(&gallery, &sandbox("ada"), &face(10.0)).await, [""; 0]);
    let of_q = key("q", Environment::Sandbox, "new");
    assert_eq!(found(&gallery, &of_q, &face(0.0)).await, ["kim"]);
    assert_eq!(gallery.size().0, 4);
}

#[tokio::test]
async fn it_follows_enrolment_re_enrolment_and_deletion_and_survives_a_restart() {
    let (dir, store) = store().await;
    let gallery_at_start = gallery(&store);
    gallery_at_start.follow().await.unwrap();
    enrol(&store, &sandbox("ada"), face(0.0), "m").await;
    let new = sandbox("new");
    assert_eq!(found(&gallery_at_start, &new, &face(0.0)).await, ["ada"]);
    enrol(&store, &sandbox("ada"), face(90.0), "m").await;
    assert_eq!(found(&gallery_at_start, &new, &face(0.0)).await, [""; 0]);
    assert_eq!(found(&gallery_at_start, &new, &face(90.0)).await, ["ada"]);
    // As `selfsame user` does, in a process of its own.
    let command = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
    let ada = sandbox("ada");
    let operator = Actor::server();
    let status = |status| command.set_user_status(&ada, status, &operator);
    assert!(status(UserStatus::Disabled).await.unwrap());
    assert_eq!(found(&gallery_at_start, &new, &face(90.0)).await, ["ada"]);
    let restarted = gallery(&store);
    assert_eq!(found(&restarted, &new, &face(90.0)).await, ["ada"]);
    assert!(status(UserStatus::Deleted).await.unwrap());
    for gallery in [&gallery_at_start, &restarted] {
        assert_eq!(found(gallery, &new, &face(90.0)).await, [""; 0]);
        assert_eq!(gallery.size().0, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_enrolments_of_one_face_at_once_the_second_sees_the_first() {
    let (_dir, store) = store().await;
    let gallery = Arc::new(gallery(&store));
    let mut tasks = tokio::task::JoinSet::new();
    for user in ["ada", "bob", "eve", "kim"] {
        let (gallery, store, user) = (gallery.clone(), store.clone(), sandbox(user));
        tasks.spawn(async move {
            let turn = gallery.turn(&user.partner, user.environment).await.unwrap();
            let found = found(&gallery, &user, &face(0.0)).await.len();
            enrol(&store, &user, face(0.0), "m").await;
            drop(turn);
            found
        });
    }
    let mut seen = tasks.join_all().await;
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2, 3]);
}

#[tokio::test]
async fn more_users_than_a_page_are_all_taken_up() {
    let (_dir, store) = store().await;
    let users = 14;
    for n in 0..users {
        let user = sandbox(&format!("u{n}"));
        enrol(&store, &user, face(n as f32 * 0.01), "m").await;
    }
    let gallery = Gallery {
        page: 4,
        ..gallery(&store)
    };
    gallery.follow().await.unwrap();
    assert_eq!(gallery.size().0, users);
    assert_eq!(
        found(&gallery, &sandbox("new"), &face(0.0)).await.len(),
        MOST
    );
}

/// A command has no gallery: it must find the same users, and see as far.
#[tokio::test]
async fn looking_through_the_store_finds_what_the_gallery_finds() {
    let (_dir, store) = store().await;
    for n in 0..14 {
        enrol(
            &store,
            &sandbox(&format!("u{n}")),
            face(n as f32 * 7.0),
            "m",
        )
        .await;
    }
    enrol(&store, &sandbox("old"), face(1.0), "another").await;
    let elsewhere = key("p", Environment::Production, "eve");
    enrol(&store, &elsewhere, face(2.0), "m").await;
    let erased = sandbox("u2");
    store
        .set_user_status(&erased, UserStatus::Deleted, &Actor::server())
        .await
        .unwrap();
    let gallery = gallery(&store);
    for user in ["new", "u1"] {
        let reference = Reference {
            template: face(3.0),
            photo: SmileJobId::new("j").unwrap(),
        };
        let at_least = ComparisonScore::new(0.6);
        let user = sandbox(user);
        let searched = gallery
            .duplicates(&user, &[Probe::new(&reference.template, at_least)])
            .await
            .unwrap();
        let looked = look_through(&*store, &user, &reference, at_least)
            .await
            .unwrap();
        assert!(!searched.duplicates.is_empty());
        assert_eq!(looked, searched);
    }
}

#[cfg(feature = "index")]
#[tokio::test]
async fn the_index_finds_and_forgets_alike() {
    let (_dir, store) = store().await;
    for n in 0..50 {
        enrol(
            &store,
            &sandbox(&format!("u{n}")),
            face(n as f32 * 7.0),
            "m",
        )
        .await;
    }
    let (exact, index) = (gallery(&store), gallery(&store).with_index());
    let erased = sandbox("u3");
    let deleted = store.set_user_status(&erased, UserStatus::Deleted);
    assert!(deleted.await.unwrap());
    for degrees in [0.0, 20.0, 100.0, 300.0] {
        let face = face(degrees);
        let of = |gallery| found(gallery, &erased, &face);
        let (exact, index) = (of(&exact).await, of(&index).await);
        assert!(!exact.is_empty() && !index.contains(&"u3".to_owned()));
        assert_eq!(exact[0], index[0]);
    }
}

/// Two nodes on one store, each with a gallery of its own, are asked to enrol one face at the same time. Neither sees the other when
/// it searches; the one that commits later is told, follows, and finds it.
#[tokio::test]
async fn of_one_face_on_two_nodes_at_once_the_later_finds_the_earlier() {
    let (dir, store) = store().await;
    let beside = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
    let nodes = [Arc::clone(&store), Arc::new(beside)];
    let galleries = nodes.each_ref().map(gallery);
    let users = [sandbox("ada"), sandbox("eve")];
    let mut claims = Vec::new();
    for (node, user) in nodes.iter().zip(&users) {
        let job = new_job(user);
        node.submit_job(&job, Bytes::new()).await.unwrap();
        let lease = Duration::from_secs(60);
        claims.push(node.claim_job(lease).await.unwrap().unwrap());
    }
    let probe = face(0.0);
    let search = async |at: usize| {
        let at_least = ComparisonScore::new(0.6);
        let user = &claims[at].job.user;
        let probes = [Probe::new(&probe, at_least)];
        galleries[at].duplicates(user, &probes).await.unwrap()
    };
    let finish = async |at: usize, found: &Found| {
        let job = &claims[at].job;
        let outcome = Outcome {
            result: Bytes::from_static(b"{}"),
            success: true,
            result_code: "0840".to_owned(),
            searched: Some(found.as_of),
            enrol: Some(Reference {
                template: probe.clone(),
                photo: job.smile_job_id.clone(),
            }),
            ..Outcome::default()
        };
        nodes[at].finish_job(&claims[at], &outcome).await.unwrap()
    };
    let (first, second) = (search(0).await, search(1).await);
    assert!(first.duplicates.is_empty() && second.duplicates.is_empty());
    assert_eq!(finish(0, &first).await, Finished::Committed);
    assert_eq!(finish(1, &second).await, Finished::OthersChanged);
    let again = search(1).await;
    let found: Vec<&UserId> = again.duplicates.iter().map(|d| &d.user_id).collect();
    assert_eq!(found, [&claims[0].job.user.user]);
    assert_eq!(finish(1, &again).await, Finished::Committed, "judged anew");
}

#[tokio::test]
async fn how_far_it_was_behind_is_known() {
    let (_dir, store) = store().await;
    let gallery = gallery(&store);
    assert!(gallery.lag().at_end.is_none());
    for name in ["ada", "bob", "eve"] {
        enrol(&store, &sandbox(name), face(0.0), "m").await;
    }
    gallery.follow().await.unwrap();
    let behind = gallery.lag();
    assert_eq!(behind.changes, 3);
    gallery.follow().await.unwrap();
    assert_eq!(gallery.lag().changes, 0);
    assert!(gallery.lag().at_end >= behind.at_end);
}
