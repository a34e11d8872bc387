//! Jobs, the queue and callbacks.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use selfsame_job::job::JobState;
use selfsame_store::error::StoreError;
use selfsame_store::sqlite::{Options, SqliteStore};
use selfsame_store::store::*;
use selfsame_wire::id::Environment;

use crate::fixture::*;

#[tokio::test]
async fn a_job_goes_its_way_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let job = new_job("j", "u");
    assert_eq!(
        store.prepare_job(&job, &grant(1)).await.unwrap(),
        Prepared::Recorded
    );
    assert_eq!(
        store
            .prepare_job(&new_job("j", "u"), &grant(2))
            .await
            .unwrap(),
        Prepared::JobExists
    );
    assert!(store.claim_job(LEASE).await.unwrap().is_none());
    let (now, package) = (Timestamp::now(), Bytes::from_static(b"PLANTED-package"));
    assert_eq!(
        store
            .accept_package(&[9; 32], now, package.clone())
            .await
            .unwrap(),
        Accepted::Unknown
    );
    let late = now + SignedDuration::from_secs(61);
    assert_eq!(
        store
            .accept_package(&[1; 32], late, package.clone())
            .await
            .unwrap(),
        Accepted::Expired
    );
    assert_eq!(
        store
            .accept_package(&[1; 32], now, package.clone())
            .await
            .unwrap(),
        Accepted::Queued
    );
    assert_eq!(
        store
            .accept_package(&[1; 32], now, Bytes::from_static(b"another"))
            .await
            .unwrap(),
        Accepted::Used
    );
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(
        (claim.attempt, &claim.job.smile_job_id),
        (1, &job.smile_job_id)
    );
    assert!(store.claim_job(LEASE).await.unwrap().is_none());
    assert_eq!(
        store.package(&job.smile_job_id).await.unwrap(),
        Some(package)
    );
    assert_eq!(
        store.finish_job(&claim, &outcome(&job)).await.unwrap(),
        Finished::Committed
    );
    assert_eq!(
        store.finish_job(&claim, &outcome(&job)).await.unwrap(),
        Finished::LostClaim
    );
    assert_eq!(
        store.job(&job.smile_job_id).await.unwrap().unwrap().state,
        JobState::Done
    );
    let user = store.user(&job.user).await.unwrap().unwrap();
    assert_eq!(user.reference.unwrap().template, template());
    assert_eq!(
        store
            .results(&job.user.partner, Environment::Sandbox, &job.job_id)
            .await
            .unwrap()
            .len(),
        1
    );
    // A job that was judged before the user was enrolled does not enrol it once more.
    let again = new_job("again", "u");
    store
        .submit_job(&again, Bytes::from_static(b"x"))
        .await
        .unwrap();
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(
        store.finish_job(&claim, &outcome(&again)).await.unwrap(),
        Finished::UserChanged
    );
    assert_eq!(
        store.depths().await.unwrap().running,
        1,
        "nothing was written"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_race_one_wins() {
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(&dir).await);
    store
        .prepare_job(&new_job("j", "u"), &grant(1))
        .await
        .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let accepted = store
                .accept_package(&[1; 32], Timestamp::now(), Bytes::from_static(b"x"))
                .await
                .unwrap();
            (accepted, store.claim_job(LEASE).await.unwrap().is_some())
        });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(
        outcomes
            .iter()
            .filter(|(a, _)| *a == Accepted::Queued)
            .count(),
        1
    );
    assert!(
        outcomes
            .iter()
            .all(|(a, _)| matches!(a, Accepted::Queued | Accepted::Repeated))
    );
    assert_eq!(outcomes.iter().filter(|(_, claimed)| *claimed).count(), 1);
    assert_eq!(
        std::fs::read_dir(dir.path().join("blobs")).unwrap().count(),
        1,
        "losers leave no blobs"
    );
}

