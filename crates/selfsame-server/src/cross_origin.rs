//! Lets pages of any origin submit a job with a web token, and ask what there is to choose from. What proves the caller is in the
//! body or in v3's own header, never in a cookie: a browser adds nothing by itself that would let a strange page act for somebody.
//! Everything else stays closed to other origins' pages.

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use selfsame_wire::v3;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// What the public embed sends with each request beside the content's type: a MAC that only its makers can check. Left alone.
const OF_THE_EMBED: [&str; 3] = [
    "smileid-request-mac",
    "smileid-request-timestamp",
    "smileid-partner-id",
];

/// What a v3 client sends besides.
const OF_V3: [&str; 5] = [
    "smileid-idempotency-key",
    v3::TOKEN,
    v3::USER_ID,
    v3::SOURCE_SDK,
    v3::SOURCE_SDK_VERSION,
];
/// By this the server's operator finds a request in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
            | "/v3/registration"
            | "/v3/authentication"
            | "/v3/compare"
            | "/v3/biometric_kyc"
            | "/v3/enhanced_kyc"
            | "/v3/document_verification"
            | "/v3/enhanced_document_verification"
            | "/v3/residency_document_verification"
    ) || ["/v1/package/", "/v3/status/", "/v3/services/"]
        .iter()
        .any(|folder| path.starts_with(folder))
}

pub(crate) fn layer() -> CorsLayer {
    let headers = OF_THE_EMBED
        .into_iter()
        .chain(OF_V3)
        .map(HeaderName::from_static)
        .chain([header::CONTENT_TYPE]);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(
            |_: &HeaderValue, request: &Parts| is_for_pages(request.uri.path()),
        ))
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        .allow_headers(headers.collect::<Vec<_>>())
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
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
            "/v3/registration",
            "/sandbox/v3/authentication",
            "/v3/status/job_01jd8qk3fxe1x8p2v5w7y9z0ab",
            "/v3/services/config",
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
            "/v3/token",
            "/v3/enhanced_kyc/sync",
            "/v3/replay/job_01jd8qk3fxe1x8p2v5w7y9z0ab",
            "/v3/users/ada/report_fraud",
            "/sandbox/sandbox/v1/upload",
        ] {
            assert!(!is_for_pages(path), "{path}");
        }
    }
}
