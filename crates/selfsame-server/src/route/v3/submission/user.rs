//! The user that a submission is about.

use axum::http::HeaderMap;
use selfsame_wire::error::WireError;
use selfsame_wire::id::UserId;
use selfsame_wire::v3::product::Product;
use selfsame_wire::v3::{self, type_id};

use super::form::Texts;
use crate::refusal::Refusal;
use crate::route::v3::Refused;
use crate::route::v3::admitted::Admitted;

/// The user that is asked for: of the header or of the form, which may not differ; of the token, which neither may differ from.
pub(super) fn asked(
    admitted: &Admitted,
    headers: &HeaderMap,
    texts: &Texts,
) -> Result<Option<UserId>, Refused> {
    let in_header = in_header(headers)?.map(named).transpose()?;
    let in_form = texts.user_id.as_deref().map(named).transpose()?;
    let asked = match (in_form, in_header) {
        (Some(form), Some(header)) if form != header => {
            return Err(WireError::wrong_type(
                "user_id",
                "the same in the form and in the header User-ID",
            )
            .into());
        }
        (form, header) => form.or(header),
    };
    admitted.user(asked)
}

/// The user that was asked for, or a new one.
pub(super) fn or_new(asked: Option<UserId>, product: Product) -> Result<UserId, Refused> {
    match asked {
        Some(user) => Ok(user),
        None if product == Product::SmartSelfieAuthentication => {
            Err(WireError::missing("user_id").into())
        }
        None => type_id::new_user().map_err(|e| Refusal::internal(&e).into()),
    }
}

fn named(text: &str) -> Result<UserId, WireError> {
    UserId::new(text).map_err(|e| WireError::wrong_type("user_id", &e.to_string()))
}

/// What the header says. It is read or refused: where it were passed over, the job would be somebody else's.
fn in_header(headers: &HeaderMap) -> Result<Option<&str>, WireError> {
    let mut said = headers.get_all(v3::USER_ID).iter();
    let (first, more) = (said.next(), said.next());
    if more.is_some() {
        return Err(WireError::wrong_type("the header User-ID", "there once"));
    }
    let Some(value) = first else { return Ok(None) };
    let text = std::str::from_utf8(value.as_bytes())
        .map_err(|_| WireError::wrong_type("the header User-ID", "UTF-8 text"))?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(values: &[&[u8]]) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(v3::USER_ID, value);
        }
        in_header(&headers)
            .map(|text| text.map(str::to_owned))
            .map_err(|error| error.message)
    }

    #[test]
    fn the_header_is_read_or_refused_and_never_passed_over() {
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[b""]), Ok(None));
        assert_eq!(of(&["zoë".as_bytes()]), Ok(Some("zoë".to_owned())));
        assert!(of(&[b"zo\xeb"]).unwrap_err().contains("UTF-8"));
        assert!(of(&[b"ada", b"ada"]).unwrap_err().contains("User-ID"));
    }
}
