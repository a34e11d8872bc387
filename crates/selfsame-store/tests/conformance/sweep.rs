//! What is too old goes, what is awaited is bounded, and how much waits is known without counting.

use bytes::Bytes;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use selfsame_job::erasure::Erasure;
use selfsame_job::outcome::JobOutcome;
use selfsame_job::step::Carried;
use selfsame_job::user::UserStatus;
use selfsame_store::review::NewReview;
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, PartnerId};
use sqlx::Row as _;

use crate::fixture::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(seconds)
}

async fn uploads_that_never_come_are_forgotten(dir: Place) {
    let store = open(&dir).await;
    for n in 0..205_u8 {
        store
            .prepare_job(&new_job(&format!("j{n}"), "u"), &grant(n))
            .await
            .unwrap();
    }
    let kept = new_job("kept", "u");
    let long = UploadGrant {
        expires_at: at(1000),
        ..grant(250)
    };
    store.prepare_job(&kept, &long).await.unwrap();
    let sent = store
        .accept_package(&[0; 32], Bytes::from_static(b"x"))
        .await
        .unwrap();
    assert_eq!(sent, Accepted::Queued);
    assert_eq!(store.expire_uploads(Timestamp::now()).await.unwrap(), 0);
    assert_eq!(store.expire_uploads(at(61)).await.unwrap(), 204);
    let depths = store.depths().await.unwrap();
    assert_eq!((depths.awaiting_upload, depths.queued), (1, 1));
    let late = store
        .accept_package(&[1; 32], Bytes::from_static(b"x"))
        .await
        .unwrap();
    assert_eq!(late, Accepted::Unknown);
    let again = new_job("j1", "u");
    assert_eq!(
        store.prepare_job(&again, &grant(1)).await.unwrap(),
        Prepared::Recorded,
        "the name is free again, without retry"
    );
}

async fn a_partner_has_so_many_uploads_awaited_and_no_more(dir: Place) {
    let limits = Limits {
        max_uploads: 2,
        ..Limits::default()
    };
    let store = dir.open(limits).await;
    let prepare = async |n: u8, change: fn(&mut NewJob)| {
        let mut job = new_job(&format!("j{n}"), "u");
        change(&mut job);
        store.prepare_job(&job, &grant(n)).await.unwrap()
    };
    for n in [1, 2] {
        assert_eq!(prepare(n, |_| {}).await, Prepared::Recorded);
    }
    assert_eq!(prepare(3, |_| {}).await, Prepared::TooManyUploads);
    // It stops nobody else, and nothing else of this partner.
    let elsewhere = prepare(4, |job| job.user.environment = Environment::Production).await;
    assert_eq!(elsewhere, Prepared::Recorded);
    let another = prepare(5, |job| job.user.partner = PartnerId::new("q").unwrap()).await;
    assert_eq!(another, Prepared::Recorded);
    let whole = store
        .submit_job(&new_job("whole", "u"), Bytes::from_static(b"x"))
        .await
        .unwrap();
    assert_eq!(whole, Prepared::Recorded);
    // A retry takes the place of its earlier attempt.
    assert_eq!(prepare(2, |job| job.retry = true).await, Prepared::Recorded);
    // Room again: by a package, and by time.
    store
        .accept_package(&[1; 32], Bytes::from_static(b"x"))
        .await
        .unwrap();
    assert_eq!(prepare(6, |_| {}).await, Prepared::Recorded);
    assert_eq!(prepare(7, |_| {}).await, Prepared::TooManyUploads);
    store.expire_uploads(at(61)).await.unwrap();
    assert_eq!(prepare(7, |_| {}).await, Prepared::Recorded);
}

async fn large_requests_are_bounded_by_their_bytes(dir: Place) {
    let store = open(&dir).await;
    let large = serde_json::json!({"x": "x".repeat(200_000)}).to_string();
    let mut recorded = 0;
    for n in 0..=u8::MAX {
        let mut job = new_job(&format!("j{n}"), "u");
        job.request.partner_params = serde_json::from_str(&large).unwrap();
        match store.prepare_job(&job, &grant(n)).await.unwrap() {
            Prepared::Recorded => recorded += 1,
            refused => {
                assert_eq!(refused, Prepared::TooManyUploads);
                break;
            }
        }
    }
    assert_eq!(recorded, 16 * 1024 * 1024 / 200_000 + 1);
}

