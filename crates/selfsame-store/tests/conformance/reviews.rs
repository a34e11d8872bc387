//! Provisional jobs that wait for a person.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use selfsame_job::job::JobType;
use selfsame_job::review::{ReviewDecision, Ruling};
use selfsame_job::user::UserStatus;
use selfsame_store::review::{FinalResult, NewReview, ReviewFilter, Ruled};
use selfsame_store::store::*;

use crate::fixture::*;

fn provisional(job: &NewJob) -> Outcome {
    let whole = outcome(job);
    Outcome {
        result: Bytes::from_static(br#"{"text":"provisional"}"#),
        success: false,
        result_code: "0842".to_owned(),
        review: Some(NewReview {
            enrol: whole.enrol.filter(|_| job.job_type == JobType::Enrolment),
        }),
        enrol: None,
        ..whole
    }
}

fn ruling(decision: ReviewDecision) -> Ruling {
    Ruling {
        decision,
        reviewer: by(),
        note: Some("PLANTED-note".to_owned()),
        at: Timestamp::now(),
    }
}

fn result(success: bool) -> FinalResult {
    FinalResult {
        result: Bytes::from_static(br#"{"text":"final"}"#),
        success,
        result_code: if success { "1210" } else { "1211" }.to_owned(),
        ..FinalResult::default()
    }
}

async fn waiting(store: &dyn Store, job: &NewJob) {
    assert_eq!(
        end(store, job, &provisional(job)).await,
        Finished::Committed
    );
}

/// Approves by the user as it is now: what hinders is for the domain to say.
async fn approve(store: &dyn Store, job: &NewJob) -> Ruled {
    let result = FinalResult {
        judged: state(store, &job.user).await,
        ..result(true)
    };
    approve_by(store, job, &result).await
}

async fn approve_by(store: &dyn Store, job: &NewJob, result: &FinalResult) -> Ruled {
    let ruling = ruling(ReviewDecision::Approve);
    store
        .decide_review(&job.smile_job_id, &ruling, result)
        .await
        .unwrap()
}

async fn an_approval_enrols_once_and_calls_back_a_second_time(dir: Place) {
    let job = new_job("j", "u");
    {
        let store = open(&dir).await;
        waiting(&store, &job).await;
        assert!(store.user(&job.user).await.unwrap().is_none());
        assert_eq!(store.depths().await.unwrap().reviews_pending, 1);
    }
    // A restart loses nothing.
    let store = open(&dir).await;
    let pending = store.reviews(&ReviewFilter::default()).await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].job.smile_job_id, job.smile_job_id);
    assert_eq!(pending[0].outcome, None);
    assert_eq!(approve(&store, &job).await, Ruled::Committed);
    assert_eq!(approve(&store, &job).await, Ruled::NotPending);
    let user = store.user(&job.user).await.unwrap().unwrap();
    let reference = user.reference.unwrap();
    assert_eq!(
        (reference.template, reference.photo),
        (template(), job.smile_job_id.clone())
    );
    let latest = store.result(&job.smile_job_id).await.unwrap().unwrap();
    assert_eq!(
        (latest.result_code.as_str(), latest.success),
        ("1210", true)
    );
    let history = store
        .results(&job.user.partner, job.user.environment, &job.job_id)
        .await
        .unwrap();
    assert_eq!(
        history
            .iter()
            .map(|r| r.result_code.as_str())
            .collect::<Vec<_>>(),
        ["1210", "0842"]
    );
    let due = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    let mut sent: Vec<_> = due.iter().map(|d| d.result.clone()).collect();
    sent.sort();
    assert_eq!(
        sent,
        [
            br#"{"text":"final"}"#.as_slice(),
            br#"{"text":"provisional"}"#
        ],
        "each callback carries its own result"
    );
    assert!(store.replay(&job.smile_job_id, &by()).await.unwrap());
    let replayed = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    assert_eq!(replayed[0].result, br#"{"text":"final"}"#.as_slice());
    let decided = store
        .review(&job.smile_job_id)
        .await
        .unwrap()
        .unwrap()
        .outcome
        .unwrap();
    assert_eq!(decided.note.as_deref(), Some("PLANTED-note"));
    assert_eq!(decided.decision, ReviewDecision::Approve);
    let none = store.reviews(&ReviewFilter::default()).await.unwrap();
    assert!(none.is_empty());
}

async fn of_many_reviewers_one_decides(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    waiting(&store, &job).await;
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..8 {
        let (store, job) = (std::sync::Arc::clone(&store), job.clone());
        tasks.spawn(async move {
            let decision = if at % 2 == 0 {
                ReviewDecision::Approve
            } else {
                ReviewDecision::Spoof
            };
            store
                .decide_review(&job.smile_job_id, &ruling(decision), &result(at % 2 == 0))
                .await
                .unwrap()
        });
    }
    let ruled = tasks.join_all().await;
    assert_eq!(ruled.iter().filter(|r| **r == Ruled::Committed).count(), 1);
}

async fn an_approval_takes_effect_only_by_what_it_was_checked_by(dir: Place) {
    let store = open(&dir).await;
    let nobody = result(true);
    // Enrolled meanwhile by another job.
    let (slow, quick) = (new_job("slow", "a"), new_job("quick", "a"));
    waiting(&store, &slow).await;
    finished(&store, &quick).await;
    assert_eq!(approve_by(&store, &slow, &nobody).await, Ruled::Changed);
    let photo = |user: selfsame_job::user::User| user.reference.unwrap().photo;
    assert_eq!(
        photo(store.user(&slow.user).await.unwrap().unwrap()),
        quick.smile_job_id
    );
    let rejected = result(false);
    assert_eq!(
        approve_by(&store, &slow, &rejected).await,
        Ruled::Committed,
        "nothing was written before"
    );
    // What the job was judged by stands in the review.
    let mut again = new_job("again", "a");
    again.request.allow_new_enroll = true;
    let mut authenticate = new_job("auth", "a");
    authenticate.job_type = JobType::Authentication;
    let active = state(&store, &slow.user).await;
    assert_eq!(active.photo.as_ref(), Some(&quick.smile_job_id));
    for job in [&again, &authenticate] {
        waiting(&store, job).await;
        let review = store.review(&job.smile_job_id).await.unwrap().unwrap();
        assert_eq!(review.judged, active);
    }
    // Disabled meanwhile: neither enrolled anew nor authenticated.
    let set = async |status| {
        store
            .set_user_status(&slow.user, status, &by())
            .await
            .unwrap()
    };
    let checked = FinalResult {
        judged: active,
        ..result(true)
    };
    set(UserStatus::Disabled).await;
    assert_eq!(approve_by(&store, &again, &checked).await, Ruled::Changed);
    assert_eq!(
        approve_by(&store, &authenticate, &checked).await,
        Ruled::Changed
    );
    set(UserStatus::Active).await;
    assert_eq!(
        approve_by(&store, &authenticate, &checked).await,
        Ruled::Committed
    );
    // Deleted meanwhile: the review is withdrawn with the user, and the template that waited is erased.
    assert!(waits(&store, &again).await);
    set(UserStatus::Deleted).await;
    assert!(!waits(&store, &again).await);
    assert_eq!(approve(&store, &again).await, Ruled::NotPending);
}

async fn waits(store: &dyn Store, job: &NewJob) -> bool {
    let template = store.pending_template(&job.smile_job_id).await.unwrap();
    template.is_some()
}

/// Another process may enrol the same face under another name while an approval is checked, and the other way round.
async fn who_enrolled_after_the_search_is_looked_at_first(dir: Place) {
    let store = open(&dir).await;
    let (slow, quick) = (new_job("slow", "a"), new_job("quick", "b"));
    waiting(&store, &slow).await;
    let checked = |as_of| FinalResult {
        searched: Some(as_of),
        ..result(true)
    };
    finished(&store, &quick).await;
    let now = store.users_changed(0, 9).await.unwrap()[0].sequence;
    assert_eq!(
        approve_by(&store, &slow, &checked(now - 1)).await,
        Ruled::Changed
    );
    assert_eq!(
        approve_by(&store, &slow, &checked(now)).await,
        Ruled::Committed
    );
    // A worker's enrolment likewise.
    let third = new_job("third", "c");
    let searched = Outcome {
        searched: Some(now),
        ..outcome(&third)
    };
    assert_eq!(
        end(&store, &third, &searched).await,
        Finished::OthersChanged
    );
    assert!(store.user(&third.user).await.unwrap().is_none());
}

async fn an_approval_forgets_failures_and_a_rejection_is_one(dir: Place) {
    use selfsame_job::lockout::{Attempt, LockoutPolicy, Tried};
    let store = open(&dir).await;
    let counted = async |job: &NewJob, success, tried| {
        let result = FinalResult {
            judged: state(&store, &job.user).await,
            attempt: Attempt::new(tried, LockoutPolicy::default()),
            ..result(success)
        };
        assert_eq!(approve_by(&store, job, &result).await, Ruled::Committed);
        let failed = store.failed_attempts(&job.user).await.unwrap();
        failed.map_or(0, |f| f.count)
    };
    let jobs = ["one", "two", "three"].map(|name| new_job(name, "a"));
    for job in &jobs {
        waiting(&store, job).await;
    }
    assert_eq!(counted(&jobs[0], false, Tried::Failed).await, 1);
    assert_eq!(counted(&jobs[1], false, Tried::Failed).await, 2);
    assert_eq!(counted(&jobs[2], true, Tried::Passed).await, 0);
}

async fn a_package_stays_while_its_job_waits(dir: Place) {
    let store = open(&dir).await;
    let (waits, ended) = (new_job("waits", "a"), new_job("ended", "b"));
    waiting(&store, &waits).await;
    let refused = Outcome {
        enrol: None,
        ..outcome(&ended)
    };
    end(&store, &ended, &refused).await;
    let later = Timestamp::now() + SignedDuration::from_secs(60);
    let keep = KeepSince {
        packages: later,
        results: Timestamp::MIN,
    };
    store.sweep(&keep).await.unwrap();
    let there = async |job: &NewJob| store.package(&job.smile_job_id).await.unwrap().is_some();
    assert!(there(&waits).await && !there(&ended).await);
    store
        .decide_review(
            &waits.smile_job_id,
            &ruling(ReviewDecision::Reject),
            &result(false),
        )
        .await
        .unwrap();
    store.sweep(&keep).await.unwrap();
    assert!(!there(&waits).await);
}

async fn what_waits_is_encrypted(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "u");
    waiting(&store, &job).await;
    let planted = template().to_bytes();
    assert!(!holds(&dir.everything().await, &planted[..32]));
    store
        .decide_review(
            &job.smile_job_id,
            &ruling(ReviewDecision::Spoof),
            &result(false),
        )
        .await
        .unwrap();
    assert!(!holds(&dir.everything().await, b"PLANTED"));
}

on_each!(
    an_approval_enrols_once_and_calls_back_a_second_time,
    of_many_reviewers_one_decides,
    an_approval_takes_effect_only_by_what_it_was_checked_by,
    who_enrolled_after_the_search_is_looked_at_first,
    a_package_stays_while_its_job_waits,
    what_waits_is_encrypted,
    an_approval_forgets_failures_and_a_rejection_is_one,
);
