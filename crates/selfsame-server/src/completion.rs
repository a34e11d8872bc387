//! Tells waiting requests that their job has ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use selfsame_wire::id::SmileJobId;
use tokio::sync::oneshot;

/// Jobs that somebody in this process waits for.
#[derive(Debug, Clone, Default)]
pub struct Completions {
    waiting: Arc<Mutex<Waiting>>,
}

/// Who waits: several may wait for one job, because a client may ask again.
#[derive(Debug, Default)]
struct Waiting {
    jobs: HashMap<SmileJobId, Vec<(u64, oneshot::Sender<()>)>>,
    /// Names the next who waits.
    next: u64,
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
        waiting
            .jobs
            .entry(job.clone())
            .or_default()
            .push((number, sender));
        drop(waiting);
        Wait {
            completions: self.clone(),
            job: job.clone(),
            number,
            ended,
        }
    }

    /// Says that a job has ended, to all who wait for it.
    pub fn announce(&self, job: &SmileJobId) {
        let all = self.lock().jobs.remove(job).unwrap_or_default();
        for (_, sender) in all {
            // The waiting request may have given up: nobody is left to tell.
            let _ = sender.send(());
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
        if let Some(all) = waiting.jobs.get_mut(&self.job) {
            all.retain(|(number, _)| *number != self.number);
            if all.is_empty() {
                waiting.jobs.remove(&self.job);
            }
        }
    }
}

#[cfg(test)]
mod tests {
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
}