async fn results_are_kept_for_so_long_and_codes_for_good(dir: Place) {
    let store = open(&dir).await;
    let (photo, waits) = (new_job("photo", "a"), new_job("waits", "b"));
    let planted = |job: &NewJob| Outcome {
        result: Bytes::from_static(br#"{"ResultCode":"0840","id_info":"PLANTED"}"#),
        ..outcome(job)
    };
    end(&store, &photo, &planted(&photo)).await;
    let provisional = Outcome {
        enrol: None,
        success: false,
        review: Some(NewReview { enrol: None }),
        ..planted(&waits)
    };
    end(&store, &waits, &provisional).await;
    let mut many = Vec::new();
    for n in 0..205 {
        let job = new_job(&format!("j{n}"), "c");
        let ended = Outcome {
            enrol: None,
            callback_url: None,
            ..planted(&job)
        };
        end(&store, &job, &ended).await;
        many.push(job);
    }
    let keep = |results| KeepSince {
        packages: Timestamp::MIN,
        results,
    };
    let nothing = store.sweep(&keep(at(-3600))).await.unwrap();
    assert_eq!(nothing, Swept::default());
    let swept = store.sweep(&keep(at(60))).await.unwrap();
    assert_eq!((swept.results, swept.packages), (206, 0));
    assert_eq!(store.sweep(&keep(at(60))).await.unwrap(), Swept::default());
    for job in many.iter().chain([&photo]) {
        let record = store.result(&job.smile_job_id).await.unwrap().unwrap();
        assert_eq!(
            (record.result_code.as_str(), record.success),
            ("0840", true)
        );
        let outcome = JobOutcome::read(&record.result).unwrap();
        assert_eq!(outcome.erased, Some(Erasure::Expired));
        let text = outcome.text();
        assert!(text.contains("older than results are kept"), "{text}");
        let whole = store.job(&job.smile_job_id).await.unwrap().unwrap();
        assert!(!whole.request.partner_params.as_json().contains("PLANTED"));
    }
    // What waits is kept, and so is the photo on file with the template.
    let kept = store.result(&waits.smile_job_id).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&kept.result).contains("PLANTED"));
    assert!(store.package(&photo.smile_job_id).await.unwrap().is_some());
    let user = store.user(&photo.user).await.unwrap().unwrap();
    assert!(user.reference.is_some());
    // A user whose results are gone already is deleted with the rest.
    let deleted = store
        .set_user_status(&photo.user, UserStatus::Deleted, &by())
        .await;
    assert!(deleted.unwrap());
    assert!(store.package(&photo.smile_job_id).await.unwrap().is_none());
    let result = store.result(&photo.smile_job_id).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&result.result).contains("user was deleted"));
}

async fn packages_go_and_those_that_nothing_names(dir: Place) {
    let store = open(&dir).await;
    let photo = new_job("photo", "a");
    finished(&store, &photo).await;
    for n in 0..205 {
        let job = new_job(&format!("j{n}"), "c");
        let refused = Outcome {
            enrol: None,
            ..outcome(&job)
        };
        end(&store, &job, &refused).await;
    }
    let blobs = dir.blobs();
    let there = || dir.count_blobs();
    assert_eq!(there(), 206);
    let swept = store
        .sweep(&KeepSince {
            packages: at(60),
            results: Timestamp::MIN,
        })
        .await
        .unwrap();
    assert_eq!((swept.packages, there()), (205, 1));
    // Left by a crash, and one that is just being written.
    let orphan = blobs.join(uuid::Uuid::new_v4().simple().to_string());
    std::fs::write(&orphan, b"x").unwrap();
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let file = std::fs::File::options().write(true).open(&orphan).unwrap();
    file.set_modified(hour_ago).unwrap();
    std::fs::write(blobs.join(uuid::Uuid::new_v4().simple().to_string()), b"x").unwrap();
    assert_eq!(store.sweep_orphans().await.unwrap(), 1);
    assert_eq!(there(), 2);
    assert!(store.package(&photo.smile_job_id).await.unwrap().is_some());
}

/// What the database says when it counts.
async fn counted(dir: &Place) -> Depths {
    let count = async |what: &str| {
        let number = dir.number(&format!("SELECT COUNT(*) FROM {what}")).await;
        u64::try_from(number).unwrap()
    };
    Depths {
        awaiting_upload: count("jobs WHERE state = 'awaiting_upload'").await,
        queued: count("jobs WHERE state = 'queued'").await,
        running: count("jobs WHERE state = 'running'").await,
        waiting: count("jobs WHERE state = 'waiting'").await,
        callbacks_pending: count("deliveries WHERE state = 'pending'").await,
        reviews_pending: count("reviews WHERE state = 'pending'").await,
    }
}

