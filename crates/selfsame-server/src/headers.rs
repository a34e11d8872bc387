//! Headers of requests, as text.

use axum::http::HeaderMap;

/// The text of a header; nothing for one that is absent, empty, or no ASCII text.
pub(crate) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
