//! Jobs and their callbacks.

use selfsame_job::job::Job;
use selfsame_store::store::{DeliveryRecord, JobFilter, JobResultRecord, Replay, Replayed};
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

    /// Queues a finished job's callback once more: to the job's own URL, or to its partner's where it has none.
    ///
    /// # Errors
    /// [`NotDone::NoCallback`], or what the store says.
    pub async fn replay_callback(&self, job: &SmileJobId) -> Result<(), NotDone> {
        let mut replay = Replay::default();
        let mut replayed = self.store.replay_as(job, &replay, &self.actor).await?;
        if replayed == Replayed::NoUrl {
            replay.url = self.default_callback(job).await?;
            if replay.url.is_some() {
                replayed = self.store.replay_as(job, &replay, &self.actor).await?;
            }
        }
        match replayed {
            Replayed::Queued => Ok(()),
            _ => Err(NotDone::NoCallback(job.clone())),
        }
    }

    /// Where the results go of jobs like this one that name no callback URL. Whether it may be called is asked at each try.
    async fn default_callback(&self, job: &SmileJobId) -> Result<Option<String>, NotDone> {
        let Some(job) = self.store.job(job).await? else {
            return Ok(None);
        };
        let partner = self.partner(job.partner()).await?;
        let url = partner.callback_urls.of(job.environment());
        Ok(url.map(|url| url.as_str().to_owned()))
    }
}
