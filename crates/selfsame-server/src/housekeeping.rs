//! What is done now and then: leases that ran out, uploads that never came, what is older than it is kept.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use selfsame_job::challenge::UNANSWERED_WITHIN;
use selfsame_store::store::KeepSince;
use tokio::sync::watch;

use crate::app::App;
use crate::limits;
use crate::token_keys;

/// How often leases and awaited uploads are looked after.
const EVERY: Duration = Duration::from_secs(30);
/// Every so many times: what is older than it is kept.
const RETENTION: u32 = 20;
/// Every so many times: packages that nothing refers to.
const ORPHANS: u32 = 120;
/// For so long after it died an upload URL is told from one that never was.
const UPLOAD_MARGIN: Duration = Duration::from_secs(600);

/// For so long a link that expired is known.
const EXPIRED_LINKS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Works until told to stop.
pub(crate) async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    for round in 0_u32.. {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => return,
        }
        look_after_leases(&app).await;
        match app
            .store
            .expire_uploads(Timestamp::now() - UPLOAD_MARGIN)
            .await
        {
            Ok(0) => {}
            Ok(uploads) => tracing::info!(uploads, "jobs whose package never came are forgotten"),
            Err(error) => tracing::error!(%error, "cannot forget jobs whose package never came"),
        }
        if let Err(error) = app.store.forget_counts(limits::KEPT).await {
            tracing::error!(%error, "cannot forget what nodes told each other");
        }
        // They are counted for a while after they expired.
        let forgotten = Timestamp::now() - UNANSWERED_WITHIN - UPLOAD_MARGIN;
        if let Err(error) = app.store.expire_challenges(forgotten).await {
            tracing::error!(%error, "cannot forget challenges that expired");
        }
        // For a while it is said of a link that it has expired, and not that there is none.
        if let Err(error) = app
            .store
            .expire_links(Timestamp::now() - EXPIRED_LINKS)
            .await
        {
            tracing::error!(%error, "cannot forget links that expired");
        }
        if round.is_multiple_of(RETENTION) {
            token_keys::forget(&*app.store).await;
            sweep(&app).await;
        }
        if round.is_multiple_of(ORPHANS)
            && let Err(error) = app.store.sweep_orphans().await
        {
            tracing::error!(%error, "cannot look for packages that nothing refers to");
        }
    }
}

async fn look_after_leases(app: &App) {
    match app.store.recover().await {
        Ok(0) => {}
        Ok(jobs) => {
            tracing::warn!(jobs, "jobs whose worker was lost are queued again");
            app.job_queued.notify_one();
        }
        Err(error) => tracing::error!(%error, "cannot look after leases"),
    }
}

async fn sweep(app: &App) {
    let now = Timestamp::now();
    let since = |keep| now.checked_sub(keep).unwrap_or(Timestamp::MIN);
    let keep = KeepSince {
        packages: since(app.config.keep_packages),
        results: since(app.config.keep_results),
    };
    match app.store.sweep(&keep).await {
        Ok(swept) if swept.packages + swept.results + swept.fraud_records > 0 => tracing::info!(
            packages = swept.packages,
            results = swept.results,
            fraud_records = swept.fraud_records,
            "erased what is older than it is kept"
        ),
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "cannot erase what is older than it is kept"),
    }
}
