//! Lets pages of any origin submit a job with a web token. What proves the caller is in the body, never a cookie, so that an
//! origin has nothing of its own to lend; everything else stays closed to other origins' pages.

use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The two calls that a page makes: prepare, and upload. Everything else needs the API key, which no page has.
fn is_for_pages(path: &str) -> bool {
    let path = ["/sandbox", "/production"]
        .iter()
        .find_map(|scope| path.strip_prefix(scope))
        .unwrap_or(path);
    path == "/v1/upload" || path.starts_with("/v1/package/")
}

pub(crate) fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(
            |_: &HeaderValue, request: &Parts| is_for_pages(request.uri.path()),
        ))
        .allow_methods([Method::POST, Method::PUT])
        .allow_headers([header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_calls_of_a_page_are_open() {
        for path in [
            "/v1/upload",
            "/sandbox/v1/upload",
            "/production/v1/package/abc",
        ] {
            assert!(is_for_pages(path), "{path}");
        }
        for path in [
            "/metrics",
            "/v1/job_status",
            "/v1/token",
            "/demo/token",
            "/sandbox/sandbox/v1/upload",
        ] {
            assert!(!is_for_pages(path), "{path}");
        }
    }
}
