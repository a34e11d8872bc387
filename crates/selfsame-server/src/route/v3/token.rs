//! `POST /v3/token`: a short-lived token for whoever holds an API key.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::{Extension, Json};
use jiff::Timestamp;
use selfsame_wire::id::PartnerId;
use selfsame_wire::signature::ApiKey;
use selfsame_wire::v3::token::{TokenParts, TokenRequest};
use selfsame_wire::v3::{API_KEY, PARTNER_ID};
use serde::Serialize;

use super::texts::{self, Texts};
use super::{Refused, content};
use crate::app::{App, Scope};
use crate::body::collect_small;
use crate::client_address::ClientAddress;
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::v3_tokens;

/// The largest body that is read: what it binds must fit into a token.
const BODY_BYTES: usize = 64 * 1024;

/// The answer.
#[derive(Debug, Serialize)]
pub(super) struct TokenGiven {
    token: String,
}

pub(super) async fn token(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Scope>,
    client: ClientAddress,
    origin: Result<Origin, Refusal>,
    headers: HeaderMap,
    body: Body,
) -> Result<([(HeaderName, &'static str); 1], Json<TokenGiven>), Refused> {
    let partner: PartnerId = named(&headers, PARTNER_ID)?.parse().map_err(|error| {
        Refused::new(
            StatusCode::BAD_REQUEST,
            format!("the header {PARTNER_ID}: {error}"),
        )
    })?;
    let key = ApiKey::new(named(&headers, API_KEY)?);
    let caller = v3_tokens::authorise(&app, scope, &partner, &key).await?;
    let body = collect_small(&app, client, body, BODY_BYTES).await?;
    let parts = read(&headers, body.bytes.clone()).await?;
    let request = TokenRequest::parse(&parts, Timestamp::now())?;
    let Origin(origin) = origin?;
    let api_url = format!("{origin}{}/v3", scope.prefix());
    let token = v3_tokens::mint(&app, caller, request, &api_url).await?;
    // It is a credential: no cache on its way keeps it.
    Ok(([(CACHE_CONTROL, "no-store")], Json(TokenGiven { token })))
}

/// The text of a header that must be there.
fn named<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Refused> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    text.filter(|text| !text.is_empty()).ok_or_else(|| {
        Refused::new(
            StatusCode::BAD_REQUEST,
            format!("the header {name} is missing"),
        )
    })
}

/// The form's parts; none where there is no body, whatever the headers call it.
async fn read(headers: &HeaderMap, body: Bytes) -> Result<TokenParts, Refused> {
    let parts = TokenParts::default();
    if body.is_empty() {
        return Ok(parts);
    }
    content::is_form(headers)?;
    texts::read(headers, body, parts).await
}

impl Texts for TokenParts {
    const MOST_PARTS: usize = 16;

    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "user_id" => &mut self.user_id,
            "partner_params" => &mut self.partner_params,
            "product" => &mut self.product,
            "allow_new_enroll" => &mut self.allow_new_enroll,
            "payload" => &mut self.payload,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::CONTENT_TYPE;
    use axum::response::IntoResponse as _;

    use super::*;

    async fn parts(content_type: &str, body: &str) -> Result<TokenParts, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        let read = read(&headers, Bytes::copy_from_slice(body.as_bytes())).await;
        read.map_err(|refused| refused.into_response().status().as_u16())
    }

    fn form(sent: &[(&str, &str)]) -> String {
        let parts = sent.iter().map(|(name, text)| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        });
        parts.collect::<String>() + "--b--\r\n"
    }

    const FORM: &str = "multipart/form-data; boundary=b";

    #[tokio::test]
    async fn a_form_is_read_and_no_body_is_none() {
        let sent = [
            ("user_id", "ada"),
            ("product", "enhanced_kyc"),
            ("allow_new_enroll", "false"),
            ("more", "x"),
            ("payload", "{}"),
        ];
        let read = parts(FORM, &form(&sent)).await.unwrap();
        assert_eq!(read.user_id.as_deref(), Some("ada"));
        assert_eq!(read.product.as_deref(), Some("enhanced_kyc"));
        assert_eq!(read.allow_new_enroll.as_deref(), Some("false"));
        assert_eq!(read.payload.as_deref(), Some("{}"));
        assert_eq!(read.partner_params, None);
        for content_type in [FORM, "application/json", "multipart/form-data"] {
            let read = parts(content_type, "").await.unwrap();
            assert_eq!(read.user_id, None, "{content_type}");
        }
    }

    #[tokio::test]
    async fn what_is_no_form_is_415_and_what_is_a_broken_one_400() {
        let whole = form(&[("user_id", "ada")]);
        for content_type in [
            "application/json",
            "text/plain",
            "application/x-www-form-urlencoded",
        ] {
            assert_eq!(
                parts(content_type, &whole).await.unwrap_err(),
                415,
                "{content_type}"
            );
        }
        let twice = form(&[("user_id", "ada"), ("user_id", "eve")]);
        let many = form(&[("x", "y"); TokenParts::MOST_PARTS + 1]);
        for (content_type, body) in [
            ("multipart/form-data", whole.as_str()),
            ("multipart/form-data; boundary=c", &whole),
            (FORM, "nonsense"),
            (FORM, &whole[..whole.len() - 6]),
            (FORM, &twice),
            (FORM, &many),
        ] {
            assert_eq!(parts(content_type, body).await.unwrap_err(), 400, "{body}");
        }
    }
}
