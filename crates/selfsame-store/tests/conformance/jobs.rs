//! Jobs, the queue and callbacks.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use selfsame_job::job::JobState;
use selfsame_store::error::StoreError;
use selfsame_store::sqlite::SqliteStore;
use selfsame_store::store::*;
use selfsame_wire::id::Environment;

use crate::fixture::*;

async fn a_job_goes_its_way_once(dir: Place) {
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
    let (now, package) = (Bytes::from_static(b"PLANTED-package"));
    assert_eq!(
        store
            .accept_package(&[9; 32], package.clone())
            .await
            .unwrap(),
        Accepted::Unknown
    );
    let late = UploadGrant {
        expires_at: Timestamp::now() - SignedDuration::from_secs(60),
        ..grant(3)
    };
    let prepared = store.prepare_job(&new_job("late", "u"), &late).await;
    assert_eq!(prepared.unwrap(), Prepared::Recorded);
    assert_eq!(
        store
            .accept_package(&[3; 32], package.clone())
            .await
            .unwrap(),
        Accepted::Expired
    );
    assert_eq!(
        store
            .accept_package(&[1; 32], package.clone())
            .await
            .unwrap(),
        Accepted::Queued
    );
    assert_eq!(
        store
            .accept_package(&[1; 32], Bytes::from_static(b"another"))
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

async fn of_many_who_race_one_wins(dir: Place) {
    let store = open(&dir).await;
    store
        .prepare_job(&new_job("j", "u"), &grant(1))
        .await
        .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let accepted = store
                .accept_package(&[1; 32], Bytes::from_static(b"x"))
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
    assert_eq!(dir.count_blobs(), 1, "losers leave no blobs");
}

async fn a_crash_gives_the_job_back(dir: Place) {
    let job = new_job("j", "u");
    let store = open(&dir).await;
    store
        .submit_job(&job, Bytes::from_static(b"x"))
        .await
        .unwrap();
    let lost = store.claim_job(LEASE).await.unwrap().unwrap();
    if dir.is(Kind::Sqlite) {
        let options = dir.sqlite(Limits::default());
        let second = SqliteStore::open_exclusive(&options).await;
        assert!(matches!(second, Err(StoreError::InUse(_))));
    }
    drop(store);
    let store = dir.serve_again().await;
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(claim.attempt, 2);
    assert_eq!(
        store.finish_job(&lost, &outcome(&job)).await.unwrap(),
        Finished::LostClaim
    );
    store.release_job(&claim).await.unwrap();
    let claim = store.claim_job(Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(claim.attempt, 2, "a job that was handed back was not tried");
    dir.pass(Duration::from_secs(1)).await;
    assert_eq!(store.recover().await.unwrap(), 1);
}

async fn a_renewed_lease_keeps_the_job_and_a_lost_one_does_not(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    store
        .submit_job(&job, Bytes::from_static(b"x"))
        .await
        .unwrap();
    let claim = store.claim_job(Duration::ZERO).await.unwrap().unwrap();
    assert!(store.renew_job(&claim, LEASE).await.unwrap());
    dir.pass(Duration::from_secs(20)).await;
    assert_eq!(store.recover().await.unwrap(), 0);
    dir.pass(Duration::from_secs(41)).await;
    assert_eq!(store.recover().await.unwrap(), 1);
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

async fn a_full_queue_says_so(dir: Place) {
    let limits = Limits {
        max_queued: 1,
        ..Limits::default()
    };
    let store = dir.open(limits).await;
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
    let accepted = store.accept_package(&[1; 32], Bytes::new()).await.unwrap();
    assert_eq!(accepted, Accepted::QueueFull);
}

async fn a_callback_is_tried_until_it_arrives_and_can_be_replayed(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    finished(&store, &job).await;
    let now = Timestamp::now();
    let [first] = &store.claim_deliveries(LEASE, &LIMITS).await.unwrap()[..] else {
        panic!("one delivery")
    };
    assert!(
        store
            .claim_deliveries(LEASE, &LIMITS)
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
    store
        .record_attempt(
            first,
            &attempt,
            AfterAttempt::RetryIn(Duration::from_secs(60)),
            Endpoint::Answers,
        )
        .await
        .unwrap();
    assert!(
        store
            .claim_deliveries(LEASE, &LIMITS)
            .await
            .unwrap()
            .is_empty()
    );
    dir.pass(Duration::from_secs(60)).await;
    let [second] = &store.claim_deliveries(LEASE, &LIMITS).await.unwrap()[..] else {
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

on_each!(
    a_job_goes_its_way_once,
    of_many_who_race_one_wins,
    a_crash_gives_the_job_back,
    a_renewed_lease_keeps_the_job_and_a_lost_one_does_not,
    a_full_queue_says_so,
    a_callback_is_tried_until_it_arrives_and_can_be_replayed,
);
