//! Paths to handlers, and what every request passes on its way.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post, put};
use axum::{Extension, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use selfsame_job::operator::OperatorRole;
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::Environment;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::Instrument as _;

use crate::app::{App, Scope};
use crate::body::unread;
use crate::client_address;
use crate::cross_origin;
use crate::limits::failed_authentications;
use crate::refusal::Refusal;
use crate::route::{admin, demo, description, links, lookup, operations, v1, v2, v3};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One path that is served with one method; `wire_routes` and `operations_routes` list all of them, and `openapi/` describes them.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) handler: MethodRouter<Arc<App>>,
}

/// v1 endpoints of the service whose API this is that this build does not serve.
const NOT_YET: [&str; 2] = ["/v1/smile_links", "/v1/backfill_users"];

/// The wire API: at the root, and below `/sandbox` and `/production`.
fn wire_routes() -> Vec<Route> {
    let of = |method, path, handler| Route {
        method,
        path,
        handler,
    };
    let mut routes = vec![
        of(Method::POST, "/v1/upload", post(v1::upload::upload)),
        of(
            Method::PUT,
            "/v1/package/{token}",
            put(v1::package::put_package),
        ),
        of(
            Method::POST,
            "/v1/job_status",
            post(v1::job_status::job_status),
        ),
        of(Method::GET, "/v1/image/{link}", get(v1::image::image)),
        of(Method::GET, "/v1/receipt/keys", get(v1::receipt::keys)),
        of(Method::GET, "/v1/receipt/{link}", get(v1::receipt::receipt)),
        of(Method::POST, "/v1/token", post(v1::token::token)),
        of(
            Method::POST,
            "/v1/auth_smile",
            post(v1::auth_smile::auth_smile),
        ),
        of(
            Method::POST,
            "/v1/challenge",
            post(v1::challenge::challenge),
        ),
        of(Method::GET, "/v1/services", get(v1::offerings::services)),
        of(
            Method::POST,
            "/v1/products_config",
            post(v1::offerings::products_config),
        ),
        of(
            Method::POST,
            "/v1/valid_documents",
            post(v1::offerings::valid_documents),
        ),
        of(
            Method::POST,
            "/v1/id_verification",
            post(lookup::id_verification),
        ),
        of(
            Method::POST,
            "/v1/async_id_verification",
            post(lookup::async_id_verification),
        ),
        of(
            Method::POST,
            "/v1/business_verification",
            post(lookup::business_verification),
        ),
        of(
            Method::POST,
            "/v1/async_business_verification",
            post(lookup::async_business_verification),
        ),
        of(Method::POST, "/v1/aml", post(v1::offerings::no_watch_lists)),
        of(
            Method::POST,
            "/v1/async-verify-address",
            post(v1::offerings::no_addresses),
        ),
        of(
            Method::POST,
            "/v1/totp_consent",
            post(v1::totp_consent::begin),
        ),
        of(
            Method::POST,
            "/v1/totp_consent/mode",
            post(v1::totp_consent::mode),
        ),
        of(
            Method::POST,
            "/v1/totp_consent/otp",
            post(v1::totp_consent::password),
        ),
        of(Method::POST, "/v2/verify", post(lookup::verify)),
        of(Method::POST, "/v2/verify_async", post(lookup::verify_async)),
        of(
            Method::POST,
            "/v2/verify-phone-number",
            post(lookup::verify_phone),
        ),
        of(
            Method::POST,
            "/v2/async-verify-phone",
            post(lookup::async_verify_phone),
        ),
        of(Method::POST, "/v2/smart-selfie-enroll", post(v2::enrol)),
        of(
            Method::POST,
            "/v2/smart-selfie-authentication",
            post(v2::authenticate),
        ),
    ];
    routes.extend(
        NOT_YET
            .iter()
            .map(|path| of(Method::POST, path, post(v1::offerings::not_yet))),
    );
    routes.extend(v3::routes());
    routes
}

/// What operators ask, at the root only.
fn operations_routes(metrics: PrometheusHandle) -> Vec<Route> {
    let of = |path, handler| Route {
        method: Method::GET,
        path,
        handler,
    };
    vec![
        of("/health", get(operations::health)),
        of("/ready", get(operations::ready)),
        of(
            "/metrics",
            get(move |state| operations::metrics(state, metrics.clone())),
        ),
    ]
}

/// What describes the API, with the API.
fn description_routes() -> Vec<Route> {
    vec![Route {
        method: Method::GET,
        path: "/openapi.json",
        handler: get(description::description),
    }]
}

