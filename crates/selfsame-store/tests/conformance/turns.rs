//! Whose job is taken next, and who may put how many into the queue.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use selfsame_job::job::Api;
use selfsame_job::user::UserKey;
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, PartnerId};

use crate::fixture::*;

const SANDBOX: Environment = Environment::Sandbox;
const PRODUCTION: Environment = Environment::Production;

fn of(partner: &str, environment: Environment, name: &str) -> NewJob {
    let job = new_job(name, "u");
    NewJob {
        user: UserKey {
            partner: PartnerId::new(partner).unwrap(),
            environment,
            ..job.user
        },
        ..job
    }
}

async fn submit(store: &dyn Store, job: &NewJob) -> Prepared {
    store
        .submit_job(job, Bytes::from_static(b"x"))
        .await
        .unwrap()
}

/// Queues so many jobs, named by partner and number.
async fn flood(store: &dyn Store, partner: &str, environment: Environment, jobs: usize) {
    for n in 0..jobs {
        let job = of(partner, environment, &format!("{partner}{n}"));
        assert_eq!(submit(store, &job).await, Prepared::Recorded);
    }
}

/// Claims so many jobs; gives their names.
async fn claims(store: &dyn Store, jobs: usize) -> Vec<String> {
    let mut names = Vec::new();
    for _ in 0..jobs {
        let claim = store.claim_job(LEASE).await.unwrap().unwrap();
        names.push(claim.job.job_id.as_str().to_owned());
    }
    names
}

async fn partners_take_turns_and_each_has_its_oldest_first(dir: Place) {
    let store = open(&dir).await;
    flood(&store, "a", PRODUCTION, 50).await;
    flood(&store, "b", PRODUCTION, 2).await;
    flood(&store, "c", PRODUCTION, 1).await;
    assert_eq!(
        claims(&store, 6).await,
        ["a0", "b0", "c0", "a1", "b1", "a2"]
    );
    // Who comes later does not wait behind the flood, nor does one who was served before.
    flood(&store, "d", PRODUCTION, 1).await;
    submit(&store, &of("b", PRODUCTION, "again")).await;
    let next: BTreeSet<_> = claims(&store, 3).await.into_iter().collect();
    assert!(next.contains("d0") && next.contains("again"), "{next:?}");
}

async fn the_sandbox_has_its_share_and_no_more(dir: Place) {
    let store = open(&dir).await;
    flood(&store, "s", SANDBOX, 40).await;
    flood(&store, "p", PRODUCTION, 20).await;
    let first = claims(&store, 8).await;
    let of_sandbox = |names: &[String]| names.iter().filter(|n| n.starts_with('s')).count();
    assert_eq!(of_sandbox(&first), 2, "{first:?}");
    // Nobody is held back while the other has nothing.
    let rest = claims(&store, 18).await;
    assert_eq!(of_sandbox(&rest), 4, "{rest:?}");
    let alone = claims(&store, 10).await;
    assert_eq!(of_sandbox(&alone), 10, "{alone:?}");
}

async fn a_call_that_waits_goes_before_the_partners_own_batch_but_not_always(dir: Place) {
    let store = open(&dir).await;
    flood(&store, "b", PRODUCTION, 10).await;
    for n in 0..9 {
        let mut job = of("b", PRODUCTION, &format!("call{n}"));
        job.request.api = Api::V2;
        submit(&store, &job).await;
    }
    let first = claims(&store, 8).await;
    assert_eq!(
        first,
        [
            "call0", "call1", "call2", "b0", "call3", "call4", "call5", "b1"
        ]
    );
}

async fn many_claimers_never_take_the_same_job(dir: Place) {
    let store = open(&dir).await;
    for (partner, environment) in [("a", SANDBOX), ("a", PRODUCTION), ("b", PRODUCTION)] {
        for n in 0..20 {
            let job = of(
                partner,
                environment,
                &format!("{partner}-{environment}-{n}"),
            );
            submit(&store, &job).await;
        }
    }
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut taken = Vec::new();
            while let Some(claim) = store.claim_job(LEASE).await.unwrap() {
                taken.push(claim.job.smile_job_id);
            }
            taken
        });
    }
    let taken: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 60);
    let distinct: BTreeSet<_> = taken.iter().map(|id| id.as_str()).collect();
    assert_eq!(distinct.len(), 60);
}

async fn a_job_that_is_given_back_counts_its_attempt(dir: Place) {
    let store = open(&dir).await;
    flood(&store, "a", PRODUCTION, 1).await;
    let claim = store.claim_job(LEASE).await.unwrap().unwrap();
    store.return_job(&claim).await.unwrap();
    let again = store.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(again.attempt, 2);
    // Whose claim it is no more changes nothing.
    store.return_job(&claim).await.unwrap();
    assert!(store.claim_job(LEASE).await.unwrap().is_none());
}

async fn one_partner_cannot_fill_the_queue_for_all(dir: Place) {
    let limits = Limits {
        max_queued: 40,
        ..Limits::default()
    };
    let store = dir.open(limits).await;
    let fill = async |partner: &str, environment| {
        let mut recorded = 0;
        for n in 0..41 {
            let job = of(
                partner,
                environment,
                &format!("{partner}-{environment}-{n}"),
            );
            match submit(&store, &job).await {
                Prepared::Recorded => recorded += 1,
                refused => {
                    assert_eq!(refused, Prepared::QueueFull);
                    break;
                }
            }
        }
        recorded
    };
    assert_eq!(fill("sandbox", SANDBOX).await, 20, "half");
    assert_eq!(
        fill("a", PRODUCTION).await,
        15,
        "three quarters of the rest"
    );
    assert!(fill("b", PRODUCTION).await >= 3);
    assert!(fill("c", PRODUCTION).await >= 1);
    // A package that was announced earlier is held to the same.
    let announced = of("a", PRODUCTION, "announced");
    let mut grants = 0;
    if store.prepare_job(&announced, &grant(7)).await.unwrap() == Prepared::Recorded {
        grants += 1;
    }
    assert_eq!(grants, 0, "a is over its share already");
    while store.claim_job(LEASE).await.unwrap().is_some() {}
    let open = store.depths().await.unwrap();
    assert!(open.running <= 40, "{open:?}");
}

on_each!(
    partners_take_turns_and_each_has_its_oldest_first,
    the_sandbox_has_its_share_and_no_more,
    a_call_that_waits_goes_before_the_partners_own_batch_but_not_always,
    many_claimers_never_take_the_same_job,
    a_job_that_is_given_back_counts_its_attempt,
    one_partner_cannot_fill_the_queue_for_all,
);
