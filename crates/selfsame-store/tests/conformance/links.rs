//! Links: found by their name, taken by one job where they are good for one, in their time, and forgotten.

use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use selfsame_job::user::UserStatus;
use selfsame_store::store::*;
use selfsame_wire::id::Environment;
use selfsame_wire::v3::smile_link::{AtLink, LinkRef, LinkState, Terms};

use crate::fixture::*;

fn terms() -> Terms {
    let json = r##"{"id_types": [{"country": "NG", "id_type": "NIN", "verification_method": "biometric_kyc"}],
        "name": "PLANTED-name", "description": "PLANTED-description", "notice_privacy_policy_url": "https://PLANTED.example/p",
        "callback_url": "https://PLANTED.example/hook", "logo_url": null, "redirect_url": null, "theme_color": "#0a5fb0",
        "partner_params": {"order": "PLANTED-order"}}"##;
    serde_json::from_str(json).unwrap()
}

/// A link that lives for so many seconds, good for one job of this user.
fn link(n: u8, user: &str, seconds: i64) -> NewLink {
    let key = new_job("any", user).user;
    NewLink {
        reference: LinkRef::from_random([n; 16]),
        partner: key.partner,
        environment: key.environment,
        user: Some(key.user),
        single_use: true,
        expires_at: Timestamp::now() + SignedDuration::from_secs(seconds),
        terms: terms(),
    }
}

/// A job that is begun there.
fn at(link: &NewLink, job: &str, user: &str) -> NewJob {
    let mut job = new_job(job, user);
    job.request.link = Some(AtLink {
        reference: link.reference.clone(),
        country: "NG".to_owned().try_into().unwrap(),
        id_type: "NIN".to_owned().try_into().unwrap(),
    });
    job
}

async fn make(store: &Arc<dyn Store>, link: &NewLink) -> Made {
    store.make_link(link).await.unwrap()
}

async fn find(store: &Arc<dyn Store>, link: &NewLink) -> Link {
    store.link(&link.reference).await.unwrap().unwrap()
}

async fn submit(store: &Arc<dyn Store>, job: &NewJob) -> Prepared {
    let package = Bytes::from_static(b"x");
    store.submit_job(job, package).await.unwrap()
}

async fn a_link_is_found_by_its_name_and_what_is_on_record_opens_none(dir: Place) {
    let store = open(&dir).await;
    let ada = link(1, "ada", 3600);
    assert!(store.link(&ada.reference).await.unwrap().is_none());
    assert_eq!(make(&store, &ada).await, Made::Recorded);
    let found = find(&store, &ada).await;
    assert_eq!(
        (&found.partner, found.environment),
        (&ada.partner, ada.environment)
    );
    assert_eq!(
        (&found.user, found.single_use, found.uses),
        (&ada.user, true, 0)
    );
    assert_eq!(found.state, LinkState::Open);
    assert_eq!(found.terms.name, "PLANTED-name");
    let kept = dir.everything().await;
    for secret in [
        b"PLANTED".as_slice(),
        ada.reference.reveal().as_bytes(),
        &[1; 16],
    ] {
        assert!(!holds(&kept, secret));
    }
    let other = LinkRef::from_random([2; 16]);
    assert!(store.link(&other).await.unwrap().is_none());
}

async fn of_jobs_at_once_one_has_a_link_that_is_good_for_one(dir: Place) {
    let store = open(&dir).await;
    for round in 0..20 {
        let user = format!("user-{round}");
        let link = link(round, &user, 3600);
        make(&store, &link).await;
        let tries = ["a", "b", "c"].map(|n| {
            let (store, job) = (Arc::clone(&store), at(&link, &format!("{round}{n}"), &user));
            tokio::spawn(async move { submit(&store, &job).await })
        });
        let mut recorded = 0;
        for answer in tries {
            match answer.await.unwrap() {
                Prepared::Recorded => recorded += 1,
                other => assert_eq!(other, Prepared::LinkTaken),
            }
        }
        assert_eq!(recorded, 1);
        let found = find(&store, &link).await;
        assert_eq!((found.state, found.uses), (LinkState::Used, 1));
    }
}

async fn a_link_serves_its_user_in_its_time_and_in_its_environment(dir: Place) {
    let store = open(&dir).await;
    let (ada, late) = (link(1, "ada", 3600), link(2, "bob", -1));
    for link in [&ada, &late] {
        assert_eq!(make(&store, link).await, Made::Recorded);
    }
    assert_eq!(find(&store, &late).await.state, LinkState::Expired);
    let mut elsewhere = at(&ada, "j1", "ada");
    elsewhere.user.environment = Environment::Production;
    let mut other_partner = at(&ada, "j2", "ada");
    other_partner.user.partner = "q".parse().unwrap();
    for job in [
        &at(&ada, "j3", "eve"),
        &elsewhere,
        &other_partner,
        &at(&late, "j4", "bob"),
        &at(&link(9, "ada", 3600), "j5", "ada"),
    ] {
        assert_eq!(submit(&store, job).await, Prepared::LinkTaken, "{job:?}");
        assert!(store.job(&job.smile_job_id).await.unwrap().is_none());
        // Nor without a package.
        assert_eq!(
            store.submit_request(job).await.unwrap(),
            Prepared::LinkTaken
        );
    }
    assert_eq!(find(&store, &ada).await.state, LinkState::Open);
    let job = at(&ada, "j6", "ada");
    assert_eq!(
        store.submit_request(&job).await.unwrap(),
        Prepared::Recorded
    );
    assert_eq!(find(&store, &ada).await.state, LinkState::Used);
    assert_eq!(
        submit(&store, &at(&ada, "j7", "ada")).await,
        Prepared::LinkTaken
    );
    let read = store.job(&job.smile_job_id).await.unwrap().unwrap();
    assert_eq!(read.request.link, job.request.link);
}

