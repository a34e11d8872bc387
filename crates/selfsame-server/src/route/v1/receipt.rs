//! `GET /v1/receipt/…`: the receipt of a job, by a link that its result gave; and the keys by which receipts are verified.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use selfsame_wire::error::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::app::App;
use crate::receipts;
use crate::refusal::Refusal;

/// At the end of a link, for the file instead of the page.
const PDF_ENDING: &str = ".pdf";
const PDF: &str = "application/pdf";

/// In which form a receipt is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Page,
    Pdf,
}

/// What a link's query may say.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    format: Option<String>,
}

/// The form that is asked for: by the link's ending, by `format`, or by what the caller accepts. A browser accepts a page.
fn form<'l>(link: &'l str, asked: &Asked, headers: &HeaderMap) -> Result<(Form, &'l str), Refusal> {
    if let Some(link) = link.strip_suffix(PDF_ENDING) {
        return Ok((Form::Pdf, link));
    }
    let accepted = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    let accepts_pdf_alone =
        accepted.is_some_and(|accepted| accepted.contains(PDF) && !accepted.contains("text/html"));
    let form = match asked.format.as_deref() {
        Some("pdf") => Form::Pdf,
        Some("html") => Form::Page,
        Some(_) => {
            return Err(
                Refusal::new(ErrorCode::WrongType, "format must be html or pdf")
                    .with_status(StatusCode::BAD_REQUEST),
            );
        }
        None if accepts_pdf_alone => Form::Pdf,
        None => Form::Page,
    };
    Ok((form, link))
}

pub(crate) async fn receipt(
    State(app): State<Arc<App>>,
    Path(link): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (form, sealed) = form(&link, &asked, &headers)?;
    let signed = receipts::receipt(&app, sealed).await?.ok_or_else(|| {
        Refusal::new(
            ErrorCode::Unauthorised,
            "this receipt link is not valid, or has expired, or the job was erased",
        )
        .with_status(StatusCode::NOT_FOUND)
    })?;
    let (kind, bytes) = match form {
        Form::Page => ("text/html; charset=utf-8", signed.to_html().into_bytes()),
        Form::Pdf => (PDF, signed.to_pdf()),
    };
    let policy = selfsame_receipt::content_security_policy();
    let policy = HeaderValue::try_from(policy).map_err(|e| Refusal::internal(&e))?;
    let fixed = |value| HeaderValue::from_static(value);
    let headers = [
        (header::CONTENT_TYPE, fixed(kind)),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, fixed("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (header::REFERRER_POLICY, fixed("no-referrer")),
        (header::X_FRAME_OPTIONS, fixed("DENY")),
    ];
    Ok((headers, bytes).into_response())
}

/// A set of JSON web keys (RFC 7517).
#[derive(Debug, Serialize)]
pub(crate) struct KeySet {
    keys: Vec<Box<RawValue>>,
}

/// `GET /v1/receipt/keys`: public, for whoever verifies a receipt.
pub(crate) async fn keys(State(app): State<Arc<App>>) -> Result<Json<KeySet>, Refusal> {
    let keys = receipts::verifying_keys(&app).await?;
    let jwk = |text: String| RawValue::from_string(text).map_err(|e| Refusal::internal(&e));
    let keys = keys
        .iter()
        .map(|key| jwk(key.to_jwk()))
        .collect::<Result<_, _>>()?;
    Ok(Json(KeySet { keys }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(link: &str, format: Option<&str>, accept: Option<&str>) -> Option<(Form, String)> {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(header::ACCEPT, accept.parse().unwrap());
        }
        let asked = Asked {
            format: format.map(ToOwned::to_owned),
        };
        let (form, link) = form(link, &asked, &headers).ok()?;
        Some((form, link.to_owned()))
    }

    #[test]
    fn a_browser_gets_the_page_and_whoever_asks_the_file() {
        let browser = Some("text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.8");
        for (link, format, accept, form) in [
            ("a.b", None, None, Form::Page),
            ("a.b", None, browser, Form::Page),
            ("a.b", None, Some("application/pdf"), Form::Pdf),
            ("a.b", Some("html"), Some("application/pdf"), Form::Page),
            ("a.b", Some("pdf"), browser, Form::Pdf),
            ("a.b.pdf", None, browser, Form::Pdf),
        ] {
            let expected = Some((form, "a.b".to_owned()));
            assert_eq!(asked(link, format, accept), expected, "{link} {format:?}");
        }
        assert_eq!(asked("a.b", Some("exe"), None), None);
    }
}
