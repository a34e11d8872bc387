//! What nodes learn of each other: which jobs have ended, and what the others counted.

use std::time::Duration;

use bytes::Bytes;
use selfsame_job::audit::Actor;
use selfsame_job::operator::{OperatorRole, TokenTerms};
use selfsame_store::nodes::{Counted, NodeCount, NodeId};
use selfsame_store::store::AdminToken;
use selfsame_wire::id::SmileJobId;

use super::fixture::{Place, finished, new_job, open};

const HOUR: Duration = Duration::from_secs(3600);

fn node() -> NodeId {
    NodeId(uuid::Uuid::new_v4())
}

fn counts(of: &[(&str, u64)]) -> Vec<NodeCount> {
    let count = |(key, count): &(&str, u64)| NodeCount {
        key: (*key).to_owned(),
        count: *count,
    };
    of.iter().map(count).collect()
}

async fn of_many_jobs_those_that_ended_are_told(dir: Place) {
    let store = open(&dir).await;
    let done = new_job("done", "done");
    finished(&store, &done).await;
    let waits = new_job("waits", "waits");
    let submitted = store.submit_job(&waits, Bytes::from_static(b"x"));
    submitted.await.unwrap();
    let asked = [
        waits.smile_job_id,
        done.smile_job_id.clone(),
        SmileJobId::new("never-was").unwrap(),
    ];
    assert_eq!(store.ended(&asked).await.unwrap(), [done.smile_job_id]);
    assert_eq!(store.ended(&[]).await.unwrap(), []);
}

async fn a_node_is_told_what_the_others_counted_and_replaces_what_it_put(dir: Place) {
    let store = open(&dir).await;
    let (a, b, c) = (node(), node(), node());
    let put = async |node, of: &[(&str, u64)]| {
        let counts = counts(of);
        let put = store.share_counts(node, Counted::Requests, &counts, HOUR);
        put.await.unwrap()
    };
    assert_eq!(put(a, &[("p", 5), ("q", 1)]).await, [0, 0]);
    assert_eq!(put(b, &[("q", 2), ("p", 7), ("r", 1)]).await, [1, 5, 0]);
    assert_eq!(put(a, &[("p", 3)]).await, [7]);
    assert_eq!(put(c, &[("p", 0), ("q", 0)]).await, [10, 3]);
    // What is counted of one thing is not counted of another.
    let one = counts(&[("p", 1)]);
    let failed = store.share_counts(c, Counted::FailedAuthentications, &one, HOUR);
    assert_eq!(failed.await.unwrap(), [0]);
    assert_eq!(put(a, &[]).await, [0_u64; 0]);
}

async fn counts_that_are_too_old_do_not_count_and_are_forgotten(dir: Place) {
    let store = open(&dir).await;
    let (a, b) = (node(), node());
    let put = |node, count, within| {
        let counts = counts(&[("p", count)]);
        let store = &store;
        async move {
            let put = store.share_counts(node, Counted::Requests, &counts, within);
            put.await.unwrap()
        }
    };
    put(a, 5, HOUR).await;
    assert_eq!(store.forget_counts(HOUR).await.unwrap(), 0);
    // Clocks tell microseconds: the next one is another.
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(put(b, 1, Duration::ZERO).await, [0], "too old");
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(store.forget_counts(Duration::ZERO).await.unwrap(), 2);
    assert_eq!(put(b, 1, HOUR).await, [0]);
}

async fn a_tokens_role_and_expiry_are_kept(dir: Place) {
    let store = open(&dir).await;
    let token = |name: &str, hash: u8, terms| AdminToken {
        name: name.to_owned(),
        hash: [hash; 32],
        created_at: jiff::Timestamp::UNIX_EPOCH,
        terms,
    };
    let whole = TokenTerms {
        role: Some(OperatorRole::Observer),
        expires_at: Some(jiff::Timestamp::UNIX_EPOCH),
    };
    let old = TokenTerms {
        role: None,
        expires_at: None,
    };
    let tokens = [token("a", 1, whole), token("b", 2, old)];
    for token in &tokens {
        store
            .put_admin_token(token, &Actor::server())
            .await
            .unwrap();
    }
    assert_eq!(store.admin_tokens().await.unwrap(), tokens);
    // One of the same name takes its place, terms and all.
    let replaced = token("a", 3, old);
    store
        .put_admin_token(&replaced, &Actor::server())
        .await
        .unwrap();
    assert_eq!(store.admin_tokens().await.unwrap()[0], replaced);
}

on_each!(
    of_many_jobs_those_that_ended_are_told,
    a_node_is_told_what_the_others_counted_and_replaces_what_it_put,
    counts_that_are_too_old_do_not_count_and_are_forgotten,
    a_tokens_role_and_expiry_are_kept,
);
