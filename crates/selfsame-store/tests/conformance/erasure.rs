//! A deleted user leaves names, codes and times behind, and nothing else; whatever was under way meanwhile.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use selfsame_job::job::{JobState, JobType};
use selfsame_job::outcome::{CheckState, Checked, JobOutcome};
use selfsame_job::review::{ReviewDecision, Ruling};
use selfsame_job::user::UserStatus;
use selfsame_store::review::{FinalResult, NewReview, Ruled};
use selfsame_store::store::*;
use selfsame_wire::id::Environment;
use serde_json::Value;
use sqlx::Row as _;

use crate::fixture::*;

const RESULT: &[u8] = br#"{"ResultCode":"0840","ResultText":"PLANTED-result","PartnerParams":{"n":"PLANTED"},
    "Actions":{"Selfie_Check":"Passed"},"id_info":{"n":"PLANTED"},"geo_info":{"n":"PLANTED"},"evidence":{"n":"PLANTED"}}"#;

fn real_outcome(job: &NewJob) -> Outcome {
    Outcome {
        result: Bytes::from_static(RESULT),
        ..outcome(job)
    }
}

fn waiting_outcome(job: &NewJob) -> Outcome {
    let whole = real_outcome(job);
    Outcome {
        success: false,
        result_code: "0842".to_owned(),
        review: Some(NewReview {
            enrol: whole.enrol.clone(),
        }),
        enrol: None,
        ..whole
    }
}

async fn delete(store: &dyn Store, job: &NewJob) -> bool {
    store
        .set_user_status(&job.user, UserStatus::Deleted, &by())
        .await
        .unwrap()
}

/// Nothing of what was planted can be read, whichever way a job's contents are asked for.
async fn nothing_is_told(store: &dyn Store, job: &NewJob) {
    let id = &job.smile_job_id;
    let record = store.job(id).await.unwrap().unwrap();
    assert_eq!(record.request.callback_url, None);
    assert!(!record.request.partner_params.as_json().contains("PLANTED"));
    let results = store
        .results(&job.user.partner, Environment::Sandbox, &job.job_id)
        .await
        .unwrap();
    for result in results.iter().chain(&store.result(id).await.unwrap()) {
        let text = String::from_utf8(result.result.to_vec()).unwrap();
        assert!(!text.contains("PLANTED"), "{text}");
        assert!(text.contains("the user was deleted"), "{text}");
    }
    assert_eq!(store.package(id).await.unwrap(), None);
    for delivery in store.deliveries(id).await.unwrap() {
        assert_eq!(delivery.url, None);
        assert_ne!(delivery.state, DeliveryState::Pending);
        assert!(delivery.attempts.iter().all(|a| a.error.is_none()));
    }
    if let Some(review) = store.review(id).await.unwrap() {
        assert_eq!(review.outcome.unwrap().note, None);
    }
    assert!(!store.replay(id, &by()).await.unwrap());
    let due = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    assert!(due.is_empty(), "{due:?}");
}

async fn what_ended_is_erased_and_its_code_stays(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    assert_eq!(
        end(&store, &job, &real_outcome(&job)).await,
        Finished::Committed
    );
    // A callback that failed once and will be tried again.
    let now = Timestamp::now();
    let failed = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    let attempt = DeliveryAttempt {
        at: now,
        duration_ms: 1,
        http_status: Some(500),
        error: Some("PLANTED".to_owned()),
    };
    store
        .record_attempt(
            &failed[0],
            &attempt,
            AfterAttempt::RetryIn(Duration::ZERO),
            Endpoint::Answers,
        )
        .await
        .unwrap();
    // One that is on its way.
    let under_way = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    assert!(delete(&store, &job).await);
    nothing_is_told(&store, &job).await;
    store
        .record_attempt(
            &under_way[0],
            &attempt,
            AfterAttempt::RetryIn(Duration::ZERO),
            Endpoint::Answers,
        )
        .await
        .unwrap();
    nothing_is_told(&store, &job).await;
    let [delivery] = &store.deliveries(&job.smile_job_id).await.unwrap()[..] else {
        panic!("one delivery")
    };
    assert_eq!(delivery.state, DeliveryState::Withdrawn);
    assert_eq!(delivery.attempts[0].http_status, Some(500));
    let record = store.result(&job.smile_job_id).await.unwrap().unwrap();
    assert_eq!(
        (record.result_code.as_str(), record.success),
        ("0840", true)
    );
    let outcome = JobOutcome::read(&record.result).unwrap();
    assert_eq!(outcome.code.code(), "0840");
    let quality = outcome.checks.of(Checked::SampleQuality);
    assert_eq!(quality, Some(CheckState::Passed));
    assert!(!delete(&store, &job).await, "nothing is left to delete");
    assert_eq!(store.depths().await.unwrap(), Depths::default());
}

