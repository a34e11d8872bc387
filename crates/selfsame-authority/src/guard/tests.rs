//! Time is paused in these tests: sleeping costs nothing, and what is to be waited for is told exactly.

use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::asking::tests::asking;

/// Answers as it was told, one after another; then as the last.
#[derive(Debug)]
struct Scripted {
    script: Mutex<Vec<Result<Answer, AskError>>>,
    /// How long each answer takes.
    takes: Duration,
    asked: Mutex<usize>,
    under_way: Mutex<(usize, usize)>,
}

impl Scripted {
    fn new(takes: Duration, script: Vec<Result<Answer, AskError>>) -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::new(script),
            takes,
            asked: Mutex::new(0),
            under_way: Mutex::new((0, 0)),
        })
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

#[async_trait]
impl Authority for Scripted {
    async fn ask(&self, _: &Asking) -> Result<Answer, AskError> {
        *self.asked.lock().unwrap() += 1;
        {
            let mut under_way = self.under_way.lock().unwrap();
            under_way.0 += 1;
            under_way.1 = under_way.1.max(under_way.0);
        }
        tokio::time::sleep(self.takes).await;
        self.under_way.lock().unwrap().0 -= 1;
        let mut script = self.script.lock().unwrap();
        if script.len() > 1 {
            script.remove(0)
        } else {
            script[0].clone()
        }
    }
}

fn found() -> Result<Answer, AskError> {
    Ok(Answer::Found(Box::default()))
}

fn unreachable() -> Result<Answer, AskError> {
    Err(AskError::Unreachable("gone".to_owned()))
}

fn limits() -> Limits {
    Limits {
        timeout: Duration::from_secs(5),
        pause: Duration::from_millis(100),
        ..Limits::default()
    }
}

