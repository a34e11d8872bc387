//! Attempts that fail are counted where the job ends, and lock the user.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use selfsame_job::job::JobType;
use selfsame_job::lockout::{Attempt, LockoutPolicy, Tried};
use selfsame_job::user::UserStatus;
use selfsame_store::store::*;

use crate::fixture::*;

const POLICY: LockoutPolicy = LockoutPolicy {
    max_failures: 3,
    first_delay_seconds: 3600,
    longest_delay_seconds: 3600,
    forget_after_seconds: 3600,
};

fn attempt(job: &str, user: &str) -> NewJob {
    NewJob {
        job_type: JobType::Authentication,
        ..new_job(job, user)
    }
}

fn tried(job: &NewJob, tried: Tried) -> Outcome {
    Outcome {
        success: tried == Tried::Passed,
        attempt: Attempt::new(tried, POLICY),
        enrol: None,
        ..outcome(job)
    }
}

async fn count(store: &dyn Store, job: &NewJob) -> u32 {
    let failed = store.failed_attempts(&job.user).await.unwrap();
    failed.map_or(0, |f| f.count)
}

async fn failures_are_counted_for_each_user_kept_over_a_restart_and_forgotten_by_a_success(
    dir: Place,
) {
    let store = open(&dir).await;
    let (ada, bob) = (attempt("a", "ada"), attempt("b", "bob"));
    for job in [&ada, &bob, &attempt("a2", "ada")] {
        let failed = tried(job, Tried::Failed);
        assert_eq!(end(&store, job, &failed).await, Finished::Committed);
    }
    drop(store);
    let store = open(&dir).await;
    assert_eq!(
        (count(&store, &ada).await, count(&store, &bob).await),
        (2, 1)
    );
    let blurred = attempt("a3", "ada");
    end(&store, &blurred, &tried(&blurred, Tried::Uncounted)).await;
    assert_eq!(count(&store, &ada).await, 2);
    let passed = attempt("a4", "ada");
    end(&store, &passed, &tried(&passed, Tried::Passed)).await;
    assert_eq!(
        (count(&store, &ada).await, count(&store, &bob).await),
        (0, 1)
    );
    // What the server does not count, such as what the sandbox forces, leaves it alone.
    let forced = attempt("b2", "bob");
    let uncounted = Outcome {
        attempt: None,
        ..tried(&forced, Tried::Failed)
    };
    end(&store, &forced, &uncounted).await;
    assert_eq!(count(&store, &bob).await, 1);
}

/// However many jobs of a user are under way at once, no more of them are told how they came out than may fail.
async fn of_many_attempts_at_once_no_more_count_than_may_fail(dir: Place) {
    let store = open(&dir).await;
    let jobs: Vec<NewJob> = (0..12).map(|n| attempt(&n.to_string(), "ada")).collect();
    let mut claims = Vec::new();
    for job in &jobs {
        store.submit_job(job, Bytes::new()).await.unwrap();
        claims.push(store.claim_job(LEASE).await.unwrap().unwrap());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (job, claim) in jobs.iter().zip(claims) {
        let (store, failed) = (Arc::clone(&store), tried(job, Tried::Failed));
        tasks.spawn(async move {
            let finished = store.finish_job(&claim, &failed).await.unwrap();
            (claim, finished)
        });
    }
    let ended = tasks.join_all().await;
    let of = |wanted: fn(&Finished) -> bool| ended.iter().filter(|(_, f)| wanted(f)).count();
    assert_eq!(of(|f| *f == Finished::Committed), 3);
    assert_eq!(of(|f| matches!(f, Finished::LockedOut(_))), 9);
    assert_eq!(
        store.depths().await.unwrap().running,
        9,
        "nothing was written of them"
    );
    // Nor does the right guess count among them.
    let (claim, _) = ended
        .iter()
        .find(|(_, f)| *f != Finished::Committed)
        .unwrap();
    let passed = tried(&jobs[0], Tried::Passed);
    let Finished::LockedOut(until) = store.finish_job(claim, &passed).await.unwrap() else {
        panic!("the user is locked")
    };
    assert!(until > Timestamp::now());
    assert_eq!(count(&store, &jobs[0]).await, 3);
    // As refused it ends.
    let refused = Outcome {
        attempt: None,
        ..tried(&jobs[0], Tried::Uncounted)
    };
    let finished = store.finish_job(claim, &refused).await.unwrap();
    assert_eq!(finished, Finished::Committed);
}

async fn an_operator_lifts_a_lock_on_record_and_deletion_forgets(dir: Place) {
    let store = open(&dir).await;
    let user = new_job("enrol", "ada");
    finished(&store, &user).await;
    let fail = async |name: &str| {
        let job = attempt(name, "ada");
        end(&store, &job, &tried(&job, Tried::Failed)).await
    };
    for name in ["1", "2", "3"] {
        assert_eq!(fail(name).await, Finished::Committed);
    }
    let failed = store.failed_attempts(&user.user).await.unwrap().unwrap();
    assert!(failed.locked_at(Timestamp::now()).is_some());
    assert!(store.unlock_user(&user.user, &by()).await.unwrap());
    assert!(!store.unlock_user(&user.user, &by()).await.unwrap());
    assert_eq!(store.failed_attempts(&user.user).await.unwrap(), None);
    let audit = store.audit(0, 100).await.unwrap();
    let records: Vec<_> = audit
        .iter()
        .filter(|r| r.action == "user_unlocked")
        .collect();
    assert_eq!(records.len(), 1);
    assert_eq!(
        (records[0].actor.as_str(), records[0].subject.as_str()),
        ("cli:ada", "user p/sandbox/ada")
    );
    assert_eq!(fail("4").await, Finished::Committed);
    store
        .set_user_status(&user.user, UserStatus::Deleted, &by())
        .await
        .unwrap();
    assert_eq!(store.failed_attempts(&user.user).await.unwrap(), None);
}

on_each!(
    failures_are_counted_for_each_user_kept_over_a_restart_and_forgotten_by_a_success,
    of_many_attempts_at_once_no_more_count_than_may_fail,
    an_operator_lifts_a_lock_on_record_and_deletion_forgets,
);
