//! What operators ask: is it alive, is it ready, how is it doing.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::app::App;

/// The process answers.
pub(crate) async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

/// The store can write and the models are loaded.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let store = app.store.ready().await;
    let depths = app.store.depths().await.ok();
    let status = if store.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let policies = &app.config.policies;
    let body = serde_json::json!({
        "status": if store.is_ok() { "ready" } else { "not ready" },
        "store": store.map_or_else(|e| e.to_string(), |()| "ok".to_owned()),
        "engine": app.engine,
        "liveness": if app.engine.detects_presentation_attacks {
            "performed"
        } else {
            "not performed: the presentation-attack detection model is not loaded"
        },
        "policy": {"name": policies.name(), "version": policies.version(), "sha256": policies.sha256()},
        "queues": depths,
    });
    (status, Json(body)).into_response()
}

/// Prometheus' text format.
pub(crate) async fn metrics(State(app): State<Arc<App>>, handle: PrometheusHandle) -> Response {
    if let Ok(depths) = app.store.depths().await {
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
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        handle.render(),
    )
        .into_response()
}