#[tokio::test]
async fn a_crash_gives_the_job_back() {
    let dir = tempfile::tempdir().unwrap();
    let job = new_job("j", "u");
    let store = open(&dir).await;
    store
        .submit_job(&job, Bytes::from_static(b"x"))
        .await
        .unwrap();
    let lost = store.claim_job(LEASE).await.unwrap().unwrap();
    assert!(matches!(
        SqliteStore::open_exclusive(&Options::new(dir.path())).await,
        Err(StoreError::InUse(_))
    ));
    drop(store);
    let store = open(&dir).await;
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(claim.attempt, 2);
    assert_eq!(
        store.finish_job(&lost, &outcome(&job)).await.unwrap(),
        Finished::LostClaim
    );
    store.release_job(&claim).await.unwrap();
    let claim = store.claim_job(Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(claim.attempt, 2, "a job that was handed back was not tried");
    assert_eq!(
        store
            .recover(Timestamp::now() + SignedDuration::from_secs(1), false)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn a_renewed_lease_keeps_the_job_and_a_lost_one_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let job = new_job("j", "u");
    store
        .submit_job(&job, Bytes::from_static(b"x"))
        .await
        .unwrap();
    let claim = store.claim_job(Duration::ZERO).await.unwrap().unwrap();
    assert!(store.renew_job(&claim, LEASE).await.unwrap());
    let soon = Timestamp::now() + SignedDuration::from_secs(30);
    assert_eq!(store.recover(soon, false).await.unwrap(), 0);
    let late = Timestamp::now() + SignedDuration::from_secs(61);
    assert_eq!(store.recover(late, false).await.unwrap(), 1);
    assert!(
        !store.renew_job(&claim, LEASE).await.unwrap(),
        "it is queued again"
    );
    let next = store.claim_job(LEASE).await.unwrap().unwrap();
    assert!(!store.renew_job(&claim, LEASE).await.unwrap());
    assert_eq!(
        store.finish_job(&claim, &outcome(&job)).await.unwrap(),
        Finished::LostClaim
    );
    assert_eq!(
        store.finish_job(&next, &outcome(&job)).await.unwrap(),
        Finished::Committed
    );
    assert!(
        !store.renew_job(&next, LEASE).await.unwrap(),
        "it has ended"
    );
}

#[tokio::test]
async fn a_full_queue_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Options {
        max_queued: 1,
        ..Options::new(dir.path())
    })
    .await
    .unwrap();
    store
        .prepare_job(&new_job("a", "u"), &grant(1))
        .await
        .unwrap();
    assert_eq!(
        store
            .submit_job(&new_job("b", "u"), Bytes::new())
            .await
            .unwrap(),
        Prepared::Recorded
    );
    assert_eq!(
        store
            .submit_job(&new_job("c", "u"), Bytes::new())
            .await
            .unwrap(),
        Prepared::QueueFull
    );
    let accepted = store
        .accept_package(&[1; 32], Timestamp::now(), Bytes::new())
        .await
        .unwrap();
    assert_eq!(accepted, Accepted::QueueFull);
}

#[tokio::test]
async fn a_callback_is_tried_until_it_arrives_and_can_be_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let job = new_job("j", "u");
    finished(&store, &job).await;
    let now = Timestamp::now();
    let [first] = &store.claim_deliveries(now, LEASE, &LIMITS).await.unwrap()[..] else {
        panic!("one delivery")
    };
    assert!(
        store
            .claim_deliveries(now, LEASE, &LIMITS)
            .await
            .unwrap()
            .is_empty(),
        "it is in somebody's hands"
    );
    let attempt = DeliveryAttempt {
        at: now,
        duration_ms: 1,
        http_status: Some(500),
        error: Some("no".to_owned()),
    };
    let later = now + SignedDuration::from_secs(5);
    store
        .record_attempt(
            first,
            &attempt,
            AfterAttempt::RetryAt(later),
            Endpoint::Answers,
        )
        .await
        .unwrap();
    assert!(
        store
            .claim_deliveries(now, LEASE, &LIMITS)
            .await
            .unwrap()
            .is_empty()
    );
    let [second] = &store.claim_deliveries(later, LEASE, &LIMITS).await.unwrap()[..] else {
        panic!("one delivery")
    };
    assert_eq!(
        (second.attempts, second.url.as_str()),
        (1, "https://PLANTED-url.example/")
    );
    store
        .record_attempt(second, &attempt, AfterAttempt::Delivered, Endpoint::Answers)
        .await
        .unwrap();
    assert!(store.replay(&job.smile_job_id, &by()).await.unwrap());
    let records = store.deliveries(&job.smile_job_id).await.unwrap();
    assert_eq!(
        records
            .iter()
            .map(|r| (r.state, r.attempts.len()))
            .collect::<Vec<_>>(),
        [(DeliveryState::Delivered, 2), (DeliveryState::Pending, 0)]
    );
}
