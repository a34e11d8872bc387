//! Jobs of several steps.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::identity::{Answer, IdentityQuery, IdentityRecord, Lookup};
use selfsame_job::job::{JobState, JobType};
use selfsame_job::step::{Carried, Standing, Step};
use selfsame_job::user::UserStatus;
use selfsame_store::review::NewReview;
use selfsame_store::store::*;
use selfsame_wire::id::UserId;
use selfsame_wire::id_info::IdInfo;

use crate::fixture::*;

fn kyc(job: &str, user: &str) -> NewJob {
    NewJob {
        job_type: JobType::BiometricKyc,
        ..new_job(job, user)
    }
}

fn query(number: &str) -> IdentityQuery {
    let json = format!(r#"{{"country":"NG","id_type":"NIN","id_number":"{number}"}}"#);
    IdentityQuery::new(&IdInfo::parse(json.as_bytes(), "").unwrap()).unwrap()
}

fn found() -> Carried {
    let record = IdentityRecord {
        full_name: Some("PLANTED-name".to_owned()),
        ..IdentityRecord::default()
    };
    Carried {
        lookup: Some(Lookup {
            answer: Answer::Found(Box::new(record)),
            authority: "register".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        }),
        ..Carried::default()
    }
}

fn onward(job: &NewJob) -> Onward {
    Onward {
        standing: Standing {
            step: Step::Judge,
            carried: found(),
        },
        told: Some((
            Bytes::from_static(br#"{"text":"PLANTED-step"}"#),
            "1012".to_owned(),
        )),
        callback_url: job.request.callback_url.clone(),
    }
}

async fn claimed(store: &Arc<dyn Store>, job: &NewJob) -> Claim {
    let package = Bytes::from_static(b"PLANTED-package");
    store.submit_job(job, package).await.unwrap();
    store.claim_job(LEASE).await.unwrap().unwrap()
}

async fn deliveries(store: &Arc<dyn Store>) -> Vec<Bytes> {
    let due = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    due.into_iter().map(|d| d.result).collect()
}

async fn a_step_that_ended_is_not_done_again(dir: Place) {
    let store = open(&dir).await;
    let job = kyc("j", "u");
    let claim = claimed(&store, &job).await;
    assert_eq!(claim.standing, Standing::first(JobType::BiometricKyc));
    assert_eq!(claim.standing.step, Step::LookUp);
    let went_on = store.go_on(&claim, &onward(&job)).await.unwrap();
    assert_eq!(went_on, WentOn::Committed);
    // Its result goes out at once, and is no end.
    assert_eq!(
        deliveries(&store).await,
        [br#"{"text":"PLANTED-step"}"#.as_slice()]
    );
    let id = &job.smile_job_id;
    assert!(store.result(id).await.unwrap().is_none());
    // Its worker dies.
    store.return_job(&claim).await.unwrap();
    let again = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(again.standing, onward(&job).standing);
    assert_eq!(
        store.go_on(&claim, &onward(&job)).await.unwrap(),
        WentOn::LostClaim
    );
    let ended = store.finish_job(&again, &outcome(&job)).await.unwrap();
    assert_eq!(ended, Finished::Committed);
    assert_eq!(store.result(id).await.unwrap().unwrap().result_code, "0840");
    let (user, name) = (&job.user, &job.job_id);
    let results = store
        .results(&user.partner, user.environment, name)
        .await
        .unwrap();
    let told: Vec<_> = results
        .iter()
        .map(|r| (r.result_code.as_str(), r.of_step))
        .collect();
    assert_eq!(told, [("0840", false), ("1012", true)]);
    assert_eq!(
        deliveries(&store).await,
        [br#"{"text":"PLANTED-result"}"#.as_slice()]
    );
    let kept = dir.everything().await;
    assert!(!holds(&kept, b"PLANTED"), "all of it is encrypted");
}

async fn a_job_waits_until_its_time_and_takes_no_place_in_the_queue(dir: Place) {
    let store = open(&dir).await;
    let job = kyc("j", "u");
    let claim = claimed(&store, &job).await;
    let long = Duration::from_secs(3600);
    assert_eq!(
        store.wait(&claim, &found(), long).await.unwrap(),
        WentOn::Committed
    );
    let state = store.job(&job.smile_job_id).await.unwrap().unwrap().state;
    assert_eq!(state, JobState::Waiting);
    let depths = store.depths().await.unwrap();
    assert_eq!((depths.waiting, depths.queued, depths.running), (1, 0, 0));
    assert_eq!(store.wake().await.unwrap(), 0);
    assert_eq!(store.recover().await.unwrap(), 0);
    assert!(store.claim_job(LEASE).await.unwrap().is_none());
    // Its time comes.
    tamper(&dir, "UPDATE jobs SET run_after = 1").await;
    assert_eq!(store.wake().await.unwrap(), 1);
    let again = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(again.attempt, 1, "to wait is no attempt");
    assert_eq!(again.standing.carried, found());
    assert_eq!(again.standing.step, Step::LookUp);
    assert_eq!(
        store.wait(&claim, &found(), long).await.unwrap(),
        WentOn::LostClaim
    );
}

async fn what_steps_found_goes_with_the_user(dir: Place) {
    let store = open(&dir).await;
    let job = kyc("j", "u");
    finished(&store, &new_job("enrolment", "u")).await;
    deliveries(&store).await;
    let claim = claimed(&store, &job).await;
    store.go_on(&claim, &onward(&job)).await.unwrap();
    store
        .set_user_status(&job.user, UserStatus::Deleted, &by())
        .await
        .unwrap();
    let ended = store.finish_job(&claim, &outcome(&job)).await.unwrap();
    assert_eq!(ended, Finished::UserDeleted);
    let (user, name) = (&job.user, &job.job_id);
    let results = store
        .results(&user.partner, user.environment, name)
        .await
        .unwrap();
    for result in &results {
        let text = String::from_utf8_lossy(&result.result);
        assert!(!text.contains("PLANTED"), "{text}");
    }
    assert_eq!(results.len(), 2);
    assert!(
        deliveries(&store).await.is_empty(),
        "callbacks are withdrawn"
    );
    // One that waits ends when it is taken again.
    let late = kyc("late", "v");
    finished(&store, &new_job("enrolment of v", "v")).await;
    let claim = claimed(&store, &late).await;
    store.wait(&claim, &found(), Duration::ZERO).await.unwrap();
    store
        .set_user_status(&late.user, UserStatus::Deleted, &by())
        .await
        .unwrap();
    assert_eq!(store.wake().await.unwrap(), 1);
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(claim.standing.carried, Carried::default());
    let went_on = store.go_on(&claim, &onward(&late)).await.unwrap();
    assert_eq!(went_on, WentOn::UserDeleted);
}

/// Enrols `user` under a number, by a review where `reviewed`.
async fn registered(store: &Arc<dyn Store>, user: &str, number: &str, reviewed: bool) {
    let job = kyc(&format!("job of {user}"), user);
    let whole = Outcome {
        registers: Some(query(number)),
        ..outcome(&job)
    };
    if !reviewed {
        assert_eq!(end(store, &job, &whole).await, Finished::Committed);
        return;
    }
    let waits = Outcome {
        success: false,
        result_code: "0812".to_owned(),
        review: Some(NewReview {
            enrol: whole.enrol.clone(),
        }),
        enrol: None,
        ..whole
    };
    approved(store, &job, &waits, number).await;
}

/// Ends a job so that a person must decide, who approves it.
async fn approved(store: &Arc<dyn Store>, job: &NewJob, waits: &Outcome, number: &str) {
    assert_eq!(end(store, job, waits).await, Finished::Committed);
    assert!(before(store, "nobody", number).await.is_empty());
    let result = selfsame_store::review::FinalResult {
        success: true,
        result_code: "1210".to_owned(),
        judged: state(store, &job.user).await,
        result: Bytes::from_static(b"{}"),
        ..Default::default()
    };
    let ruling = selfsame_job::review::Ruling {
        decision: selfsame_job::review::ReviewDecision::Approve,
        reviewer: by(),
        note: None,
        at: Timestamp::now(),
    };
    let ruled = store
        .decide_review(&job.smile_job_id, &ruling, &result)
        .await;
    assert_eq!(ruled.unwrap(), selfsame_store::review::Ruled::Committed);
}

async fn before(store: &Arc<dyn Store>, user: &str, number: &str) -> Vec<UserId> {
    let user = new_job("j", user).user;
    store
        .registered_before(&user, &query(number))
        .await
        .unwrap()
}

async fn who_was_enrolled_under_a_number_is_known_until_it_is_deleted(dir: Place) {
    let store = open(&dir).await;
    let names = |users: &[&str]| -> Vec<UserId> {
        users.iter().map(|u| UserId::new(*u).unwrap()).collect()
    };
    registered(&store, "ada", "12345678901", false).await;
    assert_eq!(before(&store, "bo", "12345678901").await, names(&["ada"]));
    assert!(before(&store, "ada", "12345678901").await.is_empty());
    assert!(before(&store, "bo", "10987654321").await.is_empty());
    registered(&store, "cleo", "10987654321", true).await;
    assert_eq!(before(&store, "bo", "10987654321").await, names(&["cleo"]));
    // One that was enrolled by the photo alone, and whose number a person found to be its own by the photo on file.
    finished(&store, &new_job("enrolment of dan", "dan")).await;
    let on_file = NewJob {
        job_type: JobType::BiometricKycOnFile,
        ..new_job("number of dan", "dan")
    };
    let waits = Outcome {
        success: false,
        result_code: "0812".to_owned(),
        registers: Some(query("11223344556")),
        review: Some(NewReview { enrol: None }),
        enrol: None,
        ..outcome(&on_file)
    };
    approved(&store, &on_file, &waits, "11223344556").await;
    assert_eq!(before(&store, "bo", "11223344556").await, names(&["dan"]));
    let kept = dir.everything().await;
    assert!(!holds(&kept, b"12345678901"));
    let ada = new_job("j", "ada").user;
    store
        .set_user_status(&ada, UserStatus::Deleted, &by())
        .await
        .unwrap();
    assert!(before(&store, "bo", "12345678901").await.is_empty());
}

async fn a_request_without_a_package_is_a_job(dir: Place) {
    let store = open(&dir).await;
    let mut job = NewJob {
        job_type: JobType::EnhancedKyc,
        request_digest: Some([7; 32]),
        ..new_job("j", "u")
    };
    let prepared = store.submit_request(&job).await.unwrap();
    assert_eq!(prepared, Prepared::Recorded);
    let first = job.smile_job_id.clone();
    job.smile_job_id = new_job("j", "u").smile_job_id;
    let again = store.submit_request(&job).await.unwrap();
    assert_eq!(again, Prepared::Repeats(first));
    job.request_digest = None;
    let other = store.submit_request(&job).await.unwrap();
    assert_eq!(other, Prepared::JobExists);
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(claim.job.job_type, JobType::EnhancedKyc);
    assert!(
        store
            .package(&claim.job.smile_job_id)
            .await
            .unwrap()
            .is_none()
    );
}

on_each!(
    a_step_that_ended_is_not_done_again,
    a_job_waits_until_its_time_and_takes_no_place_in_the_queue,
    what_steps_found_goes_with_the_user,
    who_was_enrolled_under_a_number_is_known_until_it_is_deleted,
    a_request_without_a_package_is_a_job,
);