async fn what_waits_for_a_person_is_withdrawn_and_what_was_decided_is_erased(dir: Place) {
    let store = open(&dir).await;
    let (decided, waits) = (new_job("decided", "u"), new_job("waits", "u"));
    for job in [&decided, &waits] {
        end(&store, job, &waiting_outcome(job)).await;
    }
    let ruling = Ruling {
        decision: ReviewDecision::Reject,
        reviewer: by(),
        note: Some("PLANTED-note".to_owned()),
        at: Timestamp::now(),
    };
    let result = FinalResult {
        result: Bytes::from_static(RESULT),
        success: false,
        result_code: "1211".to_owned(),
        judged: state(&store, &decided.user).await,
        searched: None,
        attempt: None,
    };
    let ruled = store
        .decide_review(&decided.smile_job_id, &ruling, &result)
        .await
        .unwrap();
    assert_eq!(ruled, Ruled::Committed);
    // Never enrolled, and yet there is something to erase.
    assert!(store.user(&waits.user).await.unwrap().is_none());
    assert!(delete(&store, &waits).await);
    for job in [&decided, &waits] {
        nothing_is_told(&store, job).await;
    }
    let late = store
        .decide_review(&waits.smile_job_id, &ruling, &result)
        .await
        .unwrap();
    assert_eq!(late, Ruled::NotPending);
    let review = store.review(&decided.smile_job_id).await.unwrap().unwrap();
    assert_eq!(review.outcome.unwrap().reviewer, "cli:ada");
    assert_eq!(store.depths().await.unwrap(), Depths::default());
    let records = store.audit(0, 100).await.unwrap();
    let last = records.last().unwrap();
    assert_eq!(last.action, "user_deleted");
    let details: Value = serde_json::from_str(&last.details).unwrap();
    assert_eq!(details["jobs"], 2);
    assert_eq!(details["reviews_withdrawn"], 1);
}

async fn what_awaits_its_package_waits_in_the_queue_or_runs_brings_nothing_back(dir: Place) {
    let store = open(&dir).await;
    let enrolled = new_job("enrolled", "u");
    finished(&store, &enrolled).await;
    let again = |job: &str, job_type| {
        let mut job = NewJob {
            job_type,
            ..new_job(job, "u")
        };
        job.request.allow_new_enroll = true;
        job
    };
    let (runs, queued, awaits) = (
        again("runs", JobType::Enrolment),
        again("queued", JobType::Authentication),
        again("awaits", JobType::Enrolment),
    );
    for job in [&runs, &queued] {
        store
            .submit_job(job, Bytes::from_static(b"PLANTED-package"))
            .await
            .unwrap();
    }
    store.prepare_job(&awaits, &grant(1)).await.unwrap();
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(claim.job.smile_job_id, runs.smile_job_id);
    assert!(delete(&store, &enrolled).await);

    let finished = store
        .finish_job(&claim, &real_outcome(&runs))
        .await
        .unwrap();
    assert_eq!(finished, Finished::UserDeleted);
    let finished = store
        .finish_job(&claim, &real_outcome(&runs))
        .await
        .unwrap();
    assert_eq!(finished, Finished::LostClaim, "it ended once");
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(claim.job.smile_job_id, queued.smile_job_id);
    assert!(!format!("{:?}", claim.job).contains("PLANTED"));
    let finished = store
        .finish_job(&claim, &waiting_outcome(&queued))
        .await
        .unwrap();
    assert_eq!(finished, Finished::UserDeleted);
    let offered = store
        .accept_package(&[1; 32], Bytes::from_static(b"PLANTED"))
        .await
        .unwrap();
    assert_eq!(offered, Accepted::Unknown);

    for (job, code) in [(&runs, "0841"), (&queued, "0821"), (&awaits, "0841")] {
        nothing_is_told(&store, job).await;
        let record = store.job(&job.smile_job_id).await.unwrap().unwrap();
        assert_eq!(record.state, JobState::Done);
        let result = store.result(&job.smile_job_id).await.unwrap().unwrap();
        assert_eq!((result.result_code.as_str(), result.success), (code, false));
    }
    let user = store.user(&enrolled.user).await.unwrap().unwrap();
    assert_eq!(
        (user.status, user.reference.is_some()),
        (UserStatus::Deleted, false)
    );
    assert_eq!(store.depths().await.unwrap(), Depths::default());
    assert_eq!(dir.count_blobs(), 0);
}

