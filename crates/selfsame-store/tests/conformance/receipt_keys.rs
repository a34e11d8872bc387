//! Keys of receipts: made once, told to every node, replaced on demand, never in the clear.

use std::sync::Arc;

use selfsame_store::store::*;

use crate::fixture::*;

async fn numbers(store: &Arc<dyn Store>) -> Vec<u32> {
    let keys = store.receipt_keys().await.unwrap();
    keys.iter().map(|key| key.number).collect()
}

async fn the_first_key_is_made_once(dir: Place) {
    let store = open(&dir).await;
    let asked = futures::future::join_all((0..4).map(|_| store.receipt_keys())).await;
    let seeds: Vec<_> = asked
        .into_iter()
        .map(|keys| keys.unwrap()[0].seed.clone())
        .collect();
    assert!(seeds.iter().all(|seed| *seed == seeds[0]));
    assert_eq!(numbers(&store).await, [1]);
    drop(store);
    let again = open(&dir).await;
    assert_eq!(again.receipt_keys().await.unwrap()[0].seed, seeds[0]);
}

async fn the_newest_key_signs_and_older_ones_stay_until_they_are_forgotten(dir: Place) {
    let store = open(&dir).await;
    assert_eq!(store.rotate_receipt_key(false, &by()).await.unwrap(), 1);
    assert_eq!(store.rotate_receipt_key(false, &by()).await.unwrap(), 2);
    assert_eq!(numbers(&store).await, [2, 1]);
    assert_eq!(store.rotate_receipt_key(true, &by()).await.unwrap(), 3);
    assert_eq!(numbers(&store).await, [3]);
    let records = store.audit(0, 100).await.unwrap();
    let rotated: Vec<_> = records
        .iter()
        .filter(|record| record.action == "receipt_key_rotated")
        .map(|record| (record.subject.as_str(), record.details.as_str()))
        .collect();
    assert_eq!(
        rotated,
        [
            ("receipt key 1", r#"{"forgotten":0}"#),
            ("receipt key 2", r#"{"forgotten":0}"#),
            ("receipt key 3", r#"{"forgotten":2}"#),
        ]
    );
}

on_each!(
    the_first_key_is_made_once,
    the_newest_key_signs_and_older_ones_stay_until_they_are_forgotten,
);