async fn depths_are_what_counting_would_give_whatever_was_done(dir: Place) {
    let store = open(&dir).await;
    // The same every time, and long enough to come by every step after every other.
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut claims = Vec::new();
    let (mut seen, mut largest) = (Depths::default(), Depths::default());
    for step in 0..400_u64 {
        let user = format!("u{}", random(3));
        let job = new_job(&format!("j{step}"), &user);
        match random(10) {
            0 | 1 => drop(store.prepare_job(&job, &grant(step as u8)).await),
            2 => {
                let hash = [random(256) as u8; 32];
                drop(store.accept_package(&hash, Bytes::new()).await);
            }
            3 => drop(store.submit_job(&job, Bytes::new()).await),
            4 | 5 => claims.extend(store.claim_job(LEASE).await.unwrap()),
            6 => {
                if let Some(claim) = claims.pop() {
                    let ended = Outcome {
                        enrol: None,
                        review: (random(2) == 0).then_some(NewReview { enrol: None }),
                        ..outcome(&job)
                    };
                    store.finish_job(&claim, &ended).await.unwrap();
                }
            }
            7 => match claims.pop() {
                Some(claim) if random(2) == 0 => {
                    let hour = Duration::from_secs(3600);
                    let nothing = Carried::default();
                    store.wait(&claim, &nothing, hour).await.unwrap();
                }
                Some(claim) => store.release_job(&claim).await.unwrap(),
                None => {}
            },
            8 => {
                for delivery in store.claim_deliveries(LEASE, &LIMITS).await.unwrap() {
                    let attempt = DeliveryAttempt {
                        at: Timestamp::now(),
                        duration_ms: 1,
                        http_status: None,
                        error: None,
                    };
                    store
                        .record_attempt(
                            &delivery,
                            &attempt,
                            AfterAttempt::Delivered,
                            Endpoint::Answers,
                        )
                        .await
                        .unwrap();
                }
            }
            _ if random(4) == 0 => {
                let erased = UserStatus::Deleted;
                store
                    .set_user_status(&job.user, erased, &by())
                    .await
                    .unwrap();
            }
            _ => drop(store.expire_uploads(at(random(90) as i64)).await),
        }
        seen = store.depths().await.unwrap();
        assert_eq!(seen, counted(&dir).await, "step {step}");
        largest.awaiting_upload = largest.awaiting_upload.max(seen.awaiting_upload);
        largest.queued = largest.queued.max(seen.queued);
        largest.running = largest.running.max(seen.running);
        largest.waiting = largest.waiting.max(seen.waiting);
        largest.callbacks_pending = largest.callbacks_pending.max(seen.callbacks_pending);
        largest.reviews_pending = largest.reviews_pending.max(seen.reviews_pending);
    }
    // Nothing was compared with nothing only.
    let Depths {
        awaiting_upload,
        queued,
        running,
        waiting,
        callbacks_pending,
        reviews_pending,
    } = largest;
    for most in [
        awaiting_upload,
        queued,
        running,
        waiting,
        callbacks_pending,
        reviews_pending,
    ] {
        assert!(most > 1, "{largest:?}, at last {seen:?}");
    }
}

/// How much is on record does not matter to what is asked all the time: no plan reads a table from end to end that grows.
async fn nothing_that_is_asked_often_reads_a_growing_table_through(dir: Place) {
    drop(open(&dir).await);
    let mut connection = dir.sqlite_connection().await;
    for query in [
        "UPDATE jobs SET state = 'queued' WHERE state = 'running' AND (0 OR lease_until < 5)",
        "UPDATE deliveries SET lease = NULL WHERE lease IS NOT NULL AND (0 OR lease_until < 5)",
        "UPDATE jobs SET state = 'queued', run_after = NULL WHERE state = 'waiting' AND run_after <= 5",
        "SELECT seq FROM jobs WHERE state = 'awaiting_upload' AND grant_expires_at < 5 LIMIT 200",
        "SELECT seq FROM jobs WHERE state = 'done' AND erased IS NULL AND updated_at < 5 ORDER BY updated_at LIMIT 200",
        "SELECT seq FROM jobs WHERE state = 'done' AND blob IS NOT NULL AND updated_at < 5
         AND NOT EXISTS (SELECT 1 FROM users u WHERE u.photo = jobs.smile_job_id) ORDER BY updated_at LIMIT 200",
    ] {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        for step in plan {
            let step: String = step.get("detail");
            let by_an_index = !step.contains("SCAN") || step.contains(" INDEX ");
            assert!(by_an_index && !step.contains("TEMP B-TREE"), "{query}: {step}");
        }
    }
}

on_sqlite!(nothing_that_is_asked_often_reads_a_growing_table_through);

on_each!(
    uploads_that_never_come_are_forgotten,
    a_partner_has_so_many_uploads_awaited_and_no_more,
    large_requests_are_bounded_by_their_bytes,
    results_are_kept_for_so_long_and_codes_for_good,
    packages_go_and_those_that_nothing_names,
    depths_are_what_counting_would_give_whatever_was_done,
);
