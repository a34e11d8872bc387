//! Challenges are drawn for one user, are not drawn at will, and serve one job.

use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use selfsame_job::audit::Actor;
use selfsame_job::challenge::{self, Challenge, ChallengeId, DrawnChallenge, Turn};
use selfsame_job::user::UserStatus;
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, JobId};

use crate::fixture::*;

const LIMIT: UnansweredLimit = UnansweredLimit {
    most: 3,
    within: challenge::UNANSWERED_WITHIN,
};

fn ago(seconds: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_secs(seconds)
}

/// Drawn so many seconds ago, good for two minutes.
fn drawn(n: u8, user: &str, seconds: i64) -> DrawnChallenge {
    DrawnChallenge {
        challenge: Challenge {
            id: ChallengeId::from_random([n; 16]),
            turns: vec![Turn::Left, Turn::Up],
            expires_at: ago(seconds) + SignedDuration::from_secs(120),
        },
        user: new_job("any", user).user,
        job_id: None,
        drawn_at: ago(seconds),
        used_by: None,
    }
}

fn answering(job: &str, drawn: &DrawnChallenge) -> NewJob {
    let mut job = new_job(job, drawn.user.user.as_str());
    job.request.challenge = Some(drawn.challenge.clone());
    job
}

async fn record(store: &dyn Store, drawn: &DrawnChallenge) {
    let limit = UnansweredLimit { most: 100, ..LIMIT };
    assert_eq!(
        store.draw_challenge(drawn, &limit).await.unwrap(),
        Drawn::New
    );
}

async fn submit(store: &dyn Store, job: &NewJob) -> Prepared {
    store
        .submit_job(job, Bytes::from_static(b"x"))
        .await
        .unwrap()
}

async fn a_challenge_serves_one_job_of_its_user_in_its_time(dir: Place) {
    let store = open(&dir).await;
    let (ada, late, bound) = (
        drawn(1, "ada", 0),
        drawn(2, "bob", 121),
        DrawnChallenge {
            job_id: Some(JobId::new("its").unwrap()),
            ..drawn(3, "cy", 0)
        },
    );
    for drawn in [&ada, &late, &bound] {
        record(&store, drawn).await;
        let read = store.challenge(&drawn.challenge.id).await.unwrap().unwrap();
        assert_eq!(read.challenge.turns, drawn.challenge.turns);
        assert_eq!((&read.user, &read.job_id), (&drawn.user, &drawn.job_id));
    }
    let mut of_another = answering("j0", &ada);
    of_another.user.user = "eve".parse().unwrap();
    let mut elsewhere = answering("j1", &ada);
    elsewhere.user.environment = Environment::Production;
    let mut other_partner = answering("j2", &ada);
    other_partner.user.partner = "q".parse().unwrap();
    let unknown = answering("j3", &drawn(9, "ada", 0));
    for job in [
        &of_another,
        &elsewhere,
        &other_partner,
        &unknown,
        &answering("j4", &late),
        &answering("other", &bound),
    ] {
        assert_eq!(
            submit(&store, job).await,
            Prepared::ChallengeTaken,
            "{job:?}"
        );
        assert!(store.job(&job.smile_job_id).await.unwrap().is_none());
    }
    let first = answering("j5", &ada);
    assert_eq!(submit(&store, &first).await, Prepared::Recorded);
    assert_eq!(
        submit(&store, &answering("j6", &ada)).await,
        Prepared::ChallengeTaken
    );
    let job = store.job(&first.smile_job_id).await.unwrap().unwrap();
    assert_eq!(job.request.challenge.unwrap().turns, [Turn::Left, Turn::Up]);
    let used = store.challenge(&ada.challenge.id).await.unwrap().unwrap();
    assert_eq!(used.used_by, Some(first.smile_job_id));
    assert_eq!(
        submit(&store, &answering("its", &bound)).await,
        Prepared::Recorded
    );
}

async fn of_two_jobs_at_once_one_has_the_challenge(dir: Place) {
    let store = open(&dir).await;
    for round in 0..20 {
        let drawn = drawn(round, &format!("user-{round}"), 0);
        record(&store, &drawn).await;
        let tries = ["a", "b", "c"].map(|n| {
            let (store, job) = (
                Arc::clone(&store),
                answering(&format!("{round}{n}"), &drawn),
            );
            tokio::spawn(async move { submit(&store, &job).await })
        });
        let mut recorded = 0;
        for answer in tries {
            recorded += u32::from(answer.await.unwrap() == Prepared::Recorded);
        }
        assert_eq!(recorded, 1);
    }
}

