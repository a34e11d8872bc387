//! A user that was reported for fraud is locked until an operator clears it, whatever else becomes of it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use selfsame_job::audit::Actor;
use selfsame_job::fraud::{Clearing, FraudRecord, MOST_REPORTS, Received, ReportToken, Said};
use selfsame_job::job::JobType;
use selfsame_job::user::{UserKey, UserStatus};
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, PartnerId, UserId};
use selfsame_wire::v3::fraud::{FraudReason, FraudReport, ReportForm};

use crate::fixture::*;

fn report(reason: Option<&str>, notes: &str) -> FraudReport {
    let mut form = ReportForm::default();
    let is_fraud = reason.is_some().to_string();
    for (part, text) in [
        ("is_fraud", is_fraud.as_str()),
        ("reported_by", "PLANTED@example.com"),
        ("reason", reason.unwrap_or_default()),
        ("notes", notes),
    ] {
        *form.part(part).unwrap() = Some(text.to_owned());
    }
    FraudReport::parse(form).unwrap()
}

fn fraud(notes: &str) -> FraudReport {
    report(Some("MULE_ACCOUNT"), notes)
}

async fn take(store: &Arc<dyn Store>, user: &UserKey, report: &FraudReport) -> Received {
    let by = Actor::partner(&user.partner);
    let reported = store.report_fraud(user, report, &by, ReportToken::Partners);
    reported.await.unwrap()
}

async fn clear(store: &Arc<dyn Store>, user: &UserKey) -> bool {
    let why = Clearing::new("PLANTED-why").unwrap();
    store.clear_fraud(user, &why, &by()).await.unwrap()
}

async fn locked(store: &Arc<dyn Store>, user: &UserKey) -> bool {
    let found = store.user(user).await.unwrap().unwrap().fraud_locked;
    let (partner, environment) = (&user.partner, user.environment);
    let listed = store.users(partner, environment).await.unwrap();
    let listed = listed.iter().find(|u| u.key == *user).unwrap();
    assert_eq!(listed.fraud_locked, found);
    assert_eq!(state(store, user).await.fraud_locked, found);
    found
}

async fn records(store: &Arc<dyn Store>, user: &UserKey) -> Vec<FraudRecord> {
    store.fraud_records(user).await.unwrap()
}

async fn set(store: &Arc<dyn Store>, user: &UserKey, status: UserStatus) -> bool {
    store.set_user_status(user, status, &by()).await.unwrap()
}

async fn audited(store: &Arc<dyn Store>) -> Vec<(String, String, String)> {
    let records = store.audit(0, 1000).await.unwrap().into_iter();
    let of_fraud = records.filter(|r| matches!(&*r.action, "user_reported" | "user_cleared"));
    of_fraud
        .map(|r| (r.actor, r.action, r.subject + " " + &r.details))
        .collect()
}

