//! Keeps what works in the background alive: a task that panics is counted, told of and started again.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// When a task that panicked is started again.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// The pause after its first panic; it doubles while the task keeps panicking.
    first: Duration,
    /// The longest pause.
    longest: Duration,
    /// A task that lived so long starts afresh: its next panic is a first one.
    steady: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(250),
            longest: Duration::from_secs(15),
            steady: Duration::from_secs(60),
        }
    }
}

/// The background tasks of a server, and how they are.
#[derive(Debug, Clone)]
pub(crate) struct Supervisor {
    stop: watch::Receiver<bool>,
    health: TasksHealth,
    pace: Pace,
}

/// How every kind of background task is.
#[derive(Debug, Clone, Default)]
pub(crate) struct TasksHealth(Arc<Mutex<Vec<Arc<KindHealth>>>>);

/// Whether the server can do without a kind of task for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Without it callers are not served: the server is not ready while none lives.
    Essential,
    /// It looks after something.
    Auxiliary,
}

/// How the tasks of one kind are.
#[derive(Debug)]
pub(crate) struct KindHealth {
    name: &'static str,
    role: Role,
    wanted: AtomicUsize,
    alive: AtomicUsize,
    restarts: AtomicU64,
    panics: AtomicU64,
}

/// The tasks of one kind, as `/ready` shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct KindReport {
    /// How many there should be.
    pub(crate) wanted: usize,
    /// How many there are at this moment.
    pub(crate) alive: usize,
    /// How often one was started again.
    pub(crate) restarts: u64,
    /// How often one panicked, also where the panic was contained and nothing had to be started again.
    pub(crate) panics: u64,
}

impl KindHealth {
    /// Counts a panic that did not end a task.
    pub(crate) fn contained(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("selfsame_task_panics_total", "task" => self.name).increment(1);
    }

    fn report(&self) -> KindReport {
        KindReport {
            wanted: self.wanted.load(Ordering::Relaxed),
            alive: self.alive.load(Ordering::Relaxed),
            restarts: self.restarts.load(Ordering::Relaxed),
            panics: self.panics.load(Ordering::Relaxed),
        }
    }
}

impl TasksHealth {
    /// The health of a kind, by its name. Who asks first says its role.
    pub(crate) fn of(&self, name: &'static str, role: Role) -> Arc<KindHealth> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kinds.iter().find(|k| k.name == name) {
            return Arc::clone(known);
        }
        let new = Arc::new(KindHealth {
            name,
            role,
            wanted: AtomicUsize::new(0),
            alive: AtomicUsize::new(0),
            restarts: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        });
        kinds.push(Arc::clone(&new));
        new
    }

    /// Every kind, by name.
    pub(crate) fn report(&self) -> std::collections::BTreeMap<&'static str, KindReport> {
        let kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.iter().map(|k| (k.name, k.report())).collect()
    }

    /// Essential kinds of which none lives although there should be some: the server does not do its work.
    pub(crate) fn dead(&self) -> Vec<&'static str> {
        let kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let dead = kinds.iter().filter(|kind| {
            let KindReport { wanted, alive, .. } = kind.report();
            kind.role == Role::Essential && wanted > 0 && alive == 0
        });
        dead.map(|kind| kind.name).collect()
    }

    /// Puts the numbers where `/metrics` shows them.
    pub(crate) fn publish(&self) {
        // Under the lock: of two who publish at once, the one who read later also writes later.
        let kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for kind in kinds.iter() {
            let (name, report) = (kind.name, kind.report());
            metrics::gauge!("selfsame_tasks_alive", "task" => name).set(report.alive as f64);
            metrics::gauge!("selfsame_tasks_wanted", "task" => name).set(report.wanted as f64);
            metrics::gauge!("selfsame_task_restarts", "task" => name).set(report.restarts as f64);
        }
    }
}

impl Supervisor {
    /// A supervisor whose tasks are told to stop by `stop`.
    pub(crate) fn new(health: TasksHealth, stop: watch::Receiver<bool>) -> Self {
        let pace = Pace::default();
        Self { stop, health, pace }
    }

    /// Starts a task of a kind into `tasks` and keeps it alive until the stop. `task` makes it, anew after each panic, and
    /// is given what tells it to stop.
    pub(crate) fn keep<F, T>(
        &self,
        tasks: &mut JoinSet<()>,
        name: &'static str,
        role: Role,
        task: F,
    ) where
        F: Fn(watch::Receiver<bool>) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let health = self.health.of(name, role);
        health.wanted.fetch_add(1, Ordering::Relaxed);
        // From now on: a server that has only just started is not to be told of as one whose tasks are dead.
        let alive = Alive::of(&health);
        let kept = keep_alive(health, alive, self.pace, self.stop.clone(), task);
        tasks.spawn(kept);
    }
}

/// A task that counts as alive for as long as this is there.
struct Alive(Arc<KindHealth>);

