//! One row that cannot be decrypted stops only itself.

use std::time::Duration;

use bytes::Bytes;
use selfsame_job::job::JobState;
use selfsame_job::partner::Partner;
use selfsame_job::replay::ImageFingerprint;
use selfsame_store::error::StoreError;
use selfsame_store::review::{NewReview, ReviewFilter};
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, PartnerId};

use crate::fixture::*;

async fn a_job_that_cannot_be_read_ends_and_the_next_one_is_taken(dir: Place) {
    let store = open(&dir).await;
    let (bad, good) = (new_job("bad", "a"), new_job("good", "b"));
    for job in [&bad, &good] {
        store
            .submit_job(job, Bytes::from_static(b"x"))
            .await
            .unwrap();
    }
    dir.damage("jobs", "request", "job_id = 'bad'").await;
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(claim.job.smile_job_id, good.smile_job_id);
    assert!(store.claim_job(LEASE).await.unwrap().is_none());
    let ended = store
        .latest_job(&bad.user.partner, Environment::Sandbox, &bad.job_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ended.state, JobState::Done);
    let result = store.result(&bad.smile_job_id).await.unwrap().unwrap();
    assert_eq!(
        (result.result_code.as_str(), result.success),
        ("2401", false)
    );
    let text = String::from_utf8_lossy(&result.result).into_owned();
    assert!(text.contains("cannot be read"), "{text}");
    assert_eq!(store.depths().await.unwrap().running, 1);
}

async fn a_job_of_a_newer_build_is_left_to_it(dir: Place) {
    let store = open(&dir).await;
    let (newer, known) = (new_job("newer", "a"), new_job("known", "b"));
    for job in [&newer, &known] {
        store
            .submit_job(job, Bytes::from_static(b"x"))
            .await
            .unwrap();
    }
    let called = |kind: &str| format!("UPDATE jobs SET kind = '{kind}' WHERE job_id = 'newer'");
    dir.try_tamper(&called("of_next_year")).await.unwrap();
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(claim.job.smile_job_id, known.smile_job_id);
    // However often it is looked at, it does not end here, and uses up no attempt.
    for _ in 0..12 {
        dir.pass(Duration::from_secs(6)).await;
        assert_eq!(store.wake().await.unwrap(), 1);
        assert!(store.claim_job(LEASE).await.unwrap().is_none());
    }
    let asked = store.job(&newer.smile_job_id).await;
    assert!(
        matches!(asked, Err(StoreError::OfNewerBuild(_))),
        "{asked:?}"
    );
    assert_eq!(store.depths().await.unwrap().waiting, 1);
    dir.try_tamper(&called("enrolment")).await.unwrap();
    dir.pass(Duration::from_secs(6)).await;
    store.wake().await.unwrap();
    let claim = store.claim_job(LEASE * 9).await.unwrap().unwrap();
    assert_eq!(
        (claim.job.smile_job_id, claim.attempt),
        (newer.smile_job_id, 1)
    );
}

async fn a_callback_that_cannot_be_read_is_set_aside_and_the_others_go_out(dir: Place) {
    for column in ["callback_url", "result"] {
        let dir = dir.another().await;
        let store = open(&dir).await;
        let (bad, good) = (new_job("bad", "a"), new_job("good", "b"));
        for job in [&bad, &good] {
            finished(&store, job).await;
        }
        dir.damage("jobs", column, "job_id = 'bad'").await;
        let [due] = &store.claim_deliveries(LEASE, &LIMITS).await.unwrap()[..] else {
            panic!("the good one")
        };
        assert_eq!(due.smile_job_id, good.smile_job_id);
        let again = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
        assert!(again.is_empty());
        let records = store.deliveries(&bad.smile_job_id).await.unwrap();
        assert_eq!(records[0].state, DeliveryState::Unreadable);
        assert_eq!(store.depths().await.unwrap().callbacks_pending, 1);
    }
}