fn guard(authority: &Arc<Scripted>, limits: Limits) -> Guard {
    Guard::new(
        "national".to_owned(),
        Arc::clone(authority) as Arc<dyn Authority>,
        limits,
    )
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_reached_is_asked_again() {
    let authority = Scripted::new(Duration::ZERO, vec![unreachable(), unreachable(), found()]);
    let guard = guard(&authority, limits());
    let answer = guard
        .ask(&asking("NG", "NIN", "00000000000"))
        .await
        .unwrap();
    assert_eq!(answer, Answer::Found(Box::default()));
    assert_eq!(authority.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn after_its_attempts_the_question_waits() {
    let authority = Scripted::new(Duration::ZERO, vec![unreachable()]);
    let guard = guard(&authority, limits());
    let not_now = guard
        .ask(&asking("NG", "NIN", "00000000000"))
        .await
        .unwrap_err();
    assert_eq!(authority.asked(), 3);
    assert!(not_now.why.contains("gone"), "{not_now:?}");
    assert_eq!(not_now.after, guard.limits.open_for);
}

#[tokio::test(start_paused = true)]
async fn only_what_cannot_be_reached_is_asked_again_at_once() {
    for error in [
        AskError::Busy,
        AskError::Nonsense("HTML".to_owned()),
        AskError::Refused("401".to_owned()),
    ] {
        let authority = Scripted::new(Duration::ZERO, vec![Err(error.clone()), found()]);
        let guard = guard(&authority, limits());
        let not_now = guard
            .ask(&asking("NG", "NIN", "00000000000"))
            .await
            .unwrap_err();
        assert_eq!(not_now.why, error.to_string());
        assert_eq!(authority.asked(), 1, "{error:?}");
    }
    for answer in [
        Answer::NotFound,
        Answer::Unavailable,
        Answer::Malformed(String::new()),
    ] {
        let authority = Scripted::new(Duration::ZERO, vec![Ok(answer.clone()), found()]);
        let guard = guard(&authority, limits());
        let said = guard.ask(&asking("NG", "NIN", "00000000000")).await;
        assert_eq!(said, Ok(answer), "an answer is an answer");
        assert_eq!(authority.asked(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let authority = Scripted::new(Duration::from_secs(3600), vec![found()]);
    let guard = guard(&authority, limits());
    let began = Instant::now();
    let not_now = guard
        .ask(&asking("NG", "NIN", "00000000000"))
        .await
        .unwrap_err();
    assert!(not_now.why.contains("no answer within 5s"), "{not_now:?}");
    assert_eq!(authority.asked(), 3);
    let most = Duration::from_secs(15) + Duration::from_millis(300) + Duration::from_millis(10);
    assert!(began.elapsed() <= most, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_authority_that_fails_is_left_alone_and_then_tried_once() {
    let script = vec![
        unreachable(),
        unreachable(),
        unreachable(),
        unreachable(),
        found(),
    ];
    let authority = Scripted::new(Duration::ZERO, script);
    let guard = guard(
        &authority,
        Limits {
            failures: 3,
            ..limits()
        },
    );
    let question = asking("NG", "NIN", "00000000000");
    guard.ask(&question).await.unwrap_err();
    assert_eq!(authority.asked(), 3);
    let not_now = guard.ask(&question).await.unwrap_err();
    assert_eq!(authority.asked(), 3, "nobody asks it");
    assert!(not_now.after <= guard.limits.open_for, "{not_now:?}");
    assert!(not_now.why.contains("left alone"), "{not_now:?}");
    tokio::time::advance(not_now.after).await;
    guard.ask(&question).await.unwrap_err();
    assert_eq!(authority.asked(), 4, "a failing probe is the only try");
    tokio::time::advance(guard.limits.open_for).await;
    assert_eq!(
        guard.ask(&question).await,
        found().map_err(|_| unreachable!())
    );
    assert_eq!(authority.asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn so_many_at_one_time_and_no_more() {
    let authority = Scripted::new(Duration::from_secs(1), vec![found()]);
    let guard = Arc::new(guard(
        &authority,
        Limits {
            concurrent: 2,
            ..limits()
        },
    ));
    let question = asking("NG", "NIN", "00000000000");
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..14 {
        let (guard, question) = (Arc::clone(&guard), question.clone());
        asking.spawn(async move { guard.ask(&question).await });
    }
    let said = asking.join_all().await;
    assert_eq!(authority.under_way.lock().unwrap().1, 2);
    // Two a second for five seconds; whoever's turn does not come until then is told so.
    assert!(said.iter().filter(|s| s.is_ok()).count() >= 10, "{said:?}");
    let late: Vec<_> = said.iter().filter_map(|s| s.as_ref().err()).collect();
    assert!(
        !late.is_empty() && late.iter().all(|l| l.why.contains("under way")),
        "{late:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_waiting_leaves_nothing_behind() {
    let authority = Scripted::new(Duration::from_secs(4), vec![unreachable(), found()]);
    let guard = guard(
        &authority,
        Limits {
            failures: 1,
            concurrent: 1,
            ..limits()
        },
    );
    let question = asking("NG", "NIN", "00000000000");
    guard.ask(&question).await.unwrap_err();
    tokio::time::advance(guard.limits.open_for).await;
    // The probe is given up half way, and with it its place.
    let given_up = tokio::time::timeout(Duration::from_secs(1), guard.ask(&question)).await;
    assert!(given_up.is_err());
    assert!(guard.ask(&question).await.is_ok(), "the next is the probe");
    assert_eq!(guard.places.available_permits(), 1);
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_and_differ() {
    let authority = Scripted::new(Duration::ZERO, vec![found()]);
    let guard = guard(&authority, limits());
    for attempt in 1..=4 {
        let whole = Duration::from_millis(100) * 2_u32.pow(attempt - 1);
        let pauses: Vec<Duration> = (0..20).map(|_| guard.pause(attempt)).collect();
        assert!(
            pauses.iter().all(|p| *p >= whole / 2 && *p <= whole),
            "{pauses:?}"
        );
        assert!(pauses.iter().any(|p| *p != pauses[0]), "{pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_of_questions_is_kept_by_id_type() {
    let script = vec![
        unreachable(),
        found(),
        unreachable(),
        unreachable(),
        unreachable(),
        Ok(Answer::Unavailable),
        Ok(Answer::NotFound),
    ];
    let authority = Scripted::new(Duration::ZERO, script);
    let guard = guard(&authority, limits());
    let question = asking("NG", "NIN", "00000000000");
    let (country, id_type) = (question.query.country, question.query.id_type.clone());
    let now = || guard.availability(country, &id_type);
    assert_eq!(now(), Availability::default());
    // Answered at the second try; given up after three; no record to be had; nobody of that number.
    for (answered, asked, last) in [
        (1, 1, (true, 2)),
        (1, 2, (false, 3)),
        (1, 3, (false, 1)),
        (2, 4, (true, 1)),
    ] {
        let _ = guard.ask(&question).await;
        let told = now();
        assert_eq!((told.answered, told.asked), (answered, asked));
        let said = told.last.unwrap();
        assert_eq!((said.answered, said.tries), last);
    }
    let other = asking("NG", "BVN", "00000000000").query;
    assert_eq!(
        guard.availability(other.country, &other.id_type),
        Availability::default()
    );
}

#[tokio::test(start_paused = true)]
async fn a_question_that_did_not_reach_the_authority_tells_nothing_about_it() {
    let authority = Scripted::new(Duration::ZERO, vec![unreachable()]);
    let failing = Limits {
        failures: 1,
        ..limits()
    };
    let guard = guard(&authority, failing);
    let question = asking("NG", "NIN", "00000000000");
    for _ in 0..5 {
        guard.ask(&question).await.unwrap_err();
    }
    let told = guard.availability(question.query.country, &question.query.id_type);
    assert_eq!((authority.asked(), told.asked), (1, 1));
}