/// A job that was recorded just after the deletion, as its request was checked just before.
async fn only_a_registration_that_may_begin_anew_counts_after_a_deletion(dir: Place) {
    let store = open(&dir).await;
    let first = new_job("first", "u");
    finished(&store, &first).await;
    assert!(delete(&store, &first).await);
    let authenticate = NewJob {
        job_type: JobType::Authentication,
        ..new_job("authenticate", "u")
    };
    let without = Outcome {
        enrol: None,
        ..real_outcome(&authenticate)
    };
    assert_eq!(
        end(&store, &authenticate, &without).await,
        Finished::UserDeleted
    );
    nothing_is_told(&store, &authenticate).await;
    let plain = new_job("plain", "u");
    assert_eq!(
        end(&store, &plain, &real_outcome(&plain)).await,
        Finished::UserDeleted
    );
    let mut anew = new_job("anew", "u");
    anew.request.allow_new_enroll = true;
    assert_eq!(
        end(&store, &anew, &real_outcome(&anew)).await,
        Finished::Committed
    );
    let user = store.user(&first.user).await.unwrap().unwrap();
    assert_eq!(user.status, UserStatus::Active);
    let result = store.result(&anew.smile_job_id).await.unwrap().unwrap();
    assert_eq!(result.result, RESULT);
    // And so it is deleted once more.
    assert!(delete(&store, &first).await);
    nothing_is_told(&store, &anew).await;
}

async fn other_users_other_partners_and_the_other_environment_keep_theirs(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    let mut others = [new_job("other", "v"), new_job("j", "u"), new_job("j", "u")];
    others[1].user.environment = Environment::Production;
    others[2].user.partner = selfsame_wire::id::PartnerId::new("q").unwrap();
    for job in others.iter().chain([&job]) {
        assert_eq!(
            end(&store, job, &real_outcome(job)).await,
            Finished::Committed
        );
    }
    assert!(delete(&store, &job).await);
    for other in &others {
        let result = store.result(&other.smile_job_id).await.unwrap().unwrap();
        assert_eq!(result.result, RESULT);
        assert!(store.package(&other.smile_job_id).await.unwrap().is_some());
    }
    assert_eq!(store.depths().await.unwrap().callbacks_pending, 3);
}

/// The ciphertexts themselves are gone from the files, not only from the tables.
async fn no_erased_byte_lingers_in_the_database_or_its_log(dir: Place) {
    let store = open(&dir).await;
    let (job, waits) = (new_job("j", "u"), new_job("waits", "u"));
    end(&store, &job, &real_outcome(&job)).await;
    end(&store, &waits, &waiting_outcome(&waits)).await;
    let mut connection = dir.sqlite_connection().await;
    let mut erased: Vec<Vec<u8>> = Vec::new();
    for query in [
        "SELECT request FROM jobs",
        "SELECT result FROM jobs",
        "SELECT callback_url FROM jobs",
        "SELECT template FROM users",
        "SELECT template FROM reviews",
    ] {
        let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
        erased.extend(rows.iter().map(|r| r.get::<Vec<u8>, _>(0)));
    }
    drop(connection);
    assert_eq!(erased.len(), 8);
    let on_disk = || {
        ["selfsame.db", "selfsame.db-wal"]
            .iter()
            .flat_map(|name| std::fs::read(dir.dir().join(name)).unwrap())
            .collect::<Vec<u8>>()
    };
    let holds = |disk: &[u8], sealed: &[u8]| disk.windows(24).any(|w| w == &sealed[..24]);
    let before = on_disk();
    assert!(erased.iter().all(|sealed| holds(&before, sealed)));
    assert!(delete(&store, &job).await);
    let after = on_disk();
    assert!(erased.iter().all(|sealed| !holds(&after, sealed)));
}

on_sqlite!(no_erased_byte_lingers_in_the_database_or_its_log);

on_each!(
    what_ended_is_erased_and_its_code_stays,
    what_waits_for_a_person_is_withdrawn_and_what_was_decided_is_erased,
    what_awaits_its_package_waits_in_the_queue_or_runs_brings_nothing_back,
    only_a_registration_that_may_begin_anew_counts_after_a_deletion,
    other_users_other_partners_and_the_other_environment_keep_theirs,
);
