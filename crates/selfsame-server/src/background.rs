//! What works in the background of a node, by its roles.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use selfsame_face::analyser::Analyser;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::callback::deliver::Deliverer;
use crate::node::NodeRole;
use crate::supervise::{Role, Supervisor};
use crate::{gallery, health, housekeeping, limits, worker};

/// Starts one task for each thing that the node's roles ask for, workers excepted, of which there are several; each is kept alive
/// until the stop.
pub(crate) fn start(
    app: &Arc<App>,
    analyser: Option<&Analyser>,
    deliverer: Deliverer,
    metrics: PrometheusHandle,
    stop: watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let supervisor = Supervisor::new(app.tasks.clone(), stop);
    let roles = &app.config.roles;
    if let Some(analyser) = analyser {
        for _ in 0..app.config.workers.max(1) * worker::JOBS_PER_CORE {
            let (app, analyser) = (Arc::clone(app), analyser.clone());
            supervisor.keep(&mut tasks, worker::NAME, Role::Essential, move |stop| {
                worker::run(Arc::clone(&app), analyser.clone(), stop)
            });
        }
        let app = Arc::clone(app);
        let waiting = Arc::clone(&app);
        supervisor.keep(&mut tasks, "waiting jobs", Role::Essential, move |stop| {
            worker::wake(Arc::clone(&waiting), stop)
        });
        supervisor.keep(&mut tasks, "gallery", Role::Auxiliary, move |stop| {
            gallery::keep_up(Arc::clone(&app), stop)
        });
    }
    if roles.has(NodeRole::Callbacks) {
        let wake = Arc::clone(&app.callback_queued);
        supervisor.keep(&mut tasks, "callbacks", Role::Essential, move |stop| {
            deliverer.clone().run(Arc::clone(&wake), stop)
        });
    }
    if roles.has(NodeRole::Housekeeping) {
        let app = Arc::clone(app);
        supervisor.keep(&mut tasks, "housekeeping", Role::Auxiliary, move |stop| {
            housekeeping::run(Arc::clone(&app), stop)
        });
    }
    // What other nodes end and count is asked only where there can be others.
    if roles.has(NodeRole::Api) && app.store.is_shared() {
        let app = Arc::clone(app);
        let ended = Arc::clone(&app);
        supervisor.keep(&mut tasks, "completions", Role::Essential, move |stop| {
            let (completions, store) = (ended.completions.clone(), Arc::clone(&ended.store));
            completions.follow(store, stop)
        });
        supervisor.keep(&mut tasks, "limits", Role::Auxiliary, move |stop| {
            limits::share(Arc::clone(&app), stop)
        });
    }
    let app = Arc::clone(app);
    supervisor.keep(&mut tasks, "health", Role::Auxiliary, move |stop| {
        health::watch(Arc::clone(&app), metrics.clone(), stop)
    });
    tasks
}
