//! Several stores on one database, as nodes have them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use selfsame_job::job::{Job, JobType};
use selfsame_job::replay::ImageFingerprint;
use selfsame_store::error::StoreError;
use selfsame_store::postgres::PostgresStore;
use selfsame_store::postgres::keys::Keys;
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, PartnerId};

use crate::fixture::*;

async fn node(dir: &Place) -> Arc<dyn Store> {
    dir.open(Limits::default()).await
}

fn of(partner: &str, job: &str, user: &str) -> NewJob {
    let mut job = new_job(job, user);
    job.user.partner = PartnerId::new(partner).unwrap();
    job
}

async fn claimed(store: &Arc<dyn Store>, job: &NewJob) -> Claim {
    let package = Bytes::from_static(b"x");
    let submitted = store.submit_job(job, package).await.unwrap();
    assert_eq!(submitted, Prepared::Recorded);
    store.claim_job(LEASE).await.unwrap().unwrap()
}

/// A job in the hands of a node that holds its lock. Its first leases wait for that, but no longer than a busy machine may take.
async fn held(store: &Arc<dyn Store>, job: &NewJob) -> Claim {
    let mut claim = claimed(store, job).await;
    while claim.lease.0.get_version_num() != 8 {
        store.release_job(&claim).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        claim = store.claim_job(LEASE).await.unwrap().unwrap();
    }
    claim
}

async fn claimers_on_two_nodes_share_no_job(dir: Place) {
    let nodes = [node(&dir).await, node(&dir).await];
    for n in 0..60 {
        let job = of(["p", "q", "r"][n % 3], &n.to_string(), &n.to_string());
        nodes[n % 2].submit_job(&job, Bytes::new()).await.unwrap();
    }
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = Arc::clone(&nodes[n % 2]);
        tasks.spawn(async move {
            let mut taken = Vec::new();
            loop {
                let claims = store.claim_jobs(LEASE, 3).await.unwrap();
                assert!(claims.len() <= 3);
                taken.extend(claims.iter().map(|c| c.job.smile_job_id.to_string()));
                // Somebody else may have the turn just now.
                if claims.is_empty() && store.depths().await.unwrap().queued == 0 {
                    return taken;
                }
            }
        });
    }
    let taken: Vec<String> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 60);
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 60);
}

async fn a_job_that_was_taken_over_is_ended_by_its_new_worker_only(dir: Place) {
    let (slow, quick) = (node(&dir).await, node(&dir).await);
    let job = new_job("j", "u");
    let lost = claimed(&slow, &job).await;
    assert_eq!(quick.recover().await.unwrap(), 0, "its lease lasts");
    dir.pass(LEASE + Duration::from_secs(1)).await;
    assert_eq!(quick.recover().await.unwrap(), 1);
    let claim = quick.claim_job(LEASE).await.unwrap().unwrap();
    let outcome = outcome(&job);
    let (late, in_time) = tokio::join!(
        slow.finish_job(&lost, &outcome),
        quick.finish_job(&claim, &outcome)
    );
    assert_eq!(late.unwrap(), Finished::LostClaim);
    assert_eq!(in_time.unwrap(), Finished::Committed);
    assert_eq!(quick.deliveries(&job.smile_job_id).await.unwrap().len(), 1);
}