async fn a_report_locks_and_an_operator_clears(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "ada");
    let user = &job.user;
    assert_eq!(take(&store, user, &fraud("")).await, Received::NoUser);
    finished(&store, &job).await;
    assert!(!locked(&store, user).await && !clear(&store, user).await);
    // That it is none is on record, and nothing else.
    let none = report(None, "PLANTED-none");
    assert_eq!(take(&store, user, &none).await, Received::Recorded);
    assert!(!locked(&store, user).await);
    let said = fraud("PLANTED-notes");
    assert_eq!(take(&store, user, &said).await, Received::Recorded);
    assert!(locked(&store, user).await);
    for repeated in [&said, &none] {
        assert_eq!(take(&store, user, repeated).await, Received::Repeated);
    }
    assert_eq!(
        take(&store, user, &report(None, "PLANTED-more")).await,
        Received::Recorded
    );
    assert!(locked(&store, user).await, "it clears nothing");
    assert!(clear(&store, user).await);
    assert!(!locked(&store, user).await && !clear(&store, user).await);
    // What is said once more after that locks once more.
    let partner = Actor::partner(&user.partner);
    let users = store.report_fraud(user, &said, &partner, ReportToken::Users);
    assert_eq!(users.await.unwrap(), Received::Recorded);
    assert!(locked(&store, user).await);

    let kept = records(&store, user).await;
    let mule = Said::Fraud {
        reason: FraudReason::MuleAccount,
    };
    let told: Vec<_> = kept
        .iter()
        .map(|r| (r.sequence, r.said, r.by.as_deref(), r.notes.as_deref()))
        .collect();
    let who = Some("PLANTED@example.com");
    assert_eq!(
        told,
        [
            (1, Said::NoFraud, who, Some("PLANTED-none")),
            (2, mule, who, Some("PLANTED-notes")),
            (3, Said::NoFraud, who, Some("PLANTED-more")),
            (4, Said::Cleared, Some("cli:ada"), Some("PLANTED-why")),
            (5, mule, who, Some("PLANTED-notes")),
        ]
    );
    let audit = audited(&store).await;
    let actions: Vec<_> = audit.iter().map(|(by, what, _)| (&**by, &**what)).collect();
    let reported = ("partner:p", "user_reported");
    assert_eq!(
        actions,
        [
            reported,
            reported,
            reported,
            ("cli:ada", "user_cleared"),
            reported
        ]
    );
    let subject = "user p/sandbox/ada {";
    assert!(audit.iter().all(|(.., what)| what.starts_with(subject)));
    assert!(audit[1].2.contains(r#""is_fraud":true"#), "{:?}", audit[1]);
    // The audit tells whether the user may have said it of itself.
    for (entry, by_users) in [(1, false), (4, true)] {
        let told = format!(r#""by_users_token":{by_users}"#);
        assert!(audit[entry].2.contains(&told), "{:?}", audit[entry]);
    }
    // Nothing of it stands in the clear, in the audit or elsewhere.
    drop(store);
    assert!(!holds(&dir.everything().await, b"PLANTED"));
}

async fn a_lock_outlives_all_that_could_undo_it(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "ada");
    let user = &job.user;
    finished(&store, &job).await;
    assert!(set(&store, user, UserStatus::Disabled).await);
    let said = fraud("n");
    assert_eq!(take(&store, user, &said).await, Received::Recorded);
    assert!(set(&store, user, UserStatus::Active).await);
    assert!(locked(&store, user).await, "enabled is not cleared");
    assert!(set(&store, user, UserStatus::Deleted).await);
    assert!(locked(&store, user).await, "deleted is not cleared");
    assert_eq!(take(&store, user, &said).await, Received::NoUser);
    assert_eq!(take(&store, user, &fraud("m")).await, Received::NoUser);
    drop(store);
    // Of what was said, that it was said is left: here, and in the bytes that are kept.
    let store = open(&dir).await;
    let [kept] = &records(&store, user).await[..] else {
        panic!("one entry");
    };
    assert!(matches!(kept.said, Said::Fraud { .. }));
    assert_eq!((&kept.by, &kept.notes), (&None, &None));
    let left = "SELECT COUNT(*) FROM fraud_records WHERE code IS NOT NULL OR told_by IS NOT NULL";
    assert_eq!(dir.number(left).await, 0);
    // The store enrols whom the domain lets in: the lock stays with the name, and is cleared there.
    let mut again = new_job("again", "ada");
    again.request.allow_new_enroll = true;
    finished(&store, &again).await;
    assert!(locked(&store, user).await);
    assert!(clear(&store, user).await);
    assert!(!locked(&store, user).await);
}

async fn why_a_deleted_user_was_cleared_is_erased_on_request(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "ada");
    let user = &job.user;
    finished(&store, &job).await;
    assert_eq!(take(&store, user, &fraud("n")).await, Received::Recorded);
    assert!(set(&store, user, UserStatus::Deleted).await);
    assert!(clear(&store, user).await);
    let why = records(&store, user).await.pop().unwrap().notes;
    assert_eq!(why.as_deref(), Some("PLANTED-why"));
    assert!(set(&store, user, UserStatus::Deleted).await);
    let kept = records(&store, user).await;
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|r| r.by.is_none() && r.notes.is_none()));
    // Then nothing is left to erase.
    assert!(!set(&store, user, UserStatus::Deleted).await);
}

async fn what_was_judged_before_a_report_is_not_committed_after_it(dir: Place) {
    let store = open(&dir).await;
    let enrolled = new_job("j", "ada");
    finished(&store, &enrolled).await;
    for (name, job_type) in [
        ("enrol", JobType::Enrolment),
        ("auth", JobType::Authentication),
    ] {
        let job = NewJob {
            job_type,
            ..new_job(name, "ada")
        };
        store.submit_job(&job, "x".into()).await.unwrap();
        let claim = store.claim_job(LEASE).await.unwrap().unwrap();
        let judged = Outcome {
            judged: state(&store, &job.user).await,
            enrol: outcome(&job).enrol.filter(|_| job_type.enrols()),
            ..outcome(&job)
        };
        assert_eq!(
            take(&store, &job.user, &fraud(name)).await,
            Received::Recorded
        );
        let late = store.finish_job(&claim, &judged).await.unwrap();
        assert_eq!(late, Finished::UserChanged);
        // Neither is the other way about: what was judged while it was locked.
        let judged = Outcome {
            judged: state(&store, &job.user).await,
            ..judged
        };
        assert!(clear(&store, &job.user).await);
        let late = store.finish_job(&claim, &judged).await.unwrap();
        assert_eq!(late, Finished::UserChanged);
        let judged = Outcome {
            judged: state(&store, &job.user).await,
            ..judged
        };
        let now = store.finish_job(&claim, &judged).await.unwrap();
        assert_eq!(now, Finished::Committed);
    }
}

