//! Tells waiting requests that their job has ended: at once where a worker of this process ended it, soon where another node's did.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use selfsame_store::nodes::Nodes;
use selfsame_wire::id::SmileJobId;
use tokio::sync::{Notify, oneshot, watch};

/// How often it is asked whether jobs have ended elsewhere; one question is for all that are due.
const TICK: Duration = Duration::from_millis(10);
/// The pauses between two looks at one job. The shortest is what another node's answer takes longer than this node's, at most.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Jobs that one question is about.
const MOST: usize = 500;

/// Jobs that somebody in this process waits for.
#[derive(Debug, Clone, Default)]
pub struct Completions {
    waiting: Arc<Mutex<Waiting>>,
    /// Rung when somebody begins to wait.
    somebody: Arc<Notify>,
}

/// Who waits: several may wait for one job, because a client may ask again.
#[derive(Debug, Default)]
struct Waiting {
    jobs: HashMap<SmileJobId, Awaited>,
    /// Names the next who waits.
    next: u64,
}

/// A job that is waited for.
#[derive(Debug)]
struct Awaited {
    who: Vec<(u64, oneshot::Sender<()>)>,
    since: Instant,
    /// When it is looked at whether it has ended elsewhere.
    look_at: Instant,
}

/// How long it is until the next look at a job: a quarter of the time that it has been waited for, so that nobody waits much
/// longer for another node than for this one.
fn pause(waited: Duration) -> Duration {
    (waited / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

/// Waits for one job; forgets it when dropped.
#[derive(Debug)]
pub struct Wait {
    completions: Completions,
    job: SmileJobId,
    number: u64,
    ended: oneshot::Receiver<()>,
}

impl Completions {
    /// Starts to wait; call it before the job is queued, so that its end cannot be missed.
    #[must_use]
    pub fn expect(&self, job: &SmileJobId) -> Wait {
        let (sender, ended) = oneshot::channel();
        let mut waiting = self.lock();
        let number = waiting.next;
        waiting.next += 1;
        let now = Instant::now();
        let awaited = waiting.jobs.entry(job.clone()).or_insert_with(|| Awaited {
            who: Vec::new(),
            since: now,
            look_at: now + SHORTEST_PAUSE,
        });
        awaited.who.push((number, sender));
        drop(waiting);
        self.somebody.notify_one();
        Wait {
            completions: self.clone(),
            job: job.clone(),
            number,
            ended,
        }
    }

    /// Says that a job has ended, to all who wait for it.
    pub fn announce(&self, job: &SmileJobId) {
        let awaited = self.lock().jobs.remove(job);
        for (_, sender) in awaited.into_iter().flat_map(|awaited| awaited.who) {
            // The waiting request may have given up: nobody is left to tell.
            let _ = sender.send(());
        }
    }

    /// The jobs that are to be looked at now; each is due again after its next pause.
    fn due(&self, now: Instant) -> Vec<SmileJobId> {
        let mut waiting = self.lock();
        let due = waiting.jobs.iter_mut().filter(|(_, a)| a.look_at <= now);
        due.take(MOST)
            .map(|(job, awaited)| {
                awaited.look_at = now + pause(now.saturating_duration_since(awaited.since));
                job.clone()
            })
            .collect()
    }

    /// Looks once at what is due, and announces what other nodes have ended.
    async fn look(&self, store: &(impl Nodes + ?Sized), now: Instant) {
        let due = self.due(now);
        if due.is_empty() {
            return;
        }
        match store.ended(&due).await {
            Ok(ended) => ended.iter().for_each(|job| self.announce(job)),
            // It is due again soon.
            Err(error) => tracing::warn!(%error, "cannot ask whether other nodes have ended jobs"),
        }
    }

    /// Looks for jobs that other nodes have ended, until told to stop. While nobody waits nothing is asked.
    pub(crate) async fn follow(
        self,
        store: Arc<impl Nodes + ?Sized>,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            let nobody = self.lock().jobs.is_empty();
            tokio::select! {
                () = self.somebody.notified(), if nobody => {}
                () = tokio::time::sleep(TICK), if !nobody => self.look(&*store, Instant::now()).await,
                _ = stop.changed() => return,
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wait {
    /// Returns when the job has ended.
    pub async fn ended(&mut self) {
        // An error means that the sender is gone without a word, which only happens at shutdown: the caller looks the
        // job up either way.
        let _ = (&mut self.ended).await;
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waiting = self.completions.lock();
        // Its own place only: others may wait for the same job.
        if let Some(Awaited { who, .. }) = waiting.jobs.get_mut(&self.job) {
            who.retain(|(number, _)| *number != self.number);
            if who.is_empty() {
                waiting.jobs.remove(&self.job);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use selfsame_store::error::StoreError;
    use selfsame_store::nodes::{Counted, NodeCount, NodeId};

    use super::*;

    fn job() -> SmileJobId {
        SmileJobId::new("j1").unwrap()
    }

    #[tokio::test]
    async fn an_end_before_the_wait_begins_is_not_missed() {
        let completions = Completions::default();
        let mut wait = completions.expect(&job());
        completions.announce(&job());
        wait.ended().await;
    }

    /// A request that was repeated waits beside the first one.
    #[tokio::test]
    async fn everybody_who_waits_is_told() {
        let completions = Completions::default();
        let job = SmileJobId::new("j1").unwrap();
        let mut waits = [(); 3].map(|()| completions.expect(&job));
        drop(completions.expect(&job));
        completions.announce(&job);
        for wait in &mut waits {
            wait.ended.try_recv().unwrap();
        }
    }

    #[test]
    fn who_gives_up_leaves_nothing_behind() {
        let completions = Completions::default();
        let wait = completions.expect(&job());
        drop(wait);
        assert!(completions.lock().jobs.is_empty());
    }

    #[tokio::test]
    async fn all_who_wait_for_a_job_are_told_and_one_who_gives_up_takes_nobody_along() {
        let completions = Completions::default();
        let (mut first, second, mut third) = (
            completions.expect(&job()),
            completions.expect(&job()),
            completions.expect(&job()),
        );
        drop(second);
        let none = tokio::time::timeout(std::time::Duration::from_millis(10), first.ended()).await;
        assert!(none.is_err(), "nothing has ended yet");
        completions.announce(&job());
        first.ended().await;
        third.ended().await;
        drop((first, third));
        assert!(completions.lock().jobs.is_empty());
    }

    /// A store in which some jobs have ended, on whatever node.
    struct Elsewhere(Vec<SmileJobId>);

    #[async_trait::async_trait]
    impl Nodes for Elsewhere {
        fn is_shared(&self) -> bool {
            true
        }
        async fn ended(&self, jobs: &[SmileJobId]) -> Result<Vec<SmileJobId>, StoreError> {
            let ended = jobs.iter().filter(|job| self.0.contains(job));
            Ok(ended.cloned().collect())
        }
        async fn share_counts(
            &self,
            _: NodeId,
            _: Counted,
            _: &[NodeCount],
            _: Duration,
        ) -> Result<Vec<u64>, StoreError> {
            Ok(Vec::new())
        }
        async fn forget_counts(&self, _: Duration) -> Result<u64, StoreError> {
            Ok(0)
        }
    }

    #[tokio::test]
    async fn what_another_node_ended_is_told_too() {
        let completions = Completions::default();
        let (stopping, stop) = watch::channel(false);
        let store = Arc::new(Elsewhere(vec![job()]));
        let following = tokio::spawn(completions.clone().follow(store, stop));
        let mut goes_on = completions.expect(&SmileJobId::new("j2").unwrap());
        completions.expect(&job()).ended().await;
        assert!(goes_on.ended.try_recv().is_err(), "this one has not ended");
        stopping.send(true).unwrap();
        following.await.unwrap();
    }

    #[test]
    fn looks_at_a_job_grow_seldom_but_never_stop() {
        let completions = Completions::default();
        let _wait = completions.expect(&job());
        let began = Instant::now();
        let mut looks = Vec::new();
        for tick in 0..10_000 {
            let at = began + TICK * tick;
            if !completions.due(at).is_empty() {
                looks.push(at - began);
            }
        }
        let pauses: Vec<_> = looks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses.iter().all(|p| *p <= LONGEST_PAUSE + TICK));
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1] + TICK));
        assert!(looks.len() < 150, "{} looks in 100 seconds", looks.len());
    }
}