async fn who_opened_a_link_and_sent_nothing_gives_way(dir: Place) {
    let store = open(&dir).await;
    let ada = link(1, "ada", 3600);
    make(&store, &ada).await;
    let prepare = async |job: &NewJob, n| store.prepare_job(job, &grant(n)).await.unwrap();
    let (first, second) = (at(&ada, "j1", "ada"), at(&ada, "j2", "ada"));
    assert_eq!(prepare(&first, 1).await, Prepared::Recorded);
    assert_eq!(find(&store, &ada).await.state, LinkState::Open);
    assert_eq!(prepare(&second, 2).await, Prepared::Recorded);
    let accept = async |n: u8| {
        let package = Bytes::from_static(b"x");
        store.accept_package(&[n; 32], package).await.unwrap()
    };
    assert_eq!(accept(1).await, Accepted::Unknown, "its URL is dead");
    assert_eq!(accept(2).await, Accepted::Queued);
    let found = find(&store, &ada).await;
    assert_eq!((found.state, found.uses), (LinkState::Used, 1));
    assert_eq!(
        prepare(&at(&ada, "j3", "ada"), 3).await,
        Prepared::LinkTaken
    );
    // What never came is forgotten, and the link good again.
    let bob = link(2, "bob", 3600);
    make(&store, &bob).await;
    let job = at(&bob, "k1", "bob");
    assert_eq!(prepare(&job, 4).await, Prepared::Recorded);
    let later = Timestamp::now() + SignedDuration::from_secs(3600);
    store.expire_uploads(later).await.unwrap();
    assert_eq!(
        submit(&store, &at(&bob, "k2", "bob")).await,
        Prepared::Recorded
    );
}

async fn a_link_for_many_makes_a_job_for_each(dir: Place) {
    let store = open(&dir).await;
    let many = NewLink {
        user: None,
        single_use: false,
        ..link(1, "any", 3600)
    };
    make(&store, &many).await;
    for (n, user) in ["ada", "bob", "cy"].into_iter().enumerate() {
        let job = at(&many, &format!("j{n}"), user);
        assert_eq!(submit(&store, &job).await, Prepared::Recorded);
        // The same job is not begun twice, by whatever name.
        let mut again = at(&many, &format!("again{n}"), user);
        again.smile_job_id = job.smile_job_id;
        assert_eq!(submit(&store, &again).await, Prepared::LinkTaken);
    }
    let found = find(&store, &many).await;
    assert_eq!((found.state, found.uses), (LinkState::Open, 3));
    // An answer was lost: the job that is prepared once more is one use.
    let mut again = at(&many, "j9", "dee");
    again.retry = true;
    for n in 1..=2 {
        let prepared = store.prepare_job(&again, &grant(n)).await.unwrap();
        assert_eq!(prepared, Prepared::Recorded);
    }
    assert_eq!(find(&store, &many).await.uses, 4);
}

async fn a_user_has_one_open_link(dir: Place) {
    let store = open(&dir).await;
    let ada = link(1, "ada", 3600);
    assert_eq!(make(&store, &ada).await, Made::Recorded);
    assert_eq!(make(&store, &link(2, "ada", 3600)).await, Made::UserHasOne);
    let mut elsewhere = link(3, "ada", 3600);
    elsewhere.environment = Environment::Production;
    assert_eq!(make(&store, &elsewhere).await, Made::Recorded);
    assert_eq!(
        submit(&store, &at(&ada, "j", "ada")).await,
        Prepared::Recorded
    );
    assert_eq!(
        make(&store, &link(4, "ada", -1)).await,
        Made::Recorded,
        "the first is used"
    );
    assert_eq!(
        make(&store, &link(5, "ada", 3600)).await,
        Made::Recorded,
        "that one has expired"
    );
    let tries = [10, 11, 12].map(|n| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { make(&store, &link(n, "bob", 3600)).await })
    });
    let mut made = 0;
    for answer in tries {
        made += u32::from(answer.await.unwrap() == Made::Recorded);
    }
    assert_eq!(made, 1);
}

async fn old_links_and_those_of_deleted_users_are_forgotten(dir: Place) {
    let store = open(&dir).await;
    let (old, young, hers) = (link(1, "a", -100), link(2, "b", 3600), link(3, "ada", 3600));
    for link in [&old, &young, &hers] {
        make(&store, link).await;
    }
    let before = Timestamp::now() - SignedDuration::from_secs(50);
    assert_eq!(store.expire_links(before).await.unwrap(), 1);
    assert!(store.link(&old.reference).await.unwrap().is_none());
    find(&store, &young).await;
    // She never came: the link is all that there is of her.
    let ada = new_job("any", "ada").user;
    let by = by();
    let deleted = store.set_user_status(&ada, UserStatus::Deleted, &by);
    assert!(deleted.await.unwrap());
    assert!(store.link(&hers.reference).await.unwrap().is_none());
    assert_eq!(
        submit(&store, &at(&hers, "j", "ada")).await,
        Prepared::LinkTaken
    );
    find(&store, &young).await;
}

on_each!(
    a_link_is_found_by_its_name_and_what_is_on_record_opens_none,
    of_jobs_at_once_one_has_a_link_that_is_good_for_one,
    a_link_serves_its_user_in_its_time_and_in_its_environment,
    who_opened_a_link_and_sent_nothing_gives_way,
    a_link_for_many_makes_a_job_for_each,
    a_user_has_one_open_link,
    old_links_and_those_of_deleted_users_are_forgotten,
);