async fn a_job_whose_package_never_came_gives_its_challenge_back_to_its_next_attempt_only(
    dir: Place,
) {
    let store = open(&dir).await;
    let drawn = drawn(1, "ada", 0);
    record(&store, &drawn).await;
    let prepare = async |job: &NewJob, n| store.prepare_job(job, &grant(n)).await.unwrap();
    let first = answering("j", &drawn);
    assert_eq!(prepare(&first, 1).await, Prepared::Recorded);
    assert_eq!(
        prepare(&answering("k", &drawn), 2).await,
        Prepared::ChallengeTaken
    );
    let mut again = answering("j", &drawn);
    again.retry = true;
    assert_eq!(prepare(&again, 3).await, Prepared::Recorded);
    let accept = async |n: u8| {
        let package = Bytes::from_static(b"x");
        store.accept_package(&[n; 32], package).await.unwrap()
    };
    assert_eq!(accept(1).await, Accepted::Unknown, "the first URL is dead");
    assert_eq!(accept(3).await, Accepted::Queued);
    again = answering("j", &drawn);
    again.retry = true;
    assert_ne!(prepare(&again, 4).await, Prepared::Recorded);
}

async fn whoever_asks_again_gets_the_same_and_not_without_end(dir: Place) {
    let store = open(&dir).await;
    let draw = async |drawn: &DrawnChallenge| store.draw_challenge(drawn, &LIMIT).await.unwrap();
    let first = drawn(1, "ada", 30);
    assert_eq!(draw(&first).await, Drawn::New);
    let Drawn::Open(open) = draw(&drawn(2, "ada", 0)).await else {
        panic!("the first is open");
    };
    assert_eq!(open.id, first.challenge.id);
    let mut longer = drawn(3, "ada", 0);
    longer.challenge.turns.push(Turn::Left);
    assert_eq!(
        draw(&longer).await,
        Drawn::New,
        "the first has too few turns"
    );
    let mut of_a_job = drawn(4, "ada", 0);
    of_a_job.job_id = Some(JobId::new("j").unwrap());
    assert_eq!(
        draw(&of_a_job).await,
        Drawn::New,
        "the others are for any job"
    );
    of_a_job.job_id = Some(JobId::new("k").unwrap());
    let Drawn::TooMany(until) = draw(&of_a_job).await else {
        panic!("three were not answered");
    };
    let wait = until.duration_since(Timestamp::now()).as_secs();
    assert!(
        (3500..3575).contains(&wait),
        "an hour after the first: {wait}"
    );
    assert_eq!(
        draw(&drawn(5, "bob", 0)).await,
        Drawn::New,
        "others' do not count"
    );
    // An upload URL alone answers nothing; a package does.
    let job = answering("a", &first);
    assert_eq!(
        store.prepare_job(&job, &grant(1)).await.unwrap(),
        Prepared::Recorded
    );
    assert!(matches!(draw(&of_a_job).await, Drawn::TooMany(_)));
    let package = Bytes::from_static(b"x");
    let accepted = store.accept_package(&[1; 32], package).await;
    assert_eq!(accepted.unwrap(), Accepted::Queued);
    of_a_job.challenge.id = ChallengeId::from_random([6; 16]);
    assert_eq!(draw(&of_a_job).await, Drawn::New);
}

async fn of_many_draws_at_once_none_is_a_choice(dir: Place) {
    let store = open(&dir).await;
    let draws: Vec<_> = (0..24)
        .map(|n| {
            let (store, new) = (Arc::clone(&store), drawn(n, "ada", 0));
            tokio::spawn(async move { store.draw_challenge(&new, &LIMIT).await.unwrap() })
        })
        .collect();
    let mut new = 0;
    for draw in draws {
        new += u32::from(draw.await.unwrap() == Drawn::New);
    }
    assert_eq!(new, 1);
}

async fn old_challenges_and_those_of_deleted_users_are_forgotten(dir: Place) {
    let store = open(&dir).await;
    let (old, young) = (drawn(1, "ada", 8000), drawn(2, "ada", 10));
    record(&store, &old).await;
    record(&store, &young).await;
    assert_eq!(store.expire_challenges(ago(7200)).await.unwrap(), 1);
    assert!(store.challenge(&old.challenge.id).await.unwrap().is_none());
    assert!(
        store
            .challenge(&young.challenge.id)
            .await
            .unwrap()
            .is_some()
    );
    let job = answering("j", &young);
    assert_eq!(submit(&store, &job).await, Prepared::Recorded);
    let by = Actor::server();
    assert!(
        store
            .set_user_status(&young.user, UserStatus::Deleted, &by)
            .await
            .unwrap()
    );
    assert!(
        store
            .challenge(&young.challenge.id)
            .await
            .unwrap()
            .is_none()
    );
}

on_each!(
    a_challenge_serves_one_job_of_its_user_in_its_time,
    of_two_jobs_at_once_one_has_the_challenge,
    a_job_whose_package_never_came_gives_its_challenge_back_to_its_next_attempt_only,
    whoever_asks_again_gets_the_same_and_not_without_end,
    of_many_draws_at_once_none_is_a_choice,
    old_challenges_and_those_of_deleted_users_are_forgotten,
);
