//! How the server is doing, looked at by one task every few seconds: what operators ask costs nothing, however many ask.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusHandle;
use selfsame_store::error::StoreError;
use selfsame_store::store::{Depths, Store};
use tokio::sync::watch;

use crate::app::App;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(5);
/// How old the last good look may be. Longer than the store waits for another process that writes.
const STALE: Duration = Duration::from_secs(30);

/// What the last look found.
#[derive(Debug, Default)]
pub(crate) struct Health(RwLock<Found>);

#[derive(Debug, Clone, Default)]
struct Found {
    /// When the store was last written to.
    written: Option<Instant>,
    store_fails: bool,
    audit_broken: bool,
    depths: Option<Depths>,
}

/// How the server is doing, as operators are told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    /// Why the store cannot be written to, where it cannot.
    pub(crate) store: Result<(), &'static str>,
    /// Why the audit cannot be extended, where it cannot: operators' actions are refused then, and jobs go on.
    pub(crate) audit: Result<(), &'static str>,
    /// How full the queues are.
    pub(crate) depths: Option<Depths>,
}

impl Health {
    /// What the last look found. Causes are in the log, not in the answer: they may name paths.
    pub(crate) fn report(&self) -> Report {
        let found = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let fresh = found.written.is_some_and(|at| at.elapsed() < STALE);
        Report {
            store: match (found.store_fails, fresh) {
                (true, _) => Err("the store cannot be written to; the log says why"),
                (false, false) => Err("the store does not answer"),
                (false, true) => Ok(()),
            },
            audit: if found.audit_broken {
                Err("broken: see `selfsame audit verify`")
            } else {
                Ok(())
            },
            depths: found.depths,
        }
    }

    /// Puts what the last look found among the metrics.
    pub(crate) fn publish(&self) {
        publish(&self.report());
    }

    /// Looks once.
    pub(crate) async fn look(&self, store: &dyn Store) {
        let wrote = store.probe().await;
        let depths = store.depths().await;
        let audit = store.check_audit_end().await;
        if let Err(error) = &wrote {
            tracing::error!(%error, "the store cannot be written to");
        }
        if let Err(error) = &depths {
            tracing::error!(%error, "cannot tell how full the queues are");
        }
        let mut found = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let broken = matches!(audit, Err(StoreError::AuditBroken(_)));
        if let (Err(error), true, false) = (&audit, broken, found.audit_broken) {
            tracing::error!(%error, "the audit is broken: operators' actions are refused, jobs go on");
        }
        found.audit_broken = broken;
        found.store_fails = wrote.is_err();
        if wrote.is_ok() {
            found.written = Some(Instant::now());
        }
        found.depths = depths.ok().or(found.depths);
    }
}

/// Looks until told to stop, and keeps the metrics from growing where nobody fetches them. The first look was at the start.
pub(crate) async fn watch(
    app: Arc<App>,
    metrics: PrometheusHandle,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        app.health.publish();
        if let Some(gallery) = app.followed_gallery() {
            gallery.publish();
        }
        app.tasks.publish();
        metrics.run_upkeep();
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => return,
        }
        app.health.look(&*app.store).await;
        app.failed_authentications.forget();
    }
}

fn publish(report: &Report) {
    if let Some(depths) = report.depths {
        for (queue, depth) in [
            ("awaiting_upload", depths.awaiting_upload),
            ("queued", depths.queued),
            ("running", depths.running),
            ("callbacks", depths.callbacks_pending),
            ("reviews", depths.reviews_pending),
        ] {
            metrics::gauge!("selfsame_queue_depth", "queue" => queue).set(depth as f64);
        }
    }
    let gauge = |ok: bool| f64::from(u8::from(ok));
    metrics::gauge!("selfsame_store_writable").set(gauge(report.store.is_ok()));
    metrics::gauge!("selfsame_audit_intact").set(gauge(report.audit.is_ok()));
}
