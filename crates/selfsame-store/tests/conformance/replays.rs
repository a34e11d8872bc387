//! Callbacks that are sent once more: to the job's own URL or elsewhere, and not without bound.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::user::UserStatus;
use selfsame_store::store::*;
use selfsame_wire::id::SmileJobId;

use crate::fixture::*;

const ELSEWHERE: &str = "https://PLANTED-elsewhere.example/";

/// To the job's own URL.
fn home() -> Replay {
    Replay {
        unless_pending: true,
        ..Replay::default()
    }
}

fn elsewhere() -> Replay {
    Replay {
        url: Some(ELSEWHERE.to_owned()),
        ..home()
    }
}

async fn replayed(store: &dyn Store, job: &SmileJobId, replay: &Replay) -> Replayed {
    store.replay_as(job, replay, &by()).await.unwrap()
}

/// Takes all that is due, and has it arrive; gives where it went.
async fn delivered(store: &dyn Store) -> Vec<Delivery> {
    let taken = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    let attempt = DeliveryAttempt {
        at: Timestamp::now(),
        duration_ms: 1,
        http_status: Some(200),
        error: None,
    };
    for delivery in &taken {
        let done = AfterAttempt::Delivered;
        store
            .record_attempt(delivery, &attempt, done, Endpoint::Answers)
            .await
            .unwrap();
    }
    taken
}