/// What operators see and do, at the root only, with the role that each demands of a token.
fn admin_routes() -> Vec<(OperatorRole, Route)> {
    use OperatorRole::{Observer, Operator, Reviewer};
    let of = |role, method, path, handler| {
        let route = Route {
            method,
            path,
            handler,
        };
        (role, route)
    };
    vec![
        of(
            Observer,
            Method::GET,
            "/admin/v1/reviews",
            get(admin::reviews::list),
        ),
        of(
            Reviewer,
            Method::GET,
            "/admin/v1/reviews/{job}",
            get(admin::reviews::show),
        ),
        of(
            Reviewer,
            Method::POST,
            "/admin/v1/reviews/{job}/decision",
            post(admin::reviews::decide),
        ),
        of(
            Observer,
            Method::GET,
            "/admin/v1/partners",
            get(admin::partners::list),
        ),
        of(
            Operator,
            Method::POST,
            "/admin/v1/partners",
            post(admin::partners::add),
        ),
        of(
            Operator,
            Method::POST,
            "/admin/v1/partners/{partner}/key",
            post(admin::partners::replace_key),
        ),
        of(
            Operator,
            Method::POST,
            "/admin/v1/partners/{partner}/production",
            post(admin::partners::set_production),
        ),
        of(
            Operator,
            Method::POST,
            "/admin/v1/partners/{partner}/signatures",
            post(admin::partners::set_signatures),
        ),
        of(
            Operator,
            Method::POST,
            "/admin/v1/partners/{partner}/callback",
            post(admin::partners::set_callback),
        ),
        of(
            Observer,
            Method::GET,
            "/admin/v1/users/{partner}/{environment}/{user}",
            get(admin::users::show),
        ),
        of(
            Operator,
            Method::POST,
            "/admin/v1/users/{partner}/{environment}/{user}/status",
            post(admin::users::set_status),
        ),
        of(
            Operator,
            Method::POST,
            "/admin/v1/users/{partner}/{environment}/{user}/unlock",
            post(admin::users::unlock),
        ),
        of(
            Reviewer,
            Method::GET,
            "/admin/v1/users/{partner}/{environment}/{user}/fraud",
            get(admin::users::fraud),
        ),
        of(
            Operator,
            Method::POST,
            "/admin/v1/users/{partner}/{environment}/{user}/clear",
            post(admin::users::clear),
        ),
        of(
            Operator,
            Method::POST,
            "/admin/v1/jobs/{job}/replay",
            post(admin::jobs::replay),
        ),
    ]
}

/// The operator API; every route behind the guard of its role.
fn guarded_admin_routes(app: &Arc<App>) -> Router<Arc<App>> {
    admin_routes()
        .into_iter()
        .fold(Router::new(), |router, (role, route)| {
            let guard = middleware::from_fn_with_state((Arc::clone(app), role), admin::guard);
            router.merge(assemble(vec![route]).route_layer(guard))
        })
}

fn assemble(routes: Vec<Route>) -> Router<Arc<App>> {
    routes.into_iter().fold(Router::new(), |router, route| {
        tracing::trace!(method = %route.method, path = route.path, "route");
        router.route(route.path, route.handler)
    })
}

/// What operators ask, where it has an address of its own.
pub(crate) fn operations_router(app: Arc<App>, metrics: PrometheusHandle) -> Router {
    assemble(operations_routes(metrics))
        .fallback(no_such_endpoint)
        .layer(CatchPanicLayer::custom(|_| {
            Refusal::internal(&"a handler panicked").into_response()
        }))
        .with_state(app)
}

async fn no_such_endpoint() -> Refusal {
    Refusal::new(ErrorCode::WrongType, "there is no such endpoint")
        .with_status(StatusCode::NOT_FOUND)
}

pub(crate) fn router(app: Arc<App>, metrics: PrometheusHandle) -> Router {
    let operations = match app.config.operations {
        Some(_) => Vec::new(),
        None => operations_routes(metrics),
    };
    let guard = middleware::from_fn_with_state(
        Arc::clone(&app.failed_authentications),
        failed_authentications::guard,
    );
    let wire = |scope| {
        assemble(wire_routes())
            .layer(Extension(scope))
            .layer(guard.clone())
    };
    Router::new()
        .merge(wire(Scope(None)))
        .nest("/sandbox", wire(Scope(Some(Environment::Sandbox))))
        .nest("/production", wire(Scope(Some(Environment::Production))))
        .merge(demo::routes(&app))
        .merge(links::routes(&app).layer(guard.clone()))
        .merge(guarded_admin_routes(&app))
        .merge(assemble(operations))
        .merge(assemble(description_routes()))
        .method_not_allowed_fallback(|| async {
            Refusal::new(
                ErrorCode::WrongType,
                "this endpoint does not take this method",
            )
            .with_status(StatusCode::METHOD_NOT_ALLOWED)
        })
        .fallback(no_such_endpoint)
        .layer(
            ServiceBuilder::new()
                .layer(middleware::from_fn(unread::settle))
                .layer(middleware::from_fn_with_state(
                    app.proxies.clone(),
                    client_address::note,
                ))
                .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID))
                .layer(SetResponseHeaderLayer::if_not_present(
                    X_CONTENT_TYPE_OPTIONS,
                    HeaderValue::from_static("nosniff"),
                ))
                .layer(middleware::from_fn(observe))
                .layer(cross_origin::layer())
                .layer(CatchPanicLayer::custom(|_| {
                    Refusal::internal(&"a handler panicked").into_response()
                }))
                // Bodies are limited where they are read, each by its own limit.
                .layer(DefaultBodyLimit::disable()),
        )
        .with_state(app)
}

/// Counts, logs and traces a request by its route: paths hold secrets (upload tokens, image links).
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
    let span = tracing::info_span!(
        "request", otel.name = format!("{method} {route}"), otel.kind = "server", http.request.method = %method,
        http.route = route, http.response.status_code = tracing::field::Empty, request_id = id
    );
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.record("http.response.status_code", status);
    let milliseconds = began.elapsed().as_millis();
    tracing::debug!(%method, route, status, milliseconds, request_id = id, "request");
    metrics::counter!("selfsame_http_requests_total", "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!("selfsame_http_seconds", "route" => route)
        .record(began.elapsed().as_secs_f64());
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_served_is_what_is_described() {
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new()
            .build_recorder()
            .handle();
        let served: BTreeSet<String> = wire_routes()
            .into_iter()
            .chain(operations_routes(metrics))
            .chain(description_routes())
            .chain(admin_routes().into_iter().map(|(_, route)| route))
            .map(|route| format!("{} {}", route.method, route.path))
            .collect();
        let description = description::assemble().unwrap();
        let described: BTreeSet<String> = description["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                ["get", "put", "post", "delete", "patch"]
                    .iter()
                    .filter(|method| item.get(**method).is_some())
                    .map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        assert_eq!(
            served, described,
            "describe in openapi/ what router.rs serves"
        );
    }
}
