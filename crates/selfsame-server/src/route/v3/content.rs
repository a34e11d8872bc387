//! Of what kind a body is.

use axum::http::{HeaderMap, StatusCode, header};

use super::Refused;

/// Refuses a body that is no form (415).
pub(crate) fn is_form(headers: &HeaderMap) -> Result<(), Refused> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("multipart/form-data") {
        return Ok(());
    }
    Err(Refused::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "the body must be multipart/form-data",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_are_forms() {
        let of = |kind: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
            is_form(&headers).is_ok()
        };
        assert!(of("multipart/form-data; boundary=x") && of("Multipart/Form-Data;boundary=x"));
        assert!(!of("application/json") && !of("multipart/form-data-x; boundary=x") && !of(""));
        assert!(is_form(&HeaderMap::new()).is_err());
    }
}
