//! Tells waiting requests that their job has ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use selfsame_wire::id::SmileJobId;
use tokio::sync::oneshot;

/// Jobs that somebody in this process waits for.
#[derive(Debug, Clone, Default)]
pub struct Completions {
    waiting: Arc<Mutex<HashMap<SmileJobId, oneshot::Sender<()>>>>,
}

/// Waits for one job; forgets it when dropped.
#[derive(Debug)]
pub struct Wait {
    completions: Completions,
    job: SmileJobId,
    ended: oneshot::Receiver<()>,
}

impl Completions {
    /// Starts to wait; call it before the job is queued, so that its end cannot be missed.
    #[must_use]
    pub fn expect(&self, job: &SmileJobId) -> Wait {
        let (sender, ended) = oneshot::channel();
        self.lock().insert(job.clone(), sender);
        Wait {
            completions: self.clone(),
            job: job.clone(),
            ended,
        }
    }

    /// Says that a job has ended.
    pub fn announce(&self, job: &SmileJobId) {
        if let Some(sender) = self.lock().remove(job) {
            // The waiting request may have given up: nobody is left to tell.
            let _ = sender.send(());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SmileJobId, oneshot::Sender<()>>> {
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
        self.completions.lock().remove(&self.job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_end_before_the_wait_begins_is_not_missed() {
        let completions = Completions::default();
        let job = SmileJobId::new("j1").unwrap();
        let mut wait = completions.expect(&job);
        completions.announce(&job);
        wait.ended().await;
    }

    #[test]
    fn who_gives_up_leaves_nothing_behind() {
        let completions = Completions::default();
        let wait = completions.expect(&SmileJobId::new("j1").unwrap());
        drop(wait);
        assert!(completions.lock().is_empty());
    }
}
