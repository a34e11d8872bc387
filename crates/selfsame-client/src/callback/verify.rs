//! Whether a result is the server's.

use jiff::Timestamp;
use selfsame_wire::id::PartnerId;
use selfsame_wire::result::{SignedResult, SignedResultError};
use selfsame_wire::signature::{self, ApiKey, TimestampWindow};
use selfsame_wire::webhook::{self, WebhookError, WebhookHeaders, WebhookSecret};
use serde_json::{Map, Value};

use crate::result::JobResult;
use crate::v3::WebhookResult;

/// Header of v3: when the result was signed.
const RESPONSE_TIMESTAMP: &str = "response-timestamp";
/// Header of v3: the signature over that and the partner.
const RESPONSE_SIGNATURE: &str = "response-signature";

/// Verifies the results that a server posts.
///
/// A server of this project sends two proofs: the wire's signature in the body, which covers a timestamp and the partner, and
/// a code over the whole body in the headers (the Standard Webhooks convention). Both are wanted, unless
/// [`CallbackVerifier::accepting_wire_signature_alone`] says otherwise.
#[derive(Debug, Clone)]
pub struct CallbackVerifier {
    partner: PartnerId,
    key: ApiKey,
    secret: WebhookSecret,
    window: Option<TimestampWindow>,
    code: CodeOverBody,
}

/// Whether a callback must carry the code over its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CodeOverBody {
    Required,
    WhereSent,
}