/// A node's process ends, with a job and a callback in its hands: its lock goes with its connection, and the others need not wait for
/// its leases.
async fn what_a_node_held_that_is_gone_is_taken_up_though_its_leases_last(dir: Place) {
    let (dies, lives) = (node(&dir).await, node(&dir).await);
    let own = claimed(&lives, &new_job("own", "own")).await;
    finished(&dies, &new_job("told", "told")).await;
    let job = new_job("j", "u");
    let lost = held(&dies, &job).await;
    let long = LEASE * 60;
    assert_eq!(dies.claim_deliveries(long, &LIMITS).await.unwrap().len(), 1);
    assert!(dies.renew_job(&lost, long).await.unwrap());
    assert_eq!(lives.take_from_gone().await.unwrap(), 0);
    drop(dies);
    // The server notices at once; a few seconds are given to nodes that come back.
    let mut looks = 0;
    while lives.take_from_gone().await.unwrap() == 0 {
        looks += 1;
        assert!(looks < 600, "it was not taken up");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let again = lives.claim_job(LEASE).await.unwrap().unwrap();
    assert_eq!(
        (again.job.smile_job_id, again.attempt),
        (job.smile_job_id, 2)
    );
    let callbacks = lives.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    assert_eq!(callbacks.len(), 1);
    // What it holds itself is nobody else's to take.
    assert_eq!(lives.take_from_gone().await.unwrap(), 0);
    assert!(lives.renew_job(&own, LEASE).await.unwrap());
}

/// The database ends a node's connections, as it does when it is started again: the node comes back and keeps its jobs.
async fn a_node_whose_connections_are_lost_keeps_what_it_holds(dir: Place) {
    let (cut, other) = (node(&dir).await, node(&dir).await);
    let claim = held(&cut, &new_job("j", "u")).await;
    // Only this node's lock: other tests have theirs on the same server.
    let prefix = claim.lease.0.to_string();
    let (prefix, _) = prefix.split_at(8);
    let holds = format!(
        "FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND lpad(to_hex(CAST(objid AS BIGINT)), 8, '0') = '{prefix}'"
    );
    assert_eq!(dir.number(&format!("SELECT COUNT(*) {holds}")).await, 1);
    tamper(&dir, &format!("SELECT pg_terminate_backend(pid) {holds}")).await;
    let cut_at = Instant::now();
    while dir.number(&format!("SELECT COUNT(*) {holds}")).await == 0 {
        // For five seconds nothing is taken from it; a busy machine may keep it away for longer.
        if cut_at.elapsed() < Duration::from_secs(2) {
            assert_eq!(other.take_from_gone().await.unwrap(), 0);
        }
        assert!(cut_at.elapsed() < LEASE / 2, "it did not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(other.take_from_gone().await.unwrap(), 0);
    assert!(cut.renew_job(&claim, LEASE).await.unwrap());
}

async fn a_node_that_starts_takes_nothing_from_one_that_works(dir: Place) {
    let works = node(&dir).await;
    let delivered = new_job("delivered", "a");
    finished(&works, &delivered).await;
    let delivery = works
        .claim_deliveries(LEASE, &LIMITS)
        .await
        .unwrap()
        .remove(0);
    let job = new_job("j", "u");
    let claim = claimed(&works, &job).await;
    let starts = node(&dir).await;
    assert_eq!(starts.recover().await.unwrap(), 0);
    assert!(starts.claim_job(LEASE).await.unwrap().is_none());
    assert!(
        starts
            .claim_deliveries(LEASE, &LIMITS)
            .await
            .unwrap()
            .is_empty()
    );
    drop(starts);
    let ended = works.finish_job(&claim, &outcome(&job)).await.unwrap();
    assert_eq!(ended, Finished::Committed);
    let attempt = DeliveryAttempt {
        at: jiff::Timestamp::now(),
        duration_ms: 1,
        http_status: Some(200),
        error: None,
    };
    works
        .record_attempt(
            &delivery,
            &attempt,
            AfterAttempt::Delivered,
            Endpoint::Answers,
        )
        .await
        .unwrap();
    let records = works.deliveries(&delivered.smile_job_id).await.unwrap();
    assert_eq!(records[0].state, DeliveryState::Delivered);
}

/// One face, enrolled under two names on two nodes at once: each looked for duplicates before the other was on file.
async fn of_two_enrolments_at_once_one_finds_the_other(dir: Place) {
    let nodes = [node(&dir).await, node(&dir).await];
    for round in 0..12 {
        let reached = nodes[0].users_changed(0, 1000).await.unwrap();
        let searched = Some(reached.last().map_or(0, |change| change.sequence));
        let jobs = ["a", "b"].map(|name| {
            let name = format!("{name}{round}");
            new_job(&name, &name)
        });
        let mut claims = Vec::new();
        for (node, job) in nodes.iter().zip(&jobs) {
            claims.push(claimed(node, job).await);
        }
        let outcomes = jobs.each_ref().map(|job| Outcome {
            searched,
            ..outcome(job)
        });
        let (one, other) = tokio::join!(
            nodes[0].finish_job(&claims[0], &outcomes[0]),
            nodes[1].finish_job(&claims[1], &outcomes[1])
        );
        let mut ended = [one.unwrap(), other.unwrap()];
        ended.sort_by_key(|finished| *finished == Finished::Committed);
        assert_eq!(
            ended,
            [Finished::OthersChanged, Finished::Committed],
            "round {round}"
        );
        for claim in &claims {
            nodes[0].release_job(claim).await.unwrap();
        }
        while let Some(claim) = nodes[0].claim_job(LEASE).await.unwrap() {
            let refused = Outcome {
                enrol: None,
                ..Outcome::default()
            };
            nodes[0].finish_job(&claim, &refused).await.unwrap();
        }
    }
}

/// A look at the order of changes that found nobody, and an enrolment that nobody looked before: neither slips past the other.
async fn an_enrolment_without_a_search_is_found_by_one_that_searched(dir: Place) {
    let nodes = [node(&dir).await, node(&dir).await];
    for round in 0..12 {
        let reached = nodes[0].users_changed(0, 1000).await.unwrap();
        let searched = Some(reached.last().map_or(0, |change| change.sequence));
        let jobs = ["s", "n"].map(|name| {
            let name = format!("{name}{round}");
            new_job(&name, &name)
        });
        let mut claims = Vec::new();
        for (node, job) in nodes.iter().zip(&jobs) {
            claims.push(claimed(node, job).await);
        }
        let with = Outcome {
            searched,
            ..outcome(&jobs[0])
        };
        let without = outcome(&jobs[1]);
        let (with, without) = tokio::join!(
            nodes[0].finish_job(&claims[0], &with),
            nodes[1].finish_job(&claims[1], &without)
        );
        assert_eq!(without.unwrap(), Finished::Committed);
        let place = async |name: &str| {
            let changes = nodes[0].users_changed(0, 1000).await.unwrap();
            let name = format!("{name}{round}");
            changes
                .iter()
                .find(|c| c.user.key.user.as_str() == name)
                .map(|c| c.sequence)
        };
        match with.unwrap() {
            // It came first, and the other is behind it.
            Finished::Committed => assert!(place("s").await < place("n").await),
            other => assert_eq!(other, Finished::OthersChanged),
        }
        nodes[0].return_job(&claims[0]).await.unwrap();
        while let Some(claim) = nodes[0].claim_job(LEASE).await.unwrap() {
            nodes[0]
                .finish_job(&claim, &Outcome::default())
                .await
                .unwrap();
        }
    }
}

async fn whoever_follows_the_changes_misses_none(dir: Place) {
    const WRITERS: usize = 6;
    const EACH: usize = 12;
    let nodes = [node(&dir).await, node(&dir).await];
    let written = Arc::new(AtomicBool::new(false));
    let reader = {
        let (store, written) = (node(&dir).await, Arc::clone(&written));
        tokio::spawn(async move {
            let (mut after, mut seen) = (0, BTreeSet::new());
            loop {
                let last = written.load(Ordering::SeqCst);
                let changes = store.users_changed(after, 5).await.unwrap();
                assert!(changes.is_sorted_by_key(|c| c.sequence));
                assert!(changes.iter().all(|c| c.sequence > after));
                if let Some(change) = changes.last() {
                    after = change.sequence;
                } else if last {
                    return seen;
                }
                for change in changes {
                    seen.insert(change.user.key.user.to_string());
                }
            }
        })
    };
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&nodes[writer % 2]);
        writers.spawn(async move {
            for n in 0..EACH {
                let name = format!("{writer}-{n}");
                let job = of(["p", "q", "r"][writer % 3], &name, &name);
                store.submit_job(&job, Bytes::new()).await.unwrap();
                // Whichever comes: each writer ends as many as it submits.
                let claim = loop {
                    if let Some(claim) = store.claim_job(LEASE).await.unwrap() {
                        break claim;
                    }
                };
                let enrols = Outcome {
                    enrol: outcome(&job).enrol,
                    ..Outcome::default()
                };
                let ended = store.finish_job(&claim, &enrols).await.unwrap();
                assert_eq!(ended, Finished::Committed);
            }
        });
    }
    writers.join_all().await;
    written.store(true, Ordering::SeqCst);
    let seen = reader.await.unwrap();
    assert_eq!(seen.len(), WRITERS * EACH);
}

async fn one_name_of_a_job_is_recorded_once_wherever_it_is_asked_for(dir: Place) {
    let nodes = [node(&dir).await, node(&dir).await];
    for round in 0..6_u8 {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..6 {
            let store = Arc::clone(&nodes[n % 2]);
            let mut job = new_job(&format!("j{round}"), "u");
            job.request_digest = Some([round; 32]);
            tasks.spawn(async move { store.submit_job(&job, Bytes::new()).await.unwrap() });
        }
        let asked = tasks.join_all().await;
        let recorded = asked.iter().filter(|a| **a == Prepared::Recorded).count();
        assert_eq!(recorded, 1, "{asked:?}");
        assert!(
            asked
                .iter()
                .all(|a| matches!(a, Prepared::Recorded | Prepared::Repeats(_)))
        );
    }
    assert_eq!(dir.number("SELECT COUNT(*) FROM jobs").await, 6);
}

/// The very file is found by an index; a picture that is nearly the same by what each node has in memory.
async fn an_image_that_one_node_accepted_is_found_by_the_other(dir: Place) {
    let nodes = [node(&dir).await, node(&dir).await];
    let image = |exact: u8| ImageFingerprint {
        image: 0,
        exact: [exact; 32],
        perceptual: Some([7; 32]),
        mirrored: None,
    };
    let looks = of("p", "looks", "looks");
    let claim: Job = claimed(&nodes[1], &looks).await.job;
    let near = async || {
        let found = nodes[1].recurrences(&claim, &[image(200)], 4).await;
        found.unwrap().len()
    };
    // It has read what there was before the other adds to it.
    assert_eq!(near().await, 0);
    for n in 0..3 {
        let job = of("p", &format!("j{n}"), &format!("u{n}"));
        let accepted = Outcome {
            accepted: vec![image(n)],
            only_if_new: true,
            ..outcome(&job)
        };
        assert_eq!(end(&nodes[0], &job, &accepted).await, Finished::Committed);
        if dir.is(Kind::Postgres) {
            assert_eq!(near().await, 1);
        }
    }
    // At once on both: the file is accepted once.
    let jobs = ["x", "y"].map(|name| of("p", name, name));
    let mut claims = Vec::new();
    for (node, job) in nodes.iter().zip(&jobs) {
        claims.push(claimed(node, job).await);
    }
    let accepted = jobs.each_ref().map(|job| Outcome {
        accepted: vec![image(100)],
        only_if_new: true,
        ..outcome(job)
    });
    let (one, other) = tokio::join!(
        nodes[0].finish_job(&claims[0], &accepted[0]),
        nodes[1].finish_job(&claims[1], &accepted[1])
    );
    let ended = [one.unwrap(), other.unwrap()];
    assert!(ended.contains(&Finished::Committed), "{ended:?}");
    assert!(ended.contains(&Finished::SeenMeanwhile), "{ended:?}");
}

async fn nodes_that_start_at_once_make_one_database(dir: Place) {
    let options = dir.postgres(Limits::default());
    let starts = (0..6).map(|_| {
        let options = options.clone();
        tokio::spawn(async move { PostgresStore::connect(&options).await.unwrap() })
    });
    let mut stores: Vec<Arc<dyn Store>> = Vec::new();
    for start in starts.collect::<Vec<_>>() {
        stores.push(Arc::new(start.await.unwrap()));
    }
    assert_eq!(dir.number("SELECT COUNT(*) FROM data_keys").await, 1);
    assert_eq!(dir.number("SELECT COUNT(*) FROM audit").await, 1);
    for (n, store) in stores.iter().enumerate() {
        finished(store, &new_job(&n.to_string(), &n.to_string())).await;
    }
}

/// Keys change while nodes work, and no value is left under a key that is gone.
async fn keys_are_rotated_and_retired_while_nodes_work(dir: Place) {
    let options = dir.postgres(Limits::default());
    let (works, sleeps) = (node(&dir).await, node(&dir).await);
    finished(&works, &new_job("before", "before")).await;
    let mut keys = Keys::connect(&options).await.unwrap();
    assert_eq!(keys.rotate(&by()).await.unwrap(), 2);
    // Nobody writes with it before all can have heard of it.
    finished(&works, &new_job("heard", "heard")).await;
    let written = "SELECT COUNT(*) FROM users WHERE substr(template, 1, 4) = ";
    let by_second = format!("{written}'\\x02000000'::bytea");
    assert_eq!(dir.number(&by_second).await, 0);
    tamper(&dir, "UPDATE data_keys SET writes_from = 0").await;
    let restarted = node(&dir).await;
    finished(&restarted, &new_job("after", "after")).await;
    assert_eq!(dir.number(&by_second).await, 1);
    let done = keys.reencrypt(&by(), &mut |_| ()).await.unwrap();
    assert!(done.done > 0 && done.unreadable == 0);
    assert_eq!(dir.number("SELECT COUNT(*) FROM data_keys").await, 1);
    // A node that would still write with the old key is told, and then has the new one.
    let late = new_job("late", "late");
    let refused = sleeps.submit_job(&late, Bytes::new()).await;
    assert!(
        matches!(refused, Err(StoreError::KeysChanged)),
        "{refused:?}"
    );
    finished(&sleeps, &late).await;
    for user in ["before", "heard", "after", "late"] {
        let user = new_job("any", user).user;
        let found = sleeps.user(&user).await.unwrap().unwrap();
        assert_eq!(found.reference.unwrap().template, template());
    }
    let authenticates = NewJob {
        job_type: JobType::Authentication,
        ..new_job("again", "late")
    };
    sleeps
        .submit_job(&authenticates, Bytes::new())
        .await
        .unwrap();
    let partner = PartnerId::new("p").unwrap();
    assert_eq!(
        sleeps
            .users(&partner, Environment::Sandbox)
            .await
            .unwrap()
            .len(),
        4
    );
}

on_postgres!(
    nodes_that_start_at_once_make_one_database,
    what_a_node_held_that_is_gone_is_taken_up_though_its_leases_last,
    a_node_whose_connections_are_lost_keeps_what_it_holds,
    keys_are_rotated_and_retired_while_nodes_work,
);

// A command opens a data directory beside its server: two stores there are.
on_each!(
    claimers_on_two_nodes_share_no_job,
    a_job_that_was_taken_over_is_ended_by_its_new_worker_only,
    a_node_that_starts_takes_nothing_from_one_that_works,
    of_two_enrolments_at_once_one_finds_the_other,
    an_enrolment_without_a_search_is_found_by_one_that_searched,
    whoever_follows_the_changes_misses_none,
    one_name_of_a_job_is_recorded_once_wherever_it_is_asked_for,
    an_image_that_one_node_accepted_is_found_by_the_other,
);