async fn lists_go_on_without_it(dir: Place) {
    let store = open(&dir).await;
    for id in ["bad", "good"] {
        let partner = Partner {
            id: PartnerId::new(id).unwrap(),
            ..partner()
        };
        store.create_partner(&partner, &by()).await.unwrap();
        let job = new_job(id, id);
        finished(&store, &job).await;
        let waits = new_job(&format!("{id}-waits"), &format!("{id}-waits"));
        let provisional = Outcome {
            enrol: None,
            review: Some(NewReview { enrol: None }),
            ..outcome(&waits)
        };
        end(&store, &waits, &provisional).await;
    }
    for (table, column, row) in [
        ("partners", "sandbox_key", "id = 'bad'"),
        ("users", "template", "user_id = 'bad'"),
        ("jobs", "request", "job_id IN ('bad', 'bad-waits')"),
    ] {
        dir.damage(table, column, row).await;
    }
    let partners = store.partners().await.unwrap();
    assert_eq!(partners.len(), 1);
    assert_eq!(partners[0].id.as_str(), "good");
    let jobs = store.jobs(&JobFilter::default()).await.unwrap();
    let names: Vec<&str> = jobs.iter().map(|j| j.job_id.as_str()).collect();
    assert_eq!(names, ["good-waits", "good"]);
    let reviews = store.reviews(&ReviewFilter::default()).await.unwrap();
    assert_eq!(reviews.len(), 1);
    let users = store
        .users(&new_job("x", "x").user.partner, Environment::Sandbox)
        .await
        .unwrap();
    let templates: Vec<(&str, bool)> = users
        .iter()
        .map(|u| (u.key.user.as_str(), u.reference.is_some()))
        .collect();
    assert_eq!(templates, [("bad", false), ("good", true)]);
    // Who follows the changes gets past it.
    let mut after = 0;
    let mut followed = Vec::new();
    loop {
        let page = store.users_changed(after, 1).await.unwrap();
        let Some(change) = page.into_iter().next() else {
            break;
        };
        after = change.sequence;
        followed.push((
            change.user.key.user.to_string(),
            change.user.reference.is_some(),
        ));
    }
    assert_eq!(
        followed,
        [("good".to_owned(), true), ("bad".to_owned(), false)],
        "the damage itself was the latest change"
    );
    // Asked for by itself it is not passed off as a user without a template.
    let alone = store.user(&new_job("bad", "bad").user).await;
    assert!(matches!(alone, Err(StoreError::Sealed(_))));
    assert!(alone.unwrap_err().is_unreadable());
}

async fn an_image_that_cannot_be_read_is_not_found_again_and_the_others_are(dir: Place) {
    let image = |n: u8| ImageFingerprint {
        image: 0,
        exact: [n; 32],
        perceptual: Some([n; 32]),
        mirrored: None,
    };
    {
        let store = open(&dir).await;
        for (name, n) in [("bad", 0), ("good", 255)] {
            let job = new_job(name, name);
            let accepted = Outcome {
                accepted: vec![image(n)],
                ..outcome(&job)
            };
            assert_eq!(end(&store, &job, &accepted).await, Finished::Committed);
        }
    }
    dir.damage("accepted_images", "perceptual", "job_id = 'bad'")
        .await;
    let store = open(&dir).await;
    let later = new_job("later", "later");
    store.submit_job(&later, Bytes::new()).await.unwrap();
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    let near = ImageFingerprint {
        exact: [7; 32],
        ..image(255)
    };
    let found = store.recurrences(&claim.job, &[near], 4).await.unwrap();
    assert_eq!(found.len(), 1);
}

async fn a_user_whose_rows_cannot_be_read_can_be_deleted(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("bad", "u");
    finished(&store, &job).await;
    for (table, column) in [
        ("jobs", "request"),
        ("jobs", "result"),
        ("jobs", "callback_url"),
        ("users", "template"),
    ] {
        dir.damage(table, column, "user_id = 'u'").await;
    }
    let erased = selfsame_job::user::UserStatus::Deleted;
    assert!(
        store
            .set_user_status(&job.user, erased, &by())
            .await
            .unwrap()
    );
    let result = store.result(&job.smile_job_id).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&result.result).contains("user was deleted"));
}

/// As SQLite does where the disk is full: the transaction is gone, and nobody said ROLLBACK.
async fn a_transaction_that_the_database_ends_by_itself_stops_only_itself(dir: Place) {
    let store = open(&dir).await;
    let ends = "CREATE TRIGGER full BEFORE INSERT ON jobs BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END";
    tamper(&dir, ends).await;
    let (first, second) = (new_job("first", "a"), new_job("second", "b"));
    let package = Bytes::from_static(b"x");
    for _ in 0..2 {
        let refused = store.submit_job(&first, package.clone()).await;
        let Err(StoreError::Database(refused)) = refused else {
            panic!("{refused:?}")
        };
        assert!(
            refused.to_string().contains("the disk is full"),
            "{refused}"
        );
    }
    tamper(&dir, "DROP TRIGGER full").await;
    for job in [&first, &second] {
        let submitted = store.submit_job(job, package.clone()).await.unwrap();
        assert_eq!(submitted, Prepared::Recorded);
    }
    assert!(store.claim_job(LEASE).await.unwrap().is_some());
}

on_sqlite!(a_transaction_that_the_database_ends_by_itself_stops_only_itself);

on_each!(
    a_job_of_a_newer_build_is_left_to_it,
    a_job_that_cannot_be_read_ends_and_the_next_one_is_taken,
    lists_go_on_without_it,
    an_image_that_cannot_be_read_is_not_found_again_and_the_others_are,
    a_user_whose_rows_cannot_be_read_can_be_deleted,
    a_callback_that_cannot_be_read_is_set_aside_and_the_others_go_out,
);
