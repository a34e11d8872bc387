//! One key makes tokens; it is replaced, and those before it open what they made until they are forgotten or erased.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use selfsame_store::store::*;
use selfsame_wire::v3::token::{TokenKey, TokenKeyId};

use crate::fixture::*;

const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);

async fn makes(store: &Arc<dyn Store>) -> TokenKey {
    store.token_key_to_make(MONTH).await.unwrap()
}

async fn opens(store: &Arc<dyn Store>, key: &TokenKey) -> bool {
    let found = store.token_key(key.id()).await.unwrap();
    assert!(found.as_ref().is_none_or(|found| found == key));
    found.is_some()
}

/// What was done to keys, as it is on record: who, what, how many were erased.
async fn audited(store: &Arc<dyn Store>) -> Vec<(String, String, u64)> {
    let records = store.audit(0, 1000).await.unwrap().into_iter();
    let of_keys = records.filter(|record| record.action.starts_with("token_key"));
    of_keys
        .map(|record| {
            let details: serde_json::Value = serde_json::from_str(&record.details).unwrap();
            let erased = details["erased_keys"].as_u64().unwrap();
            (record.actor, record.action, erased)
        })
        .collect()
}

async fn the_first_to_ask_makes_a_key_and_it_stays(dir: Place) {
    let store = open(&dir).await;
    let never_was = TokenKeyId::from_random([7; 16]);
    assert_eq!(store.token_key(&never_was).await.unwrap(), None);
    let key = makes(&store).await;
    assert_eq!(makes(&store).await, key);
    assert!(opens(&store, &key).await);
    drop(store);
    let store = open(&dir).await;
    assert_eq!(makes(&store).await, key);
    let kept = dir.everything().await;
    assert!(!holds(&kept, key.expose()));
    assert!(audited(&store).await.is_empty(), "nobody did it");
}

async fn nodes_that_ask_at_once_get_one_key(dir: Place) {
    let first = open(&dir).await;
    let nodes = [
        Arc::clone(&first),
        dir.open(Limits::default()).await,
        dir.open(Limits::default()).await,
    ];
    for older in [false, true] {
        if older {
            // Each finds that it is time for another.
            tamper(&dir, "UPDATE token_keys SET made_at = 1").await;
        }
        let mut asked = tokio::task::JoinSet::new();
        for n in 0..12 {
            let store = Arc::clone(&nodes[n % nodes.len()]);
            asked.spawn(async move { makes(&store).await.id().to_string() });
        }
        let names: BTreeSet<String> = asked.join_all().await.into_iter().collect();
        assert_eq!(names.len(), 1);
        let there = if older { 2 } else { 1 };
        assert_eq!(dir.number("SELECT COUNT(*) FROM token_keys").await, there);
    }
}

async fn an_old_key_is_replaced_and_opens_what_it_made_until_it_is_forgotten(dir: Place) {
    let store = open(&dir).await;
    let old = makes(&store).await;
    let of_month = format!(
        "UPDATE token_keys SET made_at = made_at - {}",
        MONTH.as_micros()
    );
    tamper(&dir, &of_month).await;
    let new = makes(&store).await;
    assert_ne!(new.id(), old.id());
    assert!(opens(&store, &old).await && opens(&store, &new).await);
    assert_eq!(store.forget_token_keys(HOUR).await.unwrap(), 0);
    let hour_ago = format!(
        "UPDATE token_keys SET retired_at = retired_at - {}",
        HOUR.as_micros() + 1
    );
    tamper(&dir, &hour_ago).await;
    assert_eq!(store.forget_token_keys(HOUR).await.unwrap(), 1);
    assert!(!opens(&store, &old).await && opens(&store, &new).await);
    // The one that makes tokens is never forgotten, however old.
    tamper(&dir, "UPDATE token_keys SET made_at = 1").await;
    assert_eq!(store.forget_token_keys(Duration::ZERO).await.unwrap(), 0);
}

async fn an_operator_replaces_the_key_at_once_and_may_erase_those_before(dir: Place) {
    let store = open(&dir).await;
    let first = makes(&store).await;
    let second = store
        .replace_token_key(OlderTokenKeys::LiveOut, &by())
        .await;
    let second = second.unwrap();
    assert_eq!(makes(&store).await.id(), &second);
    assert!(opens(&store, &first).await);
    let second = makes(&store).await;
    let third = store.replace_token_key(OlderTokenKeys::Erased, &by()).await;
    assert_eq!(makes(&store).await.id(), &third.unwrap());
    assert!(!opens(&store, &first).await && !opens(&store, &second).await);
    let replaced = |erased| {
        (
            "cli:ada".to_owned(),
            "token_key_replaced".to_owned(),
            erased,
        )
    };
    assert_eq!(audited(&store).await, [replaced(0), replaced(2)]);
}

async fn a_partner_signs_its_bodies_where_an_operator_says_so(dir: Place) {
    let store = open(&dir).await;
    let id = partner().id;
    assert!(!store.set_signs_bodies(&id, true, &by()).await.unwrap());
    store.create_partner(&partner(), &by()).await.unwrap();
    for signs in [true, false] {
        assert!(store.set_signs_bodies(&id, signs, &by()).await.unwrap());
        let found = store.partner(&id).await.unwrap().unwrap();
        assert_eq!(found.signs_bodies, signs);
    }
    let done = store.audit(0, 100).await.unwrap();
    let set: Vec<_> = done
        .iter()
        .filter(|record| record.action == "partner_signatures_set")
        .map(|record| (record.subject.as_str(), record.details.as_str()))
        .collect();
    assert_eq!(
        set,
        [
            ("partner p", r#"{"required":true}"#),
            ("partner p", r#"{"required":false}"#)
        ]
    );
}

on_each!(
    the_first_to_ask_makes_a_key_and_it_stays,
    nodes_that_ask_at_once_get_one_key,
    an_old_key_is_replaced_and_opens_what_it_made_until_it_is_forgotten,
    an_operator_replaces_the_key_at_once_and_may_erase_those_before,
    a_partner_signs_its_bodies_where_an_operator_says_so,
);
