//! Requests that come again: because the answer was lost, or to pass once more.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use selfsame_job::served::Served;
use selfsame_store::store::*;

use crate::fixture::*;

fn asked(job: &str, digest: u8) -> NewJob {
    NewJob {
        request_digest: Some([digest; 32]),
        ..new_job(job, "u")
    }
}

fn retry(job: &NewJob) -> NewJob {
    NewJob {
        retry: true,
        ..new_job(job.job_id.as_str(), "u")
    }
}

const PACKAGE: Bytes = Bytes::from_static(b"PLANTED-package");

async fn the_same_package_may_come_again_to_its_url(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    store.prepare_job(&job, &grant(1)).await.unwrap();
    let put = async |package: Bytes| store.accept_package(&[1; 32], package).await.unwrap();
    assert_eq!(put(PACKAGE).await, Accepted::Queued);
    assert_eq!(put(PACKAGE).await, Accepted::Repeated);
    let other = Bytes::from_static(b"PLANTED-other");
    assert_eq!(put(other.clone()).await, Accepted::Used);
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert!(store.claim_job(LEASE).await.unwrap().is_none(), "one job");
    assert_eq!(put(PACKAGE).await, Accepted::Repeated);
    store.finish_job(&claim, &outcome(&job)).await.unwrap();
    dir.pass(Duration::from_secs(3600)).await;
    assert_eq!(put(PACKAGE).await, Accepted::Repeated);
    assert_eq!(put(other).await, Accepted::Used);
    assert_eq!(dir.count_blobs(), 1, "repeats leave no blobs");
}

async fn the_same_request_with_its_package_has_one_job(dir: Place) {
    let store = open(&dir).await;
    let first = asked("j", 1);
    let submit = async |job: &NewJob| store.submit_job(job, PACKAGE).await.unwrap();
    assert_eq!(submit(&first).await, Prepared::Recorded);
    let repeats = Prepared::Repeats(first.smile_job_id.clone());
    assert_eq!(submit(&asked("j", 1)).await, repeats);
    // Whatever name the server gave it the second time.
    assert_eq!(submit(&asked("k", 1)).await, repeats);
    assert_eq!(submit(&asked("j", 2)).await, Prepared::JobExists);
    let found = async |digest: u8| {
        let (partner, environment) = (&first.user.partner, first.user.environment);
        store
            .repeated(partner, environment, &[digest; 32])
            .await
            .unwrap()
            .map(|job| job.smile_job_id)
    };
    assert_eq!(found(1).await, Some(first.smile_job_id.clone()));
    assert_eq!(found(2).await, None);
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert!(store.claim_job(LEASE).await.unwrap().is_none(), "one job");
    store.finish_job(&claim, &outcome(&first)).await.unwrap();
    assert_eq!(submit(&asked("j", 1)).await, repeats);
    let stranger = selfsame_wire::id::PartnerId::new("q").unwrap();
    let theirs = store
        .repeated(&stranger, first.user.environment, &[1; 32])
        .await
        .unwrap();
    assert!(theirs.is_none());
}

async fn a_request_whose_upload_url_was_lost_gets_another(dir: Place) {
    let store = open(&dir).await;
    let prepare = async |job: &NewJob, n| store.prepare_job(job, &grant(n)).await.unwrap();
    assert_eq!(prepare(&asked("j", 1), 1).await, Prepared::Recorded);
    assert_eq!(prepare(&asked("j", 2), 2).await, Prepared::JobExists);
    let second = asked("j", 1);
    assert_eq!(prepare(&second, 3).await, Prepared::Recorded);
    let put = async |n: u8| store.accept_package(&[n; 32], PACKAGE).await.unwrap();
    assert_eq!(put(1).await, Accepted::Unknown);
    assert_eq!(put(3).await, Accepted::Queued);
    assert_eq!(store.depths().await.unwrap().awaiting_upload, 0);
    // With its package there its answer was not lost.
    assert_eq!(prepare(&asked("j", 1), 4).await, Prepared::JobExists);
}

async fn what_passed_or_waits_for_a_person_is_not_tried_again(dir: Place) {
    use selfsame_store::review::{FinalResult, NewReview};
    let store = open(&dir).await;
    let again = async |job: &NewJob| store.prepare_job(&retry(job), &grant(9)).await.unwrap();
    let failed = |job: &NewJob| Outcome {
        success: false,
        enrol: None,
        ..outcome(job)
    };
    let passed = new_job("passed", "a");
    finished(&store, &passed).await;
    assert_eq!(again(&passed).await, Prepared::AlreadyPassed);
    // Nor after a failed attempt came between, nor in words that differ.
    let waits = new_job("waits", "b");
    let provisional = Outcome {
        review: Some(NewReview { enrol: None }),
        ..failed(&waits)
    };
    end(&store, &waits, &provisional).await;
    assert_eq!(again(&waits).await, Prepared::AlreadyPassed);
    let reject = selfsame_job::review::Ruling {
        decision: selfsame_job::review::ReviewDecision::Reject,
        reviewer: by(),
        note: None,
        at: Timestamp::now(),
    };
    store
        .decide_review(&waits.smile_job_id, &reject, &FinalResult::default())
        .await
        .unwrap();
    assert_eq!(again(&waits).await, Prepared::Recorded);
    let lost = new_job("lost", "c");
    end(&store, &lost, &failed(&lost)).await;
    let second = retry(&lost);
    assert_eq!(
        end(&store, &second, &failed(&second)).await,
        Finished::Committed
    );
    let third = retry(&lost);
    end(&store, &third, &outcome(&third)).await;
    assert_eq!(
        store.submit_job(&retry(&lost), PACKAGE).await.unwrap(),
        Prepared::AlreadyPassed
    );
}

async fn what_is_in_force_is_the_latest_start(dir: Place) {
    let store = open(&dir).await;
    assert_eq!(store.in_force().await.unwrap(), None);
    for (policy, model) in [("one", "m1"), ("two", "m2 m1")] {
        let served = Served::parse(model).unwrap();
        store.set_in_force(policy, &served).await.unwrap();
        let in_force = store.in_force().await.unwrap().unwrap();
        assert_eq!((&*in_force.policy, in_force.served), (policy, served));
    }
}

on_each!(
    the_same_package_may_come_again_to_its_url,
    the_same_request_with_its_package_has_one_job,
    a_request_whose_upload_url_was_lost_gets_another,
    what_is_in_force_is_the_latest_start,
    what_passed_or_waits_for_a_person_is_not_tried_again,
);
