//! v3: forms in, a decision out; results by webhook.

pub(crate) mod admitted;
mod content;
mod refused;
mod replay;
mod report_fraud;
pub(crate) mod result;
mod services;
pub(crate) mod smile_links;
mod status;
pub(crate) mod submission;
mod texts;
mod token;

pub(crate) use refused::Refused;

use axum::http::Method;
use axum::routing::{get, post};

use crate::router::Route;

/// What v3 serves, below the root and below `/sandbox` and `/production`. What authenticates does so by a token.
pub(crate) fn routes() -> Vec<Route> {
    let of = |method, path, handler| Route {
        method,
        path,
        handler,
    };
    let mut routes = vec![
        of(Method::POST, "/v3/token", post(token::token)),
        of(
            Method::POST,
            "/v3/registration",
            post(submission::registration),
        ),
        of(
            Method::POST,
            "/v3/authentication",
            post(submission::authentication),
        ),
        of(Method::POST, "/v3/compare", post(submission::compare)),
        of(
            Method::POST,
            "/v3/biometric_kyc",
            post(submission::biometric_kyc),
        ),
        of(
            Method::POST,
            "/v3/enhanced_kyc",
            post(submission::enhanced_kyc),
        ),
        of(
            Method::POST,
            "/v3/enhanced_kyc/sync",
            post(submission::sync::enhanced_kyc),
        ),
        of(
            Method::POST,
            "/v3/document_verification",
            post(submission::document_verification),
        ),
        of(
            Method::POST,
            "/v3/enhanced_document_verification",
            post(submission::enhanced_document_verification),
        ),
        of(
            Method::POST,
            "/v3/residency_document_verification",
            post(submission::residency_document_verification),
        ),
        of(Method::POST, "/v3/aml", post(submission::aml)),
        of(Method::POST, "/v3/aml/sync", post(submission::aml)),
        of(Method::POST, "/v3/address", post(submission::address)),
        of(Method::GET, "/v3/status/{job_id}", get(status::status)),
        of(Method::POST, "/v3/replay/{job_id}", post(replay::replay)),
        of(
            Method::POST,
            "/v3/users/{user_id}/report_fraud",
            post(report_fraud::report_fraud),
        ),
        of(Method::POST, "/v3/smile_links", post(smile_links::create)),
        of(
            Method::GET,
            "/v3/smile_links/{ref_id}",
            get(smile_links::show),
        ),
    ];
    routes.extend(services::routes());
    routes
}