async fn reports_do_not_grow_without_bound_and_never_keep_out_one_of_the_other_kind(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "ada");
    let user = &job.user;
    finished(&store, &job).await;
    for n in 0..MOST_REPORTS {
        let none = report(None, &n.to_string());
        assert_eq!(take(&store, user, &none).await, Received::Recorded);
    }
    assert_eq!(
        take(&store, user, &report(None, "one more")).await,
        Received::TooMany
    );
    assert_eq!(take(&store, user, &fraud("")).await, Received::Recorded);
    assert!(locked(&store, user).await);
    for n in 1..MOST_REPORTS {
        assert_eq!(
            take(&store, user, &fraud(&n.to_string())).await,
            Received::Recorded
        );
    }
    assert_eq!(take(&store, user, &fraud("more")).await, Received::TooMany);
    assert_eq!(take(&store, user, &fraud("")).await, Received::Repeated);
    assert_eq!(records(&store, user).await.len() as u64, 2 * MOST_REPORTS);
    assert_eq!(audited(&store).await.len() as u64, 2 * MOST_REPORTS);
    assert!(clear(&store, user).await);
    assert_eq!(take(&store, user, &fraud("more")).await, Received::Recorded);
}

async fn many_reports_at_once_are_one_and_other_users_are_left_alone(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "ada");
    finished(&store, &job).await;
    finished(&store, &new_job("k", "bob")).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, user) = (Arc::clone(&store), job.user.clone());
        tasks.spawn(async move { take(&store, &user, &fraud("n")).await });
    }
    let received = tasks.join_all().await;
    let recorded = |r: &&Received| **r == Received::Recorded;
    assert_eq!(received.iter().filter(recorded).count(), 1, "{received:?}");
    assert!(
        received
            .iter()
            .all(|r| recorded(&r) || *r == Received::Repeated)
    );
    assert_eq!(records(&store, &job.user).await.len(), 1);
    let of = |partner: &str, environment, user: &str| UserKey {
        partner: PartnerId::new(partner).unwrap(),
        environment,
        user: UserId::new(user).unwrap(),
    };
    assert!(!locked(&store, &of("p", Environment::Sandbox, "bob")).await);
    for other in [
        of("p", Environment::Production, "ada"),
        of("q", Environment::Sandbox, "ada"),
    ] {
        assert_eq!(take(&store, &other, &fraud("n")).await, Received::NoUser);
        assert!(!clear(&store, &other).await);
        assert!(records(&store, &other).await.is_empty());
    }
    assert!(locked(&store, &job.user).await);
}

async fn what_is_personal_goes_when_it_is_old_and_the_lock_stays(dir: Place) {
    let store = open(&dir).await;
    let job = new_job("j", "ada");
    finished(&store, &job).await;
    let said = fraud("n");
    take(&store, &job.user, &said).await;
    take(&store, &job.user, &report(None, "n")).await;
    let sweep = async |results: i64| {
        let keep = KeepSince {
            packages: Timestamp::MIN,
            results: Timestamp::now() + SignedDuration::from_secs(results),
        };
        store.sweep(&keep).await.unwrap().fraud_records
    };
    assert_eq!(sweep(-60).await, 0);
    assert_eq!(sweep(60).await, 2);
    assert_eq!(sweep(60).await, 0);
    let kept = records(&store, &job.user).await;
    assert!(kept.iter().all(|r| r.by.is_none() && r.notes.is_none()));
    assert_eq!(kept.len(), 2);
    assert!(locked(&store, &job.user).await);
    // It is not known any more that this came before; it is on record anew.
    assert_eq!(take(&store, &job.user, &said).await, Received::Recorded);
}

on_each!(
    a_report_locks_and_an_operator_clears,
    a_lock_outlives_all_that_could_undo_it,
    why_a_deleted_user_was_cleared_is_erased_on_request,
    what_was_judged_before_a_report_is_not_committed_after_it,
    reports_do_not_grow_without_bound_and_never_keep_out_one_of_the_other_kind,
    many_reports_at_once_are_one_and_other_users_are_left_alone,
    what_is_personal_goes_when_it_is_old_and_the_lock_stays,
);
