//! Paths to handlers, and what every request passes on its way.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post, put};
use axum::{Extension, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::Environment;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::{App, Scope};
use crate::refusal::Refusal;
use crate::route::{operations, v1, v2};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// v1 endpoints of the service whose API this is that this build does not serve.
const NOT_YET: [&str; 9] = [
    "auth_smile",
    "services",
    "products_config",
    "valid_documents",
    "id_verification",
    "async_id_verification",
    "business_verification",
    "smile_links",
    "backfill_users",
];

fn wire(scope: Scope) -> Router<Arc<App>> {
    let mut router = Router::new()
        .route("/v1/upload", post(v1::upload::upload))
        .route("/v1/package/{token}", put(v1::package::put_package))
        .route("/v1/job_status", post(v1::job_status::job_status))
        .route("/v1/image/{link}", get(v1::job_status::image))
        .route("/v1/token", post(v1::token::token))
        .route("/v2/smart-selfie-enroll", post(v2::enrol))
        .route("/v2/smart-selfie-authentication", post(v2::authenticate));
    for endpoint in NOT_YET {
        router = router.route(&format!("/v1/{endpoint}"), any(v1::token::not_yet));
    }
    router.layer(Extension(scope))
}

pub(crate) fn router(app: Arc<App>, metrics: PrometheusHandle) -> Router {
    Router::new()
        .merge(wire(Scope(None)))
        .nest("/sandbox", wire(Scope(Some(Environment::Sandbox))))
        .nest("/production", wire(Scope(Some(Environment::Production))))
        .route("/health", get(operations::health))
        .route("/ready", get(operations::ready))
        .route(
            "/metrics",
            get(move |state| operations::metrics(state, metrics.clone())),
        )
        .fallback(|| async {
            Refusal::new(ErrorCode::WrongType, "there is no such endpoint")
                .with_status(axum::http::StatusCode::NOT_FOUND)
        })
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID))
                .layer(SetResponseHeaderLayer::if_not_present(
                    X_CONTENT_TYPE_OPTIONS,
                    HeaderValue::from_static("nosniff"),
                ))
                .layer(middleware::from_fn(observe))
                .layer(CatchPanicLayer::custom(|_| {
                    Refusal::internal(&"a handler panicked").into_response()
                }))
                // Bodies are limited where they are read, each by its own limit.
                .layer(DefaultBodyLimit::disable()),
        )
        .with_state(app)
}

/// Counts and logs a request by its route: paths hold secrets (upload tokens, image links).
async fn observe(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let began = std::time::Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let milliseconds = began.elapsed().as_millis();
    tracing::debug!(%method, route, status, milliseconds, request_id = id, "request");
    metrics::counter!("selfsame_http_requests_total", "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!("selfsame_http_seconds", "route" => route)
        .record(began.elapsed().as_secs_f64());
    response
}
