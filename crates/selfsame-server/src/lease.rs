//! A worker's hold on its job: renewed while it works, lost when it dies.

use std::convert::Infallible;
use std::time::Duration;

use selfsame_store::store::{Claim, Store};

/// How long a worker that is not heard of may hold a job before another takes it.
pub(crate) const LEASE: Duration = Duration::from_secs(120);

/// How a lease is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How long each renewal lasts.
    pub(crate) lease: Duration,
    /// How often it is renewed.
    pub(crate) every: Duration,
    /// How long one job may be worked on. After that the lease runs out: a job on which a worker hangs must count as an
    /// attempt, or it would never end.
    pub(crate) longest: Duration,
}

impl Default for Pace {
    /// Two renewals may fail before the job is lost.
    fn default() -> Self {
        Self {
            lease: LEASE,
            every: LEASE / 3,
            longest: Duration::from_secs(600),
        }
    }
}

/// Keeps a claim for as long as it is polled. Whoever lost it is told so when he commits, and not before: a renewal that
/// fails because the job has just ended must not stop the one that ended it.
pub(crate) async fn keep(store: &dyn Store, claim: &Claim, pace: Pace) -> Infallible {
    renew(store, claim, pace).await;
    std::future::pending().await
}

/// Renews until the claim is lost or was held for too long.
async fn renew(store: &dyn Store, claim: &Claim, pace: Pace) {
    let began = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(pace.every).await;
        match store.renew_job(claim, pace.lease).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(smile_job_id = %claim.job.smile_job_id, %error, "cannot renew the lease");
            }
        }
        if began.elapsed() >= pace.longest {
            tracing::warn!(smile_job_id = %claim.job.smile_job_id, "the job takes too long; its lease runs out");
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use selfsame_job::job::{Api, JobRequest, JobType};
    use selfsame_job::user::UserKey;
    use selfsame_store::sqlite::{Options, SqliteStore};
    use selfsame_store::store::{Jobs as _, NewJob, Queue as _};
    use selfsame_wire::id::{Environment, JobId, PartnerId, SmileJobId, UserId};

    use super::*;

    async fn claimed(store: &SqliteStore) -> Claim {
        let job = NewJob {
            smile_job_id: SmileJobId::new("s").unwrap(),
            user: UserKey {
                partner: PartnerId::new("p").unwrap(),
                environment: Environment::Sandbox,
                user: UserId::new("u").unwrap(),
            },
            job_id: JobId::new("j").unwrap(),
            job_type: JobType::Enrolment,
            request: JobRequest::new(Api::V1, serde_json::from_str("{}").unwrap()),
            retry: false,
            request_digest: None,
        };
        store
            .submit_job(&job, Bytes::from_static(b"x"))
            .await
            .unwrap();
        store.claim_job(Duration::ZERO).await.unwrap().unwrap()
    }

    /// For leases in the data directory.
    async fn a_minute_passes(dir: &std::path::Path) {
        use sqlx::ConnectOptions as _;
        let database = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.join("selfsame.db"));
        let mut connection = database.connect().await.unwrap();
        sqlx::query("UPDATE jobs SET lease_until = lease_until - 60000000")
            .execute(&mut connection)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_worker_at_work_keeps_its_job_but_not_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&Options::new(dir.path())).await.unwrap();
        let claim = claimed(&store).await;
        let pace = Pace {
            lease: Duration::from_secs(60),
            every: Duration::from_millis(1),
            longest: Duration::from_millis(5),
        };
        renew(&store, &claim, pace).await;
        assert_eq!(store.recover().await.unwrap(), 0);
        a_minute_passes(dir.path()).await;
        assert_eq!(store.recover().await.unwrap(), 1);
        // Returns, although the time is not up: another may have the job now.
        let pace = Pace {
            longest: Duration::MAX,
            ..pace
        };
        renew(&store, &claim, pace).await;
    }
}
