//! The demo page, and what a partner's own service would do for it: ask for web tokens and hand a job's status on. For the demo's
//! partner in the sandbox only, and only where the server was told to serve it.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use selfsame_wire::error::ErrorCode;
use selfsame_wire::id::Environment;
use selfsame_wire::product::Product;
use selfsame_wire::web_token::Grant;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use super::v1::result::v1_result;
use crate::app::{App, Caller, Scope};
use crate::body::collect_small;
use crate::client_address::ClientAddress;
use crate::demo_visitor::Visitor;
use crate::origin::Origin;
use crate::random::named;
use crate::refusal::Refusal;
use crate::web_tokens;

/// What the page may do: run its own scripts and the engine, show pictures that it made, ask this server; nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self'; \
    connect-src 'self'; img-src 'self' blob:; media-src 'self' blob: mediastream:; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

const HEADERS: [(&str, &str); 4] = [
    ("content-security-policy", POLICY),
    ("permissions-policy", "camera=(self), microphone=()"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// A request's body is a few short texts.
const MOST_BYTES: usize = 4096;

/// `/demo/`; no routes where the server serves no demo.
pub(crate) fn routes(app: &App) -> Router<Arc<App>> {
    let Some(demo) = &app.config.demo else {
        return Router::new();
    };
    let detector = Bytes::from(demo.detector.clone());
    let pages = ServeDir::new(&demo.pages).precompressed_br();
    let inside = Router::new()
        .route("/token", post(mint))
        .route("/status", post(status))
        .route(
            "/detector.onnx",
            get(async move || {
                (
                    [(header::CONTENT_TYPE, "application/octet-stream")],
                    detector,
                )
            }),
        )
        .fallback_service(pages);
    let dressed = HEADERS.iter().fold(inside, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        ))
    });
    Router::new()
        .route("/", get(async || Redirect::temporary("/demo/")))
        .route("/demo", get(async || Redirect::temporary("/demo/")))
        .nest("/demo/", dressed)
}

/// What the person wants to do.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Act {
    Register,
    Login,
}

#[derive(Deserialize)]
struct TokenQuestion {
    /// What the person calls themselves: a word of this browser's, not a user's name.
    name: String,
    act: Act,
    /// Whether head turns are to be drawn.
    #[serde(default)]
    challenge: bool,
}

#[derive(Serialize)]
struct TokenAnswer {
    token: String,
}

/// `POST /demo/token`: a web token for one job of a user of this browser's. The page names neither.
async fn mint(
    State(app): State<Arc<App>>,
    client: ClientAddress,
    origin: Origin,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let question: TokenQuestion = read(&app, client, body).await?;
    let visitor = Visitor::of(&headers).map_or_else(Visitor::new, Ok)?;
    let caller = partner(&app).await?;
    let product = match question.act {
        Act::Register => Product::SmartSelfie,
        Act::Login => Product::Authentication,
    };
    let grant = Grant::new(
        caller.partner.id.clone(),
        caller.environment,
        product,
        visitor.user(&question.name)?,
        named()?,
        None,
    );
    let (token, _) = web_tokens::mint(&app, &caller, grant, question.challenge).await?;
    let cookie = visitor.cookie(origin.0.starts_with("https:"));
    let headers = [
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::SET_COOKIE, cookie),
    ];
    Ok((headers, Json(TokenAnswer { token })).into_response())
}

#[derive(Deserialize)]
struct StatusQuestion {
    token: String,
}

#[derive(Serialize)]
struct StatusAnswer {
    job_complete: bool,
    job_success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Box<RawValue>>,
}

/// `POST /demo/status`: how the job of a web token stands. Who holds the token began the job, and is told no more than that.
async fn status(
    State(app): State<Arc<App>>,
    client: ClientAddress,
    body: Body,
) -> Result<Response, Refusal> {
    let question: StatusQuestion = read(&app, client, body).await?;
    let sandbox = Scope(Some(Environment::Sandbox));
    let (demo, grant) = web_tokens::open(&app, sandbox, &question.token).await?;
    if Some(&demo.partner.id) != app.config.demo.as_ref().map(|demo| &demo.partner) {
        return Err(Refusal::new(
            ErrorCode::Unauthorised,
            "the web token is not the demo's",
        ));
    }
    let job = app
        .store
        .latest_job(&demo.partner.id, demo.environment, grant.job())
        .await?
        .filter(|job| job.user_id() == grant.user())
        .ok_or_else(|| Refusal::new(ErrorCode::NoZip, "this job was not begun"))?;
    let ended = app.store.result(&job.smile_job_id).await?;
    let result = ended
        .as_ref()
        .map(|record| v1_result(&job, &record.result))
        .transpose()
        .map_err(|error| Refusal::internal(&error))?
        .map(|result| serde_json::from_slice(&result))
        .transpose()
        .map_err(|error| Refusal::internal(&error))?;
    let answer = StatusAnswer {
        job_complete: ended.is_some(),
        job_success: ended.is_some_and(|record| record.success),
        result,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

async fn read<T: serde::de::DeserializeOwned>(
    app: &App,
    client: ClientAddress,
    body: Body,
) -> Result<T, Refusal> {
    let body = collect_small(app, client, body, MOST_BYTES).await?;
    serde_json::from_slice(&body.bytes)
        .map_err(|error| Refusal::new(ErrorCode::InvalidJson, error.to_string()))
}

/// The demo's partner as a caller of the sandbox, under its own rate.
async fn partner(app: &App) -> Result<Caller, Refusal> {
    let missing = || {
        Refusal::new(ErrorCode::SystemError, "the demo's partner is gone")
            .with_status(StatusCode::SERVICE_UNAVAILABLE)
    };
    let id = &app.config.demo.as_ref().ok_or_else(missing)?.partner;
    let partner = app.store.partner(id).await?.ok_or_else(missing)?;
    app.admit(partner, Environment::Sandbox)
}
