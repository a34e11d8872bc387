//! Queues jobs whose wait is over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;

/// How often it is looked after.
const EVERY: Duration = Duration::from_secs(1);

/// Works until told to stop.
pub(crate) async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => return,
        }
        match app.store.wake().await {
            Ok(0) => {}
            Ok(jobs) => {
                tracing::info!(jobs, "jobs that waited are queued again");
                app.job_queued.notify_one();
            }
            Err(error) => tracing::error!(%error, "cannot queue jobs whose wait is over"),
        }
    }
}
