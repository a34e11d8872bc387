//! What operators ask: is it alive, is it ready, how is it doing. The answers are at hand (`health`): asking often costs nothing.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::app::App;
use crate::node::NodeRole;

/// The process answers.
pub(crate) async fn health(State(app): State<Arc<App>>) -> Json<serde_json::Value> {
    let (node, roles) = (app.config.node.as_str(), &app.config.roles);
    Json(serde_json::json!({
        "status": "ok", "version": env!("CARGO_PKG_VERSION"), "node": node, "roles": roles,
    }))
}

/// The store can write, the models are loaded where workers need them, and of every essential kind of background task some live.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let report = app.health.report();
    let dead = app.tasks.dead();
    let is_ready = report.store.is_ok() && dead.is_empty();
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let policies = &app.config.policies;
    let told = |outcome: Result<(), &'static str>| outcome.map_or_else(|why| why, |()| "ok");
    let body = serde_json::json!({
        "status": if is_ready { "ready" } else { "not ready" },
        "store": told(report.store),
        "audit": told(report.audit),
        "engine": app.engine,
        "node": app.config.node.as_str(),
        "roles": app.config.roles,
        "liveness": if !app.config.roles.has(NodeRole::Workers) {
            "performed by the nodes with the role workers, if at all".to_owned()
        } else if app.engine.detects_presentation_attacks {
            "performed".to_owned()
        } else {
            let missing = app.engine.missing_attack_models.join(", ");
            format!("not fully performed: of the presentation-attack detection models these are not loaded: {missing}")
        },
        "policy": {"name": policies.name(), "version": policies.version(), "sha256": policies.sha256()},
        "queues": report.depths,
        "workers": app.tasks.report(),
    });
    (status, Json(body)).into_response()
}

/// Prometheus' text format.
pub(crate) async fn metrics(State(app): State<Arc<App>>, handle: PrometheusHandle) -> Response {
    // Also where the task that does it every few seconds has only just been started.
    app.health.publish();
    app.tasks.publish();
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        handle.render(),
    )
        .into_response()
}