impl Alive {
    fn of(health: &Arc<KindHealth>) -> Self {
        health.alive.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(health))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn keep_alive<F, T>(
    health: Arc<KindHealth>,
    first: Alive,
    pace: Pace,
    mut stop: watch::Receiver<bool>,
    task: F,
) where
    F: Fn(watch::Receiver<bool>) -> T,
    T: Future<Output = ()>,
{
    let (mut pause, mut first) = (pace.first, Some(first));
    while !*stop.borrow() {
        let began = tokio::time::Instant::now();
        let alive = first.take().unwrap_or_else(|| Alive::of(&health));
        // What a task shares is behind locks that take a panic (`PoisonError::into_inner`), or in the store's transactions.
        let ended = AssertUnwindSafe(task(stop.clone())).catch_unwind().await;
        drop(alive);
        if *stop.borrow() {
            break;
        }
        match &ended {
            Ok(()) => tracing::error!(task = health.name, "a background task ended by itself"),
            Err(panic) => {
                health.contained();
                tracing::error!(
                    task = health.name,
                    panic = reason(&**panic),
                    "a background task panicked"
                );
            }
        }
        if began.elapsed() >= pace.steady {
            pause = pace.first;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
        pause = (pause * 2).min(pace.longest);
        if !*stop.borrow() {
            health.restarts.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(task = health.name, "a background task is started again");
        }
    }
}

/// What a panic says.
pub(crate) fn reason(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it gives no reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supervisor(first: Duration) -> (Supervisor, watch::Sender<bool>) {
        let (stopping, stop) = watch::channel(false);
        let pace = Pace {
            first,
            longest: first,
            ..Pace::default()
        };
        let supervisor = Supervisor {
            pace,
            ..Supervisor::new(TasksHealth::default(), stop)
        };
        (supervisor, stopping)
    }

    async fn all_end(mut tasks: JoinSet<()>) {
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
    }

    #[tokio::test]
    async fn a_task_that_panics_comes_back_and_is_counted() {
        let (supervisor, stopping) = supervisor(Duration::from_millis(1));
        let mut tasks = JoinSet::new();
        let (starts, mut started) = tokio::sync::mpsc::unbounded_channel();
        let count = Arc::new(AtomicU64::new(0));
        supervisor.keep(&mut tasks, "panics", Role::Essential, move |mut stop| {
            let (starts, start) = (starts.clone(), count.fetch_add(1, Ordering::Relaxed));
            async move {
                starts.send(()).unwrap();
                assert!(start >= 3, "a panic on purpose");
                let _ = stop.changed().await;
            }
        });
        supervisor.keep(&mut tasks, "calm", Role::Auxiliary, |mut stop| async move {
            let _ = stop.changed().await;
        });
        for _ in 0..4 {
            started.recv().await.unwrap();
        }
        let report = supervisor.health.report();
        let expected = |restarts| KindReport {
            wanted: 1,
            alive: 1,
            restarts,
            panics: restarts,
        };
        assert_eq!(report["panics"], expected(3));
        assert_eq!(report["calm"], expected(0));
        assert_eq!(supervisor.health.dead(), [""; 0]);
        stopping.send(true).unwrap();
        all_end(tasks).await;
        assert_eq!(supervisor.health.report()["calm"].alive, 0);
    }

    /// Whoever asks a server that has just begun to listen may be quicker than its tasks.
    #[tokio::test]
    async fn a_task_that_has_not_run_yet_is_not_dead() {
        let (supervisor, stopping) = supervisor(Duration::from_millis(1));
        let mut tasks = JoinSet::new();
        supervisor.keep(
            &mut tasks,
            "needed",
            Role::Essential,
            |mut stop| async move {
                let _ = stop.changed().await;
            },
        );
        assert_eq!(supervisor.health.dead(), [""; 0]);
        assert_eq!(supervisor.health.report()["needed"].alive, 1);
        // Nor is one alive that was stopped before it ran.
        stopping.send(true).unwrap();
        all_end(tasks).await;
        assert_eq!(supervisor.health.report()["needed"].alive, 0);
    }

    #[tokio::test]
    async fn an_essential_kind_of_which_none_lives_is_dead_and_the_stop_ends_its_pause() {
        let (supervisor, stopping) = supervisor(Duration::from_secs(3600));
        let mut tasks = JoinSet::new();
        for (name, role) in [("needed", Role::Essential), ("aside", Role::Auxiliary)] {
            supervisor.keep(&mut tasks, name, role, |_| async { panic!("always") });
        }
        let panicked = |name| supervisor.health.report()[name].panics == 1;
        while !(panicked("needed") && panicked("aside")) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(supervisor.health.dead(), ["needed"]);
        stopping.send(true).unwrap();
        all_end(tasks).await;
    }

    /// A task that merely returns is not done: nobody told it to stop.
    #[tokio::test]
    async fn a_task_that_ends_by_itself_comes_back() {
        let (supervisor, stopping) = supervisor(Duration::from_millis(1));
        let mut tasks = JoinSet::new();
        supervisor.keep(&mut tasks, "short", Role::Auxiliary, |_| async {});
        while supervisor.health.report()["short"].restarts < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stopping.send(true).unwrap();
        all_end(tasks).await;
        assert_eq!(supervisor.health.report()["short"].panics, 0);
    }
}