/// Why a callback is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The code over the body is missing, wrong or not fresh.
    #[error(transparent)]
    Code(#[from] WebhookError),
    /// The body is no signed result, or its signature is wrong or not fresh.
    #[error(transparent)]
    Result(#[from] SignedResultError),
}

impl CallbackVerifier {
    /// For a partner's results, with the API key of the environment they come from.
    #[must_use]
    pub fn new(partner: PartnerId, api_key: impl Into<String>) -> Self {
        let key = ApiKey::new(api_key);
        Self {
            partner,
            secret: WebhookSecret::derive(&key),
            key,
            window: None,
            code: CodeOverBody::Required,
        }
    }

    /// Believes results that were signed at most so long ago, and so far ahead. By default an hour and five minutes for the
    /// wire's signature, five minutes each way for the code over the body: the server makes both anew at each try, so that a
    /// minute is enough where clocks agree.
    #[must_use]
    pub const fn within(mut self, window: TimestampWindow) -> Self {
        self.window = Some(window);
        self
    }

    /// Believes callbacks without the code, too: for an endpoint that the public service also calls, which sends none.
    ///
    /// The signature alone covers a time and the partner, and nothing of the body. So whoever has any answer or callback that the
    /// server signed for the partner within the window (an hour, unless [`CallbackVerifier::within`] says otherwise) can then post
    /// whatever result he likes, of any job; of v1 also whoever has a signature that an app was given. Ask the server for the
    /// result before anything depends on it. A code that is sent is checked all the same.
    #[must_use]
    pub const fn accepting_wire_signature_alone(mut self) -> Self {
        self.code = CodeOverBody::WhereSent;
        self
    }

    /// Gives the result that a callback carries, if it is the server's, whole and fresh. `header` gives a header's value by
    /// its name in lower case, and `body` is the body as it came.
    ///
    /// A callback may come more than once: [`Received`](super::Received) tells.
    ///
    /// # Errors
    /// When the body is no signed result, or not to be trusted.
    pub fn verify<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
    ) -> Result<JobResult, CallbackError> {
        self.verify_at(header, body, Timestamp::now())
    }

    /// As [`CallbackVerifier::verify`], at another moment than now: for tests.
    ///
    /// # Errors
    /// As [`CallbackVerifier::verify`].
    pub fn verify_at<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<JobResult, CallbackError> {
        self.check_code(&header, body, now)?;
        let window = self.window.unwrap_or_default();
        let signed = SignedResult::verify(body, &self.key, &self.partner, &window, now)?;
        let result = serde_json::from_str(signed.as_json())
            .map_err(|e| SignedResultError::NotAnObject(e.to_string()))?;
        Ok(JobResult::new(result))
    }

    /// Gives the result that a webhook of v3 carries, if it is the server's, whole and fresh. Its signature is in the headers
    /// `response-timestamp` and `response-signature`.
    ///
    /// It may come more than once: the header `webhook-id` tells, or the job and when it was completed.
    ///
    /// # Errors
    /// When the body is no result, or not to be trusted.
    pub fn verify_v3<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
    ) -> Result<WebhookResult, CallbackError> {
        self.verify_v3_at(header, body, Timestamp::now())
    }

    /// As [`CallbackVerifier::verify_v3`], at another moment than now: for tests.
    ///
    /// # Errors
    /// As [`CallbackVerifier::verify_v3`].
    pub fn verify_v3_at<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<WebhookResult, CallbackError> {
        self.check_code(&header, body, now)?;
        let text = |name| header(name).ok_or(SignedResultError::Missing(name));
        let timestamp = text(RESPONSE_TIMESTAMP)?;
        let signature = text(RESPONSE_SIGNATURE)?;
        // What an app is given to sign its requests with is signed by the same key, and is no server's answer.
        if signature::is_for_an_app(timestamp)
            || !signature::verify_answer(&self.key, &self.partner, timestamp, signature)
        {
            return Err(SignedResultError::WrongSignature.into());
        }
        let window = self.window.unwrap_or_default();
        window
            .check(timestamp, now)
            .map_err(SignedResultError::Window)?;
        // What the parser says of a body may hold some of it.
        let result = serde_json::from_slice::<Map<String, Value>>(body)
            .map_err(|_| SignedResultError::NotAnObject("it is something else".to_owned()))?;
        Ok(WebhookResult::new(result.into()))
    }

    /// The code over the body, where it is wanted or sent.
    fn check_code<'h>(
        &self,
        header: &impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), WebhookError> {
        let names = [webhook::ID, webhook::TIMESTAMP, webhook::SIGNATURE];
        let sent = names.iter().any(|name| header(name).is_some());
        if sent || self.code == CodeOverBody::Required {
            let text = |name| {
                let value = header(name).ok_or(WebhookError::Missing(name))?;
                Ok::<_, WebhookError>(value.to_owned())
            };
            let headers = WebhookHeaders {
                id: text(webhook::ID)?,
                timestamp: text(webhook::TIMESTAMP)?,
                signature: text(webhook::SIGNATURE)?,
            };
            let window = self.window.unwrap_or(webhook::WINDOW);
            self.secret.verify(&headers, body, &window, now)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn partner() -> PartnerId {
        "p".parse().unwrap()
    }

    /// A callback of so many seconds ago.
    fn callback(age: i64) -> (WebhookHeaders, Vec<u8>) {
        let at = Timestamp::now() - jiff::SignedDuration::from_secs(age);
        let key = ApiKey::new("k");
        let body = SignedResult::sign(br#"{"ResultCode":"0820"}"#, &key, &partner(), at)
            .unwrap()
            .into_bytes();
        (WebhookSecret::derive(&key).sign("j-1", at, &body), body)
    }

    /// A webhook of v3, of so many seconds ago.
    fn v3(body: &str, age: i64) -> (WebhookHeaders, signature::Signed) {
        let at = Timestamp::now() - jiff::SignedDuration::from_secs(age);
        let key = ApiKey::new("k");
        let code = WebhookSecret::derive(&key).sign("w-1", at, body.as_bytes());
        (code, signature::sign_answer(&key, &partner(), at))
    }

    #[test]
    fn a_webhook_of_v3_is_signed_in_its_headers() {
        let body = r#"{"status":"block","reason":"name_mismatch","product":"biometric_kyc","kyc_receipt":null,
            "partner_params":{"job_id":"job_1","user_id":"ada","order":"7"},"image_links":{"selfie_image":"https://e/s"},
            "id_fields":{"full_name":"Joe Leo"},"user_provided_info":{"given_names":"Joe"},"antifraud":{}}"#;
        let verifier = CallbackVerifier::new(partner(), "k");
        let verify = |verifier: &CallbackVerifier, body: &str, age, without: &str| {
            let (code, signed) = v3(body, age);
            let header = |name: &str| {
                let value = match name {
                    RESPONSE_TIMESTAMP => Some(signed.timestamp.as_str()),
                    RESPONSE_SIGNATURE => Some(signed.signature.as_str()),
                    name => by_name(&code)(name),
                };
                value.filter(|_| !name.starts_with(without) || without.is_empty())
            };
            verifier.verify_v3(header, body.as_bytes())
        };
        let result = verify(&verifier, body, 0, "").unwrap();
        assert_eq!((result.status(), result.is_clear()), ("block", false));
        let known = crate::v3::DecisionReason::NameMismatch;
        assert_eq!(
            (result.reason(), result.decision_reason()),
            (Some("name_mismatch"), Some(known))
        );
        assert_eq!(result.product(), Some(crate::v3::Product::BiometricKyc));
        let names = (result.job_id(), result.user_id(), result.kyc_receipt());
        assert_eq!(names, (Some("job_1"), Some("ada"), None));
        assert_eq!(result.partner_params().unwrap()["order"], "7");
        assert_eq!(result.image_link("selfie_image"), Some("https://e/s"));
        assert_eq!(result.id_field("full_name"), Some("Joe Leo"));
        assert_eq!(result.user_provided("given_names"), Some("Joe"));
        assert!(!format!("{result:?}").contains("Joe"));

        let missing = |name| Err(CallbackError::Result(SignedResultError::Missing(name)));
        assert_eq!(
            verify(&verifier, body, 0, RESPONSE_TIMESTAMP),
            missing(RESPONSE_TIMESTAMP)
        );
        assert_eq!(
            verify(&verifier, body, 0, RESPONSE_SIGNATURE),
            missing(RESPONSE_SIGNATURE)
        );
        let no_code = Err(CallbackError::Code(WebhookError::Missing(webhook::ID)));
        assert_eq!(verify(&verifier, body, 0, "webhook"), no_code);
        assert!(verify(&verifier, body, 310, "").is_err(), "the code is old");
        let lenient = verifier.clone().accepting_wire_signature_alone();
        assert!(verify(&lenient, body, 310, "webhook").is_ok());
        assert!(verify(&lenient, body, 3700, "webhook").is_err());
        for other in [
            CallbackVerifier::new("q".parse().unwrap(), "k").accepting_wire_signature_alone(),
            CallbackVerifier::new(partner(), "other").accepting_wire_signature_alone(),
        ] {
            let wrong = Err(CallbackError::Result(SignedResultError::WrongSignature));
            assert_eq!(verify(&other, body, 0, "webhook"), wrong);
        }
        let app = signature::sign_for_an_app(&ApiKey::new("k"), &partner(), Timestamp::now());
        let by_app = |name: &str| match name {
            RESPONSE_TIMESTAMP => Some(app.timestamp.as_str()),
            RESPONSE_SIGNATURE => Some(app.signature.as_str()),
            _ => None,
        };
        let wrong = Err(CallbackError::Result(SignedResultError::WrongSignature));
        assert_eq!(lenient.verify_v3(by_app, body.as_bytes()), wrong);
        let error = verify(&verifier, "\"Joe\"", 0, "").unwrap_err().to_string();
        assert!(!error.contains("Joe"), "{error}");
        // Neither is taken for the other.
        assert!(
            verifier
                .verify(by_name(&v3(body, 0).0), body.as_bytes())
                .is_err()
        );
        let (headers, body) = callback(0);
        assert!(verifier.verify_v3(by_name(&headers), &body).is_err());
    }

    fn by_name<'h>(headers: &'h WebhookHeaders) -> impl Fn(&str) -> Option<&'h str> {
        move |name| match name {
            webhook::ID => Some(headers.id.as_str()),
            webhook::TIMESTAMP => Some(headers.timestamp.as_str()),
            webhook::SIGNATURE => Some(headers.signature.as_str()),
            _ => None,
        }
    }

    #[test]
    fn only_the_servers_own_results_pass() {
        let check = |verifier: &CallbackVerifier, age| {
            let (headers, body) = callback(age);
            verifier.verify(by_name(&headers), &body)
        };
        let verifier = CallbackVerifier::new(partner(), "k");
        let result = check(&verifier, 0).unwrap();
        assert_eq!(result.result_code(), Some("0820"));
        assert!(check(&CallbackVerifier::new(partner(), "other"), 0).is_err());
        assert!(check(&CallbackVerifier::new("q".parse().unwrap(), "k"), 0).is_err());
        assert!(check(&verifier, 310).is_err());
        assert!(check(&verifier, 120).is_ok());
        let minute = Duration::from_secs(60);
        let strict = verifier.within(TimestampWindow {
            past: minute,
            future: minute,
        });
        assert!(check(&strict, 120).is_err());
    }

    #[test]
    fn a_changed_body_is_refused_although_the_wires_signature_is_right() {
        let (headers, body) = callback(0);
        let changed = String::from_utf8(body).unwrap().replace("0820", "0821");
        let strict = CallbackVerifier::new(partner(), "k");
        let lenient = strict.clone().accepting_wire_signature_alone();
        let wrong = CallbackError::Code(WebhookError::WrongSignature);
        for verifier in [&strict, &lenient] {
            let error = verifier.verify(by_name(&headers), changed.as_bytes());
            assert_eq!(error, Err(wrong.clone()));
        }
        let bare = |verifier: &CallbackVerifier| verifier.verify(|_| None, changed.as_bytes());
        assert_eq!(
            bare(&strict),
            Err(CallbackError::Code(WebhookError::Missing(webhook::ID)))
        );
        assert!(bare(&lenient).is_ok(), "what the wire alone can tell");
    }
}
