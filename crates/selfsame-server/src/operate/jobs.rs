//! Jobs and their callbacks.

use selfsame_job::job::Job;
use selfsame_store::store::{DeliveryRecord, JobFilter, JobResultRecord};
use selfsame_wire::id::SmileJobId;

use super::{NotDone, Operator};

impl Operator<'_> {
    /// Jobs, newest first.
    ///
    /// # Errors
    /// What the store says.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, NotDone> {
        Ok(self.store.jobs(filter).await?)
    }

    /// A job's latest result, where it has ended.
    ///
    /// # Errors
    /// What the store says.
    pub async fn result(&self, job: &SmileJobId) -> Result<Option<JobResultRecord>, NotDone> {
        Ok(self.store.result(job).await?)
    }

    /// A job's callbacks with every attempt, oldest first.
    ///
    /// # Errors
    /// What the store says.
    pub async fn callbacks(&self, job: &SmileJobId) -> Result<Vec<DeliveryRecord>, NotDone> {
        Ok(self.store.deliveries(job).await?)
    }

    /// Queues a finished job's callback once more.
    ///
    /// # Errors
    /// [`NotDone::NoCallback`], or what the store says.
    pub async fn replay_callback(&self, job: &SmileJobId) -> Result<(), NotDone> {
        if !self.store.replay(job, &self.actor).await? {
            return Err(NotDone::NoCallback(job.clone()));
        }
        Ok(())
    }
}
