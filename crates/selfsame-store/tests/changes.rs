//! The order in which users change, as whoever follows it sees it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is wrong by failing"
)]

use std::time::Duration;

use bytes::Bytes;
use selfsame_face::template::{TEMPLATE_LEN, Template, TemplateModel};
use selfsame_job::audit::Actor;
use selfsame_job::job::{Api, JobRequest, JobType};
use selfsame_job::user::{Reference, UserKey, UserState, UserStatus};
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};

fn key(user: &str) -> UserKey {
    UserKey {
        partner: PartnerId::new("p").unwrap(),
        environment: Environment::Sandbox,
        user: UserId::new(user).unwrap(),
    }
}

async fn enrol(store: &SqliteStore, user: &str) {
    let id = SmileJobId::new(uuid::Uuid::new_v4().to_string()).unwrap();
    let job = NewJob {
        smile_job_id: id.clone(),
        user: key(user),
        job_id: JobId::new(id.as_str()).unwrap(),
        job_type: JobType::Enrolment,
        request: JobRequest {
            allow_new_enroll: true,
            ..JobRequest::new(Api::V1, serde_json::from_str("{}").unwrap())
        },
        retry: false,
        request_digest: None,
    };
    store.submit_job(&job, Bytes::new()).await.unwrap();
    let lease = Duration::from_secs(60);
    let claim = store.claim_job(lease).await.unwrap().unwrap();
    let outcome = Outcome {
        result: Bytes::from_static(b"{}"),
        success: true,
        result_code: "0840".to_owned(),
        judged: UserState::of(store.user(&key(user)).await.unwrap().as_ref()),
        enrol: Some(Reference {
            template: Template::new(&[1.0; TEMPLATE_LEN], &TemplateModel::new("m").unwrap())
                .unwrap(),
            photo: id,
        }),
        ..Outcome::default()
    };
    let finished = store.finish_job(&claim, &outcome).await.unwrap();
    assert_eq!(finished, Finished::Committed);
}

/// Who changed after a place, and the place reached.
async fn changed(store: &SqliteStore, after: u64) -> (Vec<String>, u64) {
    let changes = store.users_changed(after, 100).await.unwrap();
    let reached = changes.last().map_or(after, |c| c.sequence);
    let users = changes.iter().map(|c| c.user.key.user.to_string());
    (users.collect(), reached)
}

#[tokio::test]
async fn every_change_is_seen_once_by_whoever_follows() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new(dir.path());
    let store = SqliteStore::open(&options).await.unwrap();
    assert_eq!(changed(&store, 0).await, (vec![], 0));
    enrol(&store, "ada").await;
    enrol(&store, "bob").await;
    let (users, reached) = changed(&store, 0).await;
    assert_eq!(users, ["ada", "bob"]);
    assert_eq!(changed(&store, reached).await.0, [""; 0]);
    // A command beside the server, a new enrolment, an erasure.
    let command = SqliteStore::open(&options).await.unwrap();
    for status in [UserStatus::Disabled, UserStatus::Active] {
        assert!(
            command
                .set_user_status(&key("bob"), status, &Actor::server())
                .await
                .unwrap()
        );
    }
    let (users, reached) = changed(&store, reached).await;
    assert_eq!(users, ["bob"]);
    enrol(&store, "ada").await;
    let erased = UserStatus::Deleted;
    assert!(
        command
            .set_user_status(&key("bob"), erased, &Actor::server())
            .await
            .unwrap()
    );
    let changes = store.users_changed(reached, 100).await.unwrap();
    let [ada, bob] = &changes[..] else {
        panic!("two changes")
    };
    assert!(ada.user.reference.is_some() && bob.user.reference.is_none());
    assert!(ada.sequence < bob.sequence);
    // From the start: everybody once, however often they changed; a page at a time.
    assert_eq!(changed(&store, 0).await.0, ["ada", "bob"]);
    assert_eq!(store.users_changed(0, 1).await.unwrap().len(), 1);
}
