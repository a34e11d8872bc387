//! Takes jobs from the queue, one after the other, whatever becomes of each.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use selfsame_store::error::StoreError;
use selfsame_store::store::{Claim, Store};
use tokio::sync::{Mutex, Notify, watch};

use crate::lease::LEASE;
use crate::supervise::{KindHealth, reason};

/// How long it is until the next try where the queue cannot be asked.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// How often a node looks into the queue that is told what others queue: it may have missed it.
const LOOK_WHERE_RUNG: Duration = Duration::from_millis(500);

/// The most jobs that are taken from the queue at one time.
const MOST_AT_ONCE: usize = 16;

/// What the workers of a node share, whatever their number: whose turn it is to look into the queue when nothing rings, and jobs
/// that one of them took for others who were looking, too. Who takes jobs keeps all nodes' other workers from the queue meanwhile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lookout {
    turn: Arc<Mutex<()>>,
    taken: Arc<Mutex<VecDeque<Claim>>>,
    looking: Arc<AtomicUsize>,
}

/// Counts a worker for as long as it looks.
struct Looks<'l>(&'l AtomicUsize);

impl<'l> Looks<'l> {
    fn begin(looking: &'l AtomicUsize) -> Self {
        looking.fetch_add(1, Ordering::AcqRel);
        Self(looking)
    }
}

impl Drop for Looks<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Lookout {
    /// Resolves in its turn, `pause` after the look before it.
    async fn turn(&self, pause: Duration) {
        let _turn = self.turn.lock().await;
        tokio::time::sleep(pause).await;
    }

    /// The next job for a worker. One for each who waits here is taken with it, and nobody else's.
    async fn next(&self, store: &dyn Store) -> Result<Option<Claim>, StoreError> {
        let looks = Looks::begin(&self.looking);
        let mut taken = self.taken.lock().await;
        drop(looks);
        if let Some(claim) = taken.pop_front() {
            return Ok(Some(claim));
        }
        let waiting = self.looking.load(Ordering::Acquire);
        let most = u32::try_from((waiting + 1).min(MOST_AT_ONCE)).unwrap_or(1);
        *taken = store.claim_jobs(LEASE, most).await?.into();
        Ok(taken.pop_front())
    }
}

/// What is done with a job.
pub(super) trait Work: Sync {
    /// Works on it.
    fn work(&self, claim: &Claim) -> impl Future<Output = ()> + Send;
}

/// Where a worker takes its jobs from.
pub(super) struct JobQueue {
    pub(super) store: Arc<dyn Store>,
    /// Rung when a job was queued.
    pub(super) queued: Arc<Notify>,
    pub(super) lookout: Lookout,
    /// How often the node's workers look when nothing rings, and other nodes are not heard.
    pub(super) look_every: Duration,
    pub(super) health: Arc<KindHealth>,
    /// How often a job is tried.
    pub(super) attempts: u32,
}

impl JobQueue {
    /// Hands out jobs until told to stop; the one in hand is finished first.
    pub(super) async fn hand_out(&self, mut stop: watch::Receiver<bool>, to: &impl Work) {
        while !*stop.borrow() {
            match self.lookout.next(&*self.store).await {
                Ok(Some(claim)) => {
                    // Another job may wait behind this one.
                    self.queued.notify_one();
                    let worked = AssertUnwindSafe(to.work(&claim)).catch_unwind().await;
                    if let Err(panic) = worked {
                        self.give_back(&claim, reason(&*panic)).await;
                    }
                }
                Ok(None) => {
                    tokio::select! {
                        () = self.queued.notified() => {}
                        () = self.lookout.turn(self.pause()) => {}
                        _ = stop.changed() => {}
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "cannot claim a job");
                    tokio::time::sleep(TRY_AGAIN).await;
                }
            }
        }
    }

    fn pause(&self) -> Duration {
        if self.store.hears() {
            LOOK_WHERE_RUNG
        } else {
            self.look_every
        }
    }