async fn a_replay_may_go_elsewhere_and_the_jobs_own_url_stays(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    finished(&store, &job).await;
    let id = &job.smile_job_id;
    let ended = store.result(id).await.unwrap().unwrap();
    let own = delivered(&*store).await;
    assert_eq!(own[0].url, "https://PLANTED-url.example/");
    assert_eq!(own[0].told_at, ended.finished_at);
    assert_eq!(replayed(&*store, id, &elsewhere()).await, Replayed::Queued);
    let there = delivered(&*store).await;
    assert_eq!(
        (there.len(), there[0].url.as_str(), there[0].ordinal),
        (1, ELSEWHERE, 2)
    );
    assert_eq!(there[0].told_at, ended.finished_at);
    assert!(store.replay(id, &by()).await.unwrap());
    assert_eq!(delivered(&*store).await[0].url, own[0].url);
    let urls: Vec<_> = store.deliveries(id).await.unwrap();
    let urls: Vec<_> = urls.iter().map(|d| d.url.as_deref().unwrap()).collect();
    assert_eq!(urls, [&own[0].url, ELSEWHERE, &own[0].url]);
    assert!(!holds(&dir.everything().await, b"PLANTED"));
    let replays = store.audit(0, 100).await.unwrap();
    let replays = replays.iter().filter(|r| r.action == "callback_replayed");
    let details: Vec<_> = replays.map(|r| r.details.as_str()).collect();
    assert_eq!(details, [r#"{"elsewhere":true}"#, "{}"]);
}

/// An endpoint that does not answer gets pauses of its own: what goes elsewhere does not wait for it.
async fn a_replay_does_not_wait_for_the_jobs_own_endpoint(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    finished(&store, &job).await;
    let [first] = &store.claim_deliveries(LEASE, &LIMITS).await.unwrap()[..] else {
        panic!("one delivery")
    };
    let attempt = DeliveryAttempt {
        at: Timestamp::now(),
        duration_ms: 1,
        http_status: None,
        error: Some("dead".to_owned()),
    };
    let hour = Duration::from_secs(3600);
    let fails = Endpoint::Fails { pause: hour };
    store
        .record_attempt(first, &attempt, AfterAttempt::RetryIn(hour), fails)
        .await
        .unwrap();
    replayed(&*store, &job.smile_job_id, &elsewhere()).await;
    assert_eq!(delivered(&*store).await[0].url, ELSEWHERE);
}

/// Its receiver may have it and ask for another before the try is on record: it is not told that one waits, which then never comes.
async fn what_is_under_way_does_not_wait(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    finished(&store, &job).await;
    let id = &job.smile_job_id;
    let under_way = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    assert_eq!(under_way.len(), 1);
    assert_eq!(replayed(&*store, id, &home()).await, Replayed::Queued);
    assert_eq!(replayed(&*store, id, &home()).await, Replayed::Pending);
    assert_eq!(delivered(&*store).await.len(), 1);
    // Its process is gone: it waits for the next try.
    dir.pass(LEASE + Duration::from_secs(1)).await;
    assert_eq!(replayed(&*store, id, &home()).await, Replayed::Pending);
}

async fn what_waits_already_is_not_queued_twice_and_there_is_an_end(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    finished(&store, &job).await;
    let id = &job.smile_job_id;
    assert_eq!(replayed(&*store, id, &home()).await, Replayed::Pending);
    // Another place is another matter.
    assert_eq!(replayed(&*store, id, &elsewhere()).await, Replayed::Queued);
    assert_eq!(replayed(&*store, id, &elsewhere()).await, Replayed::Pending);
    let named = Replay {
        url: job.request.callback_url.clone(),
        ..home()
    };
    assert_eq!(replayed(&*store, id, &named).await, Replayed::Pending);
    assert_eq!(delivered(&*store).await.len(), 2);
    let limited = Replay {
        at_most: Some(3),
        ..home()
    };
    assert_eq!(replayed(&*store, id, &limited).await, Replayed::Queued);
    assert_eq!(replayed(&*store, id, &limited).await, Replayed::Pending);
    assert_eq!(delivered(&*store).await.len(), 1);
    assert_eq!(replayed(&*store, id, &limited).await, Replayed::TooMany);
    // Operators have no such limit.
    assert!(store.replay(id, &by()).await.unwrap());
}

async fn nothing_is_replayed_of_what_has_not_ended_or_goes_nowhere(dir: Place) {
    let store = open(&dir).await;
    let unknown = SmileJobId::new("nobody").unwrap();
    let replay = elsewhere();
    assert_eq!(
        replayed(&*store, &unknown, &replay).await,
        Replayed::NotEnded
    );
    let waits = new_job("waits", "u");
    store.submit_job(&waits, Bytes::new()).await.unwrap();
    let id = &waits.smile_job_id;
    assert_eq!(replayed(&*store, id, &replay).await, Replayed::NotEnded);
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    let silent = Outcome {
        callback_url: None,
        ..outcome(&waits)
    };
    store.finish_job(&claim, &silent).await.unwrap();
    let plain = Replay::default();
    assert_eq!(replayed(&*store, id, &plain).await, Replayed::NoUrl);
    assert!(!store.replay(id, &by()).await.unwrap());
    assert_eq!(replayed(&*store, id, &replay).await, Replayed::Queued);
    assert_eq!(delivered(&*store).await[0].url, ELSEWHERE);
}

async fn a_deleted_users_replays_go_nowhere(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    finished(&store, &job).await;
    let id = &job.smile_job_id;
    replayed(&*store, id, &elsewhere()).await;
    let deleted = UserStatus::Deleted;
    assert!(
        store
            .set_user_status(&job.user, deleted, &by())
            .await
            .unwrap()
    );
    assert!(delivered(&*store).await.is_empty());
    for delivery in store.deliveries(id).await.unwrap() {
        assert_eq!(delivery.url, None);
        assert_eq!(delivery.state, DeliveryState::Withdrawn);
    }
    assert_eq!(replayed(&*store, id, &elsewhere()).await, Replayed::Erased);
}

async fn a_url_that_cannot_be_read_stops_only_its_delivery(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    finished(&store, &job).await;
    replayed(&*store, &job.smile_job_id, &elsewhere()).await;
    dir.damage("deliveries", "url", "url IS NOT NULL").await;
    assert_eq!(delivered(&*store).await.len(), 1);
    let records = store.deliveries(&job.smile_job_id).await.unwrap();
    let states: Vec<_> = records.iter().map(|r| r.state).collect();
    assert_eq!(
        states,
        [DeliveryState::Delivered, DeliveryState::Unreadable]
    );
}

on_each!(
    what_is_under_way_does_not_wait,
    a_replay_may_go_elsewhere_and_the_jobs_own_url_stays,
    a_replay_does_not_wait_for_the_jobs_own_endpoint,
    what_waits_already_is_not_queued_twice_and_there_is_an_end,
    nothing_is_replayed_of_what_has_not_ended_or_goes_nowhere,
    a_deleted_users_replays_go_nowhere,
    a_url_that_cannot_be_read_stops_only_its_delivery,
);
