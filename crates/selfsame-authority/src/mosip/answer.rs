//! An answer before it is decrypted.

use reqwest::StatusCode;
use serde::Deserialize;

use super::envelope::SealedIdentity;
use crate::authority::AskError;
use crate::service::Received;

/// The most faults that are looked at.
const MAX_FAULTS: usize = 32;

/// What IDA says. It says all of it with HTTP 200.
pub(super) enum Said {
    /// The person did not pass, or was not looked up.
    Faults(Vec<Fault>),
    /// The person passed; the identity is told where the partner's policy lets it be.
    Passed(Option<SealedIdentity>),
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Fault {
    #[serde(rename = "errorCode", default)]
    pub(super) code: String,
    /// Never shown: it may tell of the person.
    #[serde(rename = "errorMessage", default)]
    pub(super) message: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "transactionID")]
    transaction_id: Option<String>,
    response: Option<Response>,
    errors: Option<Vec<Fault>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    kyc_status: Option<bool>,
    identity: Option<String>,
    session_key: Option<String>,
    thumbprint: Option<String>,
}

/// Reads an answer to the request of `transaction`.
pub(super) fn read(received: &Received, transaction: &str) -> Result<Said, AskError> {
    let nonsense = |why: &str| Err(AskError::Nonsense(why.to_owned()));
    let Ok(body) = serde_json::from_slice::<Body>(&received.body) else {
        return unread(received.status);
    };
    if let Some(mut faults) = body.errors.filter(|faults| !faults.is_empty()) {
        faults.truncate(MAX_FAULTS);
        return Ok(Said::Faults(faults));
    }
    let Some(response) = body.response.filter(|_| received.status.is_success()) else {
        return unread(received.status);
    };
    if body.transaction_id.is_some_and(|id| id != transaction) {
        return nonsense("it is to another request");
    }
    if response.kyc_status != Some(true) {
        return nonsense("it neither lets the person pass nor says why not");
    }
    let filled = |text: Option<String>| text.filter(|t| !t.is_empty());
    Ok(Said::Passed(filled(response.identity).map(|identity| {
        SealedIdentity {
            identity,
            session_key: filled(response.session_key),
            thumbprint: filled(response.thumbprint),
        }
    })))
}

/// What speaks there is not IDA, or does not know these keys.
fn unread<T>(status: StatusCode) -> Result<T, AskError> {
    let code = status.as_u16();
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            AskError::Refused(format!("HTTP {code}: check the keys and the authorization"))
        }
        StatusCode::NOT_FOUND => AskError::Refused(format!("HTTP {code}: check the address")),
        _ => AskError::Nonsense(format!(
            "it is none of IDA's (HTTP {code}); check the address"
        )),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(status: u16, body: &str) -> Result<Said, AskError> {
        let received = Received {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.as_bytes().to_vec().into(),
        };
        read(&received, "1234567890")
    }

    #[test]
    fn answers_are_told_apart() {
        let faults = r#"{"response":{"kycStatus":false,"identity":null},"errors":[{"errorCode":"IDA-MLC-002","errorMessage":"x"}]}"#;
        assert!(matches!(said(200, faults), Ok(Said::Faults(all)) if all[0].code == "IDA-MLC-002"));
        let bare = r#"{"transactionID":"1234567890","response":{"kycStatus":true,"identity":null},"errors":[]}"#;
        assert!(matches!(said(200, bare), Ok(Said::Passed(None))));
        let full = r#"{"response":{"kycStatus":true,"authToken":"x","identity":"i","sessionKey":"k","thumbprint":""},"errors":null}"#;
        let Ok(Said::Passed(Some(sealed))) = said(200, full) else {
            panic!("not read");
        };
        assert_eq!(
            (sealed.identity.as_str(), sealed.session_key.as_deref()),
            ("i", Some("k"))
        );
        assert_eq!(sealed.thumbprint, None);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (status, body, is_refusal) in [
            (200, "<html>", false),
            (200, "", false),
            (200, "null", false),
            (200, "{}", false),
            (
                200,
                r#"{"response":{"kycStatus":false},"errors":null}"#,
                false,
            ),
            (
                200,
                r#"{"response":{"kycStatus":true,"identity":{"name_eng":"Joe"}}}"#,
                false,
            ),
            (
                200,
                r#"{"transactionID":"0987654321","response":{"kycStatus":true}}"#,
                false,
            ),
            (401, "<html>", true),
            (403, r#"{"response":{"kycStatus":true}}"#, true),
            (404, "not found", true),
        ] {
            let error = said(status, body).err().unwrap();
            assert_eq!(
                matches!(error, AskError::Refused(_)),
                is_refusal,
                "{body}: {error}"
            );
            assert!(!error.to_string().contains("Joe"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(body in ".{0,200}") {
            let _ = said(200, &body);
        }
    }
}