    /// A panic is the job's doing: the job goes back, and the worker goes on. After the attempts' limit the job is ended
    /// without being looked at; where even that panics, only its lease brings it back, so that it cannot keep workers busy.
    async fn give_back(&self, claim: &Claim, panic: &str) {
        self.health.contained();
        let smile_job_id = &claim.job.smile_job_id;
        tracing::error!(%smile_job_id, attempt = claim.attempt, panic, "a worker panicked over a job");
        if claim.attempt > self.attempts {
            return;
        }
        if let Err(error) = self.store.return_job(claim).await {
            tracing::error!(%smile_job_id, %error, "cannot put a job back; its lease brings it back");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;
    use selfsame_job::job::{Api, JobRequest, JobState, JobType};
    use selfsame_job::user::UserKey;
    use selfsame_store::sqlite::{Options, SqliteStore};
    use selfsame_store::store::NewJob;
    use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};

    use super::*;
    use crate::supervise::{Role, TasksHealth};

    const ATTEMPTS: u32 = 3;

    fn job(name: &str) -> NewJob {
        NewJob {
            smile_job_id: SmileJobId::new(name).unwrap(),
            user: UserKey {
                partner: PartnerId::new("p").unwrap(),
                environment: Environment::Sandbox,
                user: UserId::new("u").unwrap(),
            },
            job_id: JobId::new(name).unwrap(),
            job_type: JobType::Enrolment,
            request: JobRequest::new(Api::V1, serde_json::from_str("{}").unwrap()),
            retry: false,
            request_digest: None,
        }
    }

    fn queue(store: &Arc<dyn Store>, tasks: &TasksHealth) -> JobQueue {
        JobQueue {
            store: Arc::clone(store),
            queued: Arc::new(Notify::new()),
            lookout: Lookout::default(),
            look_every: Duration::from_millis(1),
            health: tasks.of("jobs", Role::Essential),
            attempts: ATTEMPTS,
        }
    }

    /// Stops when it has seen so many.
    struct Counts {
        seen: Mutex<Vec<String>>,
        until: usize,
        stopping: watch::Sender<bool>,
    }

    impl Work for Counts {
        async fn work(&self, claim: &Claim) {
            // Others look meanwhile.
            tokio::task::yield_now().await;
            let mut seen = self.seen.lock().unwrap();
            seen.push(claim.job.smile_job_id.as_str().to_owned());
            if seen.len() == self.until {
                self.stopping.send(true).unwrap();
            }
        }
    }

    /// Workers that look at the same time share what one of them took: each job is worked on once, and none is left.
    #[tokio::test]
    async fn of_jobs_that_are_taken_together_each_is_worked_on_once() {
        let dir = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&Options::new(dir.path())).await.unwrap());
        let mut names: Vec<String> = (10..50).map(|n| n.to_string()).collect();
        for name in &names {
            let package = Bytes::from_static(b"x");
            store.submit_job(&job(name), package).await.unwrap();
        }
        let (stopping, stop) = watch::channel(false);
        let worker = Counts {
            seen: Mutex::default(),
            until: names.len(),
            stopping,
        };
        let queue = queue(&store, &TasksHealth::default());
        futures::future::join_all((0..8).map(|_| queue.hand_out(stop.clone(), &worker))).await;
        let mut seen = worker.seen.into_inner().unwrap();
        seen.sort();
        names.sort();
        assert_eq!(seen, names);
        assert!(queue.lookout.taken.lock().await.is_empty());
        assert_eq!(store.depths().await.unwrap().queued, 0);
    }

    /// Panics over a job called poison, and stops after any other.
    struct Clumsy {
        seen: Mutex<Vec<(String, u32)>>,
        stopping: watch::Sender<bool>,
    }

    impl Work for Clumsy {
        async fn work(&self, claim: &Claim) {
            let name = claim.job.smile_job_id.as_str().to_owned();
            self.seen
                .lock()
                .unwrap()
                .push((name.clone(), claim.attempt));
            assert_ne!(name, "poison", "a panic on purpose");
            self.stopping.send(true).unwrap();
        }
    }

    /// The job that panics is tried as often as any, then left to its lease; the one behind it is worked on, and the worker
    /// lives.
    #[tokio::test]
    async fn a_job_that_panics_goes_back_and_the_next_is_worked_on() {
        let dir = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&Options::new(dir.path())).await.unwrap());
        for name in ["poison", "good"] {
            let package = Bytes::from_static(b"x");
            store.submit_job(&job(name), package).await.unwrap();
        }
        let tasks = TasksHealth::default();
        let queue = queue(&store, &tasks);
        let (stopping, stop) = watch::channel(false);
        let worker = Clumsy {
            seen: Mutex::default(),
            stopping,
        };
        queue.hand_out(stop, &worker).await;
        let mut expected: Vec<_> = (1..=ATTEMPTS + 1)
            .map(|n| ("poison".to_owned(), n))
            .collect();
        expected.push(("good".to_owned(), 1));
        assert_eq!(*worker.seen.lock().unwrap(), expected);
        assert_eq!(tasks.report()["jobs"].panics, u64::from(ATTEMPTS) + 1);
        let poison = SmileJobId::new("poison").unwrap();
        assert_eq!(
            store.job(&poison).await.unwrap().unwrap().state,
            JobState::Running
        );
        assert_eq!(store.recover().await.unwrap(), 0, "its lease lasts");
        use sqlx::ConnectOptions as _;
        let database =
            sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("selfsame.db"));
        sqlx::query("UPDATE jobs SET lease_until = lease_until - 121000000")
            .execute(&mut database.connect().await.unwrap())
            .await
            .unwrap();
        assert!(
            store.recover().await.unwrap() >= 1,
            "its lease brings it back"
        );
    }
}
