//! Groups on a database of their own.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::*;

struct Place {
    _dir: tempfile::TempDir,
    group: Group,
    write: SqlitePool,
    read: SqlitePool,
}

/// A table of numbers, each of which must have its parent once a transaction ends.
async fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(dir.path().join("db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .foreign_keys(true);
    let pool = || super::super::pool(1);
    let write = pool().connect_with(options.clone()).await.unwrap();
    let table = "CREATE TABLE numbers (n INTEGER PRIMARY KEY, parent INTEGER REFERENCES numbers DEFERRABLE INITIALLY DEFERRED)";
    for table in [table, "CREATE TABLE contents (content BLOB)"] {
        sqlx::query(table).execute(&write).await.unwrap();
    }
    let read = pool().connect_with(options).await.unwrap();
    Place {
        _dir: dir,
        group: Group::default(),
        write,
        read,
    }
}

impl Place {
    async fn begin(&self) -> Part {
        self.group.begin(&self.write).await.unwrap()
    }

    async fn waiting(&self, waiting: usize) {
        while self.group.waiting.load(Ordering::SeqCst) < waiting {
            tokio::task::yield_now().await;
        }
    }

    async fn durable(&self) -> Vec<i64> {
        let all = "SELECT n FROM numbers ORDER BY n";
        sqlx::query_scalar(all).fetch_all(&self.read).await.unwrap()
    }
}

async fn add(part: &mut Part, n: i64, parent: Option<i64>) {
    let insert = "INSERT INTO numbers (n, parent) VALUES ($1, $2)";
    let insert = sqlx::query(insert).bind(n).bind(parent);
    insert.execute(&mut **part).await.unwrap();
}

/// What a caller does with its part.
#[derive(Clone, Copy)]
enum Does {
    Keep(i64),
    /// Its number has no parent: the commit fails.
    Spoil(i64),
    Undo(i64),
    GoAway(i64),
    Panic(i64),
    Err(i64),
    /// It asks for more room than there is.
    Fill(i64),
}

/// How it ended: nothing where it did not end, else an error's code.
type Ended = Option<Result<(), Option<String>>>;

const KEPT: Ended = Some(Ok(()));

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

async fn caller(place: &Place, does: Does) -> Ended {
    let mut part = place.begin().await;
    if let Part::Joined(open) = &part {
        assert!(open.parts <= JOIN_AT_MOST);
    }
    let ended = match does {
        Does::Keep(n) => {
            add(&mut part, n, None).await;
            part.commit().await
        }
        Does::Spoil(n) => {
            add(&mut part, n, Some(1_000_000)).await;
            part.commit().await
        }
        Does::Undo(n) => {
            add(&mut part, n, None).await;
            part.rollback().await
        }
        Does::GoAway(n) => {
            add(&mut part, n, None).await;
            return None;
        }
        Does::Panic(n) => {
            let panics = async {
                add(&mut part, n, None).await;
                panic!("on purpose");
            };
            let panicked = AssertUnwindSafe(panics).catch_unwind().await;
            assert!(panicked.is_err());
            return None;
        }
        Does::Err(n) => {
            add(&mut part, n, None).await;
            let again = sqlx::query("INSERT INTO numbers (n) VALUES ($1)").bind(n);
            assert!(again.execute(&mut *part).await.is_err());
            return None;
        }
        Does::Fill(n) => {
            add(&mut part, n, None).await;
            let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
                .fetch_one(&mut *part)
                .await
                .unwrap();
            let no_more = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
            sqlx::query(no_more).execute(&mut *part).await.unwrap();
            let large = sqlx::query("INSERT INTO contents VALUES (zeroblob(1000000))");
            let full = large.execute(&mut *part).await;
            return Some(Err(code(&full.unwrap_err())));
        }
    };
    if ended.is_ok()
        && let Does::Keep(n) = does
    {
        assert!(place.durable().await.contains(&n), "answered too early");
    }
    Some(ended.map_err(|error| code(&error)))
}

/// All of them come while the first writes, so that they share its commit.
async fn together(place: &Place, all: &[Does]) -> Vec<Ended> {
    let mut first = place.begin().await;
    let behind = futures::future::join_all(all.iter().map(|does| caller(place, *does)));
    let leads = async {
        place.waiting(all.len()).await;
        add(&mut first, 1, None).await;
        let committed = first.commit().await;
        if committed.is_ok() {
            assert!(place.durable().await.contains(&1), "answered too early");
        }
        committed.map_err(|error| code(&error))
    };
    let both = async { tokio::join!(leads, behind) };
    let (led, mut behind) = tokio::time::timeout(Duration::from_secs(60), both)
        .await
        .unwrap();
    behind.insert(0, Some(led));
    behind
}

/// Is dropped when it was looked at so many times, wherever it is then.
async fn dropped_after(looks: usize, work: impl Future<Output = Ended>) -> Ended {
    let (mut work, mut left) = (pin!(work), looks);
    poll_fn(|context| {
        let Some(fewer) = left.checked_sub(1) else {
            return Poll::Ready(None);
        };
        left = fewer;
        if left == 0 {
            context.waker().wake_by_ref();
        }
        work.as_mut().poll(context)
    })
    .await
}

#[tokio::test]
async fn who_waits_shares_a_commit_and_nobody_is_answered_before_it() {
    let place = place().await;
    let mut first = place.begin().await;
    add(&mut first, 1, None).await;
    let second = async {
        let mut second = place.begin().await;
        assert!(matches!(second, Part::Joined(_)));
        let seen = sqlx::query_scalar("SELECT n FROM numbers");
        let seen: Vec<i64> = seen.fetch_all(&mut *second).await.unwrap();
        assert_eq!(seen, [1], "what the first did");
        add(&mut second, 2, Some(1)).await;
        // The first has ended, and waits.
        assert_eq!(place.durable().await, [0_i64; 0]);
        second.commit().await.unwrap();
        assert_eq!(place.durable().await, [1, 2]);
    };
    let first = async {
        place.waiting(1).await;
        first.commit().await.unwrap();
        assert_eq!(place.durable().await, [1, 2], "one commit for both");
    };
    tokio::join!(first, second);
    // Nobody waits: it is committed at once.
    assert_eq!(caller(&place, Does::Keep(3)).await, KEPT);
}

#[tokio::test]
async fn who_gives_up_or_fails_takes_nobody_with_it() {
    let place = place().await;
    let all = [
        Does::Undo(2),
        Does::Keep(3),
        Does::GoAway(4),
        Does::Err(5),
        Does::Keep(6),
        Does::Panic(7),
        Does::Keep(8),
        Does::GoAway(9),
    ];
    let came = together(&place, &all).await;
    let kept = [KEPT, KEPT, KEPT, None, None, KEPT, None, KEPT, None];
    assert_eq!(came, kept);
    assert_eq!(place.durable().await, [1, 3, 6, 8]);
}

/// A group has an end, and so has the wait for a turn.
#[tokio::test]
async fn many_form_several_groups_and_nobody_waits_for_ever() {
    let place = place().await;
    let number = i64::try_from(3 * JOIN_AT_MOST).unwrap();
    let all: Vec<_> = (2..number).map(Does::Keep).collect();
    assert!(
        together(&place, &all)
            .await
            .iter()
            .all(|came| *came == KEPT)
    );
    assert_eq!(place.durable().await, Vec::from_iter(1..number));

    let impatient = super::super::pool(1).acquire_timeout(Duration::from_millis(50));
    let options = (*place.write.connect_options()).clone();
    let impatient = impatient.connect_lazy_with(options);
    let _first = place.begin().await;
    let late = place.group.begin(&impatient).await;
    assert!(matches!(late, Err(sqlx::Error::PoolTimedOut)));
}

/// Wherever a caller is dropped: in the middle of a statement, of its end, of its wait for the commit.
#[tokio::test]
async fn whoever_is_dropped_anywhere_takes_nobody_with_it() {
    const LOOKS: usize = 40;
    for looks in 0..LOOKS {
        let place = place().await;
        let mut first = place.begin().await;
        let leads = async {
            place.waiting(3).await;
            add(&mut first, 1, None).await;
            first.commit().await
        };
        let all = async {
            tokio::join!(
                leads,
                caller(&place, Does::Keep(2)),
                // It waits to write by now: it has been looked at once.
                dropped_after(looks + 2, caller(&place, Does::Keep(3))),
                dropped_after(LOOKS - looks + 2, caller(&place, Does::Undo(4))),
                caller(&place, Does::Keep(5)),
            )
        };
        let (first, second, dropped, _, last) = tokio::time::timeout(Duration::from_secs(60), all)
            .await
            .unwrap();
        first.unwrap();
        assert_eq!([second, last], [KEPT, KEPT], "after {looks}");
        let durable = place.durable().await;
        let others: Vec<_> = durable.iter().filter(|n| **n != 3).collect();
        assert_eq!(others, [&1, &2, &5], "after {looks}");
        assert!(dropped.is_none() || durable.contains(&3), "after {looks}");
    }
}

#[tokio::test]
async fn a_commit_that_fails_fails_all_who_share_it_and_only_them() {
    let place = place().await;
    let all = [Does::Keep(2), Does::Spoil(3), Does::Undo(4), Does::Keep(5)];
    // Whoever was refused may have been refused for what was not kept. Each hears of the same: a key that leads nowhere.
    let why = Some(Err(Some("787".to_owned())));
    assert_eq!(together(&place, &all).await, vec![why; 5]);
    assert_eq!(place.durable().await, [0_i64; 0]);
    assert_eq!(caller(&place, Does::Keep(6)).await, KEPT);
    assert_eq!(place.durable().await, [6]);
}

/// SQLite gives a whole transaction up then: those who had ended hear of an outage, and the next begins anew.
#[tokio::test]
async fn a_disk_that_is_full_is_told_as_such_and_does_not_last() {
    let place = place().await;
    let all = [
        Does::Keep(2),
        Does::Fill(3),
        Does::Keep(4),
        Does::Undo(5),
        Does::Keep(6),
    ];
    let came = together(&place, &all).await;
    let (outage, full) = (Some(Err(None)), Some(Err(Some("13".to_owned()))));
    let before = [outage.clone(), outage];
    assert_eq!(came[..2], before);
    assert_eq!(came[2..], [full, KEPT, KEPT, KEPT]);
    assert_eq!(place.durable().await, [4, 6]);
}
