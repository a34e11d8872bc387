//! Whose callback is taken next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::user::UserKey;
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, PartnerId};

use crate::fixture::*;

/// Ends a job of a partner whose result goes to this URL.
async fn due(store: &Arc<dyn Store>, partner: &str, environment: Environment, url: &str) -> NewJob {
    let name = uuid::Uuid::new_v4().to_string();
    let mut job = new_job(&name, &name);
    job.user = UserKey {
        partner: PartnerId::new(partner).unwrap(),
        environment,
        ..job.user
    };
    job.request.callback_url = Some(url.to_owned());
    finished(store, &job).await;
    job
}

const SANDBOX: Environment = Environment::Sandbox;

async fn claim(store: &Arc<dyn Store>, limits: &DeliveryLimits) -> Vec<Delivery> {
    store.claim_deliveries(LEASE, limits).await.unwrap()
}

/// How many of each partner's.
fn by_partner(deliveries: &[Delivery]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for delivery in deliveries {
        *counts.entry(delivery.partner.as_str()).or_default() += 1;
    }
    counts
}

fn attempt(http_status: Option<u16>) -> DeliveryAttempt {
    DeliveryAttempt {
        at: Timestamp::now(),
        duration_ms: 1,
        http_status,
        error: None,
    }
}

const AT_ONCE: Endpoint = Endpoint::Fails {
    pause: Duration::ZERO,
};

async fn failed(store: &Arc<dyn Store>, delivery: &Delivery, endpoint: Endpoint) {
    let again = AfterAttempt::RetryIn(Duration::ZERO);
    let attempt = attempt(None);
    store
        .record_attempt(delivery, &attempt, again, endpoint)
        .await
        .unwrap();
}

async fn delivered(store: &Arc<dyn Store>, delivery: &Delivery) {
    let (attempt, after) = (attempt(Some(200)), AfterAttempt::Delivered);
    store
        .record_attempt(delivery, &attempt, after, Endpoint::Answers)
        .await
        .unwrap();
}

async fn one_partners_flood_leaves_room_for_others(dir: Place) {
    let store = open(&dir).await;
    for n in 0..40 {
        due(
            &store,
            "flood",
            SANDBOX,
            &format!("https://dead{n}.example/"),
        )
        .await;
    }
    let first = claim(&store, &LIMITS).await;
    assert_eq!(
        by_partner(&first),
        [("flood", 16)].into(),
        "its share and no more"
    );
    assert!(claim(&store, &LIMITS).await.is_empty());
    due(&store, "honest", SANDBOX, "https://honest.example/").await;
    due(
        &store,
        "flood",
        Environment::Production,
        "https://dead0.example/",
    )
    .await;
    let next = claim(&store, &LIMITS).await;
    assert_eq!(by_partner(&next), [("flood", 1), ("honest", 1)].into());
    // However many flood together, a place is left for the next.
    for n in 0..20 {
        for _ in 0..4 {
            due(
                &store,
                &format!("f{n}"),
                SANDBOX,
                &format!("https://x{n}.example/{n}"),
            )
            .await;
        }
    }
    let together = claim(&store, &LIMITS).await;
    assert!(together.len() < 64 - 18, "{}", together.len());
    due(&store, "late", SANDBOX, "https://late.example/").await;
    assert_eq!(by_partner(&claim(&store, &LIMITS).await)["late"], 1);
}

async fn few_places_go_round(dir: Place) {
    let store = open(&dir).await;
    for partner in ["a", "b", "c"] {
        for n in 0..3 {
            due(
                &store,
                partner,
                SANDBOX,
                &format!("https://{partner}{n}.example/"),
            )
            .await;
        }
    }
    let limits = DeliveryLimits { slots: 2, ..LIMITS };
    let mut served: BTreeMap<String, u32> = ["a", "b", "c"].map(|p| (p.to_owned(), 0)).into();
    loop {
        let taken = claim(&store, &limits).await;
        for delivery in &taken {
            *served.get_mut(delivery.partner.as_str()).unwrap() += 1;
            delivered(&store, delivery).await;
        }
        let (least, most) = (served.values().min(), served.values().max());
        assert!(most.unwrap() - least.unwrap() <= 1, "{served:?}");
        if taken.is_empty() {
            break;
        }
    }
    assert_eq!(served.values().sum::<u32>(), 9);
}

async fn an_endpoint_has_few_and_its_other_paths_are_the_same_endpoint(dir: Place) {
    let store = open(&dir).await;
    for n in 0..10 {
        due(&store, "p", SANDBOX, &format!("https://one.example/{n}")).await;
    }
    due(&store, "p", SANDBOX, "https://other.example/").await;
    let hosts: Vec<String> = claim(&store, &LIMITS)
        .await
        .into_iter()
        .map(|d| d.url)
        .collect();
    assert_eq!(hosts.len(), 5, "{hosts:?}");
    assert!(hosts.iter().any(|url| url.contains("other")), "{hosts:?}");
}

