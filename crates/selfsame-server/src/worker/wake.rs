//! Queues jobs whose wait is over, and those whose node is gone; and hears what other nodes queue.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::app::App;

/// How often it is looked after.
const EVERY: Duration = Duration::from_secs(1);

/// Works until told to stop.
pub(crate) async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = app.store.rung() => app.job_queued.notify_one(),
            _ = look.tick() => look_after(&app).await,
        }
    }
}

async fn look_after(app: &App) {
    match app.store.wake().await {
        Ok(0) => {}
        Ok(jobs) => {
            tracing::info!(jobs, "jobs that waited are queued again");
            app.job_queued.notify_one();
        }
        Err(error) => tracing::error!(%error, "cannot queue jobs whose wait is over"),
    }
    match app.store.take_from_gone().await {
        Ok(0) => {}
        Ok(jobs) => {
            tracing::warn!(jobs, "jobs of nodes that are gone are queued again");
            app.job_queued.notify_one();
        }
        Err(error) => tracing::error!(%error, "cannot look for jobs of nodes that are gone"),
    }
}
