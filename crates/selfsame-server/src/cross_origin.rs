//! Lets pages of any origin submit a job with a web token, and ask what there is to choose from. What proves the caller is in the
//! body, never a cookie, so that an origin has nothing of its own to lend; everything else stays closed to other origins' pages.

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// What the public embed sends with each request beside the content's type: a MAC that only its makers can check. Left alone.
const OF_THE_EMBED: [&str; 3] = [
    "smileid-request-mac",
    "smileid-request-timestamp",
    "smileid-partner-id",
];

/// The calls that a page makes. Everything else needs the API key, which no page has.
fn is_for_pages(path: &str) -> bool {
    let path = ["/sandbox", "/production"]
        .iter()
        .find_map(|scope| path.strip_prefix(scope))
        .unwrap_or(path);
    matches!(
        path,
        "/v1/upload"
            | "/v1/challenge"
            | "/v1/services"
            | "/v1/products_config"
            | "/v1/valid_documents"
            | "/v1/async_id_verification"
            | "/v2/verify_async"
            | "/v1/totp_consent"
            | "/v1/totp_consent/mode"
            | "/v1/totp_consent/otp"
    ) || path.starts_with("/v1/package/")
}

pub(crate) fn layer() -> CorsLayer {
    let headers = OF_THE_EMBED
        .map(HeaderName::from_static)
        .into_iter()
        .chain([header::CONTENT_TYPE]);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(
            |_: &HeaderValue, request: &Parts| is_for_pages(request.uri.path()),
        ))
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        .allow_headers(headers.collect::<Vec<_>>())
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
            "/v1/services",
            "/v1/challenge",
            "/sandbox/v1/products_config",
            "/production/v1/valid_documents",
            "/v1/async_id_verification",
            "/sandbox/v2/verify_async",
        ] {
            assert!(is_for_pages(path), "{path}");
        }
        for path in [
            "/metrics",
            "/v1/job_status",
            "/v1/token",
            "/v1/auth_smile",
            "/v1/image/abc",
            "/v1/upload/more",
            "/v1/id_verification",
            "/v2/smart-selfie-enroll",
            "/demo/token",
            "/sandbox/sandbox/v1/upload",
        ] {
            assert!(!is_for_pages(path), "{path}");
        }
    }
}