async fn an_endpoint_that_fails_gets_one_at_a_time_and_its_backlog_waits(dir: Place) {
    let store = open(&dir).await;
    for n in 0..6 {
        due(&store, "p", SANDBOX, &format!("https://sick.example/{n}")).await;
    }
    let first = claim(&store, &LIMITS).await;
    assert_eq!((first.len(), first[0].endpoint_failures), (4, 0));
    for delivery in &first {
        failed(&store, delivery, AT_ONCE).await;
    }
    let one = claim(&store, &LIMITS).await;
    assert_eq!((one.len(), one[0].endpoint_failures), (1, 4));
    let pause = Duration::from_secs(30);
    failed(&store, &one[0], Endpoint::Fails { pause }).await;
    assert!(
        claim(&store, &LIMITS).await.is_empty(),
        "it is given a pause"
    );
    dir.pass(Duration::from_secs(31)).await;
    let again = claim(&store, &LIMITS).await;
    assert_eq!(again.len(), 1);
    delivered(&store, &again[0]).await;
    // It answers: the rest goes as usual, and nothing was lost.
    let mut rest = 0;
    loop {
        let taken = claim(&store, &LIMITS).await;
        if taken.is_empty() {
            break;
        }
        rest += taken.len();
        for delivery in &taken {
            delivered(&store, delivery).await;
        }
    }
    assert_eq!(rest, 5);
    assert_eq!(store.depths().await.unwrap().callbacks_pending, 0);
}

async fn endpoints_that_fail_do_not_take_the_partners_places_from_those_that_answer(dir: Place) {
    let store = open(&dir).await;
    for n in 0..80 {
        due(&store, "p", SANDBOX, &format!("https://dead{n}.example/")).await;
    }
    for _ in 0..7 {
        for delivery in claim(&store, &LIMITS).await {
            failed(&store, &delivery, AT_ONCE).await;
        }
    }
    let failing = claim(&store, &LIMITS).await;
    assert_eq!(failing.len(), 4);
    due(&store, "p", SANDBOX, "https://alive.example/").await;
    assert_eq!(
        claim(&store, &LIMITS).await[0].url,
        "https://alive.example/"
    );
}

async fn what_is_postponed_was_not_tried(dir: Place) {
    let store = open(&dir).await;
    let job = due(&store, "p", SANDBOX, "https://one.example/").await;
    let taken = claim(&store, &LIMITS).await;
    let pause = Duration::from_secs(60);
    store.postpone_delivery(&taken[0], pause).await.unwrap();
    assert!(claim(&store, &LIMITS).await.is_empty());
    dir.pass(pause).await;
    let again = claim(&store, &LIMITS).await;
    assert_eq!((again[0].attempts, again[0].ordinal), (0, 1));
    delivered(&store, &again[0]).await;
    assert!(store.replay(&job.smile_job_id, &by()).await.unwrap());
    assert_eq!(claim(&store, &LIMITS).await[0].ordinal, 2);
}

/// A receiver that answers and refuses one callback is not made to wait for it.
async fn an_answer_gives_its_endpoint_no_pause(dir: Place) {
    let store = open(&dir).await;
    due(&store, "p", SANDBOX, "https://one.example/").await;
    let taken = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    store
        .record_attempt(
            &taken[0],
            &attempt(Some(400)),
            AfterAttempt::RetryIn(Duration::ZERO),
            Endpoint::Answers,
        )
        .await
        .unwrap();
    let again = store.claim_deliveries(LEASE, &LIMITS).await.unwrap();
    assert_eq!(again.len(), 1);
}

async fn what_was_in_a_lost_process_comes_back(dir: Place) {
    let store = open(&dir).await;
    due(&store, "p", SANDBOX, "https://one.example/").await;
    assert_eq!(claim(&store, &LIMITS).await.len(), 1);
    drop(store);
    let store = dir.serve_again().await;
    let again = claim(&store, &LIMITS).await;
    assert_eq!(again.len(), 1);
    delivered(&store, &again[0]).await;
    // Lanes with nothing in them are forgotten; what comes later makes them anew.
    store.recover().await.unwrap();
    due(&store, "p", SANDBOX, "https://one.example/").await;
    assert_eq!(claim(&store, &LIMITS).await.len(), 1);
}

async fn a_callback_that_cannot_be_read_stops_only_itself(dir: Place) {
    let store = open(&dir).await;
    let broken = due(&store, "p", SANDBOX, "https://one.example/1").await;
    due(&store, "p", SANDBOX, "https://one.example/2").await;
    let name = &broken.smile_job_id;
    let break_it = format!("UPDATE jobs SET result = x'00' WHERE smile_job_id = '{name}'");
    tamper(&dir, &break_it).await;
    let taken = claim(&store, &LIMITS).await;
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].url, "https://one.example/2");
    let records = store.deliveries(&broken.smile_job_id).await.unwrap();
    assert_eq!(records[0].state, DeliveryState::Unreadable);
    assert!(records[0].attempts[0].error.is_some(), "{records:?}");
}

async fn a_try_is_read_together_with_what_it_came_to(dir: Place) {
    let store = open(&dir).await;
    for n in 0..40 {
        let job = due(&store, "p", SANDBOX, &format!("https://one.example/{n}")).await;
        let taken = claim(&store, &LIMITS).await;
        let reads = async {
            loop {
                let record = store.deliveries(&job.smile_job_id).await.unwrap().remove(0);
                let done = record.state == DeliveryState::Delivered;
                assert_eq!(record.attempts.len() == 1, done, "{record:?}");
                if done {
                    break;
                }
            }
        };
        tokio::join!(delivered(&store, &taken[0]), reads);
    }
}

on_each!(
    a_try_is_read_together_with_what_it_came_to,
    one_partners_flood_leaves_room_for_others,
    few_places_go_round,
    an_endpoint_has_few_and_its_other_paths_are_the_same_endpoint,
    an_endpoint_that_fails_gets_one_at_a_time_and_its_backlog_waits,
    endpoints_that_fail_do_not_take_the_partners_places_from_those_that_answer,
    what_is_postponed_was_not_tried,
    an_answer_gives_its_endpoint_no_pause,
    what_was_in_a_lost_process_comes_back,
    a_callback_that_cannot_be_read_stops_only_itself,
);
